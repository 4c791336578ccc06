import Glibc
import Synchronization

/// The few socket calls that the harness needs, on 127.0.0.1.
enum Sockets {
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32

        init(_ call: String, _ code: Int32 = errno) {
            self.call = call
            self.code = code
        }

        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    private static func stream() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        return descriptor
    }

    static func set<Value: BitwiseCopyable>(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    private static func withAddress<Result>(
        port: UInt16,
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Result
    ) -> (result: Result, port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port.bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &size) }
        }
        return (result, UInt16(bigEndian: address.sin_port))
    }

    /// A socket bound to a free port, not listening yet.
    static func bound(reusesAddress: Bool = true) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = try stream()
        if reusesAddress { set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1)) }
        let (isBound, port) = withAddress(port: 0) { address, size in
            bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
        }
        guard isBound else {
            defer { close(descriptor) }
            throw Failure("bind")
        }
        return (descriptor, port)
    }

    /// A listening socket on a free port. Not to be shared: it has neither SO_REUSEADDR nor SO_REUSEPORT.
    static func listening() throws -> (descriptor: Int32, port: UInt16) {
        let (descriptor, port) = try bound(reusesAddress: false)
        // Whoever accepts holds a lock meanwhile, and a client may have gone since poll(2).
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        guard listen(descriptor, 512) == 0 else {
            defer { close(descriptor) }
            throw Failure("listen")
        }
        return (descriptor, port)
    }

    /// The next connection; nil when the listener was shut down.
    static func accepted(from listener: Int32) -> Int32? {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while true {
            if poll(&entry, 1, -1) < 0, errno != EINTR { return nil }
            let (descriptor, code) = ChildProcess.spawning.withLock { _ in
                let descriptor = accept(listener, nil, nil)
                let code = errno
                if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
                return (descriptor, code)
            }
            if descriptor >= 0 { return descriptor }
            guard [EAGAIN, EINTR, ECONNABORTED].contains(code) else { return nil }
        }
    }

    /// - Parameter receiveBytes: SO_RCVBUF, for a client that shall not take much in advance.
    static func connected(to port: UInt16, receiveBytes: Int32? = nil) throws -> Int32 {
        let descriptor = try stream()
        if let receiveBytes { set(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBytes) }
        let (result, _) = withAddress(port: port) { address, size in Glibc.connect(descriptor, address, size) }
        guard result == 0 else {
            let failure = Failure("connect to port \(port)")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// A connection to the unix socket at `path`.
    static func connected(toSocketAt path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard result == 0 else {
            let failure = Failure("connect to \(path)")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    static func accepts(_ port: UInt16) -> Bool {
        guard let descriptor = try? connected(to: port) else { return false }
        close(descriptor)
        return true
    }
}

/// A port that nobody else gets while this lives. Nothing listens on it, so connections to it are refused; a server that
/// sets SO_REUSEADDR, as most do, can still be started on it.
final class ReservedPort: Sendable {
    let number: UInt16
    private let descriptor: Int32

    init() throws { (descriptor, number) = try Sockets.bound() }

    deinit { close(descriptor) }
}
