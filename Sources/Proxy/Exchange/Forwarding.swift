package import HTTPWire

/// Writes the heads that we send: the client's request as a backend gets it, and the backend's answer as the client
/// gets it. Never the peer's own bytes of framing or of hop-by-hop fields (RFC 9110 §7.6.1).
package enum Forwarding {
    /// Who sent a request, and what of it may be believed.
    package struct Origin: BitwiseCopyable, Sendable {
        /// The client's address.
        package var peer: Endpoint
        /// It is a proxy whose word about the client before it is passed on.
        package var isTrusted: Bool
        /// Whether to say it in RFC 7239's words too.
        package var sendsForwarded: Bool
        /// Tells this process from others in `Via`, so that a request which comes back is known; 0 tells nothing.
        package var instance: UInt64

        package init(
            peer: Endpoint,
            isTrusted: Bool = false,
            sendsForwarded: Bool = false,
            instance: UInt64 = 0
        ) {
            self.peer = peer
            self.isTrusted = isTrusted
            self.sendsForwarded = sendsForwarded
            self.instance = instance
        }
    }

    /// The most that is added to a request's head: the forwarding fields, `Via`, framing and the authority, which is
    /// repeated twice.
    package static func requestBytesMax(_ head: borrowing RequestHead) -> Int {
        head.byteCount + 2 * head.authority.count + 800
    }

    /// The most that is added to an answer's head.
    package static func answerBytesMax(_ head: borrowing ResponseHead) -> Int { head.byteCount + 768 }

    /// What is to be known of a request that was written.
    package struct WrittenRequest {
        /// The value of `X-Request-Id`, counted from the beginning of what was written.
        package var requestID = ByteRange.empty
        /// Fields left out because their name has an underscore, which some servers take for a hyphen.
        package var fieldsDropped = 0
    }

    /// - Parameters:
    ///   - bytes: what `head`'s ranges count from.
    ///   - origin: who sent it.
    ///   - requestID: 128 bits for a request that brought no X-Request-Id.
    ///   - asksForUpgrade: whether the client's wish for another protocol is passed on.
    @discardableResult
    package static func writeRequest(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        origin: Origin,
        requestID: (UInt64, UInt64),
        asksForUpgrade: Bool,
        into out: inout OutputRawSpan
    ) -> WrittenRequest {
        var written = WrittenRequest()
        H1Writer.requestLine(head, of: bytes, into: &out)
        out.append("Host: ")
        out.append(bytes, head.authority)
        out.append("\r\n")
        var hasRequestID = false
        var hasLength = false
        for index in 0..<head.fields.count {
            let line = head.fields[index]
            if line.id == .contentLength { hasLength = true }
            if line.hasUnderscore { written.fieldsDropped += 1 }
            if line.isHopByHop || line.hasUnderscore || isOurs(line.id) { continue }
            if isForwarding(line.id), !origin.isTrusted || isRewritten(line.id) { continue }
            if line.id == .xRequestID {
                if hasRequestID { continue }
                hasRequestID = true
            }
            H1Writer.field(line, of: bytes, into: &out)
            if line.id == .xRequestID {
                let end = out.byteCount - 2
                written.requestID = ByteRange(end - line.value.count, end)
            }
        }
        switch head.framing {
        case .none, .untilClose:
            if hasLength { out.append("Content-Length: 0\r\n") }
        case .length(let length):
            out.append("Content-Length: ")
            out.appendDecimal(length)
            out.append("\r\n")
        case .chunked:
            out.append("Transfer-Encoding: chunked\r\n")
        }
        let takesTrailers = head.flags.contains(.teTrailers)
        if takesTrailers { out.append("TE: trailers\r\n") }
        if asksForUpgrade { upgradeFields(head.fields, of: bytes, into: &out) }
        switch (takesTrailers, asksForUpgrade) {
        case (true, true): out.append("Connection: TE, Upgrade\r\n")
        case (true, false): out.append("Connection: TE\r\n")
        case (false, true): out.append("Connection: Upgrade\r\n")
        case (false, false): break
        }
        forwardingFields(head, of: bytes, origin: origin, into: &out)
        if !hasRequestID {
            out.append("\r\nX-Request-Id: ")
            out.appendHexPadded(requestID.0)
            out.appendHexPadded(requestID.1)
            written.requestID = ByteRange(out.byteCount - 32, out.byteCount)
        }
        out.append(head.minorVersion == 0 ? "\r\nVia: 1.0 lb" : "\r\nVia: 1.1 lb")
        if origin.instance != 0 {
            out.append("-")
            out.appendHexPadded(origin.instance)
        }
        out.append("\r\n\r\n")
        return written
    }

    /// Whether a request's `Via` says that it came through this process before (RFC 9110 §7.6.3): it goes in circles.
    package static func hasPassed(_ instance: UInt64, _ head: borrowing RequestHead, of bytes: RawSpan) -> Bool {
        guard instance != 0, head.fields.contains(.via) else { return false }
        for index in 0..<head.fields.count where head.fields[index].id == .via {
            let value = head.fields[index].value
            // "lb-" and 16 digits, as `writeRequest` has them; what stands around it does not matter.
            var at = Int(value.start)
            while at + 19 <= Int(value.end) {
                if bytes.byte(at) == UInt8(ascii: "l"), bytes.byte(at + 1) == UInt8(ascii: "b"),
                    bytes.byte(at + 2) == UInt8(ascii: "-"), hexadecimal(bytes, at + 3) == instance
                {
                    return true
                }
                at += 1
            }
        }
        return false
    }

    /// The number of 16 lower-case digits; nil where one is none.
    private static func hexadecimal(_ bytes: RawSpan, _ start: Int) -> UInt64? {
        var number: UInt64 = 0
        for at in start..<start + 16 {
            let byte = bytes.byte(at)
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }

    /// Ends without the last line end. A trusted proxy's list of addresses grows by its own; what it says of the scheme and
    /// the host the client used stands.
    private static func forwardingFields(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        origin: Origin,
        into out: inout OutputRawSpan
    ) {
        out.append("X-Forwarded-For: ")
        if origin.isTrusted { appendValues(of: .xForwardedFor, head.fields, of: bytes, into: &out) }
        PeerText.append(origin.peer, to: &out)
        if !origin.isTrusted || !head.fields.contains(.xForwardedProto) { out.append("\r\nX-Forwarded-Proto: http") }
        if !origin.isTrusted || !head.fields.contains(.xForwardedHost) {
            out.append("\r\nX-Forwarded-Host: ")
            out.append(bytes, head.authority)
        }
        guard origin.sendsForwarded || (origin.isTrusted && head.fields.contains(.forwarded)) else { return }
        out.append("\r\nForwarded: ")
        if origin.isTrusted { appendValues(of: .forwarded, head.fields, of: bytes, into: &out) }
        // RFC 7239 §6: an IPv6 address stands in brackets, and with them in quotes.
        let isIPv6 = origin.peer.family == .ipv6
        out.append(isIPv6 ? "for=\"[" : "for=")
        PeerText.append(origin.peer, to: &out)
        out.append(isIPv6 ? "]\"" : "")
        if !head.authority.isEmpty {
            // A host has neither quotes nor backslashes, by its syntax.
            out.append(";host=\"")
            out.append(bytes, head.authority)
            out.append("\"")
        }
        out.append(";proto=http")
    }

    /// All values of a list field in their order, each with a comma behind it.
    private static func appendValues(
        of id: FieldName,
        _ fields: borrowing FieldTable,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) {
        for index in 0..<fields.count where fields[index].id == id && !fields[index].value.isEmpty {
            out.append(bytes, fields[index].value)
            out.append(", ")
        }
    }

    /// Fields that are always ours to say.
    private static func isOurs(_ id: FieldName) -> Bool {
        switch id {
        case .host, .contentLength, .transferEncoding: true
        default: false
        }
    }

    /// What a proxy says of the client. An untrusted client's own claims are not passed on.
    private static func isForwarding(_ id: FieldName) -> Bool {
        switch id {
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xForwardedOther, .xRealIP, .forwarded:
            true
        default: false
        }
    }

    /// Of those, the lists that are written anew with one more member.
    private static func isRewritten(_ id: FieldName) -> Bool { id == .xForwardedFor || id == .forwarded }

    /// - Parameters:
    ///   - framing: the body's framing as we send it; `.none` where there is no body.
    ///   - announcedLength: the Content-Length to pass on although no body follows (HEAD, 304).
    ///   - keepsClient: whether the client's connection stays open; says so where its version does not by itself.
    ///   - date: what `Date` says where the backend did not (RFC 9110 §6.6.1).
    ///   - cookie: what binds the client to its backend.
    package static func writeAnswer(
        _ head: borrowing ResponseHead,
        of bytes: RawSpan,
        framing: BodyFraming,
        announcedLength: UInt64?,
        keepsClient: Bool,
        clientMinorVersion: UInt8,
        date: borrowing DateText,
        cookie: StickyCookie? = nil,
        into out: inout OutputRawSpan
    ) {
        H1Writer.statusLine(head.status, reason: head.reason, of: bytes, into: &out)
        var hasDate = false
        for index in 0..<head.fields.count {
            let line = head.fields[index]
            if line.isHopByHop || line.id == .contentLength || line.id == .transferEncoding { continue }
            if line.id == .date { hasDate = true }
            H1Writer.field(line, of: bytes, into: &out)
        }
        cookie?.append(to: &out)
        if head.status == 101 {
            upgradeFields(head.fields, of: bytes, into: &out)
            out.append("Connection: Upgrade\r\n")
        } else if head.status >= 200 {
            // RFC 9110 §15.5.22: what the client should have asked for must be said.
            let upgrades = head.status == 426 && head.flags.contains(.hasUpgrade)
            if upgrades { upgradeFields(head.fields, of: bytes, into: &out) }
            if !hasDate { date.append(to: &out) }
            switch framing {
            case .none:
                if let announcedLength { contentLength(announcedLength, into: &out) }
            case .length(let length): contentLength(length, into: &out)
            case .chunked: out.append("Transfer-Encoding: chunked\r\n")
            case .untilClose: break
            }
            if upgrades { out.append("Connection: Upgrade\r\n") }
            connection(keepsClient, clientMinorVersion, into: &out)
        }
        out.append(head.minorVersion == 0 ? "Via: 1.0 lb\r\n\r\n" : "Via: 1.1 lb\r\n\r\n")
    }

    /// The `Upgrade` lines, which are hop-by-hop and cross only where this hop takes part in the upgrade (RFC 9110 §7.8).
    private static func upgradeFields(_ fields: borrowing FieldTable, of bytes: RawSpan, into out: inout OutputRawSpan)
    {
        for index in 0..<fields.count where fields[index].id == .upgrade {
            H1Writer.field(fields[index], of: bytes, into: &out)
        }
    }

    private static func contentLength(_ length: UInt64, into out: inout OutputRawSpan) {
        out.append("Content-Length: ")
        out.appendDecimal(length)
        out.append("\r\n")
    }

    static func connection(_ keepsClient: Bool, _ clientMinorVersion: UInt8, into out: inout OutputRawSpan) {
        if !keepsClient {
            out.append("Connection: close\r\n")
        } else if clientMinorVersion == 0 {
            // RFC 9112 §9.3: an HTTP/1.0 client that asked for it must be told.
            out.append("Connection: keep-alive\r\n")
        }
    }
}
