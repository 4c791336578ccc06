package import Model
import Proxy

/// All that is to happen in one simulation, as a value: it can be told, and parts of it can be left out.
package struct Play {
    package struct Backend {
        package var weight = 1
        package var isBackup = false
        package var requestsMax = 0
        /// Its name has another address besides, where nobody listens.
        package var hasDeadAddress = false
        /// That other address swallows what is sent to it, instead of refusing it.
        package var isDeadAddressSilent = false
        package var idleCloseNs: ClosedRange<UInt64>?
        package var readPace: Pace?
    }

    package struct Client {
        package var requests: [RequestScript]
        package var keepsAlive = true
        package var pipelineDepth = 1
        package var afterNs: UInt64 = 0
        package var origin = SimClient.Origin()
    }

    /// Something that happens to the whole.
    package struct Stroke {
        package enum Kind: String, CaseIterable {
            case kill
            case blackHole = "black-hole"
            case remove
            case drain
            case maintain
            case clockJump = "clock-jump"
            case reorder
            case reweigh
            case rebalance
            case recheck
            case descriptors
            case stop
            /// Its name stands for another address.
            case move

            /// Those that are drawn with the rest; the others have a source of chance of their own.
            static let common = allCases.filter { $0 != .move }
        }

        package var kind: Kind
        package var backend: Int
        /// From the beginning.
        package var atNs: UInt64
        /// When it is made good.
        package var untilNs: UInt64
        /// In a drain or a removal: when it is out of time; nil is never.
        package var cutNs: UInt64?
        package var number = 0
        package var pool = PoolSpec()
    }

    /// A part that can be left out; its name is what `WITHOUT` of `make sim` takes.
    package enum Part: Hashable, CustomStringConvertible {
        /// Of the clients, from 1.
        case client(Int)
        /// The request of that number of that client.
        case request(Int, Int)
        case stroke(Int)
        /// What is odd about the network.
        case weather
        /// What goes wrong with answers.
        case faults
        case checks

        package var description: String {
            switch self {
            case .client(let number): "c\(number)"
            case .request(let client, let number): "c\(client).\(number)"
            case .stroke(let number): "s\(number)"
            case .weather: "weather"
            case .faults: "faults"
            case .checks: "checks"
            }
        }

        package init?(_ text: Substring) {
            switch text {
            case "weather": self = .weather
            case "faults": self = .faults
            case "checks": self = .checks
            default:
                let words = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
                let numbers = words.compactMap { Int($0) }
                guard numbers.count == words.count else { return nil }
                switch (text.first, numbers.count) {
                case ("c", 1): self = .client(numbers[0])
                case ("c", 2): self = .request(numbers[0], numbers[1])
                case ("s", 1): self = .stroke(numbers[0])
                default: return nil
                }
            }
        }
    }

    package var settings: Simulation.Settings
    package var backends: [Backend] = []
    package var clients: [Client] = []
    package var strokes: [Stroke] = []
    /// Parts that are left out.
    package var without: Set<Part> = []

    package init(_ settings: Simulation.Settings) { self.settings = settings }

    /// Every part that may be left out, the largest first.
    package var parts: [Part] {
        var parts: [Part] = clients.indices.map { .client($0 + 1) }
        parts += strokes.indices.map { .stroke($0 + 1) }
        parts += [.checks, .weather, .faults]
        for (index, client) in clients.enumerated() {
            parts += client.requests.indices.map { .request(index + 1, $0 + 1) }
        }
        return parts.filter { part in
            if without.contains(part) { return false }
            if case .request(let client, _) = part { return !without.contains(.client(client)) }
            return true
        }
    }

    /// The simulation of it, about to begin. What is left out keeps its place, so that the rest draws what it drew before.
    package func stage() -> Simulation {
        var settings = settings
        if without.contains(.weather) { settings.weather = .fair }
        if without.contains(.checks) { settings.check = nil }
        let simulation = Simulation(settings)
        let hasFaults = !without.contains(.faults)
        let answers = settings.answers
        let hasGrains = self.settings.weather.grainNs > 0
        simulation.addBackends(backends.count) { _, chance in
            var answer: AnswerScript
            switch answers {
            case .mixed: answer = hasGrains ? Mix.answerInGrains(&chance) : Mix.answer(&chance)
            case .breaking: answer = Mix.breakingAnswer(&chance)
            }
            if !hasFaults { answer.fault = .none }
            return answer
        }
        for (backend, part) in zip(simulation.backends, backends) {
            backend.weight = part.weight
            backend.isBackup = part.isBackup
            backend.requestsMax = part.requestsMax
            if part.hasDeadAddress { backend.deadAddresses = [Self.deadAddress] }
            if part.isDeadAddressSilent { backend.deadAddresses = [Self.silentAddress] }
            backend.idleCloseNs = part.idleCloseNs
            backend.readPace = part.readPace
        }
        simulation.network.setBlackHole(Self.silentAddress, true)
        simulation.publish()
        for (index, client) in clients.enumerated() {
            let isIn = !without.contains(.client(index + 1))
            let requests = client.requests.enumerated().filter { !without.contains(.request(index + 1, $0.offset + 1)) }
            simulation.addClient(
                isIn ? requests.map(\.element) : [],
                keepsAlive: client.keepsAlive,
                pipelineDepth: client.pipelineDepth,
                afterNs: client.afterNs,
                origin: client.origin
            )
        }
        for (index, stroke) in strokes.enumerated() where !without.contains(.stroke(index + 1)) {
            stage(stroke, in: simulation)
        }
        return simulation
    }

    private static let deadAddress = Endpoint.ipv4(0x0A03_0000, port: 8080)
    private static let silentAddress = Endpoint.ipv4(0x0A03_0001, port: 8080)

    private func stage(_ stroke: Stroke, in simulation: Simulation) {
        let backend = simulation.backends[stroke.backend]
        let network = simulation.network
        /// Changes the desired state at the beginning of the stroke, and back at its end.
        func change(_ begin: @escaping () -> Void, _ end: @escaping () -> Void) {
            simulation.after(stroke.atNs) {
                begin()
                simulation.publish()
            }
            if let cutNs = stroke.cutNs {
                simulation.after(cutNs) {
                    backend.isCut = true
                    simulation.publish()
                }
            }
            simulation.after(stroke.untilNs) {
                end()
                backend.isCut = false
                simulation.publish()
            }
        }
        switch stroke.kind {
        case .kill:
            backend.kill(afterNs: stroke.atNs)
            backend.start(afterNs: stroke.untilNs)
        case .blackHole:
            simulation.after(stroke.atNs) { network.setBlackHole(backend.address, true) }
            simulation.after(stroke.untilNs) { network.setBlackHole(backend.address, false) }
        case .remove:
            change {
                backend.isListed = false
            } _: {
                backend.isListed = true
            }
        case .drain:
            change {
                backend.state = .drain
            } _: {
                backend.state = .ready
            }
        case .maintain:
            change {
                backend.state = .maint
            } _: {
                backend.state = .ready
            }
        case .clockJump:
            simulation.after(stroke.atNs) { network.wallOffsetNs -= 86_400_000_000_000 }
        case .reorder:
            simulation.after(stroke.atNs) { simulation.publish(simulation.backends.filter(\.isListed).reversed()) }
        case .reweigh:
            let weight = backend.weight
            change {
                backend.weight = stroke.number
            } _: {
                backend.weight = weight
            }
        case .rebalance:
            // What has to hold all the time stays.
            var pool = stroke.pool
            pool.panicThreshold = settings.pool.panicThreshold
            pool.retry.budget = settings.pool.retry.budget
            pool.timeouts.total = settings.pool.timeouts.total
            let former = settings.pool
            change {
                simulation.settings.pool = pool
            } _: {
                simulation.settings.pool = former
            }
        case .recheck:
            let former = simulation.settings.check
            let check = former == nil ? HealthCheckSpec(path: "/health", interval: .seconds(1)) : nil
            change {
                simulation.settings.check = check
            } _: {
                simulation.settings.check = former
            }
        case .descriptors:
            let former = network.weather.noDescriptorPerMille
            simulation.after(stroke.atNs) { network.weather.noDescriptorPerMille = stroke.number }
            simulation.after(stroke.untilNs) { network.weather.noDescriptorPerMille = former }
        case .stop:
            simulation.after(stroke.atNs) { simulation.stop() }
        case .move:
            let other = Endpoint.ipv4(0x0A04_0000 + UInt32(stroke.backend), port: 8080)
            change {
                backend.move(to: other)
            } _: {
                backend.move(to: backend.address)
            }
        }
    }

    /// Runs it to its end.
    package func run() -> (simulation: Simulation, violations: [String]) {
        let simulation = stage()
        // Some clients take a minute for each of their requests.
        simulation.runClients(forAtMostNs: 3_600_000_000_000)
        return (simulation, simulation.finish())
    }

    /// What it consists of, a line each.
    package var lines: [String] {
        let pool = settings.pool
        var lines = [
            "\(settings.workers) workers, \(backends.count) backends, \(pool.algorithm.rawValue)"
                + (pool.sticky == nil ? "" : ", sticky") + (settings.check == nil ? "" : ", checked")
                + (settings.speaksProxyProtocol ? ", PROXY headers" : "")
        ]
        for part in parts {
            switch part {
            case .client, .weather, .faults, .checks: continue
            case .stroke(let number):
                let stroke = strokes[number - 1]
                let cut = stroke.cutNs.map { ", cut at \(milliseconds($0))" } ?? ""
                lines.append(
                    "\(part): \(stroke.kind.rawValue) web-\(stroke.backend + 1) at \(milliseconds(stroke.atNs)) "
                        + "until \(milliseconds(stroke.untilNs))\(cut)"
                )
            case .request(let client, let number):
                let request = clients[client - 1].requests[number - 1]
                lines.append("\(part): \(request.method) HTTP/1.\(request.minor), \(request.body)")
            }
        }
        return lines
    }
}

/// Of virtual time.
func milliseconds(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
}
