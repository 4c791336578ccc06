/// Where this process itself can be reached, so that no backend is that: requests to it would come back for ever, and
/// clients of the data port would get the admin API.
package struct OwnAddresses: Sendable {
    package enum Port: Sendable {
        /// One of the listeners.
        case data
        case admin
    }

    private let listeners: [ListenAddress]
    private let admin: [ListenAddress]
    /// Whether an address is one of this machine.
    private let isLocal: @Sendable (IPAddress) -> Bool

    /// - Parameter isLocal: Asked about addresses that are not of the loopback, which are taken to be this machine's.
    package init(
        listeners: [ListenAddress],
        admin: [ListenAddress],
        isLocal: @escaping @Sendable (IPAddress) -> Bool = { _ in false }
    ) {
        self.listeners = listeners
        self.admin = admin
        self.isLocal = isLocal
    }

    /// Which port of ours a backend's URL leads to; nil for none, and for a name that only a look-up could tell of.
    package func port(of url: BackendURL) -> Port? {
        switch url.place {
        case .unix(let path):
            return port { $0 == .unix(path: path) }
        case .network(let host, let port):
            if let address = url.address { return self.port(of: address, port) }
            guard host == "localhost" || host.hasSuffix(".localhost") else { return nil }
            return self.port(of: .v4(0x7F00_0001), port) ?? self.port(of: .v6(high: 0, low: 1), port)
        }
    }

    /// Which port of ours an address and a port lead to; nil for none.
    package func port(of address: IPAddress, _ port: UInt16) -> Port? {
        let address = address.unmapped
        return self.port { place in
            guard case .network(let ours, port) = place else { return false }
            let own = ours.unmapped
            // Whoever connects to no address reaches this machine.
            if own == address || address.isUnspecified { return true }
            guard own.isUnspecified else { return false }
            // 0.0.0.0 is every IPv4 address, [::] every address there is.
            if case .v4 = own, case .v6 = address { return false }
            return address.isLoopback || isLocal(address)
        }
    }

    private func port(_ isOwn: (ListenAddress.Place) -> Bool) -> Port? {
        if admin.contains(where: { isOwn($0.place) }) { return .admin }
        return listeners.contains(where: { isOwn($0.place) }) ? .data : nil
    }

    /// What is wrong with each backend that leads here: a line for a person.
    package func refusals(of desired: DesiredState) -> [String] {
        desired.backends.compactMap { entry in
            port(of: entry.spec.url).map { "backend \(entry.name): \(Self.sentence(entry.spec.url, $0))" }
        }
    }

    /// What a backend at one of our ports would do.
    package static func sentence(_ url: BackendURL, _ port: Port) -> String {
        switch port {
        case .data: "\(url) is where lbd itself listens: every request to it would come back"
        case .admin: "\(url) is the admin API of lbd itself: clients would reach it through the data port"
        }
    }
}
