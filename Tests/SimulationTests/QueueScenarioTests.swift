import Model
import Proxy
import Simulator
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// Who waits for a backend with room, over several workers.
@Suite struct QueueScenarioTests {
    private func stage(_ seed: UInt64, workers: Int, requestsMax: Int, pool: PoolSpec = PoolSpec()) -> Simulation {
        var settings = Simulation.Settings(seed: seed)
        settings.workers = workers
        settings.pool = pool
        let simulation = Simulation(settings)
        simulation.addBackends(1) { _, _ in
            var answer = AnswerScript(bodyCount: 10)
            answer.delayNs = 5 * millisecond
            return answer
        }
        simulation.backends[0].requestsMax = requestsMax
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        return simulation
    }

    /// Sixteen clients at one place. However the kernel has spread them over the workers, each has its turn as often as the
    /// others, and the place is hardly ever empty while they wait.
    @Test(arguments: [1, 2, 3, 4] as [UInt64], [2, 4]) func theOldestWaiterOfAllWorkersIsNext(
        seed: UInt64,
        workers: Int
    ) {
        let simulation = stage(seed, workers: workers, requestsMax: 1)
        let count = 16
        for client in 0..<count {
            simulation.addClient(
                [RequestScript](repeating: .get(), count: 1000),
                afterNs: UInt64(client) * millisecond / 10
            )
        }
        simulation.run(forAtMostNs: 4 * second)
        let outcomes = simulation.ledger.outcomes
        #expect(outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 })
        let total = outcomes.count
        // All answers are of one length.
        let counts = simulation.clients.map(\.bytesReceived).sorted()
        let one = counts.reduce(0, +) / max(1, total)
        #expect(counts.last! - counts.first! <= 3 * one, "\(counts.map { $0 / one })")
        // 5 ms each, some of them for the network's ways.
        #expect(total > 400, "\(total)")
    }
}
