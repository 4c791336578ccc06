package import HTTPWire

/// The answers that we make ourselves, when there is no backend's to pass on.
package enum LocalAnswer {
    /// Writes a complete answer: head and a short text that says what happened.
    ///
    /// Its cause is machine-readable in `Proxy-Status` (RFC 9209); a 503 says when to come back, and it always means
    /// that no backend has seen the request.
    /// - Parameters:
    ///   - requestID: 128 bits, the id of a request that brought none.
    ///   - givenID: the id that the request brought and the log tells; of more than 128 bytes, `requestID` stands in.
    /// - Returns: the length of the body.
    package static func write(
        _ fault: Fault,
        refusal: H1Error?,
        isHead: Bool,
        keepsClient: Bool,
        clientMinorVersion: UInt8,
        requestID: (UInt64, UInt64),
        givenID: RawSpan = RawSpan(),
        date: borrowing DateText,
        into out: inout OutputRawSpan
    ) -> Int {
        let isRefusedRequest = fault.kind == .badRequest
        let status = isRefusedRequest ? refusal?.status ?? 400 : fault.status
        let slug = refusal?.slug ?? fault.slug
        let text = isRefusedRequest ? refusal?.text ?? fault.text : fault.text
        let reason = H1Writer.defaultReason(status)
        H1Writer.statusLine(status, into: &out)
        date.append(to: &out)
        out.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        // "503 Service Unavailable\n" and "text\n".
        out.appendDecimal(UInt64(3 + 1 + reason.utf8CodeUnitCount + 1 + text.utf8CodeUnitCount + 1))
        out.append("\r\nX-Request-Id: ")
        if givenID.byteCount > 0, givenID.byteCount <= givenIDBytesMax {
            out.append(givenID)
        } else {
            out.appendHexPadded(requestID.0)
            out.appendHexPadded(requestID.1)
        }
        out.append("\r\nProxy-Status: lb; error=")
        out.append(fault.slug)
        if refusal != nil {
            out.append("; details=\"")
            out.append(slug)
            out.append("\"")
        }
        out.append("\r\n")
        if status == 503 { out.append("Retry-After: 1\r\n") }
        if status == 405 { out.append("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n") }
        Forwarding.connection(keepsClient, clientMinorVersion, into: &out)
        out.append("\r\n")
        let headBytes = out.byteCount
        if !isHead {
            out.appendDecimal(UInt64(status))
            out.append(" ")
            out.append(reason)
            out.append("\n")
            out.append(text)
            out.append("\n")
        }
        return out.byteCount - headBytes
    }

    private static let givenIDBytesMax = 128

    /// Room that any of them fits in.
    package static let bytesMax = 2048
}
