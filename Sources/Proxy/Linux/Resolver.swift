import CLinux
package import Model

/// Turns where a backend is into addresses. Blocks on names (getaddrinfo(3)), so it is for the control side.
package enum Resolver {
    /// Addresses tried per backend, in order.
    static let endpointsMax = 8

    /// The addresses of `url`, IPv4 first; none when its name does not resolve.
    package static func endpoints(of url: BackendURL) -> [Endpoint] {
        switch url.place {
        case .unix(let path):
            return [SocketPaths.endpoint(path)]
        case .network(let host, let port):
            if let address = IPAddress(host) { return [Endpoint(address, port: port)] }
            var found = [clx_endpoint](repeating: clx_endpoint(), count: endpointsMax)
            // SAFETY: the array has the room that is said.
            let count = unsafe clx_resolve(host, port, &found, Int32(endpointsMax))
            let endpoints = found.prefix(Int(count)).map(\.endpoint)
            // Most servers that listen on one family only listen on IPv4; the other is tried when that refuses.
            return endpoints.filter { $0.family == .ipv4 } + endpoints.filter { $0.family != .ipv4 }
        }
    }
}

extension Endpoint {
    package init(_ address: IPAddress, port: UInt16) {
        switch address {
        case .v4(let value): self = .ipv4(value, port: port)
        case .v6(let high, let low): self.init(family: .ipv6, port: port, high: high, low: low)
        }
    }
}
