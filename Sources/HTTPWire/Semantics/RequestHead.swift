/// A request's head. All ranges are into the bytes it was parsed from.
///
/// Its field table is allocated once: keep a head and use it again. `H1HeadParser` fills every member.
package struct RequestHead: ~Copyable {
    package var method = Method.get
    package var methodRange = ByteRange.empty
    /// The request target as written.
    package var target = ByteRange.empty
    package var targetForm = TargetForm.origin
    /// The origin-form part of the target, with its query: `/where?q=now`, or `*` of the asterisk form.
    ///
    /// Of an absolute form without a path it is empty, or starts with `?`: `H1Writer.requestLine` then writes the path that
    /// RFC 9112 §3.2 asks for. Empty for CONNECT.
    package var path = ByteRange.empty
    /// The effective `host[:port]`: the target's when it has one (it overrides `Host`, RFC 9112 §3.2.2), else the value of
    /// `Host`. May be empty with an empty `Host`, or in HTTP/1.0.
    package var authority = ByteRange.empty
    /// 0…9. Above 1 the message is processed as HTTP/1.1 (RFC 9110 §2.5).
    package var minorVersion: UInt8 = 1
    package var framing = BodyFraming.none
    package var fields = FieldTable()
    package var flags: HeadFlags = []
    /// The length of the head, with the empty line that ends it and one that preceded it.
    package var byteCount = 0

    package init() {}

    /// Whether the connection may carry another request after this one (RFC 9112 §9.3).
    package var keepsAlive: Bool {
        !flags.contains(.connectionClose) && (minorVersion >= 1 || flags.contains(.connectionKeepAlive))
    }

    /// The client asks for another protocol (RFC 9110 §7.8): an `Upgrade` field that `Connection` names.
    package var asksForUpgrade: Bool { flags.isSuperset(of: [.hasUpgrade, .connectionUpgrade]) }
}
