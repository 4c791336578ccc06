import Foundation
import Testing

/// HTTP/1.1 as it passes through: framing, connections and fields.
@Suite struct MessageTests {
    let bed = TestBed()

    private func answering(_ answer: String, then after: RawBackend.After = .keep) throws -> RawBackend {
        try bed.rawBackend { _, connection in
            try connection.send(answer)
            return after
        }
    }

    // MARK: framing of answers

    @Test func answersWithoutABodyLeaveTheConnectionInStep() throws {
        let backend = try bed.rawBackend { request, connection in
            switch request.target {
            case "/head": try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"a\"\r\n\r\n")
            case "/204": try connection.send("HTTP/1.1 204 No Content\r\nETag: \"b\"\r\n\r\n")
            case "/304": try connection.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"c\"\r\n\r\n")
            default: try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
            }
            return .keep
        }
        let client = try bed.lbd(serving: backend, arguments: ["--workers", "1"]).connect()
        let head = try client.get("/head", method: "HEAD")
        #expect(head.status == 200)
        #expect(head.field("content-length") == "5000")
        #expect(head.field("etag") == "\"a\"")
        #expect(try client.get("/1").text == "body")

        let empty = try client.get("/204")
        #expect(empty.status == 204)
        #expect(empty.field("content-length") == nil)
        #expect(empty.field("transfer-encoding") == nil)
        #expect(try client.get("/2").text == "body")

        let unchanged = try client.get("/304")
        #expect(unchanged.status == 304)
        #expect(unchanged.field("etag") == "\"c\"")
        #expect(try client.get("/3").text == "body")

        #expect(backend.requests.map(\.target) == ["/head", "/1", "/204", "/2", "/304", "/3"])
        #expect(backend.connectionCount == 1, "one connection served them all")
    }

    @Test func chunkedAnswerStaysChunkedForHTTP11WithItsTrailers() throws {
        let backend = try answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
                + "6;why=not\r\nhello \r\n5\r\nworld\r\n0\r\nSum: 42\r\n\r\n"
        )
        let client = try bed.lbd(serving: backend).connect()
        for _ in 0..<2 {
            let answer = try client.get("/", fields: "TE: trailers\r\n")
            #expect(answer.field("transfer-encoding") == "chunked")
            #expect(answer.field("content-length") == nil)
            #expect(answer.text == "hello world")
            #expect(answer.trailers.contains { $0.name == "Sum" && $0.value == "42" })
        }
    }

    @Test func chunkedAnswerEndsWithTheConnectionForHTTP10() throws {
        let backend = try answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"
        )
        let client = try bed.lbd(serving: backend).connect()
        try client.send("GET / HTTP/1.0\r\nHost: test\r\n\r\n")
        let answer = try client.receiveAnswer()
        #expect(answer.field("transfer-encoding") == nil)
        #expect(answer.text == "hello world")
        #expect(try client.hasEnded())
    }

    @Test func answerThatEndsWithItsConnectionKeepsTheClientsConnection() throws {
        let backend = try answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end", then: .close)
        let client = try bed.lbd(serving: backend).connect()
        for _ in 0..<3 {
            let answer = try client.get("/")
            #expect(answer.text == "until the end")
            #expect(answer.field("transfer-encoding") == "chunked")
        }
        #expect(backend.connectionCount == 3)
    }

    @Test func backendOfHTTP10IsServedToClientsOfHTTP11OnOneConnection() throws {
        let backend = try PythonBackend("python", in: bed)
        let client = try bed.lbd(yaml: "backends: [\"\(backend.url)\"]\n").connect()
        for _ in 0..<3 {
            let answer = try client.get("/")
            #expect(answer.startLine == "HTTP/1.1 200 OK")
            #expect(answer.text == "python")
            #expect(answer.field("content-length") == "6")
        }
        let missing = try client.get("/nowhere")
        #expect(missing.status == 404)
        #expect(missing.text.contains("File not found"))
    }

    @Test func clientOfHTTP10IsClosedUnlessItAsksToBeKept() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "body"))
        let short = try lbd.connect()
        try short.send("GET / HTTP/1.0\r\n\r\n")
        #expect(try short.receiveAnswer().text == "body")
        #expect(try short.hasEnded())

        let kept = try lbd.connect()
        for _ in 0..<3 {
            try kept.send("GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n")
            let answer = try kept.receiveAnswer()
            #expect(answer.text == "body")
            #expect(answer.field("connection")?.lowercased() == "keep-alive")
        }
    }

    @Test func connectionCloseOfTheClientIsHonoured() throws {
        let client = try bed.lbd(serving: try bed.rawBackend(answering: "body")).connect()
        let answer = try client.get("/", fields: "Connection: close\r\n")
        #expect(answer.text == "body")
        #expect(answer.field("connection")?.lowercased() == "close")
        #expect(try client.hasEnded())
    }

    @Test func answerThatBreaksOffIsCutOffForTheClientToo() throws {
        let half = String(repeating: "half", count: 25_000)
        for (framing, body) in [
            ("Content-Length: 1000000", half), ("Transfer-Encoding: chunked", "186a0\r\n\(half)\r\n"),
        ] {
            for after in [RawBackend.After.close, .reset] {
                let lbd = try bed.lbd(
                    serving: try answering("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n\(body)", then: after)
                )
                let client = try lbd.connect()
                try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                #expect(throws: Connection.Failure.self, "\(framing)") { try client.receiveAnswer() }
            }
        }
    }

    @Test func shortAnswerThatBreaksOffIsNoAnswer() throws {
        // It has not been passed on when its end fails to come, so that there is still a better one to give.
        let broken = try answering("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf", then: .close)
        #expect(try bed.lbd(serving: broken).get().status == 502)
    }

    @Test func interimAnswersPassToTheClient() throws {
        let backend = try answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
        )
        let client = try bed.lbd(serving: backend).connect()
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        let early = try #require(try client.receiveHead())
        #expect(early.status == 103)
        #expect(early.field("link") == "</a.css>")
        #expect(try client.receiveAnswer().text == "body")
    }

    // MARK: framing of requests

    @Test func chunkedRequestArrivesWhole() throws {
        let backend = try bed.rawBackend(answering: "thanks")
        let client = try bed.lbd(serving: backend).connect()
        try client.send(
            "POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\nA;x=y\r\n two three\r\n0\r\n\r\n"
        )
        #expect(try client.receiveAnswer(to: "POST").text == "thanks")
        let request = try #require(backend.requests.first)
        #expect(request.text == "one two three")
        #expect(request.field("transfer-encoding") == "chunked")
        #expect(request.field("content-length") == nil)
        #expect(try client.get("/next").text == "thanks")
    }

    @Test func expectationIsMetBeforeTheBodyIsSent() throws {
        let backend = try bed.rawBackend(readsBodies: false) { request, connection in
            if request.field("expect") != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
            var request = request
            try connection.receiveBody(of: &request)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n\(request.text)")
            return .keep
        }
        let client = try bed.lbd(serving: backend).connect()
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.receiveHead()?.status == 100)
        try client.send("body")
        #expect(try client.receiveAnswer(to: "POST").text == "body")
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let backend = try bed.rawBackend { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: \(request.target.utf8.count)\r\n\r\n\(request.target)"
            )
            return .keep
        }
        let client = try bed.lbd(serving: backend).connect()
        let targets = (1...20).map { "/\($0)" }
        try client.send(targets.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
        #expect(try targets.map { _ in try client.receiveAnswer().text } == targets)
        #expect(backend.requests.map(\.target) == targets)
    }

    // MARK: connections

    @Test func connectionsAreReusedOnBothSides() throws {
        let backend = try bed.rawBackend(answering: "body")
        let lbd = try bed.lbd(serving: backend, arguments: ["--workers", "1"])
        let client = try lbd.connect()
        for _ in 0..<50 { #expect(try client.get("/").text == "body") }
        // Clients that come and go find the same connection, too.
        #expect(try lbd.bodies(10).allSatisfy { $0 == "body" })
        #expect(backend.requests.count == 60)
        #expect(backend.connectionCount == 1)
    }

    @Test func connectionThatTheBackendClosedWhileIdleIsNotUsedAgain() throws {
        let backend = try answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", then: .close)
        let client = try bed.lbd(serving: backend, arguments: ["--workers", "1"]).connect()
        // The backend says nothing of it in the answer, so every connection looks fit for another request.
        for index in 0..<50 {
            let answer = try client.get("/\(index)")
            #expect(answer.status == 200, "request \(index)")
        }
        #expect(backend.requests.count == 50)
    }

    @Test func requestThatIsNotIdempotentIsNotRepeatedWhenTheAnswerIsLost() throws {
        let backend = try bed.rawBackend { _, _ in .close }
        let client = try bed.lbd(serving: backend).connect()
        try client.send("POST /order HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
        let answer = try client.receiveAnswer(to: "POST")
        #expect(answer.status == 502)
        #expect(answer.field("proxy-status")?.contains("error=connection_terminated") == true)
        #expect(backend.requests.count == 1)
    }

    @Test func refusedConnectIsTriedOnAnotherBackend() throws {
        let (nobody, backend) = (try ReservedPort(), try bed.rawBackend(answering: "body"))
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: [\"http://127.0.0.1:\(nobody.number)\", \"\(backend.url)\"]\n"
        )
        for method in ["GET", "POST"] {
            for _ in 0..<4 { #expect(try lbd.connect().get("/", method: method).text == "body") }
        }
    }

    @Test func brokenAnswerIsA502AndNothingOfItReachesTheClient() throws {
        let lbd = try bed.lbd(serving: try answering("SSH-2.0-OpenSSH_9.2\r\n\r\n", then: .close))
        let answer = try lbd.get()
        #expect(answer.status == 502)
        #expect(answer.field("proxy-status")?.contains("error=http_protocol_error") == true)
        #expect(!answer.text.contains("SSH"))
    }

    @Test func answerBeforeTheEndOfTheUploadReachesTheClient() throws {
        let backend = try bed.rawBackend(readsBodies: false) { _, connection in
            try connection.send(
                "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much"
            )
            connection.finishSending()
            _ = try connection.receiveToEnd()
            return .close
        }
        let client = try bed.lbd(serving: backend).connect()
        try client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nthe beginning")
        let answer = try client.receiveAnswer(to: "POST")
        #expect(answer.status == 413)
        #expect(answer.text == "too much")
    }

    enum Refuser: String, CaseIterable {
        case backend, limit, nobody
    }

    /// Java's, Python's and Go's clients read no answer before they have sent their request, however long it is.
    @Test(arguments: Refuser.allCases) func earlyAnswerWaitsForAClientThatReadsItLast(_ refuser: Refuser) throws {
        // The limit's backend waits for the whole of the request, which never comes.
        let backend = try bed.rawBackend(readsBodies: refuser == .limit) { _, connection in
            try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\nConnection: close\r\n\r\nnot you!")
            return .close
        }
        let lbd: LBD
        switch refuser {
        case .backend: lbd = try bed.lbd(serving: backend)
        case .limit:
            lbd = try bed.lbd(
                yaml: "health_check: off\nlimits: {body_bytes_max: 1MiB}\nbackends: [\"\(backend.url)\"]\n",
                until: .ready
            )
        case .nobody:
            lbd = try bed.lbd(
                yaml: "health_check: off\nbackends: {web: {url: \"\(backend.url)\", state: maint}}\n",
                until: .listening
            )
        }
        let upload = Data(repeating: 0x78, count: 20_000_000)
        for isChunked in [false, true] {
            let client = try lbd.connect()
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(upload.count)"
            try client.send("POST / HTTP/1.1\r\nHost: test\r\n\(framing)\r\n\r\n")
            if isChunked { try client.send(String(upload.count, radix: 16) + "\r\n") }
            try client.send(upload)
            if isChunked { try client.send("\r\n0\r\n\r\n") }
            let answer = try client.receiveAnswer(to: "POST")
            #expect(answer.status == (refuser == .backend ? 403 : refuser == .limit ? 413 : 503))
            #expect(answer.field("connection") == "close")
            client.close()
        }
    }

    // MARK: fields

    @Test func hopByHopFieldsStayOnTheirHop() throws {
        let backend = try bed.rawBackend { _, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: X-Backend-Hop\r\nX-Backend-Hop: 1\r\n"
                    + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-End: answer\r\nSet-Cookie: a=1\r\n"
                    + "Set-Cookie: b=2\r\n\r\nbody"
            )
            return .keep
        }
        let client = try bed.lbd(serving: backend).connect()
        let answer = try client.get(
            "/",
            fields: "Connection: X-Client-Hop, keep-alive\r\nX-Client-Hop: 1\r\nKeep-Alive: 300\r\nTE: gzip\r\n"
                + "Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nX-End: request\r\nCookie: c=3\r\n"
        )
        let request = try #require(backend.requests.first)
        for name in ["X-Client-Hop", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "Connection"] {
            #expect(request.field(name) == nil, "\(name) went to the backend")
        }
        #expect(request.field("x-end") == "request")
        #expect(request.field("cookie") == "c=3")
        for name in ["X-Backend-Hop", "Keep-Alive", "Proxy-Connection"] {
            #expect(answer.field(name) == nil, "\(name) went to the client")
        }
        #expect(answer.field("x-end") == "answer")
        #expect(answer.lines("set-cookie") == ["a=1", "b=2"])
    }

    @Test func connectionFieldCannotTakeAwayWhatTheBackendNeeds() throws {
        let backend = try bed.rawBackend(answering: "body")
        let lbd = try bed.lbd(serving: backend)
        for name in ["Host", "X-Forwarded-For", "Content-Length"] {
            let answer = try lbd.connect().get("/", fields: "Connection: \(name)\r\n")
            #expect(answer.status == 400, "\(name)")
        }
        #expect(backend.requests.isEmpty)
    }

    @Test func backendLearnsWhoAskedAndForWhat() throws {
        let backend = try bed.rawBackend(answering: "body")
        let client = try bed.lbd(serving: backend).connect()
        let answer = try client.get(
            "/a%2Fb/../c?d=e%20f",
            fields:
                "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\n"
        )
        let request = try #require(backend.requests.first)
        #expect(request.startLine == "GET /a%2Fb/../c?d=e%20f HTTP/1.1", "the target stays as it was")
        #expect(request.lines("host") == ["test"])
        #expect(request.lines("x-forwarded-for") == ["127.0.0.1"], "what an untrusted client claims is replaced")
        #expect(request.lines("x-forwarded-proto") == ["http"])
        #expect(request.lines("x-forwarded-host") == ["test"])
        #expect(request.field("forwarded") == nil)
        #expect(request.field("via")?.wholeMatch(of: /1\.1 lb-[0-9a-f]{16}/) != nil)
        #expect(answer.field("via") == "1.1 lb")
    }

    @Test func requestIdIsMadeWhereThereIsNone() throws {
        let backend = try bed.rawBackend(answering: "body")
        let client = try bed.lbd(serving: backend).connect()
        _ = try client.get("/")
        _ = try client.get("/")
        _ = try client.get("/", fields: "X-Request-Id: mine-1\r\n")
        let ids = backend.requests.map { $0.lines("x-request-id") }
        #expect(ids[0].count == 1)
        #expect(ids[0].first?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(ids[0] != ids[1])
        #expect(ids[2] == ["mine-1"])
    }
}
