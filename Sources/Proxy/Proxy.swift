import CLinux
package import Model
import Synchronization

/// The data plane as a whole: its threads, and the control side that steers them.
///
/// Order of use: `init` binds the ports, `start` brings up the threads with the first desired state and returns once
/// clients are accepted, `apply` and `status` at any time, `stop` at the end.
package final class Proxy: ControlPlane {
    /// Where clients are accepted, with the real ports.
    package let listeners: [ListenAddress]
    package let workerCount: Int
    /// What the workers do their I/O with: `ioUring` or `epoll`.
    package let engine: IOEngine

    private let bound: [BoundListener]
    /// By listener, like `bound`.
    private let speaksProxyProtocol: [Bool]
    let live = LiveTable()
    private let board = HealthBoard()
    let loops: [Loop]
    private let proberWaker: Waker
    let proberMailbox = SnapshotMailbox()
    private let desk = ProbeDesk()
    /// Raised when a check that was asked for has ended.
    private let reportSignal = Signal()
    private let adoptions = Signal()
    let changeSignal = Signal()
    /// Takes a line for the log.
    let say: @Sendable (String) -> Void
    let writer: LogWriter
    private let names: NameBook
    private let handover = Mutex<Handover?>(nil)
    /// In the `Via` of all requests: see `WorkerSettings.instance`.
    private let instance: UInt64
    /// Where no backend may lead, also not by what its name stands for.
    private let own = Mutex(OwnAddresses(listeners: [], admin: []))
    /// Names that lead to the admin API, of which was told.
    private let toldOf = Mutex<Set<String>>([])
    private let clientsMax: Int
    /// How many backends there can be at a time, with those that were removed and still finish what they have.
    private let slotsMax: Int
    let control: Mutex<Control>
    /// Nanoseconds of the UNIX epoch.
    let startedAt = clx_wall_ns()
    private let isAcceptingFlag = Atomic<Bool>(false)
    private let isStoppingFlag = Atomic<Bool>(false)
    private let isCutFlag = Atomic<Bool>(false)

    struct Loop: Sendable {
        let waker: Waker
        let mailbox = SnapshotMailbox()
        let counters = WorkerCounters()
        let orders = LoopOrders()
        let ring = LogRing()
    }

    /// One backend for as long as its live facts matter: a changed URL is a new identity.
    struct Identity: Hashable {
        let name: String
        let pool: String
        let url: BackendURL

        init(name: String, pool: String, url: BackendURL) {
            self.name = name
            self.pool = pool
            self.url = url
        }

        init(_ entry: DesiredState.Entry<BackendSpec>) {
            self.init(name: entry.name, pool: entry.spec.pool, url: entry.spec.url)
        }

        /// By the name, which is hardly ever that of two.
        func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    struct Departed {
        let identity: Identity
        let slot: UInt32
        let since: Instant
    }

    struct Control {
        var settings: WorkerSettings
        var sequence: UInt64 = 0
        /// Of the desired backends, by name.
        var slots: [String: UInt32] = [:]
        /// Removed, and not yet rid of their last connection or request.
        var draining: [Identity: UInt32] = [:]
        /// Gone, and told to every collector for a while yet; the first are the oldest.
        var departed: [Departed] = []
        /// What those have counted who are told no more, by pool.
        var gone: [String: GoneMetrics] = [:]
        var freeSlots: [UInt32] = []
        var usedSlots: UInt32 = 0
        var tickets: [String: UInt32] = [:]
        /// The last one that was given to a pool.
        var lastTicket: UInt32 = 0
        /// What is published: `wanted`, and behind it those who stand in.
        var desired = DesiredState()
        var wanted = DesiredState()
        /// One of each pool at most.
        var standIns: [StandingIn] = []
        /// The last snapshot has some.
        var hasStandIns = false
        /// A thread looks after those.
        var watchesStandIns = false
        /// For the log, once the lock is free.
        var lines: [String] = []
        /// What the ids in sticky cookies are made with; a key of this run's own until there is a lasting one.
        var stickyKey = StickyKey(clx_random(), clx_random())
        var hashTables = HashTables()
        /// The backends of `desired`: which slot each has, where it is, and what is compiled of it, as in the last snapshot.
        var seating = Seating()
        /// What was known of backends that have not come yet.
        var known: [Identity: KnownHealth] = [:]
        var drains = DrainBook()
    }

    /// The first round of probes holds the listeners back for at most this long (SEMANTICS §5).
    private static let firstRoundNs: UInt64 = 1_000_000_000
    /// A worker that has not adopted a change by then is stuck.
    private static let adoptionNs: UInt64 = 5_000_000_000
    /// A loop that has not turned for this long is stuck: an idle one turns twice a second.
    private static let tickNsMax: UInt64 = 2_000_000_000

    /// Why the data plane cannot start.
    package enum StartError: Error {
        case listener(BoundListener.Refusal)
        case accessLog(path: String, text: String)
        case noDescriptors
        /// io_uring was asked for by name.
        case noUring(reason: String)
    }

    /// The last figures of who has gone are told for so long, so that each collector gets them that comes as often as that.
    private static let departedNs: UInt64 = 300_000_000_000
    /// No more slots than this are kept for that.
    private static let departedMax = 1024

    /// Binds every listener, for every worker, without accepting yet.
    /// - Parameters:
    ///   - inherited: listening sockets to use for the listeners of the same address; others are left alone.
    ///   - lookup: the addresses of a name, with port 0; none when it does not resolve. May block.
    ///   - lifetime: for how long those hold, in nanoseconds; nil when that is not known. May block.
    ///   - slots: how many backends there can be at a time, with those that were removed and still finish what they have.
    ///   - patience: how long to try again to bind a listener whose address is taken, for all of them together.
    ///   - say: takes a line for the log, from any thread.
    package init(
        _ process: ProcessSettings,
        inherited: [InheritedListener] = [],
        patience: TimeSpan = .zero,
        lookup: @escaping @Sendable (String) -> [Endpoint] = { Resolver.lookup($0) },
        lifetime: @escaping @Sendable (String) -> UInt64? = { Resolver.ttlNs($0) },
        slots: Int = LiveTable.capacity,
        say: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(StartError) {
        slotsMax = min(slots, LiveTable.capacity)
        self.say = say
        // Never 0, which is none.
        let instance = clx_random() | 1
        self.instance = instance
        names = NameBook(say: say, lifetime: lifetime, lookup: lookup)
        ProcessFacts.prepare()
        let descriptors = clx_raise_descriptor_limit()
        let count = process.workers ?? min(Int(clx_cores()), ProcessSettings.workersMax)
        workerCount = count
        engine = try Self.engine(process.io, workers: count, say: say)
        // A client and its backend are two descriptors. The rest is for everything else: 64 for logs, the store and the
        // loops, and what the admin port takes with 192 connections of which 64 stream and 64 wait, so that a full house of
        // clients does not shut it out; and the pipes. Of a small limit it is a quarter.
        let limit = Int(min(descriptors, 4_000_000))
        let kept = min(64 + 192 + 2 * 128 + 2 * BufferPool.pipesMax * count, max(64, limit / 4))
        let clientsMax = process.limits.connectionsMax ?? max(16, limit - kept) / 2
        let logPath = Self.file(of: process.accessLog)
        self.clientsMax = clientsMax
        let settings = Self.settings(process, workers: count, clientsMax: clientsMax, instance)
        control = Mutex(Control(settings: settings))
        speaksProxyProtocol = process.listeners.map { process.proxyProtocol.contains($0) }
        do {
            var bound: [BoundListener] = []
            let deadline = clx_monotonic_ns() + UInt64(max(patience, .zero).nanoseconds)
            for address in process.listeners {
                let sockets = inherited.filter { $0.address == address }
                let now = clx_monotonic_ns()
                let listener = try BoundListener(
                    address,
                    workers: count,
                    inherited: sockets,
                    patienceNs: deadline > now ? deadline - now : 0,
                    waiting: { say("\($0) is taken: trying again for up to \(patience)") }
                )
                bound.append(listener)
            }
            self.bound = bound
        } catch let refusal {
            throw .listener(refusal)
        }
        listeners = bound.map(\.address)
        do {
            var loops: [Loop] = []
            for _ in 0..<count { loops.append(Loop(waker: try Waker())) }
            self.loops = loops
            proberWaker = try Waker()
        } catch {
            throw .noDescriptors
        }
        writer = LogWriter(rings: loops.map(\.ring), path: logPath, say: say)
        if let text = writer.check() { throw .accessLog(path: logPath ?? "stdout", text: text) }
    }

    private static func engine(
        _ wanted: IOEngine,
        workers: Int,
        say: (String) -> Void
    ) throws(StartError) -> IOEngine {
        guard wanted != .epoll else { return .epoll }
        guard let reason = UringEngine.refusal(workers: workers) else { return .ioUring }
        guard wanted == .auto else { throw .noUring(reason: reason) }
        say("io_uring is not to be had (\(reason)): using epoll, which takes more CPU for each request")
        return .epoll
    }

    /// Starts the threads, makes `desired` live, and opens the listeners once every backend has a verdict, or after a
    /// second.
    package func start(_ desired: DesiredState) throws {
        try startThreads()
        try apply(desired, revision: 0)
        // Of who comes later nothing is known: it may have been down meanwhile.
        control.withLock { $0.known = [:] }
        let names = self.names
        try LoopThread.start("lb-names") { [weak self] in names.run { self?.adoptAddresses() } }
        awaitFirstRound()
        for listener in bound { listener.listen() }
        let offers = bound.compactMap { listener in
            listener.meeting.map { Handover.Offer(meeting: $0, sockets: listener.sockets.map(\.raw)) }
        }
        let handover = try Handover(offers)
        self.handover.withLock { $0 = handover }
        for loop in loops {
            loop.orders.wantAccept()
            loop.waker.wake()
        }
        isAcceptingFlag.store(true, ordering: .relaxed)
        changeSignal.raise()
    }

    private func startThreads() throws(IOFault) {
        let writer = self.writer
        try LoopThread.start("lb-log") { writer.run() }
        for (index, loop) in loops.enumerated() {
            let parts = LinuxWorker.Parts(
                number: index,
                workers: loops.map(\.waker),
                settings: control.withLock { $0.settings },
                live: live,
                counters: loop.counters,
                mailbox: loop.mailbox,
                orders: loop.orders,
                log: loop.ring,
                logSignal: writer.signal,
                adoptions: adoptions,
                changes: changeSignal,
                proberWaker: proberWaker,
                listeners: zip(bound, speaksProxyProtocol).flatMap { listener, speaks in
                    listener.sockets(of: index, among: workerCount).map { ($0, speaks) }
                }
            )
            let engine = self.engine
            try LoopThread.start("lb-worker-\(index)") {
                do {
                    try LinuxWorker.run(parts, on: engine)
                } catch {
                    fatalError("a worker could not have its event loop: no descriptors left")
                }
            }
        }
        let parts = LinuxWorker.ProberParts(
            waker: proberWaker,
            live: live,
            board: board,
            mailbox: proberMailbox,
            desk: desk,
            counters: loops.map(\.counters),
            adoptions: adoptions,
            changes: changeSignal,
            reports: reportSignal,
            workers: loops.map(\.waker)
        )
        try LoopThread.start("lb-prober") {
            do {
                try LinuxWorker.runProber(parts)
            } catch {
                fatalError("the prober could not have its event loop: no descriptors left")
            }
        }
    }

    private func awaitFirstRound() {
        let deadline = clx_monotonic_ns() + Self.firstRoundNs
        while true {
            let seen = changeSignal.count
            let slots = control.withLock { Array($0.slots.values) }
            let now = clx_monotonic_ns()
            let isOver = slots.allSatisfy { isSettled($0) }
            if isOver || now >= deadline { return }
            _ = changeSignal.wait(past: seen, timeoutNs: deadline - now)
        }
    }

    /// Whether there is no point in waiting for a backend's first check: it serves, is not to serve, or the check has spoken.
    private func isSettled(_ slot: UInt32) -> Bool {
        switch live.backends[Int(slot)].availability {
        case .starting: false
        // As it was when the process last ran; it may be well again.
        case .unhealthy, .unproven: !(board.entry(slot)?.health.probes.isEmpty ?? true)
        case .serving, .ejected, .draining, .maint: true
        }
    }

    /// Makes the ids in sticky cookies with a key that lasts, so that sessions outlive this process. Before `start`.
    package func keepSessions(under key: StickyKey) { control.withLock { $0.stickyKey = key } }

    // MARK: ControlPlane

    package func apply(_ desired: DesiredState, revision: UInt64) throws(PlaneError) {
        guard !isStoppingFlag.load(ordering: .relaxed) else { throw .stopping }
        // New names are looked up before anything is locked or changed: it may take a while.
        let wanted = names.adopt(desired)
        let sequence = try control.withLock { control throws(PlaneError) in
            try makeRoom(for: desired, &control)
            let sequence = publish(withStandIns(desired, &control), &control)
            // Those who stand in are looked for as long as they do.
            if control.standIns.isEmpty { names.forget(allBut: wanted) }
            return sequence
        }
        tellLines()
        defer { watchStandIns() }
        try awaitEveryone(sequence)
    }

    /// Takes over what of `process` needs no restart: limits but that of connections, timeouts, who is believed, and the
    /// format of the access log. Returns once every loop lives by it.
    package func adopt(_ process: ProcessSettings) throws(PlaneError) {
        guard !isStoppingFlag.load(ordering: .relaxed) else { throw .stopping }
        let settings = Self.settings(process, workers: workerCount, clientsMax: clientsMax, instance)
        let sequence = control.withLock { control in
            control.settings = settings
            return publish(control.desired, &control)
        }
        try awaitEveryone(sequence)
    }

    private static func settings(
        _ process: ProcessSettings,
        workers: Int,
        clientsMax: Int,
        _ instance: UInt64
    ) -> WorkerSettings {
        var settings = WorkerSettings(
            limits: process.limits,
            timeouts: process.timeouts,
            workers: workers,
            clientsMax: clientsMax,
            logsAccess: process.accessLog != .off,
            trustedProxies: process.trustedProxies,
            sendsForwarded: process.sendsForwarded
        )
        settings.logFormat = process.accessLogFormat == .json ? .json : .text
        settings.instance = instance
        return settings
    }

    /// Returns once every loop lives by a snapshot, and drains that it began count from there.
    func awaitEveryone(_ sequence: UInt64) throws(PlaneError) {
        let stuck = awaitAdoption(of: sequence)
        control.withLock { advanceDrains(&$0) }
        changeSignal.raise()
        guard stuck == 0 else { throw .notAdopted(workers: stuck) }
    }

    /// Some name has other addresses now: the same desired state, compiled anew. No revision: nobody desired it.
    private func adoptAddresses() {
        let hasChanged = control.withLock { control in
            guard placeEndpoints(control.desired, &control.seating) else { return false }
            _ = publish(control.desired, &control)
            return true
        }
        if hasChanged { changeSignal.raise() }
    }

    /// Posts a new snapshot to every loop. Under the lock, so that the newest is what each finds in its mailbox.
    func publish(_ desired: DesiredState, _ control: inout Control) -> UInt64 {
        let snapshot = place(desired, &control)
        for loop in loops {
            loop.mailbox.post(snapshot)
            loop.waker.wake()
        }
        proberMailbox.post(snapshot)
        proberWaker.wake()
        return snapshot.sequence
    }

    /// Sees to it that every new backend of `desired` finds a slot.
    ///
    /// Slots are reclaimed here and no more until the state is placed: one that is lost in between, as its last connection
    /// ends just then, would be missing.
    private func makeRoom(for desired: DesiredState, _ control: inout Control) throws(PlaneError) {
        reclaim(&control)
        // Nearly always there is room for all of them anew, and nobody has to be counted.
        guard desired.backends.count > control.freeSlots.count + slotsMax - Int(control.usedSlots) else { return }
        let placed = Set(control.desired.backends.lazy.map { Identity($0) })
        let newcomers = desired.backends.lazy.map { Identity($0) }
            .count { !placed.contains($0) && control.draining[$0] == nil }
        let missing = newcomers - control.freeSlots.count - (slotsMax - Int(control.usedSlots))
        guard missing > 0 else { return }
        // Rather than refuse, lose the last counts of those that are gone.
        guard missing <= control.departed.count else { throw .full(draining: control.draining.count) }
        forget(missing, &control)
    }

    /// Gives every pool its ticket: rotation, name and counts of what met no backend. One of a pool that is gone goes to
    /// another as late as can be, since requests of its last owner may still be under way.
    private func placePools(_ desired: DesiredState, _ control: inout Control) {
        let before = control.tickets
        let names = Set(desired.pools.map(\.name))
        for (pool, sums) in control.gone where !names.contains(pool) && !pool.isEmpty {
            control.gone[pool] = nil
            control.gone["", default: GoneMetrics()].add(sums)
        }
        // So do the requests that were meant for a pool and met nobody.
        for (pool, ticket) in before where !names.contains(pool) {
            for loop in loops {
                control.gone["", default: GoneMetrics()].requests.add(loop.counters.unserved[Int(ticket)].classes)
            }
        }
        control.tickets = [:]
        for pool in desired.pools { control.tickets[pool.name] = before[pool.name] }
        var taken = Set(control.tickets.values)
        for pool in desired.pools where control.tickets[pool.name] == nil {
            repeat {
                control.lastTicket = (control.lastTicket + 1) % UInt32(LiveTable.poolCapacity)
            } while taken.contains(control.lastTicket)
            taken.insert(control.lastTicket)
            control.tickets[pool.name] = control.lastTicket
            let names = live.pools
            names[Int(control.lastTicket)].set(pool.name)
            for loop in loops { loop.counters.unserved[Int(control.lastTicket)].clear() }
        }
    }

    /// Gives every backend its live slot, the old one where its identity stays, and compiles.
    private func place(_ desired: DesiredState, _ control: inout Control) -> Snapshot {
        control.sequence += 1
        placeBackends(desired, &control)
        if control.hasStandIns || !control.standIns.isEmpty { nameSlots(&control) }
        control.hasStandIns = !control.standIns.isEmpty
        if control.desired.pools != desired.pools { control.seating.forgetPools() }
        control.desired = desired
        _ = placeEndpoints(desired, &control.seating)
        placePools(desired, &control)
        control.seating.make(desired, tickets: control.tickets, control.stickyKey)
        noteDrains(desired, &control)
        return Compile.snapshot(
            desired,
            sequence: control.sequence,
            seating: control.seating,
            tickets: control.tickets,
            settings: control.settings,
            cuts: Array(control.drains.cuts),
            tables: &control.hashTables
        )
    }

    /// Looks only at those between the first and the last one that is not what it was.
    private func placeBackends(_ desired: DesiredState, _ control: inout Control) {
        let old = control.desired.backends
        let new = desired.backends
        let changed = ChangedMiddle(from: old, to: new)
        var before: [Identity: Int] = [:]
        for place in changed.old {
            before[Identity(old[place])] = place
            control.slots[old[place].name] = nil
        }
        var arrivals: [Seating.Arrival] = []
        for entry in new[changed.new] {
            let identity = Identity(entry)
            let place = before.removeValue(forKey: identity)
            let placement: Compile.Placement
            if let place {
                let comesBack = Seating.comesBack(old[place].spec, entry.spec)
                placement =
                    comesBack ? readmitted(control.seating.placements[place]) : control.seating.placements[place]
            } else {
                let slot = control.draining.removeValue(forKey: identity) ?? takeSlot(entry, &control)
                placement = Compile.Placement(
                    live: slot,
                    epoch: live.readmit(slot, keepsSessions: false),
                    endpoints: [],
                    known: control.known.removeValue(forKey: identity)
                )
            }
            control.slots[entry.name] = placement.live
            let isUnchanged = place.map { old[$0] === entry } ?? false
            arrivals.append(Seating.Arrival(placement: placement, before: place, isUnchanged: isUnchanged))
        }
        for (identity, place) in before { control.draining[identity] = control.seating.live(place) }
        control.seating.replace(changed.old, with: arrivals)
    }

    /// The same place for who has drained, or was worked on, and is to serve again.
    private func readmitted(_ placement: Compile.Placement) -> Compile.Placement {
        Compile.Placement(
            live: placement.live,
            epoch: live.readmit(placement.live, keepsSessions: true),
            endpoints: placement.endpoints
        )
    }

    /// Has no request go to the admin API, whatever name it is called by, from the next change on.
    package func keepAway(from own: OwnAddresses) { self.own.withLock { $0 = own } }

    private func withoutAdmin(_ endpoints: [Endpoint], of url: BackendURL) -> [Endpoint] {
        guard url.isName else { return endpoints }
        let own = own.withLock { $0 }
        let kept = endpoints.filter { endpoint in
            IPAddress(endpoint).map { own.port(of: $0, endpoint.port) } ?? .data != .admin
        }
        if kept.count < endpoints.count, toldOf.withLock({ $0.count < 1000 && $0.insert("\(url)").inserted }) {
            say("\(url) leads to the admin API of this process, and is used as if it had no such address")
        }
        return kept
    }

    private func takeSlot(_ entry: DesiredState.Entry<BackendSpec>, _ control: inout Control) -> UInt32 {
        let slot = control.freeSlots.popLast() ?? control.usedSlots
        if slot == control.usedSlots { control.usedSlots += 1 }
        let lines = live.backends
        lines[Int(slot)].begin(name: entry.name)
        let authorities = live.authorities
        authorities[Int(slot)].set(entry.spec.url.authority)
        live.probes[Int(slot)].clear()
        for loop in loops { loop.counters.clear(Int(slot)) }
        return slot
    }

    /// Finds out where the backends are; what stands for an address is there for good.
    /// - Returns: whether one of them has others than before.
    private func placeEndpoints(_ desired: DesiredState, _ seating: inout Seating) -> Bool {
        let places = seating.seats.indices.filter { seating.seats[$0].isSought }
        var hasChanged = false
        let urls = places.map { desired.backends[$0].spec.url }
        let found = zip(urls, names.endpoints(of: urls)).map { withoutAdmin($1, of: $0) }
        for (place, endpoints) in zip(places, found) where seating.placements[place].endpoints != endpoints {
            seating.setEndpoints(endpoints, at: place)
            hasChanged = true
        }
        return hasChanged
    }

    /// Frees the slots of backends that left, once nothing refers to them: every loop lives by a snapshot without them,
    /// their last connection and request are over, and a collector has read what they counted.
    func reclaim(_ control: inout Control) {
        guard adopted >= control.sequence else { return }
        advanceDrains(&control)
        let held = control.drains.held
        let now = Instant(nanoseconds: clx_monotonic_ns())
        for (identity, slot) in control.draining
        where !held.contains(slot) && live.backends[Int(slot)].connections == 0 && live.backends[Int(slot)].inFlight == 0 {
            control.draining[identity] = nil
            control.departed.append(Departed(identity: identity, slot: slot, since: now))
        }
        let old = control.departed.prefix { now.since($0.since) >= Self.departedNs }.count
        forget(max(old, control.departed.count - Self.departedMax), &control)
    }

    /// The oldest of those that have gone: their slots are free for others, and sums keep what they counted.
    private func forget(_ count: Int, _ control: inout Control) {
        guard count > 0 else { return }
        for one in control.departed.prefix(count) {
            let pool = control.tickets[one.identity.pool] == nil ? "" : one.identity.pool
            control.gone[pool, default: GoneMetrics()].add(counted(one.slot))
            control.freeSlots.append(one.slot)
        }
        control.departed.removeFirst(count)
    }

    /// - Returns: how many loops have not adopted it in time: the workers, which send requests by it, and the prober, by which
    ///   a backend that is to drain says that it does.
    private func awaitAdoption(of sequence: UInt64) -> Int {
        let deadline = clx_monotonic_ns() + Self.adoptionNs
        while true {
            let seen = adoptions.count
            let mailboxes = loops.map(\.mailbox) + [proberMailbox]
            let missing = mailboxes.count { $0.acknowledged < sequence }
            let now = clx_monotonic_ns()
            if missing == 0 || now >= deadline { return missing }
            _ = adoptions.wait(past: seen, timeoutNs: deadline - now)
        }
    }

    package func status() -> PlaneStatus {
        let (current, draining, standIns) = control.withLock { control in
            reclaim(&control)
            return (control.slots, control.draining, standInSlots(control))
        }
        var backends: [String: BackendStatus] = [:]
        backends.reserveCapacity(current.count + draining.count)
        for (identity, slot) in draining where live.backends[Int(slot)].inFlight > 0 {
            backends[identity.name] = status(slot, isDraining: true)
        }
        for (name, slot) in standIns { backends[name] = status(slot, isDraining: false, isStandIn: true) }
        for (name, slot) in current { backends[name] = status(slot, isDraining: false) }
        let now = Instant(nanoseconds: clx_monotonic_ns())
        return PlaneStatus(
            backends: backends,
            isTicking: loops.allSatisfy { now.since($0.counters.lastTurn) < Self.tickNsMax },
            isAccepting: isAcceptingFlag.load(ordering: .relaxed) && !isStoppingFlag.load(ordering: .relaxed)
        )
    }

    package func status(of name: String) -> BackendStatus? {
        let (slot, isDraining, isStandIn) = control.withLock { control -> (UInt32?, Bool, Bool) in
            reclaim(&control)
            if let slot = control.slots[name] { return (slot, false, false) }
            if let slot = standInSlots(control).first(where: { $0.name == name })?.slot { return (slot, false, true) }
            let slots = control.draining.lazy.filter { $0.key.name == name }.map(\.value)
            return (slots.first { live.backends[Int($0)].inFlight > 0 }, true, false)
        }
        return slot.map { status($0, isDraining: isDraining, isStandIn: isStandIn) }
    }

    func status(_ slot: UInt32, isDraining: Bool, isStandIn: Bool = false) -> BackendStatus {
        let at = Int(slot)
        let entry = board.entry(slot)
        var status = BackendStatus(
            phase: isDraining ? .draining : entry?.phase ?? .starting,
            since: isDraining ? 0 : entry?.since ?? 0,
            health: entry?.health
                ?? HealthStatus(
                    state: .unknown,
                    since: 0,
                    reason: nil,
                    consecutiveOK: 0,
                    consecutiveFailures: 0,
                    isProven: false,
                    probes: []
                ),
            inFlight: live.backends[at].inFlight,
            idleConnections: loops.reduce(0) { $0 + $1.counters.backends[at].idle },
            streams: loops.reduce(0) { $0 + $1.counters.backends[at].streams },
            requests: loops.reduce(0) { $0 + $1.counters.backends[at].requests },
            errors: loops.reduce(0) { $0 + $1.counters.backends[at].errors },
            retriedAway: loops.reduce(0) { $0 + $1.counters.backends[at].retriedAway }
        )
        status.isStandIn = isStandIn
        for loop in loops { status.answers.add(loop.counters.backends[at].classes) }
        return status
    }

    package func transitions(after sequence: UInt64) -> [HealthTransition] { board.transitions(after: sequence) }

    package func probe(_ spec: BackendSpec, with check: HealthCheckSpec) -> ProbeReport {
        let plan = Compile.probe(spec.url, names.endpoints(of: spec.url), check)
        var refusal = ProbeReport()
        guard let order = desk.order(plan) else {
            refusal.failure = "not run: too many checks are being run on demand"
            return refusal
        }
        // A prober that is late by a second is stuck.
        let deadline = clx_monotonic_ns() + UInt64(check.timeout.nanoseconds) + 1_000_000_000
        proberWaker.wake()
        while true {
            let seen = reportSignal.count
            if let report = desk.collect(order) { return report }
            let now = clx_monotonic_ns()
            guard now < deadline else { break }
            _ = reportSignal.wait(past: seen, timeoutNs: deadline - now)
        }
        desk.withdraw(order)
        refusal.failure = "not run: the prober does not answer"
        return refusal
    }

    package func seed(_ known: [KnownHealth]) {
        control.withLock { control in
            for health in known {
                control.known[Identity(name: health.name, pool: health.pool, url: health.url)] = health
            }
        }
    }

    package var changes: UInt64 { changeSignal.count }

    var isStopping: Bool { isStoppingFlag.load(ordering: .relaxed) }

    package var publications: UInt64 { control.withLock { $0.sequence } }

    package func awaitChange(after seen: UInt64, timeout: TimeSpan) -> UInt64 {
        changeSignal.wait(past: seen, timeoutNs: UInt64(timeout.nanoseconds))
    }

    /// The listeners whose sockets are those of another instance that runs.
    package var sharedListeners: [ListenAddress] { bound.filter(\.isShared).map(\.address) }
    /// Where another instance listens too, with sockets of its own.
    package var apartListeners: [ListenAddress] { bound.filter(\.isApart).map(\.address) }
    /// Those that no other instance can take over: a process of another user has the name to ask at.
    package var squattedListeners: [ListenAddress] { bound.filter(\.isSquatted).map(\.address) }

    // MARK: the end

    /// Client connections that are open now.
    package var clientCount: Int { loops.reduce(0) { $0 + $1.counters.clients } }

    /// Accepts no more, lets what runs finish, and returns when it has or after `patience`.
    /// - Returns: how many clients were still connected then.
    package func stop(patience: TimeSpan) -> Int {
        isStoppingFlag.store(true, ordering: .relaxed)
        changeSignal.raise()
        handover.withLock { $0 }?.end()
        for loop in loops {
            loop.orders.wantStop()
            loop.waker.wake()
        }
        let deadline = clx_monotonic_ns() + UInt64(patience.nanoseconds)
        while true {
            let seen = changeSignal.count
            let now = clx_monotonic_ns()
            let isOver = now >= deadline || isCutFlag.load(ordering: .relaxed)
            if isOver || loops.allSatisfy(\.orders.hasDrained) { break }
            _ = changeSignal.wait(past: seen, timeoutNs: deadline - now)
        }
        writer.flush()
        return clientCount
    }

    /// Ends the patience of a `stop` that is under way.
    package func cut() {
        isCutFlag.store(true, ordering: .relaxed)
        changeSignal.raise()
    }

    /// Writes the access log elsewhere from now on.
    /// - Returns: the kernel's words when that cannot be opened, and then everything stays as it is.
    package func moveLog(to place: AccessLogSpec) -> String? { writer.move(to: Self.file(of: place)) }

    /// The file of an access log; nil is standard output.
    private static func file(of place: AccessLogSpec) -> String? {
        if case .path(let path) = place, path != "stdout" { return path }
        return nil
    }

    /// Opens the access log anew: somebody has moved the file.
    package func reopenLog() { writer.reopen() }
}
