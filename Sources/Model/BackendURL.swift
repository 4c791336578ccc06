/// Where a backend listens: `http://HOST:PORT` or `unix:/PATH`.
///
/// HOST is an IPv4 address, an IPv6 address in brackets, or a name. The port defaults to 80. A path, a query, a
/// user or a fragment has no meaning for a backend and is refused, as is `https` until TLS to backends exists.
package struct BackendURL: Sendable {
    package enum Place: Sendable {
        /// `host` without brackets: dotted IPv4, IPv6 text as RFC 5952 has it, or a name in lower case.
        case network(host: String, port: UInt16)
        case unix(path: String)
    }

    package let place: Place
    /// The host where it is an address; nil for a name and for a socket. Follows from `place`; kept, because every change
    /// of anything asks for it of every backend.
    package let address: IPAddress?

    /// Whether it takes a look-up to find out where it is.
    package var isName: Bool {
        guard address == nil, case .network = place else { return false }
        return true
    }

    /// `sun_path` of `unix(7)` holds 108 bytes with its final NUL.
    package static let unixPathBytesMax = 107
    package static let hostBytesMax = 253

    /// What is wrong with a text that was meant as a backend's URL, in words for the person who typed it.
    package struct Refusal: Error, Equatable {
        package let message: String
        /// What was probably meant, in the form it should be typed; nil when there is no good guess.
        package let suggestion: String?
    }

    package init(_ text: String) throws(Refusal) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count > 1 else {
                throw Refusal(message: "a unix backend needs an absolute path", suggestion: "unix:/run/app.sock")
            }
            guard path.utf8.count <= Self.unixPathBytesMax, !path.utf8.contains(0) else {
                throw Refusal(message: "a unix socket path has at most 107 bytes", suggestion: nil)
            }
            guard !path.hasControls else {
                throw Refusal(message: "the path of a unix socket has no control characters", suggestion: nil)
            }
            self.init(.unix(path: path))
            return
        }
        let lowered = text.lowercased()
        if lowered.hasPrefix("https://") {
            throw Refusal(
                message: "TLS to backends is not available",
                suggestion: "http://" + text.dropFirst(8)
            )
        }
        guard lowered.hasPrefix("http://") else {
            if let colon = text.range(of: "://") {
                throw Refusal(
                    message: "the scheme \"\(text[..<colon.lowerBound])\" is not one a backend can have",
                    suggestion: "http://" + text[colon.upperBound...]
                )
            }
            let guess = try? BackendURL("http://" + text)
            throw Refusal(message: "it has no scheme", suggestion: guess?.description ?? "http://HOST:PORT")
        }
        var rest = text.dropFirst(7)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.contains(where: { $0 == "/" || $0 == "?" || $0 == "#" }) {
            let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
            throw Refusal(
                message: "a backend's URL has no path or query: requests keep their own",
                suggestion: "http://" + rest[..<end]
            )
        }
        if let at = rest.lastIndex(of: "@") {
            throw Refusal(
                message: "a backend's URL has no user or password",
                suggestion: "http://" + rest[rest.index(after: at)...]
            )
        }
        let host: Substring
        let portText: Substring?
        if rest.first == "[" {
            guard let close = rest.firstIndex(of: "]") else {
                throw Refusal(message: "the bracket of the IPv6 address is not closed", suggestion: nil)
            }
            host = rest[rest.index(after: rest.startIndex)..<close]
            let tail = rest[rest.index(after: close)...]
            guard tail.isEmpty || tail.first == ":" else {
                throw Refusal(message: "only a port may follow the IPv6 address", suggestion: nil)
            }
            portText = tail.isEmpty ? nil : tail.dropFirst()
            guard IPAddress.isIPv6(String(host)) else {
                throw Refusal(message: "\"\(host)\" is not an IPv6 address", suggestion: nil)
            }
        } else {
            let colon = rest.firstIndex(of: ":")
            host = rest[..<(colon ?? rest.endIndex)]
            portText = colon.map { rest[rest.index(after: $0)...] }
            if portText?.contains(":") == true {
                throw Refusal(message: "an IPv6 address stands in brackets", suggestion: "http://[::1]:8080")
            }
            guard Self.isHost(host) else {
                throw Refusal(message: "\"\(host)\" is not an address or a host name", suggestion: nil)
            }
        }
        guard let portText else {
            self.init(.network(host: host.lowercased(), port: 80))
            return
        }
        guard let port = UInt16(portText), port > 0, portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Refusal(message: "the port \"\(portText)\" is not a number from 1 to 65535", suggestion: nil)
        }
        self.init(.network(host: host.lowercased(), port: port))
    }

    private init(_ place: Place) {
        guard case .network(let host, let port) = place, let address = IPAddress(host) else {
            self.place = place
            address = nil
            return
        }
        // One address has many texts; the same one twice shall be seen as that.
        self.place = .network(host: address.description, port: port)
        self.address = address
    }

    /// A dotted IPv4 address, or a name of letters, digits, hyphens and underscores between dots (RFC 1123 §2.1,
    /// with the underscore that container networks use). An all-numeric last label must be an IPv4 address.
    private static func isHost(_ host: Substring) -> Bool {
        guard !host.isEmpty, host.utf8.count <= hostBytesMax else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        for (index, label) in labels.enumerated() {
            if label.isEmpty { return index == labels.count - 1 && index > 0 }
            guard label.utf8.count <= 63, label.first != "-", label.last != "-" else { return false }
            let plain = label.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            }
            guard plain else { return false }
        }
        if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return IPAddress.isIPv4(String(host))
        }
        return true
    }

    /// What `Host` says where nobody else says it (RFC 9110 §7.2): in health checks, and in requests that name no host. A unix
    /// socket's is `localhost`.
    package var authority: String {
        switch place {
        case .network(let host, let port):
            let bracketed = host.contains(":") ? "[\(host)]" : host
            return port == 80 ? bracketed : "\(bracketed):\(port)"
        case .unix:
            return "localhost"
        }
    }

    /// The longest: a name, a colon and a port.
    package static let authorityBytesMax = hostBytesMax + 6

    /// The name a backend gets when nobody gave it one: `host:port`, or the socket's file name.
    package var defaultName: String {
        switch place {
        case .network(let host, let port):
            return "\(host):\(port)"
        case .unix(let path):
            return String(path.split(separator: "/").last ?? "unix")
        }
    }
}

extension BackendURL.Place: Hashable {
    /// A path is its bytes: two canonically equivalent ones are two sockets.
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.network(let one, let port), .network(let other, let otherPort)): port == otherPort && one == other
        case (.unix(let one), .unix(let other)): one.hasSameBytes(as: other)
        case (.network, .unix), (.unix, .network): false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .network(let host, let port):
            hasher.combine(host)
            hasher.combine(port)
        case .unix(let path): ExactText(path).hash(into: &hasher)
        }
    }
}

extension BackendURL: Hashable {
    package static func == (left: BackendURL, right: BackendURL) -> Bool { left.place == right.place }

    /// By the address where there is one, which is quicker than by its text.
    package func hash(into hasher: inout Hasher) {
        guard let address, case .network(_, let port) = place else { return hasher.combine(place) }
        hasher.combine(address)
        hasher.combine(port)
    }
}

extension BackendURL: CustomStringConvertible {
    /// The canonical form: scheme, host and port spelled out.
    package var description: String {
        switch place {
        case .network(let host, let port):
            return host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
        case .unix(let path):
            return "unix:\(path)"
        }
    }
}

extension String {
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                return start..<index(start, offsetBy: needle.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
