import Foundation
import Testing

/// What a pool's settings make of real requests: the file's words, the admin API's, and the cookies on the wire.
@Suite struct BalancingTests {
    let bed = TestBed()

    private func named(_ names: String...) throws -> [RawBackend] {
        try names.map { try bed.rawBackend(answering: $0) }
    }

    /// - Parameter pool: lines of the default pool's mapping.
    private func lbd(
        _ pool: [String],
        _ backends: [String],
        arguments: [String] = [],
        state: String? = nil
    ) throws -> LBD {
        try bed.lbd(
            yaml: """
                health_check: off
                pools:
                  default:
                \(pool.map { "    \($0)" }.joined(separator: "\n"))
                backends:
                \(backends.map { "  \($0)" }.joined(separator: "\n"))
                """,
            state: state,
            arguments: arguments,
            until: .ready
        )
    }

    private func get(_ lbd: LBD, _ target: String = "/", fields: String = "") throws -> HTTPMessage {
        try lbd.connect().get(target, fields: fields + "Connection: close\r\n")
    }

    private func put(_ lbd: LBD, _ name: String, _ backend: RawBackend, _ state: String) throws {
        let body = "{\"url\":\"\(backend.url)\",\"state\":\"\(state)\"}"
        let answer = try lbd.ask("PUT", "/v1/backends/\(name)?force=true", body: body)
        #expect(answer.status == 200, "\(answer.text)")
    }

    // MARK: sessions

    /// `name=value` of the cookie that an answer sets, and its attributes.
    private func cookie(_ answer: HTTPMessage) -> (pair: String, attributes: [String])? {
        guard let line = answer.field("set-cookie") else { return nil }
        let parts = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        return (parts[0], Array(parts.dropFirst()))
    }

    @Test func aSessionStaysWithItsBackendUntilThatIsGone() throws {
        let backends = try named("1", "2", "3")
        let lbd = try lbd(
            ["sticky: {cookie: session, ttl: 1h}"],
            backends.enumerated().map { "web-\($0 + 1): \"\($1.url)\"" },
            arguments: ["--workers", "3"]
        )
        let first = try get(lbd)
        let (pair, attributes) = try #require(cookie(first))
        #expect(pair.hasPrefix("session=") && pair.count == "session=".count + 16)
        #expect(Set(attributes) == ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=3600"])
        for _ in 0..<12 {
            let answer = try get(lbd, fields: "Cookie: a=b; \(pair)\r\n")
            #expect(answer.text == first.text)
            #expect(answer.field("set-cookie") == nil, "it has it already")
        }
        // Without the cookie, and with one that nobody gave, requests take turns and get one.
        #expect(Set(try (0..<6).map { _ in try get(lbd).text }) == ["1", "2", "3"])
        #expect(cookie(try get(lbd, fields: "Cookie: session=0123456789abcdef\r\n")) != nil)

        // A drain takes nothing new, and leaves the session alone.
        let name = "web-\(first.text)"
        let bound = backends[(Int(first.text) ?? 1) - 1]
        try put(lbd, name, bound, "drain")
        #expect(try (0..<6).allSatisfy { _ in try get(lbd).text != first.text })
        #expect(try get(lbd, fields: "Cookie: \(pair)\r\n").text == first.text)

        // When the backend fails, the session moves and is told.
        bound.close()
        #expect(try lbd.ask("DELETE", "/v1/backends/\(name)").status < 300)
        let moved = try get(lbd, fields: "Cookie: \(pair)\r\n")
        #expect(moved.status == 200 && moved.text != first.text)
        let next = try #require(cookie(moved)).pair
        #expect(next != pair)
        #expect(try get(lbd, fields: "Cookie: \(next)\r\n").text == moved.text)
    }

    @Test func sessionsOutliveARestart() throws {
        let backends = try named("1", "2", "3")
        let state = bed.path("state")
        let lines = backends.map { "\"\($0.port)\": \"\($0.url)\"" }
        let before = try lbd(["sticky: {cookie: lb}"], lines, state: state)
        let sessions = try (0..<3).map { _ in
            let answer = try get(before)
            return (pair: try #require(cookie(answer)).pair, text: answer.text)
        }
        #expect(Set(sessions.map(\.text)).count == 3)
        _ = try before.stop()
        let after = try lbd(["sticky: {cookie: lb}"], lines, state: state)
        for session in sessions {
            for _ in 0..<3 { #expect(try get(after, fields: "Cookie: \(session.pair)\r\n").text == session.text) }
        }
        _ = try after.stop()
        // Another balancer has another key, and calls nobody by the same name.
        let other = try lbd(["sticky: {cookie: lb}"], lines)
        #expect(cookie(try get(other, fields: "Cookie: \(sessions[0].pair)\r\n")) != nil)
    }

    // MARK: algorithms

    @Test func weightsAndBackupsAreAsTheFileSays() throws {
        let backends = try named("heavy", "light", "backup")
        let lbd = try lbd(
            ["algorithm: round_robin"],
            [
                "heavy: {url: \"\(backends[0].url)\", weight: 3}", "light: {url: \"\(backends[1].url)\"}",
                "backup: {url: \"\(backends[2].url)\", backup: true}",
            ]
        )
        let answers = try lbd.bodies(40)
        #expect(answers.count { $0 == "heavy" } == 30 && answers.count { $0 == "light" } == 10)
        for (index, name) in ["heavy", "light"].enumerated() { try put(lbd, name, backends[index], "maint") }
        #expect(try lbd.bodies(4) == ["backup", "backup", "backup", "backup"])
        try put(lbd, "light", backends[1], "ready")
        try eventually("the backup rests again") { try lbd.get().text == "light" }
    }

    @Test(arguments: ["client_ip", "path", "uri", "header:X-User", "cookie:user"])
    func aKeyMeetsItsBackendOverAllWorkersAndAfterARestart(_ hashBy: String) throws {
        let backends = try named("1", "2", "3", "4")
        let lines = backends.enumerated().map { "web-\($0 + 1): \"\($1.url)\"" }
        func homes(_ lbd: LBD) throws -> [Set<String>] {
            try (0..<10).map { key in
                let fields = "X-User: \(key)\r\nCookie: a=b; user=\(key)\r\n"
                return Set(try (0..<4).map { _ in try get(lbd, "/\(key)?\(key)", fields: fields).text })
            }
        }
        let settings = ["algorithm: hash", "hash_by: \"\(hashBy)\""]
        let one = try lbd(settings, lines, arguments: ["--workers", "3"])
        let before = try homes(one)
        #expect(before.allSatisfy { $0.count == 1 })
        #expect(hashBy == "client_ip" ? Set(before).count == 1 : Set(before).count > 2, "\(before)")
        let another = try lbd(settings, lines.reversed())
        #expect(try homes(another) == before)
    }

    @Test(arguments: ["random", "least_request", "least_request_exact", "peak_ewma"])
    func everyAlgorithmServesAllAndAvoidsTheBusyOne(_ algorithm: String) throws {
        let gate = bed.gate()
        let busy = try bed.rawBackend { request, connection in
            if request.startLine.contains("/hold") { try gate.pass() }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbusy")
            return .keep
        }
        let idle = try named("1", "2")
        // One worker: another could choose between an answer's last byte and the count that goes down after it.
        let lines = (idle + [busy]).map { "\"\($0.port)\": \"\($0.url)\"" }
        let lbd = try lbd(["algorithm: \(algorithm)"], lines, arguments: ["--workers", "1"])
        let served = try lbd.bodies(120)
        // Who happens to be slower gets less by its latency, and on a real machine that is chance: the simulator has the rest.
        let least = algorithm == "peak_ewma" ? 0 : 10
        for name in ["1", "2", "busy"] { #expect(served.count { $0 == name } > least, "\(served)") }
        guard algorithm != "random", algorithm != "peak_ewma" else { return }
        // A request that is not answered yet: the busy one holds its own, the others answer theirs.
        func holds(_ backend: RawBackend) -> Int { backend.requests.count { $0.startLine.contains("/hold") } }
        var sent: [Connection] = []
        while holds(busy) == 0 {
            guard sent.count < 300 else {
                Issue.record("the busy one never gets anything")
                return
            }
            let connection = try lbd.connect()
            try connection.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            sent.append(connection)
            try eventually("it has arrived") { holds(busy) + holds(idle[0]) + holds(idle[1]) == sent.count }
            // What an idle one took is over before the next is sent.
            if holds(busy) == 0 { #expect(try connection.receiveAnswer(to: "GET").status == 200) }
        }
        #expect(try !lbd.bodies(40).contains("busy"))
        gate.open()
    }
}
