import Glibc
import Model
import Testing

@testable import lbctl

/// What `list`, `health`, `get` and `version` make of the API's answers.
@Suite struct LookTests {
    private static func backend(
        _ url: String,
        _ phase: String,
        _ health: String,
        reason: String? = nil,
        last: String,
        requests: Int
    ) -> String {
        let why = reason.map { "\"\($0)\"" } ?? "null"
        return "{\"url\":\"\(url)\",\"pool\":\"default\",\"weight\":1,\"status\":{\"phase\":\"\(phase)\","
            + "\"since\":\"2026-11-21T09:57:00Z\",\"health\":\(verdict(health, why, last)),"
            + "\"in_flight\":2,\"idle_connections\":4,\"requests\":\(requests),\"errors\":1}}"
    }

    private static func verdict(_ state: String, _ reason: String, _ last: String) -> String {
        "{\"state\":\"\(state)\",\"since\":\"2026-11-21T09:59:18Z\",\"reason\":\(reason),\"consecutive_ok\":0,"
            + "\"consecutive_fail\":3,\"last\":\(last)}"
    }

    private static let passed = "{\"at\":\"2026-11-21T09:59:58Z\",\"ms\":3.14,\"http\":200,\"error\":null}"
    private static let refused =
        "{\"at\":\"2026-11-21T09:59:57Z\",\"ms\":0.2,\"http\":null,\"error\":\"connect refused\"}"

    private static let list =
        "{\"backends\":{\"demo-10\":"
        + backend("http://127.0.0.1:8090", "serving", "healthy", last: passed, requests: 1_234_567)
        + ",\"demo-2\":"
        + backend(
            "http://127.0.0.1:8082",
            "unhealthy",
            "unhealthy",
            reason: "connect refused",
            last: refused,
            requests: 12
        )
        + ",\"demo-1\":" + backend("http://127.0.0.1:8081", "starting", "unknown", last: "null", requests: 0)
        + "},\"revision\":7}"

    private static let health =
        "{\"backends\":{\"demo-10\":\(verdict("healthy", "null", passed)),"
        + "\"demo-2\":\(verdict("unhealthy", "\"connect refused\"", refused)),"
        + "\"demo-1\":\(verdict("unknown", "null", "null"))},\"summary\":{\"healthy\":1}}"

    @Test func listIsATableInNaturalOrder() {
        let (outcome, server) = lbctl("list", [json("200 OK", Self.list)])
        #expect(outcome.code == 0)
        #expect(outcome.err == "")
        #expect(
            outcome.out == """
                NAME     URL                    POOL     WEIGHT  PHASE      ACTIVE  REQUESTS
                demo-1   http://127.0.0.1:8081  default       1  starting        2         0
                demo-2   http://127.0.0.1:8082  default       1  unhealthy       2        12
                demo-10  http://127.0.0.1:8090  default       1  serving         2   1234567

                """
        )
        #expect(outcome.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(server.lines == ["GET /v1/backends"])
        let request = server.requests[0]
        #expect(request.contains("\r\nHost: \(server.address)\r\n"))
        #expect(request.contains("\r\nUser-Agent: lbctl/"))
        #expect(request.contains("\r\nAccept: application/json\r\n"))
        #expect(request.contains("\r\nConnection: close\r\n"))
        #expect(request.hasSuffix("\r\n\r\n"))
    }

    @Test func healthIsATableWithTheReason() {
        let (outcome, server) = lbctl("health", [json("200 OK", Self.health)])
        #expect(outcome.code == 0)
        #expect(
            outcome.out == """
                NAME     STATE      SINCE  REASON           LAST
                demo-1   unknown      42s  -                -
                demo-2   unhealthy    42s  connect refused  failed, 3s ago
                demo-10  healthy      42s  -                200 in 3.1ms, 2s ago

                """
        )
        #expect(server.lines == ["GET /v1/health"])
    }

    @Test func theTerminalGetsColoursAndThePipeDoesNot() {
        let (outcome, _) = lbctl("health", [json("200 OK", Self.health)], isTerminal: true)
        #expect(outcome.out.contains("\u{1B}[31munhealthy\u{1B}[0m"))
        #expect(outcome.out.contains("\u{1B}[33munknown\u{1B}[0m"))
        let (plain, _) = lbctl("health --no-color", [json("200 OK", Self.health)], isTerminal: true)
        #expect(!plain.out.contains("\u{1B}"))
    }

    @Test func healthOfOneShowsItsProbesNewestFirst() {
        let body =
            "{\"state\":\"unhealthy\",\"since\":\"2026-11-21T09:55:00Z\",\"reason\":\"connect refused\","
            + "\"probes\":[\(Self.passed),\(Self.refused)]}"
        let (outcome, server) = lbctl("health web-1", [json("200 OK", body)])
        #expect(
            outcome.out == """
                web-1 unhealthy for 5m: connect refused

                PROBED   TOOK  RESULT
                3s ago  0.2ms  connect refused
                2s ago  3.1ms  200

                """
        )
        #expect(server.lines == ["GET /v1/backends/web-1/health"])
    }

    @Test func getShowsEverything() {
        let body = Self.backend(
            "http://10.0.0.1:80",
            "unhealthy",
            "unhealthy",
            reason: "status 500",
            last: Self.passed,
            requests: 9
        )
        let (outcome, server) = lbctl("get backend web-1", [json("200 OK", body)])
        #expect(
            outcome.out == """
                name:        web-1
                url:         http://10.0.0.1:80
                pool:        default
                weight:      1
                phase:       unhealthy for 3m
                health:      unhealthy for 42s: status 500
                last probe:  200 in 3.1ms, 2s ago
                active:      2 requests in flight
                idle:        4 connections
                requests:    9
                errors:      1

                """
        )
        #expect(server.lines == ["GET /v1/backends/web-1"])
    }

    @Test(arguments: ["list", "health", "health x", "get x"])
    func jsonIsTheAnswerByteForByte(_ line: String) {
        let body = "{ \"backends\" : {},\"url\":\"u\",  \"state\":\"s\", \"z\":1.0, \"a\":\"\\u00e4\" }\n"
        let (outcome, _) = lbctl("-o json " + line, [json("200 OK", body)])
        #expect(outcome.code == 0)
        #expect(outcome.out == body)
        #expect(outcome.err == "")
    }

    @Test(arguments: ["list", "health"])
    func anEmptyListSaysWhatToDoOnStandardErrorOnly(_ line: String) {
        let (outcome, _) = lbctl(line, [json("200 OK", "{\"backends\":{}}")])
        #expect(outcome.code == 0)
        #expect(outcome.out == "")
        #expect(outcome.err == "no backends yet; try: lbctl add backend http://HOST:PORT --wait\n")
        let (quiet, _) = lbctl(line + " -q", [json("200 OK", "{\"backends\":{}}")])
        #expect(quiet.err == "")
    }

    @Test func aServerThatSaysLessIsShownWithDashes() {
        let (outcome, _) = lbctl("list", [json("200 OK", "{\"backends\":{\"x\":{}}}")])
        #expect(outcome.code == 0)
        #expect(outcome.out.split(separator: "\n")[1].split(separator: " ") == ["x", "-", "-", "-", "-", "-", "-"])
        let (health, _) = lbctl("health", [json("200 OK", "{\"backends\":{\"x\":null}}")])
        #expect(health.out.split(separator: "\n")[1].split(separator: " ") == ["x", "-", "-", "-", "-"])
        let (one, _) = lbctl("get x", [json("200 OK", "{\"url\":\"u\"}")])
        #expect(one.code == 0)
    }

    @Test func whatTheServerSaysCannotSteerTheTerminal() {
        let body = "{\"backends\":{\"x\\u001b[2J\":{\"state\":\"healthy\",\"reason\":\"a\\u001b]0;b\\u0007\\nc\"}}}"
        let (outcome, _) = lbctl("health", [json("200 OK", body)], isTerminal: true)
        // Nothing but the headings' own attribute.
        #expect(
            outcome.out.split(separator: "\u{1B}").dropFirst().allSatisfy { $0.hasPrefix("[1m") || $0.hasPrefix("[0m") }
        )
        #expect(outcome.out.contains("x\\u{1b}[2J"))
        #expect(outcome.out.split(separator: "\n").count == 2)
        let (refusal, _) = lbctl("list", [problem(400, "x", "\\u001b[2Jbad", "\"hint\":\"\\u001bhint\"")])
        #expect(!refusal.err.contains("\u{1B}"))
    }

    @Test(
        arguments: [
            "status", "stats", "list", "list -o wide", "get x", "describe x", "health", "health x", "doctor", "events",
            "history", "version", "drain x", "drain x y --no-wait", "remove x", "wait x", "operation get op-1",
            "probe x",
        ],
        ["9223372036854775807", "-9223372036854775808", "-1e308", "1e999"]
    )
    func numbersThatNoServerCanMeanAreSurvived(_ line: String, _ number: String) {
        let verdict =
            "{\"state\":\"healthy\",\"since\":\"2199-12-31T23:59:59Z\",\"last\":{\"ms\":\(number),\"http\":\(number)},"
            + "\"consecutive_ok\":\(number),\"probes\":[{\"at\":\"1970-01-01T00:00:00Z\",\"ms\":\(number),\"http\":\(number)}]}"
        let numbers = [
            "revision", "seq", "to", "oldest", "requests", "errors", "in_flight", "streams", "idle_connections",
            "p50_ms",
            "p99_ms", "bytes_in", "bytes_out", "memory_bytes", "log_drops", "clients", "queued", "weight",
            "max_requests",
            "cut", "in_flight_at_start", "completed", "streams_closed", "serving", "ms", "http", "attempts",
        ].map { "\"\($0)\":\(number)" }.joined(separator: ",")
        let drain = "{\(numbers),\"elapsed\":\(number),\"outcome\":\"cut\"}"
        let classes = "{\"2xx\":\(number),\"5xx\":\(number)}"
        let latency = "{\"total\":{\(numbers)},\"connect\":{\(numbers)},\"first_byte\":{\(numbers)}}"
        let one =
            "{\(numbers),\"by_class\":\(classes),\"latency\":\(latency),\"phase\":\"serving\",\"pool\":\"default\","
            + "\"health\":\(verdict),\"since\":\"1970-01-01T00:00:00Z\",\"status\":{\(numbers),\"phase\":\"serving\","
            + "\"health\":\(verdict)}}"
        let body =
            "{\(numbers),\"kind\":\"drain.finished\",\"state\":\"succeeded\",\"uptime\":\"\(number)s\",\"at\":\"1970-01-01T00:00:00Z\","
            + "\"backends\":{\"x\":\(one),\"y\":\(one)},\"pools\":{\"default\":\(one)},\"totals\":\(one),\"status\":\(one),"
            + "\"health\":\(verdict),\"drain\":\(drain),\"operations\":{\"op-1\":{\"drain\":\(drain)}},\"history\":[\(one)]}\n"
        let fields = ["LB-Revision: \(number)", "Retry-After: \(number)", "Date: Thu, 01 Jan 1970 00:00:00 GMT"]
        let answers = [FakeServer.Step](repeating: json("200 OK", body, fields), count: 12)
        let (outcome, _) = lbctl(line + " --timeout 1s", answers)
        #expect(ExitCode(rawValue: outcome.code) != nil)
        let gone = json("410 Gone", "{\"code\":\"event-gone\",\"status\":410,\(numbers)}", fields)
        let (refused, _) = lbctl(line + " --timeout 1s", [gone] + answers)
        #expect(ExitCode(rawValue: refused.code) != nil)
    }

    @Test func versionNamesBothSides() {
        let answer = json("200 OK", "{\"version\":\"9.8.7\",\"lineage\":\"k7f3\",\"revision\":1843,\"uptime\":\"3h\"}")
        let (outcome, server) = lbctl("version", [answer])
        #expect(outcome.code == 0)
        #expect(
            outcome.out
                == "lbctl  \(Release.version)\nlbd    9.8.7   at \(server.address), revision 1843, up 3h\n"
        )
        let (machine, _) = lbctl("version -o json", [answer])
        #expect(
            machine.out.hasPrefix("{\"client\":{\"version\":\"\(Release.version)\"},\"server\":{\"version\":\"9.8.7\"")
        )
        let (client, other) = lbctl("--version", [])
        #expect(client.out == "lbctl  \(Release.version)\n")
        #expect(other.requests.isEmpty)
    }

    @Test func versionWithoutAServerIsNoError() {
        let (descriptor, port) = FakeServer.boundToLoopback()
        defer { close(descriptor) }
        let outcome = lbctl("version --addr 127.0.0.1:\(port)")
        #expect(outcome.code == 0)
        #expect(
            outcome.out.hasPrefix("lbctl  \(Release.version)\nlbd    cannot reach the admin API at 127.0.0.1:\(port)")
        )
        #expect(outcome.out.contains("Connection refused"))
        let machine = lbctl("version -o json --addr 127.0.0.1:\(port)")
        #expect(machine.out == "{\"client\":{\"version\":\"\(Release.version)\"},\"server\":null}\n")
    }

    @Test func verboseShowsTheExchangeOnStandardError() {
        let (outcome, server) = lbctl("list -v -o json", [json("200 OK", "{\"backends\":{}}", ["LB-Revision: 3"])])
        #expect(outcome.out == "{\"backends\":{}}\n")
        for line in [
            "* connecting to \(server.address)\n", "> GET /v1/backends HTTP/1.1\n", "> Connection: close\n",
            "< HTTP 200 OK\n", "< lb-revision: 3\n", "< {\"backends\":{}}\n",
        ] {
            #expect(outcome.err.contains(line), "\(outcome.err)")
        }
    }
}
