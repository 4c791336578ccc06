import Testing

@testable import Model

/// Blocks of addresses: what they contain, and what is none.
struct NetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "203.0.113.9", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("192.0.2.6/31", "192.0.2.7", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false), ("::1", "::1", true),
        ("fe80::/65", "fe80::7fff:0:0:1", true), ("fe80::/65", "fe80::8000:0:0:1", false), ("::/0", "10.0.0.1", false),
    ])
    func containsItsOwnAndNothingElse(network: String, address: String, isInside: Bool) throws {
        let block = try #require(Network(network))
        let other = try #require(IPAddress(address))
        #expect(block.contains(other) == isInside)
    }

    /// An IPv4 address is the same however a socket or a proxy writes it.
    @Test(arguments: [
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("::ffff:10.0.0.0/104", "::ffff:11.0.0.0", false),
        ("::ffff:192.0.2.7", "192.0.2.7", true), ("::ffff:0:0/96", "192.0.2.7", true),
        ("::/0", "::ffff:192.0.2.7", false),
    ])
    func mappedAddressesAreIPv4(network: String, address: String, isInside: Bool) throws {
        let trusted = TrustedProxies([try #require(Network(network))])
        #expect(trusted.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "::/129", "10.0.0.1/8", "2001:db8::1/32", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/8/8",
        "example.org/8",
        "10.0.0/8", "10.0.0.0/-1",
    ])
    func whatIsNoBlockIsRefused(text: String) { #expect(Network(text) == nil) }
}
