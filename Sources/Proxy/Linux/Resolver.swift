import CLinux
package import Model

/// Turns a name into addresses. Blocks (getaddrinfo(3)), so it is for threads that may wait.
package enum Resolver {
    /// More addresses than these are not looked at.
    private static let addressesMax = 64

    /// For how long what is known of `host` holds, by its name server; nil when none tells. Blocks, for a few seconds at
    /// most where no name server answers.
    /// - Parameter server: a UDP port on 127.0.0.1 to ask instead of the system's name servers.
    package static func ttlNs(_ host: String, server: UInt16 = 0) -> UInt64? {
        // What the hosts file says is nobody's to answer for, and this is in every one.
        guard host != "localhost" else { return nil }
        // SAFETY: the callee reads the string while the call lasts.
        let seconds = unsafe clx_name_ttl(host, server)
        return seconds < 0 ? nil : UInt64(seconds) * 1_000_000_000
    }

    /// The addresses of `host`, with port 0 and IPv4 first; none when the name does not resolve.
    package static func lookup(_ host: String) -> [Endpoint] {
        var found = [clx_endpoint](repeating: clx_endpoint(), count: addressesMax)
        // SAFETY: the array has the room that is said.
        let count = unsafe clx_resolve(host, 0, &found, Int32(addressesMax))
        let endpoints = found.prefix(Int(count)).map(\.endpoint)
        // Most servers that listen on one family only listen on IPv4; the other is tried when that refuses.
        return endpoints.filter { $0.family == .ipv4 } + endpoints.filter { $0.family != .ipv4 }
    }
}

extension Endpoint {
    package init(_ address: IPAddress, port: UInt16) {
        switch address {
        case .v4(let value): self = .ipv4(value, port: port)
        case .v6(let high, let low): self.init(family: .ipv6, port: port, high: high, low: low)
        }
    }

    /// The address in words, without its port.
    var addressText: String {
        switch family {
        case .ipv4: "\(IPAddress.v4(UInt32(truncatingIfNeeded: low)))"
        case .ipv6: "\(IPAddress.v6(high: high, low: low))"
        case .none, .unix: "-"
        }
    }
}
