import Foundation
import Testing

/// Bad input gets a clear error, and nothing else changes.
@Suite struct BadInputTests {
    let bed = TestBed()

    /// `lbd` with one backend, and a check that it still serves as before.
    private struct Subject {
        let lbd: LBD
        let backend: RawBackend
        let specs: [String: BackendDocument.Spec]

        init(_ bed: TestBed) throws {
            backend = try bed.rawBackend(answering: "one")
            lbd = try bed.lbd(serving: backend)
            specs = try lbd.specs()
        }

        func expectUnchanged(after what: String) throws {
            let now = try lbd.specs()
            #expect(now == specs, "\(what)")
            let seen = backend.requests.count
            #expect(try lbd.get("/after").text == "one", "\(what)")
            #expect(backend.requests.count == seen + 1, "\(what)")
            #expect(lbd.process.isRunning, "\(what): \(lbd.log)")
        }
    }

    struct Bytes: Sendable {
        let what: String
        let bytes: Data
        let statuses: Set<Int>

        init(_ what: String, _ text: String, _ statuses: Set<Int>) {
            self.init(what, Data(text.utf8), statuses)
        }

        init(_ what: String, _ bytes: Data, _ statuses: Set<Int>) {
            self.what = what
            self.bytes = bytes
            self.statuses = statuses
        }
    }

    private static let megabyte = 1_000_000

    /// What neither port takes.
    static let garbage: [Bytes] = [
        Bytes("random bytes", Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }), [400]),
        Bytes("zeros", Data(count: 512), [400]),
        Bytes(
            "a TLS hello",
            Data([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x0D, 0x0A]),
            [400]
        ),
        Bytes("words", "hello, is there anybody?\r\n\r\n", [400]),
        Bytes("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
        Bytes("no host", "GET / HTTP/1.1\r\n\r\n", [400]),
        Bytes("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
        Bytes("bare line feeds", "GET / HTTP/1.1\nHost: localhost\n\n", [400]),
        Bytes("a space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", [400]),
        Bytes("a folded field", "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", [400]),
        Bytes(
            "two framings",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [400]
        ),
        Bytes(
            "two lengths",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            [400]
        ),
        Bytes("no number", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x3\r\n\r\nabc", [400]),
        Bytes(
            "a bad chunk",
            "POST /v1/backends HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
            [400]
        ),
        Bytes(
            "an unknown coding",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
            [400, 501]
        ),
        Bytes(
            "1 MB in one field",
            "GET / HTTP/1.1\r\nHost: localhost\r\nBig: " + String(repeating: "x", count: megabyte) + "\r\n\r\n",
            [431]
        ),
        Bytes(
            "1 MB of fields",
            "GET / HTTP/1.1\r\nHost: localhost\r\n"
                + (0..<(megabyte / 25)).map { "Field-\($0): abcdefghijk\r\n" }.joined() + "\r\n",
            [431]
        ),
        Bytes("1 MB of target", "GET /" + String(repeating: "x", count: megabyte) + " HTTP/1.1\r\n\r\n", [414, 431]),
        Bytes("1 MB without a line", String(repeating: "x", count: megabyte), [400, 414, 431, 501]),
    ]

    @Test func dataPortAnswersGarbageWithAnErrorAndClosesTheConnection() throws {
        let subject = try Subject(bed)
        for input in Self.garbage {
            let answer = try answer(to: input, on: try subject.lbd.connect())
            #expect(input.statuses.contains(answer.status), "\(input.what): \(answer)")
            #expect(answer.text.hasPrefix("\(answer.status) "), "\(input.what): it says what it is: \(answer.text)")
            #expect(answer.field("proxy-status") != nil, "\(input.what)")
            #expect(subject.backend.requests.allSatisfy { $0.target == "/after" }, "\(input.what) reached the backend")
            try subject.expectUnchanged(after: input.what)
        }
    }

    @Test func adminPortAnswersGarbageWithAnErrorAndClosesTheConnection() throws {
        let subject = try Subject(bed)
        for input in Self.garbage {
            let answer = try answer(to: input, on: try subject.lbd.connectAdmin())
            #expect(input.statuses.contains(answer.status), "\(input.what): \(answer)")
            let problem = try JSONDecoder().decode(ProblemDocument.self, from: answer.body)
            #expect(problem.status == answer.status, "\(input.what)")
            #expect(!problem.detail.isEmpty, "\(input.what)")
            try subject.expectUnchanged(after: input.what)
        }
    }

    /// Sends it all, as far as the other side lets it, and reads the one answer and the end.
    private func answer(to input: Bytes, on connection: Connection) throws -> HTTPMessage {
        do {
            try connection.send(input.bytes)
        } catch Connection.Failure.reset {
            // The answer came before the whole input was taken, which is fair; it is there to be read.
        }
        let answer: HTTPMessage
        do {
            answer = try connection.receiveAnswer()
        } catch {
            Issue.record("no answer to \(input.what): \(error)")
            throw error
        }
        #expect(try connection.hasEnded(), "\(input.what): the connection is closed")
        return answer
    }

    @Test func curlSeesTheErrorForAMegabyteOfHeaders() throws {
        let subject = try Subject(bed)
        let header = try bed.write("Big: \(String(repeating: "x", count: 900_000))\n", to: "header")
        for url in [subject.lbd.url, "\(subject.lbd.admin)/v1/backends"] {
            let result = try bed.curl("--write-out", "\n%{http_code}", "--header", "@\(header)", url)
            #expect(result.exitCode == 0, "\(result)")
            #expect(result.output.hasSuffix("\n431"), "\(result)")
        }
        try subject.expectUnchanged(after: "1 MB of headers")
    }

    struct Call: Sendable {
        let what: String
        var method = "POST"
        var path = "/v1/backends"
        var body = ""
        var fields = ""
        let status: Int
        let code: String
        /// All are somewhere in the answer.
        var words: [String] = []
    }

    static let calls = [
        Call(
            what: "an unknown field",
            body: #"{"url": "http://127.0.0.1:1", "wieght": 3}"#,
            status: 400,
            code: "unknown-field",
            words: ["wieght", "weight"]
        ),
        Call(
            what: "a URL that is none",
            body: #"{"url": "not a url"}"#,
            status: 422,
            code: "invalid",
            words: ["/url", "not a url"]
        ),
        Call(
            what: "another scheme",
            method: "PUT",
            path: "/v1/backends/x",
            body: #"{"url": "ftp://127.0.0.1:21"}"#,
            status: 422,
            code: "invalid",
            words: ["/url", "ftp"]
        ),
        Call(
            what: "a URL with a port of 70000",
            body: #"{"url": "http://127.0.0.1:70000"}"#,
            status: 422,
            code: "invalid"
        ),
        Call(
            what: "a weight out of range",
            body: #"{"url": "http://127.0.0.1:1", "weight": 1001}"#,
            status: 422,
            code: "invalid",
            words: ["/weight", "1000"]
        ),
        Call(what: "no url", body: #"{"weight": 1}"#, status: 422, code: "invalid", words: ["url"]),
        Call(what: "half of a JSON document", body: #"{"url": "http://127.0"#, status: 400, code: "bad-json"),
        Call(what: "a list", body: #"["http://127.0.0.1:1"]"#, status: 422, code: "invalid"),
        Call(what: "no body", fields: "Content-Length: 0\r\n", status: 400, code: "bad-json"),
        Call(
            what: "an unknown pool",
            body: #"{"url": "http://127.0.0.1:1", "pool": "defualt"}"#,
            status: 422,
            code: "invalid",
            words: ["default"]
        ),
        Call(what: "a wrong method", method: "PUT", status: 405, code: "method-not-allowed", words: ["GET"]),
        Call(
            what: "a wrong method of health",
            method: "DELETE",
            path: "/v1/health",
            status: 405,
            code: "method-not-allowed"
        ),
        Call(what: "an unknown path", method: "GET", path: "/v1/backend", status: 404, code: "unknown-path"),
        Call(
            what: "an unknown parameter",
            method: "GET",
            path: "/v1/backends?pol=default",
            status: 400,
            code: "unknown-parameter",
            words: ["pool"]
        ),
        Call(
            what: "an unknown backend",
            method: "DELETE",
            path: "/v1/backends/nobody",
            status: 404,
            code: "not-found"
        ),
        Call(
            what: "dots in the path",
            method: "DELETE",
            path: "/v1/backends/../backends/x",
            status: 400,
            code: "bad-path"
        ),
        Call(
            what: "another site's page",
            body: #"{"url": "http://127.0.0.1:1"}"#,
            fields: "Sec-Fetch-Site: cross-site\r\n",
            status: 403,
            code: "cross-site"
        ),
        Call(
            what: "another origin",
            body: #"{"url": "http://127.0.0.1:1"}"#,
            fields: "Origin: http://evil.example\r\n",
            status: 403,
            code: "cross-site"
        ),
    ]

    @Test func adminPortSaysWhatIsWrongWithARequest() throws {
        let subject = try Subject(bed)
        for call in Self.calls {
            let answer = try subject.lbd.ask(call.method, call.path, body: call.body, fields: call.fields)
            #expect(answer.status == call.status, "\(call.what): \(answer.text)")
            #expect(answer.field("content-type") == "application/problem+json", "\(call.what)")
            let problem = try JSONDecoder().decode(ProblemDocument.self, from: answer.body)
            #expect(problem.code == call.code, "\(call.what): \(answer.text)")
            for word in call.words { #expect(answer.text.contains(word), "\(call.what): \(answer.text)") }
            if call.status == 405 { #expect(answer.field("allow")?.contains("GET") == true, "\(call.what)") }
            try subject.expectUnchanged(after: call.what)
        }
    }

    @Test func adminPortRefusesNamesThatAreNotItsOwn() throws {
        let subject = try Subject(bed)
        let body = #"{"url": "http://127.0.0.1:1"}"#
        for host in ["evil.example", "127.0.0.1.evil.example:\(subject.lbd.adminPort)", "0.0.0.0"] {
            let connection = try subject.lbd.connectAdmin()
            try connection.send(
                "POST /v1/backends HTTP/1.1\r\nHost: \(host)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let answer = try connection.receiveAnswer(to: "POST")
            #expect(answer.status == 403, "\(host)")
            #expect(answer.text.contains("host-not-allowed"), "\(host)")
            try subject.expectUnchanged(after: host)
        }
    }

    @Test func adminPortRefusesABodyOfMoreThanAMegabyte() throws {
        let subject = try Subject(bed)
        let body = #"{"url": "http://127.0.0.1:1", "x": ""# + String(repeating: "x", count: 2_000_000) + "\"}"
        let file = try bed.write(body, to: "body")
        let result = try bed.curl(
            "--write-out",
            "\n%{http_code}",
            "--data-binary",
            "@\(file)",
            "\(subject.lbd.admin)/v1/backends"
        )
        #expect(result.output.hasSuffix("\n413"), "\(result)")
        try subject.expectUnchanged(after: "2 MB of body")
    }

    @Test func methodsThatAProxyMustNotForwardAreRefused() throws {
        let subject = try Subject(bed)
        for request in [
            "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            let connection = try subject.lbd.connect()
            try connection.send(request)
            let answer = try connection.receiveAnswer()
            #expect(answer.status == 405, "\(request)")
            #expect(answer.field("allow") != nil)
            try subject.expectUnchanged(after: request)
        }
    }

    @Test func lbctlRefusesAURLThatIsNoneBeforeItSendsAnything() throws {
        let subject = try Subject(bed)
        let result = try bed.lbctl(subject.lbd, "add", "backend", "x", "htp://127.0.0.1:8080")
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("htp://127.0.0.1:8080"))
        #expect(result.errors.contains("http://127.0.0.1:8080"))
        try subject.expectUnchanged(after: "lbctl add")
    }
}
