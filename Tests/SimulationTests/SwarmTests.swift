import Model
import Proxy
import Simulator
import Testing

/// Simulations drawn by chance, and every single failure of a small one.
@Suite struct SwarmTests {
    /// A few, with what only builds for debugging check; `make test` runs a thousand that are optimised besides.
    static let seeds: [UInt64] = Array(1...10)

    private func run(_ seed: UInt64) -> (hash: EventHash, violations: [String]) {
        let (simulation, violations) = Mix.play(seed: seed).run()
        return (simulation.network.hash, violations)
    }

    @Test(arguments: seeds) func noMixBreaksARule(seed: UInt64) {
        #expect(run(seed).violations == [])
    }

    @Test func theSameSeedIsTheSameSimulation() {
        #expect(run(7).hash == run(7).hash)
        #expect(run(7).hash != run(8).hash)
    }

    private func smallPlay(_ isFoul: Bool) -> Simulation {
        var settings = Simulation.Settings(seed: 5)
        settings.weather = isFoul ? .foul : .fair
        settings.workers = 1
        settings.check = HealthCheckSpec(path: "/health", interval: .seconds(1))
        let simulation = Simulation(settings)
        simulation.addBackends(2) { _, chance in
            var answer = AnswerScript(bodyCount: 3_000)
            if chance.perMille(500) { answer.framing = .chunked(upTo: 1_000) }
            return answer
        }
        // A name with two addresses, the first of them dead.
        simulation.backends[1].deadAddresses = [.ipv4(0x0A03_0000, port: 8080)]
        return simulation
    }

    /// Fails the n-th operation of one loop for n = 1, 2, 3… until there is no n-th one.
    private func sweep(_ isFoul: Bool, _ kernel: (Simulation) -> SimKernel) -> Int {
        var failing = 1
        while true {
            let simulation = smallPlay(isFoul)
            kernel(simulation).failingOperation = failing
            simulation.publish(simulation.backends)
            simulation.runFirstChecks()
            simulation.addClient([.get(), .post(4_000), .get()])
            simulation.addClient([RequestScript("PUT", body: .chunked(4_000, upTo: 700)), .get()], keepsAlive: false)
            simulation.runClients()
            simulation.run(forAtMostNs: 3_000_000_000)
            let violations = simulation.finish()
            #expect(violations == [], "operation \(failing)")
            if !violations.isEmpty || kernel(simulation).operations < failing { return failing }
            failing += 1
        }
    }

    @Test(arguments: [false, true]) func noSingleFailureOfAWorkerBreaksARule(isFoul: Bool) {
        #expect(sweep(isFoul) { $0.workers[0].kernel } > 30)
    }

    @Test(arguments: [false, true]) func noSingleFailureOfTheProberBreaksARule(isFoul: Bool) {
        #expect(sweep(isFoul) { $0.prober.kernel } > 20)
    }
}
