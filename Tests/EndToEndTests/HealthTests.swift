import Foundation
import Glibc
import Synchronization
import Testing

/// What goes wrong with one of three backends under load: what clients see of it, and how long each change takes against
/// the configured interval.
///
/// The bounds are those of the interval plus some seconds for a machine that is busy with other things. How long each change
/// takes when nothing else is done is held by the simulation, to the millisecond.
@Suite struct HealthTests {
    let bed = TestBed()

    /// Checked every second with a second's patience, two failures to fall.
    static let interval = 1.0
    static let slack = 15.0

    private func yaml(_ urls: [String], every interval: Int = 1, check: String = "") -> String {
        """
        health_check: {path: /health, interval: \(interval)s, timeout: \(interval)s, fall: 2\(check)}
        backends: [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))]
        """
    }

    /// Returns when the backend is in that phase.
    private func untilPhase(
        _ phase: String,
        of url: String,
        _ lbd: LBD,
        within seconds: Double
    ) throws {
        let name = String(url.dropFirst("http://".count))
        try eventually("\(name) is \(phase)", within: seconds, hint: lbd.log) {
            try lbd.backends()[name]?.status.phase == phase
        }
    }

    private func lines(_ lbd: LBD, about url: String) -> [Substring] {
        let name = url.dropFirst("http://".count)
        return lbd.log.split(separator: "\n").filter { $0.contains("backend \(name) ") }
    }

    // MARK: processes

    @Test func backendThatIsKilledAndComesBackShowsNoClientError() throws {
        let backends = try (1...3).map { try PythonBackend("web-\($0)", in: bed) }
        for backend in backends { try Data("ok".utf8).write(to: URL(fileURLWithPath: "\(backend.directory)/health")) }
        let lbd = try bed.lbd(yaml: yaml(backends.map(\.url)))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])

        backends[1].kill()
        // Requests that are refused eject it at once, and its check follows.
        try untilPhase("unhealthy", of: backends[1].url, lbd, within: 2 * Self.interval + Self.slack)
        try load.expectServed(onlyBy: ["web-1", "web-3"])

        try backends[1].restart()
        try untilPhase("serving", of: backends[1].url, lbd, within: Self.interval + 1 + Self.slack)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
        let told = lines(lbd, about: backends[1].url)
        #expect(told.contains { $0.contains("is unhealthy: connect refused") }, "\(lbd.log)")
        #expect(told.contains { $0.contains("is serving: ") }, "\(lbd.log)")
    }

    @Test func backendThatHangsShowsNoClientError() throws {
        let backends = try (1...3).map { try PythonBackend("web-\($0)", in: bed) }
        for backend in backends { try Data("ok".utf8).write(to: URL(fileURLWithPath: "\(backend.directory)/health")) }
        let lbd = try bed.lbd(yaml: yaml(backends.map(\.url)))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])

        backends[1].stop()
        // An interval, then two checks of a second each: nothing but these can tell.
        try untilPhase("unhealthy", of: backends[1].url, lbd, within: 1.1 * Self.interval + 2 + Self.slack)
        try load.expectServed(onlyBy: ["web-1", "web-3"])

        backends[1].resume()
        try untilPhase("serving", of: backends[1].url, lbd, within: Self.interval + 1 + Self.slack)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
        // Whoever waited at it has been served by another in far less than the 60 s that an answer may take.
        #expect(load.slowest < 1.1 * Self.interval + 2 + Self.slack)
        let told = lines(lbd, about: backends[1].url)
        #expect(told.contains { $0.contains("is unhealthy: timeout after 1s (2 in a row)") }, "\(told)")
    }

    // MARK: scripted ones

    @Test func backendThatSlowsDownIsLeftAndComesBack() throws {
        let stage = try Stage(in: bed)
        let lbd = try bed.lbd(yaml: yaml(stage.urls))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])
        stage.behave(.slow(seconds: 3))
        try untilPhase("unhealthy", of: stage.urls[1], lbd, within: 1.1 * Self.interval + 2 + Self.slack)
        try load.expectServed(onlyBy: ["web-1", "web-3"])
        stage.behave(.well)
        try untilPhase("serving", of: stage.urls[1], lbd, within: Self.interval + 1 + 3 + Self.slack)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
    }

    @Test func backendThatFailsItsCheckOnlyIsLeftWithoutAnError() throws {
        let stage = try Stage(in: bed)
        // With more patience than elsewhere: it is the status that has to fail it, on a slow machine too.
        let patience = 3
        let lbd = try bed.lbd(yaml: yaml(stage.urls, every: patience))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])
        stage.behave(.failingCheck)
        try untilPhase("unhealthy", of: stage.urls[1], lbd, within: 1.1 * Double(2 * patience) + Self.slack)
        try load.expectServed(onlyBy: ["web-1", "web-3"])
        stage.behave(.well)
        try untilPhase("serving", of: stage.urls[1], lbd, within: 1.1 * Double(patience) + Self.slack)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
        let told = lines(lbd, about: stage.urls[1])
        #expect(told.contains { $0.contains("is unhealthy: status 500 (2 in a row)") }, "\(told)")
    }

    /// An answer is an answer: what the application says is its own affair, and its check's.
    @Test func backendThatAnswersTrafficWith500PassesItOnAndStays() throws {
        let stage = try Stage(in: bed)
        let lbd = try bed.lbd(yaml: yaml(stage.urls))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])
        stage.behave(.failingTraffic)
        load.forget()
        try load.until("thirty answers are 500s") { $0.count { $0.status == 500 } >= 30 }
        #expect(Set(load.answers.map(\.status)).isSubset(of: [200, 500]))
        #expect(load.answers.allSatisfy { ($0.status == 500) == ($0.body == "web-2") || $0.status == 200 })
        #expect(try lbd.backends()[String(stage.urls[1].dropFirst(7))]?.status.phase == "serving")
        #expect(load.failures.isEmpty)
    }

    /// Its check is green, and nobody who asks it gets anything: that is told everywhere, and can be acted on.
    @Test func backendThatAnswersWith500IsToldOfAndLeftWhereThePoolSaysSo() throws {
        let good = try bed.rawBackend(answering: "good")
        let bad = try bed.rawBackend { request, connection in
            let isProbe = request.field("user-agent") == "lb-health-check"
            try connection.send("HTTP/1.1 \(isProbe ? "200 OK" : "500 Broken")\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 30s, timeout: 30s}\n"
                + "backends: {bad: {url: \"\(bad.url)\"}, good: {url: \"\(good.url)\"}}\n"
        )
        let revision = try #require(try lbd.ask("GET", "/v1/backends").field("LB-Revision"))
        try eventually("it is seen", hint: lbd.log) {
            for _ in 0..<10 { _ = try lbd.get() }
            return try bed.lbctl(lbd, "status", "--check", "-q").exitCode == 1
        }
        let status = try bed.lbctl(lbd, "status")
        #expect(status.output.contains("bad: 100 % of ") && status.output.contains("are 5xx"), "\(status)")
        #expect(try bed.lbctl(lbd, "describe", "bad").output.contains(" × 5xx"))
        #expect(try bed.lbctl(lbd, "health").output.contains("within the last minute are 5xx"))
        let share = try bed.lbctl(lbd, "get", "bad", "-o", "tsv", "--fields", "status.answers.5xx,status.errors")
        let counts = share.output.split(whereSeparator: { $0 == "\t" || $0 == "\n" }).compactMap { Int($0) }
        #expect(counts.count == 2 && counts.first ?? 0 >= 10 && counts.last == 0, "\(share)")
        try eventually("it is an event", hint: lbd.log) {
            try lbd.ask("GET", "/v1/events?type=health&after=\(revision)&follow=false").text.contains("health.failing")
        }
        #expect(try bed.lbctl(lbd, "set", "pool", "default", "passive.http_5xx=5", "passive.eject=60s").exitCode == 0)
        try eventually("it is ejected", hint: lbd.log) {
            _ = try lbd.get()
            return try lbd.backends()["bad"]?.status.phase == "ejected"
        }
        #expect(try lbd.bodies(6) == Array(repeating: "good", count: 6))
        #expect(try lbd.backends()["bad"]?.status.health.reason?.contains("status of 500 or above") == true)
    }

    @Test func backendThatResetsRequestsIsEjectedForAWhileWithoutAnError() throws {
        let stage = try Stage(in: bed)
        let lbd = try bed.lbd(yaml: yaml(stage.urls))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2", "web-3"])
        let begun = monotonicSeconds()
        stage.behave(.resettingTraffic)
        try untilPhase("ejected", of: stage.urls[1], lbd, within: Self.slack)
        try load.expectServed(onlyBy: ["web-1", "web-3"])
        stage.behave(.well)
        // Its check has never failed, so that it takes the 5 s.
        try untilPhase("serving", of: stage.urls[1], lbd, within: 5 + Self.slack)
        #expect(monotonicSeconds() - begun > 4.5)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
        #expect(
            lines(lbd, about: stage.urls[1]).contains {
                $0.contains("is ejected: ") && $0.contains("requests in a row failed")
            },
            "\(lbd.log)"
        )
        let sample = try lbd.ask("GET", "/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("lb_ejections_total") && $0.contains(stage.urls[1].dropFirst(7))
        }
        #expect(sample.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0 >= 1)
    }

    @Test func backendWhoseSystemRefusesIsLeftAtOnceAndIsBackInTime() throws {
        let backends = try (1...2).map { try PythonBackend("web-\($0)", in: bed) }
        for backend in backends { try Data("ok".utf8).write(to: URL(fileURLWithPath: "\(backend.directory)/health")) }
        let lbd = try bed.lbd(yaml: yaml(backends.map(\.url), check: ", rise: 2"))
        let load = Load(on: lbd)
        try load.untilServed(by: ["web-1", "web-2"])
        // Long enough for its requests to eject it, too short for its check to fall.
        backends[1].kill()
        try eventually("it is out", hint: lbd.log) {
            let phase = try lbd.backends()[String(backends[1].url.dropFirst(7))]?.status.phase
            return phase == "ejected" || phase == "unhealthy"
        }
        try backends[1].restart()
        try untilPhase("serving", of: backends[1].url, lbd, within: 2 * (Self.interval + 1) + Self.slack)
        load.forget()
        try load.untilServed(by: ["web-2"])
        try load.expectNoErrors()
    }

    // MARK: kinds of checks

    @Test func checkByTCPAsksForAConnectionOnly() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: "health_check: {type: tcp, interval: 200ms}\nbackends: [\"\(backend.url)\"]\n"
        )
        try eventually("it has been asked a few times") { backend.connectionCount >= 3 }
        #expect(backend.probeCount == 0 && backend.requests.isEmpty)
        #expect(try lbd.get().text == "one")
    }

    @Test func checkWithHostFieldsAndABodyOfItsOwn() throws {
        let isReady = Mutex(false)
        let seen = Mutex<[HTTPMessage]>([])
        let backend = try bed.rawBackend { request, connection in
            if request.target == "/deep" { seen.withLock { $0.append(request) } }
            let text = isReady.withLock { $0 } ? "status: ready" : "status: starting"
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: """
                health_check:
                  path: /deep
                  interval: 200ms
                  host: shop.example
                  headers: {X-Probe: "1"}
                  body: "status: ready"
                backends: ["\(backend.url)"]
                """,
            until: .listening
        )
        try untilPhase("unhealthy", of: backend.url, lbd, within: Self.slack)
        let name = String(backend.url.dropFirst(7))
        #expect(try lbd.backends()[name]?.status.health.reason == "the body does not contain \"status: ready\"")
        isReady.withLock { $0 = true }
        try untilPhase("serving", of: backend.url, lbd, within: 0.2 + 1 + Self.slack)
        let request = try #require(seen.withLock { $0.first })
        #expect(request.field("host") == "shop.example" && request.field("x-probe") == "1")
    }
}

/// Three scripted backends, the second of which misbehaves when told to.
private final class Stage {
    enum Manner: Sendable {
        case well
        case slow(seconds: Double)
        case failingCheck
        case failingTraffic
        case resettingTraffic
    }

    private let backends: [RawBackend]
    private let manner: Manners

    private final class Manners: Sendable {
        let value = Mutex(Manner.well)
    }

    var urls: [String] { backends.map(\.url) }

    init(in bed: TestBed) throws {
        let manner = Manners()
        self.manner = manner
        backends = try (1...3).map { number in
            try bed.rawBackend { request, connection in
                let isProbe = request.field("user-agent") == "lb-health-check"
                var status = 200
                let present = manner.value.withLock { $0 }
                switch number == 2 ? present : .well {
                case .well: break
                case .slow(let seconds): usleep(UInt32(seconds * 1e6))
                case .failingCheck: if isProbe { status = 500 }
                case .failingTraffic: if !isProbe { status = 500 }
                case .resettingTraffic: if !isProbe { return .reset }
                }
                let name = "web-\(number)"
                try connection.send("HTTP/1.1 \(status) Said\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                return .keep
            }
        }
    }

    func behave(_ new: Manner) { manner.value.withLock { $0 = new } }
}

/// Clients that send GETs one after the other, each on a connection that it keeps, for as long as this lives.
private final class Load: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: String
        var begunAt: Double
    }

    private struct State {
        var answers: [Answer] = []
        var failures: [String] = []
        /// Over all, those forgotten included.
        var wrong: [Answer] = []
        var slowest = 0.0
        var isOver = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    private static let clients = 6

    init(on lbd: LBD) {
        let (shared, port) = (shared, lbd.port)
        for _ in 0..<Self.clients { Thread.detachNewThread { Self.run(shared, port) } }
    }

    deinit { shared.state.withLock { $0.isOver = true } }

    private static func run(_ shared: Shared, _ port: UInt16) {
        var connection: Connection?
        while !shared.state.withLock({ $0.isOver }) {
            let begun = monotonicSeconds()
            do {
                let client = try connection ?? Connection(to: port)
                connection = client
                let answer = try client.get("/")
                let seconds = monotonicSeconds() - begun
                if answer.field("connection")?.lowercased() == "close" { connection = nil }
                let found = Answer(status: answer.status, body: answer.text, begunAt: begun)
                shared.state.withLock { state in
                    state.answers.append(found)
                    state.slowest = max(state.slowest, seconds)
                    if answer.status != 200 { state.wrong.append(found) }
                }
            } catch {
                connection = nil
                shared.state.withLock { if !$0.isOver { $0.failures.append("\(error)") } }
            }
            // A steady load, not all that the machine can do.
            usleep(10_000)
        }
    }

    /// Since the last `forget`.
    var answers: [Answer] { shared.state.withLock { $0.answers } }
    var failures: [String] { shared.state.withLock { $0.failures } }
    var slowest: Double { shared.state.withLock { $0.slowest } }

    func forget() { shared.state.withLock { $0.answers.removeAll() } }

    func until(_ what: String, _ isTrue: ([Answer]) -> Bool) throws {
        try eventually(what, hint: "\(failures)") { isTrue(answers) }
    }

    /// Each of these has served since the last `forget`.
    func untilServed(by names: [String]) throws {
        try until("\(names) have served") { answers in
            names.allSatisfy { name in answers.contains { $0.body == name } }
        }
    }

    /// Each of these serves some of the requests that begin from now on, and nobody else any.
    func expectServed(onlyBy names: [String], _ location: SourceLocation = #_sourceLocation) throws {
        let from = monotonicSeconds()
        func later(_ answers: [Answer]) -> [String] { answers.filter { $0.begunAt > from }.map(\.body) }
        try until("\(names) have served") { answers in
            let bodies = later(answers)
            return names.allSatisfy { name in bodies.count { $0 == name } >= 10 }
        }
        #expect(later(answers).allSatisfy { names.contains($0) }, sourceLocation: location)
    }

    /// All that was asked for from the beginning has been answered, with 200.
    func expectNoErrors(_ location: SourceLocation = #_sourceLocation) throws {
        #expect(failures == [], sourceLocation: location)
        #expect(shared.state.withLock { $0.wrong.map(\.status) } == [], sourceLocation: location)
    }
}
