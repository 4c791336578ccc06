/// The request method (RFC 9110 §9.3, and PATCH of RFC 5789). Methods are case-sensitive: `get` is `.other`.
package enum Method: UInt8, Sendable, BitwiseCopyable {
    case get
    case head
    case post
    case put
    case delete
    case connect
    case options
    case trace
    case patch
    /// A method we give no meaning to; `RequestHead.methodRange` has its name.
    case other

    /// The method named by a validated token.
    init(_ bytes: RawSpan, _ range: ByteRange) {
        let at = Int(range.start)
        switch range.count {
        case 3:
            if bytes.matches(at, "GET", folding: 0) {
                self = .get
                return
            }
            self = bytes.matches(at, "PUT", folding: 0) ? .put : .other
        case 4:
            if bytes.matches(at, "POST", folding: 0) {
                self = .post
                return
            }
            self = bytes.matches(at, "HEAD", folding: 0) ? .head : .other
        case 5:
            if bytes.matches(at, "PATCH", folding: 0) {
                self = .patch
                return
            }
            self = bytes.matches(at, "TRACE", folding: 0) ? .trace : .other
        case 6: self = bytes.matches(at, "DELETE", folding: 0) ? .delete : .other
        case 7:
            if bytes.matches(at, "OPTIONS", folding: 0) {
                self = .options
                return
            }
            self = bytes.matches(at, "CONNECT", folding: 0) ? .connect : .other
        default: self = .other
        }
    }

    /// Asks for nothing but reading (RFC 9110 §9.2.1).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .delete, .connect, .patch, .other: false
        }
    }

    /// Doing it twice means no more than doing it once, so a lost answer may be asked for again (RFC 9110 §9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .trace, .put, .delete: true
        case .post, .connect, .patch, .other: false
        }
    }
}
