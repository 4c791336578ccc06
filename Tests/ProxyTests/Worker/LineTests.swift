import Model
import Testing

@testable import Proxy

/// Requests that wait for a backend with room never wait beside one that they could have.
@Suite struct LineTests {
    private static let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    private static func get(_ path: String, cookie: String? = nil) -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(cookie.map { "Cookie: \($0)\r\n" } ?? "")\r\n"
    }

    /// What the first answer of a session sets, as it is sent back.
    private func cookie(in answer: String) -> String? {
        guard let start = answer.firstRange(of: "lb=")?.lowerBound else { return nil }
        return String(answer[start...].prefix { $0 != ";" && $0 != "\r\n" })
    }

    /// It was tried where there is room, and waits for another backend; those behind it have been tried nowhere.
    @Test func aRequestThatWasTriedElsewhereHoldsNobodyUp() {
        let bench = Bench(backends: 2, requestsMax: 1) { _, timeouts in timeouts.queue = .seconds(30) }
        _ = bench.client(Self.get("/slow"))
        let busy = bench.latest
        _ = bench.client(Self.get("/first"))
        let failing = bench.latest
        #expect(failing != busy && bench.got(failing).contains("GET /first "))
        bench.end(failing)
        #expect(bench.worker.waiting.count == 1)
        bench.pass(5_000_000)
        _ = bench.client(Self.get("/behind"))
        bench.pass(10_000_000)
        #expect(bench.got(bench.latest).contains("GET /behind "))
        bench.expectRest()
    }

    /// Another worker stands still with an older request: it may be passed after a moment, again and again.
    @Test func aWorkerThatIsStuckIsPassedEveryTime() {
        let bench = Bench(requestsMax: 1) { _, timeouts in timeouts.queue = .seconds(30) }
        let claim = OldestWaiter.claim(Instant(nanoseconds: 1_000_000), worker: 5)
        bench.live.tickets[0].oldestWaiter.assert(claim)
        bench.live.waiters[0].add(1)
        var backend: Int32?
        for path in ["/1", "/2", "/3"] {
            _ = bench.client(Self.get(path))
            bench.pass(10_000_000)
            bench.pass(30_000_000)
            bench.pass(10_000_000)
            let socket = backend ?? bench.latest
            backend = socket
            #expect(bench.got(socket).contains("GET \(path) "))
            bench.say(socket, Self.empty)
        }
        bench.live.tickets[0].oldestWaiter.retract(claim, next: 0)
        bench.live.waiters[0].add(-1)
        bench.expectRest()
    }

    /// A drain leaves its sessions to a backend that has room; the pool's requests wait for others.
    @Test func aSessionOfABackendThatDrainsDoesNotWaitForThePoolsLine() throws {
        let pool = PoolSpec(sticky: StickySpec(cookie: "lb", ttl: .seconds(1000)))
        let bench = Bench(backends: 2, requestsMax: 1, pool: pool) { _, timeouts in timeouts.queue = .seconds(30) }
        let first = bench.client(Self.get("/1"))
        bench.say(bench.latest, Self.empty)
        let cookie = try #require(self.cookie(in: bench.got(first)))
        bench.live.setAvailability(0, .draining)
        bench.publish(draining: [0])
        for _ in 0..<20 { _ = bench.client(Self.get("/queued")) }
        #expect(bench.worker.waiting.count == 19)
        _ = bench.client(Self.get("/session", cookie: cookie))
        #expect(bench.worker.waiting.count == 19)
        #expect(bench.script.sockets.contains { bench.got($0).contains("GET /session ") })
        bench.expectRest()
    }

    /// What a cut sends elsewhere goes out between two turns, and the answer may be there when the next one looks.
    @Test func anAnswerThatIsQuickAfterACutIsAnAnswer() {
        let bench = Bench(backends: 2, requestsMax: 1)
        _ = bench.client(Self.get("/a"))
        let first = bench.latest
        _ = bench.client(Self.get("/b"))
        let second = bench.latest
        bench.say(second, Self.empty)
        bench.publish(draining: [0])
        bench.publish(draining: [0], cuts: [0])
        #expect(bench.isClosed(first))
        bench.say(second, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(second).contains("GET /a "))
        #expect(!bench.isClosed(second) && bench.latest == second)
        bench.expectRest()
    }

    /// The keep-alive race: the same backend, on a fresh connection.
    @Test func theSameBackendAgainIsNoMove() {
        let bench = Bench()
        let client = bench.client(Self.get("/1"))
        let first = bench.latest
        bench.say(first, Self.empty)
        bench.say(client, Self.get("/2"))
        bench.end(first)
        bench.say(bench.latest, Self.empty)
        #expect(bench.counters.backends[0].requests == 2 && bench.counters.backends[0].retriedAway == 0)
        bench.expectRest()
    }

    @Test func theBeginningOfTheSecondAttemptsAnswerIsHeldAsLongAsThatOfTheFirst() {
        let bench = Bench(backends: 3)
        let client = bench.client(Self.get("/1"))
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        bench.pass(80_000_000)
        bench.end(bench.latest)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        bench.pass(30_000_000)
        #expect(bench.got(client).isEmpty)
        bench.expectRest()
    }

    /// Clients that come, sessions, answers, ends and drains in any order, at one worker or two: whatever has happened, no
    /// request still waits a moment later for a backend that has room for it, and at the end no claim and no count is left.
    @Test(arguments: 0..<8) func noRequestWaitsBesideRoomThatItCouldHave(block: UInt64) {
        for seed in block * 25..<(block + 1) * 25 {
            var random = SplitMix(seed &* 7919 &+ 1)
            let count = Int.random(in: 1...3, using: &random)
            let isSticky = Bool.random(using: &random)
            let pool = PoolSpec(sticky: isSticky ? StickySpec(cookie: "lb", ttl: .seconds(1000)) : nil)
            let live = LiveTable()
            let benches = (0..<Int.random(in: 1...2, using: &random)).map { number in
                Bench(
                    backends: count,
                    requestsMax: 1,
                    pool: pool,
                    clientsMax: 1024,
                    live: live,
                    number: number
                ) { _, timeouts in
                    timeouts.queue = .seconds(600)
                    timeouts.clientIdle = .seconds(10_000)
                    timeouts.upstreamIdle = .seconds(10_000)
                }
            }
            var cookies: [String] = []
            var draining = Set<Int>()
            func turnAll(_ times: Int) { for _ in 0..<times { for bench in benches { bench.pass(3_000_000) } } }
            for _ in 0..<40 {
                let bench = benches[Int.random(in: 0..<benches.count, using: &random)]
                let backends = bench.script.sockets.filter { !bench.isClosed($0) && bench.got($0).hasPrefix("GET ") }
                switch Int.random(in: 0..<10, using: &random) {
                case 0...3:
                    let cookie = Bool.random(using: &random) ? cookies.randomElement(using: &random) : nil
                    let client = bench.client(Self.get("/x", cookie: cookie))
                    if let found = self.cookie(in: bench.got(client)) { cookies.append(found) }
                case 4...6:
                    if let socket = backends.randomElement(using: &random) { bench.say(socket, Self.empty) }
                    for socket in bench.script.sockets where cookies.count < 4 && bench.got(socket).hasPrefix("HTTP/") {
                        if let found = self.cookie(in: bench.got(socket)) { cookies.append(found) }
                    }
                case 7:
                    if let socket = backends.randomElement(using: &random) { bench.end(socket) }
                case 8:
                    let backend = Int.random(in: 0..<count, using: &random)
                    let isBack = draining.remove(backend) != nil
                    if !isBack, draining.count + 1 < count { draining.insert(backend) }
                    for bench in benches { bench.publish(draining: draining) }
                    live.setAvailability(UInt32(backend), draining.contains(backend) ? .draining : .serving)
                default:
                    turnAll(2)
                }
                guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
                turnAll(24)
                for bench in benches {
                    for exchange in 0..<UInt32(bench.worker.exchanges.walkEnd)
                    where bench.worker.exchanges.isTaken(exchange) && bench.worker.exchanges[exchange].isWaiting {
                        let waiter = bench.worker.exchanges[exchange]
                        let couldHave = (0..<count).first { backend in
                            guard live.backends[backend].inFlight == 0, !waiter.tried.contains(UInt32(backend)) else {
                                return false
                            }
                            return waiter.boundTo == .max
                                ? !draining.contains(backend) : waiter.boundTo == UInt32(backend)
                        }
                        #expect(couldHave == nil, "seed \(seed): a request waits beside backend \(couldHave ?? -1)")
                    }
                }
            }
            for bench in benches {
                for socket in bench.script.sockets where !bench.isClosed(socket) {
                    bench.end(socket, .failed(.reset))
                }
            }
            for _ in 0..<40 { for bench in benches { bench.pass(seconds: 100) } }
            for bench in benches {
                #expect(bench.worker.exchangeCount == 0 && bench.worker.waiting.count == 0, "seed \(seed)")
                #expect(bench.worker.waiting.lineCount == 0 && bench.worker.buffersTaken == 0, "seed \(seed)")
            }
            #expect(live.waiters[0].isZero && live.tickets[0].oldestWaiter.claim == 0, "seed \(seed)")
            for backend in 0..<count {
                #expect(live.backends[backend].inFlight == 0 && live.backends[backend].oldestWaiter.claim == 0)
            }
            #expect(live.full.word(0) == 0, "seed \(seed)")
        }
    }
}
