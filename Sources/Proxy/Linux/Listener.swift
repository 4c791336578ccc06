import CLinux
package import Model

/// A bound port, once per worker: the kernel spreads connections over the sockets (SO_REUSEPORT). Sockets that were
/// inherited are shared instead, and whoever comes first takes the connection.
package struct BoundListener: Sendable {
    /// Where it really listens: with the port that the kernel chose, if it was to choose.
    package let address: ListenAddress
    /// At least one per worker; more when they are another instance's, which had more workers.
    let sockets: [Socket]
    /// Another instance listens with the same sockets.
    package let isShared: Bool
    /// Another instance listens here, and has not handed its sockets over: those of this one are its own.
    let isApart: Bool
    /// A process of another user has the name by which instances meet, so that none can take these sockets over.
    let isSquatted: Bool
    /// Where another instance may ask for them; nil when that cannot be had.
    let meeting: Int32?

    /// Why a port could not be had.
    package struct Refusal: Error, Sendable {
        package enum Reason: Sendable {
            case inUse
            case notPermitted
            case noSuchAddress
            case other
        }

        package let address: ListenAddress
        package let reason: Reason
        /// The kernel's words.
        package let text: String
    }

    /// Binds without listening yet: a client that comes early is refused, and not left waiting.
    /// - Parameters:
    ///   - inherited: listening sockets of this very address, to be used in the place of new ones.
    ///   - patienceNs: how long to try again while the address is taken. A process that has ended may still hold it for a
    ///     moment: what its io_uring has under way is given up by the kernel later than the process itself.
    ///   - waiting: called once, when the address is taken and is tried again.
    package init(
        _ wanted: ListenAddress,
        workers: Int,
        inherited: [InheritedListener] = [],
        patienceNs: UInt64 = 0,
        waiting: @escaping (ListenAddress) -> Void = { _ in }
    ) throws(Refusal) {
        var address = wanted
        var patience = Patience(ns: patienceNs, waiting: waiting)
        let answer = inherited.isEmpty ? Handover.claim(wanted) : .nobody
        var claim: Handover.Claim?
        if case .got(let got) = answer { claim = got }
        let isAlone = inherited.isEmpty && claim == nil
        let inherited = claim?.sockets ?? inherited
        var sockets = inherited.map { Socket(raw: $0.descriptor) }
        while sockets.count < workers {
            var isShared = !inherited.isEmpty
            if case .unix = wanted.place { isShared = isShared || !sockets.isEmpty }
            let at = inherited.isEmpty ? 0 : sockets.count % inherited.count
            let descriptor = isShared ? clx_duplicate(sockets[at].raw) : try patience.bind(&address)
            guard descriptor >= 0 else { throw Self.refusal(address, descriptor) }
            sockets.append(Socket(raw: descriptor))
        }
        self.address = address
        self.sockets = sockets
        meeting = claim?.meeting ?? Handover.meeting(for: address)
        isShared = claim != nil
        if case .stranger = answer { isSquatted = meeting == nil } else { isSquatted = false }
        isApart = isAlone && meeting == nil && !isSquatted
    }

    /// Binds, and while the address is taken tries again: soon at first, then five times a second.
    private struct Patience {
        let deadline: UInt64
        let waiting: (ListenAddress) -> Void
        var pauseNs: UInt64 = 5_000_000
        var isWaiting = false
        static let pauseNsMax: UInt64 = 200_000_000

        init(ns: UInt64, waiting: @escaping (ListenAddress) -> Void) {
            deadline = clx_monotonic_ns() + ns
            self.waiting = waiting
        }

        mutating func bind(_ address: inout ListenAddress) throws(Refusal) -> Int32 {
            while true {
                do {
                    return try BoundListener.bind(&address)
                } catch {
                    let now = clx_monotonic_ns()
                    guard error.reason == .inUse, now < deadline else { throw error }
                    if !isWaiting { waiting(address) }
                    isWaiting = true
                    clx_sleep_ns(Int64(min(pauseNs, deadline - now)))
                    pauseNs = min(pauseNs * 2, Self.pauseNsMax)
                }
            }
        }
    }

    /// Those that this worker accepts from.
    func sockets(of worker: Int, among workers: Int) -> [Socket] {
        stride(from: worker, to: sockets.count, by: workers).map { sockets[$0] }
    }

    /// Clients may come.
    func listen() {
        for socket in sockets { _ = clx_listen(socket.raw, 4096) }
    }

    /// Fills in the chosen port, so that the next worker's socket joins the first one's.
    private static func bind(_ address: inout ListenAddress) throws(Refusal) -> Int32 {
        var endpoint = endpoint(of: address)
        var descriptor = clx_socket(endpoint.family.clx)
        if descriptor < 0, case .network(.v6(0, 0), let port) = address.place {
            // A machine without IPv6: every address is every IPv4 address.
            address = ListenAddress(place: .network(.v4(0), port: port))
            endpoint = Self.endpoint(of: address)
            descriptor = clx_socket(endpoint.family.clx)
        }
        guard descriptor >= 0 else { throw refusal(address, descriptor) }
        var native = clx_endpoint(endpoint)
        var result: Int32 = 0
        if endpoint.family == .unix, let path = unsafe SocketPaths.pointer(endpoint) {
            // SAFETY: interned for the life of the process.
            result = unsafe clx_unlink_stale(path)
        }
        // SAFETY: as above; nil for other families.
        if result == 0 { result = unsafe clx_bind(descriptor, &native, SocketPaths.pointer(endpoint)) }
        guard result == 0 else {
            _ = clx_close(descriptor)
            throw refusal(address, result)
        }
        if case .network(let ip, port: 0) = address.place {
            var local = clx_endpoint()
            // SAFETY: the callee fills a local variable.
            if unsafe clx_local(descriptor, &local) == 0 {
                address = ListenAddress(place: .network(ip, port: local.port))
            }
        }
        return descriptor
    }

    private static func endpoint(of address: ListenAddress) -> Endpoint {
        switch address.place {
        case .network(let ip, let port): Endpoint(ip, port: port)
        case .unix(let path): SocketPaths.endpoint(path)
        }
    }

    private static func refusal(_ address: ListenAddress, _ error: Int32) -> Refusal {
        let reason: Refusal.Reason
        switch Int(error) {
        case CLX_ADDRESS_IN_USE: reason = .inUse
        case CLX_NO_PERMISSION, CLX_NOT_PERMITTED: reason = .notPermitted
        case CLX_NO_ADDRESS: reason = .noSuchAddress
        default: reason = .other
        }
        // SAFETY: strerrordesc_np(3) points to static text.
        return Refusal(address: address, reason: reason, text: unsafe String(cString: clx_error_text(error)))
    }
}
