import Model
import Proxy

/// Draws whole simulations: backends that misbehave, clients of every temper, and a world that changes under them.
package enum Mix {
    /// An answer as a backend might give it; one in six is broken in some way.
    package static func answer(_ chance: inout Chance) -> AnswerScript {
        var answer = AnswerScript(bodyCount: chance.perMille(100) ? 0 : chance.anySize(upTo: 100_000))
        switch chance.below(6) {
        case 0, 1: answer.framing = .chunked(upTo: chance.anySize(upTo: 20_000))
        case 2: answer.framing = .untilEnd
        default: break
        }
        if chance.perMille(100) {
            answer.minor = 0
            if case .chunked = answer.framing { answer.framing = .untilEnd }
        }
        if chance.perMille(50) { answer.status = [204, 304, 404, 500, 503][chance.below(5)] }
        if chance.perMille(50), answer.minor == 1 { answer.interim = [103] }
        if chance.perMille(500) { answer.delayNs = UInt64(chance.anySize(upTo: 50_000_000)) }
        if chance.perMille(100) {
            answer.closes = true
            answer.saysSo = chance.perMille(500)
            answer.closeDelayNs = UInt64(chance.anySize(upTo: 100_000_000))
        }
        if chance.perMille(80) {
            answer.pace = Pace(bytes: chance.anySize(upTo: 8_000), pauseNs: UInt64(chance.anySize(upTo: 5_000_000)))
            answer.bodyCount = min(answer.bodyCount, 20 * (answer.pace?.bytes ?? 1))
        }
        if chance.perMille(100) { answer.trigger = .bodyBytes(chance.below(5_000)) }
        guard chance.perMille(160) else { return answer }
        let at = chance.anySize(upTo: 2_000)
        switch chance.below(9) {
        case 0: answer.fault = .hang
        case 1: answer.fault = .closeBefore
        case 2: answer.fault = .resetBefore
        case 3: answer.fault = .closeInHead(at % 100)
        case 4: answer.fault = .resetInHead(at % 100)
        case 5: answer.fault = .closeInBody(at)
        case 6: answer.fault = .resetInBody(at)
        case 7: answer.fault = .announceMore(at)
        default: answer.fault = .sendMore(at)
        }
        return answer
    }

    package static func request(_ chance: inout Chance) -> RequestScript {
        var request = RequestScript(["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE"][chance.below(7)])
        if request.method == "POST" || request.method == "PUT" || chance.perMille(30) {
            let count = chance.perMille(100) ? 0 : chance.anySize(upTo: 100_000)
            request.body = chance.perMille(500) ? .length(count) : .chunked(count, upTo: chance.anySize(upTo: 20_000))
        }
        if chance.perMille(100) {
            // Never so slow that the balancer's patience is what is tested.
            request.writePace = Pace(bytes: 1 + chance.below(5_000), pauseNs: UInt64(chance.anySize(upTo: 5_000_000)))
        }
        if chance.perMille(100) {
            request.readPace = Pace(
                bytes: 500 + chance.below(20_000),
                pauseNs: UInt64(chance.anySize(upTo: 20_000_000))
            )
        }
        if chance.perMille(60) {
            request.leaveAfterNs = UInt64(chance.anySize(upTo: 100_000_000))
            request.leavesByReset = chance.perMille(500)
        }
        if chance.perMille(50) { request.minor = 0 }
        if request.minor == 0, case .chunked(let count, _) = request.body { request.body = .length(count) }
        if chance.perMille(50) { request.closes = true }
        if chance.perMille(40) { request.halfCloses = true }
        if chance.perMille(500) { request.thinkNs = UInt64(chance.anySize(upTo: 200_000_000)) }
        if chance.perMille(300) { request.fields.append((keyField, "\(chance.below(20))")) }
        if chance.perMille(300) { request.fields.append(("Cookie", "a=b; \(keyCookie)=\(chance.below(20)); lb=0")) }
        if chance.perMille(15) { request.body = .garbage(garbage(&chance)) }
        return request
    }

    private static func garbage(_ chance: inout Chance) -> [UInt8] {
        let texts = [
            "GET / HTTP/1.1\nHost: a\n\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "GET /\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        ]
        return Array(texts[chance.below(texts.count)].utf8)
    }

    /// A way to balance.
    private static func pool(_ chance: inout Chance) -> PoolSpec {
        let keys: [HashKey] = [.clientIP, .path, .uri, .header(keyField), .cookie(keyCookie)]
        var pool = PoolSpec(
            algorithm: Algorithm.allCases[chance.below(Algorithm.allCases.count)],
            hashBy: keys[chance.below(keys.count)]
        )
        if chance.perMille(300) { pool.sticky = StickySpec(cookie: "lb", ttl: .seconds(Int64(chance.below(100)))) }
        if chance.perMille(300) { pool.slowStart = .milliseconds(Int64(1 + chance.below(3000))) }
        if chance.perMille(200) { pool.panicThreshold = Double(chance.below(100)) / 100 }
        return pool
    }

    /// What pools that hash may hash, beside what every request has.
    package static let keyField = "x-key"
    package static let keyCookie = "key"

    /// A simulation of its own for each seed: three to five backends, up to a dozen clients, a few strokes of fate.
    package static func simulation(seed: UInt64) -> Simulation {
        var chance = Chance(seed: seed ^ 0x6D69_78)
        var settings = Simulation.Settings(seed: seed)
        settings.weather = chance.perMille(700) ? .foul : .fair
        settings.workers = 1 + chance.below(3)
        if chance.perMille(100) { settings.weather.noDescriptorPerMille = 10 }
        if chance.perMille(100) { settings.weather.noLocalAddressPerMille = 10 }
        if chance.perMille(700) {
            settings.check = HealthCheckSpec(path: "/health", interval: .seconds(Int64(1 + chance.below(5))))
        }
        settings.pool = pool(&chance)
        let simulation = Simulation(settings)
        simulation.addBackends(3 + chance.below(3)) { _, chance in Mix.answer(&chance) }
        for backend in simulation.backends {
            if chance.perMille(300) { backend.weight = 1 + chance.below(4) }
            if chance.perMille(100) { backend.isBackup = true }
        }
        for backend in simulation.backends where chance.perMille(300) {
            backend.idleCloseNs = 1_000_000...UInt64(2_000_000 + chance.below(300_000_000))
        }
        for backend in simulation.backends where chance.perMille(150) {
            backend.readPace = Pace(bytes: 1_000 + chance.below(10_000), pauseNs: 1_000_000)
        }
        simulation.publish(simulation.backends)
        for _ in 0..<1 + chance.below(12) {
            let count = 1 + chance.below(8)
            simulation.addClient(
                (0..<count).map { _ in Mix.request(&chance) },
                keepsAlive: chance.perMille(800),
                pipelineDepth: chance.perMille(200) ? 2 : 1,
                afterNs: UInt64(chance.below(300_000_000))
            )
        }
        for _ in 0..<chance.below(6) { strike(simulation, &chance) }
        return simulation
    }

    /// Something that happens to the whole within the first second or so.
    private static func strike(_ simulation: Simulation, _ chance: inout Chance) {
        let backend = simulation.backends[chance.below(simulation.backends.count)]
        let at = UInt64(chance.below(1_000_000_000))
        let later = at + UInt64(chance.below(3_000_000_000))
        let network = simulation.network
        switch chance.below(6) {
        case 0:
            backend.kill(afterNs: at)
            backend.start(afterNs: later)
        case 1:
            simulation.after(at) { network.setBlackHole(backend.address, true) }
            simulation.after(later) { network.setBlackHole(backend.address, false) }
        case 2:
            simulation.after(at) { simulation.publish(simulation.backends.filter { $0 !== backend }) }
            simulation.after(later) { simulation.publish(simulation.backends) }
        case 3:
            simulation.after(at) { network.wallOffsetNs -= 86_400_000_000_000 }
        case 4:
            simulation.after(at) {
                backend.state = .drain
                simulation.publish(simulation.backends)
            }
            simulation.after(later) {
                backend.state = .ready
                simulation.publish(simulation.backends)
            }
        default:
            simulation.after(at) { simulation.publish(simulation.backends.reversed()) }
        }
    }
}
