import HTTPWire

/// The `Set-Cookie` line that binds a client to a backend (RFC 6265bis): for all paths, out of reach of scripts, and not
/// sent along by other sites' forms.
package struct StickyCookie: BitwiseCopyable {
    private let plan: StickyPlan
    private let id: UInt64
    private let text: FlatArray<UInt8>

    /// - Parameter text: the snapshot's, in which the plan's name is.
    package init(_ plan: StickyPlan, id: UInt64, text: FlatArray<UInt8>) {
        self.plan = plan
        self.id = id
        self.text = text
    }

    /// At most 170 bytes: a name has up to 64.
    package func append(to out: inout OutputRawSpan) {
        out.append("Set-Cookie: ")
        for offset in 0..<Int(plan.name.count) { out.append(text[Int(plan.name.start) + offset]) }
        out.append("=")
        out.appendHexPadded(id)
        out.append("; Path=/; HttpOnly; SameSite=Lax")
        if plan.maxAgeSeconds > 0 {
            out.append("; Max-Age=")
            out.appendDecimal(plan.maxAgeSeconds)
        }
        out.append("\r\n")
    }
}
