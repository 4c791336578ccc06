import CLinux
package import Model

/// A bound port, once per worker: the kernel spreads connections over the sockets (SO_REUSEPORT).
package struct BoundListener: Sendable {
    /// Where it really listens: with the port that the kernel chose, if it was to choose.
    package let address: ListenAddress
    /// One per worker.
    let sockets: [Socket]

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
    package init(_ wanted: ListenAddress, workers: Int) throws(Refusal) {
        var address = wanted
        var sockets: [Socket] = []
        for _ in 0..<workers {
            let descriptor: Int32
            if case .unix = wanted.place, let first = sockets.first {
                descriptor = clx_duplicate(first.raw)
            } else {
                descriptor = try Self.bind(&address)
            }
            sockets.append(Socket(raw: descriptor))
        }
        self.address = address
        self.sockets = sockets
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
