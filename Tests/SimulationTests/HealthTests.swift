import Model
import Proxy
import Simulator
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// Health in the whole balancer: probes among each other, ejection, hanging backends, and every order of events.
@Suite struct HealthTests {
    static let seeds: [UInt64] = [1, 2, 3, 4]

    private func stage(
        _ seed: UInt64,
        backends: Int = 3,
        check: HealthCheckSpec? = nil,
        passive: PassiveSpec? = PassiveSpec(),
        timeouts: Timeouts = Timeouts(),
        script: ((MessageHead, inout Chance) -> AnswerScript)? = nil
    ) -> Simulation {
        var settings = Simulation.Settings(seed: seed)
        settings.weather = seed % 2 == 0 ? .foul : .fair
        settings.check = check
        settings.pool.passive = passive
        settings.timeouts = timeouts
        let simulation = Simulation(settings)
        simulation.addBackends(backends, script)
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        return simulation
    }

    private func check(interval: TimeSpan = .seconds(5), fall: Int = 2) -> HealthCheckSpec {
        HealthCheckSpec(path: "/health", interval: interval, timeout: min(interval, .seconds(2)), fall: fall)
    }

    private func gets(_ count: Int, thinkNs: UInt64 = 0) -> [RequestScript] {
        var request = RequestScript.get()
        request.thinkNs = thinkNs
        return [RequestScript](repeating: request, count: count)
    }

    private func isAllComplete(_ simulation: Simulation) -> Bool {
        simulation.ledger.outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 }
    }

    /// The most that fall into any stretch of `lengthNs`.
    private func peak(_ times: [UInt64], in lengthNs: UInt64) -> Int {
        let sorted = times.sorted()
        var most = 0
        var first = 0
        for (index, time) in sorted.enumerated() {
            while time - sorted[first] > lengthNs { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }

    // MARK: probes

    /// All begin at once, as they must; after that no tenth of an interval has more than a third of them, although twenty
    /// would come in step with the same fixed interval.
    @Test(arguments: seeds) func probesNeverRunInLockStep(seed: UInt64) {
        let simulation = stage(seed, backends: 60, check: check())
        let begun = simulation.network.now
        simulation.run(forAtMostNs: 300 * second)
        let times = simulation.backends.flatMap { $0.probeTimes }.map(\.nanoseconds)
        let later = times.filter { $0 > begun.nanoseconds + second / 2 }
        #expect(peak(later, in: second / 2) <= 20)
        // A change of the check has all of them speak at once, and apart again from the second time on.
        simulation.settings.check = check(interval: .seconds(4))
        simulation.publish(simulation.backends)
        let changed = simulation.network.now
        simulation.run(forAtMostNs: 200 * second)
        let after = simulation.backends.flatMap { $0.probeTimes }.filter { $0 > changed }.map(\.nanoseconds)
        #expect(after.count { $0 <= changed.nanoseconds + second / 10 } == 60)
        #expect(peak(after.filter { $0 > changed.nanoseconds + second / 4 }, in: 4 * second / 10) <= 20)
        #expect(simulation.finish() == [])
    }

    /// Half of the backends swallow every probe; the others are asked as often as if they were alone.
    @Test(arguments: seeds) func blackHolesDelayAndStarveNobody(seed: UInt64) {
        let simulation = stage(seed, backends: 40, check: check(interval: .seconds(1)))
        for backend in simulation.backends.prefix(20) { simulation.network.setBlackHole(backend.address, true) }
        let begun = simulation.network.now
        simulation.run(forAtMostNs: 120 * second)
        for backend in simulation.backends.suffix(20) {
            let times = backend.probeTimes.filter { $0 > begun }
            let gaps = zip(times.dropFirst(), times).map { $0.since($1) }
            // ± 10 %, the wheel's tick, and what the weather adds to a way of 4 ms at most.
            #expect(gaps.allSatisfy { $0 >= 850 * millisecond && $0 <= 1150 * millisecond }, "\(backend.name): \(gaps)")
            #expect(simulation.availability(of: backend) == .serving)
        }
        #expect(simulation.backends.prefix(20).allSatisfy { simulation.availability(of: $0) == .unhealthy })
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func aHundredMillisecondsIsAnIntervalThatIsKept(seed: UInt64) {
        let simulation = stage(seed, check: check(interval: .milliseconds(100), fall: 1))
        simulation.run(forAtMostNs: 10 * second)
        for backend in simulation.backends { #expect((85...120).contains(backend.probes)) }
        let victim = simulation.backends[0]
        victim.kill()
        #expect(simulation.run(forAtMostNs: 250 * millisecond) { simulation.availability(of: victim) == .unhealthy })
        victim.start()
        #expect(simulation.run(forAtMostNs: 250 * millisecond) { simulation.availability(of: victim) == .serving })
        #expect(simulation.finish() == [])
    }

    // MARK: coming back

    /// The middle of a deploy: the old process has gone, and the new one takes its time.
    @Test(arguments: seeds) func whoComesBackFromADrainServesOnlyWhenItAnswersAgain(seed: UInt64) {
        let simulation = stage(seed, check: check(interval: .seconds(1)))
        for _ in 0..<4 { simulation.addClient(gets(1_000, thinkNs: 10 * millisecond)) }
        let victim = simulation.backends[1]
        victim.state = .drain
        simulation.publish(simulation.backends)
        simulation.run(forAtMostNs: second / 2)
        #expect(simulation.phase(of: victim) == .draining)
        victim.kill()
        victim.state = .ready
        simulation.publish(simulation.backends)
        let back = simulation.network.now
        simulation.run(forAtMostNs: 4 * second)
        #expect(simulation.availability(of: victim) == .unhealthy && simulation.health(of: victim)?.isProven == false)
        victim.start()
        #expect(simulation.run(forAtMostNs: 2 * second) { simulation.availability(of: victim) == .serving })
        #expect(simulation.health(of: victim)?.isProven == true)
        simulation.runClients()
        let began = simulation.transitions.filter { $0.backend == victim.name && $0.to == .serving }
        #expect(began.count == 2 && began.last?.cause == "check passed")
        // No request has found that out.
        #expect(simulation.workers.allSatisfy { $0.counters.backends[1].errors == 0 })
        #expect(simulation.ledger.arrivals.contains { $0.backend == victim.name && $0.id != nil && $0.at > back })
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    /// Its slot comes back as it was left, and the workers may be far ahead of the prober.
    @Test(arguments: seeds, [true, false]) func whoIsAddedAgainGetsNothingBeforeItsFirstCheck(
        seed: UInt64,
        hasMissedTheRemoval: Bool
    ) {
        let simulation = stage(seed, check: check(interval: .seconds(1)))
        for _ in 0..<4 { simulation.addClient(gets(300, thinkNs: 10 * millisecond)) }
        simulation.run(forAtMostNs: second / 2)
        let victim = simulation.backends[1]
        if hasMissedTheRemoval { simulation.prober.isStuck = true }
        victim.isListed = false
        simulation.publish()
        simulation.run(forAtMostNs: second / 2)
        simulation.prober.isStuck = true
        victim.isListed = true
        simulation.publish()
        let back = simulation.network.now
        func requests() -> Int {
            simulation.ledger.arrivals.count { $0.backend == victim.name && $0.id != nil && $0.at > back }
        }
        simulation.run(forAtMostNs: second / 2)
        #expect(simulation.availability(of: victim) == .starting && requests() == 0)
        simulation.prober.isStuck = false
        simulation.prober.kernel.wake()
        simulation.runClients()
        #expect(simulation.availability(of: victim) == .serving && requests() > 0)
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    // MARK: ejection

    /// Its check passes and its requests do not: what ejection is for.
    @Test(arguments: seeds) func aBackendThatBreaksEveryRequestIsEjectedAndNobodySeesIt(seed: UInt64) {
        let simulation = stage(seed, check: check())
        let bad = simulation.backends[1]
        bad.script = { _, _ in
            var answer = AnswerScript(bodyCount: 20)
            answer.fault = .closeBefore
            return answer
        }
        for _ in 0..<4 { simulation.addClient(gets(400, thinkNs: 40 * millisecond)) }
        simulation.runClients()
        #expect(isAllComplete(simulation))
        let told = simulation.transitions.filter { $0.backend == bad.name }
        let ejections = told.filter { $0.to == .ejected }
        #expect(ejections.count >= 2)
        #expect(ejections.allSatisfy { $0.afterFailures >= 3 && $0.cause.contains("requests in a row failed") })
        #expect(
            told.filter { $0.from == .ejected }.allSatisfy { $0.to == .serving && $0.cause == "its ejection is over" }
        )
        // Each is longer than the one before: 5 s, 10 s…
        let lengths = ejections.compactMap { out in told.first { $0.sequence > out.sequence }.map { $0.at - out.at } }
        for (index, length) in lengths.enumerated() {
            let expected = min(5 * (index + 1), 60)
            #expect(abs(Double(length) / 1e9 - Double(expected)) < 0.1, "ejection \(index + 1)")
        }
        #expect(simulation.live.probes[1].ejections == UInt64(ejections.count))
        #expect(simulation.finish() == [])
    }

    /// Everybody fails, some more often than others: what is told never has more than half of the pool ejected, nor nobody
    /// left that serves.
    @Test(arguments: 1...8) func ejectionNeverTakesMoreThanHalfNorTheLast(count: Int) {
        for seed in Self.seeds {
            let simulation = stage(seed, backends: count) { _, chance in
                var answer = AnswerScript(bodyCount: 20)
                if chance.perMille(900) { answer.fault = chance.perMille(500) ? .closeBefore : .resetBefore }
                return answer
            }
            for _ in 0..<6 { simulation.addClient(gets(100, thinkNs: 20 * millisecond)) }
            simulation.runClients()
            var phases = [String: BackendPhase](uniqueKeysWithValues: simulation.backends.map { ($0.name, .serving) })
            for change in simulation.transitions {
                #expect(phases[change.backend] == change.from)
                phases[change.backend] = change.to
                #expect(phases.values.count { $0 == .ejected } <= count / 2)
                #expect(phases.values.contains(.serving))
            }
            #expect(count == 1 || simulation.transitions.contains { $0.to == .ejected })
            #expect(simulation.finish() == [])
        }
    }

    /// However often it has been ejected before, a backend that was down is back within its interval and a second.
    @Test(arguments: seeds) func aBackendThatIsKilledAgainAndAgainIsBackInTimeEachTime(seed: UInt64) {
        let simulation = stage(seed, check: check(interval: .seconds(2)))
        for _ in 0..<6 { simulation.addClient(gets(2_000, thinkNs: 20 * millisecond)) }
        let victim = simulation.backends[1]
        for (round, downNs) in [second / 5, 4 * second, second, 3 * second, second / 2].enumerated() {
            simulation.run(forAtMostNs: 2 * second)
            victim.kill()
            simulation.run(forAtMostNs: downNs)
            victim.start()
            let started = simulation.network.now
            #expect(simulation.run(forAtMostNs: 10 * second) { simulation.availability(of: victim) == .serving })
            #expect(simulation.network.now.since(started) <= 3 * second, "round \(round)")
        }
        simulation.runClients()
        #expect(simulation.transitions.contains { $0.to == .ejected })
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    /// Its check passes and its answers are 500, in a row or now and then: it goes where its pool says so, and the last never
    /// does.
    @Test(arguments: seeds, [true, false]) func aBackendThatAnswersWith500IsEjectedWhereItsPoolSaysSo(
        seed: UInt64,
        isShare: Bool
    ) {
        var settings = Simulation.Settings(seed: seed)
        settings.check = check()
        settings.samplesAnswers = true
        var passive = PassiveSpec(eject: .seconds(5))
        if isShare { passive.serverErrorShare = 0.4 } else { passive.serverErrors = 4 }
        settings.pool.passive = passive
        let simulation = Simulation(settings)
        var turn = 0
        simulation.addBackends(2)
        simulation.backends[1].script = { _, _ in
            turn += 1
            var answer = AnswerScript(bodyCount: 20)
            // Every other one: never two in a row.
            if !isShare || turn % 2 == 0 { answer.status = 500 }
            return answer
        }
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        for _ in 0..<4 { simulation.addClient(gets(200, thinkNs: 20 * millisecond)) }
        simulation.runClients()
        let told = simulation.transitions.filter { $0.backend == simulation.backends[1].name && $0.to == .ejected }
        #expect(!told.isEmpty && told.allSatisfy { $0.cause.contains("status of 500 or above") })
        // The check has passed all along and ends nothing.
        let back = simulation.transitions.filter { $0.from == .ejected }
        #expect(back.allSatisfy { $0.cause == "its ejection is over" })
        #expect(simulation.finish() == [])

        // Of two that answer so one stays, and of one it does.
        let alone = Simulation(settings)
        alone.addBackends(2) { _, _ in
            var answer = AnswerScript(bodyCount: 20)
            answer.status = 500
            return answer
        }
        alone.publish(alone.backends)
        alone.runFirstChecks()
        alone.addClient(gets(300, thinkNs: 20 * millisecond))
        var phases = Set<Int>()
        alone.run(forAtMostNs: 20 * second) {
            phases.insert(alone.backends.count { alone.availability(of: $0) == .serving })
            return false
        }
        #expect(phases == [1, 2])
        #expect(alone.finish() == [])
    }

    // MARK: backends that hang

    /// Its system takes connections and bytes, and nothing comes back: neither from its check nor for a request.
    private func hang(_ backend: SimBackend) {
        backend.probeScript.fault = .hang
        backend.script = { _, _ in
            var answer = AnswerScript(bodyCount: 20)
            answer.fault = .hang
            return answer
        }
    }

    @Test(arguments: seeds) func whatWaitsAtABackendThatHangsGoesElsewhereOnceItsCheckSaysSo(seed: UInt64) {
        let simulation = stage(seed, check: check(interval: .seconds(1)))
        for _ in 0..<9 { simulation.addClient(gets(300, thinkNs: 10 * millisecond)) }
        simulation.run(forAtMostNs: second)
        let victim = simulation.backends[1]
        hang(victim)
        let begun = simulation.network.now
        #expect(simulation.run(forAtMostNs: 10 * second) { simulation.availability(of: victim) == .unhealthy })
        // 1.1 s to the next check, which has 1 s, and as much once more.
        #expect(simulation.network.now.since(begun) <= 4_200 * millisecond)
        simulation.runClients()
        #expect(isAllComplete(simulation) && simulation.ledger.outcomes.count == 2_700)
        let told = simulation.transitions.last { $0.backend == victim.name }
        #expect(told?.cause == "timeout after 1s" && told?.afterFailures == 2)
        #expect(simulation.inFlight(of: victim) == 0)
        #expect(simulation.finish() == [])
    }

    /// The application may have acted on it.
    @Test(arguments: seeds) func aPOSTStaysWithABackendThatHangs(seed: UInt64) {
        var timeouts = Timeouts()
        timeouts.responseFirstByte = .seconds(20)
        let simulation = stage(seed, backends: 2, check: check(interval: .seconds(1)), timeouts: timeouts)
        hang(simulation.backends[0])
        for _ in 0..<2 { simulation.addClient([.post(100)]) }
        simulation.runClients()
        #expect(simulation.ledger.outcomes.map(\.status).sorted() == [200, 504])
        #expect(simulation.ledger.arrivals.count == 2)
        #expect(simulation.finish() == [])
    }

    /// A slow answer is better than none: with nobody else to ask, what waits goes on waiting.
    @Test(arguments: seeds) func withNobodyElseTheyWaitForWhoIsLate(seed: UInt64) {
        let simulation = stage(seed, backends: 2, check: check(interval: .seconds(1))) { _, _ in
            var answer = AnswerScript(bodyCount: 20)
            answer.delayNs = 10 * second
            return answer
        }
        for _ in 0..<6 { simulation.addClient([.get()]) }
        simulation.run(forAtMostNs: 100 * millisecond)
        for backend in simulation.backends { backend.probeScript.fault = .hang }
        simulation.runClients()
        #expect(simulation.backends.allSatisfy { simulation.availability(of: $0) == .unhealthy })
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    /// Refused, it may be about to stop, and finishes what it has.
    @Test(arguments: seeds) func whatRunsOnABackendThatOnlyFailsItsCheckIsLeftThere(seed: UInt64) {
        let simulation = stage(seed, backends: 2, check: check(interval: .seconds(1))) { _, _ in
            var answer = AnswerScript(bodyCount: 20)
            answer.delayNs = 8 * second
            return answer
        }
        for _ in 0..<2 { simulation.addClient([.get()]) }
        simulation.run(forAtMostNs: 100 * millisecond)
        let victim = simulation.backends[0]
        victim.probeScript.status = 500
        simulation.runClients()
        #expect(simulation.availability(of: victim) == .unhealthy)
        #expect(simulation.ledger.arrivals.count == 2 && isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func idleConnectionsToWhoDoesNotServeAreClosed(seed: UInt64) {
        let simulation = stage(seed, check: check(interval: .seconds(1)))
        for _ in 0..<6 { simulation.addClient(gets(12)) }
        simulation.runClients()
        let (drained, failing) = (simulation.backends[0], simulation.backends[1])
        func open(_ backend: SimBackend) -> Int { simulation.connections(to: backend) }
        #expect(open(drained) > 0 && open(failing) > 0)
        drained.state = .drain
        simulation.publish(simulation.backends)
        failing.probeScript.status = 500
        simulation.run(forAtMostNs: 4 * second)
        #expect(simulation.availability(of: drained) == .draining)
        #expect(simulation.availability(of: failing) == .unhealthy)
        #expect(open(drained) == 0 && open(failing) == 0)
        #expect(open(simulation.backends[2]) > 0)
        #expect(simulation.finish() == [])
    }

    // MARK: every order of events

    private static let allowed: [BackendPhase: Set<BackendPhase>] = [
        .starting: [.serving, .unhealthy, .draining, .maint],
        .serving: [.unhealthy, .ejected, .draining, .maint],
        .unhealthy: [.serving, .draining, .maint],
        .ejected: [.serving, .unhealthy, .draining, .maint],
        .draining: [.starting, .serving, .unhealthy, .ejected, .maint],
        .maint: [.starting, .serving, .draining],
    ]

    /// Admin writes, kills, hangs and broken answers in an order of chance, under load: every change that is told may follow
    /// the one before, who is to drain or in maintenance gets nothing new, and ejection keeps to its limits.
    @Test(arguments: UInt64(1)...24) func noOrderOfWritesProbesAndFailuresBreaksARule(seed: UInt64) {
        let simulation = stage(seed, backends: 5, check: check(interval: .seconds(1))) { _, chance in
            var answer = AnswerScript(bodyCount: chance.below(2_000))
            answer.delayNs = UInt64(chance.below(30_000_000))
            return answer
        }
        for _ in 0..<6 { simulation.addClient(gets(150, thinkNs: 60 * millisecond)) }
        var chance = Chance(seed: seed)
        /// When each was last told to take nothing, and every loop had heard of it.
        var closed: [(backend: String, from: Instant, to: Instant)] = []
        func adopted() {
            simulation.run(forAtMostNs: second / 10)
        }
        func reopen(_ name: String) {
            for index in closed.indices where closed[index].backend == name && closed[index].to == .never {
                closed[index].to = simulation.network.now
            }
        }
        for _ in 0..<40 {
            simulation.run(forAtMostNs: UInt64(chance.below(600)) * millisecond)
            let backend = simulation.backends[chance.below(5)]
            switch chance.below(8) {
            case 0, 1:
                let intent: BackendState = [.ready, .drain, .maint][chance.below(3)]
                reopen(backend.name)
                backend.state = intent
                simulation.publish(simulation.backends)
                adopted()
                if intent != .ready { closed.append((backend.name, simulation.network.now, .never)) }
            case 2: if backend.isUp { backend.kill() } else { backend.start() }
            case 3: backend.probeScript.fault = [.none, .hang, .closeBefore][chance.below(3)]
            case 4: backend.probeScript.status = [200, 500][chance.below(2)]
            case 5:
                let isBroken = chance.perMille(500)
                backend.script = { _, _ in
                    var answer = AnswerScript(bodyCount: 100)
                    if isBroken { answer.fault = .resetBefore }
                    return answer
                }
            case 6:
                simulation.settings.check =
                    [nil, check(interval: .seconds(1)), check(interval: .seconds(2), fall: 1)][chance.below(3)]
                simulation.publish(simulation.backends)
            default:
                simulation.settings.pool.passive = chance.perMille(300) ? nil : PassiveSpec(errors: 1 + chance.below(3))
                simulation.publish(simulation.backends)
            }
        }
        simulation.runClients()

        var phases = [String: BackendPhase]()
        for change in simulation.transitions {
            #expect(phases[change.backend] ?? .starting == change.from, "\(change)")
            #expect(Self.allowed[change.from]!.contains(change.to), "\(change)")
            #expect(!change.cause.isEmpty)
            phases[change.backend] = change.to
            if change.to == .ejected {
                #expect(phases.values.count { $0 == .ejected } <= 2, "\(change)")
                #expect(phases.values.contains(.serving), "\(change)")
            }
        }
        for backend in simulation.backends { #expect(phases[backend.name] == simulation.phase(of: backend)) }
        for stretch in closed {
            for arrival in simulation.ledger.arrivals where arrival.backend == stretch.backend {
                guard let id = arrival.id, simulation.ledger.intents[id].at >= stretch.from, arrival.at < stretch.to
                else { continue }
                Issue.record("request \(id) went to \(stretch.backend), which was to take nothing")
            }
        }
        #expect(simulation.finish() == [])
    }
}
