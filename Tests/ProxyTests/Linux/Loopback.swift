import Glibc
import HTTPWire
import Testing

@testable import Proxy

/// Each engine that a worker may run on.
enum EngineUnderTest: String, CaseIterable {
    case epoll
    case ioUring

    /// Those that this kernel allows. A sandbox without io_uring tests the other one.
    static let allowed = allCases.filter { $0 == .epoll || UringEngine.refusal() == nil }

    func bench() throws -> RealBench {
        switch self {
        case .epoll: try EngineBench<EpollEngine>()
        case .ioUring: try EngineBench<UringEngine>()
        }
    }
}

/// The real world with its pool, driven a reap at a time.
class RealBench {
    var buffers = BufferPool()
    let waker: Waker
    /// What has completed, oldest first.
    fileprivate(set) var completions: [Completion] = []

    fileprivate init(waker: Waker) { self.waker = waker }

    deinit { close(waker.descriptor) }

    // What the world does, whichever engine it has.
    var now: Instant { fatalError("a world's") }
    var wallClock: Int64 { fatalError("a world's") }
    func entropy() -> UInt64 { fatalError("a world's") }
    func open(_ endpoint: Endpoint) throws -> Socket { fatalError("a world's") }
    func peer(of socket: Socket) -> Endpoint { fatalError("a world's") }
    func submit(_ operation: Operation, _ token: Token) { fatalError("a world's") }
    fileprivate func reap(into batch: inout CompletionBatch, until deadline: Instant) { fatalError("a world's") }

    func submit(_ operation: Operation, _ slot: UInt32, _ kind: Token.Kind = .upstreamReceive) {
        submit(operation, Token(kind, slot: slot, generation: 1))
    }

    /// Reaps what is there, waiting at most `ns` for it.
    func reap(waiting ns: UInt64 = 0, capacity: Int = 512) {
        var batch = CompletionBatch(capacity: capacity)
        reap(into: &batch, until: now + ns)
        for index in 0..<batch.count { completions.append(batch[index]) }
    }

    /// Reaps until `count` operations have completed; a test that waits in vain fails after ten seconds.
    func reap(until count: Int, _ location: SourceLocation = #_sourceLocation) {
        let start = now
        while completions.count < count, now.since(start) < 10_000_000_000 { reap(waiting: 1_000_000_000) }
        #expect(completions.count >= count, "in vain", sourceLocation: location)
    }

    /// Reaps once more, for long enough that what is on its way arrives, and expects nothing.
    func expectSilence(_ location: SourceLocation = #_sourceLocation) {
        reap()
        reap(waiting: 20_000_000)
        reap()
        #expect(completions.isEmpty, sourceLocation: location)
        completions = []
    }

    /// The next completion, as text: its slot and what came.
    func next(_ location: SourceLocation = #_sourceLocation) -> String {
        reap(until: 1, location)
        guard !completions.isEmpty else { return "nothing" }
        let completion = completions.removeFirst()
        let slot = completion.token.slot
        switch completion.outcome {
        case .woken: return "woken"
        case .accepted(let socket):
            accepted = socket
            return "\(slot) accepted"
        case .connected: return "\(slot) connected"
        case .received(let buffer, let count) where buffer.isPipe:
            piped = BufferSlice(received: count, in: buffer)
            return "\(slot) piped \(count)"
        case .received(let buffer, let count):
            let text = String(decoding: buffers.array(BufferSlice(received: count, in: buffer)), as: UTF8.self)
            buffers.give(buffer)
            return "\(slot) received \(text.utf8.count > 100 ? "\(text.utf8.count)" : text)"
        case .ended: return "\(slot) ended"
        case .sent(let count): return "\(slot) sent \(count)"
        case .failed(let fault): return "\(slot) failed \(fault)"
        case .cancelled: return "\(slot) cancelled"
        }
    }

    /// The next `count` completions, whatever their order.
    func nextSorted(_ count: Int, _ location: SourceLocation = #_sourceLocation) -> [String] {
        (0..<count).map { _ in next(location) }.sorted()
    }

    /// The socket that the last `accepted` brought.
    var accepted = Socket.none
    /// What the last `piped` brought.
    var piped = BufferSlice.none

    /// A connection over TCP to `listener`, both its ends.
    func connection(to listener: LoopbackListener) -> Pair {
        let theirs = listener.connect()
        #expect(next() == "0 accepted")
        return Pair(ours: accepted, theirs: theirs)
    }
}

private final class EngineBench<E: Engine & ~Copyable>: RealBench {
    // Ends before the buffers do, which are the superclass's.
    private var world: LinuxWorld<E>

    init() throws {
        let waker = try Waker()
        world = try LinuxWorld<E>(waker: waker)
        super.init(waker: waker)
    }

    override var now: Instant { world.now }
    override var wallClock: Int64 { world.wallClock }
    override func entropy() -> UInt64 { world.entropy() }
    override func open(_ endpoint: Endpoint) throws -> Socket { try world.open(endpoint) }
    override func peer(of socket: Socket) -> Endpoint { world.peer(of: socket) }
    override func submit(_ operation: Operation, _ token: Token) {
        world.submit(operation, token, buffers: buffers)
    }
    override func reap(into batch: inout CompletionBatch, until deadline: Instant) {
        world.reap(into: &batch, until: deadline, buffers: &buffers)
    }
}

/// A listener on a free port of 127.0.0.1.
struct LoopbackListener {
    let descriptor: Int32
    let endpoint: Endpoint

    init(backlog: Int32 = 64) {
        let made = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(made, $0, length) == 0)
                precondition(listen(made, backlog) == 0)
                precondition(getsockname(made, $0, &length) == 0)
            }
        }
        descriptor = made
        endpoint = .ipv4(0x7F00_0001, port: UInt16(bigEndian: address.sin_port))
    }

    var socket: Socket { Socket(raw: descriptor) }

    /// A client of it, connected (or, with a full backlog, on its way) and blocking.
    func connect(blocking: Bool = true) -> Int32 {
        let client = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | (blocking ? 0 : O_NONBLOCK), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = endpoint.port.bigEndian
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                let result = Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                precondition(result == 0 || !blocking)
            }
        }
        return client
    }
}

/// Two ends of one connection: the world's, and a blocking one of the test's.
struct Pair {
    let ours: Socket
    let theirs: Int32

    init(ours: Socket, theirs: Int32) {
        self.ours = ours
        self.theirs = theirs
    }

    init(sendBytes: Int32? = nil) {
        var ends: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        if var sendBytes {
            setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &sendBytes, socklen_t(MemoryLayout<Int32>.size))
        }
        ours = Socket(raw: ends[0])
        theirs = ends[1]
    }

    func say(_ text: String) { speak(theirs, text) }
    func hang() { close(theirs) }
}

/// Writes all of `text` to a blocking descriptor.
func speak(_ descriptor: Int32, _ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        precondition(count > 0)
        bytes = bytes.dropFirst(count)
    }
}

/// Reads `count` bytes from a blocking descriptor, fewer at its end.
func hear(_ descriptor: Int32, _ count: Int) -> [UInt8] {
    var heard: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65_536)
    while heard.count < count {
        let got = recv(descriptor, &room, min(room.count, count - heard.count), 0)
        guard got > 0 else { return heard }
        heard += room[..<got]
    }
    return heard
}

/// Closes with a reset instead of a FIN.
func reset(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
}
