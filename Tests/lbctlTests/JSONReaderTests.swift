import Testing

@testable import lbctl

@Suite struct JSONReaderTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "12", "-1.5e+10", "1E5", "\"\"", "[]", "{}", "[1,[2,{\"a\":[]}]]",
        "{\"b\":1,\"a\":2,\"b\":3}", "\"\\\"\\\\ä€😀\"", "12345678901234567890123",
    ])
    func writesWhatItRead(_ text: String) throws {
        #expect(try JSONReader.read(Array(text.utf8)).text == text)
    }

    @Test(
        arguments: [
            ("9007199254740992", 9_007_199_254_740_992), ("-9007199254740992", -9_007_199_254_740_992),
            ("9007199254740993", nil),
            ("-9223372036854775808", nil), ("9223372036854775807", nil), ("1e3", nil), ("-0", 0),
        ] as [(String, Int?)]
    )
    func aWholeNumberIsOneThatEveryReaderTakesForTheSame(_ text: String, _ number: Int?) {
        #expect(JSON.number(text).int == number)
    }

    @Test func readsSpacesAndEscapes() throws {
        let text = " \t\r\n{ \"a\\u00e4\\/\\b\\f\\n\\r\\t\" : [ 1 , \"\\ud83d\\ude00\" ] } \n"
        let value = try JSONReader.read(Array(text.utf8))
        let members = try #require(value.members)
        #expect(members[0].name == "aä/\u{8}\u{c}\n\r\t")
        #expect(members[0].value.elements?[1].string == "😀")
    }

    @Test(arguments: ["\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\"\\ud83dx\""])
    func halfASurrogateBecomesTheReplacementCharacter(_ text: String) throws {
        #expect(try JSONReader.read(Array(text.utf8)).string?.hasPrefix("\u{FFFD}") == true)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "01", "1.", ".5", "-", "+1", "1e", "1e+", "NaN", "[", "[1", "[1,", "[1,]",
        "[,1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "\"", "\"\\", "\"\\x\"",
        "\"\\u12\"", "\"\\u12G4\"", "\"\u{1}\"", "1 2", "{}x", "'a'", "// x",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(throws: JSONReader.Refusal.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: JSONReader.Refusal.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
    }

    @Test func everyPrefixOfADocumentIsRefusedAndNoneTraps() throws {
        let text = Array("{\"a\":[1.5e3,true,null,\"\\u00e4\\n\"],\"b\":{\"c\":false}}".utf8)
        for end in 0..<text.count {
            #expect(throws: JSONReader.Refusal.self) { try JSONReader.read(Array(text[..<end])) }
        }
        _ = try JSONReader.read(text)
    }

    @Test func nestsToItsLimitAndNoDeeper() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONReader.read(nested(JSONReader.depthMax))
        #expect(throws: JSONReader.Refusal.self) { try JSONReader.read(nested(JSONReader.depthMax + 1)) }
    }

    @Test func writesControlCharactersAsEscapes() throws {
        let value = JSON.string("a\u{1}\n\t\"\\\u{1f}")
        #expect(value.text == "\"a\\u0001\\n\\t\\\"\\\\\\u001f\"")
        #expect(try JSONReader.read(Array(value.text.utf8)) == value)
    }
}
