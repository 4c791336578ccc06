/// An IPv4 or IPv6 address as its bytes in network order.
package enum IPAddress: Equatable, Hashable, Sendable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// Reads dotted IPv4 or IPv6 text without brackets and without a zone; nil for anything else.
    package init?(_ text: String) {
        if let four = Self.parseIPv4(text.utf8) {
            self = .v4(four)
        } else if let six = Self.parseIPv6(Array(text.utf8)) {
            self = .v6(high: six.0, low: six.1)
        } else {
            return nil
        }
    }

    package static func isIPv4(_ text: String) -> Bool { parseIPv4(text.utf8) != nil }
    package static func isIPv6(_ text: String) -> Bool { parseIPv6(Array(text.utf8)) != nil }

    /// `0.0.0.0` or `::`: every address of the machine, where something listens.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let value): value == 0
        case .v6(let high, let low): high == 0 && (low == 0 || low == 0xFFFF_0000_0000)
        }
    }

    /// An IPv4 address where it was written as an IPv6 one (RFC 4291 §2.5.5.2).
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// `127.0.0.0/8`, `::1`, and the IPv4-mapped form of the former.
    package var isLoopback: Bool {
        switch self {
        case .v4(let value): return value >> 24 == 127
        case .v6(let high, let low):
            return high == 0 && (low == 1 || (low >> 32 == 0xFFFF && (low >> 24) & 0xFF == 127))
        }
    }

    /// Four decimal parts of 0…255 without leading zeros (a leading zero is octal to some readers).
    private static func parseIPv4(_ bytes: some Sequence<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in bytes {
            switch byte {
            case 0x30...0x39:
                guard digits < 3, digits == 0 || part != 0 else { return nil }
                part = part * 10 + UInt32(byte - 0x30)
                digits += 1
            case 0x2E:
                guard digits > 0, part <= 255, dots < 3 else { return nil }
                value = value << 8 | part
                (part, digits) = (0, 0)
                dots += 1
            default:
                return nil
            }
        }
        guard dots == 3, digits > 0, part <= 255 else { return nil }
        return value << 8 | part
    }

    /// RFC 4291 §2.2: eight groups, one `::`, and optionally dotted IPv4 at the end.
    private static func parseIPv6(_ bytes: [UInt8]) -> (UInt64, UInt64)? {
        var head: [UInt16] = []
        var tail: [UInt16] = []
        var compressed = false
        var index = 0
        guard bytes.count >= 2 else { return nil }
        if bytes[0] == 0x3A {
            guard bytes[1] == 0x3A else { return nil }
            compressed = true
            index = 2
        }
        while index < bytes.count {
            var end = index
            while end < bytes.count, bytes[end] != 0x3A { end += 1 }
            let part = bytes[index..<end]
            if part.contains(0x2E) {
                guard end == bytes.count, let four = parseIPv4(part) else { return nil }
                let groups = [UInt16(four >> 16), UInt16(four & 0xFFFF)]
                if compressed { tail += groups } else { head += groups }
                break
            }
            guard (1...4).contains(part.count), let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
                part.first != 0x2B, part.first != 0x2D
            else { return nil }
            if compressed { tail.append(group) } else { head.append(group) }
            if end == bytes.count { break }
            index = end + 1
            if index == bytes.count { return nil }
            if bytes[index] == 0x3A {
                guard !compressed else { return nil }
                compressed = true
                index += 1
            }
        }
        let count = head.count + tail.count
        guard compressed ? count < 8 : count == 8 else { return nil }
        let groups = head + [UInt16](repeating: 0, count: 8 - count) + tail
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return (high, low)
    }
}

extension IPAddress: CustomStringConvertible {
    /// RFC 5952: lower case, the longest run of zero groups as `::`.
    package var description: String {
        switch self {
        case .v4(let value):
            return "\(value >> 24).\((value >> 16) & 255).\((value >> 8) & 255).\(value & 255)"
        case .v6(let high, let low):
            if high == 0, low >> 32 == 0xFFFF { return "::ffff:\(IPAddress.v4(UInt32(truncatingIfNeeded: low)))" }
            let groups = (0..<8).map { index in
                UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index % 4)))
            }
            var best = 0..<0
            var start = 0
            while start < 8 {
                var end = start
                while end < 8, groups[end] == 0 { end += 1 }
                if end - start > max(best.count, 1) { best = start..<end }
                start = max(end, start + 1)
            }
            let hex = groups.map { String($0, radix: 16) }
            guard !best.isEmpty else { return hex.joined(separator: ":") }
            return hex[..<best.lowerBound].joined(separator: ":") + "::"
                + hex[best.upperBound...].joined(separator: ":")
        }
    }
}
