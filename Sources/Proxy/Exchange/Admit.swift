package import HTTPWire

/// Decides whether a well-formed request is one that we forward.
package enum Admit {
    /// Nil to forward, else why not.
    package static func refusal(_ head: borrowing RequestHead, bodyBytesMax: UInt64?) -> Fault? {
        switch head.method {
        // RFC 9110 §9.3.6: a tunnel to wherever the client likes is not what a balancer is for; §9.3.8: TRACE would
        // show the client what we added, credentials of others included.
        case .connect, .trace: return Fault(.methodNotAllowed, .downstream, .admit)
        default: break
        }
        if head.flags.contains(.expectOther) { return Fault(.expectationFailed, .downstream, .admit) }
        if let bodyBytesMax, case .length(let length) = head.framing, length > bodyBytesMax {
            return Fault(.bodyTooLarge, .downstream, .admit)
        }
        return nil
    }

    /// Whether the client's wish for another protocol is passed on.
    ///
    /// Not with a body, behind which nobody could say where the other protocol begins; and not to HTTP/2, whose requests
    /// would pass us unseen, with what they claim of their client (RFC 9113 §3.1 has done away with `h2c`).
    package static func passesUpgrade(_ head: borrowing RequestHead, of bytes: RawSpan) -> Bool {
        guard head.asksForUpgrade, head.framing == .none else { return false }
        for index in 0..<head.fields.count where head.fields[index].id == .upgrade {
            let value = head.fields[index].value
            for at in Int(value.start)..<max(Int(value.start), Int(value.end) - 2)
            where isHTTP2(bytes.byte(at), bytes.byte(at + 1), bytes.byte(at + 2)) {
                return false
            }
        }
        return true
    }

    /// `h2c`, in whatever case, and wherever in a list or a longer name.
    private static func isHTTP2(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        first | 0x20 == UInt8(ascii: "h") && second == UInt8(ascii: "2") && third | 0x20 == UInt8(ascii: "c")
    }
}
