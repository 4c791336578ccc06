import Model
import Testing

@testable import Proxy

/// A pool's own timeouts and retries.
@Suite struct PatienceTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func bench(backends: Int = 2, _ adjust: (inout PoolSpec) -> Void) -> Bench {
        var spec = PoolSpec()
        adjust(&spec)
        return Bench(backends: backends, pool: spec)
    }

    @Test func poolsOwnTimeoutBeatsTheProcesss() {
        let bench = bench { $0.timeouts.responseFirstByte = .seconds(1) }
        let client = bench.client(Self.get)
        bench.pass(seconds: 1)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 504 "))
        bench.expectRest()
    }

    @Test func everyTimeoutOfAPoolIsItsOwn() {
        var pool = PoolSpec()
        pool.timeouts.connect = .milliseconds(1)
        pool.timeouts.queue = .milliseconds(2)
        pool.timeouts.responseFirstByte = .milliseconds(3)
        pool.timeouts.responseStall = .milliseconds(4)
        pool.timeouts.total = .milliseconds(5)
        let own = PoolPatience(pool, WorkerSettings())
        #expect(
            [own.connectNs, own.queueNs, own.responseFirstByteNs, own.responseStallNs, own.totalNs]
                == [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]
        )
        var timeouts = Timeouts()
        timeouts.connect = .milliseconds(6)
        timeouts.queue = .milliseconds(7)
        timeouts.responseFirstByte = .milliseconds(8)
        timeouts.responseStall = .milliseconds(9)
        let common = PoolPatience(PoolSpec(), WorkerSettings(timeouts: timeouts))
        #expect(
            [common.connectNs, common.queueNs, common.responseFirstByteNs, common.responseStallNs, common.totalNs]
                == [6_000_000, 7_000_000, 8_000_000, 9_000_000, 0]
        )
    }

    /// Each ends what it is for, and only that.
    @Test func anAnswerThatStallsAndOneThatDoesNotBeginHaveTheirOwnPatience() {
        let bench = bench {
            $0.timeouts.responseFirstByte = .seconds(10)
            $0.timeouts.responseStall = .seconds(3)
        }
        let late = bench.client(Self.get)
        let lateBackend = bench.latest
        let stalled = bench.client(Self.get)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome")
        bench.pass(seconds: 2)
        #expect(!bench.isClosed(stalled))
        bench.pass(seconds: 1)
        #expect(bench.isClosed(stalled))
        #expect(bench.log().contains("connection_read_timeout"))
        bench.pass(seconds: 5)
        bench.say(lateBackend, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(late).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func totalTimeoutEndsARequestThatGetsOn() {
        let bench = bench { $0.timeouts.total = .seconds(10) }
        let client = bench.client(Self.get)
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in 0..<9 {
            bench.pass(seconds: 1)
            bench.say(backend, "more")
        }
        #expect(!bench.isClosed(client))
        bench.pass(seconds: 1)
        #expect(bench.isClosed(client))
        #expect(bench.log().contains("total_timeout"))
        bench.expectRest()
    }

    @Test func totalTimeoutOfARequestDoesNotOutliveIt() {
        let bench = bench { $0.timeouts.total = .seconds(10) }
        let client = bench.client(Self.get)
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        bench.pass(seconds: 9)
        bench.say(client, Self.get)
        bench.pass(seconds: 9)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    /// Our 100 comes when the client's own deadline has passed, and that is the timer that watches over all of them.
    @Test func totalTimeoutHoldsForAClientThatWaitsForAContinue() {
        let bench = bench { $0.timeouts.total = .seconds(3) }
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        bench.pass(Exchange.continueNs)
        #expect(bench.got(client) == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.pass(seconds: 2)
        #expect(bench.got(client).contains("\r\n\r\nHTTP/1.1 408 "))
        bench.end(client)
        #expect(bench.log().contains("client_timeout"))
        bench.expectRest()
    }

    @Test func statusThatThePoolRetriesIsAskedForElsewhere() {
        let bench = bench { $0.retry.on = [.status503] }
        let client = bench.client(Self.get)
        let first = bench.latest
        bench.say(first, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
        #expect(bench.got(client).isEmpty)
        #expect(bench.latest != first)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func statusThatEverybodyAnswersIsPassedOn() {
        let bench = bench { $0.retry.on = [.status503] }
        let client = bench.client(Self.get)
        bench.say(bench.latest, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
        bench.say(bench.latest, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\ntoo!")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 503 Busy\r\n"))
        #expect(bench.got(client).hasSuffix("too!"))
        bench.expectRest()
    }

    @Test func statusOfAnotherMethodOrAnotherStatusIsPassedOn() {
        for (request, status) in [("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 503), (Self.get, 500)] {
            let bench = bench { $0.retry.on = [.status503] }
            let client = bench.client(request)
            bench.say(bench.latest, "HTTP/1.1 \(status) No\r\nContent-Length: 2\r\n\r\nno")
            #expect(bench.got(client).hasSuffix("no"))
            bench.expectRest()
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 404 Not Fo", "HTTP/1.1 404 Not Found\r\nX-First: a value longer than the whole next head\r\n",
    ])
    func backendThatDoesNotAnswerInTimeIsLeftWhereThePoolSaysSo(beginning: String) {
        let bench = bench {
            $0.retry.on = [.timeout]
            $0.timeouts.responseFirstByte = .seconds(1)
        }
        let client = bench.client(Self.get)
        let first = bench.latest
        if !beginning.isEmpty { bench.say(first, beginning) }
        bench.pass(seconds: 1)
        #expect(bench.latest != first)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func withoutRetriesTheFirstFailureIsTheLast() {
        let bench = bench { $0.retry.max = 0 }
        bench.script.connectsAtOnce = false
        let client = bench.client(Self.get)
        bench.script.finishConnect(bench.latest, .failed(.refused))
        bench.settle()
        #expect(bench.got(client).hasPrefix("HTTP/1.1 503 "))
        bench.expectRest()
    }

    // MARK: whose fault it was

    /// The total timeout of a pool is shorter than what its backends may take: one that hangs is found out all the same.
    @Test func aRequestThatWasWhollySentAndTookTooLongSpeaksAgainstItsBackend() {
        let bench = bench(backends: 1) { $0.timeouts.total = .seconds(1) }
        for count in 1...3 as ClosedRange<UInt32> {
            let client = bench.client(Self.get)
            bench.pass(seconds: 1)
            #expect(bench.got(client).hasPrefix("HTTP/1.1 504 "))
            #expect(bench.live.backends[0].failuresInRow == count)
        }
        #expect(bench.log().contains("total_timeout"))
        bench.expectRest()
    }

    @Test func aClientThatStallsItsUploadIsToldSoAndItsBackendIsNotBlamed() {
        let bench = bench(backends: 1) { $0.timeouts.total = .seconds(1) }
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nsome")
        bench.pass(seconds: 1)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 408 "))
        #expect(bench.live.backends[0].failuresInRow == 0)
        bench.end(client)
        #expect(bench.log().contains("client_timeout"))
        bench.expectRest()
    }

    @Test func aBackendThatReadsNoMoreOfAnUploadIsBlamedForTheTime() {
        let bench = bench(backends: 1) { $0.timeouts.total = .seconds(1) }
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
        bench.block(bench.latest)
        bench.say(client, String(repeating: "x", count: 10_000))
        bench.pass(seconds: 1)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 504 "))
        #expect(bench.live.backends[0].failuresInRow == 1)
        bench.end(client)
        bench.expectRest()
    }

    @Test func aRequestThatOnlyQueuedForAllOfItsTimeIsSafeToRepeat() {
        var spec = PoolSpec()
        spec.timeouts.total = .seconds(1)
        spec.timeouts.queue = .seconds(30)
        let bench = Bench(requestsMax: 1, pool: spec)
        let busy = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.pass(500_000_000)
        let client = bench.client(Self.get)
        bench.say(bench.latest, "")
        bench.pass(seconds: 1)
        #expect(bench.got(busy).hasPrefix("HTTP/1.1 504 "))
        // It had the place for a moment only, or none at all: never long enough to blame anything on it.
        #expect(bench.got(client).hasPrefix("HTTP/1.1 50"))
        bench.expectRest()
    }

    /// 503 says that no backend has seen the request.
    @Test func aRequestThatWasLostAndThenWaitsInVainIsNotSaidToBeUnseen() {
        var spec = PoolSpec()
        spec.timeouts.queue = .seconds(1)
        let bench = Bench(backends: 2, requestsMax: 1, pool: spec)
        _ = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let client = bench.client(Self.get)
        bench.end(bench.latest)
        #expect(bench.worker.waiting.count == 1)
        bench.pass(seconds: 1)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        #expect(bench.log().contains("connection_terminated"))
        bench.expectRest()
    }

    @Test func aRequestThatWasLostAndThenFindsNoConnectionIsNotSaidToBeUnseen() {
        let bench = bench(backends: 2) { _ in }
        let client = bench.client(Self.get)
        let first = bench.latest
        bench.script.connectsAtOnce = false
        bench.end(first)
        while let socket = bench.script.sockets.last(where: { bench.script.wires[$0]!.connect != nil }) {
            bench.script.finishConnect(socket, .failed(.refused))
            bench.settle()
        }
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        bench.expectRest()
    }

    // MARK: clients that have ended their side

    @Test(arguments: [ClientFin.finish, .cancel])
    func aClientsFinEndsItsRequestOnlyWhereThePoolSaysSo(_ fin: ClientFin) {
        let bench = bench(backends: 2) { $0.onClientFin = fin }
        let client = bench.client(Self.get)
        let backend = bench.latest
        bench.end(client)
        #expect(bench.isClosed(backend) == (fin == .cancel))
        if fin == .finish {
            bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(bench.got(client).hasSuffix("ok"))
        }
        #expect(bench.isClosed(client))
        #expect(bench.inFlight == 0)
        bench.expectRest()
    }

    @Test func aFailedAttemptIsNotRepeatedForAClientThatHasEndedItsSide() {
        let bench = bench(backends: 2) { _ in }
        let client = bench.client(Self.get)
        let backend = bench.latest
        bench.end(client)
        let before = bench.script.sockets.count
        bench.end(backend)
        #expect(bench.script.sockets.count == before, "another backend was asked")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        bench.expectRest()
    }
}
