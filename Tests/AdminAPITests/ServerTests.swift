import Foundation
import HTTPWire
import Model
import Testing

@testable import AdminAPI

/// The port itself: bytes in, bytes out, bounds in size and time.
@Suite struct ServerTests {
    @Test func everyAnswerCarriesTheSecurityFields() throws {
        let admin = try AdminHarness()
        for path in ["/v1", "/v1/backends", "/nothing", "/healthz"] {
            let answer = try admin.ask("GET", path)
            #expect(answer.field("X-Content-Type-Options") == "nosniff")
            #expect(answer.field("Cache-Control") == "no-store")
            #expect(answer.field("Content-Security-Policy") == "default-src 'self'; frame-ancestors 'none'")
            #expect(answer.field("Cross-Origin-Resource-Policy") == "same-origin")
            #expect(answer.field("Access-Control-Allow-Origin") == nil)
            #expect(answer.field("Request-Id")?.count == 32)
            #expect(answer.field("Date")?.hasSuffix(" GMT") == true)
        }
    }

    /// RFC 9110 §9.3.2: a client would take content behind an answer to HEAD for its next answer.
    @Test(arguments: [
        "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n", "HEAD / HTTP/3.0\r\n\r\n", "HEAD /\u{E9} HTTP/1.1\r\n\r\n",
    ])
    func aRefusalOfHeadHasNoContent(_ bytes: String) throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(bytes)
        let answer = try client.receive(hasBody: false)
        #expect(answer.status >= 400 && answer.field("Content-Length") != "0")
        #expect(client.isClosed())
        // It serves only as long as the harness is there.
        withExtendedLifetime(admin) {}
    }

    @Test func problemsFollowTheStandard() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("GET", "/v1/backends/nope")
        #expect(answer.field("Content-Type") == "application/problem+json")
        #expect(answer["type"] == "/v1/problems/not-found")
        #expect(answer["code"] == "not-found")
        #expect(answer["status"] == "404")
        #expect(answer["title"] == "There is no such thing")
        #expect(answer["detail"] == "there is no backend \"nope\"")
        #expect(answer["request_id"] == answer.field("Request-Id"))
    }

    @Test func everyProblemHasAManualPage() throws {
        let admin = try AdminHarness()
        for kind in ProblemKind.allCases {
            let page = try admin.ask("GET", "/v1/problems/\(kind.rawValue)")
            #expect(page.status == 200)
            #expect(page.field("Content-Type") == "text/markdown; charset=utf-8")
            #expect(page.text.hasPrefix("# \(kind.title)\n"))
            let json = try admin.ask("GET", "/v1/problems/\(kind.rawValue)", nil, [("Accept", "application/json")])
            #expect(json["type"] == "/v1/problems/\(kind.rawValue)")
            #expect(json["status"] == "\(kind.status)")
        }
        let unknown = try admin.ask("GET", "/v1/problems/not-fuond")
        #expect(unknown.status == 404)
        #expect(unknown["hint"] == "did you mean /v1/problems/not-found?")
    }

    @Test func layoutIsForThePersonOrTheProgram() throws {
        let admin = try AdminHarness()
        let plain = try admin.ask("GET", "/healthz")
        #expect(plain.text == "{\"ok\":true}\n")
        for answer in [
            try admin.ask("GET", "/healthz", nil, [("User-Agent", "curl/8.5.0")]),
            try admin.ask("GET", "/healthz?pretty"),
        ] {
            #expect(answer.text == "{\n  \"ok\": true\n}\n")
        }
    }

    @Test func headHasTheFieldsOfGetAndNoBody() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/v1/backends"))
        let get = try client.receive()
        client.send(AdminHarness.request("HEAD", "/v1/backends") + AdminHarness.request("GET", "/healthz"))
        let head = try client.receive(hasBody: false)
        #expect(head.status == 200)
        #expect(head.field("Content-Length") == get.field("Content-Length"))
        #expect(head.field("ETag") == get.field("ETag"))
        #expect(try client.receive().text == "{\"ok\":true}\n")
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(
            AdminHarness.request("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#)
                + AdminHarness.request("GET", "/v1/backends/a")
                + AdminHarness.request("DELETE", "/v1/backends/a", nil, [("Connection", "close")])
        )
        #expect(try client.receive().status == 201)
        #expect(try client.receive()["name"] == "a")
        let last = try client.receive()
        #expect(last.status == 200)
        #expect(last.field("Connection") == "close")
        #expect(client.isClosed())
    }

    @Test func requestMayComeByteByByte() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        for byte in AdminHarness.request("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#).utf8 {
            client.send([byte])
        }
        #expect(try client.receive().status == 201)
    }

    @Test func oldClientsKeepTheConnectionOnlyWhenTheyAskTo() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.receive().field("Connection") == "keep-alive")
        client.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        #expect(try client.receive().field("Connection") == "close")
        #expect(client.isClosed())
    }

    @Test func chunkedBodyIsABody() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(
            "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n{\"url\r\n12\r\n\":\"http://10.0.0.1\r\n5\r\n:80\"}\r\n0\r\n\r\n"
        )
        let answer = try client.receive()
        #expect(answer.status == 201)
        #expect(answer["url"] == "http://10.0.0.1:80")
    }

    @Test func bodyOfAReadIsReadAndIgnored() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/healthz", "garbage") + AdminHarness.request("GET", "/v1"))
        #expect(try client.receive().status == 200)
        #expect(try client.receive()["version"] == "1.2.3")
    }

    @Test func continueIsSaidOnceTheHeadIsAdmitted() throws {
        let admin = try AdminHarness()
        let body = #"{"url":"http://a:80"}"#
        let client = try admin.client()
        client.send(
            "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n"
        )
        #expect(try client.receive().status == 100)
        client.send(body)
        #expect(try client.receive().status == 201)

        let refused = try admin.client()
        refused.send(
            "PUT /v1/backends/a HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        #expect(try refused.receive().status == 403)
        #expect(refused.isClosed())

        let large = try admin.client()
        large.send(
            "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n"
        )
        #expect(try large.receive().status == 413)
        #expect(try admin.ask("GET", "/healthz", nil, [("Expect", "200-ok")]).status == 417)
    }

    @Test(arguments: [
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", 400), ("hello\r\n\r\n", 400), ("\r\n\r\n\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: localhost\n\n", 400), ("GET /v1 HTTP/1.1\r\n\r\n", 400),
        ("GET /v1 HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET /v1 HTTP/1.1\r\nHost : localhost\r\n\r\n", 400), ("GET /v1 HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
        (
            "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            400
        ),
        ("PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("\(String(repeating: "A", count: 40)) / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
    ])
    func bytesThatAreNoRequestAreRefusedAndTheConnectionCloses(_ bytes: String, _ status: Int) throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(bytes)
        let answer = try client.receive()
        #expect(answer.status == status)
        #expect(answer.field("Content-Type") == "application/problem+json")
        #expect(answer.field("Connection") == "close")
        #expect(answer["detail"] != nil)
        #expect(client.isClosed())
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func aMegabyteOfFieldsIsRefusedWithAnAnswer() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send("GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Long: \(String(repeating: "a", count: 1 << 20))\r\n\r\n")
        let answer = try client.receive()
        #expect(answer.status == 431)
        #expect(answer["code"] == "head-too-large")
        let many = try admin.client()
        many.send("GET /v1 HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "A: b\r\n", count: 1 << 17))
        #expect(try many.receive().status == 431)
        let line = try admin.client()
        line.send("GET /\(String(repeating: "a", count: 1 << 20)) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect([414, 431].contains(try line.receive().status))
        #expect(try admin.ask("GET", "/healthz").status == 200)
    }

    @Test func headIsBoundedToTheByte() throws {
        let admin = try AdminHarness()
        let frame = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n"
        for (extra, status) in [(0, 200), (1, 431)] {
            let filling = String(repeating: "a", count: AdminLimits().headBytesMax - frame.utf8.count + extra)
            let client = try admin.client()
            client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(filling)\r\n\r\n")
            #expect(try client.receive().status == status)
        }
    }

    @Test func bodyIsBoundedToTheByte() throws {
        let admin = try AdminHarness()
        let frame = #"{"url":"http://a:80"}"#
        for (extra, status) in [(0, 201), (1, 413)] {
            let blanks = String(repeating: " ", count: AdminLimits().bodyBytesMax - frame.utf8.count + extra)
            #expect(try admin.ask("PUT", "/v1/backends/a", frame + blanks).status == status)
        }
        let chunked = try admin.client()
        chunked.send("PUT /v1/backends/b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n\(String(repeating: " ", count: 0x10000))\r\n"
        chunked.send(String(repeating: chunk, count: 17))
        #expect(try chunked.receive().status == 413)
    }

    @Test func truncatedBodyChangesNothing() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(
            "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"url\":\"http://a:80\"}"
        )
        client.finishSending()
        #expect(try client.receive().status == 400)
        #expect(client.isClosed())
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func slowSendersAreCutOff() throws {
        var limits = AdminLimits()
        limits.head = .milliseconds(50)
        limits.body = .milliseconds(50)
        let admin = try AdminHarness(limits: limits)
        let head = try admin.client()
        head.send("GET /v1 HT")
        let first = try head.receive()
        #expect(first.status == 408)
        #expect(first["detail"] == "the head was not complete within 50ms")
        #expect(head.isClosed())

        let body = try admin.client()
        body.send("PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        let second = try body.receive()
        #expect(second.status == 408)
        #expect(second["detail"] == "the body was not complete within 50ms: 1 bytes came")
        #expect(body.isClosed())
    }

    @Test func idleConnectionEndsWithoutAWord() throws {
        var limits = AdminLimits()
        limits.idle = .milliseconds(50)
        let admin = try AdminHarness(limits: limits)
        #expect(try admin.client().isClosed())
    }

    @Test func connectionsBeyondTheLimitAreToldSo() throws {
        var limits = AdminLimits()
        limits.connectionsMax = 1
        let admin = try AdminHarness(limits: limits)
        admin.plane.setPhase("web-1", .unhealthy)
        // One that waits is busy, and nobody is idle that could make room.
        let busy = try admin.later("GET", "/v1/health?until=healthy&wait=20s")
        admin.plane.untilSomeoneWaits()

        let other = try admin.client()
        other.send(AdminHarness.request("GET", "/healthz"))
        let refused = try other.receive()
        #expect(refused.status == 503)
        #expect(refused["code"] == "too-many-connections")
        #expect(refused.field("Retry-After") == "1")
        #expect(other.isClosed())

        admin.plane.setPhase("web-1", .serving)
        #expect(try busy.value().status == 200)
    }

    @Test func stopClosesIdleConnectionsAndListensNoLonger() throws {
        // A path, because a port that is given back may be another test's at once.
        let directory = try TemporaryDirectory()
        let admin = try AdminHarness(address: #require(ListenAddress("unix:\(directory.path)/admin.sock")))
        let idle = try admin.client()
        idle.send(AdminHarness.request("GET", "/healthz"))
        #expect(try idle.receive().status == 200)
        admin.server.stop()
        #expect(idle.isClosed())
        #expect(throws: ClientError.self) { try admin.client() }
        admin.server.stop()
    }

    @Test func bothLoopbackFamiliesAnswer() throws {
        let admin = try AdminHarness()
        for address in admin.server.boundAddresses {
            let client = try RawClient(address)
            client.send(AdminHarness.request("GET", "/healthz", nil, [("Host", "\(address)")]))
            #expect(try client.receive().status == 200)
        }
        #expect(admin.server.boundAddresses[0].description.hasPrefix("127.0.0.1:"))
    }

    @Test func unixSocketServesAndLeavesNothingBehind() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/admin.sock"
        let address = try #require(ListenAddress("unix:\(path)"))
        do {
            let admin = try AdminHarness(address: address)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o660)
            _ = try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#)
            #expect(admin.log.all.first?.contains("by uid \(getuid())") == true)
            let second = Result { try AdminHarness(address: address) }
            #expect(throws: ListenFailure.self) { try second.get() }
            #expect(try admin.ask("GET", "/healthz").status == 200)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func staleUnixSocketIsReplacedAndOtherFilesAreNot() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/admin.sock"
        let address = try #require(ListenAddress("unix:\(path)"))
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { bytes in
            for (index, byte) in path.utf8.enumerated() { bytes[index] = byte }
        }
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let code = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(code == 0)
        close(dead)
        #expect(try AdminHarness(address: address).ask("GET", "/healthz").status == 200)

        #expect(FileManager.default.createFile(atPath: path, contents: Data("precious".utf8)))
        let result = Result { try AdminHarness(address: address) }
        #expect(throws: ListenFailure.self) { try result.get() }
        #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
    }

    @Test func addressThatIsTakenOrReachableFromElsewhereIsRefused() throws {
        let admin = try AdminHarness()
        let taken = Result { try AdminHarness(address: admin.address) }
        let failure = #expect(throws: ListenFailure.self) { try taken.get() }
        #expect(failure?.message.contains("is taken by another process") == true)
        #expect(failure?.message.contains("\(admin.address)") == true)
        for text in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let address = try #require(ListenAddress(text))
            let result = Result { try AdminHarness(address: address) }
            let failure = #expect(throws: ListenFailure.self) { try result.get() }
            #expect(failure?.message.contains("--admin-token-file FILE") == true)
        }
    }

    /// As that of a process that was killed a moment ago.
    @Test(arguments: [false, true]) func anAddressThatComesFreeIsWaitedFor(isUnix: Bool) throws {
        let directory = try TemporaryDirectory()
        let wanted = isUnix ? ListenAddress(place: .unix(path: directory.path + "/admin")) : .loopback(port: 0)
        // Let go of when it is missed.
        var holder: Box? = Box(try ListeningSocket(wanted))
        let address = try #require(holder).socket.address
        var waits = 0
        let socket = try ListeningSocket.open(address, until: .after(.seconds(60))) {
            waits += 1
            holder = nil
        }
        #expect(waits == 1 && holder == nil)
        #expect(socket.address == address)
    }

    private final class Box {
        let socket: ListeningSocket
        init(_ socket: consuming ListeningSocket) { self.socket = socket }
    }

    @Test func anAddressThatStaysTakenIsRefusedWhenTheTimeIsOver() throws {
        let holder = try ListeningSocket(.loopback(port: 0))
        var waits = 0
        let failure = #expect(throws: ListenFailure.self) {
            _ = try ListeningSocket.open(holder.address, until: .after(.milliseconds(20))) { waits += 1 }
        }
        #expect(failure?.message.contains("is taken by another process") == true)
        #expect(waits == 1)
    }

    @Test func whoIsIdleTheLongestMakesRoom() throws {
        var limits = AdminLimits()
        limits.connectionsMax = 3
        let admin = try AdminHarness(limits: limits)
        let crowd = try (0..<3).map { _ in
            let client = try admin.client()
            client.send(AdminHarness.request("GET", "/healthz"))
            #expect(try client.receive().status == 200)
            return client
        }
        // The second has been idle for longer than the first now. A connection is idle once its thread has come round to
        // that, some time after the answer: it is given that time.
        for _ in 0..<20 {
            crowd[0].send(AdminHarness.request("GET", "/healthz"))
            #expect(try crowd[0].receive().status == 200)
        }
        while try admin.ask("GET", "/healthz").status != 200 {}
        #expect(crowd[1].isClosed())
        crowd[0].send(AdminHarness.request("GET", "/healthz"))
        #expect(try crowd[0].receive().status == 200)
    }
}
