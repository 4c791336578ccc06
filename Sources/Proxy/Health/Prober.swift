import HTTPWire
import Model

/// The active health checks of all backends, on a loop of their own: one probe at a time per backend, all backends in
/// parallel, each probe on a fresh connection and with its own deadline, so that one black hole delays nobody.
package struct Prober<W: World & ~Copyable>: ~Copyable {
    private var world: W
    private var buffers = BufferPool()
    private var batch = CompletionBatch()
    private var timers: TimerWheel
    private var probes: SlotTable<Probe>
    /// By probe slot; what does not fit a trivial struct.
    private var targets: [ProbeTarget?] = []
    /// Probe slot by live slot. Looked up, never iterated: its order decides nothing.
    private var slots: [UInt32: UInt32] = [:]
    private let live: ZeroedView<LiveBackend>
    private let probeCounts: ZeroedView<ProbeCounters>
    private let liveOwner: LiveTable
    private let board: HealthBoard
    private let mailbox: SnapshotMailbox
    private var chores = Chores()

    /// While a verdict is about to change, the next probe comes after this instead of the interval (SEMANTICS §5).
    private static var recheckNs: UInt64 { 1_000_000_000 }
    /// More of an answer's head than this is no answer to a health check.
    private static var headBytesMax: Int { 64 * 1024 }

    package init(world: consuming W, live: LiveTable, board: HealthBoard, mailbox: SnapshotMailbox) {
        let now = world.now
        self.world = world
        timers = TimerWheel(now: now)
        probes = SlotTable(blank: Probe(), capacity: 64, capacityMax: LiveTable.capacity)
        liveOwner = live
        self.live = live.backends
        probeCounts = live.probes
        self.board = board
        self.mailbox = mailbox
    }

    package var now: Instant { world.now }
    package var buffersTaken: Int { buffers.taken }

    package var nextDeadline: Instant { mailbox.hasMail ? world.now : timers.next }

    /// One pass of the loop; see `Worker.turn`.
    package mutating func turn() -> Chores {
        chores = []
        batch.removeAll()
        world.reap(into: &batch, until: nextDeadline, buffers: &buffers)
        for index in 0..<batch.count { dispatch(batch[index]) }
        while let slot = timers.expire(world.now) {
            guard probes.isTaken(slot) else { continue }
            let due = probes[slot].due
            if due <= world.now {
                fire(slot)
            } else {
                timers.schedule(slot, at: due)
            }
        }
        if mailbox.hasMail { chores.insert(.adopt) }
        return chores
    }

    /// Adopts the waiting snapshot: new backends are probed at once, those that left are forgotten, and those that stay
    /// keep their verdict, also when their check changed.
    package mutating func adopt() {
        guard let snapshot = mailbox.take() else { return }
        var isMember = Set<UInt32>()
        for plan in snapshot.probes { isMember.insert(plan.live) }
        for slot in 0..<probes.walkEnd where probes.isTaken(slot) {
            let backend = probes[slot].backend
            if !isMember.contains(backend), slots[backend] == slot {
                slots[backend] = nil
                board.remove(backend)
                probes[slot].isRetired = true
                abandon(slot)
                freeIfRetired(slot)
            }
        }
        for plan in snapshot.probes { adopt(plan) }
        mailbox.acknowledge(snapshot.sequence)
        chores.insert(.changed)
    }

    private mutating func adopt(_ plan: ProbePlan) {
        if let slot = slots[plan.live] {
            let before = targets[Int(slot)]?.plan.check
            let isResolved = targets[Int(slot)]?.plan.endpoints.isEmpty == true && !plan.endpoints.isEmpty
            targets[Int(slot)]?.plan = plan
            if plan.check == nil {
                serveUnchecked(slot)
            } else if before != plan.check || isResolved, !probes[slot].isUnderWay {
                schedule(slot, world.now)
            }
            return
        }
        guard let slot = probes.take() else { return }
        while targets.count <= Int(slot) { targets.append(nil) }
        targets[Int(slot)] = ProbeTarget(plan: plan)
        slots[plan.live] = slot
        probes[slot].backend = plan.live
        if plan.check == nil {
            serveUnchecked(slot)
        } else {
            publish(slot, reason: nil)
            schedule(slot, world.now)
        }
    }

    /// Without a check a backend is simply serving.
    private mutating func serveUnchecked(_ slot: UInt32) {
        // A probe under way would have no deadline, and nobody asks for its result.
        abandon(slot)
        probes[slot].isOverdue = false
        probes[slot].due = .never
        targets[Int(slot)]?.machine = HealthMachine()
        targets[Int(slot)]?.since = world.wallClock
        liveOwner.setAvailability(probes[slot].backend, .serving)
        publish(slot, reason: nil)
    }

    private mutating func schedule(_ slot: UInt32, _ due: Instant) {
        probes[slot].due = due
        timers.schedule(slot, at: due)
    }

    // MARK: one probe

    /// A probe's time has come: to begin, or to have ended.
    private mutating func fire(_ slot: UInt32) {
        switch probes[slot].state {
        case .idle:
            begin(slot)
        case .connecting, .sending, .receiving:
            let timeout = targets[Int(slot)]?.plan.check?.timeout ?? .zero
            conclude(slot, status: nil, failure: "timeout after \(timeout)")
        case .closing:
            // The last probe's operations are still to come back: it begins when they are.
            probes[slot].due = .never
            probes[slot].isOverdue = true
        }
    }

    private mutating func begin(_ slot: UInt32) {
        guard let target = targets[Int(slot)], let check = target.plan.check else { return }
        probes[slot].startedAt = world.now
        probes[slot].endpoint = 0
        probes[slot].parser = H1HeadParser()
        schedule(slot, world.now + UInt64(check.timeout.nanoseconds))
        guard !target.plan.endpoints.isEmpty else {
            return conclude(slot, status: nil, failure: "cannot resolve \(target.plan.unresolved ?? "its name")")
        }
        connect(slot)
    }

    private mutating func connect(_ slot: UInt32) {
        guard let target = targets[Int(slot)] else { return }
        let endpoint = target.plan.endpoints[Int(probes[slot].endpoint)]
        do {
            probes[slot].socket = try world.open(endpoint)
        } catch let fault {
            return conclude(slot, status: nil, failure: "connect failed: \(fault.words)")
        }
        probes[slot].state = .connecting
        probes[slot].pending += 1
        let token = Token(.upstreamConnect, slot: slot, generation: probes.generation(slot))
        world.submit(.connect(probes[slot].socket, endpoint), token, buffers: buffers)
    }

    private mutating func dispatch(_ completion: Completion) {
        let token = completion.token
        guard token.kind != .wake, token.kind != .none else { return }
        guard probes.isCurrent(token) else {
            if case .received(let buffer, _) = completion.outcome { buffers.give(buffer) }
            return
        }
        let slot = token.slot
        probes[slot].pending -= 1
        if token.kind == .upstreamSend { giveRequest(slot, completion.outcome) }
        switch probes[slot].state {
        case .connecting: connected(slot, completion.outcome)
        case .sending: sent(slot, completion.outcome)
        case .receiving: received(slot, completion.outcome)
        case .idle, .closing:
            if case .received(let buffer, _) = completion.outcome { buffers.give(buffer) }
        }
        finishClosing(slot)
    }

    private mutating func connected(_ slot: UInt32, _ outcome: Completion.Outcome) {
        switch outcome {
        case .connected:
            sendRequest(slot)
        case .failed(let fault):
            let endpoints = targets[Int(slot)]?.plan.endpoints.count ?? 0
            if Int(probes[slot].endpoint) + 1 < endpoints {
                probes[slot].endpoint += 1
                world.submit(.close(probes[slot].socket), .none, buffers: buffers)
                // Between two sockets there is none to close.
                probes[slot].state = .idle
                connect(slot)
            } else {
                conclude(slot, status: nil, failure: "connect \(fault.words)")
            }
        case .woken, .accepted, .received, .ended, .sent, .cancelled:
            conclude(slot, status: nil, failure: "connect failed")
        }
    }

    private mutating func sendRequest(_ slot: UInt32) {
        guard let target = targets[Int(slot)], let check = target.plan.check else { return }
        let text =
            "GET \(check.path) HTTP/1.1\r\nHost: \(target.plan.authority)\r\nUser-Agent: lb-health-check\r\n"
            + "Accept: */*\r\nConnection: close\r\n\r\n"
        // A path has at most 2 KiB and an authority 260 bytes, by validation: it fits.
        let buffer = buffers.take()
        var out = buffers.room(buffer)
        for byte in text.utf8 { out.append(byte) }
        probes[slot].request = BufferSlice(buffer, 0, UInt32(out.byteCount))
        probes[slot].state = .sending
        submitSend(slot)
    }

    private mutating func submitSend(_ slot: UInt32) {
        probes[slot].pending += 1
        let token = Token(.upstreamSend, slot: slot, generation: probes.generation(slot))
        world.submit(.send(probes[slot].socket, probes[slot].request, more: false), token, buffers: buffers)
    }

    /// The request's buffer goes back once nothing of it is left to send, or nobody will send it.
    private mutating func giveRequest(_ slot: UInt32, _ outcome: Completion.Outcome) {
        if case .sent(let count) = outcome { probes[slot].request.start += count }
        let isOver = probes[slot].request.isEmpty || probes[slot].state != .sending
        var hasFailed = true
        if case .sent = outcome { hasFailed = false }
        guard isOver || hasFailed, !probes[slot].request.buffer.isNone else { return }
        buffers.give(probes[slot].request.buffer)
        probes[slot].request = .none
    }

    private mutating func sent(_ slot: UInt32, _ outcome: Completion.Outcome) {
        guard case .sent = outcome else {
            return conclude(slot, status: nil, failure: "connection reset")
        }
        if probes[slot].request.isEmpty {
            probes[slot].state = .receiving
            submitReceive(slot)
        } else {
            submitSend(slot)
        }
    }

    private mutating func submitReceive(_ slot: UInt32) {
        probes[slot].pending += 1
        let token = Token(.upstreamReceive, slot: slot, generation: probes.generation(slot))
        world.submit(.receive(probes[slot].socket), token, buffers: buffers)
    }

    private mutating func received(_ slot: UInt32, _ outcome: Completion.Outcome) {
        switch outcome {
        case .received(let buffer, let count):
            let answer = BufferSlice.joined(probes[slot].answer, BufferSlice(buffer, 0, count), &buffers)
            probes[slot].answer = answer
            parse(slot)
        case .ended:
            conclude(slot, status: nil, failure: "closed without an answer")
        case .failed, .woken, .accepted, .connected, .sent, .cancelled:
            conclude(slot, status: nil, failure: "connection reset")
        }
    }

    private mutating func parse(_ slot: UInt32) {
        while true {
            var answer = probes[slot].answer
            var parser = probes[slot].parser
            var found = ResponseHead()
            let length: Int?
            do {
                length = try parser.parseResponse(buffers.bytes(answer), into: &found)
            } catch let error {
                return conclude(slot, status: nil, failure: "not an HTTP answer (\(error.slug))")
            }
            guard let length else {
                probes[slot].parser = parser
                return submitReceive(slot)
            }
            let status = Int(found.status)
            if status >= 200 {
                let expected = targets[Int(slot)]?.plan.check?.expect.contains(status) ?? true
                return conclude(slot, status: status, failure: expected ? nil : "status \(status)")
            }
            // An interim answer; the verdict is in the next head.
            answer.start += UInt32(length)
            probes[slot].answer = answer
            probes[slot].parser = H1HeadParser()
            if answer.isEmpty { return submitReceive(slot) }
        }
    }

    /// The probe has its result: records it, closes, and sets the time of the next one.
    private mutating func conclude(_ slot: UInt32, status: Int?, failure: String?) {
        let startedAt = probes[slot].startedAt
        abandon(slot)
        guard let check = targets[Int(slot)]?.plan.check else { return finishClosing(slot) }
        let result = ProbeResult(
            at: world.wallClock,
            nanoseconds: Int64(clamping: world.now.since(startedAt)),
            status: status,
            failure: failure
        )
        probeCounts[Int(probes[slot].backend)].record(hasPassed: failure == nil, at: world.now)
        let hadVerdict = targets[Int(slot)]?.machine.state != .unknown
        let hasChanged = targets[Int(slot)]?.record(result, check) ?? false
        if hasChanged {
            let isHealthy = targets[Int(slot)]?.machine.state == .healthy
            liveOwner.setAvailability(probes[slot].backend, isHealthy ? .serving : .unhealthy)
        }
        publish(slot, reason: failure)
        chores.insert(.changed)
        var wait = UInt64(check.interval.nanoseconds)
        if targets[Int(slot)]?.machine.isChanging == true { wait = min(wait, Self.recheckNs) }
        if hadVerdict {
            // A fifth of the interval wide, so that probes of many backends, and of many balancers, drift apart: around
            // it for a healthy backend, up to it for one that is awaited back.
            let isAwaited = targets[Int(slot)]?.machine.state == .unhealthy
            wait = wait / 10 * (isAwaited ? 8 : 9) + world.entropy() % (wait / 5 + 1)
        } else {
            // All first probes went out at once; the second ones are spread over the interval.
            wait = wait / 10 + world.entropy() % (wait / 10 * 9 + 1)
        }
        schedule(slot, startedAt + wait)
        finishClosing(slot)
    }

    private mutating func publish(_ slot: UInt32, reason: String?) {
        guard let target = targets[Int(slot)] else { return }
        let isUnhealthy = target.machine.state == .unhealthy
        board.set(
            probes[slot].backend,
            HealthStatus(
                state: target.machine.state,
                since: target.since,
                reason: isUnhealthy ? target.reason : nil,
                consecutiveOK: target.machine.consecutiveOK,
                consecutiveFailures: target.machine.consecutiveFailures,
                probes: target.results
            )
        )
    }

    // MARK: ends

    /// Gives up what the probe holds; its pending operations still come back.
    private mutating func abandon(_ slot: UInt32) {
        if !probes[slot].answer.buffer.isNone {
            buffers.give(probes[slot].answer.buffer)
            probes[slot].answer = .none
        }
        switch probes[slot].state {
        case .connecting, .sending, .receiving:
            world.submit(.close(probes[slot].socket), .none, buffers: buffers)
            probes[slot].state = .closing
        case .idle, .closing:
            break
        }
    }

    private mutating func finishClosing(_ slot: UInt32) {
        guard probes.isTaken(slot), probes[slot].state == .closing, probes[slot].pending == 0 else { return }
        probes[slot].state = .idle
        if freeIfRetired(slot) { return }
        if probes[slot].isOverdue {
            probes[slot].isOverdue = false
            schedule(slot, world.now)
        }
    }

    @discardableResult
    private mutating func freeIfRetired(_ slot: UInt32) -> Bool {
        guard probes[slot].isRetired, probes[slot].state == .idle else { return false }
        timers.cancel(slot)
        targets[Int(slot)] = nil
        probes.give(slot)
        return true
    }
}

/// The trivial part of one backend's probing.
struct Probe: BitwiseCopyable {
    enum State: UInt8, BitwiseCopyable {
        case idle
        case connecting
        case sending
        case receiving
        /// Concluded; waits for its operations to come back.
        case closing
    }

    var state = State.idle
    var backend: UInt32 = .max
    var socket = Socket.none
    var endpoint: UInt32 = 0
    /// Operations that have not completed.
    var pending: Int32 = 0
    var request = BufferSlice.none
    var answer = BufferSlice.none
    var parser = H1HeadParser()
    var startedAt = Instant(nanoseconds: 0)
    /// When it times out, or, idle, when the next one begins.
    var due = Instant.never
    var isOverdue = false
    /// Its backend has left.
    var isRetired = false

    /// It will have a result, and with it the time of the next one.
    var isUnderWay: Bool {
        switch state {
        case .connecting, .sending, .receiving: true
        case .idle, .closing: false
        }
    }
}

/// The rest of one backend's probing.
struct ProbeTarget {
    var plan: ProbePlan
    var machine = HealthMachine()
    var since: Int64 = 0
    /// Why it became unhealthy, kept up to date while it is.
    var reason: String?
    var results: [ProbeResult] = []

    init(plan: ProbePlan) { self.plan = plan }

    /// - Returns: whether the verdict changed.
    mutating func record(_ result: ProbeResult, _ check: HealthCheckSpec) -> Bool {
        if results.count == HealthStatus.probesKept { results.removeFirst() }
        results.append(result)
        let hasChanged = machine.record(hasPassed: result.failure == nil, rise: check.rise, fall: check.fall)
        if hasChanged { since = result.at }
        if let failure = result.failure { reason = failure }
        return hasChanged
    }
}

extension IOFault {
    /// After `connect`: why it did not.
    var words: String {
        switch self {
        case .refused: "refused"
        case .reset: "reset"
        case .timedOut: "timed out"
        case .unreachable: "unreachable"
        case .noSuchPath: "failed: no such socket file"
        case .notPermitted: "not permitted"
        case .noDescriptors: "failed: no descriptors left"
        case .noMemory: "failed: out of memory"
        case .noLocalAddress: "failed: no local port left"
        case .other: "failed"
        }
    }
}
