import Model
import Testing

@testable import Proxy

/// Backends whose names have several addresses, or come to stand for others.
@Suite struct AddressTests {
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func anIdleConnectionToAnAddressThatWasLeftIsClosedAtOnce() {
        let bench = Bench()
        let client = bench.client(Self.request)
        let old = bench.latest
        bench.say(old, Self.answer)
        #expect(!bench.isClosed(old))
        bench.portOffset = 100
        bench.publish()
        bench.settle()
        #expect(bench.isClosed(old))
        #expect(bench.counters.drains[0].idleClosed == 0, "it is no drain")
        bench.say(client, Self.request)
        #expect(bench.script.dialled == [8000, 8100])
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func aBusyConnectionToAnAddressThatWasLeftFinishesAndIsNotUsedAgain() {
        let bench = Bench()
        let client = bench.client(Self.request)
        let old = bench.latest
        bench.portOffset = 100
        bench.publish()
        bench.settle()
        #expect(!bench.isClosed(old))
        bench.say(old, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(bench.isClosed(old))
        bench.say(client, Self.request)
        #expect(bench.script.dialled == [8000, 8100])
        bench.expectRest()
    }

    /// Also when the address comes back meanwhile: what was left once is not worth remembering.
    @Test func aRequestThatConnectsToAnAddressThatWasLeftStartsOver() {
        let bench = Bench()
        bench.script.connectsAtOnce = false
        let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        let old = bench.latest
        bench.portOffset = 100
        bench.publish()
        bench.settle()
        #expect(bench.isClosed(old))
        #expect(bench.script.dialled == [8000, 8100])
        bench.script.finishConnect(bench.latest)
        bench.settle()
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(bench.live.backends[0].failuresInRow == 0)
        bench.expectRest()
    }

    @Test func withoutAnotherAttemptARequestConnectsOnToTheAddressThatWasLeft() {
        var pool = PoolSpec()
        pool.retry = RetrySpec(max: 0)
        let bench = Bench(pool: pool)
        bench.script.connectsAtOnce = false
        let client = bench.client(Self.request)
        let old = bench.latest
        bench.portOffset = 100
        bench.publish()
        bench.settle()
        #expect(!bench.isClosed(old))
        bench.script.finishConnect(old)
        bench.settle()
        bench.say(old, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(bench.isClosed(old))
        bench.expectRest()
    }

    @Test func connectionsToAnAddressThatStaysAreKept() {
        let bench = Bench(endpoints: 2)
        let client = bench.client(Self.request)
        let kept = bench.latest
        bench.say(kept, Self.answer)
        // 8000 and 8001 become 8001 and 8002, and back.
        for offset in [UInt16(1), 0] {
            bench.portOffset = offset
            bench.publish()
            bench.settle()
        }
        #expect(bench.isClosed(kept), "8000 was left")
        bench.say(client, Self.request)
        let second = bench.latest
        bench.say(second, Self.answer)
        bench.publish()
        bench.settle()
        #expect(!bench.isClosed(second))
        bench.expectRest()
    }

    @Test func addressesShareTheConnectTimeout() {
        let bench = Bench(endpoints: 4) { _, timeouts in timeouts.connect = .seconds(2) }
        bench.script.connectsAtOnce = false
        let client = bench.client(Self.request)
        #expect(bench.script.dialled == [8000])
        for tried in 2...4 {
            bench.pass(490_000_000)
            #expect(bench.script.dialled.count == tried - 1, "half a second is each one's share")
            bench.pass(10_000_000)
            #expect(bench.script.dialled.count == tried)
        }
        #expect(bench.script.dialled == [8000, 8001, 8002, 8003])
        bench.script.finishConnect(bench.latest)
        bench.settle()
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func anAddressThatRefusesLeavesItsTimeToTheOthers() {
        let bench = Bench(endpoints: 3) { _, timeouts in timeouts.connect = .seconds(3) }
        bench.script.connectsAtOnce = false
        bench.script.connectFaults = [8000: .refused]
        _ = bench.client(Self.request)
        #expect(bench.script.dialled == [8000, 8001])
        bench.pass(1_450_000_000)
        #expect(bench.script.dialled == [8000, 8001])
        bench.pass(50_000_000)
        #expect(bench.script.dialled == [8000, 8001, 8002])
        bench.expectRest()
    }

    @Test func connectingBeginsAtTheAddressThatWasConnectedToLast() {
        let bench = Bench(endpoints: 2) { _, timeouts in timeouts.connect = .seconds(2) }
        bench.script.connectsAtOnce = false
        let client = bench.client(Self.request.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
        bench.pass(seconds: 1)
        bench.script.finishConnect(bench.latest)
        bench.settle()
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("ok"))
        _ = bench.client(Self.request)
        #expect(bench.script.dialled == [8000, 8001, 8001])
        // When that one does not answer any more, it is the others' turn.
        bench.pass(seconds: 1)
        #expect(bench.script.dialled == [8000, 8001, 8001, 8000])
        bench.expectRest()
    }
}
