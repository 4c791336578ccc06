import Model

/// Decides who may speak at all: names this port answers to, and pages that are its own.
///
/// The rules are for browsers, the one client that acts on other people's behalf. Names guard against DNS rebinding;
/// `Sec-Fetch-Site` and `Origin` against forms and scripts of other sites. `Sec-Fetch-Mode` decides nothing: programs
/// send it too.
struct OriginGate: Sendable {
    /// Lower case, without a port; IPv6 in brackets.
    private let names: Set<String>

    /// `extra` are further host names the operator uses for this machine.
    init(listening address: ListenAddress, extra: [String]) {
        var names: Set<String> = ["localhost", "127.0.0.1", "[::1]"]
        // Every address is none: what a page means by http://0.0.0.0 is this machine, behind its user's back.
        if case .network(let ip, _) = address.place, !ip.isUnspecified {
            if case .v6 = ip { names.insert("[\(ip)]") } else { names.insert("\(ip)") }
        }
        for name in extra {
            let isBare = if case .v6? = IPAddress(name) { true } else { false }
            names.insert(isBare ? "[\(name.lowercased())]" : name.lowercased())
        }
        self.names = names
    }

    func check(_ request: AdminRequest) throws(Problem) {
        guard let host = request.host, isAllowed(host, request.localAddress) else {
            let named = request.host.map { "the host \"\($0)\"" } ?? "a request without a host"
            throw Problem(
                .hostNotAllowed,
                "\(named) is not served on the admin port",
                hint: "call it by localhost, 127.0.0.1, [::1] or the address it listens on"
            )
        }
        let proxies = request.fields.first { field in
            field.name == "via" || field.name == "forwarded" || field.name.hasPrefix("x-forwarded-")
        }
        if let proxies {
            throw Problem(
                .proxied,
                "the request has the field \(proxies.name), so it came through a proxy",
                hint: "call the admin port directly; is its address the URL of a backend somewhere?"
            )
        }
        if !request.isRead, let site = request.field("sec-fetch-site"), site != "same-origin", site != "none" {
            throw Problem(.crossSite, "a \(site) page may not send \(request.methodText) here")
        }
        if let origin = request.field("origin"), Self.authority(of: origin) != host.lowercased() {
            throw Problem(.crossSite, "the origin \"\(origin)\" is not this port's own (\(host))")
        }
    }

    /// The port does not matter: a forwarded port (`ssh -L`) is a fair use, and rebinding needs a name of its own.
    ///
    /// The address that the connection came in on is a fair name too: rebinding can make a name lead here, but a
    /// literal address leads to nobody else.
    private func isAllowed(_ host: String, _ localAddress: String?) -> Bool {
        let host = host.lowercased()
        let own = localAddress.map { $0.contains(":") ? "[\($0)]" : $0 }
        if names.contains(host) || host == own { return true }
        guard let colon = host.lastIndex(of: ":"), UInt16(host[host.index(after: colon)...]) != nil else {
            return false
        }
        let name = String(host[..<colon])
        return names.contains(name) || name == own
    }

    /// `host[:port]` of `http://host[:port]`; nil for `null` and what is no origin.
    private static func authority(of origin: String) -> String? {
        let lowered = origin.lowercased()
        for scheme in ["http://", "https://"] where lowered.hasPrefix(scheme) {
            return String(lowered.dropFirst(scheme.count))
        }
        return nil
    }
}

/// Refuses paths that two readers could read differently (RFC 3986 §6.2.2 leaves them free to).
enum PathGate {
    static func check(_ path: String) throws(Problem) {
        guard path.hasPrefix("/") else {
            throw Problem(.badPath, "the target \"\(path)\" is not a path")
        }
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(.badPath, "the path has bytes outside ASCII")
        }
        let lowered = path.lowercased()
        for part in ["//", "%2e", "%2f", "%5c", "\\"] where lowered.contains(part) {
            throw Problem(.badPath, "the path contains \"\(part)\"")
        }
        for segment in path.split(separator: "/") {
            guard segment != ".", segment != ".." else {
                throw Problem(.badPath, "the path has a \"\(segment)\" segment")
            }
            guard PercentEncoding.decode(segment) != nil else {
                throw Problem(.badPath, "the segment \"\(segment)\" is not percent-encoded UTF-8")
            }
        }
    }
}
