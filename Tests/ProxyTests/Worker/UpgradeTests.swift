import Model
import Testing

@testable import Proxy

@Suite struct UpgradeTests {
    private func request(_ upgrade: String, _ more: String = "") -> String {
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: \(upgrade)\r\n\(more)\r\n"
    }

    @Test func bytesPassBothWaysOnceTheBackendHasSwitched() {
        let bench = Bench()
        let client = bench.client(request("websocket") + "early")
        let backend = bench.latest
        #expect(bench.got(backend).contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"))
        #expect(!bench.got(backend).hasSuffix("early"), "nothing before the 101 (CVE-2026-2833)")
        bench.say(backend, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 101 ") && bench.got(client).hasSuffix("\r\n\r\nfirst"))
        #expect(bench.got(backend).hasSuffix("\r\n\r\nearly"))
        bench.say(client, "ping")
        bench.say(backend, "pong")
        #expect(bench.got(backend).hasSuffix("earlyping") && bench.got(client).hasSuffix("firstpong"))
        // Each direction ends by itself.
        bench.end(client)
        #expect(bench.script.wires[backend]!.isShut && !bench.isClosed(client))
        bench.say(backend, "last")
        #expect(bench.got(client).hasSuffix("firstponglast"))
        bench.end(backend)
        #expect(bench.isClosed(client) && bench.isClosed(backend))
        bench.expectRest()
    }

    /// HTTP/2 in the clear would carry requests that nobody here sees.
    @Test(arguments: ["h2c", "H2C", "websocket, h2c", "foo/1,\th2C/2"])
    func anUpgradeToHTTP2IsNotPassedOn(_ upgrade: String) {
        let bench = Bench()
        let client = bench.client(request(upgrade, "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"))
        let sent = bench.got(bench.latest)
        #expect(sent.hasPrefix("GET / HTTP/1.1\r\n") && !sent.contains("pgrade") && !sent.contains("HTTP2"))
        bench.say(bench.latest, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
        #expect(bench.got(client).hasPrefix("HTTP/1.1 502 "))
        bench.expectRest()
    }

    @Test func theLimitOfBodiesIsNoneOfATunnel() {
        let bench = Bench { limits, _ in limits.bodyBytesMax = 8 }
        let client = bench.client(request("websocket"))
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        bench.say(client, "more than eight bytes")
        bench.say(client, ", and more")
        #expect(bench.got(backend).hasSuffix("more than eight bytes, and more"))
        #expect(!bench.isClosed(client))
        bench.end(client)
        bench.end(backend)
        bench.expectRest()
    }

    @Test func theTotalTimeoutIsNoneOfATunnel() {
        var pool = PoolSpec()
        pool.timeouts.total = .seconds(10)
        let bench = Bench(pool: pool)
        let client = bench.client(request("websocket"))
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        bench.pass(seconds: 60)
        bench.say(client, "still here")
        #expect(bench.got(backend).hasSuffix("still here"))
        #expect(!bench.isClosed(client))
        bench.end(client)
        bench.end(backend)
        bench.expectRest()
    }

    @Test func whatIsSentIntoATunnelThatIsRefusedIsNoRequest() {
        let bench = Bench()
        let client = bench.client(
            "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        #expect(bench.got(client).hasPrefix("HTTP/1.1 405 "))
        #expect(bench.got(client).contains("Connection: close\r\n"))
        #expect(bench.script.sockets == [client])
        #expect(bench.script.wires[client]!.isShut)
        bench.expectRest()
    }

    @Test func anUpgradeBehindABodyIsNotPassedOn() {
        let bench = Bench()
        _ = bench.client(request("websocket", "Content-Length: 2\r\n") + "hi")
        #expect(!bench.got(bench.latest).contains("pgrade") && bench.got(bench.latest).hasSuffix("hi"))
        bench.expectRest()
    }

    @Test func anIdleTunnelEndsInItsTimeAlsoWhereContinueWasExpected() {
        let bench = Bench { _, timeouts in timeouts.tunnelIdle = .seconds(3) }
        let client = bench.client(request("websocket", "Expect: 100-continue\r\n"))
        bench.say(
            bench.latest,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        bench.pass(seconds: 3)
        #expect(bench.isClosed(client))
        bench.expectRest()
    }
}
