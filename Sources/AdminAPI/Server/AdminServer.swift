package import Model
import Synchronization

/// The admin port: a JSON server over HTTP/1.1 with a thread per connection, apart from the workers of the data plane.
///
/// `start` once, `stop` once. Between the two its threads keep it alive.
package final class AdminServer: Sendable {
    private let address: ListenAddress
    private let inherited: Int32?
    private let limits: AdminLimits
    private let patience: TimeSpan
    private let service: AdminService
    private let follower: Follower
    private let log: @Sendable (String) -> Void
    private let alarm: Alarm
    private let quiet: Alarm
    private let registry = Mutex(Registry())

    private struct Registry {
        var bound: [ListenAddress] = []
        var isStopping = false
        var isAccepting = false
        var served = ConnectionTable()
        /// Those that are only told to come back later, and those that had to make room.
        var refused: Set<Int32> = []

        /// Makes room by ending a connection that keeps us waiting; false when there is none.
        mutating func makeRoom() -> Bool {
            guard let oldest = served.makeRoom() else { return false }
            // Its thread finds the connection ended, and lets go of it.
            refused.insert(oldest)
            Sockets.cut(oldest)
            return true
        }

        var isQuiet: Bool { isStopping && !isAccepting && served.isEmpty && refused.isEmpty }
    }

    /// More than this are closed without a word.
    private static let refusedMax = 16

    /// - Parameters:
    ///   - state: What is desired; the caller closes it after `stop`.
    ///   - address: A loopback address or a unix socket, or any other with a token file. With 127.0.0.1, [::1] is listened on too where there is IPv6.
    ///     Port 0 lets the kernel choose.
    ///   - inherited: A non-blocking socket that listens at `address` already, to be used in the place of a new one.
    ///   - tokenFile: The path of the tokens that callers on the network need; nil asks for none.
    ///   - listeners: Where the data plane listens: no backend may be there.
    ///   - isLocal: Whether an address is one of this machine.
    ///   - extraHosts: Further names for this machine that `Host` may have, without a port.
    ///   - patience: For how long `start` tries again while another process has the address.
    ///   - log: Takes a line about each change; called from any thread.
    /// - Throws: `ListenFailure` when `address` is reachable from elsewhere and there is no token file, when that cannot be
    ///   used, or when no descriptor is left.
    package init(
        state: ConfigState,
        plane: any ControlPlane,
        address: ListenAddress,
        version: String,
        inherited: Int32? = nil,
        listeners: [ListenAddress] = [],
        isLocal: @escaping @Sendable (IPAddress) -> Bool = { _ in false },
        tokenFile: String? = nil,
        extraHosts: [String] = [],
        limits: AdminLimits = AdminLimits(),
        patience: TimeSpan = .zero,
        log: @escaping @Sendable (String) -> Void
    ) throws(ListenFailure) {
        if tokenFile == nil, let refusal = address.adminRefusal {
            throw ListenFailure(message: "--admin \(address): \(refusal.message)")
        }
        guard let alarm = Alarm(), let quiet = Alarm() else {
            throw ListenFailure(message: "the admin port has no descriptor left: raise the limit (ulimit -n)")
        }
        self.address = address
        self.inherited = inherited
        self.limits = limits
        self.patience = patience
        self.log = log
        self.alarm = alarm
        self.quiet = quiet
        let endpoints = Endpoints(
            state: state,
            plane: plane,
            version: version,
            limits: limits,
            alarm: alarm.descriptor,
            own: OwnPlaces(listeners: listeners, admin: [address], isLocal: isLocal),
            log: log
        )
        follower = Follower(
            state: state,
            plane: plane,
            log: endpoints.events,
            operations: endpoints.operations,
            alarm: alarm.descriptor
        )
        service = AdminService(
            endpoints: endpoints,
            gate: OriginGate(listening: address, extra: extraHosts),
            authentication: Authentication(
                book: try tokenFile.map { path throws(ListenFailure) in
                    try TokenBook(path: path, log: log)
                }
            ),
            limits: limits
        )
    }

    /// Where it listens, with the ports that the kernel chose; empty before `start`.
    package var boundAddresses: [ListenAddress] { registry.withLock { $0.bound } }

    /// Listens and serves; returns at once. Throws when the address cannot be had.
    package func start() throws(ListenFailure) {
        let first =
            if let inherited { ListeningSocket(inherited: inherited, at: address) } else {
                try ListeningSocket.open(address, until: .after(patience)) {
                    log("the admin address \(address) is taken: trying again for up to \(patience)")
                }
            }
        let second = Self.otherFamily(of: first.address)
        let acceptor = Acceptor(first: first, second: second)
        let bound = acceptor.addresses
        let handover = AcceptorHandover(acceptor)
        service.endpoints.own.setAdmin(bound)
        registry.withLock { registry in
            registry.bound = bound
            registry.isAccepting = true
        }
        let isRunning = Threads.start { [self] in
            handover.take()?.run(alarm: alarm.descriptor, admit: { admit($0) }, complain: log)
            let isQuiet = registry.withLock { registry in
                registry.isAccepting = false
                return registry.isQuiet
            }
            if isQuiet { quiet.ring() }
        }
        // The alarm outlives the follower: the closure holds the server.
        let isFollowing = Threads.start { [self] in follower.run() }
        guard isRunning, isFollowing else {
            alarm.ring()
            registry.withLock { registry in
                registry.bound = []
                registry.isAccepting = false
            }
            throw ListenFailure(message: "the admin port has no thread left: raise the limit (ulimit -u)")
        }
    }

    /// Listens no longer, ends waits, lets answers that are being made finish, and cuts what is left after
    /// `limits.stop`. Returns when no connection is served any more.
    package func stop() {
        let isQuiet = registry.withLock { registry in
            registry.isStopping = true
            return registry.isQuiet
        }
        alarm.ring()
        if !isQuiet { awaitQuiet() }
        follower.keepHealth()
    }

    private func awaitQuiet() {
        if Sockets.waitForAny([quiet.descriptor], until: .after(limits.stop)) == [true] { return }
        registry.withLock { registry in
            for descriptor in registry.served.descriptors + registry.refused { Sockets.cut(descriptor) }
        }
        // A thread that is cut off from its client has only the plane left to wait for, which has its own deadline.
        _ = Sockets.waitForAny([quiet.descriptor], until: .after(limits.stop))
    }

    /// [::1] on the same port, quietly none where it cannot be had.
    private static func otherFamily(of bound: ListenAddress) -> ListeningSocket? {
        guard case .network(.v4(0x7F00_0001), let port) = bound.place else { return nil }
        return try? ListeningSocket(ListenAddress(place: .network(.v6(high: 0, low: 1), port: port)))
    }

    /// Takes a new connection: to a thread that serves it, or to one that says that there are too many.
    private func admit(_ descriptor: Int32) {
        let peer = Sockets.peer(of: descriptor)
        let isServed: Bool? = registry.withLock { registry in
            if registry.isStopping { return nil }
            if registry.served.count < limits.connectionsMax || registry.makeRoom() {
                registry.served.insert(descriptor, of: peer)
                return true
            }
            guard registry.refused.count < Self.refusedMax else { return nil }
            registry.refused.insert(descriptor)
            return false
        }
        guard let isServed else {
            _ = Connection(descriptor: descriptor)
            return
        }
        let isRunning = Threads.start { [self] in
            var exchange = AdminExchange(
                connection: Connection(descriptor: descriptor),
                service: service,
                limits: limits,
                alarm: alarm.descriptor,
                peer: peer,
                enter: { [self] stage in
                    !isServed || registry.withLock { $0.served.move(descriptor, to: stage) }
                }
            )
            if isServed { exchange.serve() } else { exchange.refuse() }
            exchange.close { forget(descriptor) }
        }
        if !isRunning {
            forget(descriptor)
            _ = Connection(descriptor: descriptor)
        }
    }

    /// Before the descriptor is closed and its number can be another's.
    private func forget(_ descriptor: Int32) {
        let isQuiet = registry.withLock { registry in
            registry.served.remove(descriptor)
            registry.refused.remove(descriptor)
            return registry.isQuiet
        }
        if isQuiet { quiet.ring() }
    }
}
