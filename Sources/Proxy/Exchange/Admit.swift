package import HTTPWire

/// Decides whether a well-formed request is one that we forward.
package enum Admit {
    /// Nil to forward, else why not.
    package static func refusal(_ head: RequestHead, bodyBytesMax: UInt64?) -> Fault? {
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
}
