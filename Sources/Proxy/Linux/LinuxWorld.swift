import CLinux

/// The real world: Linux's clocks, its random numbers and its sockets.
struct LinuxWorld<E: Engine & ~Copyable>: World, ~Copyable {
    private var engine: E
    package private(set) var now: Instant
    private var state: UInt64
    private var trimsAt: Instant

    private static var trimNs: UInt64 { 100_000_000 }
    /// The longest a loop sleeps: so that a watcher can tell an idle loop from a stuck one.
    private static var sleepNsMax: Int64 { 500_000_000 }

    /// - Parameter waker: what others raise to end this loop's wait.
    /// - Throws: what the kernel said when it gave no descriptor for the loop.
    init(waker: Waker) throws(IOFault) {
        engine = try E(wakeup: waker.descriptor)
        now = Instant(nanoseconds: clx_monotonic_ns())
        state = clx_random()
        trimsAt = now
    }

    /// All that has happened so far was told, and no listener is on its way out.
    var isQuiet: Bool { engine.isQuiet }

    package var wallClock: Int64 { clx_wall_ns() }

    /// SplitMix64 from a seed of getrandom(2): good enough for request ids and jitter, and never a system call.
    package mutating func entropy() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func open(_ endpoint: Endpoint) throws(IOFault) -> Socket {
        let descriptor = clx_socket(endpoint.family.clx)
        guard descriptor >= 0 else { throw IOFault(descriptor) }
        return Socket(raw: descriptor)
    }

    package func peer(of socket: Socket) -> Endpoint {
        var found = clx_endpoint()
        // SAFETY: the callee fills a local variable.
        guard unsafe clx_peer(socket.raw, &found) == 0 else { return .none }
        return found.endpoint
    }

    package func acknowledged(_ socket: Socket) -> UInt64? {
        let count = clx_bytes_acknowledged(socket.raw)
        return count < 0 ? nil : UInt64(count)
    }

    package func resetOnClose(_ socket: Socket) {
        // Where the kernel refuses, the connection is closed all the same.
        _ = clx_reset_on_close(socket.raw)
    }

    package mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool) {
        engine.submit(operation, token, buffers: buffers)
    }

    package mutating func reap(
        into batch: inout CompletionBatch,
        until deadline: Instant,
        buffers: inout BufferPool
    ) {
        now = Instant(nanoseconds: clx_monotonic_ns())
        let timeout = min(Int64(clamping: deadline.since(now)), Self.sleepNsMax)
        engine.reap(into: &batch, timeoutNs: timeout, buffers: &buffers)
        now = Instant(nanoseconds: clx_monotonic_ns())
        if now >= trimsAt {
            trimsAt = now + Self.trimNs
            buffers.trim()
        }
    }
}
