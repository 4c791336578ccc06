import Foundation
import Glibc
import Testing

/// `/metrics` and `/v1/stats` of a running daemon, and the access log in JSON.
@Suite struct MetricsTests {
    let bed = TestBed()

    private func page(_ lbd: LBD) throws -> [String: Double] {
        let answer = try lbd.ask("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        var found: [String: Double] = [:]
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            found[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return found
    }

    /// The page once `condition` holds: an exchange is counted when its answer is out, which its client may see first.
    private func page(_ lbd: LBD, until condition: ([String: Double]) -> Bool) throws -> [String: Double] {
        var last: [String: Double] = [:]
        try eventually("the counts are there", hint: "\(last)") {
            last = try page(lbd)
            return condition(last)
        }
        return last
    }

    @Test func countsFollowTheRequests() throws {
        let backend = try bed.rawBackend { request, connection in
            let status = request.target == "/none" ? "404 Not Found" : "200 OK"
            try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 5\r\n\r\nhello")
            return .keep
        }
        let lbd = try bed.lbd(yaml: "workers: 1\nhealth_check: off\nbackends: {web-1: \"\(backend.url)\"}\n")
        let client = try lbd.connect()
        for _ in 0..<9 { _ = try client.get("/") }
        _ = try client.get("/none")
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nX_Under: 1\r\nContent-Length: 4\r\n\r\nabcd")
        _ = try client.receiveAnswer(to: "POST")
        let garbage = try lbd.connect()
        try garbage.send("GET / HTTP/1.1\nHost: a\r\n\r\n")
        #expect(try garbage.receiveAnswer().status == 400)

        let web = "pool=\"default\",backend=\"web-1\""
        let page = try page(lbd) { $0["lb_glitches_total{kind=\"bare-lf\",side=\"downstream\"}"] == 1 }
        #expect(page["lb_requests_total{\(web),code_class=\"2xx\"}"] == 10)
        #expect(page["lb_requests_total{\(web),code_class=\"4xx\"}"] == 1)
        #expect(page["lb_requests_total{\(web),code_class=\"5xx\"}"] == 0)
        #expect(page["lb_requests_total{pool=\"\",backend=\"\",code_class=\"4xx\"}"] == 1)
        #expect(page["lb_attempts_total{\(web)}"] == 11)
        #expect(page["lb_request_body_bytes_total{\(web)}"] == 4)
        #expect(page["lb_response_body_bytes_total{\(web)}"] == 55)
        #expect(page["lb_backend_connections_opened_total{\(web)}"] == 1)
        #expect(page["lb_backend_connections_reused_total{\(web)}"] == 10)
        #expect(page["lb_request_duration_seconds_count{\(web)}"] == 11)
        #expect(page["lb_first_byte_duration_seconds_count{\(web)}"] == 11)
        #expect(page["lb_connect_duration_seconds_count{\(web)}"] == 1)
        #expect(page["lb_glitches_total{kind=\"underscore-field\",side=\"downstream\"}"] == 1)
        #expect(page["lb_faults_total{kind=\"http_request_error\",side=\"downstream\"}"] == 1)
        #expect(page["lb_backend_up{\(web)}"] == 1)
        #expect(page["lb_client_connections_accepted_total{worker=\"0\"}"] ?? 0 >= 2)
        #expect(page["lb_requests_in_flight{worker=\"0\"}"] == 0)
        #expect(page["process_resident_memory_bytes"] ?? 0 > 1_000_000)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(lbd.process.processID)/fd").count
        // The connection that asked for the page may be there or not.
        #expect(abs((page["process_open_fds"] ?? 0) - Double(open)) <= 2)
        #expect(page["process_cpu_seconds_total"] ?? 0 > 0)
        #expect(page["lb_log_dropped_lines_total"] == 0)
        #expect(page["lb_backend_slots"] == 1)
    }

    @Test func slowAnswerIsInItsBucket() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n", until: .ready)
        let client = try lbd.connect()
        let web = "pool=\"default\",backend=\"web-1\""
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        _ = try page(lbd) { $0["lb_backend_requests_in_flight{\(web)}"] == 1 }
        // It lasts until this has been seen, and that is longer than two milliseconds.
        usleep(2_000)
        gate.open()
        _ = try client.receiveAnswer()
        let page = try page(lbd) { $0["lb_request_duration_seconds_count{\(web)}"] == 1 }
        #expect(page["lb_request_duration_seconds_bucket{\(web),le=\"0.0016\"}"] == 0)
        #expect(page["lb_request_duration_seconds_bucket{\(web),le=\"52.4288\"}"] == 1)
        #expect(page["lb_request_duration_seconds_sum{\(web)}"] ?? 0 > 0.002)
    }

    @Test func failedAttemptsAreToldWithTheirReason() throws {
        let nobody = try ReservedPort()
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: """
                health_check: off
                backends: {gone: "http://127.0.0.1:\(nobody.number)", here: "\(backend.url)"}
                """,
            until: .ready
        )
        for _ in 0..<10 { #expect(try lbd.get().status == 200) }
        let page = try page(lbd) {
            $0["lb_requests_total{pool=\"default\",backend=\"here\",code_class=\"2xx\"}"] == 10
        }
        let retries = try #require(page["lb_retries_total{reason=\"connection_refused\"}"])
        // After the third it is left alone for a while.
        #expect(retries >= 3)
        #expect(page["lb_attempts_total{pool=\"default\",backend=\"gone\"}"] == retries)
        #expect(page["lb_attempt_errors_total{pool=\"default\",backend=\"gone\"}"] == retries)
        #expect(page["lb_attempts_retried_total{pool=\"default\",backend=\"gone\"}"] == retries)
        #expect(page["lb_faults_total{kind=\"connection_refused\",side=\"upstream\"}"] == retries)
        #expect(page["lb_requests_total{pool=\"default\",backend=\"gone\",code_class=\"2xx\"}"] == 0)
    }

    @Test func seriesOfARemovedBackendAreToldToEveryCollectorThatComesSoon() throws {
        let (one, two) = (try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: {one: \"\(one.url)\", two: \"\(two.url)\"}\n",
            until: .ready
        )
        for _ in 0..<6 { _ = try lbd.get() }
        let (first, second) = (
            "lb_requests_total{pool=\"default\",backend=\"one\",code_class=\"2xx\"}",
            "lb_requests_total{pool=\"default\",backend=\"two\",code_class=\"2xx\"}"
        )
        _ = try page(lbd) { $0[first] == 3 && $0[second] == 3 }
        #expect(try lbd.ask("DELETE", "/v1/backends/two").status == 200)
        // More collectors than one, each a few times.
        for _ in 0..<4 {
            let found = try page(lbd)
            #expect(found[first] == 3 && found[second] == 3)
        }
        let stats = try lbd.ask("GET", "/v1/stats")
        #expect(try JSONDecoder().decode(StatsDocument.self, from: stats.body).totals.requests == 6)
        // A new one by that name starts from nothing.
        #expect(try lbd.ask("PUT", "/v1/backends/two", body: "{\"url\": \"\(two.url)\"}").status == 201)
        #expect(try page(lbd)[second] == 0)
        #expect(try page(lbd)[first] == 3)
    }

    @Test func statsAndStatusTellQuantiles() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n", until: .ready)
        for _ in 0..<5 { _ = try lbd.get() }
        struct Stats: Decodable {
            struct Latency: Decodable {
                var count: Int
                var p50_ms: Double?
                var p99_ms: Double?
            }
            struct Figures: Decodable {
                var requests: Int
                var latency: [String: Latency]
            }
            var totals: Figures
            var backends: [String: Figures]
        }
        var stats: Stats?
        try eventually("all are counted") {
            stats = try JSONDecoder().decode(Stats.self, from: lbd.ask("GET", "/v1/stats").body)
            return stats?.totals.requests == 5
        }
        let total = try #require(stats?.backends["web-1"]?.latency["total"])
        #expect(total.count == 5)
        let (p50, p99) = (try #require(total.p50_ms), try #require(total.p99_ms))
        #expect(p50 > 0 && p50 <= p99)
        #expect(try lbd.ask("GET", "/v1/backends/web-1").text.contains("\"p99_ms\":\(p99)"))
    }

    @Test func accessLogInJSONIsOneObjectALine() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: """
                health_check: off
                access_log: {path: stdout, format: json}
                backends: {web-1: "\(backend.url)"}
                """,
            until: .ready
        )
        let garbage = try lbd.connect()
        try garbage.send("GET /\"quoted\"\u{e9}?x=\\1 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try garbage.receiveAnswer().status == 400)
        try eventually("the first line is there", hint: lbd.log) { lbd.accessLog.count == 1 }
        let client = try lbd.connect()
        let id = "X-Request-Id: mine \"7\"\r\n"
        _ = try client.get("/one", fields: id)
        try client.send("POST /two HTTP/1.1\r\nHost: a\r\n\(id)Content-Length: 2\r\n\r\nab")
        _ = try client.receiveAnswer(to: "POST")
        try eventually("all lines are there", hint: lbd.log) { lbd.accessLog.count >= 3 }
        struct Line: Decodable {
            var client: String
            var request_id: String
            var method: String?
            var target: String
            var version: String?
            var status: Int
            var bytes_in: Int
            var bytes_out: Int
            var backend: String?
            var attempts: Int
            var first_byte_ms: Double?
            var reused: Bool
            var outcome: String
            var cause: String?
        }
        let lines = try lbd.accessLog.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.count == 3)
        let first = lines[0]
        #expect(first.method == nil && first.version == nil && first.status == 400 && first.outcome == "CH")
        #expect(first.target == "GET /\"quoted\"\u{c3}\u{a9}?x=\\1 HTTP/1.1", "byte by byte, as it came")
        let second = lines[2]
        #expect(second.request_id == "mine \"7\"")
        #expect(second.method == "POST" && second.target == "/two" && second.version == "HTTP/1.1")
        #expect(second.bytes_in == 2 && second.bytes_out == 3 && second.status == 200)
        #expect(second.backend == "web-1" && second.attempts == 1 && second.reused)
        #expect(second.first_byte_ms != nil && second.outcome == "--" && second.cause == nil)
        #expect(second.request_id == backend.requests.last?.field("x-request-id"), "the id that the backend has got")
    }

    @Test func answerOfOurOwnHasTheIDThatTheLogHas() throws {
        let nobody = try ReservedPort()
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: {gone: \"http://127.0.0.1:\(nobody.number)\"}\n",
            until: .listening
        )
        let given = try lbd.connect().get("/", fields: "X-Request-Id: ticket-7\r\nConnection: close\r\n")
        #expect(given.status == 503)
        #expect(given.field("x-request-id") == "ticket-7")
        try eventually("the first line is there", hint: lbd.log) { lbd.accessLog.count == 1 }
        let made = try #require(try lbd.get().field("x-request-id"))
        try eventually("both lines are there", hint: lbd.log) { lbd.accessLog.count == 2 }
        #expect(lbd.accessLog[0].hasSuffix(" id=ticket-7"))
        #expect(lbd.accessLog[1].hasSuffix(" id=\(made)"))
    }

    @Test func noLineIsLostWhenTheLogIsOpenedAnewUnderLoad() throws {
        let log = bed.path("access.log")
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(serving: backend, arguments: ["--access-log", log])
        func lines(_ path: String) -> [Substring] {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n")
        }
        var sent = 0
        for round in 0..<5 {
            let client = try lbd.connect()
            for step in 0..<40 {
                _ = try client.get("/n/\(sent)")
                sent += 1
                if step == 20 {
                    try FileManager.default.moveItem(atPath: log, toPath: "\(log).\(round)")
                    lbd.process.signal(SIGUSR1)
                }
            }
            try eventually("the new file is there", hint: lbd.log) { FileManager.default.fileExists(atPath: log) }
        }
        let files = (0..<5).map { "\(log).\($0)" } + [log]
        let expected = Set((0..<sent).map { "/n/\($0)" })
        try eventually("every line is somewhere") { files.reduce(0) { $0 + lines($1).count } >= sent }
        let targets = files.flatMap { lines($0) }.compactMap { $0.split(separator: " ").first { $0.hasPrefix("/n/") } }
        #expect(targets.count == sent)
        #expect(Set(targets.map(String.init)) == expected)
    }
}

/// `GET /v1/stats`, as far as tests look at it.
private struct StatsDocument: Decodable {
    struct Totals: Decodable {
        var requests: Int
    }

    var totals: Totals
}
