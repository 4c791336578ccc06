package import HTTPWire

/// Writes the heads that we send: the client's request as a backend gets it, and the backend's answer as the client
/// gets it. Never the peer's own bytes of framing or of hop-by-hop fields (RFC 9110 §7.6.1).
package enum Forwarding {
    /// Who sent a request, and what of it may be believed.
    package struct Origin: BitwiseCopyable, Sendable {
        /// The address that the request came from: the connection's other end, or whom its PROXY header names.
        package var peer: Endpoint
        /// What that one, a trusted proxy, says of the client before it; nil of a peer that is not believed.
        package var claim: ClientClaim?
        /// Whether to say it in RFC 7239's words too.
        package var sendsForwarded: Bool
        /// Tells this process from others in `Via`, so that a request which comes back is known; 0 tells nothing.
        package var instance: UInt64

        package init(
            peer: Endpoint,
            claim: ClientClaim? = nil,
            sendsForwarded: Bool = false,
            instance: UInt64 = 0
        ) {
            self.peer = peer
            self.claim = claim
            self.sendsForwarded = sendsForwarded
            self.instance = instance
        }

        var isTrusted: Bool { claim != nil }
    }

    /// The most that a request's head has as it is sent: the forwarding fields, `Via`, framing and the authority, which is
    /// repeated twice, are added to it. `hostRoom` in front of it is part of that.
    package static func requestBytesMax(_ head: borrowing RequestHead) -> Int {
        head.byteCount + 2 * head.authority.count + (head.authority.isEmpty ? hostRoom : 0) + addedBytesMax
    }

    /// Three addresses in brackets, a host and a scheme of a claim twice over, a request id and less than 400 bytes of names.
    private static let addedBytesMax = 1312

    /// What is free in front of a request that names no host, for the line that names its backend: `placeHost` writes it.
    package static let hostRoom = BackendAuthority.bytesMax + 10

    /// The most that is added to an answer's head.
    package static func answerBytesMax(_ head: borrowing ResponseHead) -> Int { head.byteCount + 768 }

    /// What is to be known of a request that was written.
    package struct WrittenRequest {
        /// The value of `X-Request-Id`, counted from the beginning of what was written.
        package var requestID = ByteRange.empty
        /// The value of `Upgrade`, likewise; empty where no other protocol is asked for.
        package var upgrade = ByteRange.empty
        /// Fields left out because their name has an underscore, which some servers take for a hyphen.
        package var fieldsDropped = 0
    }

    /// Writes a request as a backend gets it. One that names no host has no `Host` line: where `head.authority` is empty, the
    /// caller leaves `hostRoom` free in front, and calls `placeHost` for each backend.
    ///
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
        if !head.authority.isEmpty {
            out.append("Host: ")
            out.append(bytes, head.authority)
            out.append("\r\n")
        }
        var hasRequestID = false
        var hasLength = false
        for index in 0..<head.fields.count {
            let line = head.fields[index]
            if line.hasUnderscore { written.fieldsDropped += 1 }
            if line.isHopByHop || line.hasUnderscore { continue }
            if line.isPlain {
                H1Writer.field(line, of: bytes, into: &out)
                continue
            }
            if line.id == .contentLength { hasLength = true }
            if isOurs(line.id) { continue }
            if isForwarding(line.id), !origin.isTrusted || isRewritten(line.id) { continue }
            if isOfThisHop(line.id), changeForThisHop(line, head, of: bytes, into: &out) { continue }
            guard line.id != .xRequestID || !hasRequestID else { continue }
            H1Writer.field(line, of: bytes, into: &out)
            guard line.id == .xRequestID else { continue }
            hasRequestID = true
            let end = out.byteCount - 2
            written.requestID = ByteRange(end - line.value.count, end)
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
        if asksForUpgrade { written.upgrade = upgradeField(head.fields, of: bytes, into: &out) }
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
        out.append("\r\n")
        via(head.minorVersion, instance: origin.instance, into: &out)
        return written
    }

    /// Puts the line that names a backend's authority into a request that names no host, behind its first line, or replaces
    /// the one of the backend before. Of the bytes behind it none moves.
    ///
    /// - Parameters:
    ///   - request: the request, whose first line begins `hostRoom` bytes into its buffer before the first call.
    ///   - live: the backend's live slot.
    /// - Returns: the request as it now is.
    package static func placeHost(
        of live: UInt32,
        in request: BufferSlice,
        _ names: LiveNames,
        _ buffers: borrowing BufferPool
    ) -> BufferSlice {
        let start = Int(request.start)
        precondition(start <= hostRoom)
        let bytes = buffers.bytes(request)
        var lineBytes = 0
        while bytes.byte(lineBytes) != 0x0A { lineBytes += 1 }
        lineBytes += 1
        // Where the line of the backend before began, or the first field did: what is in between is that line.
        let fields = hostRoom + lineBytes
        // Measured by writing it where it can do no harm: in front of where it goes.
        let line = BufferSlice(request.buffer, request.start, request.start + UInt32(lineBytes))
        buffers.copy(line, to: request.buffer, at: 0)
        var out = buffers.room(request.buffer, from: lineBytes)
        out.append("Host: ")
        names.appendAuthority(live, to: &out)
        out.append("\r\n")
        let count = lineBytes + out.byteCount
        precondition(count <= fields)
        buffers.copy(BufferSlice(request.buffer, 0, UInt32(count)), to: request.buffer, at: fields - count)
        return BufferSlice(request.buffer, UInt32(fields - count), request.end)
    }

    /// Fields that are changed, or left out, because of this hop.
    private static func isOfThisHop(_ id: FieldName) -> Bool { id == .expect || id == .maxForwards }

    /// - Returns: whether the line has been written or left out.
    private static func changeForThisHop(
        _ line: FieldLine,
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) -> Bool {
        if line.id == .expect { return head.minorVersion == 0 }
        guard head.method == .options, let count = maxForwards(line, of: bytes) else { return false }
        H1Writer.field("Max-Forwards", decimal: count == 0 ? 0 : count - 1, into: &out)
        return true
    }

    /// How often a request may still be forwarded (RFC 9110 §7.6.2), at most `UInt32.max`; nil where the value is no number.
    static func maxForwards(_ line: FieldLine, of bytes: RawSpan) -> UInt64? {
        guard !line.value.isEmpty else { return nil }
        var count: UInt64 = 0
        for at in Int(line.value.start)..<Int(line.value.end) {
            let digit = bytes.byte(at) &- 0x30
            guard digit < 10 else { return nil }
            count = min(count * 10 + UInt64(digit), UInt64(UInt32.max))
        }
        return count
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

    /// Says who sent the request, of a peer that is not believed about anybody else. Ends without the last line end.
    private static func forwardingFields(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        origin: Origin,
        into out: inout OutputRawSpan
    ) {
        if let claim = origin.claim { return forwardingFields(head, of: bytes, origin: origin, claim, into: &out) }
        out.append("X-Forwarded-For: ")
        PeerText.append(origin.peer, to: &out)
        out.append("\r\nX-Forwarded-Proto: http")
        if !head.authority.isEmpty {
            out.append("\r\nX-Forwarded-Host: ")
            out.append(bytes, head.authority)
        }
        guard origin.sendsForwarded else { return }
        out.append("\r\nForwarded: ")
        appendFor(origin.peer, into: &out)
        appendHost(bytes, head.authority, into: &out)
        out.append(";proto=http")
    }

    /// Says what a trusted proxy says, and that it is the proxy. Its lists grow by its own address; a field that it does not
    /// send is written from those that it does, so that all of them tell the same.
    private static func forwardingFields(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        origin: Origin,
        _ claim: ClientClaim,
        into out: inout OutputRawSpan
    ) {
        out.append("X-Forwarded-For: ")
        let start = out.byteCount
        appendValues(of: .xForwardedFor, head.fields, of: bytes, into: &out)
        if out.byteCount == start, claim.address != .none { PeerText.append(claim.address, to: &out) }
        // A peer on a unix socket has no address to add, and what stands for one would be taken for the client's.
        if out.byteCount == start {
            PeerText.append(origin.peer, to: &out)
        } else if origin.peer.family != .unix {
            out.append(", ")
            PeerText.append(origin.peer, to: &out)
        }
        if !head.fields.contains(.xForwardedProto) {
            out.append("\r\nX-Forwarded-Proto: ")
            appendScheme(bytes, claim.scheme, into: &out)
        }
        let host = claim.host.isEmpty ? head.authority : claim.host
        if !head.fields.contains(.xForwardedHost), !host.isEmpty {
            out.append("\r\nX-Forwarded-Host: ")
            out.append(bytes, host)
        }
        guard origin.sendsForwarded || head.fields.contains(.forwarded) else { return }
        out.append("\r\nForwarded: ")
        // A scheme that the proxy says in words that are none is not said in ours.
        let saysScheme = !head.fields.contains(.xForwardedProto) || !claim.scheme.isEmpty
        if claim.keepsForwarded {
            appendValues(of: .forwarded, head.fields, of: bytes, into: &out)
            out.append(", ")
            appendFor(origin.peer, into: &out)
            if !claim.forwardedHasHost { appendHost(bytes, host, into: &out) }
            guard saysScheme, !claim.forwardedHasScheme else { return }
            out.append(";proto=")
            appendScheme(bytes, claim.scheme, into: &out)
            return
        }
        appendFor(claim.client(of: origin.peer), into: &out)
        appendHost(bytes, host, into: &out)
        if saysScheme {
            out.append(";proto=")
            appendScheme(bytes, claim.scheme, into: &out)
        }
        guard claim.address != .none else { return }
        out.append(", ")
        appendFor(origin.peer, into: &out)
    }

    /// The scheme that a client has used, as far as is known.
    private static func appendScheme(_ bytes: RawSpan, _ scheme: ByteRange, into out: inout OutputRawSpan) {
        if scheme.isEmpty { out.append("http") } else { out.append(bytes, scheme) }
    }

    /// RFC 7239 §6: an IPv6 address stands in brackets, and with them in quotes.
    private static func appendFor(_ peer: Endpoint, into out: inout OutputRawSpan) {
        let isIPv6 = peer.family == .ipv6
        out.append(isIPv6 ? "for=\"[" : "for=")
        PeerText.append(peer, to: &out)
        out.append(isIPv6 ? "]\"" : "")
    }

    /// A host has neither quotes nor backslashes, by its syntax.
    private static func appendHost(_ bytes: RawSpan, _ host: ByteRange, into out: inout OutputRawSpan) {
        guard !host.isEmpty else { return }
        out.append(";host=\"")
        out.append(bytes, host)
        out.append("\"")
    }

    /// RFC 9110 §7.6.3, with the version that the message came in, and the end of the head.
    ///
    /// - Parameter instance: `Origin.instance`.
    private static func via(_ minorVersion: UInt8, instance: UInt64 = 0, into out: inout OutputRawSpan) {
        switch minorVersion {
        case 1: out.append("Via: 1.1 lb")
        default:
            out.append("Via: 1.")
            out.append(0x30 + minorVersion)
            out.append(" lb")
        }
        if instance != 0 {
            out.append("-")
            out.appendHexPadded(instance)
        }
        out.append("\r\n\r\n")
    }

    /// All values of a list field in their order, commas between them.
    private static func appendValues(
        of id: FieldName,
        _ fields: borrowing FieldTable,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) {
        let start = out.byteCount
        for index in 0..<fields.count where fields[index].id == id && !fields[index].value.isEmpty {
            if out.byteCount > start { out.append(", ") }
            out.append(bytes, fields[index].value)
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
    ///   - cookie: what binds the client to its backend; no interim answer carries it, because clients do not look for one there.
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
        // A 101 is its request's last answer.
        if head.status >= 200 || head.status == 101 { cookie?.append(to: &out) }
        if head.status == 101 {
            upgradeField(head.fields, of: bytes, into: &out)
            out.append("Connection: Upgrade\r\n")
        } else if head.status >= 200 {
            // RFC 9110 §15.5.22: what the client should have asked for must be said.
            let upgrades = head.status == 426 && head.flags.contains(.hasUpgrade)
            if upgrades { upgradeField(head.fields, of: bytes, into: &out) }
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
        via(head.minorVersion, into: &out)
    }

    /// `Upgrade`, all lines of it as one: it is hop-by-hop and crosses only where this hop takes part in the upgrade
    /// (RFC 9110 §7.8).
    /// - Returns: where its value is in what is written.
    @discardableResult
    private static func upgradeField(
        _ fields: borrowing FieldTable,
        of bytes: RawSpan,
        into out: inout OutputRawSpan
    ) -> ByteRange {
        out.append("Upgrade: ")
        let start = out.byteCount
        for index in 0..<fields.count where fields[index].id == .upgrade && !fields[index].value.isEmpty {
            if out.byteCount > start { out.append(", ") }
            out.append(bytes, fields[index].value)
        }
        let end = out.byteCount
        out.append("\r\n")
        return ByteRange(start, end)
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
