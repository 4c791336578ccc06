import Testing

@testable import lbctl

@Suite struct TextTests {
    @Test func namesAreInTheOrderInWhichAPersonCounts() {
        let names = [
            "demo-10", "demo-2", "demo-1", "a", "demo-01", "10.0.0.9:80", "10.0.0.10:80", "demo", "b2b", "b10",
        ]
        let ordered = names.sorted { isNaturallyOrdered($0, before: $1) }
        #expect(
            ordered
                == ["10.0.0.9:80", "10.0.0.10:80", "a", "b2b", "b10", "demo", "demo-01", "demo-1", "demo-2", "demo-10"]
        )
    }

    @Test func naturalOrderIsAnOrder() {
        let names = ["a1", "a01", "a001", "a", "a1b", "a01b", "1", "01", "", "a-1", "a.1", "00", "0"]
        for left in names {
            #expect(!isNaturallyOrdered(left, before: left))
            for right in names where left != right {
                #expect(isNaturallyOrdered(left, before: right) != isNaturallyOrdered(right, before: left))
                for third in names where isNaturallyOrdered(left, before: right) {
                    if isNaturallyOrdered(right, before: third) { #expect(isNaturallyOrdered(left, before: third)) }
                }
            }
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T10:00:00Z", 1_795_255_200_000_000_000),
        ("2026-11-21T10:00:00.25Z", 1_795_255_200_250_000_000),
        ("2026-11-21T12:30:00.000000001+02:30", 1_795_255_200_000_000_001),
        ("2026-11-21T05:00:00-05:00", 1_795_255_200_000_000_000), ("2000-02-29T00:00:00Z", 951_782_400_000_000_000),
        ("2000-03-01T00:00:00z", 951_868_800_000_000_000), ("2100-03-01T00:00:00Z", 4_107_542_400_000_000_000),
    ])
    func readsTimes(_ text: String, _ nanoseconds: Int64) {
        #expect(Timestamp(text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T10:00:00", "2026-13-21T10:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00+0200", "2026-11-21T10:00:00Zx", "1969-12-31T23:59:59Z",
        "2026/11/21T10:00:00Z", "２026-11-21T10:00:00Z",
    ])
    func refusesWhatIsNoTime(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [
        (-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (172_799, "47h"), (172_800, "2d"),
    ])
    func agesAreHumane(_ seconds: Int64, _ text: String) {
        #expect(Timestamp(nanoseconds: 0).age(at: seconds * 1_000_000_000) == text)
    }

    @Test(arguments: [
        (0, "0.0s"), (49_999_999, "0.0s"), (50_000_000, "0.1s"), (612_000_000, "0.6s"), (59_900_000_000, "59.9s"),
        (59_960_000_000, "1m0s"), (125_000_000_000, "2m5s"),
    ])
    func elapsedTimesAreHumane(_ nanoseconds: Int64, _ text: String) {
        #expect(elapsedText(nanoseconds: nanoseconds) == text)
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1.5e6, "1.5 MB"), (0x1p64, "18447 PB"), (-1, "-"),
            (.nan, "-"),
            (.infinity, "-"), (1e300, "-"),
        ] as [(Double, String)]
    )
    func bytesAreCountedInDecimalUnits(_ count: Double, _ text: String) {
        #expect(bytesText(count) == text)
    }

    @Test(arguments: [("59s", "59s"), ("7200s", "2h"), ("9223372036854775807s", "9223372036854775807s"), ("3h", "3h")])
    func anUptimeIsAnAge(_ text: String, _ age: String) {
        #expect(StatusReport.uptime(text) == age)
    }

    @Test func linesAreCutWhereTheyEnd() {
        var reader = LineReader(bytesMax: 8)
        var lines: [String] = []
        for piece in ["a", "b\n\ncd\ne", "\n12345678"] {
            let goesOn = reader.take(Array(piece.utf8)) { line in
                lines.append(line)
                return true
            }
            #expect(goesOn)
        }
        #expect(lines == ["ab", "cd", "e"])
        #expect(!reader.isTooLong)
        #expect(!reader.take([0x39]) { _ in true })
        #expect(reader.isTooLong)
    }

    @Test func whoWantsNoMoreLinesGetsNone() {
        var reader = LineReader(bytesMax: 8)
        var lines: [String] = []
        let goesOn = reader.take(Array("a\nb\nc\n".utf8)) { line in
            lines.append(line)
            return line != "b"
        }
        #expect(!goesOn)
        #expect(lines == ["a", "b"])
        #expect(!reader.isTooLong)
    }

    @Test func controlCharactersBecomeVisible() {
        #expect(visible("plain äö 漢") == "plain äö 漢")
        #expect(visible("a\u{1B}[31mb\nc\r\td\u{7F}\u{9B}\u{202E}") == "a\\u{1b}[31mb c d\\u{7f}\\u{9b}\\u{202e}")
    }

    @Test func columnsAreAlignedAndLinesEndWithoutSpaces() {
        var table = Table([Table.Column("A"), Table.Column("NUM", .right), Table.Column("LAST")])
        table.rows = [
            [Table.Cell("x"), Table.Cell("1"), Table.Cell("")],
            [Table.Cell("long-name"), Table.Cell("12345"), Table.Cell("y", .red)],
        ]
        #expect(table.text(colour: false) == "A            NUM  LAST\nx              1\nlong-name  12345  y\n")
        #expect(table.text(colour: true).hasSuffix("12345  \u{1B}[31my\u{1B}[0m\n"))
    }
}
