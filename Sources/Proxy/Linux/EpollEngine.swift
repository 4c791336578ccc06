import CLinux

/// Completion-shaped I/O over epoll(7): readiness is kept per descriptor, the engine does the read or write itself and
/// reports that it is done.
///
/// Each descriptor is registered once, edge-triggered and for both directions, so a proxied request costs no
/// epoll_ctl(2). What is known of a descriptor's readiness is kept between edges: a read that filled its buffer leaves
/// it readable, a short one proves it drained (unless the peer has ended, which only a further read tells); a short
/// write proves it full.
@safe
struct EpollEngine: Engine, ~Copyable {
    private struct Descriptor {
        var receive = Token.none
        var send = Token.none
        var connect = Token.none
        var slice = BufferSlice.none
        /// Distinguishes this use of the descriptor's number from earlier ones in reports of epoll.
        var generation: UInt32 = 0
        var isOpen = false
        /// The receive is for so many bytes at most, to be passed on.
        var passing: UInt32 = 0
        var isReadable = false
        var isWritable = false
        /// FIN or an error has been reported: reads go on until they say so themselves.
        var hasEnded = false
        var sendsMore = false
        /// In `ready` already.
        var isQueued = false
    }

    private let epoll: Int32
    private let wakeup: Int32
    private var descriptors: UnsafeMutablePointer<Descriptor>
    private var capacity: Int
    /// Descriptors whose pending receive can be tried without waiting.
    private var ready: [Int32] = []
    /// Completed, not yet reaped.
    private var done: [Completion] = []
    private var doneStart = 0
    private var hasSkippedWait = false
    /// Listeners that are armed, with their tokens.
    private var listeners: [(socket: Int32, token: Token)] = []
    private let events: UnsafeMutablePointer<clx_event>
    private var pipes = PipeStock()

    private static let eventsPerWait = 256
    /// Completions that were handed out stay in the array until it is empty. Under a load that never lets it be, they are
    /// moved out of it this many at a time, so that moving the rest costs little for each.
    private static let reapedMax = 4096
    /// Accepts in a row on one listener before the loop looks elsewhere: a connect storm must not starve who is in.
    private static let acceptsPerTurn = 64
    /// So many turns empty the longest queue that `clx_listen` asks for.
    private static let backlogTurns = 4096 / acceptsPerTurn + 1
    private static let wakeData = UInt64.max
    private static let listenerBit: UInt64 = 1 << 63

    init(wakeup: Int32) throws(IOFault) {
        epoll = clx_epoll_create()
        self.wakeup = wakeup
        capacity = 1024
        // SAFETY: descriptors are trivial and initialised here and in `reserve`; events are written by the kernel first.
        unsafe descriptors = .allocate(capacity: capacity)
        unsafe descriptors.initialize(repeating: Descriptor(), count: capacity)
        unsafe events = .allocate(capacity: Self.eventsPerWait)
        ready.reserveCapacity(1024)
        done.reserveCapacity(1024)
        guard epoll >= 0 else { throw IOFault(epoll) }
        let added = clx_epoll_add_level(epoll, wakeup, Self.wakeData)
        guard added >= 0 else { throw IOFault(added) }
    }

    deinit {
        unsafe descriptors.deallocate()
        unsafe events.deallocate()
        _ = clx_close(epoll)
    }

    var isQuiet: Bool { doneStart == done.count }

    /// Completions that take up memory, reaped or not.
    var queued: Int { done.count }

    mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool) {
        switch operation {
        case .receive(let socket, let passing):
            submitReceive(socket.raw, passing, token)
        case .send(let socket, let slice, let more):
            submitSend(socket.raw, slice, more, token, buffers)
        case .connect(let socket, let endpoint):
            submitConnect(socket.raw, endpoint, token)
        case .accept(let socket):
            submitAccept(socket.raw, token)
        case .acceptStop(let socket):
            stopAccepting(socket.raw)
        case .shutdown(let socket):
            _ = clx_shutdown_write(socket.raw)
        case .close(let socket):
            close(socket.raw)
        }
    }

    mutating func reap(into batch: inout CompletionBatch, timeoutNs: Int64, buffers: inout BufferPool) {
        receiveReady(&buffers)
        // Sends complete as they are submitted, so a turn after a busy one has work already. It may skip asking the
        // kernel, once: the next one asks whatever it has.
        if doneStart == done.count || hasSkippedWait {
            hasSkippedWait = false
            wait(doneStart == done.count ? timeoutNs : 0, &buffers)
            receiveReady(&buffers)
        } else {
            hasSkippedWait = true
        }
        while doneStart < done.count, !batch.isFull {
            batch.append(done[doneStart])
            doneStart += 1
        }
        if doneStart == done.count {
            done.removeAll(keepingCapacity: true)
            doneStart = 0
        } else if doneStart >= Self.reapedMax {
            done.removeSubrange(0..<doneStart)
            doneStart = 0
        }
    }

    // MARK: operations

    private mutating func submitReceive(_ fd: Int32, _ passing: UInt32, _ token: Token) {
        ensureRegistered(fd)
        let at = Int(fd)
        // SAFETY: ensureRegistered has made room for the descriptor's number; so below.
        unsafe precondition(descriptors[at].receive == .none, "two receives on one socket")
        unsafe descriptors[at].receive = token
        unsafe descriptors[at].passing = passing
        if unsafe descriptors[at].isReadable || descriptors[at].hasEnded { enqueue(fd) }
    }

    private mutating func enqueue(_ fd: Int32) {
        // SAFETY: only called for registered descriptors.
        guard unsafe !descriptors[Int(fd)].isQueued else { return }
        unsafe descriptors[Int(fd)].isQueued = true
        ready.append(fd)
    }

    private mutating func submitSend(
        _ fd: Int32,
        _ slice: BufferSlice,
        _ more: Bool,
        _ token: Token,
        _ buffers: borrowing BufferPool
    ) {
        precondition(!slice.isEmpty, "a send has at least one byte")
        ensureRegistered(fd)
        let at = Int(fd)
        unsafe precondition(descriptors[at].send == .none, "two sends on one socket")
        unsafe descriptors[at].send = token
        unsafe descriptors[at].slice = slice
        unsafe descriptors[at].sendsMore = more
        if unsafe descriptors[at].isWritable { trySend(fd, buffers) }
    }

    private mutating func trySend(_ fd: Int32, _ buffers: borrowing BufferPool) {
        let at = Int(fd)
        // SAFETY: the descriptor is registered; the slice is within its buffer (BufferPool made it), and the buffer is
        // the operation's until it completes.
        let slice = unsafe descriptors[at].slice
        let sent: Int
        if slice.buffer.isPipe {
            sent = unsafe pipes.send(fd, slice, more: descriptors[at].sendsMore)
        } else {
            let from = unsafe buffers.address(slice.buffer) + Int(slice.start)
            sent = unsafe clx_send(fd, from, Int(slice.count), descriptors[at].sendsMore)
        }
        if sent == CLX_AGAIN {
            unsafe descriptors[at].isWritable = false
            return
        }
        let token = unsafe descriptors[at].send
        unsafe descriptors[at].send = .none
        if sent < 0 {
            done.append(Completion(token, .failed(IOFault(Int32(sent)))))
            return
        }
        if sent < slice.count { unsafe descriptors[at].isWritable = false }
        done.append(Completion(token, .sent(UInt32(sent))))
    }

    private mutating func submitConnect(_ fd: Int32, _ endpoint: Endpoint, _ token: Token) {
        reserve(fd)
        let at = Int(fd)
        var address = clx_endpoint(endpoint)
        // SAFETY: the path, if any, is interned for the life of the process.
        let result = unsafe clx_connect(fd, &address, SocketPaths.pointer(endpoint))
        if result == CLX_IN_PROGRESS {
            // Registered only now: an unconnected socket would report that it hung up.
            let registered = ensureRegistered(fd)
            guard registered == 0 else {
                done.append(Completion(token, .failed(IOFault(registered))))
                return
            }
            unsafe descriptors[at].connect = token
            return
        }
        if result == 0 {
            let registered = ensureRegistered(fd)
            unsafe descriptors[at].isWritable = true
            done.append(Completion(token, registered == 0 ? .connected : .failed(IOFault(registered))))
        } else {
            unsafe descriptors[at].isOpen = true
            done.append(Completion(token, .failed(IOFault(connecting: result, to: endpoint))))
        }
    }

    private mutating func finishConnect(_ fd: Int32) {
        let at = Int(fd)
        let token = unsafe descriptors[at].connect
        unsafe descriptors[at].connect = .none
        let error = clx_socket_error(fd)
        done.append(Completion(token, error == 0 ? .connected : .failed(IOFault(error))))
    }

    private mutating func submitAccept(_ fd: Int32, _ token: Token) {
        precondition(!listeners.contains { $0.socket == fd }, "the listener is armed already")
        let added = clx_epoll_add_level(epoll, fd, Self.listenerBit | UInt64(fd))
        guard added >= 0 else {
            done.append(Completion(token, .failed(IOFault(added))))
            return
        }
        listeners.append((fd, token))
    }

    private mutating func stopAccepting(_ fd: Int32) {
        guard let index = listeners.firstIndex(where: { $0.socket == fd }) else { return }
        listeners.remove(at: index)
        _ = clx_epoll_remove(epoll, fd)
    }

    /// - Returns: whether the queue may hold more.
    @discardableResult
    private mutating func accept(_ fd: Int32) -> Bool {
        guard let token = listeners.first(where: { $0.socket == fd })?.token else { return false }
        for _ in 0..<Self.acceptsPerTurn {
            let got = clx_accept(fd)
            if got >= 0 {
                reserve(got)
                guard register(got) == 0 else {
                    // Without a report of its readiness it would never be served.
                    unsafe descriptors[Int(got)].isOpen = false
                    _ = clx_close(got)
                    continue
                }
                unsafe descriptors[Int(got)].isWritable = true
                done.append(Completion(token, .accepted(Socket(raw: got))))
                continue
            }
            switch Int(got) {
            case CLX_AGAIN: return false
            // The client gave up while it waited in the backlog: accept(2) says to go on.
            case CLX_ABORTED, CLX_INTERRUPTED, CLX_RESET, CLX_TIMED_OUT: continue
            default:
                stopAccepting(fd)
                done.append(Completion(token, .failed(IOFault(got))))
                return false
            }
        }
        return true
    }

    /// Takes everybody in who waits in the queue: closing the listener would reset them.
    private mutating func acceptRest(_ fd: Int32) {
        for _ in 0..<Self.backlogTurns {
            if !accept(fd) { return }
        }
    }

    private mutating func close(_ fd: Int32) {
        precondition(fd >= 0)
        if listeners.contains(where: { $0.socket == fd }) {
            acceptRest(fd)
            stopAccepting(fd)
        }
        if Int(fd) < capacity {
            let at = Int(fd)
            for token in unsafe [descriptors[at].receive, descriptors[at].send, descriptors[at].connect]
            where token != .none {
                done.append(Completion(token, .cancelled))
            }
            let generation = unsafe descriptors[at].generation &+ 1
            // A queued number stays queued: the queue's reader drops what has nothing pending.
            let isQueued = unsafe descriptors[at].isQueued
            unsafe descriptors[at] = Descriptor()
            unsafe descriptors[at].generation = generation
            unsafe descriptors[at].isQueued = isQueued
        }
        _ = clx_close(fd)
    }

    // MARK: readiness

    private mutating func wait(_ timeoutNs: Int64, _ buffers: inout BufferPool) {
        // SAFETY: the array has room for `eventsPerWait` events; the kernel tells how many it wrote.
        let count = unsafe clx_epoll_wait(epoll, events, Int32(Self.eventsPerWait), timeoutNs)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = unsafe events[index]
            if event.data == Self.wakeData {
                clx_eventfd_clear(wakeup)
                done.append(Completion(.wake, .woken))
            } else if event.data & Self.listenerBit != 0 {
                accept(Int32(truncatingIfNeeded: event.data & 0x7FFF_FFFF))
            } else {
                note(event, buffers)
            }
        }
    }

    private mutating func note(_ event: clx_event, _ buffers: borrowing BufferPool) {
        let fd = Int32(truncatingIfNeeded: event.data & 0x7FFF_FFFF)
        let at = Int(fd)
        let generation = UInt32(truncatingIfNeeded: event.data >> 32)
        guard at < capacity, unsafe descriptors[at].isOpen,
            unsafe descriptors[at].generation & 0x7FFF_FFFF == generation
        else { return }
        let flags = Int(event.flags)
        if flags & (CLX_ENDED | CLX_FAILED) != 0 { unsafe descriptors[at].hasEnded = true }
        if flags & (CLX_READABLE | CLX_ENDED | CLX_FAILED) != 0 {
            unsafe descriptors[at].isReadable = true
            if unsafe descriptors[at].receive != .none { enqueue(fd) }
        }
        if flags & (CLX_WRITABLE | CLX_FAILED) != 0 {
            if unsafe descriptors[at].connect != .none { finishConnect(fd) }
            unsafe descriptors[at].isWritable = true
            if unsafe descriptors[at].send != .none { trySend(fd, buffers) }
        }
    }

    private mutating func receiveReady(_ buffers: inout BufferPool) {
        guard !ready.isEmpty else { return }
        for index in 0..<ready.count {
            let fd = ready[index]
            let at = Int(fd)
            unsafe descriptors[at].isQueued = false
            guard unsafe descriptors[at].isOpen, unsafe descriptors[at].receive != .none,
                unsafe descriptors[at].isReadable || descriptors[at].hasEnded
            else { continue }
            if unsafe descriptors[at].passing > 0, receivePassing(fd, &buffers) { continue }
            let buffer = buffers.take()
            let room = buffers.receiveCapacity(buffer)
            // SAFETY: the buffer is fresh and as large as said.
            let got = unsafe clx_receive(fd, buffers.receiveAddress(buffer), room)
            if got == CLX_AGAIN {
                buffers.give(buffer)
                unsafe descriptors[at].isReadable = false
                // An end that a read does not see was an error report without an error: wait for the next edge.
                unsafe descriptors[at].hasEnded = false
                continue
            }
            let token = unsafe descriptors[at].receive
            unsafe descriptors[at].receive = .none
            if got > 0 {
                if got < room { unsafe descriptors[at].isReadable = false }
                done.append(Completion(token, .received(buffer, count: UInt32(got))))
            } else {
                buffers.give(buffer)
                done.append(Completion(token, got == 0 ? .ended : .failed(IOFault(Int32(got)))))
            }
        }
        ready.removeAll(keepingCapacity: true)
    }

    /// Receives into a pipe; false where that cannot be.
    private mutating func receivePassing(_ fd: Int32, _ buffers: inout BufferPool) -> Bool {
        let at = Int(fd)
        let token = unsafe descriptors[at].receive
        let outcome: Completion.Outcome
        switch pipes.receive(fd, atMost: unsafe descriptors[at].passing, &buffers) {
        // A pipe may be full before the socket is empty: only being told so proves that it is.
        case .received(let buffer, let count): outcome = .received(buffer, count: count)
        case .ended: outcome = .ended
        case .failed(let fault): outcome = .failed(fault)
        case .notYet:
            unsafe descriptors[at].isReadable = false
            unsafe descriptors[at].hasEnded = false
            return true
        case .useless: return false
        }
        unsafe descriptors[at].receive = .none
        done.append(Completion(token, outcome))
        return true
    }

    // MARK: the table

    /// - Returns: 0, or a negated errno when the kernel has no room for another registration.
    @discardableResult
    private mutating func ensureRegistered(_ fd: Int32) -> Int32 {
        reserve(fd)
        return unsafe descriptors[Int(fd)].isOpen ? 0 : register(fd)
    }

    /// As `ensureRegistered`, of a descriptor that is not registered.
    private mutating func register(_ fd: Int32) -> Int32 {
        let at = Int(fd)
        unsafe descriptors[at].isOpen = true
        let data = unsafe UInt64(descriptors[at].generation & 0x7FFF_FFFF) << 32 | UInt64(fd)
        return clx_epoll_add(epoll, fd, data)
    }

    private mutating func reserve(_ fd: Int32) {
        precondition(fd >= 0)
        guard Int(fd) >= capacity else { return }
        let larger = max(capacity * 2, Int(fd) + 1)
        // SAFETY: trivial elements move by copying; the rest is initialised.
        let grown = UnsafeMutablePointer<Descriptor>.allocate(capacity: larger)
        unsafe grown.moveInitialize(from: descriptors, count: capacity)
        unsafe grown.advanced(by: capacity).initialize(repeating: Descriptor(), count: larger - capacity)
        unsafe descriptors.deallocate()
        unsafe descriptors = grown
        capacity = larger
    }
}
