/// An IP address as text, in the forms that messages have it in.
package enum HostAddress: Equatable, Sendable, BitwiseCopyable {
    case ipv4(UInt32)
    /// Network order, read as big-endian numbers.
    case ipv6(high: UInt64, low: UInt64)

    /// Reads all of `range`: an IPv4 or IPv6 address (RFC 3986 §3.2.2) without brackets, port or zone; nil for anything else.
    package init?(_ bytes: RawSpan, _ range: ByteRange) {
        let start = Int(range.start)
        let end = Int(range.end)
        if let four = Self.ipv4(bytes, start, end) {
            self = .ipv4(four)
        } else if let six = Self.ipv6(bytes, start, end) {
            self = six
        } else {
            return nil
        }
    }

    /// Reads all of `range` as what stands in `X-Forwarded-For`, or behind `for=` in `Forwarded` (RFC 7239 §6): an address, an
    /// IPv6 one perhaps in brackets, perhaps with a port or a zone, both of which are dropped. An IPv4 address that is written
    /// as an IPv6 one (RFC 4291 §2.5.5.2) is that IPv4 address. Nil for a name, `unknown`, or anything else.
    package init?(node bytes: RawSpan, _ range: ByteRange) {
        let start = Int(range.start)
        let end = Int(range.end)
        guard start < end else { return nil }
        var from = start
        var to = end
        if bytes.byte(start) == 0x5B {
            from = start &+ 1
            to = from
            while to < end, bytes.byte(to) != 0x5D { to &+= 1 }
            guard to < end, Self.isPort(bytes, to &+ 1, end) else { return nil }
        } else if let colon = Self.onlyColon(bytes, start, end) {
            to = colon
            guard Self.isPort(bytes, colon, end) else { return nil }
        }
        for at in from..<to where bytes.byte(at) == 0x25 {
            to = at
            break
        }
        guard let address = HostAddress(bytes, ByteRange(from, to)) else { return nil }
        self = address.unmapped
    }

    /// The IPv4 address that an IPv6 one stands for; any other as it is.
    package var unmapped: HostAddress {
        if case .ipv6(0, let low) = self, low >> 32 == 0xFFFF { return .ipv4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// Nothing, or a colon and a port, which may be a made-up one (RFC 7239 §6.3).
    private static func isPort(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        if start == end { return true }
        guard bytes.byte(start) == 0x3A, start &+ 1 < end else { return false }
        if bytes.byte(start &+ 1) == 0x5F { return bytes.endOfToken(start &+ 1, end) == end }
        for at in start &+ 1..<end where !bytes.byte(at).isDigit { return false }
        return end &- start <= 6
    }

    /// Where the one colon is; nil where there is none, or several, as in an IPv6 address.
    private static func onlyColon(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
        var found: Int?
        for at in start..<end where bytes.byte(at) == 0x3A {
            guard found == nil else { return nil }
            found = at
        }
        return found
    }

    /// Four numbers up to 255 without leading zeros, which are octal to some readers.
    static func ipv4(_ bytes: RawSpan, _ start: Int, _ end: Int) -> UInt32? {
        var at = start
        var value: UInt32 = 0
        for part in 0..<4 {
            if part > 0 {
                guard at < end, bytes.byte(at) == 0x2E else { return nil }
                at &+= 1
            }
            let partStart = at
            var number: UInt32 = 0
            while at < end, at &- partStart < 3, bytes.byte(at).isDigit {
                number = number &* 10 &+ UInt32(bytes.byte(at) &- 0x30)
                at &+= 1
            }
            guard at > partStart, number <= 255 else { return nil }
            guard at &- partStart == 1 || bytes.byte(partStart) != 0x30 else { return nil }
            value = value << 8 | number
        }
        return at == end ? value : nil
    }

    /// Eight groups of one to four HEXDIG, one run of zero groups perhaps written `::`, the last two groups perhaps as an
    /// IPv4 address.
    static func ipv6(_ bytes: RawSpan, _ start: Int, _ end: Int) -> HostAddress? {
        // The groups before `::` and behind it, or all in the former.
        var before = Groups()
        var behind = Groups()
        var hasGap = false
        var at = start
        guard end &- start >= 2 else { return nil }
        if bytes.byte(at) == 0x3A, bytes.byte(at &+ 1) == 0x3A {
            hasGap = true
            at &+= 2
        }
        while at < end {
            guard before.count &+ behind.count < 8 else { return nil }
            let groupStart = at
            var group: UInt64 = 0
            while at < end, at &- groupStart < 5, let digit = bytes.byte(at).hexValue {
                group = group << 4 | UInt64(digit)
                at &+= 1
            }
            if at < end, bytes.byte(at) == 0x2E {
                guard let four = ipv4(bytes, groupStart, end) else { return nil }
                if hasGap { behind.append(four) } else { before.append(four) }
                break
            }
            guard at > groupStart, at &- groupStart <= 4 else { return nil }
            if hasGap { behind.append(group) } else { before.append(group) }
            if at == end { break }
            guard bytes.byte(at) == 0x3A else { return nil }
            at &+= 1
            guard at < end else { return nil }
            if bytes.byte(at) == 0x3A {
                guard !hasGap else { return nil }
                hasGap = true
                at &+= 1
            }
        }
        let count = before.count &+ behind.count
        guard hasGap ? count < 8 : count == 8 else { return nil }
        for _ in before.count..<8 { before.append(0 as UInt64) }
        return .ipv6(high: before.high | behind.high, low: before.low | behind.low)
    }

    /// Groups of 16 bits of an address, shifted in from its end.
    private struct Groups {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var count = 0

        mutating func append(_ group: UInt64) {
            high = high << 16 | low >> 48
            low = low << 16 | group
            count &+= 1
        }

        mutating func append(_ address: UInt32) {
            append(UInt64(address >> 16))
            append(UInt64(address & 0xFFFF))
        }
    }
}
