import HTTPWire
import Testing

@testable import Proxy

@Suite struct KeepAliveTests {
    @Test(arguments: [
        ("", UInt64.max), ("Keep-Alive: timeout=5\r\n", 4_000_000_000),
        ("keep-alive: max=100, TIMEOUT=5\r\n", 4_000_000_000),
        ("Keep-Alive: timeout=5, max=100\r\n", 4_000_000_000), ("Keep-Alive: timeout=1\r\n", 0),
        ("Keep-Alive: timeout=0\r\n", 0), ("Keep-Alive: timeout=99999999999999999999999\r\n", 86_399_000_000_000),
        ("Keep-Alive: timeout=\r\n", UInt64.max), ("Keep-Alive: timeout=x\r\n", UInt64.max),
        ("Keep-Alive: max=100\r\n", UInt64.max), ("Keep-Alive: timeouts=5\r\n", UInt64.max),
        ("Keep-Alive: ,,\r\n", UInt64.max),
    ])
    func aBackendsIdleTimeIsASecondLessThanItSays(fields: String, expected: UInt64) throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n".utf8)
        var head = ResponseHead()
        var parser = H1HeadParser()
        #expect(try parser.parseResponse(bytes.rawBytes, into: &head) == bytes.count)
        #expect(KeepAlive.idleNs(head, of: bytes.rawBytes) == expected)
    }

    @Test func connectionsRetireAfterAnHourGiveOrTakeATenth() {
        let hour: UInt64 = 3_600_000_000_000
        for chance in [0, 1, UInt64.max, UInt64.max / 3, hour / 5 - 1, hour / 5] {
            #expect((hour / 10 * 9..<hour / 10 * 11).contains(UpstreamConnection.lifetimeNs(chance)))
        }
    }
}
