import Glibc
import Model
import Proxy
import Simulator

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1_000_000_000

/// What the algorithms are put in front of: two workers, some backends, and clients that ask again 5 ms after each answer.
struct Play {
    let name: String
    /// Mean service times of the backends, in milliseconds.
    let serviceMs: [UInt64]
    /// So many backends, the last ones, answer 500 at once.
    var failsFast = 0
    /// The last backend hangs for so long, a second after the start.
    var stallNs: UInt64 = 0
    /// So many backends, the last ones, hang for 2 s with every request, from a second after the start on.
    var hangs = 0

    /// What clients saw of one run.
    struct Figures {
        let requestsPerSecond: Double
        let p50Ms: Double
        let p99Ms: Double
        /// Answers other than 200.
        let errorsPercent: Double
        /// Rules of the simulation that were broken; empty when the figures are to be believed.
        let complaints: [String]
    }

    /// Requests that a backend works on at once.
    private static let threads = 4
    private static let clients = 48
    private static let requestsEach = 300

    func run(_ algorithm: Algorithm) -> Figures {
        var settings = Simulation.Settings(seed: 1)
        // Each request has a target of its own, so that hashing spreads them.
        settings.pool = PoolSpec(algorithm: algorithm, hashBy: .uri)
        let simulation = Simulation(settings)
        simulation.addBackends(serviceMs.count)
        let start = simulation.network.now
        for (index, backend) in simulation.backends.enumerated() {
            script(
                backend,
                serviceNs: serviceMs[index] * millisecond,
                behind: serviceMs.count - 1 - index,
                in: simulation
            )
        }
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        var request = RequestScript.get()
        request.thinkNs = 5 * millisecond
        for client in 0..<Self.clients {
            let requests = [RequestScript](repeating: request, count: Self.requestsEach)
            simulation.addClient(requests, afterNs: UInt64(client) * millisecond / 8)
        }
        simulation.runClients()
        let elapsed = Double(simulation.network.now.since(start)) / Double(second)
        let ledger = simulation.ledger
        let times = ledger.outcomes.map { Double($0.at.since(ledger.intents[$0.id].at)) / Double(millisecond) }.sorted()
        let errors = ledger.outcomes.count { $0.status != 200 }
        var complaints = simulation.finish()
        if times.count != Self.clients * Self.requestsEach { complaints.append("\(times.count) requests ended") }
        return Figures(
            requestsPerSecond: Double(times.count) / elapsed,
            p50Ms: times[times.count / 2],
            p99Ms: times[times.count * 99 / 100],
            errorsPercent: 100 * Double(errors) / Double(times.count),
            complaints: complaints
        )
    }

    /// - Parameter behind: how many backends come after it.
    private func script(_ backend: SimBackend, serviceNs: UInt64, behind: Int, in simulation: Simulation) {
        let server = Server(serviceNs: serviceNs, threads: Self.threads)
        let stallStart = simulation.network.now + second
        let stallEnd = stallStart + (behind == 0 ? stallNs : 0)
        let fails = behind < failsFast
        let hangs = behind < hangs
        backend.script = { [network = simulation.network] _, chance in
            var answer = AnswerScript(bodyCount: 100)
            if fails {
                answer.status = 500
                return answer
            }
            answer.delayNs = server.delay(at: network.now, &chance)
            if network.now >= stallStart, network.now < stallEnd { answer.delayNs += stallEnd.since(network.now) }
            if hangs, network.now >= stallStart { answer.delayNs = 2 * second }
            return answer
        }
    }

    /// A backend that works on so many requests at once and lets the others wait.
    private final class Server {
        private let serviceNs: UInt64
        private var freeAt: [Instant]

        init(serviceNs: UInt64, threads: Int) {
            self.serviceNs = serviceNs
            freeAt = [Instant](repeating: Instant(nanoseconds: 0), count: threads)
        }

        /// How long a request that comes now takes: exponential service behind what waits already.
        func delay(at now: Instant, _ chance: inout Chance) -> UInt64 {
            let unit = (Double(chance.below(1 << 30)) + 1) / Double(1 << 30)
            let service = UInt64(-log(unit) * Double(serviceNs))
            let first = freeAt.indices.min { freeAt[$0] < freeAt[$1] } ?? 0
            freeAt[first] = max(freeAt[first], now) + service
            return freeAt[first].since(now)
        }
    }
}

let plays = [
    Play(name: "equal", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10]),
    Play(name: "unequal", serviceMs: [5, 5, 10, 10, 10, 10, 20, 40]),
    Play(name: "failing", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10], failsFast: 1),
    Play(name: "stall", serviceMs: [10, 10, 10, 10, 10, 10, 10, 10], stallNs: 2 * second),
    Play(name: "two-failing", serviceMs: [10, 10, 10, 10, 10], failsFast: 2),
    Play(name: "two-slow", serviceMs: [10, 10, 10, 200, 200]),
    Play(name: "two-hanging", serviceMs: [10, 10, 10, 10, 10], hangs: 2),
]

/// Two backends that are equal but for their weights, 99 and 1, and so many clients that ask as fast as they are answered.
struct CanaryPlay {
    let clients: Int

    /// - Returns: percent of the requests that the backend of weight 1 got, and the rules that were broken.
    func run(_ algorithm: Algorithm) -> (percent: Double, complaints: [String]) {
        var settings = Simulation.Settings(seed: 1)
        settings.pool = PoolSpec(algorithm: algorithm, hashBy: .uri)
        let simulation = Simulation(settings)
        simulation.addBackends(2) { _, chance in
            var answer = AnswerScript(bodyCount: 100)
            answer.delayNs = 8 * millisecond + UInt64(chance.below(4_000_000))
            return answer
        }
        simulation.backends[0].weight = 99
        simulation.publish(simulation.backends)
        simulation.runFirstChecks()
        let requests = 20_000 / clients
        for client in 0..<clients {
            let scripts = [RequestScript](repeating: .get(), count: requests)
            simulation.addClient(scripts, afterNs: UInt64(client) * millisecond / 8)
        }
        simulation.runClients()
        let light = simulation.ledger.servedBy.count { $0 == simulation.backends[1].name }
        let percent = 100 * Double(light) / Double(requests * clients)
        return (percent, simulation.finish())
    }
}
