import CLinux

/// Completion-shaped I/O over io_uring(7): operations are written to a ring and handed over together, once a turn.
///
/// - An idle connection's receive polls first and takes a buffer from the `BufferStock` only when there are bytes.
/// - A descriptor is closed once its operations have come back, each cancelled: the kernel may be writing to or reading
///   from a buffer until then, and no other connection gets the descriptor's number.
/// - Connecting and accepting what is left of a closed listener are done at once; they are rare.
@safe
struct UringEngine: Engine, ~Copyable {
    private struct Descriptor {
        var receive = Token.none
        var send = Token.none
        var connect = Token.none
        var isClosing = false
        /// The last receive left something behind, so the next one need not wait for a sign.
        var hasMore = false
        /// The receive is for so many bytes at most, to be passed on: it waits for readiness, and then fills a pipe.
        var passing: UInt32 = 0
        /// The send is of a pipe, for which it waits until there is room.
        var passes = BufferSlice.none
        var passesMore = false

        var isPending: Bool { receive != .none || send != .none || connect != .none }
    }

    private struct Listener {
        let socket: Int32
        var token: Token
        /// An accept is under way in the kernel.
        var isArmed = false
        /// Somebody wants its connections.
        var isWanted = false
        var isClosing = false
        /// Distinguishes accepts that were cancelled from the one under way.
        var generation: UInt32 = 0
    }

    /// What a completion is of; the top byte of the user data. The descriptor is the lower half, and the generation of
    /// an accept is between.
    private enum Kind: UInt64 {
        case receive = 1
        case send
        case receiveReadiness
        case sendReadiness
        case connect
        case accept
        case wake
        case cancel
        case close
    }

    private var ring: Uring
    private var stock: BufferStock
    private var pipes = PipeStock()
    private let wakeup: Int32
    private var descriptors: UnsafeMutablePointer<Descriptor>
    private var capacity: Int
    private var listeners: [Listener] = []
    /// Completed at once, not yet reaped.
    private var done: [Completion] = []
    private var doneStart = 0

    /// So many accepts empty the longest queue that `clx_listen` asks for.
    private static let backlogMax = 4097

    init(wakeup: Int32) throws(IOFault) {
        let ring = try Self.ring()
        let stock = BufferStock(group: 0)
        let registered = stock.register(with: ring)
        guard registered == 0 else { throw IOFault(registered) }
        self.ring = ring
        self.stock = stock
        self.wakeup = wakeup
        capacity = 1024
        // SAFETY: descriptors are trivial and initialised here and in `reserve`.
        unsafe descriptors = .allocate(capacity: capacity)
        unsafe descriptors.initialize(repeating: Descriptor(), count: capacity)
        done.reserveCapacity(64)
        awaitWake()
    }

    private static func ring() throws(IOFault) -> Uring {
        do {
            return try Uring()
        } catch {
            throw IOFault(error.error)
        }
    }

    deinit { unsafe descriptors.deallocate() }

    /// Why the kernel has no use for this engine; nil when it has all that it needs. Makes rings and drops them.
    /// - Parameter workers: how many rings must be possible at a time.
    static func refusal(workers: Int = 1) -> String? {
        clx_raise_locked_memory_limit()
        do {
            let ring = try Uring()
            let stock = BufferStock(group: 0)
            let registered = stock.register(with: ring)
            guard registered == 0 else { return words(for: registered) }
            return withExtendedLifetime(ring) { workers > 1 ? refusal(workers: workers - 1) : nil }
        } catch {
            return words(for: error.error)
        }
    }

    private static func words(for error: Int32) -> String {
        switch Int(error) {
        case CLX_NO_SUCH_SYSTEM_CALL: "this kernel or sandbox has no io_uring"
        case CLX_NOT_PERMITTED, CLX_NO_PERMISSION:
            "not permitted: by the sandbox, or by the setting kernel.io_uring_disabled"
        case CLX_INVALID: "the kernel's io_uring is too old: it takes Linux 6.1"
        case CLX_NO_MEMORY: "too little memory may be locked: raise the limit (ulimit -l, or LimitMEMLOCK= of the unit)"
        // SAFETY: strerrordesc_np(3) points to static text.
        default: unsafe String(cString: clx_error_text(error))
        }
    }

    var isQuiet: Bool { doneStart == done.count && !ring.hasCompletions && !listeners.contains { $0.isClosing } }

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
        stock.fill(&buffers)
        let isBusy = doneStart < done.count || ring.hasCompletions
        ring.enter(timeoutNs: isBusy ? 0 : max(timeoutNs, 0))
        while doneStart < done.count, !batch.isFull {
            batch.append(done[doneStart])
            doneStart += 1
        }
        if doneStart == done.count, doneStart > 0 {
            done.removeAll(keepingCapacity: true)
            doneStart = 0
        }
        while !batch.isFull, let completion = ring.next() { complete(completion, &batch, &buffers) }
        ring.release()
    }

    // MARK: operations

    private static func userData(_ kind: Kind, _ fd: Int32, generation: UInt32 = 0) -> UInt64 {
        kind.rawValue << 56 | UInt64(generation & 0xFF_FFFF) << 32 | UInt64(UInt32(bitPattern: fd))
    }

    private mutating func submitReceive(_ fd: Int32, _ passing: UInt32, _ token: Token) {
        reserve(fd)
        let at = Int(fd)
        // SAFETY: `reserve` has made room for the descriptor's number; so below.
        unsafe precondition(descriptors[at].receive == .none, "two receives on one socket")
        unsafe precondition(!descriptors[at].isClosing, "a closed socket receives nothing")
        unsafe descriptors[at].receive = token
        unsafe descriptors[at].passing = passing
        if passing > 0 {
            poll(fd, clx_poll_readable(), Self.userData(.receiveReadiness, fd))
        } else {
            askForBytes(fd)
        }
    }

    @inline(always)
    private mutating func askForBytes(_ fd: Int32) {
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_RECEIVE)
        submission.flags = UInt8(CLX_SUBMIT_SELECT_BUFFER)
        if unsafe !descriptors[Int(fd)].hasMore { submission.options = UInt16(CLX_RECEIVE_POLL_FIRST) }
        submission.fd = fd
        submission.buffer_group = stock.group
        submission.user_data = Self.userData(.receive, fd)
        ring.submit(submission)
    }

    private mutating func submitSend(
        _ fd: Int32,
        _ slice: BufferSlice,
        _ more: Bool,
        _ token: Token,
        _ buffers: borrowing BufferPool
    ) {
        precondition(!slice.isEmpty, "a send has at least one byte")
        reserve(fd)
        let at = Int(fd)
        unsafe precondition(descriptors[at].send == .none, "two sends on one socket")
        unsafe precondition(!descriptors[at].isClosing, "a closed socket sends nothing")
        unsafe descriptors[at].send = token
        if slice.buffer.isPipe {
            unsafe descriptors[at].passes = slice
            unsafe descriptors[at].passesMore = more
            return sendPassing(fd)
        }
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_SEND)
        submission.fd = fd
        // SAFETY: the slice is within its buffer (BufferPool made it), and the buffer is the operation's until it
        // completes, which a close waits for.
        unsafe submission.address = UInt64(UInt(bitPattern: buffers.address(slice.buffer) + Int(slice.start)))
        submission.length = slice.count
        submission.operation_flags = clx_send_flags(more ? 1 : 0)
        submission.user_data = Self.userData(.send, fd)
        ring.submit(submission)
    }

    /// Sends what is in a pipe, or waits for room.
    private mutating func sendPassing(_ fd: Int32) {
        let at = Int(fd)
        let sent = unsafe pipes.send(fd, descriptors[at].passes, more: descriptors[at].passesMore)
        if sent == CLX_AGAIN { return poll(fd, clx_poll_writable(), Self.userData(.sendReadiness, fd)) }
        let token = unsafe descriptors[at].send
        unsafe descriptors[at].send = .none
        unsafe descriptors[at].passes = .none
        done.append(Completion(token, sent >= 0 ? .sent(UInt32(sent)) : .failed(IOFault(Int32(sent)))))
    }

    private mutating func submitConnect(_ fd: Int32, _ endpoint: Endpoint, _ token: Token) {
        reserve(fd)
        var address = clx_endpoint(endpoint)
        // SAFETY: the path, if any, is interned for the life of the process.
        let result = unsafe clx_connect(fd, &address, SocketPaths.pointer(endpoint))
        guard result == CLX_IN_PROGRESS else {
            done.append(
                Completion(token, result == 0 ? .connected : .failed(IOFault(connecting: result, to: endpoint)))
            )
            return
        }
        unsafe descriptors[Int(fd)].connect = token
        poll(fd, clx_poll_writable(), Self.userData(.connect, fd))
    }

    private mutating func poll(_ fd: Int32, _ events: UInt32, _ userData: UInt64) {
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_POLL)
        submission.fd = fd
        submission.operation_flags = events
        submission.user_data = userData
        ring.submit(submission)
    }

    private mutating func awaitWake() { poll(wakeup, clx_poll_readable(), Self.userData(.wake, wakeup)) }

    // MARK: listeners

    private mutating func submitAccept(_ fd: Int32, _ token: Token) {
        let index: Int
        if let known = listeners.firstIndex(where: { $0.socket == fd }) {
            index = known
        } else {
            index = listeners.count
            listeners.append(Listener(socket: fd, token: token))
        }
        precondition(!listeners[index].isWanted && !listeners[index].isClosing, "the listener is armed already")
        listeners[index].token = token
        listeners[index].isWanted = true
        arm(index)
    }

    private mutating func arm(_ index: Int) {
        listeners[index].isArmed = true
        listeners[index].generation &+= 1
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_ACCEPT)
        submission.options = UInt16(CLX_ACCEPT_MANY)
        submission.fd = listeners[index].socket
        submission.operation_flags = clx_accept_flags()
        submission.user_data = acceptData(index)
        ring.submit(submission)
    }

    private func acceptData(_ index: Int) -> UInt64 {
        Self.userData(.accept, listeners[index].socket, generation: listeners[index].generation)
    }

    private mutating func stopAccepting(_ fd: Int32) {
        guard let index = listeners.firstIndex(where: { $0.socket == fd }), listeners[index].isWanted else { return }
        listeners[index].isWanted = false
        if listeners[index].isArmed { cancel(acceptData(index), of: fd) }
    }

    private mutating func accepted(_ completion: clx_completion, _ fd: Int32, _ batch: inout CompletionBatch) {
        guard let index = listeners.firstIndex(where: { $0.socket == fd }) else {
            // From an accept that was cancelled long ago, of a listener that is gone: nobody is there to serve it.
            if completion.result >= 0 { _ = clx_close(completion.result) }
            return
        }
        if completion.result >= 0 {
            reserve(completion.result)
            // Also when it is not wanted any more: it is in, and would be reset.
            batch.append(Completion(listeners[index].token, .accepted(Socket(raw: completion.result))))
        }
        let generation = UInt32(truncatingIfNeeded: completion.user_data >> 32) & 0xFF_FFFF
        guard completion.flags & UInt32(CLX_COMPLETION_MORE) == 0,
            generation == listeners[index].generation & 0xFF_FFFF
        else { return }
        listeners[index].isArmed = false
        if listeners[index].isClosing { return closeListener(index) }
        guard listeners[index].isWanted else { return }
        switch Int(completion.result) {
        // The client gave up while it waited in the backlog: accept(2) says to go on. Or the ring of completions was
        // full, and the kernel wants to be asked again.
        case 0..., CLX_AGAIN, CLX_ABORTED, CLX_INTERRUPTED, CLX_RESET, CLX_TIMED_OUT:
            arm(index)
        default:
            listeners[index].isWanted = false
            batch.append(Completion(listeners[index].token, .failed(IOFault(completion.result))))
        }
    }

    /// Takes everybody in who waits in the queue, because closing the listener would reset them, and closes it.
    private mutating func closeListener(_ index: Int) {
        let listener = listeners.remove(at: index)
        for _ in 0..<Self.backlogMax {
            let got = clx_accept(listener.socket)
            if got >= 0 {
                reserve(got)
                done.append(Completion(listener.token, .accepted(Socket(raw: got))))
            } else if ![CLX_ABORTED, CLX_INTERRUPTED, CLX_RESET, CLX_TIMED_OUT].contains(Int(got)) {
                break
            }
        }
        _ = clx_close(listener.socket)
    }

    // MARK: closing

    private mutating func close(_ fd: Int32) {
        precondition(fd >= 0)
        if let index = listeners.firstIndex(where: { $0.socket == fd }) {
            listeners[index].isClosing = true
            stopAccepting(fd)
            if !listeners[index].isArmed { closeListener(index) }
            return
        }
        reserve(fd)
        unsafe precondition(!descriptors[Int(fd)].isClosing, "a socket is closed twice")
        if unsafe descriptors[Int(fd)].isPending {
            unsafe descriptors[Int(fd)].isClosing = true
            cancelPending(fd)
        } else {
            letGo(fd)
        }
    }

    private mutating func cancelPending(_ fd: Int32) {
        let descriptor = unsafe descriptors[Int(fd)]
        if descriptor.receive != .none {
            cancel(Self.userData(descriptor.passing > 0 ? .receiveReadiness : .receive, fd), of: fd)
        }
        if descriptor.send != .none {
            cancel(Self.userData(descriptor.passes == .none ? .send : .sendReadiness, fd), of: fd)
        }
        if descriptor.connect != .none { cancel(Self.userData(.connect, fd), of: fd) }
    }

    private mutating func cancel(_ userData: UInt64, of fd: Int32) {
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_CANCEL)
        submission.flags = UInt8(CLX_SUBMIT_SILENT)
        submission.fd = -1
        submission.address = userData
        submission.user_data = Self.userData(.cancel, fd)
        ring.submit(submission)
    }

    private mutating func letGo(_ fd: Int32) {
        unsafe descriptors[Int(fd)] = Descriptor()
        var submission = clx_submission()
        submission.opcode = UInt8(CLX_OP_CLOSE)
        submission.flags = UInt8(CLX_SUBMIT_SILENT)
        submission.fd = fd
        submission.user_data = Self.userData(.close, fd)
        ring.submit(submission)
    }

    // MARK: completions

    @inline(always)
    private mutating func complete(
        _ completion: clx_completion,
        _ batch: inout CompletionBatch,
        _ buffers: inout BufferPool
    ) {
        let fd = Int32(bitPattern: UInt32(truncatingIfNeeded: completion.user_data))
        switch Kind(rawValue: completion.user_data >> 56) {
        case .receive: received(completion, fd, &batch, &buffers)
        case .send: sent(completion, fd, &batch)
        case .receiveReadiness: readable(fd, &batch, &buffers)
        case .sendReadiness: writable(fd, &batch)
        case .connect: connected(completion, fd, &batch)
        case .accept: accepted(completion, fd, &batch)
        case .wake:
            clx_eventfd_clear(wakeup)
            awaitWake()
            batch.append(Completion(.wake, .woken))
        case .cancel:
            // It has just completed, or is about to without having been cancelled: then once more.
            if Int(fd) < capacity, unsafe descriptors[Int(fd)].isClosing { cancelPending(fd) }
            if let index = listeners.firstIndex(where: { $0.socket == fd }), listeners[index].isArmed,
                !listeners[index].isWanted
            {
                cancel(acceptData(index), of: fd)
            }
        case .close, nil: break
        }
    }

    private mutating func received(
        _ completion: clx_completion,
        _ fd: Int32,
        _ batch: inout CompletionBatch,
        _ buffers: inout BufferPool
    ) {
        let at = Int(fd)
        // SAFETY: receives are submitted for reserved numbers only; so for sends and connects.
        let isClosing = unsafe descriptors[at].isClosing
        if completion.result == CLX_NO_BUFFERS, !isClosing {
            stock.starved()
            // There are bytes.
            unsafe descriptors[at].hasMore = true
            return askForBytes(fd)
        }
        let token = unsafe descriptors[at].receive
        unsafe descriptors[at].receive = .none
        var buffer = BufferID.none
        if completion.flags & UInt32(CLX_COMPLETION_HAS_BUFFER) != 0 {
            buffer = stock.take(completion, &buffers)
        }
        if !isClosing, completion.result > 0 {
            unsafe descriptors[at].hasMore = completion.flags & UInt32(CLX_COMPLETION_NOT_EMPTY) != 0
            return batch.append(Completion(token, .received(buffer, count: UInt32(completion.result))))
        }
        if !buffer.isNone { buffers.give(buffer) }
        if isClosing {
            batch.append(Completion(token, .cancelled))
            return closeIfQuiet(fd)
        }
        batch.append(Completion(token, completion.result == 0 ? .ended : .failed(IOFault(completion.result))))
    }

    /// A socket whose bytes are to be passed on has some, or its end.
    private mutating func readable(_ fd: Int32, _ batch: inout CompletionBatch, _ buffers: inout BufferPool) {
        let at = Int(fd)
        let token = unsafe descriptors[at].receive
        var outcome = Completion.Outcome.cancelled
        if unsafe !descriptors[at].isClosing {
            switch pipes.receive(fd, atMost: unsafe descriptors[at].passing, &buffers) {
            case .received(let buffer, let count): outcome = .received(buffer, count: count)
            case .ended: outcome = .ended
            case .failed(let fault): outcome = .failed(fault)
            case .notYet: return poll(fd, clx_poll_readable(), Self.userData(.receiveReadiness, fd))
            case .useless:
                unsafe descriptors[at].passing = 0
                unsafe descriptors[at].hasMore = true
                return askForBytes(fd)
            }
        }
        unsafe descriptors[at].receive = .none
        unsafe descriptors[at].passing = 0
        // What is left in the socket may be nothing.
        unsafe descriptors[at].hasMore = false
        batch.append(Completion(token, outcome))
        if case .cancelled = outcome { closeIfQuiet(fd) }
    }

    /// A socket that a pipe is sent to has room, or an error to tell.
    private mutating func writable(_ fd: Int32, _ batch: inout CompletionBatch) {
        let at = Int(fd)
        guard unsafe descriptors[at].isClosing else { return sendPassing(fd) }
        let token = unsafe descriptors[at].send
        unsafe descriptors[at].send = .none
        unsafe descriptors[at].passes = .none
        batch.append(Completion(token, .cancelled))
        closeIfQuiet(fd)
    }

    private mutating func sent(_ completion: clx_completion, _ fd: Int32, _ batch: inout CompletionBatch) {
        let at = Int(fd)
        let token = unsafe descriptors[at].send
        unsafe descriptors[at].send = .none
        if unsafe descriptors[at].isClosing {
            batch.append(Completion(token, .cancelled))
            return closeIfQuiet(fd)
        }
        let result = completion.result
        batch.append(Completion(token, result >= 0 ? .sent(UInt32(result)) : .failed(IOFault(result))))
    }

    private mutating func connected(_ completion: clx_completion, _ fd: Int32, _ batch: inout CompletionBatch) {
        let at = Int(fd)
        let token = unsafe descriptors[at].connect
        unsafe descriptors[at].connect = .none
        if unsafe descriptors[at].isClosing {
            batch.append(Completion(token, .cancelled))
            return closeIfQuiet(fd)
        }
        // The wait itself may have failed, for want of memory, and then the socket has no error to tell.
        let error = completion.result < 0 ? completion.result : clx_socket_error(fd)
        batch.append(Completion(token, error == 0 ? .connected : .failed(IOFault(error))))
    }

    private mutating func closeIfQuiet(_ fd: Int32) {
        if unsafe !descriptors[Int(fd)].isPending { letGo(fd) }
    }

    // MARK: the table

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
