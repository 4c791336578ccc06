import Model
import Testing

@testable import Proxy

/// Rules of HTTP that take a whole worker to see.
@Suite struct ProtocolTests {
    private func trusting(_ network: String, unix: Bool = false) throws -> TrustedProxies {
        TrustedProxies([try #require(Network(network))], includesUnix: unix)
    }

    /// RFC 9110 §9.3.2: a client would take content behind an answer to HEAD for the next answer.
    @Test(arguments: [
        "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n", "HEAD /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/3.0\r\n\r\n",
        "\r\nHEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 60_000))\r\n\r\n",
        "HEAD /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func aRefusalOfHeadHasNoContent(_ request: String) {
        let bench = Bench()
        let client = bench.client(request)
        let text = bench.got(client)
        #expect(text.hasPrefix("HTTP/1.1 4") || text.hasPrefix("HTTP/1.1 505"))
        #expect(text.contains("\r\nContent-Length: ") && text.hasSuffix("\r\n\r\n"))
        bench.expectRest()
        let again = Bench()
        let other = again.client(request.replacing("HEAD", with: "PUSH"))
        #expect(!again.got(other).hasSuffix("\r\n\r\n"))
        again.expectRest()
    }

    @Test func aHeadThatDoesNotComeInTimeHasNoContentEither() {
        let bench = Bench()
        let client = bench.client("HEAD / HTTP/1.1\r\nHost: a\r\n")
        bench.pass(seconds: 10)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 408 ") && bench.got(client).hasSuffix("\r\n\r\n"))
        bench.expectRest()
    }

    /// RFC 9110 §7.6.2
    @Test func anOptionsWithoutForwardsLeftIsAnsweredHere() {
        let bench = Bench()
        let before = bench.script.sockets.count
        let client = bench.client("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
        let text = bench.got(client)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.contains("\r\nAllow: GET, ") && !text.contains("error="))
        #expect(bench.script.sockets.count == before + 1, "no backend saw it")
        #expect(bench.log().contains(" 200 ") && !bench.isClosed(client))
        bench.say(client, "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n")
        #expect(bench.got(bench.latest).contains("\r\nMax-Forwards: 0\r\n"))
        bench.say(client, "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(bench.got(client).contains("HTTP/1.1 405 "))
        bench.expectRest()
    }

    /// RFC 9110 §10.1.1: nobody waits for a 100 that HTTP/1.0 does not have.
    @Test func anExpectationOfHTTP10IsIgnored() {
        for value in ["100-continue", "tea"] {
            let bench = Bench()
            let client = bench.client("PUT / HTTP/1.0\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 2\r\n\r\n")
            #expect(!bench.got(bench.latest).contains("xpect"))
            bench.pass(Exchange.continueNs)
            #expect(bench.got(client) == "")
            let backend = bench.latest
            bench.say(client, "ok")
            bench.say(backend, "HTTP/1.1 204 No Content\r\n\r\n")
            #expect(bench.got(client).hasPrefix("HTTP/1.1 204 "))
            bench.expectRest()
        }
    }

    /// RFC 9110 §2.5, in both directions.
    @Test func aHigherMinorVersionIsServedAsOurs() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.2\r\nHost: a\r\n\r\n")
        let backend = bench.latest
        #expect(
            bench.got(backend).hasPrefix("GET / HTTP/1.1\r\n") && bench.got(backend).contains("\r\nVia: 1.2 lb\r\n")
        )
        bench.say(
            backend,
            "HTTP/1.2 103 Early Hints\r\n\r\nHTTP/1.2 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        )
        #expect(bench.got(client).hasPrefix("HTTP/1.1 103 ") && bench.got(client).hasSuffix("\r\n2\r\nok\r\n0\r\n\r\n"))
        #expect(bench.log().contains("\"GET / HTTP/1.2\" 200 2 "))
        // Both connections are kept.
        bench.say(client, "GET /2 HTTP/1.2\r\nHost: a\r\n\r\n")
        #expect(bench.latest == backend && bench.got(backend).contains("GET /2 HTTP/1.1\r\n"))
        bench.expectRest()
    }

    /// RFC 9110 §7.8: what a client has not asked for it cannot speak.
    @Test(arguments: ["Upgrade: h2c", "Upgrade: websocket, other", "Upgrade:", "Upgrade: web", "X: websocket"])
    func aSwitchToAnotherProtocolIsABadAnswer(_ field: String) {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 101 Switching Protocols\r\n\(field)\r\nConnection: Upgrade\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        bench.expectRest()
    }

    /// The kept request is what the answer is compared with, also where it begins behind room for a host.
    @Test func aSwitchToOneOfSeveralProtocolsIsPassedOn() {
        let bench = Bench()
        let client = bench.client(
            "GET / HTTP/1.1\r\nHost:\r\nConnection: Upgrade\r\nUpgrade: irc/6.9\r\nUpgrade: WebSocket\r\n\r\n"
        )
        bench.say(bench.latest, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 101 "))
        bench.end(client)
        bench.end(bench.latest)
        bench.expectRest()
    }

    // MARK: hosts that nobody names

    @Test func aRequestWithoutAHostAsksEachBackendForItself() {
        let bench = Bench(backends: 3)
        let client = bench.client("GET /x HTTP/1.0\r\n\r\n")
        var asked: Set<String> = []
        for _ in 0..<2 {
            let text = bench.got(bench.latest)
            let host = text.split(separator: "\r\n").first { $0.hasPrefix("Host: ") }
            asked.insert(String(host ?? ""))
            #expect(
                text.hasPrefix("GET /x HTTP/1.1\r\nHost: 127.0.0.1:800") && text.hasSuffix("\r\nVia: 1.0 lb\r\n\r\n")
            )
            bench.end(bench.latest)
        }
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(asked.count == 2)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 200 "))
        let line = bench.log()
        #expect(line.contains(" \"GET /x HTTP/1.0\" 200 2 b") && line.contains(" tries=3 "))
        bench.expectRest()
    }

    /// Attempts that fail while the request is on its way, and a body that outgrows its buffer: the room stays where it is.
    @Test func aRequestWithoutAHostKeepsItsBodyOverItsAttempts() {
        let bench = Bench(backends: 3)
        bench.script.connectsAtOnce = false
        let body = String(repeating: "b", count: 40_000)
        let client = bench.client(
            "PUT /x HTTP/1.0\r\nX-Request-Id: mine\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body.prefix(10)
        )
        let first = bench.latest
        bench.block(first)
        bench.script.finishConnect(first)
        bench.settle()
        bench.say(client, String(body.dropFirst(10)))
        bench.end(first, .failed(.reset))
        let second = bench.latest
        #expect(second != first)
        bench.script.finishConnect(second)
        bench.settle()
        let text = bench.got(second)
        #expect(text.hasPrefix("PUT /x HTTP/1.1\r\nHost: 127.0.0.1:800") && text.hasSuffix("\r\n\r\n" + body))
        #expect(text.ranges(of: "Host: ").count == 1)
        bench.say(second, "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(bench.log().contains(" id=mine\n"))
        bench.expectRest()
    }

    @Test func aRequestWithoutAHostThatNobodyTakesHasItsIdAllTheSame() {
        let bench = Bench(backends: 0)
        let client = bench.client("GET /x HTTP/1.0\r\nX-Request-Id: mine\r\n\r\n")
        #expect(
            bench.got(client).hasPrefix("HTTP/1.1 503 ") && bench.got(client).contains("\r\nX-Request-Id: mine\r\n")
        )
        let line = bench.log()
        #expect(line.contains("\"GET /x HTTP/1.0\" 503 ") && line.contains(" id=mine\n"))
        bench.expectRest()
    }

    // MARK: who the client is

    @Test func theLogAndTheBackendAreToldTheSameClient() throws {
        let bench = Bench(trusting: try trusting("127.0.0.0/8"))
        _ = bench.client(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, [::ffff:203.0.113.9]:4711, 127.0.0.3\r\n\r\n"
        )
        #expect(
            bench.got(bench.latest).contains("\r\nForwarded: for=203.0.113.9;host=\"a\";proto=http, for=127.0.0.1\r\n")
        )
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        let line = bench.log()
        #expect(line.contains("Z 203.0.113.9 \"GET / ") && line.contains(" peer=127.0.0.1 id="))
        bench.expectRest()
    }

    /// What the request before it said is no word about this one.
    @Test func eachRequestOfATrustedConnectionNamesItsOwnClient() throws {
        let bench = Bench(trusting: try trusting("127.0.0.0/8"))
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        bench.say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        bench.say(client, "GET / HTTP/1.1\r\nHost: a b\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
        let lines = bench.log().split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.map { $0.contains(" 203.0.113.9 ") } == [true, false, false])
        #expect(lines.map { $0.contains("Z 127.0.0.1 ") && !$0.contains(" peer=") } == [false, true, true])
        bench.expectRest()
    }

    @Test func theLogOfAProxyHeaderHasTheClientAndTheProxy() throws {
        let bench = Bench(trusting: try trusting("127.0.0.0/8"))
        bench.worker.listen(Socket(raw: 4), speaksProxyProtocol: true)
        let client = bench.client("PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(bench.got(bench.latest).contains("\r\nX-Forwarded-For: 203.0.113.7\r\n"))
        bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 204 "))
        let line = bench.log()
        #expect(line.contains("Z 203.0.113.7 \"GET / ") && line.contains(" peer=127.0.0.1 id="))
        bench.expectRest()
    }

    @Test func aPeerOnAUnixSocketCanBeTrusted() throws {
        for isTrusted in [false, true] {
            let bench = Bench(trusting: try trusting("10.0.0.0/8", unix: isTrusted))
            bench.script.peer = Endpoint(family: .unix, port: 0, low: 0)
            _ = bench.client("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
            let sent = bench.got(bench.latest)
            #expect(sent.contains("\r\nX-Forwarded-For: \(isTrusted ? "203.0.113.9" : "unknown")\r\n"))
            bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
            #expect(bench.log().contains("Z \(isTrusted ? "203.0.113.9" : "unknown") \"GET / "))
            bench.expectRest()
        }
    }

    // MARK: cookies

    @Test func noInterimAnswerBindsTheClient() throws {
        let bench = Bench(pool: PoolSpec(sticky: StickySpec(cookie: "lb")))
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 103 ") && !bench.got(client).contains("Set-Cookie"))
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.got(client).ranges(of: "Set-Cookie: lb=").count == 1)
        bench.expectRest()
    }
}
