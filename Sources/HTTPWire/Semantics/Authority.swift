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
            guard at < end, HostAddress.ipv6(bytes, start &+ 1, at) != nil else { return nil }
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
}
