package import Model
package import Proxy

/// The whole balancer in a seeded world: workers, prober, backends and clients, driven on one thread in virtual time.
///
/// The driver is the shell around the loops: it publishes snapshots, does the chores, and moves time to the next thing
/// that is to happen once every loop has nothing left to do.
package final class Simulation {
    /// What the backends of a play say.
    package enum Answers {
        case mixed
        /// Nine in ten break off before the answer.
        case breaking
        /// Early ones, garbage, silence and resets, at any byte of a long request.
        case hostile
        /// To requests that are still being sent, whole, and with the end of the connection or without.
        case early
        /// Late, up to some seconds.
        case slow
    }

    /// What differs from one simulation to another.
    package struct Settings {
        package var seed: UInt64
        package var weather = Weather.fair
        package var workers = 2
        package var limits = Limits()
        package var timeouts = Timeouts()
        package var clientsMax = 1000
        /// Nil: backends simply serve.
        package var check: HealthCheckSpec?
        /// How the one pool balances; its health check is `check`.
        package var pool = PoolSpec()
        /// Clients name themselves in PROXY headers, and are believed.
        package var speaksProxyProtocol = false
        package var answers = Answers.mixed
        /// Nothing happens in it for which an answer that the log has may be lost on its way.
        package var keepsAnswers = false
        /// Backends take connections and read at once: a client that leaves the queue is never heard of by one of them.
        package var keepsQueue = false
        /// Of each worker: descriptors at once, and local ports for connections to one address.
        package var descriptorsMax = 1_000_000
        package var portsMax = 1_000_000
        /// The prober looks at how requests are answered, which has it turn every second for ever.
        package var samplesAnswers = false

        package init(seed: UInt64) { self.seed = seed }
    }

    /// Of these, `check` and `pool` may change as it runs: the next `publish` has them.
    package var settings: Settings
    package let network: SimNetwork
    package let ledger = Ledger()
    package let live = LiveTable()
    package let prober: ProberLoop
    package private(set) var workers: [WorkerLoop] = []
    package private(set) var backends: [SimBackend] = []
    package private(set) var clients: [SimClient] = []
    /// What went against the rules of a loop itself.
    package private(set) var complaints: [String] = []
    /// Backends that were to get nothing, as they were removed, drained or found unhealthy: from when every loop knew to
    /// when that began to change.
    package private(set) var absences: [(backend: String, why: String, from: Instant, to: Instant)] = []
    /// Addresses that are no longer those of a backend's name: from when every loop knew, to when that began to change.
    private var departures: [(backend: String, address: Endpoint, from: Instant, to: Instant)] = []
    private var awaitingDepartures: [(backend: String, address: Endpoint, sequence: UInt64)] = []
    /// What each backend's name stood for when it was published last.
    private var homes: [String: Endpoint] = [:]
    private var order: Chance
    private var members: [SimBackend] = []
    private var liveSlots: [String] = []
    private var sequence: UInt64 = 0
    /// The most addresses that a backend has had at once.
    private var addressesMax = 1
    package private(set) var isStopped = false
    private var isFinished = false

    /// Where clients connect to.
    package static let address = Endpoint.ipv4(0x0A00_0001, port: 80)
    /// Where clients come from that have no address of their own.
    private static let trusted: Network = {
        guard let network = Network("10.1.0.0/16") else { preconditionFailure("it is a network") }
        return network
    }()
    /// Turns at one instant past which a loop is taken to spin.
    private static let turnsPerInstantMax = 200_000

    private let workerSettings: WorkerSettings

    package init(_ settings: Settings) {
        self.settings = settings
        network = SimNetwork(seed: settings.seed, weather: settings.weather)
        order = network.forkChance()
        let counters = (0..<settings.workers).map { _ in WorkerCounters() }
        prober = ProberLoop(network, number: 100, live: live, counters: settings.samplesAnswers ? counters : [])
        workerSettings = WorkerSettings(
            limits: settings.limits,
            timeouts: settings.timeouts,
            workers: settings.workers,
            clientsMax: settings.clientsMax,
            logsAccess: true,
            trustedProxies: TrustedProxies(settings.speaksProxyProtocol ? [Self.trusted] : [])
        )
        for number in 0..<settings.workers {
            let worker = WorkerLoop(
                network,
                number: number,
                settings: workerSettings,
                live: live,
                counters: counters[number]
            )
            worker.listen(at: Self.address, speaksProxyProtocol: settings.speaksProxyProtocol)
            worker.kernel.descriptorsMax = settings.descriptorsMax
            worker.kernel.portsMax = settings.portsMax
            worker.wakeProber = { [unowned prober] in prober.kernel.wake() }
            workers.append(worker)
        }
        loops = workers + [prober]
        for worker in workers {
            worker.wakeWorkers = { [unowned self, unowned worker] wakes in
                for (number, other) in self.workers.enumerated() where wakes >> UInt64(number) & 1 == 1 {
                    if other !== worker { other.kernel.wake() }
                }
            }
        }
        prober.wakeWorkers = { [workers] in for worker in workers { worker.kernel.wake() } }
    }

    package convenience init(seed: UInt64, weather: Weather = .fair, check: HealthCheckSpec? = nil) {
        var settings = Settings(seed: seed)
        settings.weather = weather
        settings.check = check
        self.init(settings)
    }

    // MARK: the cast

    /// A backend that runs; it gets traffic once it is published.
    package func addBackend(_ name: String? = nil) -> SimBackend {
        let number = backends.count
        let backend = SimBackend(
            network,
            ledger,
            name: name ?? "web-\(number + 1)",
            address: .ipv4(0x0A02_0000 + UInt32(number), port: 8080)
        )
        backends.append(backend)
        backend.start()
        return backend
    }

    package func addBackends(_ count: Int, _ script: ((MessageHead, inout Chance) -> AnswerScript)? = nil) {
        for _ in 0..<count {
            let backend = addBackend()
            if let script { backend.script = script }
        }
    }

    @discardableResult
    package func addClient(
        _ requests: [RequestScript],
        keepsAlive: Bool = true,
        pipelineDepth: Int = 1,
        isEager: Bool = false,
        afterNs delay: UInt64 = 0,
        origin: SimClient.Origin = SimClient.Origin()
    ) -> SimClient {
        let client = SimClient(
            network,
            ledger,
            number: clients.count + 1,
            to: Self.address,
            requests: requests,
            keepsAlive: keepsAlive,
            pipelineDepth: pipelineDepth,
            isEager: isEager,
            origin: origin
        )
        clients.append(client)
        client.start(afterNs: delay)
        return client
    }

    /// Does something later.
    package func after(_ delayNs: UInt64, _ action: @escaping () -> Void) {
        network.schedule(afterNs: delayNs, .chore, 0, action)
    }

    // MARK: the shell

    /// Makes exactly these the desired state.
    package func publish(_ desired: [SimBackend], weights: [Int]? = nil) {
        reclaim()
        members = desired
        sequence += 1
        let cuts = cutBackends
        var state = DesiredState()
        var pool = settings.pool
        pool.healthCheck = settings.check
        state.setPool(DesiredState.defaultPool, pool)
        var placements: [String: Compile.Placement] = [:]
        for (index, backend) in desired.enumerated() {
            if let weights { backend.weight = weights[index] }
            var spec = BackendSpec(url: backend.url, weight: backend.weight)
            spec.isBackup = backend.isBackup
            spec.state = backend.state
            spec.requestsMax = backend.requestsMax
            state.setBackend(backend.name, spec)
            addressesMax = max(addressesMax, 1 + backend.deadAddresses.count)
            let slot = liveSlot(of: backend)
            readmit(backend, as: spec)
            placements[backend.name] = Compile.Placement(
                live: slot,
                epoch: live.backends[Int(slot)].epoch,
                endpoints: backend.deadAddresses + [backend.home]
            )
        }
        let snapshot = Compile.snapshot(
            state,
            sequence: sequence,
            placements: placements,
            tickets: [DesiredState.defaultPool: 0],
            settings: workerSettings,
            cuts: cuts.map { liveSlot(of: $0) }
        )
        for worker in workers { worker.mailbox.post(snapshot) }
        prober.mailbox.post(snapshot)
        for worker in workers { worker.kernel.wake() }
        prober.kernel.wake()
        network.note(.chore, Int(sequence), desired.count)
        noteAbsences()
        noteDepartures()
        endComebacks()
        published = state
        awaitingCut = cuts.map { ($0, sequence) }
    }

    /// Makes those that are listed the desired state.
    package func publish() { publish(backends.filter(\.isListed)) }

    // MARK: who has to prove himself

    private var published = DesiredState()
    /// Backends that came, or came back, to be checked before they get anything, and from when on that is so no more.
    private var comebacks: [(backend: SimBackend, keepsSessions: Bool, from: Instant, to: Instant)] = []

    private func readmit(_ backend: SimBackend, as spec: BackendSpec) {
        let before = published.backend(backend.name)
        if let before, !Seating.comesBack(before, spec) { return }
        _ = live.readmit(liveSlot(of: backend), keepsSessions: before != nil)
        guard spec.state == .ready else { return }
        comebacks.append((backend, before != nil, network.now, .never))
    }

    private func endComebacks() {
        let isChecked = settings.check.map { $0.start == .down } ?? false
        for index in comebacks.indices where comebacks[index].to == .never {
            // What is known of sessions is not the network's to tell.
            let mayHaveSessions = comebacks[index].keepsSessions && settings.pool.sticky != nil
            if !isChecked || mayHaveSessions { comebacks[index].to = network.now }
        }
    }

    /// Nothing is given to a backend that has come, or come back, before a check that began after that.
    private func comebackViolations() -> [String] {
        var found: [String] = []
        for comeback in comebacks {
            let checked = comeback.backend.probeTimes.first { $0 > comeback.from } ?? .never
            for arrival in ledger.arrivals where arrival.backend == comeback.backend.name {
                guard let id = arrival.id, id < ledger.intents.count, ledger.intents[id].at > comeback.from,
                    arrival.at < min(checked, comeback.to)
                else { continue }
                found.append("request \(id) went to \(arrival.backend), which had come back and was not checked yet")
            }
        }
        return found
    }

    // MARK: what is to get nothing

    private enum Absence: String {
        case undesired = "which had been removed or drained"
        case unhealthy = "which was unhealthy"
    }

    private var awaitingAbsence: [(backend: String, sequence: UInt64)] = []
    private var awaitingCut: [(backend: SimBackend, sequence: UInt64)] = []

    private var cutBackends: [SimBackend] {
        backends.filter { backend in
            guard backend.isCut, backend.liveSlot != nil else { return false }
            return backend.state != .ready || !members.contains { $0 === backend }
        }
    }

    /// Who is desired so that it gets nothing new, once that is known everywhere. Sessions go on with one that drains, or
    /// has no weight, until its drain is out of time.
    private func noteAbsences() {
        let cut = cutBackends
        for backend in backends where backend.hasBeenMember {
            let isMember = members.contains { $0 === backend }
            let isQuiet = backend.state == .drain || backend.weight == 0
            let isAbsent =
                !isMember || backend.state == .maint || cut.contains { $0 === backend }
                || (isQuiet && settings.pool.sticky == nil)
            let isNoted = isAway(backend, .undesired) || awaitingAbsence.contains { $0.backend == backend.name }
            if isAbsent, !isNoted { awaitingAbsence.append((backend.name, sequence)) }
            if !isAbsent {
                endAbsence(backend, .undesired)
                awaitingAbsence.removeAll { $0.backend == backend.name }
            }
        }
    }

    private func isAway(_ backend: SimBackend, _ why: Absence) -> Bool {
        absences.contains { $0.backend == backend.name && $0.why == why.rawValue && $0.to == .never }
    }

    private func endAbsence(_ backend: SimBackend, _ why: Absence) {
        for index in absences.indices
        where absences[index].backend == backend.name && absences[index].why == why.rawValue
            && absences[index].to == .never
        {
            absences[index].to = network.now
        }
    }

    /// Whose name stands for another address than before gets nothing new at the one before, once that is known everywhere.
    private func noteDepartures() {
        for backend in members {
            let former = homes.updateValue(backend.home, forKey: backend.name)
            guard let former, former != backend.home else { continue }
            awaitingDepartures.append((backend.name, former, sequence))
            awaitingDepartures.removeAll { $0.backend == backend.name && $0.address == backend.home }
            for index in departures.indices
            where departures[index].backend == backend.name && departures[index].address == backend.home
                && departures[index].to == .never
            {
                departures[index].to = network.now
            }
        }
    }

    /// Called when all loops have come to rest at an instant.
    private func observe() {
        if !awaitingDepartures.isEmpty {
            let adopted = workers.map(\.mailbox.acknowledged).min() ?? 0
            for item in awaitingDepartures where item.sequence <= adopted {
                departures.append((item.backend, item.address, network.now, .never))
            }
            awaitingDepartures.removeAll { $0.sequence <= adopted }
        }
        if !awaitingAbsence.isEmpty || !awaitingCut.isEmpty {
            let adopted = workers.map(\.mailbox.acknowledged).min() ?? 0
            for item in awaitingAbsence where item.sequence <= adopted {
                absences.append((item.backend, Absence.undesired.rawValue, network.now, .never))
            }
            awaitingAbsence.removeAll { $0.sequence <= adopted }
            for item in awaitingCut where item.sequence <= adopted && inFlight(of: item.backend) > 0 {
                complaints.append(
                    "\(inFlight(of: item.backend)) requests at \(item.backend.name), which is out of time"
                )
            }
            awaitingCut.removeAll { $0.sequence <= adopted }
        }
        let line = live.backends
        for backend in members {
            let slot = Int(liveSlot(of: backend))
            if backend.requestsMax > 0, line[slot].inFlight > backend.requestsMax {
                complaints.append(
                    "\(line[slot].inFlight) requests at \(backend.name), at most \(backend.requestsMax) allowed"
                )
            }
            guard settings.pool.panicThreshold == 0 else { continue }
            if !line[slot].availability.isFailing {
                endAbsence(backend, .unhealthy)
            } else if !isAway(backend, .unhealthy) {
                absences.append((backend.name, Absence.unhealthy.rawValue, network.now, .never))
            }
        }
    }

    /// Slots that were somebody's, and are nobody's now.
    private var freeSlots: [UInt32] = []

    /// Identities keep their slot for as long as they are members or carry something; then it may be another's.
    private func liveSlot(of backend: SimBackend) -> UInt32 {
        if let slot = backend.liveSlot { return slot }
        var slot = UInt32(liveSlots.count)
        if freeSlots.isEmpty {
            liveSlots.append(backend.name)
        } else {
            slot = freeSlots.remove(at: order.below(freeSlots.count))
            liveSlots[Int(slot)] = backend.name
            live.probes[Int(slot)].clear()
            for worker in workers { worker.counters.clear(Int(slot)) }
        }
        let view = live.backends
        view[Int(slot)].begin(name: backend.name)
        let authorities = live.authorities
        authorities[Int(slot)].set(backend.url.authority)
        backend.liveSlot = slot
        backend.hasBeenMember = true
        return slot
    }

    /// Takes the slots back of those that have left, once every loop lives by a snapshot without them and nothing of theirs
    /// is under way.
    private func reclaim() {
        let mailboxes = workers.map(\.mailbox) + [prober.mailbox]
        guard mailboxes.allSatisfy({ $0.acknowledged >= sequence }) else { return }
        for backend in backends where !members.contains(where: { $0 === backend }) {
            guard let slot = backend.liveSlot, connections(to: backend) == 0, inFlight(of: backend) == 0 else {
                continue
            }
            backend.liveSlot = nil
            freeSlots.append(slot)
        }
    }

    package func availability(of backend: SimBackend) -> Availability {
        backend.liveSlot.map { live.backends[Int($0)].availability } ?? .starting
    }

    package func phase(of backend: SimBackend) -> BackendPhase? {
        backend.liveSlot.flatMap { prober.board.entry($0)?.phase }
    }

    /// Upstream connections of all workers.
    package func connections(to backend: SimBackend) -> Int {
        backend.liveSlot.map { live.backends[Int($0)].connections } ?? 0
    }

    package func inFlight(of backend: SimBackend) -> Int {
        backend.liveSlot.map { live.backends[Int($0)].inFlight } ?? 0
    }

    package func health(of backend: SimBackend) -> HealthStatus? {
        backend.liveSlot.flatMap { prober.board.entry($0)?.health }
    }
    package var transitions: [HealthTransition] { prober.board.transitions(after: 0) }

    // MARK: time

    /// Runs until `isDone`, or until nothing is left to happen, or for `limitNs` of virtual time.
    /// - Returns: whether `isDone` came true.
    @discardableResult
    package func run(forAtMostNs limitNs: UInt64, until isDone: () -> Bool = { false }) -> Bool {
        let end = network.now + limitNs
        while true {
            settle()
            if isDone() { return true }
            guard complaints.isEmpty, let next = nextInstant, next <= end else {
                if complaints.isEmpty { network.advance(to: end) }
                settle()
                return isDone()
            }
            network.advance(to: next)
        }
    }

    /// Runs until every client is finished; a complaint when that takes more than `limitNs`.
    package func runClients(forAtMostNs limitNs: UInt64 = 600_000_000_000) {
        let isOver = run(forAtMostNs: limitNs) { self.clients.allSatisfy(\.isFinished) }
        let waiting = clients.count { !$0.isFinished }
        if !isOver { complaints.append("\(waiting) clients are still waiting after \(limitNs / 1_000_000) ms") }
    }

    /// Runs on until the prober has a verdict on every member, which is when the daemon opens its listeners.
    package func runFirstChecks() {
        let isOver = run(forAtMostNs: 10_000_000_000) {
            self.members.allSatisfy { self.availability(of: $0) != .starting }
        }
        if !isOver { complaints.append("no verdict on every backend after 10 s") }
    }

    /// The workers and the prober.
    private var loops: [any EventLoop] = []

    private var nextInstant: Instant? {
        let due = loops.map(\.nextTurn).min() ?? .never
        guard let event = network.nextEvent else { return due == .never ? nil : due }
        return min(event, due)
    }

    /// Turns every loop that has something to do at this instant, in an order of chance, until none has.
    private func settle() {
        for _ in 0..<Self.turnsPerInstantMax {
            var ready = loops.filter { $0.isReady(at: network.now) }
            guard !ready.isEmpty else { return observe() }
            order.shuffle(&ready)
            for loop in ready { loop.turn() }
        }
        let busy = loops.filter { $0.isReady(at: network.now) }.map(\.kernel.name)
        complaints.append("\(busy) spin at \(network.now.nanoseconds) ns")
    }

    // MARK: the end

    /// Stops everything as the daemon does, waits for rest, and judges.
    /// - Returns: every rule that was broken; empty when all is well.
    package func finish() -> [String] {
        if !isFinished {
            isFinished = true
            for loop in workers { loop.isStuck = false }
            prober.isStuck = false
            stop()
            publish([])
            let isOver = run(forAtMostNs: 120_000_000_000) {
                self.workers.allSatisfy { $0.hasDrained && $0.upstreamCount == 0 && $0.mailbox.hasMail == false }
                    && self.prober.kernel.openDescriptors == 0 && !self.prober.mailbox.hasMail
                    && self.clients.allSatisfy(\.isFinished)
            }
            if !isOver { complaints.append("not at rest 120 s after the stop") }
            // What is still to happen holds on to everything, and would so for ever.
            network.forgetEvents()
        }
        return complaints + ledger.violations() + restViolations() + absenceViolations() + comebackViolations()
            + limitViolations() + clientViolations() + hostViolations() + logViolations() + silenceViolations()
            + dialViolations() + queueViolations()
    }

    /// Takes no more connections, as the daemon at a stop signal; what runs may finish.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        for worker in workers { worker.stop() }
    }

    private func restViolations() -> [String] {
        var found: [String] = []
        for worker in workers {
            let name = worker.kernel.name
            if worker.clientCount != 0 { found.append("\(name): \(worker.clientCount) clients at rest") }
            if worker.exchangeCount != 0 { found.append("\(name): \(worker.exchangeCount) exchanges at rest") }
            if worker.upstreamCount != 0 { found.append("\(name): \(worker.upstreamCount) upstreams at rest") }
            if worker.buffersTaken != 0 { found.append("\(name): \(worker.buffersTaken) buffers at rest") }
        }
        if prober.buffersTaken != 0 { found.append("prober: \(prober.buffersTaken) buffers at rest") }
        for loop in loops {
            let kernel = loop.kernel
            if kernel.openDescriptors != 0 { found.append("\(kernel.name): \(kernel.openDescriptors) sockets at rest") }
            if kernel.pendingOperations != 0 {
                found.append("\(kernel.name): \(kernel.pendingOperations) operations at rest")
            }
        }
        for (slot, name) in liveSlots.enumerated() {
            let line = live.backends
            if line[slot].inFlight != 0 { found.append("\(name): \(line[slot].inFlight) in flight at rest") }
            if line[slot].connections != 0 { found.append("\(name): \(line[slot].connections) connections at rest") }
            let idle = workers.reduce(0) { $0 + $1.counters.backends[slot].idle }
            if idle != 0 { found.append("\(name): \(idle) idle connections counted at rest") }
        }
        let inPool = live.tickets[0].inFlight
        if inPool != 0 { found.append("\(inPool) in flight in the pool at rest") }
        return found
    }

    /// The longest that a loop is made to stand still.
    package static let stuckNsMax: UInt64 = 6_000_000_000

    /// Whoever has sent all of a request on a connection that was used before, and waited for it, hears something; and whoever
    /// still sends hears it too, when there is an answer.
    private func silenceViolations() -> [String] {
        let lines = logLines()
        var found: [String] = []
        for outcome in ledger.outcomes where !ledger.intents[outcome.id].isGarbage {
            let told = lines[outcome.id]
            if outcome.isReused, told.isEmpty, let silence = outcome.silenceNs,
                silence > Self.stuckNsMax + 2_000_000_000
            {
                found.append(
                    "request \(outcome.id) was sent, and nothing was heard of it for \(silence / 1_000_000) ms"
                )
            }
            guard settings.keepsAnswers, outcome.isLost, let line = told.first else { continue }
            // A client that still sends 30 s after its answer is read from no longer, and the log says so.
            let took = outcome.at.since(ledger.intents[outcome.id].at)
            if line.isUnread, took >= DownstreamConnection.lingerNs { continue }
            found.append(
                "request \(outcome.id) was answered with \(line.status), and its client lost that while it sent"
            )
        }
        return found
    }

    /// What is tried again is tried a bounded number of times, whatever happens meanwhile.
    private func dialViolations() -> [String] {
        let dials = workers.reduce(0) { $0 + $1.kernel.connects }
        // The first attempt, those that the policy adds (`Exchange.connectRetriesMax` is the larger bound), and that to the
        // same backend behind a kept connection that had ended.
        let allowed = ledger.intents.count * (1 + max(RetrySpec.maxMax, 5) + 1) * addressesMax
        // A client that is none of the cast asks for what nothing here knows of.
        guard dials > allowed, !clients.isEmpty else { return [] }
        return ["\(dials) connects for \(ledger.intents.count) requests, at most \(allowed) allowed"]
    }

    /// A client that has left the queue is never heard of by a backend; but for one whose body was not read before it left.
    private func queueViolations() -> [String] {
        guard settings.keepsQueue else { return [] }
        return ledger.arrivals.compactMap { arrival in
            guard let id = arrival.id, let outcome = ledger.outcome(of: id), outcome.ending == .abandoned,
                ledger.intents[id].bodyCount == 0,
                arrival.at.nanoseconds > outcome.at.nanoseconds + 500_000_000
            else { return nil }
            let late = arrival.at.since(outcome.at) / 1_000_000
            return "request \(id) came to \(arrival.backend) \(late) ms after its client had left"
        }
    }

    /// A backend that is out gets no request that began after every worker knew.
    private func absenceViolations() -> [String] {
        var found: [String] = []
        for absence in absences {
            for arrival in ledger.arrivals where arrival.backend == absence.backend {
                guard let id = arrival.id, id < ledger.intents.count, ledger.intents[id].at > absence.from,
                    arrival.at < absence.to
                else { continue }
                found.append("request \(id) went to \(absence.backend), \(absence.why)")
            }
        }
        for departure in departures {
            for arrival in ledger.arrivals
            where arrival.backend == departure.backend && arrival.address == departure.address {
                guard let id = arrival.id, id < ledger.intents.count, ledger.intents[id].at > departure.from,
                    arrival.at < departure.to
                else { continue }
                found.append("request \(id) went to an address that \(departure.backend) had left")
            }
        }
        return found
    }

    /// Backends are told who asks.
    private func clientViolations() -> [String] {
        ledger.arrivals.compactMap { arrival in
            guard let id = arrival.id, id < ledger.intents.count else { return nil }
            let client = ledger.intents[id].client
            let told = arrival.head.value("x-forwarded-for")
            // Of one that has gone again before it was asked about the kernel says nothing.
            if told == client || (told == "unknown" && ledger.outcome(of: id)?.ending == .abandoned) { return nil }
            return "request \(id) came from \(client), and \(arrival.backend) was told \(told ?? "nothing")"
        }
    }

    /// Backends are asked for the host that the client names, or else for themselves.
    private func hostViolations() -> [String] {
        let authorities = Dictionary(backends.map { ($0.name, $0.url.authority) }) { first, _ in first }
        return ledger.arrivals.compactMap { arrival in
            guard let id = arrival.id, id < ledger.intents.count else { return nil }
            let named = RequestScript.host(minor: ledger.intents[id].minor, id: id)
            let told = arrival.head.values("host")
            let forwarded = arrival.head.values("x-forwarded-host")
            if told == [named ?? authorities[arrival.backend] ?? ""], forwarded == (named.map { [$0] } ?? []) {
                return nil
            }
            return "request \(id) named \(named ?? "no host"), and \(arrival.backend) was told \(told) and \(forwarded)"
        }
    }

    /// Nothing is held beyond the limits, and no more is sent twice than the retry budget allows.
    private func limitViolations() -> [String] {
        var found: [String] = []
        for worker in workers where worker.exchangesPeak > workerSettings.clientsMax {
            found.append(
                "\(worker.kernel.name): \(worker.exchangesPeak) requests at once, at most \(workerSettings.clientsMax) allowed"
            )
        }
        // What the pool has to begin with, what requests add (RetryBudget), and what time adds (RetryFloor). A request that a
        // backend has read costs the budget when it is repeated, also where its connection had been used before.
        let seconds = Int(network.now.nanoseconds / 1_000_000_000)
        let begun = Set(ledger.arrivals.compactMap(\.id)).count
        let repeated = ledger.arrivals.count { $0.id != nil } - begun
        let stock = max(WorkerSettings.retryStockPerPool, UInt32(workers.count))
        let allowed = Int(stock) + 10 * (seconds + 1) + ledger.intents.count * budgetPerMille / 1000
        if repeated > allowed { found.append("\(repeated) requests sent again, at most \(allowed) allowed") }
        return found
    }

    /// The most that a request may take as a whole, and a second for our own answer to get out.
    private var totalMilliseconds: Double {
        settings.pool.timeouts.total.map { Double($0.nanoseconds) / 1e6 + 1000 } ?? .infinity
    }

    /// The largest share of requests that a pool has allowed to be sent again.
    private var budgetPerMille: Int { Int((settings.pool.retry.budget * 1000).rounded()) }

    /// What the log tells of one request: its status, what went wrong (`-` for nothing), and who ended it in which phase.
    package struct LogLine: Equatable {
        package let status: Int
        package let cause: Substring
        package let letters: Substring
        package let backend: Substring
        package let milliseconds: Double
        /// It says that the answer may not have arrived.
        package let isUnread: Bool
    }

    /// By request.
    package func logLines() -> [[LogLine]] {
        var lines = [[LogLine]](repeating: [], count: ledger.intents.count)
        for worker in workers {
            for line in String(decoding: worker.logText, as: UTF8.self).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(where: { $0.hasPrefix("/r/") }), at + 7 < words.count,
                    let id = Int(words[at].dropFirst(3)), id < lines.count, let status = Int(words[at + 2]),
                    let milliseconds = Double(words[at + 5].dropLast(2))
                else { continue }
                lines[id].append(
                    LogLine(
                        status: status,
                        cause: words[at + 6],
                        letters: words[at + 7],
                        backend: words[at + 4],
                        milliseconds: milliseconds,
                        isUnread: words.last == "answer=unread"
                    )
                )
            }
        }
        return lines
    }

    /// What may end a tunnel besides its ends. Limits of requests have nothing to do with it.
    private static let tunnelEnds: Set<Substring> = ["-", "client_gone", "http_response_incomplete", "drain_deadline"]

    /// The log has one line for each request that was answered, and it tells what the client saw.
    private func logViolations() -> [String] {
        let lines = logLines()
        var found: [String] = []
        for outcome in ledger.outcomes where !ledger.intents[outcome.id].isGarbage {
            let told = lines[outcome.id]
            for line in told where line.status != 101 && line.milliseconds > totalMilliseconds {
                found.append("request \(outcome.id) took \(line.milliseconds) ms, at most \(totalMilliseconds) allowed")
            }
            if let backend = outcome.backend, let line = told.first, line.backend != backend {
                found.append("request \(outcome.id) was served by \(backend), its log line says \(line.backend)")
            }
            if told.count > 1 { found.append("request \(outcome.id) has \(told.count) log lines") }
            switch outcome.ending {
            case .complete, .tunnelled:
                // A head that never came whole has no number that its line could show.
                if outcome.status == 408, told.isEmpty { break }
                if told.map(\.status) != [outcome.status] {
                    found.append("request \(outcome.id) ended with \(outcome.status), its log line says \(told)")
                }
                if outcome.ending == .tunnelled, let line = told.first, !Self.tunnelEnds.contains(line.cause) {
                    found.append("request \(outcome.id) was a tunnel, and ended by \(line.cause)")
                }
                if outcome.answerKey == nil, told.first?.cause == "-" {
                    found.append("request \(outcome.id) got \(outcome.status), and its log line does not say why")
                }
            case .truncated:
                if outcome.answerKey != nil, told.first?.cause == "-", !isTakenBack(outcome, lines) {
                    found.append("request \(outcome.id) was cut short, and its log line does not say so")
                }
            case .unanswered, .abandoned, .connectFailed, .garbled:
                break
            }
        }
        return found
    }

    /// Whether a later answer on the connection was broken off that had no other end than the connection's (HTTP/1.0): only
    /// a reset tells the client so, and it takes with it what the client has not read of earlier answers.
    private func isTakenBack(_ outcome: Ledger.Outcome, _ lines: [[LogLine]]) -> Bool {
        outcome.behind.contains { id in
            guard ledger.intents[id].minor == 0, let line = lines[id].first else { return false }
            return line.cause != "-"
        }
    }
}
