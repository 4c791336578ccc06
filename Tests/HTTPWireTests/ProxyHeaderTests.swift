import Testing

@testable import HTTPWire

/// The PROXY protocol's header: whole, cut at every byte, and broken.
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    private static func block(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    }

    private static let ipv4Body: [UInt8] = [192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0, 80]
    private static let ipv6Body: [UInt8] =
        [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 16) + [
            0x30, 0x39, 0, 80,
        ]

    private static let good: [(bytes: [UInt8], source: ProxyHeader.Source)] = [
        (Array("PROXY TCP4 192.0.2.7 10.0.0.1 12345 80\r\n".utf8), .ipv4(0xC000_0207, port: 12345)),
        (
            Array("PROXY TCP6 2001:db8::1 ::1 12345 80\r\n".utf8),
            .ipv6(high: 0x2001_0DB8_0000_0000, low: 1, port: 12345)
        ),
        (
            Array("PROXY TCP6 1:2:3:4:5:6:7:8 :: 1 2\r\n".utf8),
            .ipv6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0008, port: 1)
        ),
        (Array("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n".utf8), .ipv6(high: 0, low: 0xFFFF_C000_0207, port: 1)),
        (Array("PROXY UNKNOWN\r\n".utf8), .peer),
        (Array("PROXY UNKNOWN ffff::1 anything 1 2\r\n".utf8), .peer),
        (block(0x21, 0x11, ipv4Body), .ipv4(0xC000_0207, port: 12345)),
        (block(0x21, 0x11, ipv4Body + [3, 0, 4, 1, 2, 3, 4]), .ipv4(0xC000_0207, port: 12345)),
        (block(0x21, 0x21, ipv6Body), .ipv6(high: 0x2001_0DB8_0000_0000, low: 1, port: 12345)),
        (block(0x20, 0x00, []), .peer),
        (block(0x21, 0x00, [1, 2, 3]), .peer),
        (block(0x21, 0x31, [UInt8](repeating: 0, count: 216)), .peer),
    ]

    private static func read(_ bytes: [UInt8]) throws -> ProxyHeader? { try ProxyHeader.read(bytes.rawBytes) }

    @Test func headersAreReadWithWhatFollowsLeftAlone() throws {
        for (bytes, source) in Self.good {
            let header = try Self.read(bytes + Array("GET / HTTP/1.1\r\n".utf8))
            #expect(header == ProxyHeader(source: source, byteCount: bytes.count))
        }
    }

    @Test func everyPrefixAsksForMore() throws {
        for (bytes, _) in Self.good {
            for count in 0..<bytes.count { #expect(try Self.read(Array(bytes[..<count])) == nil) }
            #expect(try Self.read(bytes)?.byteCount == bytes.count)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "proxy TCP4 ", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX", "PROXY TCP4 1.2.3.4\n",
        "PROXY TCP6 1::2::3 ::1 1 2\r\n", "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", "PROXY TCP6 ::12345 ::1 1 2\r\n",
        "PROXY TCP6 1:2:3:4:5:6:7:8: ::1 1 2\r\n", "PROXY TCP6 :1 ::1 1 2\r\n", "PROXY TCP4 \u{0}", "\r\n\r\nGET",
    ])
    func whatIsNoHeaderIsRefused(text: String) {
        #expect(throws: ProxyHeader.Refusal.self) { try Self.read(Array(text.utf8)) }
    }

    @Test func brokenBlocksAreRefused() {
        let broken = [
            Self.block(0x22, 0x11, Self.ipv4Body), Self.block(0x11, 0x11, Self.ipv4Body),
            Self.block(0x21, 0x11, Array(Self.ipv4Body.dropLast())),
            Self.block(0x21, 0x21, Array(Self.ipv6Body.dropLast())),
            Self.block(0x21, 0x11, [UInt8](repeating: 0, count: ProxyHeader.blockBytesMax + 1)),
        ]
        for bytes in broken {
            #expect(throws: ProxyHeader.Refusal.self) { try Self.read(bytes) }
        }
    }

    @Test func aLineIsAtMost107Bytes() throws {
        let fits = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 16) + "\r\n"
        #expect(fits.utf8.count == 107)
        #expect(try Self.read(Array(fits.utf8))?.byteCount == 107)
        let tooLong = "PROXY UNKNOWN " + String(repeating: "x", count: 108 - 16) + "\r\n"
        #expect(throws: ProxyHeader.Refusal.self) { try Self.read(Array(tooLong.utf8)) }
    }
}
