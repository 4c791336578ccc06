import Glibc
import Model
import Testing

@testable import AdminAPI

/// JSON in, JSON out, dates and tags.
@Suite struct TextTests {
    private func read(_ text: String) throws -> ConfigNode.Value { try JSONReader.read(Array(text.utf8)).value }

    @Test func valuesOfEveryKindAreRead() throws {
        #expect(try read(" null ") == .null)
        #expect(try read("true") == .bool(true))
        #expect(try read("false") == .bool(false))
        #expect(try read("-0") == .int(0))
        #expect(try read("9223372036854775807") == .int(.max))
        #expect(try read("9223372036854775808") == .double(9.223372036854776e18))
        #expect(try read("1.5e2") == .double(150))
        #expect(try read("[ ]") == .sequence([]))
        #expect(try read("{ }") == .mapping([]))
        #expect(try read("[1 ,\t2\r\n]") == .sequence([ConfigNode(.int(1)), ConfigNode(.int(2))]))
        #expect(
            try read(#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é""#)
                == .string("\"\\/\u{8}\u{c}\n\r\tAéé".replacing("Aé", with: "Aé😀", maxReplacements: 1))
        )
    }

    @Test func membersKeepTheirOrder() throws {
        guard case .mapping(let members) = try read(#"{"z":1,"a":2,"m":3}"#) else {
            Issue.record("no object")
            return
        }
        #expect(members.map(\.key) == ["z", "a", "m"])
    }

    @Test(arguments: [
        ("", 1, 1), ("tru", 1, 4), ("truE", 1, 4), ("01", 1, 2), ("-", 1, 2), ("+1", 1, 1), (".5", 1, 1), ("1.", 1, 3),
        ("1e", 1, 3), ("1e999", 1, 1), ("NaN", 1, 1), ("[1,]", 1, 4), ("[1", 1, 3), ("{\"a\"}", 1, 5), ("{a:1}", 1, 2),
        ("{\"a\":1,}", 1, 8), ("{\"a\":1 \"b\":2}", 1, 8), ("\"a", 1, 3), ("\"\n\"", 1, 2), ("\"\\x\"", 1, 2),
        ("\"\\u12g4\"", 1, 6), ("\"\\ud800\"", 1, 2), ("\"\\ud800\\u0041\"", 1, 2), ("\"\\udc00\"", 1, 2),
        ("1 1", 1, 3),
        ("{\"a\":1,\n \"a\":2}", 2, 2), ("{\"a\":1,\"\\u0061\":2}", 1, 8), ("\u{feff}1", 1, 1), ("'a'", 1, 1),
        ("// a\n1", 1, 1),
    ])
    func mistakesHaveTheirPlace(_ text: String, _ line: Int, _ column: Int) throws {
        let error = #expect(throws: JSONSyntaxError.self) { try read(text) }
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try read(nested(JSONReader.depthMax)) }
        #expect(throws: JSONSyntaxError.self) { try read(nested(JSONReader.depthMax + 1)) }
    }

    @Test func bytesThatAreNotUTF8AreRefused() throws {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x7B, 0, 0x7D, 0], [0xFF, 0xFE, 0x31, 0],
        ] {
            #expect(throws: JSONSyntaxError.self) { try JSONReader.read(bytes) }
        }
    }

    @Test func everyTextIsReadOrRefusedAtEverySplit() throws {
        let text = #"{"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":false}}"#
        #expect(throws: Never.self) { try read(text) }
        for end in 0..<text.utf8.count {
            #expect(throws: JSONSyntaxError.self) { try JSONReader.read(Array(text.utf8.prefix(end))) }
        }
    }

    @Test func valuesAreWrittenWithSortedKeysAndEscapes() throws {
        let value: JSONValue = [
            "b": [], "a": [:], "text": "\"\\\n\r\t\u{1}\u{7f}é/", "list": [1, nil, true, .double(2.5)],
            "A": .double(.nan),
        ]
        let compact = String(decoding: value.encoded(pretty: false), as: UTF8.self)
        #expect(
            compact == #"{"A":null,"a":{},"b":[],"list":[1,null,true,2.5],"text":"\"\\\n\r\t\u0001\u007fé/"}"#
        )
        let pretty: JSONValue = ["a": [1, 2], "b": [:]]
        #expect(
            String(decoding: pretty.encoded(pretty: true), as: UTF8.self)
                == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}"
        )
    }

    @Test func datesAreTheirMoments() {
        #expect(WallClock.rfc3339(0) == "1970-01-01T00:00:00.000Z")
        #expect(WallClock.rfc3339(-1) == "1969-12-31T23:59:59.999Z")
        #expect(WallClock.rfc3339(951_782_400_000_000_000) == "2000-02-29T00:00:00.000Z")
        #expect(WallClock.rfc3339(1_795_243_680_125_000_000) == "2026-11-21T06:48:00.125Z")
        #expect(WallClock.rfc3339(4_107_542_399_999_999_999) == "2100-02-28T23:59:59.999Z")
        #expect(WallClock.httpDate(784_111_777_000_000_000) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(WallClock.httpDate(1_795_243_680_000_000_000) == "Sat, 21 Nov 2026 06:48:00 GMT")
    }

    @Test func aClockThatIsFarOffStillHasATime() {
        #expect(nanoseconds(timespec(tv_sec: 1, tv_nsec: 5)) == 1_000_000_005)
        #expect(nanoseconds(timespec(tv_sec: -1, tv_nsec: 0)) == 0)
        #expect(nanoseconds(timespec(tv_sec: 9_223_372_036, tv_nsec: 999_999_999)) == .max)
        #expect(nanoseconds(timespec(tv_sec: .max, tv_nsec: 0)) == .max)
        #expect(WallClock.rfc3339(.max) == "2262-04-11T23:47:16.854Z")
        #expect(WallClock.rfc3339(.min) == "1677-09-21T00:12:43.145Z")
        #expect(WallClock.httpDate(.max).hasSuffix("2262 23:47:16 GMT"))
        #expect(WallClock.moment(.max - 1, after: .seconds(30)) == .max)
    }

    @Test func aDeadlineFurtherOffThanTheClockGoesNeverComes() {
        let deadline = Deadline.after(TimeSpan(nanoseconds: .max))
        #expect(!deadline.hasPassed)
        #expect(deadline.milliseconds == .max)
        #expect(Deadline.after(.zero).hasPassed)
        #expect(MonotonicClock.span(from: 3, to: 2) == .zero)
        #expect(MonotonicClock.span(from: 0, to: .max) == TimeSpan(nanoseconds: .max))
        #expect(MonotonicClock.span(from: .min, to: .max) == TimeSpan(nanoseconds: .max))
    }

    /// Anybody may give a file any time: `touch -d`, an archive, a network file system.
    @Test(arguments: [.min, -1, 9_223_372_037, .max] as [Int])
    func aFileMayBeOfAnyAge(_ second: Int) {
        var status = stat()
        status.st_mtim = timespec(tv_sec: second, tv_nsec: 7)
        status.st_ctim = timespec(tv_sec: second, tv_nsec: 8)
        let version = FileBytes.version(status)
        #expect(version == FileBytes.version(status))
        status.st_mtim.tv_nsec = 6
        #expect(version != FileBytes.version(status))
    }

    @Test func spansAreShortForPeople() {
        #expect(TimeSpan.milliseconds(12).rounded == "12ms")
        #expect(TimeSpan.milliseconds(3_249).rounded == "3.2s")
        #expect(TimeSpan.seconds(61).rounded == "61s")
    }

    @Test func tagsMatchAsTheyShould() {
        #expect(EntityTag.matches("\"a.1\"", "\"a.1\"", weakly: false))
        #expect(EntityTag.matches("\"x\" ,\"a.1\"", "\"a.1\"", weakly: false))
        #expect(EntityTag.matches("*", "\"a.1\"", weakly: false))
        #expect(!EntityTag.matches("a.1", "\"a.1\"", weakly: false))
        #expect(!EntityTag.matches("W/\"a.1\"", "\"a.1\"", weakly: false))
        #expect(EntityTag.matches("W/\"a.1\"", "\"a.1\"", weakly: true))
        #expect(!EntityTag.matches("", "\"a.1\"", weakly: true))
        #expect(EntityTag.sequence(in: "\"a.17\"", lineage: "a") == 17)
        #expect(EntityTag.sequence(in: "\"b.17\"", lineage: "a") == nil)
    }
}
