/// A response's head. All ranges are into the bytes it was parsed from.
///
/// Its field table is allocated once: keep a head and use it again. `H1HeadParser` fills every member.
package struct ResponseHead: ~Copyable {
    /// 100…599
    package var status: UInt16 = 200
    /// The reason phrase; may be empty.
    package var reason = ByteRange.empty
    /// 0…9. Above 1 the message is processed as HTTP/1.1 (RFC 9110 §2.5).
    package var minorVersion: UInt8 = 1
    package var fields = FieldTable()
    package var flags: HeadFlags = []
    /// The value of `Content-Length`, at most `Int64.max`; an answer to HEAD has one and no content.
    package var contentLength: UInt64?
    package var isChunked = false
    /// The length of the head with the empty line that ends it.
    package var byteCount = 0

    package init() {}

    /// How the content of this answer to `method` ends (RFC 9112 §6.3).
    ///
    /// `.none` for a 2xx to CONNECT and for 101, after which the connection is a tunnel.
    package func framing(answering method: Method) -> BodyFraming {
        if method == .head || status < 200 || status == 204 || status == 304 { return .none }
        if method == .connect, status < 300 { return .none }
        if isChunked { return .chunked }
        guard let contentLength else { return .untilClose }
        return .counted(contentLength)
    }

    /// Whether the sender lets the connection live after this answer (RFC 9112 §9.3). A content framed `.untilClose` ends
    /// the connection all the same.
    package var keepsAlive: Bool {
        !flags.contains(.connectionClose) && (minorVersion >= 1 || flags.contains(.connectionKeepAlive))
    }
}
