package import HTTPWire
package import Model

/// What a trusted proxy says of its client, read once per request: everything that depends on the client goes by this value.
///
/// `X-Forwarded-For`, `-Proto` and `-Host` are believed before `Forwarded` (RFC 7239): proxies that know only the former pass
/// on whatever their client says in the latter. A `Forwarded` that says anything else is dropped.
package struct ClientClaim: BitwiseCopyable, Sendable {
    /// The client, on no port; `none` where the proxy does not say, or not by an address.
    package private(set) var address = Endpoint.none
    /// The scheme that the client used, a part of the request's bytes; empty where the proxy does not say, or says no scheme.
    package private(set) var scheme = ByteRange.empty
    /// The host that the client asked; empty as above.
    package private(set) var host = ByteRange.empty
    /// The request has a `Forwarded`, which is passed on.
    package private(set) var keepsForwarded = false
    /// That says a scheme, and a host.
    package private(set) var forwardedHasScheme = false
    package private(set) var forwardedHasHost = false

    /// Proxies in a row that a request may have passed; who claims to be behind more is taken for the last of these.
    package static let proxiesMax = 32

    /// - Parameters:
    ///   - head: of a request from a trusted proxy, whose ranges are into `bytes`.
    ///   - trusted: who else is believed: of a chain of proxies the client is the last one who is not.
    package init(_ head: borrowing RequestHead, of bytes: RawSpan, trusting trusted: borrowing TrustedProxies) {
        let hasAddress = head.fields.contains(.xForwardedFor)
        let hasScheme = head.fields.contains(.xForwardedProto)
        let hasHost = head.fields.contains(.xForwardedHost)
        if hasAddress { address = Self.client(head.fields, of: bytes, trusting: trusted) }
        if hasScheme { scheme = Self.first(.xForwardedProto, head.fields, of: bytes) }
        if hasHost { host = Self.first(.xForwardedHost, head.fields, of: bytes) }
        if head.fields.contains(.forwarded) {
            let list = ForwardedList(head.fields, of: bytes)
            let client = Self.client(list, of: bytes, trusting: trusted)
            keepsForwarded =
                list.isValid && (!hasAddress || client.hasAddress(of: address))
                && (!hasScheme || list.scheme.isEmpty || Self.areSame(list.scheme, scheme, of: bytes))
                && (!hasHost || list.host.isEmpty || Self.areSame(list.host, host, of: bytes))
            if keepsForwarded {
                if !hasAddress { address = client }
                if !hasScheme { scheme = list.scheme }
                if !hasHost { host = list.host }
                forwardedHasScheme = !list.scheme.isEmpty
                forwardedHasHost = !list.host.isEmpty
            }
        }
        if !Self.isScheme(bytes, scheme) { scheme = .empty }
        // An empty one, and what would not fit between quotes.
        if host.count > Self.hostBytesMax || Authority(bytes, host) == nil { host = .empty }
    }

    package static let schemeBytesMax = 16
    package static let hostBytesMax = 261

    /// The client of a request that came from `peer`.
    package func client(of peer: Endpoint) -> Endpoint { address == .none ? peer : address }

    // MARK: addresses

    /// From the end of the list, past those that are believed themselves.
    private static func client(
        _ fields: borrowing FieldTable,
        of bytes: RawSpan,
        trusting trusted: borrowing TrustedProxies
    ) -> Endpoint {
        var found = Endpoint.none
        var count = 0
        var index = fields.count
        while index > 0 {
            index -= 1
            let line = fields[index]
            guard line.id == .xForwardedFor else { continue }
            let start = Int(line.value.start)
            var end = Int(line.value.end)
            while end > start {
                var first = end
                while first > start, bytes.byte(first - 1) != UInt8(ascii: ",") { first -= 1 }
                let element = trimmed(bytes, first, end)
                end = first - 1
                if element.isEmpty { continue }
                guard let address = HostAddress(node: bytes, element) else { return found }
                found = Endpoint(address)
                count += 1
                if count == proxiesMax || !trusted.contains(found) { return found }
            }
        }
        return found
    }

    private static func client(
        _ list: ForwardedList,
        of bytes: RawSpan,
        trusting trusted: borrowing TrustedProxies
    ) -> Endpoint {
        var found = Endpoint.none
        guard list.isValid else { return found }
        for back in 0..<min(list.count, proxiesMax) {
            guard let address = HostAddress(node: bytes, list.node(fromEnd: back)) else { return found }
            found = Endpoint(address)
            if !trusted.contains(found) { return found }
        }
        return found
    }

    // MARK: schemes and hosts

    /// The first element of a list, which is that of the client's own connection.
    private static func first(_ id: FieldName, _ fields: borrowing FieldTable, of bytes: RawSpan) -> ByteRange {
        for index in 0..<fields.count where fields[index].id == id {
            let value = fields[index].value
            var end = Int(value.start)
            while end < Int(value.end), bytes.byte(end) != UInt8(ascii: ",") { end += 1 }
            return trimmed(bytes, Int(value.start), end)
        }
        return .empty
    }

    /// RFC 3986 §3.1.
    private static func isScheme(_ bytes: RawSpan, _ range: ByteRange) -> Bool {
        guard !range.isEmpty, range.count <= schemeBytesMax else { return false }
        for at in Int(range.start)..<Int(range.end) {
            let byte = bytes.byte(at)
            let isLetter = (byte | 0x20) &- 0x61 < 26
            guard
                isLetter || at > Int(range.start) && (byte &- 0x30 < 10 || byte == 0x2B || byte == 0x2D || byte == 0x2E)
            else { return false }
        }
        return true
    }

    /// ASCII letters without their case.
    private static func areSame(_ one: ByteRange, _ other: ByteRange, of bytes: RawSpan) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count {
            let first = bytes.byte(Int(one.start) + offset)
            let second = bytes.byte(Int(other.start) + offset)
            guard first == second || first ^ second == 0x20 && (first | 0x20) &- 0x61 < 26 else { return false }
        }
        return true
    }

    fileprivate static func trimmed(_ bytes: RawSpan, _ from: Int, _ to: Int) -> ByteRange {
        var start = from
        var end = to
        while start < end, bytes.byte(start) == 0x20 || bytes.byte(start) == 0x09 { start += 1 }
        while end > start, bytes.byte(end - 1) == 0x20 || bytes.byte(end - 1) == 0x09 { end -= 1 }
        return ByteRange(start, end)
    }
}

/// All `Forwarded` lines of a request as one list (RFC 7239 §4).
struct ForwardedList: BitwiseCopyable {
    /// It follows the grammar, as far as it has to be understood.
    private(set) var isValid = true
    /// Elements.
    private(set) var count = 0
    /// The first `proto` and the first `host` of the list, without quotes.
    private(set) var scheme = ByteRange.empty
    private(set) var host = ByteRange.empty
    /// What `for` says in the last elements, in a ring; empty where it says nothing.
    private var nodes = [32 of ByteRange](repeating: .empty)

    init(_ fields: borrowing FieldTable, of bytes: RawSpan) {
        for index in 0..<fields.count where fields[index].id == .forwarded {
            guard read(bytes, fields[index].value) else {
                isValid = false
                return
            }
        }
        if count == 0 { isValid = false }
    }

    /// - Parameter back: how many elements before the last, below `count` and `ClientClaim.proxiesMax`.
    func node(fromEnd back: Int) -> ByteRange { nodes[(count - 1 - back) % ClientClaim.proxiesMax] }

    /// `1#( [ pair ] *( ";" [ pair ] ) )`, a pair being `token "=" ( token / quoted-string )`.
    private mutating func read(_ bytes: RawSpan, _ value: ByteRange) -> Bool {
        var at = Int(value.start)
        let end = Int(value.end)
        var isInElement = false
        while at < end {
            let byte = bytes.byte(at)
            switch byte {
            case 0x20, 0x09:
                at += 1
            case UInt8(ascii: ","):
                isInElement = false
                at += 1
            case UInt8(ascii: ";"):
                guard isInElement else { return false }
                at += 1
            default:
                if !isInElement {
                    isInElement = true
                    nodes[count % ClientClaim.proxiesMax] = .empty
                    count += 1
                }
                guard let next = readPair(bytes, at, end) else { return false }
                at = next
            }
        }
        return true
    }

    /// - Returns: where the pair ends; nil where it is none.
    private mutating func readPair(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
        var at = start
        while at < end, bytes.byte(at) != UInt8(ascii: "=") {
            guard Self.isToken(bytes.byte(at)) else { return nil }
            at += 1
        }
        guard at > start, at < end else { return nil }
        let name = ByteRange(start, at)
        at += 1
        var value = ByteRange(at, at)
        if at < end, bytes.byte(at) == UInt8(ascii: "\"") {
            at += 1
            let first = at
            while at < end, bytes.byte(at) != UInt8(ascii: "\"") {
                // Nothing that means anything here needs an escape, and readers differ about them.
                if bytes.byte(at) == UInt8(ascii: "\\") { return nil }
                at += 1
            }
            guard at < end else { return nil }
            value = ByteRange(first, at)
            at += 1
        } else {
            while at < end, Self.isToken(bytes.byte(at)) || Self.isOftenUnquoted(bytes.byte(at)) { at += 1 }
            value = ByteRange(Int(value.start), at)
            guard !value.isEmpty else { return nil }
        }
        // Blanks, and then the next pair, element or the end.
        var behind = at
        while behind < end, bytes.byte(behind) == 0x20 || bytes.byte(behind) == 0x09 { behind += 1 }
        guard behind == end || bytes.byte(behind) == UInt8(ascii: ";") || bytes.byte(behind) == UInt8(ascii: ",") else {
            return nil
        }
        note(bytes, name, value)
        return at
    }

    private mutating func note(_ bytes: RawSpan, _ name: ByteRange, _ value: ByteRange) {
        if bytes.equalsIgnoringCase(name, "for") {
            nodes[(count - 1) % ClientClaim.proxiesMax] = value
        } else if scheme.isEmpty, bytes.equalsIgnoringCase(name, "proto") {
            scheme = value
        } else if host.isEmpty, bytes.equalsIgnoringCase(name, "host") {
            host = value
        }
    }

    /// What has to be quoted and often is not: an address with a port, an IPv6 address, a host with a port.
    private static func isOftenUnquoted(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
