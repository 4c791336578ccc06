import Glibc
import Model
import Synchronization

/// Why the admin port cannot listen; a sentence for a person, with the way out.
package struct ListenFailure: Error, Equatable, CustomStringConvertible {
    package let message: String
    /// Another process has the address.
    let isTaken: Bool
    package var description: String { message }

    init(message: String, isTaken: Bool = false) {
        self.message = message
        self.isTaken = isTaken
    }
}

/// A socket that accepts admin connections; closed, and its unix path removed, when it is let go.
struct ListeningSocket: ~Copyable {
    let descriptor: Int32
    /// With the port that the kernel chose where 0 was asked for.
    let address: ListenAddress
    /// Device and inode of the unix socket's file, so that no successor's file is removed.
    private let file: FileIdentity?

    private struct FileIdentity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    /// Binds and listens; while the address is taken, tries again until the deadline.
    /// - Parameter waiting: called once, when the address is taken and is tried again.
    static func open(
        _ wanted: ListenAddress,
        until deadline: Deadline,
        waiting: () -> Void
    ) throws(ListenFailure) -> ListeningSocket {
        var pause: useconds_t = 5_000
        var isWaiting = false
        while true {
            do {
                return try ListeningSocket(wanted)
            } catch {
                guard error.isTaken, !deadline.hasPassed else { throw error }
                if !isWaiting { waiting() }
                isWaiting = true
                usleep(pause)
                pause = min(pause * 2, 200_000)
            }
        }
    }

    /// Binds and listens.
    init(_ wanted: ListenAddress) throws(ListenFailure) {
        switch wanted.place {
        case .network(let ip, let port):
            let descriptor = Self.make(Self.family(of: ip))
            guard descriptor >= 0 else { throw Self.failure(wanted, errno) }
            Sockets.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // [::] is both families, as for the listeners; any other IPv6 address is itself.
            if case .v6 = ip {
                Sockets.setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, ip.isUnspecified ? 0 : 1)
            }
            guard Self.bind(descriptor, ip, port) == 0, Glibc.listen(descriptor, Self.backlog) == 0 else {
                let code = errno
                close(descriptor)
                throw Self.failure(wanted, code)
            }
            self.descriptor = descriptor
            address = ListenAddress(place: .network(ip, port: Self.boundPort(descriptor) ?? port))
            file = nil
        case .unix(let path):
            let descriptor = Self.make(AF_UNIX)
            guard descriptor >= 0 else { throw Self.failure(wanted, errno) }
            // The file is born with the socket's mode, less the umask: never wider than 0660, not even for a moment.
            fchmod(descriptor, 0o660)
            var bound = Self.bind(descriptor, path)
            if bound != 0, errno == EADDRINUSE, Self.isStale(path) {
                // SAFETY: here and below, the path is a NUL-ended copy that lives for the call.
                _ = unsafe unlink(path)
                bound = Self.bind(descriptor, path)
            }
            guard bound == 0, unsafe chmod(path, 0o660) == 0, Glibc.listen(descriptor, Self.backlog) == 0 else {
                let code = errno
                close(descriptor)
                throw Self.failure(wanted, code)
            }
            self.descriptor = descriptor
            address = wanted
            file = Self.identity(of: path)
        }
    }

    /// Takes over a socket that listens at `address` already, non-blocking. Its unix path is not ours to remove.
    init(inherited descriptor: Int32, at address: ListenAddress) {
        self.descriptor = descriptor
        self.address = address
        file = nil
    }

    deinit {
        if case .unix(let path) = address.place, let file, Self.identity(of: path) == file {
            _ = unsafe unlink(path)
        }
        close(descriptor)
    }

    private static let backlog: Int32 = 128

    private static func make(_ family: Int32) -> Int32 {
        socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    }

    private static func family(of ip: IPAddress) -> Int32 {
        switch ip {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    private static func failure(_ address: ListenAddress, _ code: Int32) -> ListenFailure {
        let why: String
        switch code {
        case EADDRINUSE: why = "is taken by another process: stop that one, or choose another with --admin ADDR"
        case EACCES: why = "is not permitted for this user: choose a port above 1023 or another place with --admin ADDR"
        case EADDRNOTAVAIL: why = "is not an address of this machine: choose one that is with --admin ADDR"
        case ENOENT:
            why = "is in a directory that does not exist: make the directory, or choose another with --admin ADDR"
        default: why = "cannot be listened on (\(Sockets.reason(code))): choose another with --admin ADDR"
        }
        return ListenFailure(message: "the admin address \(address) \(why)", isTaken: code == EADDRINUSE)
    }

    // SAFETY: of everything below: each C call gets the address and size of a local of exactly that type, and reads or writes
    // it within the call; paths are passed as NUL-ended copies that live for the call.

    private static func bind(_ descriptor: Int32, _ ip: IPAddress, _ port: UInt16) -> Int32 {
        switch ip {
        case .v4(let value):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = value.bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(descriptor, $0, size)
                }
            }
        case .v6(let high, let low):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(descriptor, $0, size)
                }
            }
        }
    }

    private static func bind(_ descriptor: Int32, _ path: String) -> Int32 {
        var address = unixAddress(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(descriptor, $0, size) }
        }
    }

    /// Whether the path is a socket that nobody listens on any longer.
    private static func isStale(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        let probe = make(AF_UNIX)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        var address = unixAddress(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(probe, $0, size) }
        }
        let isRefused = code != 0 && errno == ECONNREFUSED
        if !isRefused { errno = EADDRINUSE }
        return isRefused
    }

    /// `ListenAddress` bounds the path, so that it and its NUL fit.
    private static func unixAddress(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { unsafe bytes[index] = byte }
        }
        return address
    }

    private static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16? {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        // The port stands at the same place in both families' addresses.
        return code == 0 ? UInt16(bigEndian: address.sin6_port) : nil
    }
}

/// What came of waiting for bytes.
enum Received: Equatable {
    case bytes
    /// The peer will send no more.
    case end
    case timedOut
    /// The server stops.
    case stopped
    /// The connection is broken.
    case failed
}

/// One accepted connection, read and written with deadlines; closed when it is let go.
struct Connection: ~Copyable {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Appends at least one and at most `limit` bytes to `buffer`.
    ///
    /// - Parameter alarm: A descriptor that becomes readable when the wait has to end; nil waits for the peer alone.
    func receive(into buffer: inout [UInt8], limit: Int, until deadline: Deadline, alarm: Int32?) -> Received {
        while true {
            // SAFETY: `chunk` has `limit` bytes of room, and recv reports how many of them it wrote.
            var chunk = [UInt8](repeating: 0, count: limit)
            let count = unsafe recv(descriptor, &chunk, limit, 0)
            if count > 0 {
                buffer.append(contentsOf: chunk[..<count])
                return .bytes
            }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return .failed }
            guard !deadline.hasPassed else { return .timedOut }
            let ready = Sockets.wait(for: descriptor, Int16(POLLIN), alarm: alarm, until: deadline)
            if ready.alarm { return .stopped }
        }
    }

    /// Sends all of `bytes`; false when the peer is gone or takes them too slowly.
    func send(_ bytes: [UInt8], until deadline: Deadline) -> Bool { send([bytes], until: deadline) }

    /// Sends all of `pieces`, one behind the other, as `send` does.
    func send(_ pieces: [[UInt8]], until deadline: Deadline) -> Bool {
        let pieces = pieces.filter { !$0.isEmpty }
        for (index, piece) in pieces.enumerated() {
            // MSG_NOSIGNAL: a peer that is gone is an error here and no SIGPIPE for the process. MSG_MORE: what follows
            // goes into the same segment.
            let flags = Int32(MSG_NOSIGNAL) | (index < pieces.count - 1 ? Int32(MSG_MORE) : 0)
            guard send(piece, flags: flags, until: deadline) else { return false }
        }
        return true
    }

    private func send(_ bytes: [UInt8], flags: Int32, until deadline: Deadline) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the pointer covers `rest`, which is not changed during the call.
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            if count < 0, errno == EINTR { continue }
            guard count < 0, errno == EAGAIN, !deadline.hasPassed else { return false }
            _ = Sockets.wait(for: descriptor, Int16(POLLOUT), alarm: nil, until: deadline)
        }
        return true
    }

    /// Sends no more, and reads away what the peer still sends: closing over unread bytes would answer them with a
    /// reset, which can overtake the answer (RFC 9112 §9.6).
    func linger(bytesMax: Int, until deadline: Deadline) {
        shutdown(descriptor, Int32(SHUT_WR))
        var count = 0
        while count < bytesMax {
            var sink: [UInt8] = []
            guard receive(into: &sink, limit: 64 * 1024, until: deadline, alarm: nil) == .bytes else { return }
            count += sink.count
        }
    }
}

/// What ended a wait for something to tell a peer.
enum News: Equatable {
    case news
    /// The peer has closed.
    case gone
    /// The server stops.
    case stopped
    case timedOut
}

extension Connection {
    /// Waits until the bell rings, the peer closes, the alarm rings, or the deadline passes.
    func awaitNews(bell: Int32, alarm: Int32, until deadline: Deadline) -> News {
        Sockets.awaitNews(for: descriptor, bell: bell, alarm: alarm, until: deadline)
    }
}

/// The calls that need no owner.
enum Sockets {
    /// What `accept4(2)` gave: a descriptor, or the code of the error.
    enum Accepted {
        case connection(Int32)
        case error(Int32)
    }

    // SAFETY: of everything below: each C call gets locals of the type and size it is told, and uses them within the call.

    static func accept(_ listener: Int32) -> Accepted {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return .error(errno) }
        makeOwn(descriptor)
        // An answer is one write; waiting for the acknowledgement of the last would only delay it.
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return .connection(descriptor)
    }

    /// Not for child processes, and never blocking by itself (`accept4(2)` is out of Swift's sight).
    static func makeOwn(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// Who is at the other end: an IP address, or `uid N` on a unix socket.
    static func peer(of descriptor: Int32) -> String {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(descriptor, $0, &size)
            }
        }
        guard code == 0 else { return "unknown" }
        if let text = text(of: address) { return text }
        // struct ucred of unix(7): pid, uid, gid.
        var credentials: [UInt32] = [0, 0, 0]
        size = socklen_t(12)
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        return status == 0 ? "uid \(credentials[1])" : "unknown"
    }

    /// The address of this machine that a connection came in on; nil on a unix socket.
    static func localAddress(of descriptor: Int32) -> String? {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        // A connection whose address is not to be had is no unix socket: those always tell.
        return code == 0 ? text(of: address) : "unknown"
    }

    /// Nil for an address that is not of a network.
    private static func text(of address: sockaddr_in6) -> String? {
        switch Int32(address.sin6_family) {
        case AF_INET6:
            let (high, low) = unsafe withUnsafeBytes(of: address.sin6_addr) { bytes in
                unsafe (bytes.load(as: UInt64.self), bytes.load(fromByteOffset: 8, as: UInt64.self))
            }
            // A socket of both families has IPv4 peers too.
            return "\(IPAddress.v6(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)).unmapped)"
        case AF_INET:
            // The IPv4 address of sockaddr_in stands where sockaddr_in6 has its flow label.
            return "\(IPAddress.v4(UInt32(bigEndian: address.sin6_flowinfo)))"
        default: return nil
        }
    }

    static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Waits until one of the descriptors is readable; which ones are, in their order.
    static func waitForAny(_ descriptors: [Int32], until deadline: Deadline?) -> [Bool] {
        var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let code = unsafe poll(&items, nfds_t(items.count), deadline?.milliseconds ?? -1)
        return items.map { code > 0 && $0.revents != 0 }
    }

    /// Waits until `descriptor` has one of `events` (or is broken), the alarm rings, or the deadline passes.
    static func wait(
        for descriptor: Int32,
        _ events: Int16,
        alarm: Int32?,
        until deadline: Deadline
    ) -> (ready: Bool, alarm: Bool) {
        var items = [pollfd(fd: descriptor, events: events, revents: 0)]
        if let alarm { items.append(pollfd(fd: alarm, events: Int16(POLLIN), revents: 0)) }
        guard unsafe poll(&items, nfds_t(items.count), deadline.milliseconds) > 0 else { return (false, false) }
        return (items[0].revents != 0, items.count > 1 && items[1].revents != 0)
    }

    /// Whether the peer has closed its side or the connection is broken.
    static func isAbandoned(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: peerClosed, revents: 0)
        guard unsafe poll(&item, 1, 0) > 0 else { return false }
        return item.revents & (peerClosed | Int16(POLLHUP) | Int16(POLLERR)) != 0
    }

    /// See `Connection.awaitNews`.
    static func awaitNews(for descriptor: Int32, bell: Int32, alarm: Int32, until deadline: Deadline) -> News {
        var items = [
            pollfd(fd: descriptor, events: peerClosed, revents: 0),
            pollfd(fd: alarm, events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
        ]
        guard unsafe poll(&items, nfds_t(items.count), deadline.milliseconds) > 0 else {
            return deadline.hasPassed ? .timedOut : .news
        }
        if items[0].revents != 0 { return .gone }
        return items[1].revents != 0 ? .stopped : .news
    }

    /// POLLRDHUP of poll(2), which the C library shows to GNU programs only; the same on all of Linux's machines but
    /// SPARC.
    private static let peerClosed: Int16 = 0x2000

    static func cut(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_RDWR)) }

    static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// A bell that, once rung, rings for ever for everyone who polls it (`pipe(2)`).
final class Alarm: Sendable {
    let descriptor: Int32
    private let rope: Int32

    /// Nil when there is no descriptor left.
    init?() {
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe writes two descriptors, for which there is room.
        let code = unsafe pipe(&ends)
        descriptor = ends[0]
        rope = ends[1]
        guard code == 0 else { return nil }
        Sockets.makeOwn(descriptor)
        Sockets.makeOwn(rope)
    }

    deinit {
        close(descriptor)
        close(rope)
    }

    func ring() {
        // SAFETY: one byte is read from the array. Nobody ever reads the pipe, so it stays readable.
        _ = unsafe write(rope, [1] as [UInt8], 1)
    }
}

/// A bell for one listener, which polls it and silences it (`pipe(2)`).
final class Doorbell: Sendable {
    let descriptor: Int32
    private let rope: Int32
    /// Whether a byte is in the pipe: there is never more than one.
    private let isRinging = Mutex(false)

    /// Nil when there is no descriptor left.
    init?() {
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe writes two descriptors, for which there is room.
        let code = unsafe pipe(&ends)
        descriptor = ends[0]
        rope = ends[1]
        guard code == 0 else { return nil }
        Sockets.makeOwn(descriptor)
        Sockets.makeOwn(rope)
    }

    deinit {
        close(descriptor)
        close(rope)
    }

    func ring() {
        isRinging.withLock { isRinging in
            guard !isRinging else { return }
            isRinging = true
            // SAFETY: one byte is read from the array.
            _ = unsafe write(rope, [1] as [UInt8], 1)
        }
    }

    /// Before looking for what it was rung for: what comes after that rings it again.
    func clear() {
        isRinging.withLock { isRinging in
            guard isRinging else { return }
            isRinging = false
            var byte: UInt8 = 0
            // SAFETY: one byte is written to the local.
            _ = unsafe read(descriptor, &byte, 1)
        }
    }
}
