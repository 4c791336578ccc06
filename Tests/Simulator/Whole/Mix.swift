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
        answer.continues = chance.perMille(700)
        if chance.perMille(800) { answer.tunnelBytes = chance.perMille(100) ? 0 : chance.anySize(upTo: 100_000) }
        guard chance.perMille(160) else { return answer }
        let at = chance.anySize(upTo: 2_000)
        switch chance.below(10) {
        case 0: answer.fault = .hang
        case 1: answer.fault = .closeBefore
        case 2: answer.fault = .resetBefore
        case 3: answer.fault = .closeInHead(at % 100)
        case 4: answer.fault = .resetInHead(at % 100)
        case 5: answer.fault = .closeInBody(at)
        case 6: answer.fault = .resetInBody(at)
        case 7: answer.fault = .announceMore(at)
        case 8: answer.fault = .stallInBody(at)
        default: answer.fault = .sendMore(at)
        }
        return answer
    }

    /// Where much happens at one instant, backends also speak out of the blue.
    static func answerInGrains(_ chance: inout Chance) -> AnswerScript {
        var answer = answer(&chance)
        if case .none = answer.fault, chance.perMille(150) {
            answer.fault = .answerAgain(afterNs: UInt64(chance.anySize(upTo: 20_000_000)))
        }
        return answer
    }

    static func breakingAnswer(_ chance: inout Chance) -> AnswerScript {
        var answer = AnswerScript(bodyCount: chance.anySize(upTo: 1000))
        if chance.perMille(900) { answer.fault = chance.perMille(500) ? .closeBefore : .resetBefore }
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
        if chance.perMille(15) {
            // As one that goes to sleep.
            request.writePace = Pace(bytes: chance.anySize(upTo: 3_000), pauseNs: 40_000_000_000)
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
        if chance.perMille(150), request.minor == 1, request.body.count > 0 {
            request.expectsWithinNs = UInt64(chance.anySize(upTo: 3_000_000_000))
        }
        if chance.perMille(40), request.minor == 1 {
            request.method = "GET"
            request.body = .none
            request.halfCloses = false
            request.closes = false
            request.tunnelBytes = chance.anySize(upTo: 100_000)
            request.awaitsTunnelEnd = request.contentCount % 3 == 0
            // No limit ends a tunnel in which something passes now and then: it has to end within the play by itself.
            if let pace = request.writePace {
                request.tunnelBytes = min(request.contentCount, piecesOfTunnelMax * pace.bytes)
            }
        }
        if chance.perMille(15) {
            request = RequestScript("GET", body: .garbage(garbage(&chance)))
        }
        return request
    }

    private static func shortenTunnels(_ play: inout Play, toBytes most: Int) {
        for client in play.clients.indices {
            for request in play.clients[client].requests.indices {
                guard let bytes = play.clients[client].requests[request].tunnelBytes else { continue }
                play.clients[client].requests[request].tunnelBytes = min(bytes, most)
            }
        }
    }

    /// Pieces in which one who writes or reads slowly has what is sent in a tunnel.
    package static let piecesOfTunnelMax = 20

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
        if chance.perMille(300) {
            pool.retry = RetrySpec(
                max: chance.below(RetrySpec.maxMax + 1),
                budget: Double(chance.below(100)) / 100,
                on: RetryCauses(rawValue: UInt8(chance.below(32)))
            )
        }
        if chance.perMille(100) { pool.timeouts.connect = .milliseconds(Int64(1 + chance.below(3000))) }
        if chance.perMille(100) { pool.timeouts.queue = .milliseconds(Int64(1 + chance.below(3000))) }
        if chance.perMille(100) { pool.timeouts.responseFirstByte = .milliseconds(Int64(1 + chance.below(1000))) }
        if chance.perMille(100) { pool.timeouts.responseStall = .milliseconds(Int64(1 + chance.below(1000))) }
        if chance.perMille(100) { pool.timeouts.total = .milliseconds(Int64(1 + chance.below(3000))) }
        if chance.perMille(200) { pool.passive = nil }
        return pool
    }

    /// What pools that hash may hash, beside what every request has.
    package static let keyField = "x-key"
    package static let keyCookie = "key"

    /// A play of its own for each seed: backends of every temper, a dozen clients, a few strokes of fate.
    package static func play(seed: UInt64) -> Play {
        var chance = Chance(seed: seed ^ 0x6D69_78)
        var settings = Simulation.Settings(seed: seed)
        settings.weather = chance.perMille(700) ? .foul : .fair
        settings.workers = 1 + chance.below(3)
        if chance.perMille(100) { settings.weather.noDescriptorPerMille = 10 }
        if chance.perMille(100) { settings.weather.noLocalAddressPerMille = 10 }
        if chance.perMille(700) {
            settings.check = HealthCheckSpec(path: "/health", interval: .seconds(Int64(1 + chance.below(5))))
        }
        if chance.perMille(100) { settings.clientsMax = 1 + chance.below(8) }
        if chance.perMille(70) { settings.limits.bodyBytesMax = UInt64(chance.anySize(upTo: 50_000)) }
        if chance.perMille(100) { settings.limits.queueMax = 1 + chance.below(8) }
        if chance.perMille(200) { settings.timeouts.tunnelIdle = .milliseconds(Int64(100 + chance.below(5_000))) }
        if chance.perMille(150) { settings.timeouts.upstreamIdle = .milliseconds(Int64(1 + chance.below(500))) }
        settings.speaksProxyProtocol = chance.perMille(150)
        settings.pool = pool(&chance)
        var grains = Chance(seed: seed ^ 0x6772_6169_6E)
        if grains.perMille(150) { settings.weather.grainNs = 1 << UInt64(18 + grains.below(8)) }
        if chance.perMille(20) { return storm(settings, &chance) }
        var play = Play(settings)
        for _ in 0..<3 + chance.below(3) { play.backends.append(backend(&chance)) }
        if chance.perMille(150) {
            // Too few for everybody, so that requests wait.
            for index in play.backends.indices { play.backends[index].requestsMax = 1 + chance.below(2) }
        }
        for _ in 0..<1 + chance.below(12) { play.clients.append(client(settings, &chance)) }
        if let slowest = play.backends.compactMap(\.readPace?.bytes).min() {
            shortenTunnels(&play, toBytes: piecesOfTunnelMax * slowest)
        }
        for _ in 0..<chance.below(6) { play.strokes.append(stroke(play.backends.count, &chance)) }
        addLacks(to: &play, seed: seed)
        return play
    }

    /// What this machine may lack, and names that come to stand for other addresses.
    private static func addLacks(to play: inout Play, seed: UInt64) {
        var chance = Chance(seed: seed ^ 0x6C_6163_6B)
        if chance.perMille(500) { play.settings.weather.lateCloseNs = 0...UInt64(chance.anySize(upTo: 3_000_000)) }
        if chance.perMille(100) { play.settings.descriptorsMax = 4 + chance.below(20) }
        if chance.perMille(100) { play.settings.portsMax = 1 + chance.below(4) }
        for index in play.backends.indices where chance.perMille(50) { play.backends[index].isDeadAddressSilent = true }
        guard chance.perMille(250) else { return }
        for _ in 0..<1 + chance.below(3) {
            let at = UInt64(chance.below(1_000_000_000))
            let later = UInt64(chance.below(2_000_000_000))
            let backend = chance.below(play.backends.count)
            play.strokes.append(Play.Stroke(kind: .move, backend: backend, atNs: at, untilNs: at + later))
        }
    }

    package static func simulation(seed: UInt64) -> Simulation { play(seed: seed).stage() }

    private static func backend(_ chance: inout Chance) -> Play.Backend {
        var backend = Play.Backend()
        if chance.perMille(300) { backend.weight = 1 + chance.below(4) }
        if chance.perMille(100) { backend.isBackup = true }
        backend.hasDeadAddress = chance.perMille(150)
        if chance.perMille(150) { backend.requestsMax = 1 + chance.below(4) }
        if chance.perMille(300) { backend.idleCloseNs = 1_000_000...UInt64(2_000_000 + chance.below(300_000_000)) }
        if chance.perMille(150) {
            backend.readPace = Pace(bytes: 1_000 + chance.below(10_000), pauseNs: 1_000_000)
        }
        if chance.perMille(20) { backend.readPace = Pace(bytes: 600, pauseNs: 90_000_000_000) }
        return backend
    }

    private static func client(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play.Client {
        let count = 1 + chance.below(8)
        var client = Play.Client(requests: (0..<count).map { _ in request(&chance) })
        client.keepsAlive = chance.perMille(800)
        client.pipelineDepth = chance.perMille(200) ? 2 : 1
        client.afterNs = UInt64(chance.below(300_000_000))
        if settings.speaksProxyProtocol {
            client.origin.announced = 0xC633_6400 + UInt32(chance.below(200))
            client.origin.isBinary = chance.perMille(500)
        }
        return client
    }

    /// Something that happens within the first second or so.
    private static func stroke(_ backends: Int, _ chance: inout Chance) -> Play.Stroke {
        var kind = Play.Stroke.Kind.common[chance.below(Play.Stroke.Kind.common.count)]
        // One that ends everything is enough in one of so many plays.
        if kind == .stop, !chance.perMille(200) { kind = .drain }
        let at = UInt64(chance.below(1_000_000_000))
        let later = UInt64(chance.below(3_000_000_000))
        var stroke = Play.Stroke(kind: kind, backend: chance.below(backends), atNs: at, untilNs: at + later)
        let isCut = chance.perMille(600)
        let share = UInt64(chance.below(1000))
        if kind == .drain || kind == .remove || kind == .maintain, isCut { stroke.cutNs = at + later / 1000 * share }
        stroke.number = kind == .descriptors ? 1 + chance.below(300) : chance.below(5)
        stroke.pool = pool(&chance)
        return stroke
    }

    /// Many requests at backends of which most break off: what is sent again must not become a load of its own.
    private static func storm(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.workers = 1
        settings.check = nil
        settings.weather = .fair
        settings.pool.passive = nil
        settings.pool.retry = RetrySpec(max: 5, budget: 0.1)
        settings.answers = .breaking
        var play = Play(settings)
        for _ in 0..<4 { play.backends.append(Play.Backend()) }
        for _ in 0..<20 {
            var client = client(settings, &chance)
            client.requests = (0..<10).map { _ in .get() }
            play.clients.append(client)
        }
        return play
    }
}
