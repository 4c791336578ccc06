import Model
import Proxy
import Simulator
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// What this machine runs out of, and names that come to stand for other addresses, in small, fixed plays.
@Suite struct LackScenarioTests {
    static let seeds: [UInt64] = [1, 2, 3, 4]

    private func stage(
        _ seed: UInt64,
        backends: Int,
        check: Bool = true,
        timeouts: Timeouts = Timeouts(),
        _ adjust: (inout Simulation.Settings) -> Void = { _ in }
    ) -> Simulation {
        var settings = Simulation.Settings(seed: seed)
        settings.weather = seed % 2 == 0 ? .foul : .fair
        settings.workers = 1
        settings.timeouts = timeouts
        if check { settings.check = HealthCheckSpec(path: "/health", interval: .seconds(1)) }
        adjust(&settings)
        let simulation = Simulation(settings)
        simulation.addBackends(backends)
        return simulation
    }

    private func gets(_ count: Int, thinkNs: UInt64 = 0) -> [RequestScript] {
        var request = RequestScript.get()
        request.thinkNs = thinkNs
        return [RequestScript](repeating: request, count: count)
    }

    private func isAllComplete(_ simulation: Simulation) -> Bool {
        simulation.ledger.outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 }
    }

    @Test(arguments: seeds) func aNameThatMovesUnderLoadIsFollowedAtOnce(seed: UInt64) {
        let simulation = stage(seed, backends: 2)
        let mover = simulation.backends[0]
        let home = Endpoint.ipv4(0x0A05_0000, port: 8080)
        simulation.publish()
        simulation.runFirstChecks()
        for _ in 0..<6 { simulation.addClient(gets(200, thinkNs: 5 * millisecond)) }
        simulation.run(forAtMostNs: 300 * millisecond)
        mover.move(to: home)
        simulation.publish()
        simulation.runClients()
        let arrivals = simulation.ledger.arrivals.filter { $0.backend == mover.name }
        #expect(arrivals.contains { $0.address == mover.address } && arrivals.contains { $0.address == home })
        #expect(isAllComplete(simulation))
        // The simulation itself judges that nothing new went to the old address.
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func aRequestThatConnectsToAnAddressThatWasLeftIsServedAtTheNewOneAtOnce(seed: UInt64) {
        let simulation = stage(seed, backends: 1, check: false)
        let mover = simulation.backends[0]
        simulation.network.setBlackHole(mover.address, true)
        simulation.publish()
        simulation.run(forAtMostNs: 10 * millisecond)
        simulation.addClient(gets(1))
        simulation.run(forAtMostNs: 100 * millisecond)
        mover.move(to: .ipv4(0x0A05_0000, port: 8080))
        simulation.publish()
        let isServed = simulation.run(forAtMostNs: 500 * millisecond) { simulation.ledger.outcomes.count == 1 }
        #expect(isServed)
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func anAddressThatSwallowsEverythingFailsNoCheckAndDelaysOneConnection(seed: UInt64) {
        let simulation = stage(seed, backends: 2)
        let silent = Endpoint.ipv4(0x0A03_0001, port: 8080)
        simulation.network.setBlackHole(silent, true)
        for backend in simulation.backends { backend.deadAddresses = [silent] }
        simulation.publish()
        simulation.runFirstChecks()
        for backend in simulation.backends { #expect(simulation.availability(of: backend) == .serving) }
        simulation.addClient(gets(20), keepsAlive: false)
        let began = simulation.network.now
        simulation.runClients()
        // Two backends, a second at each.
        #expect(simulation.network.now.since(began) < 3 * second)
        #expect(isAllComplete(simulation))
        simulation.run(forAtMostNs: 10 * second)
        for backend in simulation.backends { #expect(simulation.availability(of: backend) == .serving) }
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func idleConnectionsMakeWayWhereDescriptorsComeFreeLate(seed: UInt64) {
        // The listener, two clients, and six of ten backends.
        let simulation = stage(seed, backends: 10, check: false) { settings in
            settings.descriptorsMax = 9
            settings.weather.lateCloseNs = 0...2_000_000
        }
        simulation.publish()
        simulation.run(forAtMostNs: 10 * millisecond)
        for _ in 0..<2 { simulation.addClient(gets(60, thinkNs: millisecond)) }
        simulation.runClients()
        #expect(simulation.ledger.outcomes.count == 120)
        #expect(isAllComplete(simulation))
        #expect(simulation.finish() == [])
    }

    @Test(arguments: seeds) func wantOfLocalPortsIsNoBackendsFault(seed: UInt64) {
        let simulation = stage(seed, backends: 2) { settings in
            settings.portsMax = 2
            settings.pool.passive = PassiveSpec()
        }
        for backend in simulation.backends {
            backend.script = { _, _ in
                var answer = AnswerScript(bodyCount: 10)
                answer.delayNs = 200 * millisecond
                return answer
            }
        }
        simulation.publish()
        simulation.runFirstChecks()
        for _ in 0..<20 { simulation.addClient(gets(3)) }
        simulation.runClients()
        let causes = Set(simulation.logLines().compactMap(\.last?.cause))
        #expect(causes == ["-", "out_of_local_ports"])
        #expect(simulation.transitions.filter { $0.to != .serving } == [])
        for backend in simulation.backends {
            #expect(simulation.live.backends[Int(backend.name.suffix(1))! - 1].failuresInRow == 0)
        }
        #expect(simulation.finish() == [])
    }
}
