/// One answer before it is bytes.
struct AdminResponse: Sendable {
    enum Body: Sendable {
        case empty
        case json(JSONValue)
        case problem(JSONValue)
        case markdown(String)
        /// The Prometheus text format.
        case metrics([UInt8])
        /// Events without an end; the connection closes with it.
        case stream(EventStream)
    }

    var status: Int
    var fields: [(name: String, value: String)] = []
    var body: Body = .empty

    /// The entity tag's field, and 304 where the client has that version already.
    mutating func tag(_ tag: String, for request: AdminRequest) {
        fields.append(("ETag", tag))
        guard request.isRead, status == 200, let known = request.field("if-none-match"),
            EntityTag.matches(known, tag, weakly: true)
        else { return }
        status = 304
        body = .empty
    }

    /// The whole answer (RFC 9112 §4), where JSON is a line, in the pieces that it consists of: what is megabytes long is not
    /// copied. A HEAD request gets the fields of the body it would have got.
    func serialised(
        pretty: Bool,
        requestID: String,
        date: String,
        connection: String?,
        omitsBody: Bool
    ) -> [[UInt8]] {
        var content: [UInt8] = []
        var type: String?
        var end: [UInt8] = []
        switch body {
        case .empty: break
        case .json(let value):
            content = value.encoded(pretty: pretty)
            end = [0x0A]
            type = "application/json"
        case .problem(let value):
            content = value.encoded(pretty: pretty)
            end = [0x0A]
            type = "application/problem+json"
        case .markdown(let text):
            content = Array(text.utf8)
            type = "text/markdown; charset=utf-8"
        case .metrics(let text):
            content = text
            type = PrometheusText.contentType
        case .stream(let stream): type = stream.format.mediaType
        }
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        func add(_ name: String, _ value: String) { head += "\(name): \(value)\r\n" }
        add("Date", date)
        if let type { add("Content-Type", type) }
        if status != 304, status != 204, !isEndless { add("Content-Length", String(content.count + end.count)) }
        for field in fields { add(field.name, field.value) }
        add("Request-Id", requestID)
        add("Cache-Control", "no-store")
        add("X-Content-Type-Options", "nosniff")
        add("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        add("Cross-Origin-Resource-Policy", "same-origin")
        if let connection { add("Connection", connection) }
        head += "\r\n"
        return [Array(head.utf8)] + (omitsBody ? [] : [content, end])
    }

    /// Its end is that of the connection (RFC 9112 §6.3).
    var isEndless: Bool {
        if case .stream = body { return true }
        return false
    }

    /// The registered phrase of each status that is ever answered here.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Status \(status)"
        }
    }
}

/// Entity tags: `"LINEAGE.SEQUENCE"` (RFC 9110 §8.8.3).
enum EntityTag {
    static func tag(lineage: String, sequence: UInt64) -> String { "\"\(lineage).\(sequence)\"" }

    /// Whether the list of an `If-Match` or `If-None-Match` field holds `tag`; `*` holds any.
    static func matches(_ list: String, _ tag: String, weakly: Bool) -> Bool {
        list.split(separator: ",").contains { item in
            var candidate = item.trimmed
            if weakly, candidate.hasPrefix("W/") { candidate = candidate.dropFirst(2) }
            return candidate == "*" || candidate == tag[...]
        }
    }

    /// The sequence in a tag of this lineage; nil for any other text.
    static func sequence(in text: String, lineage: String) -> UInt64? {
        let prefix = "\"\(lineage)."
        let tag = text[...].trimmed
        guard tag.hasPrefix(prefix), tag.hasSuffix("\"") else { return nil }
        return UInt64(tag.dropFirst(prefix.count).dropLast())
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    var trimmed: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return text
    }
}
