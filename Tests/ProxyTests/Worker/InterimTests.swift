import Foundation
import Model
import Testing

@testable import Proxy

@Suite struct InterimTests {
    @Test func anInterimAnswerThatEndsWhileTheNextAttemptConnectsLeavesItAlone() {
        let bench = Bench(backends: 2)
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.block(client)
        bench.say(bench.latest, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        let first = bench.latest
        bench.script.connectsAtOnce = false
        // Another receive is out only once the interim answer is; the backend's end is met by a send instead.
        bench.block(client, false)
        bench.end(first, .failed(.reset))
        let second = bench.latest
        #expect(second != first)
        bench.script.finishConnect(second)
        bench.settle()
        bench.say(second, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 103 Early Hints\r\n"))
        #expect(bench.got(client).contains("HTTP/1.1 200 OK\r\n"))
        bench.expectRest()
    }

    @Test func aContinueOfOursMayComeWhileTheNextAttemptConnects() {
        let bench = Bench(backends: 2)
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        bench.script.connectsAtOnce = false
        bench.end(bench.latest)
        let second = bench.latest
        #expect(bench.script.wires[second]!.connect != nil)
        bench.pass(Exchange.continueNs)
        #expect(bench.got(client) == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.pass(seconds: 1)
        // The connect has its own deadline still, and not that of an answer.
        #expect(bench.isClosed(second))
        bench.expectRest()
    }

    @Test func aContinueOfOursMayComeWhileTheRequestIsQueued() {
        let bench = Bench(backends: 2, requestsMax: 1)
        let other = bench.client("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        bench.end(bench.latest)
        #expect(bench.worker.waiting.count == 1)
        bench.pass(Exchange.continueNs)
        #expect(bench.got(client) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(bench.got(other) == "")
        bench.expectRest()
    }

    @Test func aContinueOfOursDoesNotComeBetweenAHeldAnswerAndItsBody() {
        let bench = Bench()
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        let backend = bench.latest
        bench.pass(Exchange.continueNs - 50_000_000)
        #expect(bench.got(client) == "")
        bench.say(backend, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nbo")
        bench.pass(60_000_000)
        bench.say(backend, "dy")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 401 "))
        #expect(bench.got(client).hasSuffix("\r\n\r\nbody"))
        bench.expectRest()
    }

    @Test func interimAnswersDoNotPutTheFinalOneOff() {
        let bench = Bench { _, timeouts in timeouts.responseFirstByte = .seconds(10) }
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let backend = bench.latest
        for _ in 0..<9 {
            bench.pass(seconds: 1)
            bench.say(backend, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        }
        #expect(!bench.isClosed(backend))
        bench.pass(seconds: 1)
        #expect(bench.isClosed(backend))
        #expect(bench.got(client).contains("HTTP/1.1 504 Gateway Timeout\r\n"))
        bench.expectRest()
    }

    /// On a thread whose stack holds the loop and little more.
    @Test(arguments: ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
    func interimAnswersThatGoNoFurtherTakeNoStack(_ request: String) {
        let isDone = DispatchSemaphore(value: 0)
        let thread = Thread {
            let bench = Bench()
            let client = bench.client(request)
            let interims = String(repeating: "HTTP/1.1 100\r\n\r\n", count: 20_000)
            bench.say(bench.latest, interims + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(bench.got(client).hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(bench.got(client).hasSuffix("\r\n\r\nok"))
            bench.expectRest()
            isDone.signal()
        }
        thread.stackSize = 512 * 1024
        thread.start()
        isDone.wait()
    }

    @Test func interimAnswersDoNotPutOffTheReadingOfTheRequest() {
        let bench = Bench { _, timeouts in timeouts.responseStall = .seconds(10) }
        bench.script.connectsAtOnce = false
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        let backend = bench.latest
        bench.script.wires[backend]!.isBlocked = true
        bench.script.finishConnect(backend)
        bench.settle()
        for _ in 0..<9 {
            bench.pass(seconds: 1)
            bench.say(backend, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        }
        #expect(!bench.isClosed(backend))
        bench.pass(seconds: 1)
        #expect(bench.isClosed(backend))
        #expect(bench.got(client).contains("HTTP/1.1 502 Bad Gateway\r\n"))
        bench.expectRest()
    }

    @Test func aClientThatExpectsContinueAndThenStopsReadingIsCutOff() {
        let bench = Bench { _, timeouts in timeouts.clientStall = .seconds(2) }
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
        bench.block(client)
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        bench.pass(seconds: 2)
        bench.pass(seconds: 2)
        #expect(bench.isClosed(client))
        bench.expectRest()
    }
}
