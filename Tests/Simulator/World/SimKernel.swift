package import Proxy

/// A kernel for one event loop: descriptors, pending operations, and completions in an order of its choosing.
///
/// What a loop must not do traps with a message that begins with `contract:`.
package final class SimKernel {
    private struct Descriptor {
        var end: SimEnd?
        var listener: SimListener?
        var receive = Token.none
        var passing: UInt32 = 0
        var send = Token.none
        var slice = BufferSlice.none
        /// What the slice held when it was submitted.
        var sample: UInt64 = 0
        var connect = Token.none
        var accept = Token.none
        /// How the connect ended, once it has.
        var connectOutcome: Completion.Outcome?
        var isQueued = false

        var isOpen: Bool { end != nil || listener != nil || isUnconnected }
        var isUnconnected = false
    }

    /// A completion that has not been handed out; until then a send's buffer is still the operation's.
    private struct Done {
        let completion: Completion
        var slice = BufferSlice.none
        var sample: UInt64 = 0
        /// Where bytes were received.
        var end: SimEnd?
        var count = 0
    }

    package let name: String
    package let number: Int
    package private(set) var now: Instant
    package var descriptorsMax = 1_000_000
    /// Connections at once to one address: the local ports that there are.
    package var portsMax = 1_000_000
    /// The operation to fail, counted from 1 over opens, accepts, connects, receives and sends; 0 fails none.
    package var failingOperation = 0
    /// Those operations so far.
    package private(set) var operations = 0
    package private(set) var openDescriptors = 0
    package private(set) var openDescriptorsPeak = 0
    /// Descriptors of sockets that are closed, which are not free yet.
    private var descriptorsLeaving = 0
    private let network: SimNetwork
    private var chance: Chance
    private var entropySource: Chance
    private var descriptors: [Descriptor] = []
    /// Descriptors with an operation that may be able to complete.
    private var ready: [Int] = []
    private var done: [Done] = []
    /// What is in pipes, by their numbers.
    private var pipes: [Int: ByteQueue] = [:]

    package init(_ network: SimNetwork, name: String, number: Int) {
        self.network = network
        self.name = name
        self.number = number
        now = network.now
        chance = network.forkChance()
        entropySource = network.forkChance()
    }

    // MARK: the driver's side

    /// A reap at this instant would find something to do.
    package var hasWork: Bool { !done.isEmpty || !ready.isEmpty }

    /// A listening socket of this loop.
    package func listen(at address: Endpoint, backlogMax: Int = 1024) -> Socket {
        let fd = allocate()
        let listener = network.listen(at: address, backlogMax: backlogMax, owner: self)
        listener.tag = fd
        descriptors[fd].listener = listener
        return Socket(raw: Int32(fd))
    }

    /// What another thread would do to end this loop's wait.
    package func wake() {
        guard !done.contains(where: { $0.completion.token == .wake }) else { return }
        done.append(Done(completion: Completion(.wake, .woken)))
    }

    /// As when the process dies: every socket is closed by the system.
    package func closeEverything() {
        for fd in descriptors.indices where descriptors[fd].isOpen {
            descriptors[fd].end?.close()
            descriptors[fd].listener?.close()
            descriptors[fd] = Descriptor()
            openDescriptors -= 1
        }
        ready.removeAll()
        done.removeAll()
    }

    /// Operations that have not completed, listeners' accepts aside.
    package var pendingOperations: Int {
        descriptors.reduce(0) { sum, descriptor in
            sum + [descriptor.receive, descriptor.send, descriptor.connect].count { $0 != .none }
        }
    }

    // MARK: the world's side

    var wallClock: Int64 { Int64(clamping: now.nanoseconds) + network.wallOffsetNs }

    func entropy() -> UInt64 { entropySource.next() }

    func open(_ endpoint: Endpoint) throws(IOFault) -> Socket {
        require(endpoint.family != .none, "a socket of no family")
        let mustFail = countsToFailure()
        guard openDescriptors + descriptorsLeaving < descriptorsMax, !mustFail,
            !chance.perMille(network.weather.noDescriptorPerMille)
        else {
            network.note(.fault, number, 1)
            throw .noDescriptors
        }
        let fd = allocate()
        descriptors[fd].isUnconnected = true
        return Socket(raw: Int32(fd))
    }

    func peer(of socket: Socket) -> Endpoint {
        let fd = index(socket, "peer of")
        guard let end = descriptors[fd].end, !end.isReset else { return .none }
        return end.remote
    }

    func acknowledged(_ socket: Socket) -> UInt64? {
        descriptors[index(socket, "acknowledgements of")].end.map { UInt64($0.acknowledged) }
    }

    func resetOnClose(_ socket: Socket) {
        descriptors[index(socket, "reset of")].end?.resetsOnClose = true
    }

    func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool) {
        switch operation {
        case .accept(let socket):
            let fd = index(socket, "accept on")
            require(descriptors[fd].listener != nil, "accept on a socket that does not listen")
            require(descriptors[fd].accept == .none, "two accepts on one listener")
            descriptors[fd].accept = token
            queue(fd)
        case .acceptStop(let socket):
            let fd = index(socket, "stop accepting on")
            require(descriptors[fd].listener != nil, "acceptStop on a socket that does not listen")
            descriptors[fd].accept = .none
        case .connect(let socket, let endpoint):
            let fd = index(socket, "connect")
            require(descriptors[fd].isUnconnected, "connect of a socket that is connected or has tried to")
            connect(fd, endpoint, token)
        case .receive(let socket, let passing):
            let fd = index(socket, "receive on")
            require(descriptors[fd].end?.isConnected == true, "receive on a socket that is not connected")
            require(descriptors[fd].receive == .none, "two receives on one socket")
            descriptors[fd].receive = token
            descriptors[fd].passing = passing
            queue(fd)
        case .send(let socket, let slice, _):
            let fd = index(socket, "send on")
            require(descriptors[fd].end?.isConnected == true, "send on a socket that is not connected")
            require(descriptors[fd].send == .none, "two sends on one socket")
            require(descriptors[fd].end?.hasShutDown == false, "send after shutdown")
            require(!slice.buffer.isNone && slice.start < slice.end, "send of no bytes")
            if slice.buffer.isPipe {
                let held = pipes[slice.buffer.pipeNumber]?.count ?? 0
                require(slice.count <= held, "send of more than the pipe holds")
            } else {
                require(Int(slice.end) <= buffers.capacity(slice.buffer), "send past the end of the buffer")
            }
            descriptors[fd].send = token
            descriptors[fd].end?.isSending = true
            if let end = descriptors[fd].end { end.incoming.stray?.asked(heard: end.heard) }
            descriptors[fd].slice = slice
            descriptors[fd].sample = BufferBytes.sample(contents(of: slice, buffers))
            queue(fd)
        case .shutdown(let socket):
            let fd = index(socket, "shutdown of")
            require(descriptors[fd].end?.isConnected == true, "shutdown of a socket that is not connected")
            require(descriptors[fd].send == .none, "shutdown while a send is pending")
            descriptors[fd].end?.shutdown()
        case .close(let socket):
            close(index(socket, "close of"))
        }
    }

    func reap(into batch: inout CompletionBatch, until deadline: Instant, buffers: inout BufferPool) {
        now = network.now
        BufferBytes.spoil(&buffers)
        complete(&buffers)
        var held: [Done] = []
        for item in done {
            if batch.isFull || (mayWait(item.completion) && chance.perMille(network.weather.heldBackPerMille)) {
                held.append(item)
                continue
            }
            checkUntouched(item.slice, item.sample, buffers)
            item.end?.heard += item.count
            batch.append(item.completion)
            network.note(.completion, number, Int(truncatingIfNeeded: item.completion.token.rawValue))
        }
        done = held
    }

    // MARK: operations

    private func connect(_ fd: Int, _ endpoint: Endpoint, _ token: Token) {
        descriptors[fd].isUnconnected = false
        descriptors[fd].connect = token
        let end = network.connect(from: nil, to: endpoint, owner: self)
        end.tag = fd
        end.losesUnreadOnReset = false
        descriptors[fd].end = end
        if usedPorts(to: endpoint) > portsMax || chance.perMille(network.weather.noLocalAddressPerMille) {
            network.note(.fault, number, 3)
            descriptors[fd].connectOutcome = .failed(.noLocalAddress)
            end.close()
            queue(fd)
        }
    }

    private func usedPorts(to endpoint: Endpoint) -> Int {
        guard portsMax < 1_000_000 else { return 0 }
        return descriptors.count { $0.end?.remote == endpoint }
    }

    /// Does what can be done of what is pending, in an order of chance.
    private func complete(_ buffers: inout BufferPool) {
        var turn = ready
        ready.removeAll()
        for fd in turn { descriptors[fd].isQueued = false }
        chance.shuffle(&turn)
        for fd in turn where descriptors[fd].isOpen {
            if chance.perMille(network.weather.lateCompletionPerMille) {
                let delay = chance.within(network.weather.lateCompletionNs)
                network.schedule(afterNs: delay, .timer, number) { [weak self] in self?.queue(fd) }
                continue
            }
            acceptWaiting(fd)
            finishConnect(fd)
            if chance.perMille(500) {
                receive(fd, &buffers)
                send(fd, buffers)
            } else {
                send(fd, buffers)
                receive(fd, &buffers)
            }
        }
    }

    private func acceptWaiting(_ fd: Int) {
        guard let listener = descriptors[fd].listener, descriptors[fd].accept != .none else { return }
        let token = descriptors[fd].accept
        while listener.waiting > 0 {
            let mustFail = countsToFailure()
            guard openDescriptors + descriptorsLeaving < descriptorsMax, !mustFail,
                !chance.perMille(network.weather.noDescriptorPerMille)
            else {
                descriptors[fd].accept = .none
                done.append(Done(completion: Completion(token, .failed(.noDescriptors))))
                network.note(.fault, number, 2)
                return
            }
            guard let end = listener.accept() else { return }
            let got = allocate()
            end.tag = got
            end.owner = self
            end.losesUnreadOnReset = false
            descriptors[got].end = end
            done.append(Done(completion: Completion(token, .accepted(Socket(raw: Int32(got))))))
        }
    }

    private func finishConnect(_ fd: Int) {
        guard descriptors[fd].connect != .none, var outcome = descriptors[fd].connectOutcome else { return }
        if countsToFailure() {
            descriptors[fd].end?.reset()
            outcome = .failed(.reset)
        }
        done.append(Done(completion: Completion(descriptors[fd].connect, outcome)))
        descriptors[fd].connect = .none
        descriptors[fd].connectOutcome = nil
    }

    private func receive(_ fd: Int, _ buffers: inout BufferPool) {
        guard let end = descriptors[fd].end, descriptors[fd].receive != .none else { return }
        guard end.isReadable else { return }
        if countsToFailure() { end.breakDown() }
        var pipe = BufferID.none
        if descriptors[fd].passing > 0, chance.perMille(800) { pipe = buffers.takePipe() }
        defer { if !pipe.isNone { buffers.give(pipe) } }
        var count = BufferPool.smallBytes - BufferPool.headroom
        if !pipe.isNone { count = min(Int(descriptors[fd].passing), Self.pipeBytes) }
        if chance.perMille(network.weather.shortReadPerMille) { count = chance.anySize(upTo: count) }
        let outcome: Completion.Outcome
        var received = 0
        switch end.read(atMost: count) {
        case .nothingYet:
            return
        case .bytes(let bytes):
            outcome = .received(hold(bytes, in: &pipe, &buffers), count: UInt32(bytes.count))
            received = bytes.count
        case .ended:
            outcome = .ended
        case .reset:
            outcome = .failed(.reset)
        }
        done.append(Done(completion: Completion(descriptors[fd].receive, outcome), end: end, count: received))
        descriptors[fd].receive = .none
    }

    private static let pipeBytes = 100_000

    /// Puts what was received into the pipe, if there is one, or else into a buffer.
    private func hold(_ bytes: [UInt8], in pipe: inout BufferID, _ buffers: inout BufferPool) -> BufferID {
        guard pipe.isNone else {
            var held = ByteQueue()
            held.append(bytes)
            pipes[pipe.pipeNumber] = held
            defer { pipe = .none }
            return pipe
        }
        let buffer = buffers.take()
        BufferBytes.write(bytes, to: buffer, at: BufferPool.headroom, of: buffers)
        return buffer
    }

    private func contents(of slice: BufferSlice, _ buffers: borrowing BufferPool) -> [UInt8] {
        guard slice.buffer.isPipe else { return BufferBytes.copy(slice, from: buffers) }
        return Array(pipes[slice.buffer.pipeNumber, default: ByteQueue()].waiting.prefix(Int(slice.count)))
    }

    private func send(_ fd: Int, _ buffers: borrowing BufferPool) {
        guard let end = descriptors[fd].end, descriptors[fd].send != .none, end.awaitsNoRoom() else { return }
        if countsToFailure() { end.breakDown() }
        let slice = descriptors[fd].slice
        var bytes = contents(of: slice, buffers)
        checkUntouched(descriptors[fd].slice, descriptors[fd].sample, buffers)
        if chance.perMille(network.weather.shortWritePerMille) {
            bytes.removeLast(bytes.count - chance.anySize(upTo: bytes.count))
        }
        let outcome: Completion.Outcome
        switch end.write(bytes[...]) {
        case .full: return
        case .accepted(let count):
            outcome = .sent(UInt32(count))
            if slice.buffer.isPipe {
                // From here on there is nothing of it to be looked at again.
                pipes[slice.buffer.pipeNumber]?.drop(count)
                descriptors[fd].slice = .none
            }
        case .reset: outcome = .failed(.reset)
        }
        finishSend(fd, outcome)
    }

    private func finishSend(_ fd: Int, _ outcome: Completion.Outcome) {
        done.append(
            Done(
                completion: Completion(descriptors[fd].send, outcome),
                slice: descriptors[fd].slice,
                sample: descriptors[fd].sample
            )
        )
        descriptors[fd].send = .none
        descriptors[fd].end?.isSending = false
        descriptors[fd].slice = .none
    }

    private func checkUntouched(_ slice: BufferSlice, _ sample: UInt64, _ buffers: borrowing BufferPool) {
        guard !slice.isEmpty else { return }
        let isSame = BufferBytes.sample(contents(of: slice, buffers)) == sample
        require(isSame, "a buffer was written to while it was being sent")
    }

    private func countsToFailure() -> Bool {
        operations += 1
        return operations == failingOperation
    }

    private func close(_ fd: Int) {
        if descriptors[fd].send != .none { finishSend(fd, .cancelled) }
        for token in [descriptors[fd].receive, descriptors[fd].connect] where token != .none {
            done.append(Done(completion: Completion(token, .cancelled)))
        }
        descriptors[fd].end?.close()
        descriptors[fd].listener?.close()
        let isQueued = descriptors[fd].isQueued
        descriptors[fd] = Descriptor()
        descriptors[fd].isQueued = isQueued
        openDescriptors -= 1
        guard network.weather.lateCloseNs.upperBound > 0 else { return }
        descriptorsLeaving += 1
        let delay = chance.within(network.weather.lateCloseNs)
        network.schedule(afterNs: delay, .timer, number) { [weak self] in self?.descriptorsLeaving -= 1 }
    }

    /// An accept may not overtake another of its listener, and a wake is what it is; the rest may come a reap later.
    private func mayWait(_ completion: Completion) -> Bool {
        switch completion.outcome {
        case .woken, .accepted: false
        case .connected, .received, .ended, .sent, .failed, .cancelled: true
        }
    }

    // MARK: the table

    /// The lowest free number, as the kernel has it: a closed socket's number is back in use at once.
    private func allocate() -> Int {
        openDescriptors += 1
        openDescriptorsPeak = max(openDescriptorsPeak, openDescriptors)
        if let free = descriptors.firstIndex(where: { !$0.isOpen }) {
            let isQueued = descriptors[free].isQueued
            descriptors[free] = Descriptor()
            descriptors[free].isQueued = isQueued
            return free
        }
        descriptors.append(Descriptor())
        return descriptors.count - 1
    }

    private func queue(_ fd: Int) {
        guard fd < descriptors.count, descriptors[fd].isOpen, !descriptors[fd].isQueued else { return }
        descriptors[fd].isQueued = true
        ready.append(fd)
    }

    private func index(_ socket: Socket, _ verb: String) -> Int {
        let fd = Int(socket.raw)
        require(fd >= 0 && fd < descriptors.count && descriptors[fd].isOpen, "\(verb) a socket that is not open")
        return fd
    }

    private func require(_ condition: Bool, _ rule: @autoclosure () -> String) {
        guard condition else { fatalError("contract: \(name): \(rule())") }
    }
}

extension SimKernel: SimEndOwner {
    package func connected(_ end: SimEnd) {
        guard owns(end) else { return }
        descriptors[end.tag].connectOutcome = .connected
        queue(end.tag)
    }

    package func connectFailed(_ end: SimEnd, _ fault: IOFault) {
        guard owns(end) else { return }
        descriptors[end.tag].connectOutcome = .failed(fault)
        queue(end.tag)
    }

    package func readable(_ end: SimEnd) {
        if owns(end), descriptors[end.tag].receive != .none { queue(end.tag) }
    }

    package func writable(_ end: SimEnd) {
        if owns(end), descriptors[end.tag].send != .none { queue(end.tag) }
    }

    private func owns(_ end: SimEnd) -> Bool {
        end.tag < descriptors.count && descriptors[end.tag].end === end
    }
}

extension SimKernel: SimListenerOwner {
    package func acceptable(_ listener: SimListener) {
        if descriptors[listener.tag].accept != .none { queue(listener.tag) }
    }
}
