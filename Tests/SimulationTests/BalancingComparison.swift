import Foundation
import Model
import Proxy
import Simulator
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// The figures of docs/BALANCING.md, which `bench/balancing` makes: every algorithm in front of backends of unequal speed,
/// in virtual time, so that they are the same on every machine.
///
/// Runs when `BALANCING_CSV` names the file to write.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["BALANCING_CSV"] != nil))
struct BalancingComparison {
    /// A backend that works on so many requests at once and lets the others wait.
    private final class Server {
        let serviceNs: UInt64
        private var freeAt: [Instant]

        init(serviceNs: UInt64, threads: Int) {
            self.serviceNs = serviceNs
            freeAt = [Instant](repeating: Instant(nanoseconds: 0), count: threads)
        }

        /// How long a request that comes now takes: exponential service behind what waits already.
        func delay(at now: Instant, _ chance: inout Chance) -> UInt64 {
            let unit = (Double(chance.below(1 << 30)) + 1) / Double(1 << 30)
            let service = UInt64(-Foundation.log(unit) * Double(serviceNs))
            let first = freeAt.indices.min { freeAt[$0] < freeAt[$1] } ?? 0
            freeAt[first] = max(freeAt[first], now) + service
            return freeAt[first].since(now)
        }
    }

    private struct Play {
        let name: String
        /// Mean service times of the backends, in milliseconds.
        let serviceMs: [UInt64]
        /// The last backend answers 500 at once.
        var failsFast = false
        /// The last backend hangs for so long, after a second.
        var stallNs: UInt64 = 0
    }

    private static let plays = [
        Play(name: "equal", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10]),
        Play(name: "unequal", serviceMs: [5, 5, 10, 10, 10, 10, 20, 40]),
        Play(name: "failing", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10], failsFast: true),
        Play(name: "stall", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10], stallNs: 2 * second),
    ]
    private static let threads = 4
    private static let clients = 48
    private static let requestsEach = 250

    @Test func figures() throws {
        let path = try #require(ProcessInfo.processInfo.environment["BALANCING_CSV"])
        var rows = ["play,algorithm,requests_per_s,p50_ms,p99_ms,errors_percent"]
        for play in Self.plays {
            for algorithm in Algorithm.allCases { rows.append(run(play, algorithm)) }
        }
        try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }

    private func run(_ play: Play, _ algorithm: Algorithm) -> String {
        var settings = Simulation.Settings(seed: 1)
        settings.pool = PoolSpec(algorithm: algorithm, hashBy: .uri)
        let simulation = Simulation(settings)
        simulation.addBackends(play.serviceMs.count)
        for (index, backend) in simulation.backends.enumerated() {
            let server = Server(serviceNs: play.serviceMs[index] * millisecond, threads: Self.threads)
            let isLast = index == play.serviceMs.count - 1
            backend.script = { [network = simulation.network] _, chance in
                var answer = AnswerScript(bodyCount: 100)
                if isLast, play.failsFast {
                    answer.status = 500
                    return answer
                }
                answer.delayNs = server.delay(at: network.now, &chance)
                let elapsed = network.now.nanoseconds
                if isLast, elapsed > second, elapsed < second + play.stallNs {
                    answer.delayNs += second + play.stallNs - elapsed
                }
                return answer
            }
        }
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        var request = RequestScript.get()
        request.thinkNs = 5 * millisecond
        for client in 0..<Self.clients {
            let requests = [RequestScript](repeating: request, count: Self.requestsEach)
            simulation.addClient(requests, afterNs: UInt64(client) * millisecond / 8)
        }
        let start = simulation.network.now
        simulation.runClients()
        let elapsed = Double(simulation.network.now.since(start)) / Double(second)
        let ledger = simulation.ledger
        let times = ledger.outcomes.map { Double($0.at.since(ledger.intents[$0.id].at)) / Double(millisecond) }.sorted()
        let errors = ledger.outcomes.count { $0.status != 200 }
        #expect(ledger.outcomes.count == Self.clients * Self.requestsEach)
        #expect(simulation.finish() == [])
        let figures = [
            Double(times.count) / elapsed, times[times.count / 2], times[times.count * 99 / 100],
            100 * Double(errors) / Double(times.count),
        ]
        return ([play.name, algorithm.rawValue] + figures.map { String(format: "%.2f", $0) }).joined(separator: ",")
    }
}
