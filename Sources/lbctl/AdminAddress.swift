import Model

/// Where the admin API listens, as it is written after `--addr`: `http://HOST:PORT`, `HOST:PORT` or `unix:/PATH`.
struct AdminAddress: Equatable, Sendable {
    /// Who said so: named in the message when nothing answers there.
    enum Origin: Equatable, Sendable {
        case flag
        case environment
        case context(String)
        case standard

        var description: String {
            switch self {
            case .flag: "from --addr"
            case .environment: "from LBCTL_ADDR"
            case .context(let name): "of the context \"\(name)\""
            case .standard: "the default"
            }
        }
    }

    /// Why a text is no address, in words for the person who typed it.
    struct Refusal: Error, Equatable {
        let message: String
        /// What was probably meant; nil when there is no good guess.
        let suggestion: String?
    }

    let place: BackendURL.Place

    static let standardPort: UInt16 = 9900
    static let standard = AdminAddress(place: .network(host: "127.0.0.1", port: standardPort))

    private init(place: BackendURL.Place) { self.place = place }

    /// Reads an address; a host without a port means 9900, or 80 where it stands in a URL.
    init(_ text: String) throws(Refusal) {
        if text.hasPrefix("unix:") {
            do {
                place = try BackendURL(text).place
            } catch {
                throw Refusal(
                    message: error.message.replacingBackend(with: "an admin address"),
                    suggestion: error.suggestion == nil ? nil : "unix:/run/lb-admin.sock"
                )
            }
            return
        }
        if text.hasPrefix("/") {
            throw Refusal(message: "a socket's path follows \"unix:\"", suggestion: "unix:" + text)
        }
        let lowered = text.lowercased()
        if lowered.hasPrefix("https://") {
            throw Refusal(
                message: "TLS to the admin API is not available",
                suggestion: "http://" + text.dropFirst(8)
            )
        }
        let isURL = lowered.hasPrefix("http://")
        var rest = isURL ? text.dropFirst(7) : text[...]
        if isURL, rest.hasSuffix("/") { rest = rest.dropLast() }
        if let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
            let start = rest[..<end]
            throw Refusal(
                message: start.hasSuffix(":") && !isURL
                    ? "the scheme \"\(start.dropLast())\" is not one lbctl speaks" : "an admin address has no path",
                suggestion: start.hasSuffix(":") || start.isEmpty ? "http://HOST:PORT" : String(start)
            )
        }
        if let at = rest.lastIndex(of: "@") {
            throw Refusal(
                message: "an admin address has no user or password",
                suggestion: String(rest[rest.index(after: at)...])
            )
        }
        guard !rest.isEmpty else {
            throw Refusal(message: "it is empty", suggestion: AdminAddress.standard.description)
        }
        var spelled = String(rest)
        if IPAddress.isIPv6(spelled) {
            spelled = "[" + spelled + "]"
        } else if rest.first == ":" {
            spelled = "127.0.0.1" + rest
        }
        let hasPort = spelled.first == "[" ? !spelled.hasSuffix("]") : spelled.contains(":")
        if !hasPort, !isURL { spelled += ":\(Self.standardPort)" }
        do {
            place = try BackendURL("http://" + spelled).place
        } catch {
            let isPort = UInt16(rest) != nil
            throw Refusal(
                message: error.message,
                suggestion: isPort ? ":" + rest : error.suggestion
            )
        }
    }

    /// The `Host` of a request (RFC 9112 §3.2): a UNIX socket has none, and `localhost` is the name the API expects
    /// from its own machine.
    var authority: String {
        switch place {
        case .network: description
        case .unix: "localhost"
        }
    }
}

extension AdminAddress: CustomStringConvertible {
    var description: String {
        switch place {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension String {
    fileprivate func replacingBackend(with words: String) -> String {
        hasPrefix("a unix backend") ? words + dropFirst("a unix backend".count) : self
    }
}
