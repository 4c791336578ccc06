import Model
import Synchronization

/// The addresses of this process, of which that of the admin port is known once it is bound.
final class OwnPlaces: Sendable {
    private let listeners: [ListenAddress]
    private let isLocal: @Sendable (IPAddress) -> Bool
    private let admin: Mutex<[ListenAddress]>

    init(
        listeners: [ListenAddress],
        admin: [ListenAddress],
        isLocal: @escaping @Sendable (IPAddress) -> Bool
    ) {
        self.listeners = listeners
        self.isLocal = isLocal
        self.admin = Mutex(admin)
    }

    func setAdmin(_ addresses: [ListenAddress]) { admin.withLock { $0 = addresses } }

    /// Those of the drafted backends that lead here and did not before.
    ///
    /// - Parameter known: The backends that the draft is about, as they are.
    func claims(
        in draft: Draft,
        _ known: [String: BackendSpec]
    ) -> [(name: String, url: BackendURL, port: OwnAddresses.Port)] {
        let addresses = OwnAddresses(listeners: listeners, admin: admin.withLock { $0 }, isLocal: isLocal)
        return draft.backends.compactMap { name, spec in
            guard let spec, known[name]?.url != spec.url, let port = addresses.port(of: spec.url) else { return nil }
            return (name, spec.url, port)
        }
    }
}
