import Foundation
import Glibc
import Testing

/// What clients see when nobody can serve them, and when `lbd` stops.
@Suite struct AvailabilityTests {
    let bed = TestBed()

    @Test func answersOfOurOwnAreJSONForThoseWhoAskForIt() throws {
        let lbd = try bed.lbd(yaml: "backends: []\n", until: .listening)
        let client = try lbd.connect()
        let plain = try client.get("/")
        #expect(plain.status == 503)
        #expect(plain.field("content-type") == "text/plain; charset=utf-8")
        let asked = try client.get("/", fields: "Accept: text/plain;q=0.5, application/json\r\n")
        #expect(asked.status == 503)
        #expect(asked.field("content-type") == "application/problem+json")
        struct Body: Decodable {
            var status: Int
            var cause: String
        }
        #expect(try JSONDecoder().decode(Body.self, from: asked.body).status == 503)
    }

    @Test func withoutAHealthyBackendClientsGet503AndARequestForPatience() throws {
        let reserved = try ReservedPort()
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 200ms}\nbackends: [\"http://127.0.0.1:\(reserved.number)\"]\n",
            until: .listening
        )
        let client = try lbd.connect()
        let answer = try client.get("/")
        #expect(answer.status == 503)
        #expect(Int(answer.field("retry-after") ?? "") != nil)
        #expect(answer.field("x-request-id")?.count == 32)
        #expect(answer.field("proxy-status")?.hasPrefix("lb; error=") == true)
        #expect(answer.text.hasPrefix("503 Service Unavailable"))
        #expect(try lbd.ask("GET", "/readyz").status == 503)
        #expect(try lbd.ask("GET", "/healthz").status == 200)
        #expect(try client.get("/").status == 503, "the connection is kept")
    }

    @Test func firstBackendThatComesEndsThe503() throws {
        let lbd = try bed.lbd(yaml: "health_check: {interval: 200ms}\nbackends: []\n", until: .listening)
        #expect(try lbd.get().status == 503)
        let backend = try bed.rawBackend(answering: "here")
        #expect(try bed.lbctl(lbd, "add", "backend", backend.url, "--wait").exitCode == 0)
        #expect(try lbd.bodies(3) == ["here", "here", "here"])
        #expect(try lbd.ask("GET", "/readyz").status == 200)
        #expect(try lbd.ask("DELETE", "/v1/backends/127.0.0.1:\(backend.port)?force=true").status == 200)
        #expect(try lbd.get().status == 503)
    }

    @Test func backendThatDoesNotAnswerInTimeIsA504() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, _ in
            try gate.pass()
            return .close
        }
        let lbd = try bed.lbd(
            yaml: "timeouts: {response_first_byte: 300ms}\nhealth_check: off\nbackends: [\"\(backend.url)\"]\n"
        )
        let answer = try lbd.get()
        #expect(answer.status == 504)
        #expect(answer.field("proxy-status")?.contains("error=http_response_timeout") == true)
        #expect(backend.requests.count == 1, "what was delivered is not repeated")
    }

    @Test func clientThatDoesNotFinishItsHeadIsA408() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: "timeouts: {client_head: 300ms}\nhealth_check: off\nbackends: [\"\(backend.url)\"]\n"
        )
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost:")
        #expect(try client.receiveAnswer().status == 408)
        #expect(try client.hasEnded())
        #expect(backend.requests.isEmpty)
    }

    @Test func termLetsWhatRunsFinishAndTakesNothingNew() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
            try gate.pass()
            try connection.send("whole")
            return .keep
        }
        let lbd = try bed.lbd(serving: backend)
        let (running, idle) = (try lbd.connect(), try lbd.connect())
        try running.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the backend has the request") { backend.requests.count == 1 }

        lbd.process.signal(SIGTERM)
        try eventually("new connections are refused", hint: lbd.log) { !Sockets.accepts(lbd.port) }
        #expect(try idle.hasEnded(), "an idle connection is closed")
        #expect(lbd.process.isRunning)
        #expect(try lbd.ask("GET", "/readyz").status == 503)

        gate.open()
        #expect(try running.receiveAnswer().text == "half whole")
        #expect(try running.hasEnded())
        #expect(try lbd.process.wait() == .exited(0))
        #expect(lbd.log.contains("stopped"))
        #expect(!lbd.log.contains("cut"), "\(lbd.log)")
    }

    @Test func stopCutsWhatDoesNotFinishInTime() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: "timeouts: {stop: 300ms}\nhealth_check: off\nbackends: [\"\(backend.url)\"]\n",
            until: .ready
        )
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the backend has the request") { backend.requests.count == 1 }
        let begun = monotonicSeconds()
        #expect(try lbd.stop() == .exited(0))
        // Far less than the 30 s of the default.
        #expect(monotonicSeconds() - begun < 10)
        #expect(lbd.log.contains("1 client connection cut after "), "\(lbd.log)")
    }

    @Test func hangUpWithTheSameFileLeavesEverythingAsItIs() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "one"))
        let client = try lbd.connect()
        #expect(try client.get("/").text == "one")
        lbd.process.signal(SIGHUP)
        try eventually("it says so", hint: lbd.log) { lbd.log.contains(": nothing changed (revision ") }
        #expect(try client.get("/").text == "one")
        #expect(try lbd.get().text == "one")
    }

    @Test func interruptStopsAnIdleProcessAtOnce() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "one"))
        let kept = try lbd.connect()
        #expect(try kept.get("/").text == "one")
        lbd.process.signal(SIGINT)
        #expect(try lbd.process.wait(within: 10) == .exited(0))
    }
}
