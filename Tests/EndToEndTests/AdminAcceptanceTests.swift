import Foundation
import Glibc
import Synchronization
import Testing

/// What the admin API promises of changes: live on 2xx, one winner, nothing lost, nothing torn.
@Suite struct AdminAcceptanceTests {
    let bed = TestBed()

    private func tag(_ lbd: LBD, _ path: String) throws -> String {
        try #require(try lbd.ask("GET", path).field("ETag"))
    }

    @Test func requestsAfterTheAnswerUseTheNewTable() throws {
        let (old, new) = (try bed.rawBackend(answering: "old"), try bed.rawBackend(answering: "new"))
        let lbd = try bed.lbd(serving: old)
        let client = try lbd.connect()
        for _ in 0..<10 { #expect(try client.get("/").text == "old") }
        let name = try #require(try lbd.backends().keys.first)
        let answer = try lbd.ask("PUT", "/v1/backends/\(name)?force=true", body: #"{"url":"\#(new.url)"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        let seen = old.requests.count
        for _ in 0..<500 { #expect(try client.get("/").text == "new") }
        for _ in 0..<500 { #expect(try lbd.get().text == "new") }
        #expect(old.requests.count == seen, "a request that came after the answer went to the old table")
    }

    @Test func oneOfFiftyWritersWithOneTagWins() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n")
        let tag = try tag(lbd, "/v1/backends/web-1")
        let statuses = Mutex<[Int]>([])
        let threads = (0..<50).map { number in
            BackgroundTask {
                let answer = try lbd.ask(
                    "PATCH",
                    "/v1/backends/web-1",
                    body: #"{"weight":\#(number + 2)}"#,
                    fields: "If-Match: \(tag)\r\n"
                )
                statuses.withLock { $0.append(answer.status) }
            }
        }
        for thread in threads { try thread.finish() }
        #expect(statuses.withLock { $0 }.filter { $0 == 200 }.count == 1)
        #expect(statuses.withLock { $0 }.filter { $0 == 412 }.count == 49)
    }

    /// Killed at moments of chance while it is being written to: what was answered 2xx is there after the restart, what
    /// was refused is not, and what a revision changed together is there together.
    @Test func killedWhileItIsWrittenToItLosesAndTearsNothing() throws {
        let backend = try bed.rawBackend(answering: "one")
        let yaml = "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n"
        let state = bed.path("state")
        var chance = SystemRandomNumberGenerator()
        /// The value that was acknowledged last, and the one that may or may not have been kept when it was killed.
        var (kept, open) = (0, 0)
        var next = 1
        for round in 0..<Self.kills {
            let lbd = try bed.lbd(yaml: yaml, state: state, until: .listening)
            let found = try pair(lbd)
            #expect(found == kept || found == open, "round \(round): \(found) is there, not \(kept) or \(open)")
            (kept, open) = (found, found)
            #expect(try lbd.backends()["refused"] == nil)
            let writes = Int.random(in: 1...4, using: &chance)
            let killer = BackgroundTask {
                usleep(UInt32.random(in: 0...12_000))
                lbd.kill()
            }
            for _ in 0..<writes {
                open = next
                next += 1
                let body =
                    #"{"a":{"url":"http://10.0.0.1","labels":{"n":"\#(open)"}},"b":{"url":"http://10.0.0.2","labels":{"n":"\#(open)"}}}"#
                guard let answer = try? lbd.ask("PATCH", "/v1/backends", body: body) else { break }
                #expect(answer.status == 200, "\(answer.text)")
                kept = open
                let refused = #"{"refused":{"url":"http://10.0.0.3"},"b":{"weight":5000}}"#
                guard let refusal = try? lbd.ask("PATCH", "/v1/backends", body: refused) else { break }
                #expect(refusal.status == 422)
            }
            try killer.finish()
        }
    }

    /// 200 in the long form (`LB_LONG=1`): a start takes some 100 ms of a whole core.
    private static let kills = ProcessInfo.processInfo.environment["LB_LONG"] == nil ? 20 : 200

    /// The number that both backends of the pair have; 0 while there are none.
    private func pair(_ lbd: LBD) throws -> Int {
        let answer = try lbd.ask("GET", "/v1/config")
        let config = try JSONDecoder().decode(ConfigDocument.self, from: answer.body)
        let numbers = ["a", "b"].map { config.backends[$0]?.labels["n"] }
        #expect(numbers[0] == numbers[1], "half of a revision is there: \(numbers)")
        return numbers[0].flatMap { Int($0) } ?? 0
    }

    private struct ConfigDocument: Decodable {
        struct Backend: Decodable {
            var labels: [String: String]
        }
        var backends: [String: Backend]
    }

    @Test func thousandBackendsChangeAtOnceWhileAnUpgradedStreamGoesOn() throws {
        let stream = try bed.rawBackend { _, connection in
            try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            while let byte = try? connection.receive(1), !byte.isEmpty { try connection.send(byte) }
            return .close
        }
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {stream: \"\(stream.url)\"}\n")
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        #expect(try client.receiveHead()?.status == 101)
        func echo(_ text: String) throws {
            for byte in text.utf8 {
                try client.send(Data([byte]))
                #expect(try client.receive(1) == Data([byte]))
            }
        }
        try echo("before")
        let crowd = (1...1000).map { "\"n-\($0)\":{\"url\":\"http://10.0.\($0 / 250).\($0 % 250 + 1)\",\"weight\":0}" }
        let added = try lbd.ask("PATCH", "/v1/backends", body: "{\(crowd.joined(separator: ","))}")
        #expect(added.status == 200, "\(added.text.prefix(300))")
        try echo("between")
        let change = (1...1000).map { "\"n-\($0)\":{\"labels\":{\"v\":\"2\"}}" }
        let changed = try lbd.ask("PATCH", "/v1/backends", body: "{\(change.joined(separator: ","))}")
        #expect(changed.status == 200)
        let timing = try #require(changed.field("Server-Timing"))
        #expect(timing.hasPrefix("persist;dur="), "\(timing)")
        try echo("after")
    }

    @Test func flappingBackendChangesNoTag() throws {
        let isWell = Atomic(true)
        let backend = try bed.rawBackend { _, connection in
            let status = isWell.load(ordering: .relaxed) ? "200 OK" : "500 Internal Server Error"
            try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 100ms, timeout: 100ms, fall: 1}\nbackends: {web-1: \"\(backend.url)\"}\n"
        )
        let paths = ["/v1/backends/web-1", "/v1/backends", "/v1/pools/default", "/v1/config"]
        let tags = try paths.map { try tag(lbd, $0) }
        for wanted in ["unhealthy", "healthy", "unhealthy", "healthy"] {
            isWell.store(wanted == "healthy", ordering: .relaxed)
            try eventually("it is \(wanted)") { try lbd.backends()["web-1"]?.status.health.state == wanted }
        }
        #expect(try paths.map { try tag(lbd, $0) } == tags)
    }
}
