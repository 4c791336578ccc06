/// A host with an optional port, as `Host` and the absolute form have it: `uri-host [ ":" port ]` (RFC 9110 §7.2).
package struct Authority: Equatable, Sendable, BitwiseCopyable {
    /// A registered name, an IPv4 address, or an IPv6 address with its brackets; may be empty.
    package var host: ByteRange
    /// Nil when there is none, or nothing after the colon.
    package var port: UInt16?
    /// Whether there is a colon after the host.
    package var hasColon: Bool

    /// Reads all of `range`; nil when it is no authority. A user part, a zone identifier, an IPvFuture address and a port
    /// above 65535 are refused too.
    package init?(_ bytes: RawSpan, _ range: ByteRange) {
        let start = Int(range.start)
        let end = Int(range.end)
        var at = start
        if at < end, bytes.byte(at) == 0x5B {
            at &+= 1
            while at < end, bytes.byte(at) != 0x5D { at &+= 1 }
            guard at < end, Self.isIPv6(bytes, start &+ 1, at) else { return nil }
            at &+= 1
        } else {
            while at < end, bytes.byte(at) != 0x3A {
                if bytes.byte(at) == 0x25 {
                    guard at &+ 2 < end, bytes.byte(at &+ 1).hexValue != nil, bytes.byte(at &+ 2).hexValue != nil else {
                        return nil
                    }
                    at &+= 3
                } else if ByteSet.regName.contains(bytes.byte(at)) {
                    at &+= 1
                } else {
                    return nil
                }
            }
        }
        host = ByteRange(start, at)
        hasColon = at < end
        port = nil
        guard hasColon else { return }
        guard bytes.byte(at) == 0x3A else { return nil }
        at &+= 1
        guard at < end else { return }
        var number = 0
        while at < end {
            let byte = bytes.byte(at)
            guard byte.isDigit else { return nil }
            number = number &* 10 &+ Int(byte &- 0x30)
            guard number <= 65535 else { return nil }
            at &+= 1
        }
        port = UInt16(number)
    }

    /// `IPv6address` of RFC 3986 §3.2.2: eight groups of one to four HEXDIG, one run of zero groups written `::`, the last
    /// two groups perhaps as an IPv4 address.
    private static func isIPv6(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var at = start
        var groups = 0
        var hasGap = false
        if at &+ 1 < end, bytes.byte(at) == 0x3A, bytes.byte(at &+ 1) == 0x3A {
            hasGap = true
            at &+= 2
        }
        while at < end {
            let groupStart = at
            while at < end, at &- groupStart < 5, bytes.byte(at).hexValue != nil { at &+= 1 }
            if at < end, bytes.byte(at) == 0x2E {
                groups &+= 2
                guard isIPv4(bytes, groupStart, end) else { return false }
                break
            }
            guard at > groupStart, at &- groupStart <= 4 else { return false }
            groups &+= 1
            if at == end { break }
            guard bytes.byte(at) == 0x3A else { return false }
            at &+= 1
            guard at < end else { return false }
            if bytes.byte(at) == 0x3A {
                guard !hasGap else { return false }
                hasGap = true
                at &+= 1
            }
        }
        return hasGap ? groups <= 7 : groups == 8
    }

    /// `IPv4address` of RFC 3986 §3.2.2: four numbers up to 255 without leading zeros.
    private static func isIPv4(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var at = start
        for part in 0..<4 {
            if part > 0 {
                guard at < end, bytes.byte(at) == 0x2E else { return false }
                at &+= 1
            }
            let partStart = at
            var number = 0
            while at < end, at &- partStart < 3, bytes.byte(at).isDigit {
                number = number &* 10 &+ Int(bytes.byte(at) &- 0x30)
                at &+= 1
            }
            guard at > partStart, number <= 255 else { return false }
            guard at &- partStart == 1 || bytes.byte(partStart) != 0x30 else { return false }
        }
        return at == end
    }
}
