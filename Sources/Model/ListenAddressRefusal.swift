extension ListenAddress {
    /// What is wrong with a text that was meant as a listening address, in words for the person who typed it.
    package struct Refusal: Error, Equatable {
        package let message: String
        /// What was probably meant, in the form it should be typed; nil when there is no good guess.
        package let suggestion: String?
    }

    /// Reads what `init?(_:)` reads, and says what is wrong with anything else.
    package init(reading text: String) throws(Refusal) {
        if let address = ListenAddress(text) {
            self = address
            return
        }
        if text.hasPrefix("unix:") {
            throw Refusal(
                message: "a unix socket needs an absolute path of at most \(BackendURL.unixPathBytesMax) bytes",
                suggestion: "unix:/run/lb.sock"
            )
        }
        if text.hasPrefix("/") {
            throw Refusal(message: "a unix socket is written with its scheme", suggestion: "unix:" + text)
        }
        for scheme in ["http://", "https://", "tcp://"] where text.lowercased().hasPrefix(scheme) {
            var rest = text.dropFirst(scheme.count)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            throw Refusal(message: "it is an address, not a URL", suggestion: Self.guess(String(rest)))
        }
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            throw Refusal(message: "a port alone needs a colon before it", suggestion: Self.guess(":" + text))
        }
        if let address = IPAddress(text) {
            if case .v6 = address {
                throw Refusal(
                    message: "an IPv6 address stands in brackets and needs a port",
                    suggestion: "[\(text)]:80"
                )
            }
            throw Refusal(message: "it has no port", suggestion: text + ":80")
        }
        if let address = Self.guess(text + ":80") { throw Refusal(message: "it has no port", suggestion: address) }
        throw Refusal(
            message: "it must be an IP address and a port from 0 to 65535, such as 0.0.0.0:80, [::]:80 or :8080, or "
                + "unix:/PATH",
            suggestion: nil
        )
    }

    private static func guess(_ text: String) -> String? { ListenAddress(text) == nil ? nil : text }

    /// Why the admin API may not listen here without tokens; nil when it may.
    ///
    /// Whoever reaches it may write unless it asks for a token: only this machine's processes shall reach it so.
    package var adminRefusal: Refusal? {
        guard !isLocal else { return nil }
        var port: UInt16 = 9900
        if case .network(_, let own) = place, own != 0 { port = own }
        return Refusal(
            message: "the admin API can be reached from other machines there, and writes would be open to the network: "
                + "say who may with --admin-token-file FILE (or admin.token_file), or keep it on loopback or a unix "
                + "socket and reach it through \"ssh -L \(port):127.0.0.1:\(port) HOST\"",
            suggestion: "127.0.0.1:\(port)"
        )
    }

    /// Whether a name may be one that the admin API answers to: a host name or an IP address, without a port.
    package static func isHostName(_ text: String) -> Bool {
        if IPAddress(text) != nil { return true }
        if text.hasPrefix("["), text.hasSuffix("]"), case .v6? = IPAddress(String(text.dropFirst().dropLast())) {
            return true
        }
        guard (1...253).contains(text.utf8.count), !text.hasPrefix("."), !text.contains("..") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }
}
