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
