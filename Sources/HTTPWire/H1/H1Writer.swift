/// Writes the parts of a message (RFC 9112 §3–§7). Everything traps when there is no room: the caller has checked
/// `freeCapacity` against the room that each part names.
///
/// Text that comes from the caller is written as it is. What a head parser or a body decoder has accepted is safe to write.
package enum H1Writer {
    // MARK: Room

    /// The most that `statusLine` with the default reason takes.
    package static var statusLineRoom: Int { 64 }

    /// The most that `statusLine` with a reason of so many bytes takes.
    package static func statusLineRoom(reasonBytes: Int) -> Int { 15 + reasonBytes }

    /// The most that `requestLine` takes for this head.
    package static func requestLineRoom(_ head: borrowing RequestHead) -> Int {
        head.methodRange.count + head.target.count + 13
    }

    /// What a field line takes beyond its name and its value: colon, space, CRLF.
    package static var fieldRoom: Int { 4 }

    /// The most that a number takes as a field value.
    package static var decimalRoom: Int { 20 }

    /// The most that `chunkSize` takes.
    package static var chunkSizeRoom: Int { 18 }

    // MARK: Constants

    package static var crlf: StaticString { "\r\n" }

    /// The chunk that ends a chunked content. Trailer lines and `crlf` follow.
    package static var lastChunk: StaticString { "0\r\n" }

    /// The end of a chunked content that has no trailers.
    package static var lastChunkAndNoTrailers: StaticString { "0\r\n\r\n" }

    // MARK: Lines

    /// `HTTP/1.1 404 Not Found`, with a reason of our own.
    ///
    /// - Parameter status: 100…999; traps outside.
    package static func statusLine(_ status: UInt16, into out: inout OutputRawSpan) {
        beginStatusLine(status, into: &out)
        out.append(defaultReason(status))
        out.append(crlf)
    }

    /// A status line with the reason that stands at `reason` of `bytes`; it may be empty.
    ///
    /// - Parameter status: 100…999; traps outside.
    package static func statusLine(
        _ status: UInt16,
        reason: ByteRange,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) {
        beginStatusLine(status, into: &out)
        out.append(bytes, reason)
        out.append(crlf)
    }

    private static func beginStatusLine(_ status: UInt16, into out: inout OutputRawSpan) {
        precondition(status >= 100 && status <= 999)
        out.append("HTTP/1.1 ")
        out.appendDecimal(UInt64(status))
        // Stays when no reason follows (RFC 9112 §4).
        out.append(0x20)
    }

    /// The request line that asks an origin server for what `head` asks for: the target in origin form, or `*`
    /// (RFC 9112 §3.2). Of CONNECT, in authority form.
    package static func requestLine(_ head: borrowing RequestHead, of bytes: RawSpan, into out: inout OutputRawSpan) {
        out.append(bytes, head.methodRange)
        out.append(0x20)
        switch head.targetForm {
        case .origin, .asterisk: out.append(bytes, head.path)
        case .authority: out.append(bytes, head.target)
        case .absolute:
            // An absolute form without a path means the root, or with OPTIONS the server itself (RFC 9112 §3.2.1, §3.2.4).
            if head.path.isEmpty {
                out.append(head.method == .options ? 0x2A : 0x2F)
            } else {
                if bytes.byte(Int(head.path.start)) != 0x2F { out.append(0x2F) }
                out.append(bytes, head.path)
            }
        }
        out.append(" HTTP/1.1\r\n")
    }

    /// `GET /where HTTP/1.1`, for requests of our own. Takes 12 bytes more than the method and the target.
    package static func requestLine(
        _ method: StaticString,
        target: RawSpan,
        into out: inout OutputRawSpan
    ) {
        out.append(method)
        out.append(0x20)
        out.append(target)
        out.append(" HTTP/1.1\r\n")
    }

    /// `name: value`
    package static func field(_ name: StaticString, _ value: StaticString, into out: inout OutputRawSpan) {
        beginField(name, into: &out)
        out.append(value)
        out.append(crlf)
    }

    /// `name: value` with a value that stands at `value` of `bytes`.
    package static func field(
        _ name: StaticString,
        _ value: ByteRange,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) {
        beginField(name, into: &out)
        out.append(bytes, value)
        out.append(crlf)
    }

    /// `name: value` with a number.
    package static func field(_ name: StaticString, decimal value: UInt64, into out: inout OutputRawSpan) {
        beginField(name, into: &out)
        out.appendDecimal(value)
        out.append(crlf)
    }

    /// A field line that came in, its name as written, its value without the blanks around it.
    package static func field(_ line: FieldLine, of bytes: RawSpan, into out: inout OutputRawSpan) {
        out.append(bytes, line.name)
        out.append(": ")
        out.append(bytes, line.value)
        out.append(crlf)
    }

    /// `name: `, for a value that the caller writes in pieces and ends with `crlf`.
    package static func beginField(_ name: StaticString, into out: inout OutputRawSpan) {
        out.append(name)
        out.append(": ")
    }

    /// `1f4 CRLF`; the data and `crlf` follow. Traps unless `count` is positive: a chunk of size 0 is the last one.
    package static func chunkSize(_ count: Int, into out: inout OutputRawSpan) {
        precondition(count > 0)
        out.appendHex(UInt64(count))
        out.append(crlf)
    }

    /// The reason phrase that goes with a status (RFC 9110 §15, RFC 6585, RFC 8297, RFC 7725); of an unknown one, that of its
    /// class.
    package static func defaultReason(_ status: UInt16) -> StaticString {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        case 508: "Loop Detected"
        case 511: "Network Authentication Required"
        case 100..<200: "Informational"
        case 200..<300: "Success"
        case 300..<400: "Redirection"
        case 400..<500: "Client Error"
        default: "Server Error"
        }
    }
}
