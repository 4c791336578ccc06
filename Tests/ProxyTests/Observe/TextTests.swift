import HTTPWire
import Testing

@testable import Proxy

@Suite struct TextTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT", "2000-02-28T23:59:59.000Z"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00.000Z"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT", "2024-12-31T23:59:59.000Z"),
            (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT", "2025-01-01T00:00:00.000Z"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT", "2100-02-28T23:59:59.000Z"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.000Z"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59.000Z"),
        ] as [(Int64, String, String)]
    )
    func aDateIsWhatTheCalendarSays(_ second: Int64, _ date: String, _ stamp: String) {
        var text = DateText()
        text.update(second * 1_000_000_000)
        #expect(written { text.append(to: &$0) } == "Date: \(date)\r\n")
        #expect(written { text.appendTimestamp(second * 1_000_000_000, to: &$0) } == stamp)
    }

    @Test func everyDayThatNanosecondsReachFollowsTheOneBefore() {
        var text = DateText()
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        var (year, month, day, weekday) = (1970, 1, 1, 4)
        for number in 0..<106_000 as Range<Int64> {
            if number % 97 == 0 || day >= 28 || day == 1 {
                text.update(number * 86_400_000_000_000)
                let stamp = written { text.appendTimestamp(number * 86_400_000_000_000, to: &$0) }
                let expected = [year, month, day].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
                #expect(stamp.hasPrefix(expected + "T00:00:00.000Z"))
                #expect(written { text.append(to: &$0) }.hasPrefix("Date: " + names[weekday]))
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            weekday = (weekday + 1) % 7
            day += 1
            if day > days { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
    }

    @Test(
        arguments: [
            (.min, "1677-09-21T00:12:43.145Z"), (.max, "2262-04-11T23:47:16.854Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (.min + 1_000_000_000, "1677-09-21T00:12:44.145Z"),
        ] as [(Int64, String)]
    )
    func aClockThatIsFarOffStillHasATime(_ moment: Int64, _ stamp: String) {
        var text = DateText()
        text.update(moment)
        #expect(written { text.appendTimestamp(moment, to: &$0) } == stamp)
    }

    @Test func aClockThatIsSetAfterTheSecondWasToldStaysWithinIt() {
        var text = DateText()
        text.update(1_792_000_000_000_000_000)
        for moment in [-1, 0, 1_791_999_999_999_999_999] as [Int64] {
            #expect(written { text.appendTimestamp(moment, to: &$0) }.hasSuffix(".000Z"))
        }
        for moment in [1_792_000_001_250_000_000, .max] as [Int64] {
            #expect(written { text.appendTimestamp(moment, to: &$0) }.hasSuffix(".999Z"))
        }
    }

    @Test func aTimestampHasItsMilliseconds() {
        var text = DateText()
        let moment: Int64 = 784_111_777_987_654_321
        text.update(moment)
        #expect(written { text.appendTimestamp(moment, to: &$0) } == "1994-11-06T08:49:37.987Z")
    }

    /// RFC 5952 §4, and its neighbours.
    @Test(
        arguments: [
            (0x2001_0db8_0000_0000, 0x0000_0000_0000_0001, "2001:db8::1"),
            (0x2001_0db8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
            (0x2001_0db8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
            (0x2001_0db8_0000_0000, 0x0001_0000_0000_0000, "2001:db8:0:0:1::"),
            (0, 0, "::"), (0, 1, "::1"), (0x0001_0000_0000_0000, 0, "1::"),
            (0x0000_0001_0002_0003, 0x0004_0005_0006_0007, "0:1:2:3:4:5:6:7"),
            (0x0001_0002_0003_0004, 0x0005_0006_0007_0000, "1:2:3:4:5:6:7:0"),
            (0x0000_0000_0001_0000, 0x0000_0001_0000_0000, "::1:0:0:1:0:0"),
            (0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            (0xFE80_0000_0000_0000, 0xABCD_0000_0000_00EF, "fe80::abcd:0:0:ef"),
        ] as [(UInt64, UInt64, String)]
    )
    func anIPv6AddressIsWrittenShortestFirst(_ high: UInt64, _ low: UInt64, _ text: String) {
        let endpoint = Endpoint(family: .ipv6, port: 80, high: high, low: low)
        #expect(written { PeerText.append(endpoint, to: &$0) } == text)
        #expect(text.utf8.count <= PeerText.bytesMax)
    }

    @Test func otherPeersHaveTheirNames() {
        #expect(written { PeerText.append(.ipv4(0xC0A8_00FF, port: 1), to: &$0) } == "192.168.0.255")
        #expect(written { PeerText.append(.none, to: &$0) } == "unknown")
        #expect(written { PeerText.append(Endpoint(family: .unix, port: 0, low: 0), to: &$0) } == "unknown")
    }

    @Test func noByteOfAClientLeavesItsQuotes() {
        for byte in UInt8.min...UInt8.max {
            let bytes = [0x61, byte, 0x62] as [UInt8]
            let text = written { AccessLog.appendEscaped(bytes.rawBytes, upTo: 3, to: &$0) }
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 })
            let isPlain = byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
            let hex = (byte < 16 ? "0" : "") + String(byte, radix: 16)
            #expect(text == (isPlain ? "a" + String(UnicodeScalar(byte)) + "b" : "a\\x\(hex)b"))
        }
    }

    @Test func aRequestLineEndsAtItsLineEndAndIsCutWhereItIsLong() {
        let line = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
        #expect(AccessLog.requestLineEnd(line.rawBytes) == 14)
        #expect(AccessLog.requestLineEnd(Array("GET\n".utf8).rawBytes) == 3)
        #expect(AccessLog.requestLineEnd([UInt8]().rawBytes) == 0)
        for byte in [0x61, 0xFF] as [UInt8] {
            let long = [UInt8](repeating: byte, count: 70_000)
            let end = AccessLog.requestLineEnd(long.rawBytes)
            #expect(end == AccessLog.requestLineBytesMax)
            let text = written { AccessLog.appendEscaped(long.rawBytes, upTo: end, to: &$0) }
            #expect(text.utf8.count <= AccessLog.requestLineBytesMax + 3)
            #expect(text.hasSuffix("..."))
        }
    }

    @Test func aDurationIsInMicroseconds() {
        #expect(written { AccessLog.appendDuration(0, to: &$0) } == "0.000ms")
        #expect(written { AccessLog.appendDuration(3_214_999, to: &$0) } == "3.214ms")
        #expect(written { AccessLog.appendDuration(60_000_050_000, to: &$0) } == "60000.050ms")
        #expect(written { AccessLog.appendDuration(.max, to: &$0) }.hasSuffix("ms"))
    }
}
