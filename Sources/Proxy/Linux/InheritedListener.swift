import CLinux
package import Model

/// A listening socket that was bound by somebody else: by the service manager, or by the instance before this one.
package struct InheritedListener: Sendable {
    package let descriptor: Int32
    package let address: ListenAddress

    /// Nil when the descriptor is no listening stream socket of a family that we serve. Makes it non-blocking and
    /// close-on-exec.
    package init?(descriptor: Int32) {
        var found = clx_endpoint()
        var path = [CChar](repeating: 0, count: 128)
        // SAFETY: the callee fills local variables, whose size it is told.
        guard unsafe clx_listening_at(descriptor, &found, &path, path.count) == 0 else { return nil }
        let bytes = path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        switch Int(found.family) {
        case CLX_IPV4:
            address = ListenAddress(place: .network(.v4(UInt32(found.endpoint.low)), port: found.port))
        case CLX_IPV6:
            let endpoint = found.endpoint
            address = ListenAddress(place: .network(.v6(high: endpoint.high, low: endpoint.low), port: found.port))
        default:
            guard bytes.first == 0x2F else { return nil }
            address = ListenAddress(place: .unix(path: String(decoding: bytes, as: UTF8.self)))
        }
        self.descriptor = descriptor
    }

    /// Lets go of it.
    package func close() { _ = clx_close(descriptor) }
}
