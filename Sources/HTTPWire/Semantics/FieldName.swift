/// The field names that the balancer gives a meaning to, and those an intermediary must know to be end-to-end.
///
/// Fewer than 64, so a set of them is one word.
package enum FieldName: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Any name not below.
    case other

    // Framing and routing.
    case host
    case contentLength
    // Meant for one connection.
    case connection
    case transferEncoding
    case keepAlive
    case proxyConnection
    case te
    case trailer
    case upgrade
    case http2Settings
    case proxyAuthenticate
    case proxyAuthorization
    // Written, replaced or answered by intermediaries.
    case expect
    case via
    case forwarded
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case xForwardedPort
    case xRealIP
    case xRequestID
    /// Any other `X-Forwarded-…`.
    case xForwardedOther
    // End-to-end, and none of our business but for that.
    case date
    case server
    case contentType
    case contentEncoding
    case contentRange
    case contentLanguage
    case accept
    case acceptEncoding
    case acceptLanguage
    case userAgent
    case referer
    case origin
    case authorization
    case cookie
    case setCookie
    case wwwAuthenticate
    case cacheControl
    case pragma
    case age
    case expires
    case lastModified
    case etag
    case vary
    case location
    case retryAfter
    case range
    case ifMatch
    case ifNoneMatch
    case ifModifiedSince
    case ifUnmodifiedSince
    case ifRange
    case maxForwards
    case proxyStatus

    /// The name of a validated token, whatever its case.
    static func of(_ bytes: RawSpan, _ range: ByteRange) -> FieldName {
        let at = Int(range.start)
        switch range.count {
        case 2:
            if bytes.isToken(at, "te") { return .te }
        case 3:
            if bytes.isToken(at, "via") { return .via }
            if bytes.isToken(at, "age") { return .age }
        case 4:
            if bytes.isToken(at, "date") { return .date }
            if bytes.isToken(at, "etag") { return .etag }
            if bytes.isToken(at, "host") { return .host }
            if bytes.isToken(at, "vary") { return .vary }
        case 5:
            if bytes.isToken(at, "range") { return .range }
        case 6:
            if bytes.isToken(at, "accept") { return .accept }
            if bytes.isToken(at, "cookie") { return .cookie }
            if bytes.isToken(at, "expect") { return .expect }
            if bytes.isToken(at, "origin") { return .origin }
            if bytes.isToken(at, "pragma") { return .pragma }
            if bytes.isToken(at, "server") { return .server }
        case 7:
            if bytes.isToken(at, "expires") { return .expires }
            if bytes.isToken(at, "referer") { return .referer }
            if bytes.isToken(at, "trailer") { return .trailer }
            if bytes.isToken(at, "upgrade") { return .upgrade }
        case 8:
            if bytes.isToken(at, "if-match") { return .ifMatch }
            if bytes.isToken(at, "if-range") { return .ifRange }
            if bytes.isToken(at, "location") { return .location }
        case 9:
            if bytes.isToken(at, "forwarded") { return .forwarded }
            if bytes.isToken(at, "x-real-ip") { return .xRealIP }
        case 10:
            if bytes.isToken(at, "connection") { return .connection }
            if bytes.isToken(at, "keep-alive") { return .keepAlive }
            if bytes.isToken(at, "set-cookie") { return .setCookie }
            if bytes.isToken(at, "user-agent") { return .userAgent }
        case 11:
            if bytes.isToken(at, "retry-after") { return .retryAfter }
        case 12:
            if bytes.isToken(at, "content-type") { return .contentType }
            if bytes.isToken(at, "max-forwards") { return .maxForwards }
            if bytes.isToken(at, "proxy-status") { return .proxyStatus }
            if bytes.isToken(at, "x-request-id") { return .xRequestID }
        case 13:
            if bytes.isToken(at, "authorization") { return .authorization }
            if bytes.isToken(at, "content-range") { return .contentRange }
            if bytes.isToken(at, "cache-control") { return .cacheControl }
            if bytes.isToken(at, "if-none-match") { return .ifNoneMatch }
            if bytes.isToken(at, "last-modified") { return .lastModified }
        case 14:
            if bytes.isToken(at, "content-length") { return .contentLength }
            if bytes.isToken(at, "http2-settings") { return .http2Settings }
        case 15:
            if bytes.isToken(at, "accept-encoding") { return .acceptEncoding }
            if bytes.isToken(at, "accept-language") { return .acceptLanguage }
            if bytes.isToken(at, "x-forwarded-for") { return .xForwardedFor }
        case 16:
            if bytes.isToken(at, "content-encoding") { return .contentEncoding }
            if bytes.isToken(at, "content-language") { return .contentLanguage }
            if bytes.isToken(at, "proxy-connection") { return .proxyConnection }
            if bytes.isToken(at, "www-authenticate") { return .wwwAuthenticate }
            if bytes.isToken(at, "x-forwarded-host") { return .xForwardedHost }
            if bytes.isToken(at, "x-forwarded-port") { return .xForwardedPort }
        case 17:
            if bytes.isToken(at, "if-modified-since") { return .ifModifiedSince }
            if bytes.isToken(at, "transfer-encoding") { return .transferEncoding }
            if bytes.isToken(at, "x-forwarded-proto") { return .xForwardedProto }
        case 18:
            if bytes.isToken(at, "proxy-authenticate") { return .proxyAuthenticate }
        case 19:
            if bytes.isToken(at, "proxy-authorization") { return .proxyAuthorization }
            if bytes.isToken(at, "if-unmodified-since") { return .ifUnmodifiedSince }
        default: break
        }
        if range.count > 12, bytes.isToken(at, "x-forwarded-") { return .xForwardedOther }
        return .other
    }

    /// A forwarded request has it as it came: it is none of the fields that an intermediary writes, changes, leaves out or
    /// remembers.
    var isPlain: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .expect, .maxForwards, .forwarded, .xForwardedFor,
            .xForwardedProto, .xForwardedHost, .xForwardedPort, .xForwardedOther, .xRealIP, .xRequestID:
            false
        default: true
        }
    }

    /// Of the fixed set that concerns one connection and never crosses (RFC 9110 §7.6.1, §11.7; RFC 7540 §3.2.1).
    ///
    /// `Trailer` is not of it: it crosses with the trailers it announces.
    package var isHopByHop: Bool {
        switch self {
        case .connection, .transferEncoding, .keepAlive, .proxyConnection, .te, .upgrade, .http2Settings,
            .proxyAuthenticate,
            .proxyAuthorization:
            true
        default: false
        }
    }

    /// Whether `Connection` may name it. What it names goes no further, so naming a field that is meant for everyone is a
    /// way to make us drop it (RFC 9110 §7.6.1).
    var mayBeConnectionOption: Bool { self == .other || self == .trailer || isHopByHop }

    /// Whether it may stand in a trailer section (RFC 9110 §6.5.1): nothing that frames, routes, authenticates, or says how
    /// to process the message, and nothing an intermediary speaks for.
    var mayBeTrailer: Bool { self == .other || self == .etag || self == .proxyStatus }
}
