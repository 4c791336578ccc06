import CLinux
import Synchronization

/// The paths of UNIX sockets that endpoints point to, each kept once and for the life of the process, so that an
/// `Endpoint` stays 24 trivial bytes. Bounded by the distinct paths that were ever configured.
enum SocketPaths {
    private static let known = Mutex<[String: UInt]>([:])

    /// The endpoint of a socket file.
    static func endpoint(_ path: String) -> Endpoint {
        let address = known.withLock { known -> UInt in
            if let address = known[path] { return address }
            let bytes = Array(path.utf8) + [0]
            // SAFETY: allocated once, never freed, written before it is shared.
            let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            for (index, byte) in bytes.enumerated() { unsafe memory[index] = CChar(bitPattern: byte) }
            let address = UInt(bitPattern: memory)
            known[path] = address
            return address
        }
        return Endpoint(family: .unix, port: 0, low: UInt64(address))
    }

    /// The path as C wants it; nil for other families and for unnamed peers.
    @unsafe
    static func pointer(_ endpoint: Endpoint) -> UnsafePointer<CChar>? {
        guard endpoint.family == .unix, endpoint.low != 0 else { return nil }
        // SAFETY: `low` of a unix endpoint was made by `endpoint(_:)` above and its memory lives for ever.
        return unsafe UnsafePointer(bitPattern: UInt(endpoint.low))
    }
}
