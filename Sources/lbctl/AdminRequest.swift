import Model

/// One request to the admin API, before it is known where that is.
struct AdminRequest: Equatable, Sendable {
    enum Method: String, CaseIterable, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"

        /// RFC 9110 §9.2.1: asks for nothing but to be told.
        var isSafe: Bool { self == .get || self == .head }
    }

    /// What is sent with it, and how curl is told of it.
    struct Body: Equatable, Sendable {
        let bytes: [UInt8]
        /// The file it was read from, `-` for standard input; nil for a body of our own making.
        let source: String?
        let type: String
    }

    let method: Method
    /// Without its query; already percent-encoded.
    let path: String
    /// Parameters beside those below, not yet encoded.
    var query: [(name: String, value: String)] = []
    let body: Body?
    /// How long the server is asked to hold its answer, `?wait=`; nil asks for none.
    var wait: TimeSpan?
    /// `?force=true`: overrides a guard of the API.
    var isForced = false
    /// `?dry_run=`: what would change, and no change.
    var dryRun: DryRun?
    /// `LB-Reason`: why, for the audit.
    var reason: String?
    /// `If-Match`: only if nobody else has changed it since.
    var ifMatch: String?
    /// `If-None-Match`: `*` for only if there is none.
    var ifNoneMatch: String?
    /// What the answer shall be.
    var accept = "application/json"
    /// Header fields that somebody wrote out; one of ours of the same name gives way.
    var further: [(name: String, value: String)] = []
    /// What it changes, for messages: a backend's name, or words for more than one; nil when it changes nothing.
    let changes: String?

    init(
        _ method: Method,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: JSON? = nil,
        wait: TimeSpan? = nil,
        changes: String? = nil
    ) {
        let type = method == .patch ? "application/merge-patch+json" : "application/json"
        self.init(
            method,
            path,
            query: query,
            body: body.map { Body(bytes: Array($0.text.utf8), source: nil, type: type) },
            wait: wait,
            changes: changes
        )
    }

    init(
        _ method: Method,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: Body?,
        wait: TimeSpan? = nil,
        changes: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.wait = wait
        self.changes = changes
    }

    static func == (left: AdminRequest, right: AdminRequest) -> Bool {
        left.method == right.method && left.target == right.target && left.body == right.body
            && left.fields.map { "\($0.name):\($0.value)" } == right.fields.map { "\($0.name):\($0.value)" }
    }

    /// The origin form of the request target (RFC 9112 §3.2.1).
    var target: String {
        var parameters = query
        if let wait { parameters.append(("wait", wait.description)) }
        if isForced { parameters.append(("force", "true")) }
        if let dryRun { parameters.append(("dry_run", dryRun.rawValue)) }
        guard !parameters.isEmpty else { return path }
        return path + (path.contains("?") ? "&" : "?")
            + parameters.map { $0.value.isEmpty ? $0.name : "\($0.name)=\(percentEncoded($0.value))" }
            .joined(separator: "&")
    }

    /// The path of one backend, or of what belongs to it.
    static func path(ofBackend name: String, _ rest: String = "") -> String {
        "/v1/backends/" + percentEncoded(name) + rest
    }

    static func path(ofPool name: String) -> String { "/v1/pools/" + percentEncoded(name) }

    /// The header fields that say something about this request, `Host` and the like apart.
    var fields: [(name: String, value: String)] {
        var fields = [("Accept", accept)]
        if let ifMatch { fields.append(("If-Match", ifMatch)) }
        if let ifNoneMatch { fields.append(("If-None-Match", ifNoneMatch)) }
        if let reason { fields.append(("LB-Reason", reason)) }
        if let body { fields.append(("Content-Type", body.type)) }
        return fields.filter { own in !further.contains { $0.name.lowercased() == own.0.lowercased() } } + further
    }

    /// The same request for `curl`, quoted for a POSIX shell.
    ///
    /// A token is never in it: the line reads it from where lbctl has it from.
    func curl(to address: AdminAddress, token: Token? = nil) -> String {
        // The body of an error says what is wrong; plain --fail would throw it away.
        var words = ["curl", "-sS", "--fail-with-body"]
        let base: String
        switch address.place {
        case .network:
            base = "http://\(address)"
        case .unix(let path):
            words += ["--unix-socket", shellQuoted(path)]
            base = "http://localhost"
        }
        if accept == Self.lines { words.append("-N") }
        if method == .head {
            words.append("-I")
        } else if method != .get {
            words += ["-X", method.rawValue]
        }
        words.append(shellQuoted(base + target))
        if let token { words += ["-H", token.curlField] }
        for field in fields where !(field.name == "Accept" && field.value == "application/json") {
            words += ["-H", shellQuoted("\(field.name): \(field.value)")]
        }
        if let body {
            if let source = body.source {
                words += ["--data-binary", shellQuoted("@" + source)]
            } else {
                words += ["-d", shellQuoted(String(decoding: body.bytes, as: UTF8.self))]
            }
        }
        return words.joined(separator: " ")
    }

    /// One JSON document a line, for as long as the server has any.
    static let lines = "application/x-ndjson"
}

/// What is to be found out instead of changing anything.
enum DryRun: String, CaseIterable, Sendable {
    /// What would change.
    case plan
    /// That, and whether new backends answer their health check.
    case probe
}

/// RFC 3986 §2.1: everything but the unreserved characters and the colon, which a path segment may hold as it is.
func percentEncoded(_ segment: String) -> String {
    var encoded = ""
    for byte in segment.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x3A:
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let hex = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (hex.utf8.count == 1 ? "0" : "") + hex
        }
    }
    return encoded
}

/// One word for a POSIX shell (XCU §2.2.2): as it is where nothing in it means anything to the shell, else in single
/// quotes, which only a single quote can end.
func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: ":"),
                UInt8(ascii: ","), UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "+"):
                true
            default: false
            }
        }
    if isPlain { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
