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
    ///   - asJSON: whether the body is an `application/problem+json` object (RFC 9457) instead of text.
    /// - Returns: the length of the body.
    package static func write(
        _ fault: Fault,
        refusal: H1Error?,
        isHead: Bool,
        keepsClient: Bool,
        clientMinorVersion: UInt8,
        requestID: (UInt64, UInt64),
        givenID: RawSpan = RawSpan(),
        asJSON: Bool = false,
        date: borrowing DateText,
        into out: inout OutputRawSpan
    ) -> Int {
        let isRefusedRequest = fault.kind == .badRequest
        let status = isRefusedRequest ? refusal?.status ?? 400 : fault.status
        let cause = refusal?.slug ?? fault.cause
        let text = isRefusedRequest ? refusal?.text ?? fault.text : fault.text
        let reason = H1Writer.defaultReason(status)
        H1Writer.statusLine(status, into: &out)
        date.append(to: &out)
        let words = reason.utf8CodeUnitCount + text.utf8CodeUnitCount
        if asJSON {
            out.append("Content-Type: application/problem+json\r\nContent-Length: ")
            // The status has three digits.
            out.appendDecimal(UInt64(words + 3 + cause.utf8CodeUnitCount + jsonBytes))
        } else {
            out.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ")
            // "503 Service Unavailable\n" and "text\n".
            out.appendDecimal(UInt64(3 + 1 + words + 2))
        }
        out.append("\r\nX-Request-Id: ")
        if givenID.byteCount > 0, givenID.byteCount <= givenIDBytesMax {
            out.append(givenID)
        } else {
            out.appendHexPadded(requestID.0)
            out.appendHexPadded(requestID.1)
        }
        out.append("\r\nProxy-Status: lb; error=")
        out.append(fault.slug)
        if let details = refusal?.slug ?? fault.details {
            out.append("; details=\"")
            out.append(details)
            out.append("\"")
        }
        out.append("\r\n")
        if status == 503 { out.append("Retry-After: 1\r\n") }
        if status == 405 { out.append("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n") }
        Forwarding.connection(keepsClient, clientMinorVersion, into: &out)
        out.append("\r\n")
        let headBytes = out.byteCount
        if !isHead, asJSON {
            // None of these words has a quote, a backslash or a control character.
            out.append(jsonParts.0)
            out.appendDecimal(UInt64(status))
            out.append(jsonParts.1)
            out.append(reason)
            out.append(jsonParts.2)
            out.append(text)
            out.append(jsonParts.3)
            out.append(cause)
            out.append(jsonParts.4)
        } else if !isHead {
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

    /// What stands around the status, the reason, the text and the cause.
    private static var jsonParts: (StaticString, StaticString, StaticString, StaticString, StaticString) {
        ("{\"status\":", ",\"title\":\"", "\",\"detail\":\"", "\",\"cause\":\"", "\"}\n")
    }
    private static var jsonBytes: Int {
        let parts = jsonParts
        return parts.0.utf8CodeUnitCount + parts.1.utf8CodeUnitCount + parts.2.utf8CodeUnitCount
            + parts.3.utf8CodeUnitCount + parts.4.utf8CodeUnitCount
    }

    /// Whether a request would rather have JSON: its `Accept` names it. What comes first or weighs more is not looked at;
    /// a browser, which takes anything, does not name it.
    package static func prefersJSON(_ head: borrowing RequestHead, of bytes: RawSpan) -> Bool {
        for index in 0..<head.fields.count where head.fields[index].id == .accept {
            let value = head.fields[index].value
            var at = Int(value.start)
            while at < Int(value.end) {
                let start = at
                while at < Int(value.end), bytes.byte(at) != UInt8(ascii: ",") { at += 1 }
                if isJSON(bytes, start, at) { return true }
                at += 1
            }
        }
        return false
    }

    /// One media range, perhaps with parameters behind it.
    private static func isJSON(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var first = start
        while first < end, isBlank(bytes.byte(first)) { first += 1 }
        var last = first
        while last < end, bytes.byte(last) != UInt8(ascii: ";"), !isBlank(bytes.byte(last)) { last += 1 }
        let range = ByteRange(first, last)
        return bytes.equalsIgnoringCase(range, "application/json")
            || bytes.equalsIgnoringCase(range, "application/problem+json")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Room that any of them fits in.
    package static let bytesMax = 2048
}
