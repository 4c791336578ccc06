package import Model
package import Proxy

/// The whole balancer in a seeded world: workers, prober, backends and clients, driven on one thread in virtual time.
///
/// The driver is the shell around the loops: it publishes snapshots, does the chores, and moves time to the next thing
/// that is to happen once every loop has nothing left to do.
package final class Simulation {
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
    /// Backends that left the desired state: from when the last loop had adopted that to when they were published again.
    package private(set) var removals: [(backend: String, from: Instant, to: Instant)] = []
    private var order: Chance
    private var members: [SimBackend] = []
    private var liveSlots: [String] = []
    private var sequence: UInt64 = 0
    private var isStopped = false

    /// Where clients connect to.
    package static let address = Endpoint.ipv4(0x0A00_0001, port: 80)
    /// Turns at one instant past which a loop is taken to spin.
    private static let turnsPerInstantMax = 200_000

    private let workerSettings: WorkerSettings

    package init(_ settings: Settings) {
        self.settings = settings
        network = SimNetwork(seed: settings.seed, weather: settings.weather)
        order = network.forkChance()
        prober = ProberLoop(network, number: 100, live: live)
        workerSettings = WorkerSettings(
            limits: settings.limits,
            timeouts: settings.timeouts,
            workers: settings.workers,
            clientsMax: settings.clientsMax,
            logsAccess: true
        )
        for number in 0..<settings.workers {
            let worker = WorkerLoop(network, number: number, settings: workerSettings, live: live)
            worker.listen(at: Self.address)
            worker.wakeProber = { [prober] in prober.kernel.wake() }
            workers.append(worker)
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
        afterNs delay: UInt64 = 0
    ) -> SimClient {
        let client = SimClient(
            network,
            ledger,
            number: clients.count + 1,
            to: Self.address,
            requests: requests,
            keepsAlive: keepsAlive,
            pipelineDepth: pipelineDepth
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
        let gone = members.filter { old in !desired.contains { $0 === old } }
        members = desired
        for index in removals.indices where removals[index].to == .never {
            if desired.contains(where: { $0.name == removals[index].backend }) { removals[index].to = network.now }
        }
        awaitingRemoval.removeAll { removal in desired.contains { $0.name == removal.backend } }
        sequence += 1
        var state = DesiredState()
        var pool = settings.pool
        pool.healthCheck = settings.check
        state.setPool(DesiredState.defaultPool, pool)
        var placements: [String: Compile.Placement] = [:]
        for (index, backend) in desired.enumerated() {
            var spec = BackendSpec(url: backend.url, weight: weights?[index] ?? backend.weight)
            spec.isBackup = backend.isBackup
            spec.state = backend.state
            state.setBackend(backend.name, spec)
            placements[backend.name] = Compile.Placement(
                live: liveSlot(of: backend),
                endpoints: backend.deadAddresses + [backend.address]
            )
        }
        let snapshot = Compile.snapshot(
            state,
            sequence: sequence,
            placements: placements,
            tickets: [DesiredState.defaultPool: 0],
            settings: workerSettings
        )
        for worker in workers { worker.mailbox.post(snapshot) }
        prober.mailbox.post(snapshot)
        for worker in workers { worker.kernel.wake() }
        prober.kernel.wake()
        network.note(.chore, Int(sequence), desired.count)
        for backend in gone { awaitingRemoval.append((backend.name, sequence)) }
    }

    private var awaitingRemoval: [(backend: String, sequence: UInt64)] = []

    private func noteAdoptions() {
        guard !awaitingRemoval.isEmpty else { return }
        let adopted = workers.map(\.mailbox.acknowledged).min() ?? 0
        removals += awaitingRemoval.filter { $0.sequence <= adopted }.map { ($0.backend, network.now, .never) }
        awaitingRemoval.removeAll { $0.sequence <= adopted }
    }

    /// Identities keep their slot for as long as the simulation runs.
    private func liveSlot(of backend: SimBackend) -> UInt32 {
        if let index = liveSlots.firstIndex(of: backend.name) { return UInt32(index) }
        liveSlots.append(backend.name)
        let view = live.backends
        view[liveSlots.count - 1].begin(name: backend.name)
        return UInt32(liveSlots.count - 1)
    }

    package func availability(of backend: SimBackend) -> Availability {
        live.backends[Int(liveSlot(of: backend))].availability
    }

    package func phase(of backend: SimBackend) -> BackendPhase? { prober.board.entry(liveSlot(of: backend))?.phase }

    /// Upstream connections of all workers.
    package func connections(to backend: SimBackend) -> Int {
        live.backends[Int(liveSlot(of: backend))].connections
    }

    package func inFlight(of backend: SimBackend) -> Int { live.backends[Int(liveSlot(of: backend))].inFlight }

    package func health(of backend: SimBackend) -> HealthStatus? { prober.board.entry(liveSlot(of: backend))?.health }
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

    private var loops: [any EventLoop] { workers + [prober] }

    private var nextInstant: Instant? {
        let due = loops.map(\.nextDeadline).min() ?? .never
        guard let event = network.nextEvent else { return due == .never ? nil : due }
        return min(event, due)
    }

    /// Turns every loop that has something to do at this instant, in an order of chance, until none has.
    private func settle() {
        for _ in 0..<Self.turnsPerInstantMax {
            var ready = loops.filter { $0.isReady(at: network.now) }
            guard !ready.isEmpty else { return noteAdoptions() }
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
        if !isStopped {
            isStopped = true
            for worker in workers { worker.stop() }
            publish([])
            let isOver = run(forAtMostNs: 120_000_000_000) {
                self.workers.allSatisfy { $0.hasDrained && $0.upstreamCount == 0 && $0.mailbox.hasMail == false }
                    && self.prober.kernel.openDescriptors == 0 && !self.prober.mailbox.hasMail
                    && self.clients.allSatisfy(\.isFinished)
            }
            if !isOver { complaints.append("not at rest 120 s after the stop") }
        }
        return complaints + ledger.violations() + restViolations() + removalViolations() + logViolations()
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
        return found
    }

    /// A backend that was removed gets no request that began after every worker had adopted the removal.
    private func removalViolations() -> [String] {
        var found: [String] = []
        for removal in removals {
            for arrival in ledger.arrivals where arrival.backend == removal.backend {
                guard let id = arrival.id, ledger.intents[id].at >= removal.from, arrival.at < removal.to
                else { continue }
                found.append("request \(id) went to \(removal.backend), which had been removed")
            }
        }
        return found
    }

    /// What the log tells of one request: its status, and what went wrong (`-` for nothing).
    private struct LogLine: Equatable {
        let status: Int
        let cause: Substring
    }

    /// The log has one line for each request that was answered, and it tells what the client saw.
    private func logViolations() -> [String] {
        var lines = [[LogLine]](repeating: [], count: ledger.intents.count)
        for worker in workers {
            for line in String(decoding: worker.logText, as: UTF8.self).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(where: { $0.hasPrefix("/r/") }), at + 6 < words.count,
                    let id = Int(words[at].dropFirst(3)), id < lines.count, let status = Int(words[at + 2])
                else { continue }
                lines[id].append(LogLine(status: status, cause: words[at + 6]))
            }
        }
        var found: [String] = []
        for outcome in ledger.outcomes where !ledger.intents[outcome.id].isGarbage {
            let told = lines[outcome.id]
            if told.count > 1 { found.append("request \(outcome.id) has \(told.count) log lines") }
            switch outcome.ending {
            case .complete:
                if told.map(\.status) != [outcome.status] {
                    found.append("request \(outcome.id) ended with \(outcome.status), its log line says \(told)")
                }
                if outcome.answerKey == nil, told.first?.cause == "-" {
                    found.append("request \(outcome.id) got \(outcome.status), and its log line does not say why")
                }
            case .truncated:
                if outcome.answerKey != nil, told.first?.cause == "-" {
                    found.append("request \(outcome.id) was cut short, and its log line does not say so")
                }
            case .unanswered, .abandoned, .connectFailed, .garbled:
                break
            }
        }
        return found
    }
}
