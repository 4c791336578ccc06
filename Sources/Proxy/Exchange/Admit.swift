package import HTTPWire

/// Decides whether a well-formed request is one that we forward.
package enum Admit {
    /// Nil to forward, else why not.
    /// - Parameter bytes: what `head`'s ranges count from.
    package static func refusal(_ head: borrowing RequestHead, of bytes: RawSpan, bodyBytesMax: UInt64?) -> Fault? {
        switch head.method {
        // RFC 9110 §9.3.6: a tunnel to wherever the client likes is not what a balancer is for; §9.3.8: TRACE would
        // show the client what we added, credentials of others included. Whatever its Max-Forwards, it ends here.
        case .connect, .trace: return Fault(.methodNotAllowed, .downstream, .admit)
        case .options: if isLastHop(head, of: bytes) { return Fault(.forwardsSpent, .downstream, .admit) }
        default: break
        }
        if head.flags.contains(.expectOther) { return Fault(.expectationFailed, .downstream, .admit) }
        if let bodyBytesMax, case .length(let length) = head.framing, length > bodyBytesMax {
            return Fault(.bodyTooLarge, .downstream, .admit)
        }
        return nil
    }

    /// Whether the client wants the answer of whoever gets the request now (RFC 9110 §7.6.2).
    private static func isLastHop(_ head: borrowing RequestHead, of bytes: RawSpan) -> Bool {
        guard head.fields.contains(.maxForwards) else { return false }
        for index in 0..<head.fields.count where head.fields[index].id == .maxForwards {
            if Forwarding.maxForwards(head.fields[index], of: bytes) == 0 { return true }
        }
        return false
    }

    /// Whether the client's wish for another protocol is passed on.
    ///
    /// Not with a body, behind which nobody could say where the other protocol begins; and not to a protocol in which requests
    /// would pass us unseen, with what they claim of their client: HTTP in another version (RFC 9113 §3.1 has done away with
    /// `h2c`), and TLS (RFC 2817). Nor in words that are no protocol names, which some server may take for one.
    package static func passesUpgrade(_ head: borrowing RequestHead, of bytes: RawSpan) -> Bool {
        guard head.asksForUpgrade, head.framing == .none else { return false }
        var isAny = false
        for index in 0..<head.fields.count where head.fields[index].id == .upgrade {
            var protocols = ListElements(head.fields[index].value)
            while let name = protocols.next(bytes) {
                guard mayPass(bytes, name) else { return false }
                isAny = true
            }
        }
        return isAny
    }

    /// Whether `protocol-name ["/" protocol-version]` (RFC 9110 §7.8) is one that does not carry requests.
    private static func mayPass(_ bytes: RawSpan, _ range: ByteRange) -> Bool {
        let start = Int(range.start)
        let end = Int(range.end)
        let slash = bytes.endOfToken(in: range)
        guard slash > start else { return false }
        if slash < end {
            guard bytes.byte(slash) == UInt8(ascii: "/"), slash + 1 < end,
                bytes.endOfToken(in: ByteRange(slash + 1, end)) == end
            else { return false }
        }
        let name = ByteRange(start, slash)
        if bytes.equalsIgnoringCase(name, "h2") || bytes.equalsIgnoringCase(name, "h3")
            || bytes.equalsIgnoringCase(name, "http") || bytes.equalsIgnoringCase(name, "tls")
        {
            return false
        }
        // Wherever in a longer name: some servers look for no more.
        for at in start..<max(start, end - 2) where isHTTP2(bytes.byte(at), bytes.byte(at + 1), bytes.byte(at + 2)) {
            return false
        }
        return true
    }

    /// `h2c`, in whatever case.
    private static func isHTTP2(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        first | 0x20 == UInt8(ascii: "h") && second == UInt8(ascii: "2") && third | 0x20 == UInt8(ascii: "c")
    }

    /// Whether a backend's 101 is to a protocol that it was asked for (RFC 9110 §7.8).
    /// - Parameters:
    ///   - head: of the answer, whose ranges are into `bytes`.
    ///   - asked: the value of `Upgrade` that the backend got.
    package static func isAsked(_ head: borrowing ResponseHead, of bytes: RawSpan, by asked: RawSpan) -> Bool {
        var isAny = false
        for index in 0..<head.fields.count where head.fields[index].id == .upgrade {
            var protocols = ListElements(head.fields[index].value)
            while let name = protocols.next(bytes) {
                guard contains(asked, bytes, name) else { return false }
                isAny = true
            }
        }
        return isAny
    }

    private static func contains(_ asked: RawSpan, _ bytes: RawSpan, _ name: ByteRange) -> Bool {
        var protocols = ListElements(ByteRange(0, asked.byteCount))
        while let one = protocols.next(asked) {
            guard one.count == name.count else { continue }
            var isSame = true
            for offset in 0..<one.count {
                let first = asked.byte(Int(one.start) + offset)
                let second = bytes.byte(Int(name.start) + offset)
                // Letters of either case: protocol names have none (RFC 9110 §7.8).
                if first != second, first ^ second != 0x20 || (first | 0x20) &- 0x61 >= 26 { isSame = false }
            }
            if isSame { return true }
        }
        return false
    }
}
