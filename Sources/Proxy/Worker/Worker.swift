import HTTPWire
import Model

/// One event loop of the data plane: accepts, parses, picks, relays, for its own connections from their start to their
/// end, on one thread.
///
/// It owns every table it works on and shares only what `Shared` names. Nothing below `turn` allocates per request,
/// locks, waits or touches another worker's connections.
package struct Worker<W: World & ~Copyable>: ~Copyable {
    var world: W
    var buffers = BufferPool()
    var batch = CompletionBatch()
    var settings: WorkerSettings

    var downstreams: SlotTable<DownstreamConnection>
    var exchanges: SlotTable<Exchange>
    var upstreams: SlotTable<UpstreamConnection>
    var idle: UpstreamPool
    var downstreamTimers: TimerWheel
    var upstreamTimers: TimerWheel

    /// What the present snapshot says; `snapshotOwner` keeps its memory.
    var snapshot = SnapshotView()
    var sequence: UInt64 = 0
    private var snapshotOwner: Snapshot?

    let live: ZeroedView<LiveBackend>
    /// Who of the present snapshot may be picked.
    var available: Availables
    /// What this worker has met with at the backends.
    let experiences = Experiences()
    let tickets: ZeroedView<PoolTicket>
    let counts: ZeroedView<BackendCounters>
    let liveOwner: LiveTable
    let counters: WorkerCounters
    let latencies: ZeroedView<BackendLatency>
    let drains: ZeroedView<DrainCounters>
    let unserved: ZeroedView<UnservedCounters>
    let events: ZeroedView<EventCounters>
    let names: LiveNames
    let mailbox: SnapshotMailbox
    let log: LogRing

    /// Where heads are parsed into: their fields are ranges into a buffer that is rewritten in the same turn.
    let requestHead = Scratch(RequestHead())
    let responseHead = Scratch(ResponseHead())
    var trailers = FieldTable()
    var date = DateText()

    /// Where the search for an idle connection to close goes on.
    var idleSearch: UInt32 = 0
    /// Connections that wait for a descriptor.
    var opening = OpeningQueue()
    /// When another idle connection makes way for those, if they still wait.
    var makeWayAgainAt = Instant(nanoseconds: 0)
    let addresses = AddressMemory()
    /// Which of the workers this is, from 0.
    let number: Int
    /// Client connections that linger, and how many of them at most.
    var lingering = LingerList()
    let lingerersMax: Int
    var waiting = WaitLines()
    let waiters: ZeroedView<WaiterCount>
    /// A bit for each worker, by its number modulo 64, that is to look for room.
    var wakes: UInt64 = 0
    /// By pool, what this worker may send again.
    let retryTable = ZeroedTable<RetryBudget>(count: LiveTable.poolCapacity)
    var retries: ZeroedView<RetryBudget> { retryTable.view }
    /// Which changes of availability have been followed (`followHealth`).
    let journal: AvailabilityJournal
    var journalCursor: UInt64
    /// When to look again at requests that could not leave a backend that hangs.
    var leaveAgainAt = Instant.never

    private var listeners: [Socket] = []
    /// By listener; stays when they are closed, for those who come last.
    private var speaksProxyProtocol: [Bool] = []
    private var isAccepting = false
    /// Accepted when every slot was taken: an engine takes several from the backlog at once. They wait here as they would
    /// have there, oldest first.
    private var parked: [(socket: Socket, listener: Int)] = []
    /// After accept failed for want of descriptors: when to try again.
    private var acceptAgainAt = Instant.never
    package private(set) var isStopping = false
    var chores = Chores()
    var turnCount: UInt64 = 0

    /// Long enough for a few connections to end, short enough that nobody waiting in the backlog gives up.
    private static var acceptPauseNs: UInt64 { 100_000_000 }

    private static var roomPollNs: UInt64 { 5_000_000 }

    /// About what the checks take to say that somebody is back, and long beside a walk over all connections.
    static var leaveAgainNs: UInt64 { 1_000_000_000 }

    /// The longest backlog there is, and what else may be taken in one turn.
    private static var parkedMax: Int { 4096 + 256 }

    /// How long an idle client is kept while stopping: its next request may be on its way, and would meet a reset.
    static var stopGraceNs: UInt64 { 2_000_000_000 }

    package init(
        world: consuming W,
        settings: WorkerSettings,
        live: LiveTable,
        counters: WorkerCounters,
        mailbox: SnapshotMailbox,
        log: LogRing,
        number: Int = 0
    ) {
        let now = world.now
        self.world = world
        self.settings = settings
        let clientsMax = settings.clientsMax
        downstreams = SlotTable(
            blank: DownstreamConnection(),
            capacity: min(64, clientsMax),
            capacityMax: clientsMax
        )
        exchanges = SlotTable(blank: Exchange(), capacity: min(64, clientsMax), capacityMax: clientsMax)
        // Each exchange has at most one at a time; the rest are idle or on their way out.
        upstreams = SlotTable(blank: UpstreamConnection(), capacity: 64, capacityMax: clientsMax * 2 + 65_536)
        idle = UpstreamPool(idleMax: settings.idleMax)
        downstreamTimers = TimerWheel(now: now)
        upstreamTimers = TimerWheel(now: now)
        self.number = number
        lingerersMax = min(1024, max(16, clientsMax / 8))
        waiters = live.waiters
        liveOwner = live
        self.live = live.backends
        journal = live.journal
        journalCursor = journal.end
        available = Availables(SnapshotView(), of: live)
        tickets = live.tickets
        self.counters = counters
        counts = counters.backends
        latencies = counters.latencies
        drains = counters.drains
        unserved = counters.unserved
        events = counters.events
        names = LiveNames(live)
        self.mailbox = mailbox
        self.log = log
    }

    /// Client connections, waiting for a slot, open or on their way out.
    package var clientCount: Int { downstreams.count + parked.count }
    /// Nothing is held: no connection but idle upstream ones, no exchange, no buffer.
    package var isAtRest: Bool { downstreams.count == 0 && exchanges.count == 0 && buffers.taken == 0 }
    package var exchangeCount: Int { exchanges.count }
    package var upstreamCount: Int { upstreams.count }
    package var buffersTaken: Int { buffers.taken }
    package var now: Instant { world.now }

    /// When the next turn is due, whatever else happens.
    package var nextDeadline: Instant {
        if mailbox.hasMail { return world.now }
        var deadline = min(min(downstreamTimers.next, upstreamTimers.next), min(acceptAgainAt, leaveAgainAt))
        if opening.count > 0 { deadline = min(deadline, world.now + Self.openPollNs) }
        // Workers that make room say so to the one whose turn it is; asking now and then as well costs nearly nothing.
        return waiting.count == 0 ? deadline : min(deadline, world.now + Self.roomPollNs)
    }

    /// One pass of the loop: wait for completions, answer each, fire what is due.
    /// - Returns: what the caller must see to before the next turn.
    package mutating func turn() -> Chores {
        // First: what is attached between turns, by `adopt`, belongs to the turn before.
        turnCount &+= 1
        batch.removeAll()
        let due = min(downstreamTimers.next, upstreamTimers.next)
        world.reap(into: &batch, until: nextDeadline, buffers: &buffers)
        counters.setLastTurn(world.now)
        noteLag(due)
        for index in 0..<batch.count { dispatch(batch[index]) }
        fireTimers()
        if !journal.isRead(to: journalCursor) { followHealth() }
        if world.now >= leaveAgainAt { leaveLost() }
        if opening.count > 0 { openWaiting() }
        if waiting.count > 0 { serveWaiting() }
        if world.now >= acceptAgainAt { startAccepting() }
        events[0].setLoad(exchanges: exchanges.count, waiting: waiting.count)
        if mailbox.hasMail { chores.insert(.adopt) }
        // What `adopt` has left to do since the last turn is among them.
        let told = chores
        chores = []
        return told
    }

    /// Which workers have to be woken because there is room for their requests: bit n for those whose number is n modulo
    /// 64. Asked for once a turn that has left `.room` to do.
    package mutating func takeWakes() -> UInt64 {
        defer { wakes = 0 }
        return wakes
    }

    private mutating func dispatch(_ completion: Completion) {
        let token = completion.token
        switch token.kind {
        case .none, .wake:
            break
        case .accept:
            accepted(completion.outcome, by: Int(token.slot))
        case .downstreamReceive:
            guard downstreams.isCurrent(token) else { return drop(completion.outcome) }
            received(fromClient: token.slot, completion.outcome)
        case .downstreamSend:
            guard downstreams.isCurrent(token) else { return drop(completion.outcome) }
            sent(toClient: token.slot, completion.outcome)
        case .upstreamConnect:
            guard upstreams.isCurrent(token) else { return drop(completion.outcome) }
            connected(token.slot, completion.outcome)
        case .upstreamReceive:
            guard upstreams.isCurrent(token) else { return drop(completion.outcome) }
            received(fromBackend: token.slot, completion.outcome)
        case .upstreamSend:
            guard upstreams.isCurrent(token) else { return drop(completion.outcome) }
            sent(toBackend: token.slot, completion.outcome)
        }
    }

    /// A completion for a slot that has moved on. Slots wait for their operations, so this is for worlds' mistakes;
    /// a buffer must not be lost to one.
    private mutating func drop(_ outcome: Completion.Outcome) {
        if case .received(let buffer, _) = outcome { buffers.give(buffer) }
    }

    private mutating func fireTimers() {
        while let slot = downstreamTimers.expire(world.now) {
            guard downstreams.isTaken(slot) else { continue }
            let deadline = downstreams[slot].deadline
            if deadline <= world.now {
                clientTimedOut(slot)
            } else {
                downstreamTimers.schedule(slot, at: deadline)
            }
        }
        while let slot = upstreamTimers.expire(world.now) {
            guard upstreams.isTaken(slot) else { continue }
            let deadline = upstreams[slot].deadline
            if deadline <= world.now {
                backendTimedOut(slot)
            } else {
                upstreamTimers.schedule(slot, at: deadline)
            }
        }
    }

    // MARK: the shell's calls

    /// Adopts the snapshot that waits in the mailbox and says so. Not part of a turn: it frees the one before.
    package mutating func adopt() {
        guard let next = mailbox.take() else { return }
        let view = next.view
        for index in 0..<view.backends.count {
            let slot = view.backends[index].live
            // A slot that is new here had another backend before, or none.
            if !snapshot.isMember(slot), !experiences.backends[Int(slot)].isBlank {
                experiences.backends[Int(slot)] = Experience()
            }
        }
        available = Availables(view, of: liveOwner)
        snapshot = view
        sequence = next.sequence
        snapshotOwner = next
        if var settings = next.settings {
            // The tables were made for it.
            settings.clientsMax = self.settings.clientsMax
            self.settings = settings
        }
        for slot in 0..<upstreams.walkEnd where upstreams.isTaken(slot) {
            let backend = upstreams[slot].backend
            switch upstreams[slot].state {
            case .idle:
                // Of no use where nothing new goes.
                if !snapshot.takesNew(backend) {
                    drains[Int(backend)].countIdleClosed()
                    closeUpstream(slot)
                } else if !snapshot.has(upstreams[slot].endpoint, of: backend) {
                    closeUpstream(slot)
                }
            case .opening, .connecting, .busy:
                // They finish what they carry, as long as they may.
                if next.cuts.contains(backend) {
                    cut(upstreams[slot].exchange)
                } else if snapshot.isMember(backend), !snapshot.has(upstreams[slot].endpoint, of: backend) {
                    leaveAddress(slot)
                }
            case .closing:
                continue
            }
        }
        mailbox.acknowledge(sequence)
    }

    /// Takes a listening socket over and begins to accept from it.
    /// - Parameter speaksProxyProtocol: whether trusted proxies begin their connections with a PROXY header.
    package mutating func listen(_ socket: Socket, speaksProxyProtocol: Bool = false) {
        listeners.append(socket)
        self.speaksProxyProtocol.append(speaksProxyProtocol)
        world.submit(
            .accept(socket),
            Token(.accept, slot: UInt32(listeners.count - 1), generation: 0),
            buffers: buffers
        )
        isAccepting = true
    }

    /// Takes no more connections but those that wait already, lets what runs finish with `Connection: close`, and closes
    /// idle clients after a moment in which their next request may still come.
    package mutating func stop() {
        guard !isStopping else { return }
        isStopping = true
        for socket in listeners { world.submit(.close(socket), .none, buffers: buffers) }
        listeners.removeAll()
        acceptAgainAt = .never
        for slot in 0..<downstreams.walkEnd where downstreams.isTaken(slot) {
            switch downstreams[slot].state {
            case .idle:
                setReceiveDeadline(slot, world.now + Self.stopGraceNs)
            case .lingering:
                let end = world.now + DownstreamConnection.lingerStopNs
                downstreams[slot].totalDeadline = min(downstreams[slot].totalDeadline, end)
                downstreamTimers.schedule(slot, at: downstreams[slot].deadline)
            case .head, .exchange, .closing:
                break
            }
        }
        for slot in 0..<upstreams.walkEnd where upstreams.isTaken(slot) {
            if upstreams[slot].state == .idle { closeUpstream(slot) }
        }
    }

    // MARK: accepting

    private mutating func accepted(_ outcome: Completion.Outcome, by listener: Int) {
        switch outcome {
        case .accepted(let socket):
            guard parked.isEmpty, let slot = downstreams.take() else { return park(socket, by: listener) }
            begin(slot, socket, speaksProxyProtocol: speaksProxyProtocol[listener])
        case .failed:
            // Out of descriptors or memory. The engine has disarmed the listener; the backlog holds who comes.
            events[0].countAcceptPause()
            pauseAccepting()
            acceptAgainAt = world.now + Self.acceptPauseNs
        case .woken, .connected, .received, .ended, .sent, .cancelled:
            break
        }
    }

    private mutating func park(_ socket: Socket, by listener: Int) {
        pauseAccepting()
        if parked.count < Self.parkedMax {
            parked.append((socket, listener))
        } else {
            events[0].countShed()
            world.submit(.close(socket), .none, buffers: buffers)
        }
    }

    private mutating func begin(_ slot: UInt32, _ socket: Socket, speaksProxyProtocol: Bool) {
        events[0].countAccepted()
        downstreams[slot].socket = socket
        let peer = world.peer(of: socket).unmapped
        downstreams[slot].peer = peer
        downstreams[slot].client = peer
        downstreams[slot].isTrusted = settings.trustedProxies.contains(peer)
        // From anybody else a PROXY header is a bad request.
        downstreams[slot].awaitsProxyHeader = speaksProxyProtocol && downstreams[slot].isTrusted
        downstreams[slot].parser = H1HeadParser(limits: settings.headLimits)
        counters.setClients(clientCount)
        if downstreams.count == settings.clientsMax { pauseAccepting() }
        awaitRequest(slot)
    }

    private mutating func pauseAccepting() {
        guard isAccepting else { return }
        isAccepting = false
        for socket in listeners { world.submit(.acceptStop(socket), .none, buffers: buffers) }
    }

    private mutating func startAccepting() {
        acceptAgainAt = .never
        guard !isAccepting, !isStopping, parked.isEmpty else { return }
        isAccepting = true
        for (index, socket) in listeners.enumerated() {
            world.submit(.accept(socket), Token(.accept, slot: UInt32(index), generation: 0), buffers: buffers)
        }
    }

    /// A client's slot came free: who waits in the backlog may come in.
    mutating func clientLeft() {
        counters.setClients(clientCount)
        if !parked.isEmpty, let slot = downstreams.take() {
            let (socket, listener) = parked.removeFirst()
            return begin(slot, socket, speaksProxyProtocol: speaksProxyProtocol[listener])
        }
        if !isAccepting, acceptAgainAt == .never { startAccepting() }
    }
}
