import HTTPWire
import Testing

/// IP addresses as messages have them.
@Suite struct HostAddressTests {
    private func plain(_ text: String) -> HostAddress? {
        let bytes = Array(text.utf8)
        return HostAddress(bytes.rawBytes, ByteRange(0, bytes.count))
    }

    private func node(_ text: String) -> HostAddress? {
        // Something on both sides, which must not be looked at.
        let bytes = Array("[1:\(text)2]".utf8)
        return HostAddress(node: bytes.rawBytes, ByteRange(3, bytes.count - 2))
    }

    @Test(arguments: [
        ("0.0.0.0", HostAddress.ipv4(0)), ("255.255.255.255", .ipv4(.max)), ("192.0.2.7", .ipv4(0xC000_0207)),
        ("::", .ipv6(high: 0, low: 0)), ("::1", .ipv6(high: 0, low: 1)), ("1::", .ipv6(high: 1 << 48, low: 0)),
        ("2001:DB8::a:0", .ipv6(high: 0x2001_0DB8_0000_0000, low: 0xA_0000)),
        ("1:2:3:4:5:6:7:8", .ipv6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0008)),
        ("1:2:3:4:5:6:7::", .ipv6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0000)),
        ("::2:3:4:5:6:7:8", .ipv6(high: 0x0002_0003_0004, low: 0x0005_0006_0007_0008)),
        ("::ffff:192.0.2.7", .ipv6(high: 0, low: 0xFFFF_C000_0207)),
        ("1:2:3:4:5:6:1.2.3.4", .ipv6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0102_0304)),
        ("64:ff9b::1.2.3.4", .ipv6(high: 0x0064_FF9B_0000_0000, low: 0x0102_0304)),
    ])
    func addressesAreRead(_ text: String, _ address: HostAddress) {
        #expect(plain(text) == address)
        #expect(node(text) == address.unmapped)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", ".1.2.3", "1.2.3.4 ", "-1.2.3.4", "a.b.c.d",
        ":", ":::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::12345", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1:", ":1",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1.2.3.4::", "::1.2.3.4:1", "::g", "unknown", "_hidden",
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(plain(text) == nil)
        #expect(node(text) == nil)
    }

    /// RFC 7239 §6, and what proxies write into X-Forwarded-For.
    @Test(arguments: [
        ("192.0.2.7:4711", HostAddress.ipv4(0xC000_0207)), ("192.0.2.7:_x", .ipv4(0xC000_0207)),
        ("[::1]", .ipv6(high: 0, low: 1)),
        ("[::1]:80", .ipv6(high: 0, low: 1)), ("[::ffff:192.0.2.7]:80", .ipv4(0xC000_0207)),
        ("::FFFF:c000:207", .ipv4(0xC000_0207)),
        ("fe80::1%eth0", .ipv6(high: 0xFE80 << 48, low: 1)), ("[fe80::1%25eth0]:1", .ipv6(high: 0xFE80 << 48, low: 1)),
    ])
    func whatIsAroundAnAddressIsDropped(_ text: String, _ address: HostAddress) {
        #expect(node(text) == address)
        #expect(plain(text) == nil || plain(text)?.unmapped == address)
    }

    @Test(arguments: [
        "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[::1", "[::1]x", "[::1]:", "[1.2.3.4", "a:1", "[]", "%eth0",
        "[::1]:1:2",
    ])
    func whatIsAroundAnAddressHasToBeAPort(_ text: String) { #expect(node(text) == nil) }
}
