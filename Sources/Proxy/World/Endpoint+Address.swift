package import HTTPWire
package import Model

extension IPAddress {
    /// The address of an endpoint that has one.
    package init?(_ endpoint: Endpoint) {
        switch endpoint.family {
        case .ipv4: self = .v4(UInt32(truncatingIfNeeded: endpoint.low))
        case .ipv6: self = .v6(high: endpoint.high, low: endpoint.low)
        case .unix, .none: return nil
        }
    }
}

extension Endpoint {
    /// A host, on no port.
    package init(_ address: HostAddress) {
        switch address {
        case .ipv4(let value): self = .ipv4(value, port: 0)
        case .ipv6(let high, let low): self.init(family: .ipv6, port: 0, high: high, low: low)
        }
    }
}

extension TrustedProxies {
    /// Whether what a peer says of its client is believed.
    package func contains(_ peer: Endpoint) -> Bool {
        if peer.family == .unix { return includesUnix }
        guard !networks.isEmpty, let address = IPAddress(peer) else { return false }
        return contains(address)
    }
}
