import Glibc
import Model

/// Three tiny HTTP/1.1 backends in this process, for looking around without having any.
///
/// Each answers every request with `hello from NAME`. They have threads and blocking sockets of their own and know
/// nothing of the balancer, which meets them over TCP like any other backend.
final class DemoBackends {
    static let names = ["demo-1", "demo-2", "demo-3"]
    static let firstPort: UInt16 = 8080
    /// How many ports are tried, from the first one on, before giving up.
    private static let portsTried = 200

    /// Why there is no demo, in words.
    struct Failure: Error {
        let text: String
    }

    /// Starts all three on 127.0.0.1 and returns where they are; they run until the process ends.
    ///
    /// They take 8080, 8081 and 8082, or the next free ports; with a `firstPort` of 0 the kernel chooses. `say` receives
    /// a line, without its end, for each that is not where one would look for it. Throws `Failure`.
    static func start(
        firstPort: UInt16 = firstPort,
        say: (String) -> Void = { System.write($0 + "\n", to: STDERR_FILENO) }
    ) throws -> [(name: String, url: BackendURL)] {
        var started: [(name: String, url: BackendURL)] = []
        var next = firstPort
        for (index, name) in names.enumerated() {
            let (listener, port) = try listen(from: next)
            if firstPort != 0 {
                let wanted = firstPort + UInt16(index)
                if port != wanted { say("port \(wanted) is taken, so \(name) is on \(port)") }
                next = port + 1
            }
            started.append((name, try BackendURL("http://127.0.0.1:\(port)")))
            DemoListener(descriptor: listener, name: name).start()
        }
        return started
    }

    /// A listening socket on the first free port.
    private static func listen(from first: UInt16) throws -> (descriptor: Int32, port: UInt16) {
        for candidate in Int(first)...(first == 0 ? 0 : min(Int(first) + portsTried, 65535)) {
            let descriptor = try loopbackSocket()
            // SAFETY: an IPv4 address is read as the sockaddr it is, with its own length.
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(candidate).bigEndian)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                    return unsafe bind(descriptor, generic, size) == 0 && Glibc.listen(descriptor, 512) == 0
                        && getsockname(descriptor, generic, &size) == 0
                }
            }
            if isBound { return (descriptor, UInt16(bigEndian: address.sin_port)) }
            let code = errno
            close(descriptor)
            guard code == EADDRINUSE else {
                throw Failure(text: "port \(candidate) of 127.0.0.1: \(System.Failure(code: code).text)")
            }
        }
        throw Failure(text: "no free port from \(first) on")
    }

    private static func loopbackSocket() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(text: "a socket: \(System.Failure(code: errno).text)") }
        // A port whose last connections are still in TIME_WAIT is free for a listener.
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1))
        return descriptor
    }

    fileprivate static func setOption<Value: BitwiseCopyable>(
        _ descriptor: Int32,
        _ level: Int32,
        _ option: Int32,
        _ value: Value
    ) {
        var value = value
        // SAFETY: the kernel reads as many bytes as the value has.
        unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }
}

/// One demo backend: the thread that accepts, and one thread for each connection.
@safe
private final class DemoListener: Sendable {
    private let descriptor: Int32
    private let answer: [UInt8]
    private let bodyBytes: Int
    private let refusal = Array(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8
    )
    private let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Threads of all three together stay below what a small machine gives a process.
    private static let connectionsMax: UInt32 = 1024
    private static let idleSeconds = 120
    private static let stackBytes = 256 * 1024

    /// Connections that may still begin.
    ///
    /// Semaphores are made to be used by several threads.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<sem_t>

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        let body = "hello from \(name)\n"
        bodyBytes = body.utf8.count
        answer = Array(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(bodyBytes)\r\n\r\n\(body)".utf8
        )
        // SAFETY: never freed, as the listener is never stopped.
        unsafe slots = .allocate(capacity: 1)
        unsafe sem_init(slots, 0, Self.connectionsMax)
    }

    func start() {
        let isStarted = DemoThread.start(stackBytes: Self.stackBytes) { self.accept() }
        precondition(isStarted, "no thread for a demo backend")
    }

    private func accept() -> Never {
        while true {
            // At the bound new connections wait in the kernel's queue.
            unsafe sem_wait(slots)
            let connection = Glibc.accept(descriptor, nil, nil)
            var isTaken = false
            if connection >= 0 {
                isTaken = DemoThread.start(stackBytes: Self.stackBytes) {
                    self.serve(connection)
                    close(connection)
                    unsafe sem_post(self.slots)
                }
                if !isTaken { close(connection) }
            }
            if !isTaken {
                // Out of descriptors or threads: the next try shall not be at once, or it would be a busy loop.
                if connection < 0, errno == EMFILE || errno == ENFILE { usleep(10_000) }
                unsafe sem_post(slots)
            }
        }
    }

    /// Answers requests until the client is done, silent for too long, or not speaking HTTP.
    private func serve(_ connection: Int32) {
        DemoBackends.setOption(connection, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: Self.idleSeconds, tv_usec: 0))
        DemoBackends.setOption(connection, SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: Self.idleSeconds, tv_usec: 0))
        DemoBackends.setOption(connection, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        var request = DemoRequest()
        while true {
            // SAFETY: recv(2) writes at most `count` bytes into the block it is lent.
            let count = unsafe block.withUnsafeMutableBytes { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var rest = block[..<count]
            while !rest.isEmpty {
                rest = rest.dropFirst(request.take(rest))
                if request.expectsContinue {
                    guard send(goOn[...], to: connection) else { return }
                }
                switch request.state {
                case .complete:
                    let bytes = request.isHead ? answer.dropLast(bodyBytes) : answer[...]
                    guard send(bytes, to: connection), request.mayKeepAlive else { return }
                    request = DemoRequest()
                case .malformed:
                    _ = send(refusal[...], to: connection)
                    return
                case .head, .body, .chunkSize, .chunk, .trailers:
                    break
                }
            }
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>, to connection: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            // SAFETY: send(2) reads at most `count` bytes of the slice it is lent.
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// A detached thread that runs a closure, with every signal left to the threads that wait for them.
private enum DemoThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// False when the system has no thread left.
    static func start(stackBytes: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        let work = unsafe Unmanaged.passRetained(Work(body))
        // SAFETY: the attributes live on this stack between init and destroy; the thread takes over the reference to
        // `work`, or, when there is no thread, it is released here.
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        // A thread starts with its creator's mask, so a signal can come to it at no time.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        if code != 0 { unsafe work.release() }
        return code == 0
    }
}
