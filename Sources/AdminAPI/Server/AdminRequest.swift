import Model

/// One request as the endpoints see it: its head is admitted, its body read.
struct AdminRequest: Sendable {
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case options = "OPTIONS"
    }

    /// As sent, for the log and for the answer to a method nobody has.
    let methodText: String
    /// The path as sent, still percent-encoded, without the query.
    let path: String
    /// What follows the `?`, as sent; nil without one.
    let query: String?
    /// The authority the client named: of the target where that has one, else of `Host`.
    let host: String?
    /// Names in lower case, in the order received.
    let fields: [(name: String, value: String)]
    /// Who asks: an address, or `uid N` on a unix socket.
    let peer: String
    let id: String
    /// The address of this machine that the connection came in on; nil on a unix socket.
    var localAddress: String?
    var body: [UInt8] = []

    /// Nil for a method that no resource here takes.
    var method: Method? { Method(rawValue: methodText) }

    /// GET and HEAD: nothing changes.
    var isRead: Bool { method == .get || method == .head }

    /// The value of a field in lower case; of several, all joined by commas (RFC 9110 §5.3).
    func field(_ name: String) -> String? {
        let values = fields.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Whether a browser sent it. A browser can be made to send a request by any page; curl cannot.
    var isFromBrowser: Bool {
        fields.contains { field in
            field.name == "origin" || field.name == "cookie" || field.name == "referer"
                || field.name.hasPrefix("sec-fetch-")
        }
    }

    /// The media type of the body without its parameters, in lower case.
    var mediaType: String? {
        field("content-type").map { text in String((text.split(separator: ";").first ?? "").trimmed).lowercased() }
    }

    /// Whether the answer should be laid out for a person to read.
    var isForPerson: Bool {
        if field("user-agent")?.hasPrefix("curl/") == true { return true }
        guard let query else { return false }
        return query.split(separator: "&").contains { item in
            item == "pretty" || item == "pretty=" || item == "pretty=true"
        }
    }
}

/// The parameters of a request's query, each decoded and each at most once.
struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// Reads `query`, refusing what is not in `known`: a misspelt parameter must not be taken for its absence.
    init(_ query: String?, known: [String]) throws(Problem) {
        guard let query, !query.isEmpty else { return }
        let known = known + ["pretty"]
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]),
                let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "")
            else {
                throw Problem(.badParameter, "the query parameter \"\(item)\" is not percent-encoded UTF-8")
            }
            guard known.contains(name) else {
                var problem = Problem(.unknownParameter, "there is no query parameter \"\(name)\" here")
                let nearest = Spelling.nearest(name, among: known)
                problem.hint =
                    nearest.map { "did you mean \"\($0)\"?" } ?? "known here: \(known.joined(separator: ", "))"
                throw problem
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.badParameter, "the query parameter \"\(name)\" stands twice")
            }
        }
        _ = try flag("pretty")
    }

    func text(_ name: String) -> String? { values[name] }

    /// `?name`, `?name=true` or `?name=false`.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch values[name] {
        case nil, "false"?: return false
        case ""?, "true"?: return true
        case let other?:
            throw Problem(.badParameter, "the query parameter \"\(name)\" must be true or false, not \"\(other)\"")
        }
    }

    /// A whole number without a sign.
    func number(
        _ name: String,
        in range: ClosedRange<UInt64> = 0...UInt64(Int64.max)
    ) throws(Problem) -> UInt64? {
        guard let text = values[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(text), range.contains(number)
        else {
            let bounds = range.upperBound < 1_000_000 ? " from \(range.lowerBound) to \(range.upperBound)" : ""
            throw Problem(
                .badParameter,
                "the query parameter \"\(name)\" must be a whole number\(bounds), not \"\(text)\""
            )
        }
        return number
    }

    /// A length of time of at most `longest`.
    func span(_ name: String, longest: TimeSpan) throws(Problem) -> TimeSpan? {
        guard let text = values[name] else { return nil }
        guard let span = TimeSpan(text) else {
            throw Problem(
                .badParameter,
                "the query parameter \"\(name)\" must be a duration such as 30s or 500ms, not \"\(text)\""
            )
        }
        guard span <= longest else {
            throw Problem(.badParameter, "the query parameter \"\(name)\" must be at most \(longest), not \"\(text)\"")
        }
        return span
    }
}

/// Percent-encoding (RFC 3986 §2.1).
enum PercentEncoding {
    /// Nil when an escape is broken or the bytes are not UTF-8. A `+` stays a `+`.
    static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ Hexadecimal.value(of: $0) }),
                let low = rest.popFirst().flatMap({ Hexadecimal.value(of: $0) })
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
