/// Which peers are believed about where a request comes from: in the PROXY protocol's header, in `X-Forwarded-…` and in
/// `Forwarded`.
package struct TrustedProxies: Equatable, Sendable {
    package var networks: [Network]
    /// Peers on unix sockets, which have no address.
    package var includesUnix: Bool

    package init(_ networks: [Network] = [], includesUnix: Bool = false) {
        self.networks = networks
        self.includesUnix = includesUnix
    }

    package var isEmpty: Bool { networks.isEmpty && !includesUnix }

    /// O(networks). An IPv4 address that is written as an IPv6 one is that IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        for network in networks where network.contains(address) { return true }
        return false
    }
}
