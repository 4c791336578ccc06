import Foundation
import Model
import Testing

@testable import Proxy

@Suite struct QueueTests {
    @Test func whatAClientPipelinesWhileItIsQueuedStaysInOrder() {
        let bench = Bench(requestsMax: 1)
        _ = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let busy = bench.latest
        // The next request's beginning comes with this one's body, and the rest of it while this one is queued.
        let client = bench.client("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HT")
        #expect(bench.worker.waiting.count == 1)
        bench.say(client, "TP/1.1\r\nHost: a\r\n\r\n")
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        bench.pass(seconds: 0)
        #expect(bench.got(busy).contains("POST /1 HTTP/1.1\r\n"))
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        #expect(bench.got(busy).contains("GET /2 HTTP/1.1\r\n"))
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
        #expect(bench.got(client).hasSuffix("\r\n\r\n2"))
        bench.expectRest()
    }

    @Test func aClientThatPipelinesIntoTheQueueIsReadABufferAtATime() {
        let bench = Bench(requestsMax: 1)
        _ = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let busy = bench.latest
        let one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let client = bench.client(String(repeating: one, count: 8000))
        // Another client's request takes each place that comes free, so that this one's next always has to wait.
        for _ in 0..<24 {
            _ = bench.client(one)
            bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            bench.pass(10_000_000)
        }
        #expect(bench.worker.buffersTaken < 64)
        #expect(!bench.isClosed(client))
        bench.expectRest()
    }

    @Test func aClientThatPipelinesUploadsIntoTheQueueIsReadABufferAtATime() {
        let bench = Bench(requestsMax: 1)
        let slow = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        _ = bench.client(slow)
        let busy = bench.latest
        let one = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        let client = bench.client(String(repeating: one, count: 8000))
        for _ in 0..<48 {
            _ = bench.client(slow)
            bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            bench.pass(10_000_000)
        }
        #expect(bench.got(busy).split(separator: "POST ").count > 4, "it was queued again and again")
        #expect(bench.worker.buffersTaken < 64)
        #expect(!bench.isClosed(client))
        bench.expectRest()
    }

    @Test func howLongAPoolsQueueMayTakeIsNoMatterOfWhoHasLeftIt() {
        let bench = Bench(backends: 2, requestsMax: 1)
        let slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
        let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let first = bench.client(slow)
        let busy = bench.latest
        let second = bench.client(slow)
        let other = bench.latest
        let client = bench.client("GET /queued HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(bench.worker.waiting.count == 1)
        bench.pass(20_000_000)
        bench.say(busy, empty)
        bench.pass(seconds: 0)
        #expect(bench.got(busy).contains("GET /queued HTTP/1.1\r\n"))
        // Longer than the clock has run.
        bench.spec.timeouts.queue = .seconds(1_000_000)
        bench.publish()
        bench.pass(seconds: 1)
        bench.say(other, empty)
        // The same backend once more, on a connection of its own. The attempt after that begins by the new patience, and has
        // never waited by it.
        bench.end(busy)
        #expect(bench.latest != other && bench.got(bench.latest).contains("GET /queued HTTP/1.1\r\n"))
        bench.end(bench.latest)
        #expect(bench.got(other).contains("GET /queued HTTP/1.1\r\n"))
        bench.say(other, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        #expect([first, second].allSatisfy { bench.got($0).hasPrefix("HTTP/1.1 200 OK\r\n") })
        let lines = bench.log().split(separator: "\n")
        #expect(lines.last.map { $0.contains("/queued") && $0.contains("queue=25.000ms") } == true, "\(lines)")
        bench.expectRest()
    }

    @Test func aRequestThatFailsInTheQueueHasLeftIt() {
        let bench = Bench(backends: 2, requestsMax: 1) { _, timeouts in
            timeouts.clientStall = .seconds(2)
            timeouts.queue = .seconds(30)
        }
        _ = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let busy = bench.latest
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
        bench.end(bench.latest)
        #expect(bench.worker.waiting.count == 1)
        bench.block(client)
        bench.pass(seconds: 2)
        #expect(bench.worker.waiting.count == 0)
        let before = bench.got(busy)
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        bench.pass(10_000_000)
        #expect(bench.got(busy) == before, "a request that was answered goes to no backend")
        bench.block(client, false)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 408 "))
        bench.expectRest()
    }

    /// Sessions that wait for their own backend, more of them than a turn looks at, are no reason for others to wait.
    @Test func sessionsAtAFullBackendDoNotHideOthersFromIdleOnes() {
        let bench = Bench(backends: 2, requestsMax: 1, pool: PoolSpec(sticky: StickySpec()), clientsMax: 512)
        let first = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let home = bench.latest
        bench.say(home, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let answer = bench.got(first)
        guard let start = answer.range(of: "Set-Cookie: ")?.upperBound, let end = answer[start...].firstIndex(of: ";")
        else {
            Issue.record("no cookie in \(answer)")
            return
        }
        let mine = "GET /bound HTTP/1.1\r\nHost: a\r\nCookie: \(answer[start..<end])\r\n\r\n"
        for _ in 0..<300 { _ = bench.client(mine) }
        #expect(bench.worker.waiting.count == 299)
        let other = bench.client("GET /free HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.pass(10_000_000)
        #expect(bench.got(bench.latest).contains("GET /free "))
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfree")
        #expect(bench.got(other).hasSuffix("free"))
        bench.expectRest()
    }

    /// By FIN or by a reset, with its whole request here: nobody is left to read the answer.
    @Test(arguments: [false, true]) func aClientThatLeavesTheQueueIsHeardOfByNoBackend(isReset: Bool) {
        let bench = Bench(requestsMax: 1)
        _ = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let busy = bench.latest
        let client = bench.client("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
        let patient = bench.client("GET /patient HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(bench.worker.waiting.count == 2)
        bench.end(client, isReset ? .failed(.reset) : .ended)
        #expect(bench.worker.waiting.count == 1)
        #expect(bench.isClosed(client))
        let line = bench.log()
        #expect(line.contains("/gone") && line.contains("client_gone"), "\(line)")
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        bench.pass(10_000_000)
        #expect(bench.got(busy).contains("GET /patient HTTP/1.1\r\n"))
        bench.say(busy, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        bench.pass(10_000_000)
        #expect(bench.got(patient).hasSuffix("ok"))
        #expect(!bench.got(busy).contains("/gone"))
        bench.expectRest()
    }

    @Test func aSessionThatWaitsForItsBackendHoldsNobodyUpThatMayGoElsewhere() throws {
        var pool = PoolSpec()
        pool.sticky = StickySpec(cookie: "lb", ttl: .seconds(1000))
        let bench = Bench(backends: 2, requestsMax: 1, pool: pool)
        let first = bench.client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        let own = bench.latest
        bench.say(own, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let start = try #require(bench.got(first).firstRange(of: "lb=")?.lowerBound)
        let cookie = bench.got(first)[start...].prefix { $0 != ";" && $0 != "\r\n" }
        func inSession(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\nCookie: \(cookie)\r\n\r\n" }
        _ = bench.client(inSession("/2"))
        #expect(bench.got(own).contains("GET /2 "))
        _ = bench.client("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
        let other = bench.latest
        #expect(bench.got(other).contains("GET /3 "))
        // Both are full. The head of the queue wants its own; the one behind it takes any.
        _ = bench.client(inSession("/4"))
        _ = bench.client("GET /5 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(bench.worker.waiting.count == 2)
        bench.say(other, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        bench.pass(10_000_000)
        #expect(bench.got(other).contains("GET /5 "))
        #expect(bench.worker.waiting.count == 1)
        bench.say(own, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        bench.pass(10_000_000)
        #expect(bench.got(own).contains("GET /4 "))
        bench.expectRest()
    }
}
