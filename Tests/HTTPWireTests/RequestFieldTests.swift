import HTTPWire
import Testing

/// RFC 9112 §3.2, §5, §6, §9 and RFC 9110 §5, §7, §10 for requests.
@Suite struct RequestFieldTests {
    /// The lines between a request line and the empty line.
    private func get(_ lines: String, version: String = "1.1") -> Answer<Request> {
        request("GET / HTTP/\(version)\r\n\(lines)\r\n\r\n")
    }

    private func post(_ lines: String, version: String = "1.1") -> Answer<Request> {
        request("POST / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n\r\n")
    }

    // MARK: Syntax

    /// RFC 9110 §5.5, RFC 9112 §5.1
    @Test(arguments: [
        ("X:b", "b"), ("X: b", "b"), ("X:\t b \t ", "b"), ("X:", ""), ("X:   ", ""), ("X: b  c", "b  c"),
        ("X: b\tc", "b\tc"),
        ("X: \u{E9}", "\u{E9}"), ("X: :", ":"), ("X: \"a, b\"", "\"a, b\""),
    ])
    func valuesAreTrimmedAndKept(_ line: String, _ value: String) throws {
        #expect(try get("Host: a\r\n" + line).head()["X"] == value)
    }

    /// RFC 9110 §5.6.2, RFC 9112 §5.1
    @Test(arguments: [
        (": b", H1Error.badFieldName), ("X", .badFieldName), ("X(: b", .badFieldName), ("X\u{E9}: b", .badFieldName),
        ("X\0: b", .badFieldName), ("X@: b", .badFieldName), ("X/: b", .badFieldName), ("X\"Y: b", .badFieldName),
        ("X : b", .spaceBeforeColon), ("X\t: b", .spaceBeforeColon), ("X Y: b", .spaceBeforeColon),
        ("X: \0", .badFieldValue), ("X: \u{1}", .badFieldValue), ("X: \u{B}", .badFieldValue),
        ("X: \u{7F}", .badFieldValue),
        ("X: 1234567\u{1F}", .badFieldValue), ("X: 12345678901\u{8}", .badFieldValue),
    ])
    func malformedLinesAreRefused(_ line: String, _ error: H1Error) {
        #expect(get("Host: a\r\n" + line) == .error(error))
        #expect(get(line + "\r\nHost: a") == .error(error))
    }

    /// RFC 9112 §5.2 and §2.2: neither a folded line, nor white space before the first one.
    @Test func foldedLinesAreRefused() {
        #expect(get("Host: a\r\nX: b\r\n c") == .error(.obsoleteFold))
        #expect(get("Host: a\r\nX: b\r\n\tc") == .error(.obsoleteFold))
        #expect(get("Host: a\r\nX: b\r\n ") == .error(.obsoleteFold))
        #expect(get(" Host: a") == .error(.obsoleteFold))
        #expect(get("\tHost: a") == .error(.obsoleteFold))
    }

    @Test func everyByteOfANameAndAValueIsJudged() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            for pad in [0, 1, 7, 8, 9] {
                let start = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
                let filler = [UInt8](repeating: 0x61, count: pad)
                let end = Array("bcdefghi\r\n\r\n".utf8)
                var reader = HeadReader()
                let inName = reader.request(start + Array("X".utf8) + filler + [byte] + Array("Y: ".utf8) + end)
                if token.contains(byte) || byte == 0x3A {
                    #expect((try? inName.head()) != nil, "byte \(byte)")
                } else if byte == 0x0A {
                    #expect(inName == .error(.bareLF))
                } else {
                    #expect(
                        inName == .error(byte == 0x20 || byte == 0x09 ? .spaceBeforeColon : .badFieldName),
                        "byte \(byte)"
                    )
                }
                reader = HeadReader()
                let inValue = reader.request(start + Array("X: ".utf8) + filler + [byte] + end)
                switch byte {
                case 0x0A: #expect(inValue == .error(.bareLF))
                case 0x0D: #expect(inValue == .error(.bareCR))
                case 0x09, 0x20...0x7E, 0x80...0xFF: #expect((try? inValue.head()) != nil, "byte \(byte)")
                default: #expect(inValue == .error(.badFieldValue), "byte \(byte)")
                }
            }
        }
    }

    @Test func namesWithAnUnderscoreAreMarked() throws {
        let head = try get("Host: a\r\nX_Real_IP: b\r\nX-Real-IP: c").head()
        #expect(head.lines.map(\.hasUnderscore) == [false, true, false])
        #expect(head.lines.map(\.id) == [.host, .other, .xRealIP])
        #expect(head.flags == [.hasUnderscoreName])
    }

    // MARK: Host

    /// RFC 9112 §3.2: one Host in HTTP/1.1, at most one ever.
    @Test func exactlyOneHost() throws {
        #expect(get("X: y") == .error(.hostMissing))
        #expect(request("GET / HTTP/1.1\r\n\r\n") == .error(.hostMissing))
        #expect(request("GET http://b/ HTTP/1.1\r\n\r\n") == .error(.hostMissing))
        #expect(get("Host: a\r\nHost: a") == .error(.hostRepeated))
        #expect(get("Host: a\r\nhOsT: b") == .error(.hostRepeated))
        #expect(get("Host: a\r\nHost: b", version: "1.0") == .error(.hostRepeated))
        #expect(try request("GET / HTTP/1.0\r\n\r\n").head().authority == "")
        #expect(try request("GET http://b/ HTTP/1.0\r\n\r\n").head().authority == "b")
        #expect(try get("hOSt: a").head().authority == "a")
    }

    /// RFC 9110 §7.2, RFC 3986 §3.2.2
    @Test(arguments: [
        "a", "a.example", "a-b_c.example.", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80", "[2001:DB8::1:0]:80",
        "a:", "a:0",
        "a:65535", "%41%7a", "a!$&'()*+,;=~", "999.1", "[::ffff:1.2.3.4]", "xn--bcher-kva.example",
    ])
    func hostsOfEveryKind(_ host: String) throws {
        #expect(try get("Host: \(host)").head().authority == host)
    }

    @Test(arguments: [
        "a b", "a/b", "a?b", "a@b", "user@a", "a:b", "a:80:80", "a:-1", "a:65536", "a:99999999999999999999", "a, b",
        "http://a",
        "[::1", "::1", "[::1]a", "[]", "[:]", "[1::2::3]", "[v1.x]", "[fe80::1%25eth0]", "[12345::]", "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]", "[::1.2.3]", "[::1.2.3.256]", "a\\b", "a%2", "a%zz", "%", "a\"b", "a\tb", ":80", ":",
        "\u{E9}", "a^b",
        "a|b", "a<b>", "[::1]]", "a[", "[1:2:3:4:5:6:7:8:]", "a#b", "a\u{60}b", "{a}",
    ])
    func badHostsAreRefused(_ host: String) {
        #expect(get("Host: \(host)") == .error(.badHost))
    }

    /// RFC 9112 §3.2: Host may be empty only where the target has no authority to repeat.
    @Test func anEmptyHostIsForTargetsWithoutAuthority() throws {
        #expect(try get("Host:").head().authority == "")
        #expect(try request("OPTIONS * HTTP/1.1\r\nHost: \r\n\r\n").head().authority == "")
        #expect(request("GET http://b/ HTTP/1.1\r\nHost:\r\n\r\n") == .error(.badHost))
        #expect(request("CONNECT b:1 HTTP/1.1\r\nHost:\r\n\r\n") == .error(.badHost))
    }

    // MARK: Framing

    /// RFC 9112 §6.3
    @Test func lengthsFrameTheContent() throws {
        #expect(try post("Content-Length: 5").head().framing == .length(5))
        #expect(try post("Content-Length: 0").head().framing == .none)
        #expect(try post("content-LENGTH:\t007 ").head().framing == .length(7))
        #expect(try post("X: y").head().framing == .none)
        #expect(try post("Content-Length: 9223372036854775807").head().framing == .length(UInt64(Int64.max)))
        #expect(try post("Content-Length: 5", version: "1.0").head().framing == .length(5))
        #expect(try get("Host: a\r\nContent-Length: 5").head().framing == .length(5))
    }

    /// RFC 9110 §8.6, RFC 9112 §6.3
    @Test(arguments: [
        "", "+5", "-1", "5 5", "0x5", "5a", "five", "5.0", "1e3", "9223372036854775808", "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999", "5,", ",5", "5,,5", "5;5", "\"5\"", "\u{665}", "5, x",
    ])
    func badLengthsAreRefused(_ value: String) {
        #expect(post("Content-Length: \(value)") == .error(.badLength))
    }

    /// RFC 9112 §6.3, rule 5
    @Test func repeatedLengthsMustAgree() throws {
        #expect(try post("Content-Length: 5, 5").head().framing == .length(5))
        #expect(try post("Content-Length: 5\r\nContent-Length: 5").head().framing == .length(5))
        #expect(try post("Content-Length: 5 , 05\r\nContent-Length: 5").head().framing == .length(5))
        #expect(post("Content-Length: 5, 6") == .error(.conflictingLengths))
        #expect(post("Content-Length: 5\r\nContent-Length: 6") == .error(.conflictingLengths))
        #expect(post("Content-Length: 0\r\nContent-Length: 6") == .error(.conflictingLengths))
    }

    /// RFC 9112 §6.1 and §7.1
    @Test func chunkedFramesTheContent() throws {
        #expect(try post("Transfer-Encoding: chunked").head().framing == .chunked)
        #expect(try post("transfer-encoding:  ChUnKeD ").head().framing == .chunked)
    }

    /// RFC 9112 §6.1 and §6.3, rules 3 and 4
    @Test(arguments: [
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", H1Error.lengthAndCoding),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndCoding),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", .lengthAndCoding),
        ("Content-Length: 5\r\nTransfer-Encoding: identity", .lengthAndCoding),
        ("Transfer-Encoding: gzip, chunked", .unknownCoding),
        ("Transfer-Encoding: gzip;q=1, chunked", .unknownCoding),
        ("Transfer-Encoding: gzip", .badCoding),
        ("Transfer-Encoding: identity", .badCoding),
        ("Transfer-Encoding: chunked, gzip", .badCoding),
        ("Transfer-Encoding: chunked, chunked", .badCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .badCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", .badCoding),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", .badCoding),
        ("Transfer-Encoding:", .badCoding),
        ("Transfer-Encoding: ,", .badCoding),
        ("Transfer-Encoding: , chunked", .badCoding),
        ("Transfer-Encoding: chunked,", .badCoding),
        ("Transfer-Encoding: xchunked", .badCoding),
        ("Transfer-Encoding: chunkedx", .badCoding),
        ("Transfer-Encoding: chunked;x=y", .badCoding),
        ("Transfer-Encoding: \"chunked\"", .badCoding),
        ("Transfer-Encoding: chunked chunked", .badCoding),
        ("Transfer-Encoding: \u{B}chunked", .badFieldValue),
        ("Transfer-Encoding : chunked", .spaceBeforeColon),
        ("Transfer-Encoding\u{B}: chunked", .badFieldName),
    ])
    func framingCannotBeArguedWith(_ lines: String, _ error: H1Error) {
        #expect(post(lines) == .error(error))
    }

    /// RFC 9112 §6.1: HTTP/1.0 has no transfer codings.
    @Test func codingInHTTP10IsRefused() {
        #expect(post("Transfer-Encoding: chunked", version: "1.0") == .error(.codingInHTTP10))
        #expect(post("Content-Length: 5\r\nTransfer-Encoding: chunked", version: "1.0") == .error(.codingInHTTP10))
    }

    // MARK: Connection

    /// RFC 9112 §9.3
    @Test(arguments: [
        ("1.1", "X: y", true), ("1.1", "Connection: close", false), ("1.1", "connection: CLOSE", false),
        ("1.1", "Connection: keep-alive", true), ("1.1", "Connection: keep-alive, close", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close", false), ("1.1", "Connection:", true),
        ("1.1", "Connection: , close ,", false), ("1.1", "Connection: closed", true), ("1.0", "X: y", false),
        ("1.0", "Connection: keep-alive", true), ("1.0", "Connection: Keep-Alive, close", false),
        ("1.0", "Proxy-Connection: keep-alive", false), ("1.1", "Proxy-Connection: close", true),
    ])
    func theConnectionLivesOrNot(_ version: String, _ lines: String, _ keepsAlive: Bool) throws {
        #expect(try get("Host: a\r\n" + lines, version: version).head().keepsAlive == keepsAlive)
    }

    /// RFC 9110 §7.6.1: the fixed set, and whatever Connection names.
    @Test func hopByHopFieldsAreMarked() throws {
        let head = try get(
            """
            X-Before: 1\r
            Host: a\r
            Connection: x-before, X-AFTER\r
            connection: Keep-Alive,x-late, trailer\r
            Keep-Alive: timeout=5\r
            Proxy-Connection: x\r
            TE: trailers\r
            Trailer: X\r
            Upgrade: h2c\r
            HTTP2-Settings: x\r
            Proxy-Authorization: x\r
            Proxy-Authenticate: x\r
            x-after: 1\r
            X-Late: 1\r
            X-Late: 2\r
            X-Other: 1\r
            Content-Length: 0
            """
        ).head()
        #expect(head.lines.filter { !$0.isHopByHop }.map(\.name) == ["Host", "X-Other", "Content-Length"])
        #expect(
            head.flags == [.connectionKeepAlive, .connectionNamesFields, .hasUpgrade, .teTrailers, .hasTrailerField]
        )
        let plain = try get("Host: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\nX: y").head()
        #expect(plain.lines.filter(\.isHopByHop).map(\.name) == ["Transfer-Encoding"])
    }

    /// RFC 9110 §7.6.1: an option must not name what is meant for everyone.
    @Test(arguments: [
        "Host", "Content-Length", "X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host", "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "Forwarded", "Via", "Authorization", "Cookie", "Content-Type", "Date", "X-Request-Id", "X-Real-IP",
        "Cache-Control", "Expect",
        "Accept", "User-Agent", "If-Match", "Range", "Max-Forwards", "close x", "a;b", "\"close\"", "(", "\u{E9}",
    ])
    func aConnectionOptionMayNotNameAnEndToEndField(_ option: String) {
        #expect(get("Host: a\r\nConnection: \(option)") == .error(.badConnectionOption))
        #expect(get("Connection: keep-alive, \(option)\r\nHost: a") == .error(.badConnectionOption))
    }

    @Test(arguments: [
        "Transfer-Encoding", "TE", "Upgrade", "Keep-Alive", "Proxy-Connection", "Connection", "x-mine", "Trailer",
    ])
    func aConnectionOptionMayNameWhatIsOfTheConnection(_ option: String) throws {
        #expect(try get("Host: a\r\nConnection: \(option)").head().keepsAlive)
    }

    @Test func connectionOptionsAreCountedOverAllLines() throws {
        let sixteen = (0..<16).map { "x\($0)" }.joined(separator: ",")
        let thirtyTwo = "Host: a\r\nConnection: \(sixteen)\r\nConnection: \(sixteen)"
        #expect(try get(thirtyTwo + ",").head().flags == [.connectionNamesFields])
        #expect(get(thirtyTwo + ",y") == .error(.tooManyConnectionOptions))
    }

    /// RFC 9110 §7.8: Upgrade counts when Connection names it, and never in HTTP/1.0.
    @Test func upgradeNeedsConnectionAndHTTP11() throws {
        let lines = "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket"
        #expect(try get(lines).head().flags == [.connectionUpgrade, .hasUpgrade])
        #expect(try get(lines, version: "1.0").head().flags == [.connectionUpgrade])
        #expect(try get("Host: a\r\nUpgrade: websocket").head().flags == [.hasUpgrade])
        var head = RequestHead()
        head.flags = [.hasUpgrade]
        // A head is never copied, which the macro would have to.
        let asksAlone = head.asksForUpgrade
        #expect(!asksAlone)
        head.flags = [.hasUpgrade, .connectionUpgrade]
        let asksWithConnection = head.asksForUpgrade
        #expect(asksWithConnection)
    }

    /// RFC 9110 §10.1.1
    @Test(
        arguments: [
            ("1.1", "100-continue", HeadFlags.expectContinue), ("1.1", "100-CONTINUE", .expectContinue),
            ("1.1", "", []),
            ("1.1", "100-continue, x", [.expectContinue, .expectOther]), ("1.1", "x", .expectOther),
            ("1.1", "100-continued", .expectOther), ("1.0", "100-continue", []), ("1.0", "x", []),
        ] as [(String, String, HeadFlags)]
    )
    func expectationsAreMetOrNot(_ version: String, _ value: String, _ flags: HeadFlags) throws {
        #expect(try get("Host: a\r\nExpect: \(value)", version: version).head().flags == flags)
    }

    /// RFC 9110 §10.1.4
    @Test func teTellsOfTrailers() throws {
        #expect(try get("Host: a\r\nTE: gzip;q=0.5, Trailers").head().flags == [.teTrailers])
        #expect(try get("Host: a\r\nTE: deflate").head().flags == [])
        #expect(try get("Host: a\r\nTE: trailers", version: "1.0").head().flags == [])
    }

    @Test func theFirstErrorInTheBytesIsTheError() {
        #expect(post("Content-Length: x\r\nBad Name: 1\r\nHost: b") == .error(.badLength))
        #expect(post("Host: b\r\nContent-Length: x") == .error(.hostRepeated))
        #expect(post("Bad Name: 1\r\nContent-Length: x") == .error(.spaceBeforeColon))
    }

    @Test func aParserReadsOneHeadAfterTheOther() throws {
        var reader = HeadReader()
        let first = Array("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: x\r\nX: 1\r\n\r\n".utf8)
        let second = Array("GET /2 HTTP/1.0\r\n\r\n".utf8)
        #expect(reader.request(Array(first[..<20])) == .more)
        #expect(try reader.request(first + second).head().lines.count == 3)
        #expect(reader.parser == H1HeadParser())
        #expect(try reader.request(second).head().target == "/2")
    }
}
