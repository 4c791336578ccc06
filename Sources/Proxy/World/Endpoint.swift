/// An address to connect to, or the address of a peer, in 24 flat bytes.
package struct Endpoint: Equatable, Hashable, Sendable, BitwiseCopyable {
    package enum Family: UInt8, Sendable, BitwiseCopyable {
        case none
        case ipv4
        case ipv6
        /// `low` is the path's number in `SocketPaths`.
        case unix
    }

    package var family: Family
    package var port: UInt16
    package var scope: UInt32
    /// Network order, read as big-endian numbers: IPv4 is in the low 32 bits of `low`.
    package var high: UInt64
    package var low: UInt64

    package init(family: Family, port: UInt16, scope: UInt32 = 0, high: UInt64 = 0, low: UInt64) {
        self.family = family
        self.port = port
        self.scope = scope
        self.high = high
        self.low = low
    }

    /// The IPv4 endpoint where its address is written as an IPv6 one (RFC 4291 §2.5.5.2), as a socket of both families has it;
    /// any other as it is.
    package var unmapped: Endpoint {
        guard family == .ipv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return .ipv4(UInt32(truncatingIfNeeded: low), port: port)
    }

    /// Whether both are the same host's, whatever the ports.
    package func hasAddress(of other: Endpoint) -> Bool {
        family == other.family && high == other.high && low == other.low
    }

    package static let none = Endpoint(family: .none, port: 0, low: 0)

    package static func ipv4(_ address: UInt32, port: UInt16) -> Endpoint {
        Endpoint(family: .ipv4, port: port, low: UInt64(address))
    }
}
