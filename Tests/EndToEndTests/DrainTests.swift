import Foundation
import Testing

/// Removal of a backend as a drain: what it carries finishes, nothing new comes to it, and the report says so.
@Suite struct DrainTests {
    let bed = TestBed()

    private struct Report: Decodable {
        struct Drain: Decodable {
            var outcome: String
            var in_flight_at_start: Int
            var in_flight: Int
            var streams: Int
            var completed: Int
            var cut: Int
            var streams_closed: Int
            var sent_after_start: Int
        }

        var drain: Drain
        var operation: String?
    }

    private func report(_ answer: HTTPMessage) throws -> Report.Drain {
        try JSONDecoder().decode(Report.self, from: answer.body).drain
    }

    /// Clients with keep-alive that ask without a pause, and note what was not a 200.
    private final class Load: @unchecked Sendable {
        private let lock = NSLock()
        private var isOver = false
        private var counts: [String: Int] = [:]
        private var failures: [String] = []
        private let group = DispatchGroup()

        init(_ lbd: LBD, connections: Int) {
            for _ in 0..<connections {
                group.enter()
                Thread.detachNewThread { [self] in
                    defer { group.leave() }
                    do {
                        var connection = try lbd.connect()
                        while !lock.withLock({ isOver }) {
                            let answer = try connection.get("/")
                            lock.withLock {
                                counts[answer.text, default: 0] += 1
                                if answer.status != 200 { failures.append("status \(answer.status)") }
                            }
                            if answer.field("connection") == "close" { connection = try lbd.connect() }
                        }
                    } catch {
                        lock.withLock { failures.append("\(error)") }
                    }
                }
            }
        }

        func count(_ text: String) -> Int { lock.withLock { counts[text] ?? 0 } }

        func end() -> [String] {
            lock.withLock { isOver = true }
            group.wait()
            return failures
        }
    }

    @Test func removalUnderLoadCutsNothingAndSendsNothingAfterIt() throws {
        let (one, two) = (try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let lbd = try bed.lbd(serving: one, two)
        let load = Load(lbd, connections: 12)
        for _ in 0..<5 {
            let before = load.count("two")
            try eventually("both serve") { load.count("two") > before + 50 }
            let answer = try lbd.ask("DELETE", "/v1/backends/127.0.0.1:\(two.port)?wait=30s")
            #expect(answer.status == 200, "\(answer.text)")
            let seen = two.requests.count
            let drain = try report(answer)
            #expect(drain.outcome == "clean")
            #expect(drain.cut == 0)
            #expect(drain.sent_after_start == 0)
            #expect(drain.in_flight == 0)
            #expect(drain.completed == drain.in_flight_at_start)
            let others = load.count("one")
            try eventually("the other one serves on") { load.count("one") > others + 50 }
            #expect(two.requests.count == seen)
            let added = try lbd.ask(
                "PUT",
                "/v1/backends/127.0.0.1:\(two.port)?wait=30s",
                body: #"{"url":"\#(two.url)"}"#
            )
            #expect(added.status == 201, "\(added.text)")
        }
        #expect(load.end() == [])
    }

    @Test func removalAnswersAtOnceAndLeadsToItsOperation() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
            return .keep
        }
        let lbd = try bed.lbd(serving: backend)
        let path = "/v1/backends/127.0.0.1:\(backend.port)"
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the backend has the request") { backend.requests.count == 1 }

        let first = try lbd.ask("DELETE", "\(path)?force")
        #expect(first.status == 202)
        let place = try #require(first.field("location"))
        #expect(place.hasPrefix("/v1/operations/op-"))
        #expect(try report(first).in_flight == 1)
        let again = try lbd.ask("DELETE", path)
        #expect(again.status == 202)
        #expect(again.field("location") == place)
        let late = try lbd.ask("DELETE", "\(path)?wait=50ms")
        #expect(late.status == 504)
        #expect(try report(late).outcome == "draining")
        #expect(try lbd.ask("GET", place).text.contains(#""state":"running""#))

        gate.open()
        let ended = try lbd.ask("GET", "\(place)?wait=30s")
        #expect(ended.text.contains(#""state":"succeeded""#))
        #expect(try report(ended).completed == 1)
        #expect(try client.receiveAnswer().text == "late")
        #expect(try lbd.ask("DELETE", path).status == 404)
        #expect(try lbd.ask("GET", path).status == 404)
    }

    @Test func webSocketLivesToTheDeadlineAndIsCountedApart() throws {
        let backend = try bed.rawBackend { _, connection in
            try connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n")
            while let part = try? connection.receive(), !part.isEmpty { try connection.send(part) }
            return .close
        }
        let lbd = try bed.lbd(serving: backend)
        let client = try lbd.connect()
        try client.send("GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
        #expect(try client.receiveHead()?.status == 101)

        let begun = monotonicSeconds()
        let removal = try lbd.ask("DELETE", "/v1/backends/127.0.0.1:\(backend.port)?force&drain=1500ms")
        #expect(removal.status == 202)
        #expect(try report(removal).streams == 1)
        let place = try #require(removal.field("location"))
        // It goes on as if nothing had happened, until the deadline.
        try client.send("still here")
        #expect(String(decoding: try client.receive(), as: UTF8.self) == "still here")
        let ended = try lbd.ask("GET", "\(place)?wait=30s")
        let elapsed = monotonicSeconds() - begun
        let drain = try report(ended)
        #expect(drain.outcome == "cut")
        #expect(drain.streams_closed == 1)
        #expect(drain.cut == 0)
        #expect(elapsed >= 1.5)
        #expect(try client.hasEnded())
    }

    @Test func whatIsLeftAtTheDeadlineIsCutAndCounted() throws {
        let gate = bed.gate()
        // Half an answer: nobody else can give the rest.
        let backend = try bed.rawBackend { _, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 50_000)
            )
            try gate.pass()
            return .close
        }
        let lbd = try bed.lbd(serving: backend)
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client.receiveHead()?.status == 200)
        let answer = try lbd.ask("DELETE", "/v1/backends/127.0.0.1:\(backend.port)?force&drain=100ms&wait=30s")
        #expect(answer.status == 200)
        let drain = try report(answer)
        #expect(drain.outcome == "cut")
        #expect(drain.cut == 1)
        #expect(drain.in_flight_at_start == 1)
        #expect(drain.completed == 0)
    }

    @Test func cancelledRemovalPutsTheBackendBackAsItWas() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { request, connection in
            if request.target == "/slow" { try gate.pass() }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return .keep
        }
        let lbd = try bed.lbd(serving: backend)
        let before = try lbd.specs()
        let client = try lbd.connect()
        try client.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the backend has the request") { backend.requests.count == 1 }
        let removal = try lbd.ask("DELETE", "/v1/backends/127.0.0.1:\(backend.port)?force")
        let place = try #require(removal.field("location"))
        #expect(try lbd.get().status == 503)
        let cancelled = try lbd.ask("DELETE", place)
        #expect(cancelled.status == 200)
        #expect(cancelled.text.contains(#""state":"cancelled""#))
        #expect(try lbd.specs() == before)
        #expect(try lbd.get().text == "ok")
        gate.open()
        #expect(try client.receiveAnswer().text == "ok")
    }
}
