import Model

/// One request to the admin API, before it is known where that is.
struct AdminRequest: Equatable, Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    let method: Method
    /// Without its query; already percent-encoded.
    let path: String
    let body: JSON?
    /// How long the server is asked to hold its answer, `?wait=`; nil asks for none.
    var wait: TimeSpan?
    /// `?force=true`: overrides a guard of the API.
    var isForced = false
    /// The backend it changes, for messages; nil when it changes nothing.
    let changes: String?

    init(_ method: Method, _ path: String, body: JSON? = nil, wait: TimeSpan? = nil, changes: String? = nil) {
        self.method = method
        self.path = path
        self.body = body
        self.wait = wait
        self.changes = changes
    }

    /// The origin form of the request target (RFC 9112 §3.2.1).
    var target: String {
        let query = [wait.map { "wait=\($0)" }, isForced ? "force=true" : nil].compactMap { $0 }
        return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
    }

    /// The path of one backend, or of what belongs to it.
    static func path(ofBackend name: String, _ rest: String = "") -> String {
        "/v1/backends/" + percentEncoded(name) + rest
    }

    /// The same request for `curl`, quoted for a POSIX shell.
    func curl(to address: AdminAddress) -> String {
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
        if method != .get { words += ["-X", method.rawValue] }
        words.append(shellQuoted(base + target))
        if let body { words += ["-H", shellQuoted("Content-Type: application/json"), "-d", shellQuoted(body.text)] }
        return words.joined(separator: " ")
    }
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
