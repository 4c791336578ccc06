import Foundation
import Model

/// A control plane that does what it is told: the test says who serves, what is in flight and what fails.
final class FakePlane: ControlPlane, @unchecked Sendable {
    private let condition = NSCondition()
    private var desired = DesiredState()
    private var facts: [String: BackendStatus] = [:]
    private var busy: [String: Int] = [:]
    private var applications: [UInt64] = []
    private var count: UInt64 = 1
    /// Phases that a test has set by hand, which are no transitions.
    private var phaseChanges: UInt64 = 0
    private var waiting = 0
    private var newcomersServe = true
    private var ticks = true
    private var accepts = true
    private var failure: PlaneError?
    private var figures = MetricsSnapshot(at: 1_700_000_060_125_000_000, startedAt: 1_700_000_000_125_000_000)
    private var metricsCount = 0
    private var durationNames: [Set<String>?] = []
    private var history: [HealthTransition] = []
    private var report = ProbeReport()
    private var probes: [(spec: BackendSpec, check: HealthCheckSpec)] = []
    private var seeds: [KnownHealth] = []
    private var drainsToldOf: [DrainProgress] = []
    private var drainCount: UInt64 = 0
    private var tunnels: [String: Int] = [:]
    private var cuts: [UInt64] = []
    private var stand: [StandIn] = []

    init(_ desired: DesiredState) { adopt(desired) }

    func apply(_ desired: DesiredState, revision: UInt64) throws(PlaneError) {
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
        applications.append(revision)
        adopt(desired)
        changed()
    }

    func status() -> PlaneStatus {
        locked { PlaneStatus(backends: facts, isTicking: ticks, isAccepting: accepts) }
    }

    func status(of name: String) -> BackendStatus? { locked { facts[name] } }

    func metrics() -> MetricsSnapshot {
        locked {
            metricsCount += 1
            return figures
        }
    }

    func durations(of names: Set<String>?) -> [String: RequestDurations] {
        locked {
            durationNames.append(names)
            let asked = figures.backends.filter { !$0.isGone && names?.contains($0.name) != false }
            return Dictionary(asked.map { ($0.name, RequestDurations($0.total)) }) { first, _ in first }
        }
    }

    func drains() -> [DrainProgress] { locked { drainsToldOf } }

    func standIns() -> [StandIn] { locked { stand } }

    func cut(_ drain: UInt64) throws(PlaneError) {
        if let failure = locked({ failure }) { throw failure }
        locked {
            cuts.append(drain)
            guard let index = drainsToldOf.firstIndex(where: { $0.number == drain }) else { return }
            drainsToldOf[index].cut += drainsToldOf[index].inFlight
            drainsToldOf[index].streamsClosed += drainsToldOf[index].streams
            drainsToldOf[index].inFlight = 0
            drainsToldOf[index].streams = 0
            drainsToldOf[index].isOver = true
            changed()
        }
    }

    var changes: UInt64 { locked { count } }

    var publications: UInt64 { locked { phaseChanges + UInt64(applications.count) } }

    func awaitChange(after seen: UInt64, timeout: TimeSpan) -> UInt64 {
        condition.lock()
        defer { condition.unlock() }
        waiting += 1
        condition.broadcast()
        let limit = Date(timeIntervalSinceNow: Double(timeout.nanoseconds) / 1e9)
        while count == seen, condition.wait(until: limit) {}
        waiting -= 1
        return count
    }

    func transitions(after sequence: UInt64) -> [HealthTransition] {
        locked { history.filter { $0.sequence > sequence } }
    }

    func probe(_ spec: BackendSpec, with check: HealthCheckSpec) -> ProbeReport {
        locked {
            probes.append((spec, check))
            return report
        }
    }

    func seed(_ known: [KnownHealth]) { locked { seeds += known } }

    // MARK: What the test says

    /// Appends it to what `transitions` tells, with the next number.
    func tell(_ transition: HealthTransition) {
        locked {
            var numbered = transition
            numbered.sequence = UInt64(history.count) + 1
            history.append(numbered)
            changed()
        }
    }

    /// What every check that is asked for comes to.
    func setReport(_ new: ProbeReport) { locked { report = new } }
    var probesRun: [(spec: BackendSpec, check: HealthCheckSpec)] { locked { probes } }
    var seeded: [KnownHealth] { locked { seeds } }
    /// The drains that were cut.
    var drainsCut: [UInt64] { locked { cuts } }

    func setMetrics(_ snapshot: MetricsSnapshot) { locked { figures = snapshot } }
    var metricsTaken: Int { locked { metricsCount } }
    /// Whose durations were asked for.
    var durationsAsked: [Set<String>?] { locked { durationNames } }

    /// New backends start without a verdict.
    func holdNewcomers() { locked { newcomersServe = false } }
    func fail(_ error: PlaneError?) { locked { failure = error } }
    func stall() { locked { ticks = false } }
    func stopAccepting() { locked { accepts = false } }

    func setInFlight(_ name: String, _ number: Int) {
        locked {
            busy[name] = number
            if facts[name]?.phase == .draining, number == 0, desired.backend(name) == nil {
                facts[name] = nil
            } else {
                facts[name]?.inFlight = number
            }
            for index in drainsToldOf.indices where drainsToldOf[index].name == name && !drainsToldOf[index].isOver {
                drainsToldOf[index].completed += max(0, drainsToldOf[index].inFlight - number)
                drainsToldOf[index].inFlight = number
                drainsToldOf[index].isOver = number + drainsToldOf[index].streams == 0
            }
            changed()
        }
    }

    /// Tunnels of a backend, from its drain's beginning on.
    func setStreams(_ name: String, _ number: Int) { locked { tunnels[name] = number } }

    func setPhase(_ name: String, _ phase: BackendPhase, reason: String? = nil, probe: ProbeResult? = nil) {
        locked {
            guard var status = facts[name] else { return }
            status.phase = phase
            status.health.state = phase == .serving ? .healthy : phase == .unhealthy ? .unhealthy : .unknown
            status.health.reason = reason
            if let probe { status.health.probes.append(probe) }
            facts[name] = status
            phaseChanges += 1
            changed()
        }
    }

    func setStandIns(_ new: [StandIn]) {
        locked {
            stand = new
            changed()
        }
    }

    func setHealth(_ name: String, _ state: HealthState) {
        locked {
            facts[name]?.health.state = state
            changed()
        }
    }

    func setProven(_ name: String, _ isProven: Bool) {
        locked {
            facts[name]?.health.isProven = isProven
            changed()
        }
    }

    func setFlaps(_ name: String, _ number: Int) {
        locked {
            facts[name]?.health.flaps = number
            changed()
        }
    }

    /// Returns when a request waits for a change.
    ///
    /// The follower waits too, always.
    func untilSomeoneWaits() {
        condition.lock()
        while waiting < 2 { condition.wait() }
        condition.unlock()
    }

    var live: DesiredState { locked { desired } }
    var revisions: [UInt64] { locked { applications } }

    // MARK: Parts

    private func locked<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    private func changed() {
        count += 1
        condition.broadcast()
    }

    /// Drains begin and are called off as the plane's do.
    private func adoptDrains(_ new: DesiredState) {
        func isReady(_ drain: DrainProgress) -> Bool {
            new.backend(drain.name).map { $0.state == .ready && $0.url == drain.url && $0.pool == drain.pool } ?? false
        }
        drainsToldOf.removeAll { !$0.isOver && isReady($0) }
        for entry in desired.backends where entry.spec.state == .ready {
            drainCount += 1
            var drain = DrainProgress(
                number: drainCount,
                name: entry.name,
                pool: entry.spec.pool,
                url: entry.spec.url
            )
            if isReady(drain) { continue }
            drain.inFlight = busy[entry.name] ?? 0
            drain.inFlightAtStart = drain.inFlight
            drain.streams = tunnels[entry.name] ?? 0
            drain.isOver = drain.inFlight + drain.streams == 0
            drainsToldOf.append(drain)
        }
    }

    private func adopt(_ new: DesiredState) {
        adoptDrains(new)
        for entry in desired.backends where new.backend(entry.name) == nil {
            if let number = busy[entry.name], number > 0 {
                facts[entry.name]?.phase = .draining
            } else {
                facts[entry.name] = nil
            }
        }
        for entry in new.backends {
            let isSame = desired.backend(entry.name)?.url == entry.spec.url
            if isSame, facts[entry.name] != nil { continue }
            let health = HealthStatus(
                state: newcomersServe ? .healthy : .unknown,
                since: 1_700_000_000_125_000_000,
                reason: nil,
                consecutiveOK: newcomersServe ? 1 : 0,
                consecutiveFailures: 0,
                probes: []
            )
            facts[entry.name] = BackendStatus(
                phase: newcomersServe ? .serving : .starting,
                health: health,
                inFlight: busy[entry.name] ?? 0,
                idleConnections: 0,
                requests: 0,
                errors: 0
            )
        }
        desired = new
    }
}
