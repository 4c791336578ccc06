import Model
import Testing

@testable import lbd

@Suite struct YAMLReaderTests {
    private func read(_ text: String) throws -> ConfigNode { try YAMLReader.read(Array(text.utf8)) }

    private func refusal(_ text: String) -> YAMLRefusal? {
        do {
            _ = try YAMLReader.read(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    private func members(_ node: ConfigNode?) -> [ConfigNode.Member] {
        if case .mapping(let members) = node?.value { return members }
        return []
    }

    private func items(_ node: ConfigNode?) -> [ConfigNode.Value] {
        if case .sequence(let nodes) = node?.value { return nodes.map(\.value) }
        return []
    }

    @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "--- ~\n", "\u{FEFF}"])
    func emptyDocumentIsNull(text: String) throws {
        #expect(try read(text).value == .null)
    }

    @Test func mappingsKeepOrderDuplicatesAndLines() throws {
        let members = members(try read("b: 1\na:\n  c: 2\n\nb: 3\n"))
        #expect(members.map(\.key) == ["b", "a", "b"])
        #expect(members.map(\.keyLine) == [1, 2, 5])
        #expect(members.map(\.node.line) == [1, 3, 5])
    }

    @Test func blockAndFlowFormsAreTheSameTree() throws {
        let block = try read("a:\n- 1\n- {b: x}\n")
        let flow = try read("{a: [1, {b: x}]}")
        #expect(items(members(block).first?.node).count == 2)
        #expect(items(members(block).first?.node).first == .int(1))
        #expect(items(members(flow).first?.node).first == .int(1))
    }

    @Test(arguments: [
        ("~", ConfigNode.Value.null), ("null", .null), ("NULL", .null), ("true", .bool(true)), ("False", .bool(false)),
        ("on", .string("on")), ("off", .string("off")), ("yes", .string("yes")), ("No", .string("No")),
        ("0", .int(0)), ("-17", .int(-17)), ("+17", .int(17)), ("010", .int(10)), ("0x1F", .int(31)),
        ("0o17", .int(15)),
        ("9223372036854775807", .int(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        ("1.5", .double(1.5)), ("-.5", .double(-0.5)), ("1e3", .double(1000)), ("1.", .double(1)),
        (".inf", .double(.infinity)), ("-.Inf", .double(-.infinity)),
        ("10s", .string("10s")), ("1_000", .string("1_000")), ("0x", .string("0x")), ("0x-1", .string("0x-1")),
        ("-0x1F", .string("-0x1F")), ("0b1", .string("0b1")), ("1.2.3", .string("1.2.3")), ("+", .string("+")),
        ("-", .string("-")), (".", .string(".")), ("infinity", .string("infinity")), ("nan", .string("nan")),
        ("1e", .string("1e")), ("12:30", .string("12:30")), ("http://a:1", .string("http://a:1")),
        ("0x1p4", .string("0x1p4")), ("nULL", .string("nULL")),
    ])
    func plainScalarFollowsTheCoreSchema(text: String, value: ConfigNode.Value) {
        #expect(YAMLReader.resolved(text) == value)
    }

    @Test(arguments: ["'10'", "\"10\"", "|\n  10", ">-\n  10"])
    func quotedAndBlockScalarsAreStrings(text: String) throws {
        let value = members(try read("a: \(text)\n")).first?.node.value
        #expect(value == .string("10") || value == .string("10\n"))
    }

    @Test func keysAreTextWhateverTheyLookLike() throws {
        #expect(members(try read("on: 1\n8080: 2\n~: 3\n'q': 4\n")).map(\.key) == ["on", "8080", "~", "q"])
    }

    @Test func aliasStandsForItsAnchor() throws {
        let members = members(try read("a: &x {interval: 1s}\nb: *x\nc: &y 5\nd: [*y, *y]\n"))
        #expect(members[1].node == members[0].node)
        #expect(items(members[3].node) == [.int(5), .int(5)])
    }

    @Test func aliasWithoutAnchorIsRefused() {
        #expect(refusal("a: 1\nb: *x\n")?.mark == YAMLEvents.Mark(line: 2, column: 4))
        #expect(refusal("b: *x\n")?.message.contains("*x") == true)
    }

    @Test func treeThatContainsItselfIsRefused() {
        #expect(refusal("a: &x [1, *x]\n") != nil)
        #expect(refusal("&x a: *x\n") != nil)
    }

    @Test func manyLaughsAreRefusedBeforeTheyAreTold() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        #expect(refusal(text)?.message == "has more than 400000 values, aliases expanded")
    }

    @Test func depthThatAliasesAddUpIsBounded() {
        // Each line is two levels deeper than the one before, none of them deep as written.
        var text = "a0: &a0 x\n"
        for level in 1...40 { text += "a\(level): &a\(level) [[*a\(level - 1)]]\n" }
        #expect(refusal(text)?.message == "is nested more than 64 levels deep")
    }

    @Test func depthIsBoundedAtSixtyFour() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try read(nested(64))
        #expect(refusal(nested(65))?.message == "is nested more than 64 levels deep")
        #expect(refusal(nested(100_000)) != nil)
    }

    @Test func sizeIsBounded() throws {
        let comment = [UInt8](repeating: 0x23, count: 4 * 1024 * 1024)
        #expect(try YAMLReader.read(comment).value == .null)
        #expect(throws: YAMLRefusal(mark: nil, message: "is larger than 4 MiB")) {
            try YAMLReader.read(comment + [0x23])
        }
    }

    @Test(arguments: ["a: !!str 5", "a: !x {}", "a: !!seq []", "!!map {a: 1}", "a: ! x"])
    func tagsAreRefused(text: String) {
        #expect(refusal(text)?.message.contains("tags are not supported") == true)
    }

    @Test func secondDocumentIsRefusedAtItsLine() {
        #expect(refusal("a: 1\n---\nb: 2\n")?.mark?.line == 2)
        #expect(refusal("a: 1\n...\n---\n")?.mark?.line == 3)
        #expect(refusal("---\na: 1\n...\n") == nil)
    }

    @Test(arguments: ["? [a]\n: 1\n", "{[a]: 1}", "? {a: b}\n: 1\n", "a: &x b\n*x : 1\n"])
    func keysThatAreNoWordsAreRefused(text: String) {
        #expect(refusal(text)?.message.hasPrefix("a key is a single word") == true)
    }

    @Test func tabIsCalledATab() {
        let refusal = refusal("backends:\n\t- http://a\n")
        #expect(refusal?.mark?.line == 2)
        #expect(refusal?.hint?.contains("tab") == true)
    }

    @Test func syntaxErrorHasItsPlaceAndAHint() {
        let colon = refusal("a: 1\nb: c: d\n")
        #expect(colon?.mark == YAMLEvents.Mark(line: 2, column: 5))
        #expect(colon?.hint?.contains("quotes") == true)
        #expect(refusal("listeners: [::]:80\n")?.hint?.contains("quotes") == true)
        #expect(refusal("a: [1, 2\n")?.mark != nil)
    }

    @Test func bytesThatAreNoTextAreRefusedWithTheirLine() throws {
        let refusal = #expect(throws: YAMLRefusal.self) { try YAMLReader.read(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A]) }
        #expect(refusal?.mark == YAMLEvents.Mark(line: 2, column: 4))
        #expect(throws: YAMLRefusal.self) { try YAMLReader.read([0x61, 0x00, 0x62]) }
        #expect(throws: YAMLRefusal.self) { try YAMLReader.read(Array("\u{1B}[2J".utf8)) }
    }

    @Test func everyPrefixOfAFileIsReadOrRefused() {
        let text = "# c\na: &x {b: [1, 'q', \"d\\n\"], c: *x2}\nd: |\n  block\n? e\n: f\n--- \n!t g\n"
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            // What matters is that each ends in one of the two ways, with its memory freed.
            let outcome = Result { try YAMLReader.read(Array(bytes[..<end])) }
            if case .failure(let error) = outcome { #expect(error is YAMLRefusal) }
        }
    }
}
