import CLinux

extension clx_endpoint {
    init(_ endpoint: Endpoint) {
        self.init()
        family = endpoint.family.clx
        port = endpoint.port
        scope = endpoint.scope
        // SAFETY: sixteen bytes are written through their own storage.
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            if endpoint.family == .ipv4 {
                unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: endpoint.low).bigEndian, as: UInt32.self)
            } else {
                unsafe bytes.storeBytes(of: endpoint.high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: endpoint.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }

    var endpoint: Endpoint {
        var copy = self
        // SAFETY: sixteen bytes are read through their own storage.
        return unsafe withUnsafeBytes(of: &copy.address) { bytes in
            switch Int(family) {
            case CLX_IPV4:
                return unsafe .ipv4(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)), port: port)
            case CLX_IPV6:
                let high = unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
                let low = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                return Endpoint(family: .ipv6, port: port, scope: scope, high: high, low: low)
            default:
                return Endpoint(family: .unix, port: 0, low: 0)
            }
        }
    }
}

extension Endpoint.Family {
    var clx: UInt8 {
        switch self {
        case .none, .ipv4: UInt8(CLX_IPV4)
        case .ipv6: UInt8(CLX_IPV6)
        case .unix: UInt8(CLX_UNIX)
        }
    }
}
