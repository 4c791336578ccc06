import Model
import Testing

@testable import Proxy

@Suite struct RelayTests {
    @Test func aRequestIsRelayedAndItsConnectionsAreKept() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let backend = bench.latest
        #expect(bench.got(backend).hasPrefix("GET / HTTP/1.1\r\nHost: a\r\n"))
        #expect(bench.inFlight == 1)
        bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.got(client).hasSuffix("\r\n\r\nok"))
        #expect(bench.inFlight == 0)
        bench.say(client, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(bench.latest == backend)
        #expect(bench.got(backend).contains("GET /2 HTTP/1.1\r\n"))
        bench.expectRest()
    }

    @Test func aHeldAnswerThatGoesOutToABlockedClientTakesItsRestLater() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let backend = bench.latest
        bench.block(client)
        bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        bench.pass(Exchange.holdNs)
        bench.say(backend, "body")
        bench.block(client, false)
        #expect(bench.got(client).hasSuffix("\r\n\r\nbody"))
        bench.expectRest()
    }

    @Test func aRequestSentAgainHasItsFirstByteDeadlineAgain() {
        let bench = Bench(backends: 2) { _, timeouts in
            timeouts.responseFirstByte = .seconds(3)
            timeouts.responseStall = .seconds(60)
        }
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.end(bench.latest)
        let second = bench.latest
        #expect(bench.got(second).hasPrefix("GET / HTTP/1.1\r\n"))
        bench.pass(seconds: 3)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 504 "))
        bench.expectRest()
    }

    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// A client with a kept connection to a backend, which then sends `request` of a few pieces; the backend closes when it
    /// has all of it. What the backend's next connection got, and what the client did.
    private func sentAgain(_ pieces: [String], endsAfter: Int) -> (backend: String, client: String) {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.say(bench.latest, Self.answer)
        let first = bench.latest
        for (index, piece) in pieces.enumerated() {
            if index == endsAfter { bench.end(first) }
            bench.say(client, piece)
        }
        if endsAfter == pieces.count { bench.end(first) }
        let second = bench.latest
        let backend = second == first ? "" : bench.got(second)
        if second != first { bench.say(second, Self.answer) }
        let answers = String(bench.got(client).dropFirst(Self.answer.count))
        bench.expectRest()
        return (backend, answers)
    }

    @Test(arguments: [1, 2, 3])
    func aBodyUpToTheLimitIsSentAgainWhole(endsAfter: Int) {
        let body = String(repeating: "0123456789abcdef", count: 4096)
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n"
        let again = sentAgain(
            [head, String(body.prefix(30_000)), String(body.dropFirst(30_000))],
            endsAfter: endsAfter
        )
        #expect(again.backend.hasSuffix("\r\n\r\n" + body))
        #expect(again.client.hasSuffix("ok"))
        #expect(!again.client.contains("502"))
    }

    @Test func aChunkedBodyIsSentAgainWhole() {
        let chunk = "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n"
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let again = sentAgain([head, String(repeating: chunk, count: 40), "0\r\n\r\n"], endsAfter: 3)
        #expect(again.backend.filter { $0 == "x" }.count == 40_000)
        #expect(again.backend.hasSuffix("\r\n0\r\n\r\n"))
        #expect(!again.client.contains("502"))
    }

    @Test(arguments: ["Content-Length: 65537", "Transfer-Encoding: chunked"])
    func aBodyBeyondTheLimitIsNotSentAgain(framing: String) {
        let body = String(repeating: "x", count: 65_537)
        let isChunked = framing.hasPrefix("T")
        let head = "PUT / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n"
        let again = sentAgain([head, isChunked ? "10001\r\n\(body)\r\n0\r\n\r\n" : body], endsAfter: 2)
        #expect(again.backend == "")
        #expect(again.client.contains("HTTP/1.1 502 "))
    }

    @Test func aPostIsNotSentTwiceOnceAnythingMayHaveBeenDelivered() {
        let bench = Bench(backends: 2)
        let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        let before = bench.script.sockets.count
        bench.end(bench.latest)
        #expect(bench.script.sockets.count == before)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        bench.expectRest()
    }

    @Test func aPostWhoseConnectWasRefusedGoesToAnotherBackend() {
        let bench = Bench(backends: 2)
        bench.script.connectsAtOnce = false
        let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        bench.script.finishConnect(bench.latest, .failed(.refused))
        bench.settle()
        bench.script.finishConnect(bench.latest)
        bench.settle()
        #expect(bench.got(bench.latest).hasSuffix("hi"))
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 204 "))
        bench.expectRest()
    }

    @Test func aChunkedBodyThatComesWithItsHeadIsHeldToTheLimitToo() {
        let bench = Bench { limits, _ in limits.bodyBytesMax = 8 }
        let fits = bench.client(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n0\r\n\r\n"
        )
        #expect(bench.got(bench.latest).hasSuffix("8\r\n12345678\r\n0\r\n\r\n"))
        #expect(bench.got(fits) == "")
        let before = bench.script.sockets.count
        let over = bench.client(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n"
        )
        #expect(bench.got(over).hasPrefix("HTTP/1.1 413 "))
        #expect(bench.script.sockets.count == before + 1, "nothing went to a backend")
        bench.expectRest()
    }

    @Test(arguments: [1000, 16_000, 30_000, 60_000])
    func aHostOfAnyLengthIsForwardedOrRefused(_ length: Int) {
        let bench = Bench()
        let host = String(repeating: "a", count: length)
        let client = bench.client("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        bench.settle()
        if bench.latest == client {
            #expect(bench.got(client).hasPrefix("HTTP/1.1 431 "))
        } else {
            #expect(bench.got(bench.latest).contains("X-Forwarded-Host: \(host)\r\n"))
        }
        bench.expectRest()
    }
}
