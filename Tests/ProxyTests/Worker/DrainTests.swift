import Model
import Testing

@testable import Proxy

/// What a worker does for a backend that drains, and once its time is over.
@Suite struct DrainTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

    @Test func idleConnectionsAreClosedAtOnceAndCounted() {
        let bench = Bench()
        _ = bench.client(Self.get)
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(!bench.isClosed(backend))
        bench.publish(draining: [0])
        #expect(bench.isClosed(backend))
        #expect(bench.counters.drains[0].idleClosed == 1)
        bench.expectRest()
    }

    @Test func runningRequestsFinishAndTheirConnectionIsNotKept() {
        let bench = Bench()
        let client = bench.client(Self.get)
        let backend = bench.latest
        bench.publish(draining: [0])
        bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(bench.isClosed(backend))
        #expect(bench.counters.drains[0].cut == 0)
        bench.say(client, Self.get)
        #expect(bench.got(client).contains("HTTP/1.1 503 "))
        bench.expectRest()
    }

    @Test func outOfTimeAnIdempotentRequestGoesElsewhereAndNobodySeesIt() {
        let bench = Bench(backends: 2)
        let client = bench.client(Self.get)
        let first = bench.latest
        let index = bench.inFlight(0) == 1 ? 0 : 1
        bench.publish(draining: [index])
        bench.publish(draining: [index], cuts: [UInt32(index)])
        bench.settle()
        #expect(bench.isClosed(first))
        let second = bench.latest
        #expect(second != first)
        bench.say(second, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(bench.counters.drains[index].cut == 0)
        bench.expectRest()
    }

    /// The beginning of the first backend's head must not come before the second one's: its last field would be the
    /// second one's status line.
    @Test(arguments: [1, 17, 40]) func theBeginningOfAHeadGoesWithTheBackendThatIsOutOfTime(count: Int) {
        let bench = Bench(backends: 2)
        let client = bench.client(Self.get)
        let index = bench.inFlight(0) == 1 ? 0 : 1
        bench.say(bench.latest, String("HTTP/1.1 404 Not Found\r\nX-First: one, and more".prefix(count)))
        bench.publish(draining: [index], cuts: [UInt32(index)])
        bench.settle()
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func outOfTimeAPostThatWasSentIsCutAndCounted() {
        let bench = Bench(backends: 2)
        let client = bench.client(Self.post)
        let index = bench.inFlight(0) == 1 ? 0 : 1
        bench.publish(draining: [index], cuts: [UInt32(index)])
        bench.settle()
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        #expect(bench.got(client).contains("drain_deadline"))
        #expect(bench.counters.drains[index].cut == 1)
        bench.expectRest()
    }

    @Test func outOfTimeAPostWhoseConnectionIsNotThereYetGoesElsewhere() {
        let bench = Bench(backends: 2)
        bench.script.connectsAtOnce = false
        let client = bench.client(Self.post)
        let index = bench.inFlight(0) == 1 ? 0 : 1
        bench.publish(draining: [index], cuts: [UInt32(index)])
        bench.settle()
        bench.script.finishConnect(bench.latest)
        bench.settle()
        bench.say(bench.latest, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 201 "))
        #expect(bench.counters.drains[index].cut == 0)
        bench.expectRest()
    }

    @Test func outOfTimeAnAnswerThatHasBegunIsCutAndCounted() {
        let bench = Bench()
        let client = bench.client(Self.get)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbeginning")
        bench.publish(draining: [0], cuts: [0])
        bench.settle()
        #expect(bench.isClosed(client))
        #expect(bench.counters.drains[0].cut == 1)
        bench.expectRest()
    }

    @Test func outOfTimeATunnelIsClosedAndCountedAsAStream() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        bench.publish(draining: [0])
        bench.settle()
        #expect(!bench.isClosed(client))
        bench.publish(draining: [0], cuts: [0])
        bench.settle()
        #expect(bench.isClosed(client))
        #expect(bench.counters.drains[0].streamsClosed == 1)
        #expect(bench.counters.drains[0].cut == 0)
        bench.expectRest()
    }
}
