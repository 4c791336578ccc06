import Model
import Proxy

/// Plays that put several rare things at the same place and time, where chance alone would bring them together once in a
/// hundred thousand seeds.
extension Mix {
    /// A play of one of the kinds below for three seeds in ten; nil for the others, which draw what they drew without them.
    static func special(_ settings: Simulation.Settings, seed: UInt64) -> Play? {
        var chance = Chance(seed: seed ^ 0x7370_6563_6961_6C)
        switch chance.below(1000) {
        case 0..<120: return pipelined(settings, &chance)
        case 120..<180: return restless(settings, &chance)
        case 180..<210: return uploads(settings, &chance)
        case 210..<260: return queues(settings, &chance)
        case 260..<300: return stuck(settings, &chance)
        default: return nil
        }
    }

    // MARK: answers

    /// Garbage, silence, resets, and answers that do not wait for the end of the request.
    static func hostileAnswer(_ chance: inout Chance) -> AnswerScript {
        var answer = AnswerScript(bodyCount: chance.anySize(upTo: 30_000))
        if chance.perMille(300) { answer.framing = .chunked(upTo: chance.anySize(upTo: 20_000)) }
        if chance.perMille(100) { answer.status = [204, 304, 404, 500, 503][chance.below(5)] }
        if chance.perMille(100) { answer.interim = [Int](repeating: 103, count: 1 + chance.below(20)) }
        answer.isOrnate = chance.perMille(200)
        if chance.perMille(200) { answer.fields.append(("Keep-Alive", keepAlives[chance.below(keepAlives.count)])) }
        // Most often near the end of the request, whose last piece also has what the client sent behind it.
        if chance.perMille(700) {
            answer.trigger = .bodyBytesLeft(chance.below(chance.perMille(700) ? 70_000 : 300_000))
        }
        if chance.perMille(300) { answer.delayNs = UInt64(chance.anySize(upTo: 50_000_000)) }
        if chance.perMille(150) {
            answer.closes = true
            answer.saysSo = chance.perMille(500)
        }
        let at = chance.anySize(upTo: 2_000)
        switch chance.below(15) {
        case 0...3: answer.fault = .garbage(at)
        case 4, 5: answer.fault = .hang
        case 6: answer.fault = .closeBefore
        case 7: answer.fault = .resetBefore
        case 8: answer.fault = chance.perMille(500) ? .closeInHead(at % 100) : .resetInHead(at % 100)
        case 9: answer.fault = chance.perMille(500) ? .closeInBody(at) : .stallInBody(at)
        case 10:
            // Only a reset tells this from a whole one, and a kernel tells of it once.
            answer.fault = .resetInBody(at)
            if chance.perMille(500) { answer.framing = .untilEnd }
        default: break
        }
        return answer
    }

    /// What backends say of their patience, sense and nonsense.
    private static let keepAlives = [
        "timeout=5", "timeout=0", "timeout=1, max=1", "timeout=99999999999999999999999", "timeout=-1", "max=5",
        "timeout=",
        "Timeout=18446744073709551615",
    ]

    /// A whole answer that does not wait for the end of the request.
    static func earlyAnswer(_ chance: inout Chance) -> AnswerScript {
        var answer = AnswerScript(bodyCount: chance.anySize(upTo: 3_000))
        answer.status = [200, 401, 413, 503][chance.below(4)]
        answer.trigger = .bodyBytes(chance.anySize(upTo: 200_000))
        if chance.perMille(400) {
            answer.closes = true
            answer.closeDelayNs = UInt64(chance.anySize(upTo: 100_000_000))
        }
        return answer
    }

    static func slowAnswer(_ chance: inout Chance) -> AnswerScript {
        var answer = AnswerScript(bodyCount: chance.anySize(upTo: 3_000))
        answer.delayNs = UInt64(chance.anySize(upTo: 4_000_000_000))
        return answer
    }

    // MARK: plays

    /// Long uploads that are not kept, with the next requests right behind them on the same connection, and every way for
    /// them to fail while their last piece is on its way.
    private static func pipelined(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.answers = .hostile
        settings.clientsMax = 1000
        settings.limits = Limits()
        settings.weather.noDescriptorPerMille = 0
        settings.pool.timeouts = PoolTimeouts()
        if chance.perMille(500) { settings.pool.timeouts.responseStall = span(&chance, 500) }
        if chance.perMille(400) { settings.pool.timeouts.total = span(&chance, 1_500) }
        if chance.perMille(300) { settings.pool.timeouts.responseFirstByte = span(&chance, 500) }
        if chance.perMille(100) { settings.limits.bodyBytesMax = UInt64(66_000 + chance.below(200_000)) }
        var play = Play(settings)
        for _ in 0..<1 + chance.below(3) {
            var backend = Play.Backend()
            switch chance.below(4) {
            case 0: break
            case 1: backend.readPace = Pace(bytes: 1_000 + chance.below(20_000), pauseNs: 1_000_000)
            case 2: backend.readPace = Pace(bytes: 20_000 + chance.below(60_000), pauseNs: 300_000_000)
            default: backend.readPace = Pace(bytes: 20_000 + chance.below(200_000), pauseNs: 90_000_000_000)
            }
            play.backends.append(backend)
        }
        for _ in 0..<1 + chance.below(4) {
            var client = Play.Client(
                requests: (0..<2 + chance.below(6)).map { number in
                    pipelinedRequest(isLong: number % 2 == 0, &chance)
                }
            )
            client.pipelineDepth = 2 + chance.below(5)
            client.isEager = true
            client.afterNs = UInt64(chance.below(100_000_000))
            if settings.speaksProxyProtocol { client.origin.announced = 0xC633_6400 + UInt32(chance.below(200)) }
            play.clients.append(client)
        }
        return play
    }

    private static func pipelinedRequest(isLong: Bool, _ chance: inout Chance) -> RequestScript {
        guard isLong || chance.perMille(200) else {
            return chance.perMille(600) ? .get() : .post(chance.anySize(upTo: 3_000))
        }
        let count = 65_537 + chance.anySize(upTo: 250_000)
        var request = RequestScript(chance.perMille(700) ? "POST" : "PUT")
        request.isOrnate = chance.perMille(200)
        request.body = chance.perMille(700) ? .length(count) : .chunked(count, upTo: chance.anySize(upTo: 20_000))
        if chance.perMille(200) {
            request.writePace = Pace(
                bytes: 4_000 + chance.below(60_000),
                pauseNs: UInt64(chance.anySize(upTo: 30_000_000))
            )
        }
        return request
    }

    private static func span(_ chance: inout Chance, _ milliseconds: Int) -> TimeSpan {
        .milliseconds(Int64(1 + chance.below(milliseconds)))
    }

    /// Backends that drop SYNs while a new snapshot comes in between any two dials, for long enough for hundreds of them.
    private static func restless(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.weather = chance.perMille(500) ? .fair : .foul
        settings.check = chance.perMille(800) ? nil : settings.check
        settings.pool.timeouts = PoolTimeouts()
        let connectMs = 2 + chance.below(30)
        settings.pool.timeouts.connect = .milliseconds(Int64(connectMs))
        settings.pool.timeouts.queue = .seconds(Int64(1 + chance.below(20)))
        if chance.perMille(100) { settings.pool.timeouts.total = .seconds(Int64(1 + chance.below(20))) }
        if chance.perMille(300) { settings.pool.passive = nil }
        var play = Play(settings)
        let count = 1 + chance.below(3)
        for _ in 0..<count {
            var backend = Play.Backend()
            backend.hasDeadAddress = chance.perMille(300)
            play.backends.append(backend)
        }
        for _ in 0..<1 + chance.below(4) {
            var client = client(settings, &chance)
            client.requests = (0..<1 + chance.below(3)).map { _ in chance.perMille(700) ? .get() : .post(1_000) }
            play.clients.append(client)
        }
        let long = UInt64(connectMs) * 1_000_000 * 400
        for index in 0..<count where index == 0 || chance.perMille(800) {
            let at = UInt64(chance.below(200_000_000))
            play.strokes.append(Play.Stroke(kind: .blackHole, backend: index, atNs: at, untilNs: at + long))
        }
        for _ in 0..<1 + chance.below(2) {
            var stroke = Play.Stroke(kind: .restless, backend: chance.below(count), atNs: 0, untilNs: long)
            stroke.number = chance.below(3)
            stroke.periodNs = UInt64(1 + chance.below(connectMs)) * 1_000_000
            play.strokes.append(stroke)
        }
        return play
    }

    /// Answers to uploads of up to 20 MB that are still being sent, to clients that read only when they have sent all.
    private static func uploads(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.weather = .fair
        settings.answers = .early
        settings.keepsAnswers = true
        settings.clientsMax = 1000
        settings.limits = Limits()
        settings.timeouts = Timeouts()
        settings.check = nil
        settings.pool = PoolSpec()
        if chance.perMille(400) { settings.limits.bodyBytesMax = UInt64(chance.anySize(upTo: 1_000_000)) }
        var play = Play(settings)
        play.backends = [Play.Backend(), Play.Backend()]
        for _ in 0..<1 + chance.below(3) {
            var client = Play.Client(
                requests: (0..<1 + chance.below(2)).map { _ in
                    let count = 100_000 + chance.anySize(upTo: 20_000_000)
                    var request = RequestScript("POST", body: .length(count))
                    if chance.perMille(200) { request.body = .chunked(count, upTo: 1_000_000) }
                    request.readsLate = chance.perMille(800)
                    if chance.perMille(700) {
                        // All of it within some seconds.
                        let pieces = 10 + chance.below(200)
                        request.writePace = Pace(
                            bytes: count / pieces + 1,
                            pauseNs: UInt64(1 + chance.below(10_000)) * 1_000_000 / UInt64(pieces)
                        )
                    }
                    return request
                }
            )
            client.afterNs = UInt64(chance.below(100_000_000))
            if settings.speaksProxyProtocol { client.origin.announced = 0xC633_6400 + UInt32(chance.below(200)) }
            play.clients.append(client)
        }
        // Nobody there at all: the answer is ours.
        if chance.perMille(200) {
            for index in play.backends.indices {
                play.strokes.append(Play.Stroke(kind: .kill, backend: index, atNs: 0, untilNs: 100_000_000_000))
            }
        }
        return play
    }

    /// Too few places, and clients that leave while they wait for one.
    private static func queues(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.answers = .slow
        settings.keepsQueue = true
        settings.clientsMax = 1000
        settings.limits = Limits()
        settings.weather.noDescriptorPerMille = 0
        settings.weather.noLocalAddressPerMille = 0
        settings.pool.timeouts = PoolTimeouts()
        settings.pool.timeouts.queue = .seconds(Int64(1 + chance.below(60)))
        var play = Play(settings)
        for _ in 0..<1 + chance.below(3) {
            var backend = Play.Backend()
            backend.requestsMax = 1
            play.backends.append(backend)
        }
        for _ in 0..<4 + chance.below(12) {
            var client = Play.Client(
                requests: (0..<1 + chance.below(3)).map { _ in
                    var request = RequestScript(chance.perMille(700) ? "GET" : "POST")
                    if request.method == "POST" { request.body = .length(chance.anySize(upTo: 20_000)) }
                    if chance.perMille(400) {
                        request.leaveAfterNs = UInt64(chance.anySize(upTo: 3_000_000_000))
                        request.leavesByReset = chance.perMille(300)
                    }
                    if chance.perMille(150) { request.halfCloses = true }
                    return request
                }
            )
            client.afterNs = UInt64(chance.below(300_000_000))
            if settings.speaksProxyProtocol { client.origin.announced = 0xC633_6400 + UInt32(chance.below(200)) }
            play.clients.append(client)
        }
        return play
    }

    /// Every length of time and every number as large as a file may say. No backend is silent then, for nothing would end it.
    package static func makeHuge(_ settings: inout Simulation.Settings) {
        let day = TimeSpan.seconds(86_400)
        settings.answers = .slow
        settings.timeouts.connect = day
        settings.timeouts.queue = day
        settings.timeouts.responseFirstByte = day
        settings.timeouts.responseStall = day
        settings.timeouts.upstreamIdle = day
        settings.timeouts.tunnelIdle = day
        settings.pool.timeouts = PoolTimeouts()
        settings.pool.timeouts.connect = day
        settings.pool.timeouts.total = .longest
        settings.pool.slowStart = .seconds(3600)
        settings.pool.sticky = StickySpec(cookie: "lb", ttl: .longest)
        settings.pool.passive = PassiveSpec(errors: PassiveSpec.errorsMax, eject: day, ejectMax: day)
        settings.limits.queueMax = 1_000_000
        settings.limits.bodyBytesMax = 1 << 50
    }

    /// Loops that stand still while backends are removed and come again, and clocks that leap.
    private static func stuck(_ settings: Simulation.Settings, _ chance: inout Chance) -> Play {
        var settings = settings
        settings.pool.timeouts.total = nil
        if chance.perMille(500) { makeHuge(&settings) }
        var play = Play(settings)
        for _ in 0..<2 + chance.below(3) {
            var backend = Play.Backend()
            if chance.perMille(200) { backend.weight = BackendSpec.weightMax }
            if chance.perMille(200) { backend.requestsMax = BackendSpec.requestsMaxMax }
            play.backends.append(backend)
        }
        for _ in 0..<2 + chance.below(8) {
            var client = client(settings, &chance)
            for index in client.requests.indices {
                client.requests[index].thinkNs = UInt64(chance.below(2_000_000_000))
            }
            play.clients.append(client)
        }
        for _ in 0..<1 + chance.below(4) {
            let at = UInt64(chance.below(4_000_000_000))
            var stroke = Play.Stroke(
                kind: [.stuck, .stuck, .clockLeap][chance.below(3)],
                backend: 0,
                atNs: at,
                untilNs: at + UInt64(chance.below(6_000_000_000))
            )
            stroke.number = chance.below(8)
            play.strokes.append(stroke)
        }
        for _ in 0..<1 + chance.below(6) {
            let at = UInt64(chance.below(6_000_000_000))
            let kind: Play.Stroke.Kind = [.remove, .drain, .kill, .restless][chance.below(4)]
            var stroke = Play.Stroke(
                kind: kind,
                backend: chance.below(play.backends.count),
                atNs: at,
                untilNs: at + UInt64(chance.below(3_000_000_000))
            )
            stroke.periodNs = UInt64(1_000_000 + chance.below(100_000_000))
            if kind != .kill, kind != .restless, chance.perMille(500) {
                stroke.cutNs = at + (stroke.untilNs - at) / 2
            }
            play.strokes.append(stroke)
        }
        return play
    }
}
