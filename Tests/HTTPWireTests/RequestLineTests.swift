import HTTPWire
import Testing

/// RFC 9112 §2 and §3.
@Suite struct RequestLineTests {
    /// RFC 9112 §2.1
    @Test func aRequestIsReadWhole() throws {
        let message = "GET /where?q=now HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n"
        let head = try request(message + "and more").head()
        #expect(head.method == .get)
        #expect(head.methodName == "GET")
        #expect(head.target == "/where?q=now")
        #expect(head.form == .origin)
        #expect(head.path == "/where?q=now")
        #expect(head.authority == "www.example.com")
        #expect(head.minorVersion == 1)
        #expect(head.framing == .none)
        #expect(head.flags == [])
        #expect(head.lines.map(\.name) == ["Host", "Accept"])
        #expect(head.lines.map(\.id) == [.host, .accept])
        #expect(head.byteCount == message.utf8.count)
        #expect(head.keepsAlive)
    }

    /// RFC 9112 §2.2: one empty line before a request is skipped, a second one is not.
    @Test func oneLeadingEmptyLineIsSkipped() throws {
        let message = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let head = try request(message).head()
        #expect(head.methodName == "GET")
        #expect(head.byteCount == message.utf8.count)
        #expect(request("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.badMethod))
        #expect(request("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.bareCR))
        #expect(request("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.bareLF))
        #expect(request("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.bareLF))
    }

    /// RFC 9112 §2.2: CRLF ends a line, nothing else does.
    @Test(arguments: [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", H1Error.bareLF),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLF),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLF),
        ("GET /\nHost: a\r\n\r\n", .bareLF),
        ("GET\n/ HTTP/1.1\r\nHost: a\r\n\r\n", .bareLF),
        ("GET / HTTP\n/1.1\r\nHost: a\r\n\r\n", .bareLF),
        ("GET / HTTP/1.1\r\nHost\n: a\r\n\r\n", .bareLF),
        ("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCR),
        ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", .bareCR),
        ("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", .bareCR),
        ("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", .bareCR),
    ])
    func onlyCRLFEndsALine(_ message: String, _ error: H1Error) {
        #expect(request(message) == .error(error))
    }

    /// RFC 9110 §9.1: the method is a case-sensitive token.
    @Test(arguments: [
        ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("TRACE", .trace),
        ("OPTIONS", .options), ("PATCH", .patch), ("get", .other), ("Get", .other), ("GETS", .other), ("GE", .other),
        ("PROPFIND", .other), ("BASELINE-CONTROL", .other), ("!#$%&'*+-.^_`|~09", .other),
    ])
    func aMethodIsKnownByItsExactName(_ name: String, _ method: Method) throws {
        let head = try request("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n").head()
        #expect(head.method == method)
        #expect(head.methodName == name)
    }

    /// RFC 9112 §3
    @Test(arguments: [
        " / HTTP/1.1", "G(T / HTTP/1.1", "GET\t/ HTTP/1.1", "GET:/ HTTP/1.1", "G\u{E9}T / HTTP/1.1", "\0",
    ])
    func aMethodIsAToken(_ line: String) {
        #expect(request(line + "\r\nHost: a\r\n\r\n") == .error(.badMethod))
    }

    /// RFC 9112 §3: a method longer than any we know is 501.
    @Test func aMethodHasAtMost32Bytes() throws {
        let longest = String(repeating: "M", count: 32)
        #expect(try request("\(longest) / HTTP/1.1\r\nHost: a\r\n\r\n").head().method == .other)
        #expect(request("\(longest)M / HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.methodTooLong))
        #expect(request("\(longest)M") == .error(.methodTooLong))
        #expect(H1Error.methodTooLong.status == 501)
    }

    @Test func garbageIsRefusedAtItsFirstByte() {
        // A TLS ClientHello, and the first bytes of other things that come to a plain port.
        #expect(request([0x16]) == .error(.badMethod))
        #expect(request([0x16, 0x03, 0x01, 0x02, 0x00]) == .error(.badMethod))
        #expect(request([0x80]) == .error(.badMethod))
        #expect(request([0x00]) == .error(.badMethod))
        #expect(request("<xml>") == .error(.badMethod))
        #expect(request("GET \u{1}") == .error(.badTarget))
        #expect(request("GET / http") == .error(.badVersion))
    }

    /// RFC 9112 §3.2: exactly one space, and no byte that a URI may not hold.
    @Test(arguments: [
        "GET  HTTP/1.1", "GET  / HTTP/1.1", "GET \t/ HTTP/1.1", "GET /a\tb HTTP/1.1", "GET /a#b HTTP/1.1",
        "GET # HTTP/1.1",
        "GET /\u{7F} HTTP/1.1", "GET /\u{E9} HTTP/1.1", "GET /\0 HTTP/1.1", "GET \r\n",
    ])
    func aTargetIsVisibleASCII(_ line: String) {
        let isASCII = line.utf8.allSatisfy { $0 < 0x80 }
        #expect(request(line + "\r\nHost: a\r\n\r\n") == .error(isASCII ? .badTarget : .targetNotASCII))
    }

    @Test func everyByteOfATargetIsJudged() {
        for byte in UInt8.min...UInt8.max where byte != 0x20 {
            for pad in [0, 1, 5, 9, 17] {
                let line = Array("GET /".utf8) + [UInt8](repeating: 0x61, count: pad) + [byte]
                let message = line + Array("bcdefghijk HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
                var reader = HeadReader()
                let expected: H1Error? =
                    switch byte {
                    case 0x0A: .bareLF
                    case 0x0D: .badVersion
                    case 0x21, 0x22, 0x24...0x7E: nil
                    case 0x80...0xFF: .targetNotASCII
                    default: .badTarget
                    }
                switch reader.request(message) {
                case .head: #expect(expected == nil, "byte \(byte) after \(pad)")
                case .error(let error): #expect(expected == error, "byte \(byte) after \(pad)")
                case .more: Issue.record("byte \(byte) after \(pad)")
                }
            }
        }
    }

    /// RFC 9112 §2.3 and §3
    @Test(arguments: [
        ("GET /\r\n", H1Error.badVersion), ("GET / \r\n", .badVersion), ("GET / HTTP/1\r\n", .badVersion),
        ("GET / HTTP/1.\r\n", .badVersion), ("GET / http/1.1\r\n", .badVersion), ("GET / HTTP/1.1 \r\n", .badVersion),
        ("GET / HTTP/1.10\r\n", .badVersion), ("GET / HTTP/11\r\n", .badVersion), ("GET / HTTP/x.y\r\n", .badVersion),
        ("GET / HTTPS/1.1\r\n", .badVersion), ("GET /  HTTP/1.1\r\n", .badVersion),
        ("GET /a b HTTP/1.1\r\n", .badVersion),
        ("GET / HTTP/1.2x\r\n", .badVersion), ("GET / HTTP/2.0\r\n", .unsupportedVersion),
        ("GET / HTTP/0.9\r\n", .unsupportedVersion), ("GET / HTTP/9.9\r\n", .unsupportedVersion),
        ("PRI * HTTP/2.0\r\n", .unsupportedVersion), ("GET / HTTP/2.1", .unsupportedVersion),
    ])
    func theMajorVersionIs1(_ line: String, _ error: H1Error) {
        #expect(request(line + "Host: a\r\n\r\n") == .error(error))
        #expect(error.status == (error == .badVersion ? 400 : 505))
    }

    /// RFC 9110 §2.5: a minor version that we do not know is processed as the highest that we do.
    @Test(arguments: ["1.2", "1.9"])
    func aHigherMinorVersionIsProcessedAsOurs(_ version: String) throws {
        let fields = "Connection: upgrade\r\nUpgrade: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        var head = try request("POST / HTTP/\(version)\r\nHost: a\r\n\(fields)").head()
        #expect(head.minorVersion == UInt8(version.suffix(1)))
        head.minorVersion = 1
        #expect(try head == request("POST / HTTP/1.1\r\nHost: a\r\n\(fields)").head())
        #expect(request("GET / HTTP/\(version)\r\n\r\n") == .error(.hostMissing))
        let answer = try response("HTTP/\(version) 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").head()
        #expect(answer.minorVersion == UInt8(version.suffix(1)) && answer.isChunked)
    }

    /// RFC 9110 §9.3.2: whatever is wrong with a request, an answer to HEAD has no content.
    @Test(arguments: [
        ("HEAD / HTTP/1.1\r\nHost : a\r\n\r\n", Method.head), ("HEAD ", .head), ("\r\nHEAD /\0", .head),
        ("POST /\n", .post),
        ("HEAD", nil), ("HEA", nil), ("", nil), ("\r\n", nil), ("HEADS /", .other), ("head /", .other),
        (" HEAD /", nil),
        ("HEAD\t/", nil), ("\u{16}\u{3}\u{1}", nil),
    ])
    func theMethodOfARefusedRequestIsKnown(_ text: String, _ method: Method?) {
        #expect(H1HeadParser.method(of: Array(text.utf8).rawBytes) == method)
    }

    /// RFC 9112 §3.2.1
    @Test(arguments: ["/", "/a/../b/%2F", "//evil.example/x", "/?", "/a?b=c&d=%20|{}^\"<>", "/*"])
    func originFormIsPassedAsItIs(_ target: String) throws {
        let head = try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").head()
        #expect(head.form == .origin)
        #expect(head.path == target)
        #expect(head.authority == "a")
    }

    /// RFC 9112 §3.2.2: the absolute form overrides Host.
    @Test(arguments: [
        ("http://b/", "b", "/"), ("http://b:81/x?y", "b:81", "/x?y"), ("HTTP://b", "b", ""), ("https://b/", "b", "/"),
        ("hTTps://[::1]:8443/p", "[::1]:8443", "/p"), ("http://b?x", "b", "?x"), ("http://b:/", "b:", "/"),
    ])
    func absoluteFormOverridesHost(_ target: String, _ authority: String, _ path: String) throws {
        let head = try request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").head()
        #expect(head.form == .absolute)
        #expect(head.authority == authority)
        #expect(head.path == path)
        #expect(head.target == target)
    }

    /// RFC 9112 §3.2.2, RFC 9110 §4.2.1 and §4.2.4: no empty host, no user part, no other scheme.
    @Test(arguments: [
        "http://", "http:///x", "http://:80/", "http://user@b/", "http://u:p@b/", "http://a:b@c/", "ftp://b/",
        "http:/b",
        "http:b", "b/x", "b:80", "*x", "*", "http://b:x/", "http://b:65536/", "http://[::1/", "http://a%2/",
        "http://a\\b/",
        "javascript:x", "http://[::1]x/",
    ])
    func otherTargetsAreRefused(_ target: String) {
        #expect(request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.badTarget))
    }

    /// RFC 9112 §3.2.3: the authority form is for CONNECT, and CONNECT for it.
    @Test func connectNeedsAnAuthority() throws {
        let head = try request("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n").head()
        #expect(head.method == .connect)
        #expect(head.form == .authority)
        #expect(head.authority == "b.example:443")
        #expect(head.path == "")
        #expect(try request("CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n").head().authority == "[::1]:443")
        for target in ["/", "*", "b", "b:", ":443", "http://b/", "b:443/", "u@b:443", "b:65536", "b:4x"] {
            #expect(request("CONNECT \(target) HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.badTarget))
        }
    }

    /// RFC 9112 §3.2.4: the asterisk form is for OPTIONS.
    @Test func onlyOptionsMayHaveTheAsterisk() throws {
        let head = try request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head()
        #expect(head.form == .asterisk)
        #expect(head.path == "*")
        #expect(head.authority == "a")
        #expect(try request("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n").head().form == .origin)
        #expect(request("GET * HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.badTarget))
        #expect(request("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n") == .error(.badTarget))
    }

    /// RFC 9110 §9.2.1 and §9.2.2
    @Test func methodsKnowWhetherTheyMayBeRepeated() {
        let all: [Method] = [.get, .head, .post, .put, .delete, .connect, .options, .trace, .patch, .other]
        #expect(all.filter(\.isSafe) == [.get, .head, .options, .trace])
        #expect(all.filter(\.isIdempotent) == [.get, .head, .put, .delete, .options, .trace])
    }
}
