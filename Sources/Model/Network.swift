/// A block of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct Network: Equatable, Hashable, Sendable {
    package let address: IPAddress
    /// Bits that count, 0…32 for IPv4 and 0…128 for IPv6.
    package let prefix: Int

    /// Nil for what is no address, for a prefix that is too long, and for bits set behind the prefix: `10.1.0.0/8` is more
    /// likely a mistake than a wish.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        let longest: Int
        if case .v4 = address { longest = 32 } else { longest = 128 }
        var prefix = longest
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...longest).contains(number), String(number) == parts[1] else {
                return nil
            }
            prefix = number
        }
        guard Self.masked(address, prefix) == address else { return nil }
        // Addresses are compared as what they are, so `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        if case .v4 = address.unmapped, longest == 128, prefix >= 96 {
            self.address = address.unmapped
            self.prefix = prefix - 96
        } else {
            self.address = address
            self.prefix = prefix
        }
    }

    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4, .v4), (.v6, .v6): Self.masked(other, prefix) == Self.masked(address, prefix)
        default: false
        }
    }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        switch address {
        case .v4(let value):
            return .v4(prefix == 0 ? 0 : value & (UInt32.max << UInt32(32 - prefix)))
        case .v6(let high, let low):
            let highMask = prefix >= 64 ? UInt64.max : prefix == 0 ? 0 : UInt64.max << UInt64(64 - prefix)
            let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
            return .v6(high: high & highMask, low: low & lowMask)
        }
    }
}

extension Network: CustomStringConvertible {
    package var description: String { "\(address)/\(prefix)" }
}
