import Model
import Proxy
import Simulator
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// What a pool's algorithm makes of backends that are slow, that fail fast, that are new, and that come back.
@Suite struct BalancingScenarioTests {
    static let seeds: [UInt64] = [1, 2]
    /// Those that look at how a backend does.
    static let loadAware: [Algorithm] = [.leastRequest, .leastRequestExact, .peakEWMA]

    /// Two workers and backends that take 20 ms for an answer.
    private func stage(
        _ seed: UInt64,
        _ pool: PoolSpec,
        backends: Int = 4,
        check: HealthCheckSpec? = nil
    ) -> Simulation {
        var settings = Simulation.Settings(seed: seed)
        settings.check = check
        settings.pool = pool
        let simulation = Simulation(settings)
        simulation.addBackends(backends) { _, _ in slow(20) }
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        return simulation
    }

    private func gets(_ count: Int, thinkNs: UInt64 = 0) -> [RequestScript] {
        var request = RequestScript.get()
        request.thinkNs = thinkNs
        return [RequestScript](repeating: request, count: count)
    }

    /// So many clients that each ask as fast as they are answered.
    private func addClients(_ simulation: Simulation, _ count: Int, requests: Int) {
        for client in 0..<count { simulation.addClient(gets(requests), afterNs: UInt64(client) * millisecond) }
    }

    private func served(_ simulation: Simulation, _ name: String) -> Int {
        simulation.ledger.servedBy.count { $0 == name }
    }

    // MARK: counts

    /// Else the bound on what one of them may have would grow with every request that is sent again.
    @Test(arguments: seeds) func aRequestThatGoesElsewhereIsCountedOnceInAPoolThatHashes(seed: UInt64) {
        var pool = PoolSpec(algorithm: .hash, hashBy: .path)
        pool.retry = RetrySpec(max: 2, budget: 0.5, on: .status503)
        let simulation = stage(seed, pool)
        simulation.backends[2].script = { _, _ in
            var answer = AnswerScript(bodyCount: 10)
            answer.status = 503
            return answer
        }
        addClients(simulation, 8, requests: 20)
        simulation.runClients()
        let retried = simulation.workers.reduce(0) { $0 + Int($1.counters.backends[2].retriedAway) }
        #expect(retried > 0)
        #expect(simulation.live.tickets[0].inFlight == 0)
        #expect(simulation.finish() == [])
    }

    // MARK: the herd

    /// The one that answers 500 at once is always the least busy. In its fair share it would have a quarter.
    @Test(arguments: seeds, loadAware) func aFastFailingBackendDoesNotAttractTheHerd(seed: UInt64, algorithm: Algorithm)
    {
        let simulation = stage(seed, PoolSpec(algorithm: algorithm))
        simulation.backends[2].script = { _, _ in
            var answer = AnswerScript(bodyCount: 10)
            answer.status = 500
            return answer
        }
        addClients(simulation, 24, requests: 100)
        simulation.runClients()
        let total = simulation.ledger.outcomes.count
        #expect(total == 2400)
        #expect(served(simulation, "web-3") < total / 20, "\(served(simulation, "web-3"))")
        for name in ["web-1", "web-2", "web-4"] { #expect(served(simulation, name) > total / 5) }
        #expect(simulation.finish() == [])
    }

    /// A backend that refuses connections is as fast as it gets.
    @Test(arguments: seeds, loadAware) func aRefusingBackendIsLeftAlone(seed: UInt64, algorithm: Algorithm) {
        let simulation = stage(seed, PoolSpec(algorithm: algorithm, passive: nil))
        simulation.backends[2].kill()
        addClients(simulation, 24, requests: 100)
        simulation.runClients()
        #expect(simulation.ledger.outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 })
        let retried = simulation.workers.reduce(0) { $0 + Int($1.counters.backends[2].retriedAway) }
        #expect(retried > 0 && retried < 120, "\(retried)")
        #expect(simulation.finish() == [])
    }

    @Test(arguments: [3], loadAware + [.hash]) func aNewBackendDoesNotAttractTheHerd(
        seed: UInt64,
        algorithm: Algorithm
    ) {
        let simulation = stage(seed, PoolSpec(algorithm: algorithm, hashBy: .uri), backends: 3)
        addClients(simulation, 40, requests: 150)
        simulation.run(forAtMostNs: second)
        let newcomer = simulation.addBackend("newcomer")
        // It is slow to warm up: what it is given it keeps for long.
        newcomer.script = { _, _ in slow(200) }
        simulation.publish(simulation.backends)
        var peak = 0
        for step in 1...100 as ClosedRange<UInt64> {
            simulation.after(step * 2 * millisecond) { peak = max(peak, simulation.inFlight(of: newcomer)) }
        }
        simulation.run(forAtMostNs: 200 * millisecond)
        // Its share is a quarter of 40. Whoever does not look at the load would give it all that come to wait for it.
        #expect((2...14).contains(peak), "\(peak)")
        simulation.runClients()
        #expect(simulation.finish() == [])
    }

    /// Two that hang are what some requests meet twice. Two choices that left it at that would soon have every client wait
    /// there, whatever is idle.
    @Test(arguments: seeds, [Algorithm.leastRequest, .peakEWMA]) func twoBadOnesOfFiveAreNoTrap(
        seed: UInt64,
        algorithm: Algorithm
    ) {
        func answers(_ algorithm: Algorithm) -> Int {
            let simulation = stage(seed, PoolSpec(algorithm: algorithm), backends: 5)
            for bad in simulation.backends.suffix(2) { bad.script = { _, _ in slow(4000) } }
            addClients(simulation, 24, requests: 400)
            simulation.run(forAtMostNs: 6 * second)
            let count = simulation.ledger.outcomes.count
            simulation.runClients()
            #expect(simulation.finish() == [])
            return count
        }
        let (two, all) = (answers(algorithm), answers(.leastRequestExact))
        #expect(two * 10 > all * 8, "\(two) of \(all)")
    }

    // MARK: room

    /// Ten of 120 backends are idle, and the others full for five seconds: whatever comes is served by those ten, at once.
    @Test(arguments: [1], Algorithm.allCases) func idleBackendsAreFoundAmongFullOnes(seed: UInt64, algorithm: Algorithm)
    {
        let simulation = stage(seed, PoolSpec(algorithm: algorithm, hashBy: .path), backends: 120)
        let end = simulation.network.now + second
        for backend in simulation.backends {
            backend.requestsMax = 1
            backend.script = { [network = simulation.network] _, _ in slow(network.now < end ? 5000 : 20) }
        }
        simulation.publish(simulation.backends)
        for _ in 0..<110 { simulation.addClient(gets(1)) }
        simulation.run(forAtMostNs: 2 * second)
        #expect(simulation.backends.count { simulation.inFlight(of: $0) == 1 } == 110)
        for _ in 0..<10 { simulation.addClient(gets(10)) }
        simulation.run(forAtMostNs: second)
        #expect(simulation.ledger.outcomes.count == 100)
        #expect(simulation.ledger.outcomes.allSatisfy { $0.status == 200 })
        simulation.runClients()
        #expect(simulation.finish() == [])
    }

    // MARK: coming back

    @Test(arguments: [3], Algorithm.allCases) func aRecoveringBackendIsNotKnockedOver(
        seed: UInt64,
        algorithm: Algorithm
    ) {
        var pool = PoolSpec(algorithm: algorithm, hashBy: .uri)
        pool.slowStart = .seconds(10)
        pool.passive = nil
        let check = HealthCheckSpec(path: "/health", interval: .milliseconds(500), timeout: .milliseconds(200), fall: 1)
        let simulation = stage(seed, pool, check: check)
        let victim = simulation.backends[1]
        // The others have their slow start behind them.
        simulation.run(forAtMostNs: 12 * second)
        victim.kill()
        simulation.run(forAtMostNs: 3 * second) { simulation.availability(of: victim) == .unhealthy }
        for client in 0..<10 {
            simulation.addClient(gets(600, thinkNs: 5 * millisecond), afterNs: UInt64(client) * millisecond)
        }
        simulation.run(forAtMostNs: second)
        #expect(served(simulation, victim.name) == 0)
        victim.start()
        simulation.run(forAtMostNs: 3 * second) { simulation.availability(of: victim) == .serving }
        let back = simulation.network.now
        simulation.run(forAtMostNs: 11 * second)
        func share(from: UInt64, to: UInt64) -> Double {
            let arrivals = simulation.ledger.arrivals.filter {
                $0.isComplete && $0.id != nil && $0.at >= back + from * second && $0.at < back + to * second
            }
            return Double(arrivals.count { $0.backend == victim.name }) / Double(arrivals.count)
        }
        // Of a quarter in the end, it begins with less than a tenth of all, and with something.
        #expect((0.002...0.1).contains(share(from: 0, to: 1)), "\(share(from: 0, to: 1))")
        #expect(share(from: 0, to: 2) < share(from: 8, to: 10))
        // The bound of a hash pool is 1.25 times the share: a tenth of its keys have to come before it counts at all.
        let most = algorithm == .hash ? 0.4 : 0.32
        #expect((0.12...most).contains(share(from: 9, to: 10)), "\(share(from: 9, to: 10))")
        simulation.runClients()
        #expect(simulation.finish() == [])
    }

    // MARK: unequal backends

    @Test(arguments: seeds, loadAware) func aSlowBackendGetsLess(seed: UInt64, algorithm: Algorithm) {
        let simulation = stage(seed, PoolSpec(algorithm: algorithm))
        simulation.backends[3].script = { _, _ in slow(200) }
        addClients(simulation, 24, requests: 100)
        simulation.runClients()
        let total = simulation.ledger.outcomes.count
        let share = served(simulation, "web-4")
        // Ten times as slow, it serves a thirtieth to a tenth, and not a quarter.
        #expect(share > 0 && share < total / 8, "\(share) of \(total)")
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func aKeysRequestsMeetOneBackendWhicheverWorkerTheyFallTo(seed: UInt64) {
        let simulation = stage(seed, PoolSpec(algorithm: .hash, hashBy: .header(Mix.keyField)))
        for key in 0..<12 {
            var request = RequestScript.get()
            request.fields = [(Mix.keyField, "\(key)")]
            for _ in 0..<10 {
                simulation.addClient([request], keepsAlive: false)
                simulation.runClients()
            }
        }
        var homes: [String: Set<String>] = [:]
        for arrival in simulation.ledger.arrivals {
            homes[arrival.head.value(Mix.keyField) ?? "", default: []].insert(arrival.backend)
        }
        #expect(homes.count == 12 && homes.values.allSatisfy { $0.count == 1 })
        #expect(Set(homes.values.map { $0.first! }).count > 2)
        for worker in simulation.workers { #expect(worker.clientsPeak > 0) }
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func backupsServeWhileAllOthersAreDown(seed: UInt64) {
        let check = HealthCheckSpec(path: "/health", interval: .seconds(1), fall: 1)
        let simulation = stage(seed, PoolSpec(), backends: 3, check: check)
        simulation.backends[2].isBackup = true
        simulation.publish(simulation.backends)
        addClients(simulation, 4, requests: 20)
        simulation.runClients()
        #expect(served(simulation, "web-3") == 0)
        simulation.backends[0].kill()
        simulation.backends[1].kill()
        addClients(simulation, 4, requests: 20)
        simulation.runClients()
        // Also before a check has noticed: whoever fails at both goes to the backup.
        #expect(served(simulation, "web-3") == 80)
        #expect(simulation.ledger.outcomes.allSatisfy { $0.status == 200 })
        simulation.backends[0].start()
        simulation.run(forAtMostNs: 3 * second) { simulation.availability(of: simulation.backends[0]) == .serving }
        addClients(simulation, 2, requests: 5)
        simulation.runClients()
        #expect(served(simulation, "web-3") == 80)
        #expect(simulation.finish() == [])
    }

    /// With most primaries down there would be a panic, if there were nobody better. When there is nobody, it is for those
    /// that have passed a check at some time.
    @Test(arguments: seeds) func aPanicIsForWhenNoBackupServes(seed: UInt64) {
        let check = HealthCheckSpec(path: "/health", interval: .seconds(1), fall: 1)
        var pool = PoolSpec(panicThreshold: 0.5)
        pool.passive = nil
        let simulation = stage(seed, pool, backends: 3, check: check)
        simulation.backends[2].isBackup = true
        let newcomer = simulation.addBackend("newcomer")
        newcomer.probeScript.status = 503
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        for backend in simulation.backends.prefix(2) {
            backend.probeScript.status = 503
            backend.script = { _, _ in
                var answer = AnswerScript(bodyCount: 10)
                answer.status = 503
                return answer
            }
        }
        simulation.run(forAtMostNs: 5 * second) {
            simulation.backends.prefix(2).allSatisfy { simulation.availability(of: $0) == .unhealthy }
        }
        addClients(simulation, 5, requests: 20)
        simulation.runClients()
        #expect(served(simulation, "web-3") == 100)
        #expect(simulation.ledger.outcomes.allSatisfy { $0.status == 200 })
        simulation.backends[2].kill()
        simulation.run(forAtMostNs: 5 * second) { simulation.availability(of: simulation.backends[2]) == .unhealthy }
        addClients(simulation, 5, requests: 20)
        simulation.runClients()
        #expect(served(simulation, "web-1") == 50 && served(simulation, "web-2") == 50)
        #expect(served(simulation, "newcomer") == 0 && simulation.availability(of: newcomer) == .unproven)
        #expect(simulation.finish() == [])
    }
}

private func slow(_ milliseconds: UInt64) -> AnswerScript {
    var answer = AnswerScript(bodyCount: 50)
    answer.delayNs = milliseconds * millisecond
    return answer
}
