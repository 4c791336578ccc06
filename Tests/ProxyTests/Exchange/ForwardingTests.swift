import HTTPWire
import Model
import Testing

@testable import Proxy

@Suite struct ForwardingTests {
    private func forwarded(
        _ text: String,
        peer: Endpoint = .ipv4(0x0A00_0001, port: 5),
        upgrade: Bool = false,
        isTrusted: Bool = false,
        sendsForwarded: Bool = false,
        instance: UInt64 = 0
    ) throws -> String {
        let bytes = Array(text.utf8)
        var head = RequestHead()
        var parser = H1HeadParser()
        #expect(try parser.parseRequest(bytes.rawBytes, into: &head) != nil)
        var note = Forwarding.WrittenRequest()
        let proxies = TrustedProxies([try #require(Network("10.0.0.0/8"))], includesUnix: true)
        let claim = isTrusted ? ClientClaim(head, of: bytes.rawBytes, trusting: proxies) : nil
        let out = written {
            note = Forwarding.writeRequest(
                head,
                of: bytes.rawBytes,
                origin: Forwarding.Origin(
                    peer: peer,
                    claim: claim,
                    sendsForwarded: sendsForwarded,
                    instance: instance
                ),
                requestID: (1, 0xABC),
                asksForUpgrade: upgrade,
                into: &$0
            )
        }
        let id = Array(out.utf8)[Int(note.requestID.start)..<Int(note.requestID.end)]
        #expect(out.contains("\r\nX-Request-Id: \(String(decoding: id, as: UTF8.self))\r\n"))
        #expect(note.fieldsDropped == (text.contains("X_") ? 1 : 0))
        #expect(out.utf8.count <= Forwarding.requestBytesMax(head))
        #expect(note.upgrade.isEmpty == !upgrade)
        // What we write is a request that we would take.
        let sent = head.authority.isEmpty ? placed(out, in: Array("b.example:81".utf8)) : out
        var again = RequestHead()
        #expect(try parser.parseRequest(Array(sent.utf8).rawBytes, into: &again) == sent.utf8.count)
        #expect(again.framing == head.framing)
        return sent
    }

    /// A request that names no host, as one backend after another gets it: none before has left a trace.
    private func placed(_ text: String, in authority: [UInt8]) -> String {
        let table = LiveTable()
        let authorities = table.authorities
        authorities[3].set(String(repeating: "a", count: BackendAuthority.bytesMax))
        authorities[4].set("b")
        authorities[5].set(String(decoding: authority, as: UTF8.self))
        var pool = BufferPool()
        let buffer = pool.takeLarge()
        var out = pool.room(buffer, from: Forwarding.hostRoom)
        for byte in text.utf8 { out.append(byte) }
        var request = BufferSlice(buffer, UInt32(Forwarding.hostRoom), UInt32(Forwarding.hostRoom + text.utf8.count))
        var found = ""
        for slot: UInt32 in [4, 3, 4, 5] {
            request = Forwarding.placeHost(of: slot, in: request, LiveNames(table), pool)
            let bytes = pool.bytes(request)
            found = String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
            #expect(found.components("\r\nHost: ") == 2)
        }
        pool.give(buffer)
        return found
    }

    private let tail =
        "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n"
        + "X-Request-Id: 00000000000000010000000000000abc\r\nVia: 1.1 lb\r\n\r\n"

    /// Whether a process of this instance says that it has seen the request.
    private func hasPassed(_ via: String, _ instance: UInt64 = 0xDEAD_BEEF_0000_0001) throws -> Bool {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(via)\r\n".utf8)
        var head = RequestHead()
        var parser = H1HeadParser()
        #expect(try parser.parseRequest(bytes.rawBytes, into: &head) != nil)
        return Forwarding.hasPassed(instance, head, of: bytes.rawBytes)
    }

    @Test func aRequestThatComesBackIsKnownByItsVia() throws {
        #expect(try hasPassed("Via: 1.1 lb-deadbeef00000001\r\n"))
        #expect(try hasPassed("Via: 1.0 a, 1.1 lb-deadbeef00000001, 1.1 b\r\n"))
        #expect(try hasPassed("Via: 1.1 a\r\nVia: 1.1 lb-0000000000000001 (x), 1.1 lb-deadbeef00000001\r\n"))
        for other in [
            "", "Via: 1.1 lb\r\n", "Via: 1.1 lb-deadbeef00000002\r\n", "Via: 1.1 lb-deadbeef0000000\r\n", "Via:\r\n",
            "X-Via: 1.1 lb-deadbeef00000001\r\n", "Via: 1.1 lb-DEADBEEF00000001\r\n", "Via: lb-lb-lb-lb-lb-lb-lb\r\n",
        ] {
            #expect(try !hasPassed(other), "\(other)")
        }
        #expect(try !hasPassed("Via: 1.1 lb-0000000000000000\r\n", 0))
    }

    @Test func viaNamesTheProcessAndStaysAList() throws {
        let text = try forwarded("GET / HTTP/1.0\r\nHost: a.example\r\nVia: 1.1 a\r\n\r\n", instance: 0xABC)
        #expect(text.contains("\r\nVia: 1.1 a\r\n"))
        #expect(text.hasSuffix("\r\nVia: 1.0 lb-0000000000000abc\r\n\r\n"))
    }

    @Test func aPlainRequest() throws {
        #expect(
            try forwarded("GET /x?y=%2F HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n")
                == "GET /x?y=%2F HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n" + tail
        )
    }

    @Test func whatIsMeantForOneConnectionDoesNotCross() throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, X-Hop , Upgrade\r\nX-Hop: 1\r\n"
                + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\n"
                + "HTTP2-Settings: AAA\r\nProxy-Authorization: Basic x\r\nX-End: 2\r\nx-hop: 3\r\n\r\n"
        )
        #expect(text == "GET / HTTP/1.1\r\nHost: a.example\r\nX-End: 2\r\n" + tail)
    }

    @Test func whatATrustedProxySaysStandsAndItsListsGrow() throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.2\r\n"
                + "X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\nX-Real-IP: 203.0.113.9\r\n"
                + "Forwarded: for=203.0.113.9;proto=https\r\n\r\n",
            isTrusted: true
        )
        #expect(
            text
                == "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n"
                + "X-Real-IP: 203.0.113.9\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.2, 10.0.0.1\r\n"
                + "Forwarded: for=198.51.100.2;host=\"shop.example\";proto=https, for=10.0.0.1\r\n"
                + "X-Request-Id: 00000000000000010000000000000abc\r\nVia: 1.1 lb\r\n\r\n"
        )
    }

    /// RFC 7239 §4 and §6: an IPv6 address stands in brackets and quotes, a host with a port in quotes.
    @Test func forwardedIsSentOnRequest() throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example:81\r\nForwarded: for=evil\r\n\r\n",
            peer: Endpoint(family: .ipv6, port: 5, high: 0x2001_0DB8_0000_0000, low: 1),
            sendsForwarded: true
        )
        #expect(text.contains("\r\nForwarded: for=\"[2001:db8::1]\";host=\"a.example:81\";proto=http\r\n"))
        #expect(!text.contains("evil"))
    }

    @Test func aHostThatNobodyNamedIsNotForwardedAsOne() throws {
        let text = try forwarded("GET / HTTP/1.0\r\n\r\n", sendsForwarded: true)
        #expect(!text.contains("X-Forwarded-Host") && text.contains("\r\nForwarded: for=10.0.0.1;proto=http\r\n"))
        let named = try forwarded("GET / HTTP/1.0\r\nX-Forwarded-Host: shop.example\r\n\r\n", isTrusted: true)
        #expect(
            named.contains("\r\nX-Forwarded-Host: shop.example\r\n") && named.contains("\r\nHost: b.example:81\r\n")
        )
        #expect(try !forwarded("GET / HTTP/1.0\r\n\r\n", isTrusted: true).contains("X-Forwarded-Host"))
    }

    /// Whatever of the two families of fields a trusted proxy sends, both tell a backend the same.
    @Test(arguments: [
        // Nothing: the proxy is its own client.
        ("", "10.0.0.1", "http", "a.example", "for=10.0.0.1;host=\"a.example\";proto=http"),
        (
            "X-Forwarded-Proto: https\r\n", "10.0.0.1", "https", "a.example",
            "for=10.0.0.1;host=\"a.example\";proto=https"
        ),
        // One family only.
        (
            "X-Forwarded-For: 203.0.113.9:4711\r\nX-Forwarded-Proto: https\r\n", "203.0.113.9:4711, 10.0.0.1", "https",
            "a.example", "for=203.0.113.9;host=\"a.example\";proto=https, for=10.0.0.1"
        ),
        (
            "Forwarded: for=\"[2001:db8::1]:80\";proto=https;host=shop.example\r\n", "2001:db8::1, 10.0.0.1", "https",
            "shop.example", "for=\"[2001:db8::1]:80\";proto=https;host=shop.example, for=10.0.0.1"
        ),
        (
            "Forwarded: for=unknown\r\n", "10.0.0.1", "http", "a.example",
            "for=unknown, for=10.0.0.1;host=\"a.example\";proto=http"
        ),
        // Both, of one mind.
        (
            "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=\"203.0.113.9:1\";proto=HTTPS\r\nX-Forwarded-Proto: https\r\n",
            "203.0.113.9, 10.0.0.1", "https", "a.example",
            "for=\"203.0.113.9:1\";proto=HTTPS, for=10.0.0.1;host=\"a.example\""
        ),
        (
            "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9;proto=https\r\n", "203.0.113.9, 10.0.0.1",
            "https",
            "a.example", "for=203.0.113.9;proto=https, for=10.0.0.1;host=\"a.example\""
        ),
        // Both, and not: what a proxy that knows nothing of Forwarded has passed on is its client's own.
        (
            "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=192.0.2.1;proto=https\r\n", "203.0.113.9, 10.0.0.1", "http",
            "a.example", "for=203.0.113.9;host=\"a.example\";proto=http, for=10.0.0.1"
        ),
        (
            "X-Forwarded-Proto: http\r\nForwarded: for=192.0.2.1;proto=https\r\n", "10.0.0.1", "http", "a.example",
            "for=10.0.0.1;host=\"a.example\";proto=http"
        ),
        (
            "Forwarded: for=\"192.0.2.1;proto=https\r\n", "10.0.0.1", "http", "a.example",
            "for=10.0.0.1;host=\"a.example\";proto=http"
        ),
        ("X-Forwarded-Proto: <s>\r\n", "10.0.0.1", "<s>", "a.example", "for=10.0.0.1;host=\"a.example\""),
    ])
    func bothFamiliesOfForwardingFieldsTellTheSame(
        _ fields: String,
        _ addresses: String,
        _ scheme: String,
        _ host: String,
        _ list: String
    ) throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example\r\n\(fields)\r\n",
            isTrusted: true,
            sendsForwarded: true
        )
        let lines = text.split(separator: "\r\n").map(String.init)
        func value(_ name: String) -> [String] {
            lines.filter { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.utf8.count + 2)) }
        }
        #expect(value("X-Forwarded-For") == [addresses])
        #expect(value("X-Forwarded-Proto") == [scheme])
        #expect(value("X-Forwarded-Host") == [host])
        #expect(value("Forwarded") == [list])
    }

    /// What stands for the address that a unix socket's peer has not would be taken for the client's.
    @Test func aTrustedPeerOnAUnixSocketAddsNoAddress() throws {
        let unix = Endpoint(family: .unix, port: 0, low: 0)
        let fields = "X-Forwarded-For: 203.0.113.9\r\n"
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n",
            peer: unix,
            isTrusted: true,
            sendsForwarded: true
        )
        #expect(text.contains("\r\nX-Forwarded-For: 203.0.113.9\r\n"))
        #expect(text.contains("\r\nForwarded: for=203.0.113.9;host=\"a\";proto=http, for=unknown\r\n"))
        #expect(
            try forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n", peer: unix).contains("\r\nX-Forwarded-For: unknown\r\n")
        )
    }

    /// RFC 9110 §7.6.2: of OPTIONS, and of no other method that is forwarded.
    @Test(arguments: [
        ("1", "0"), ("10", "9"), ("007", "6"), ("99999999999999999999", "4294967294"), ("x", "x"), ("-1", "-1"),
    ])
    func maxForwardsIsCountedDown(_ before: String, _ after: String) throws {
        let fields = "Host: a\r\nMAX-forwards: \(before)\r\n\r\n"
        let text = try forwarded("OPTIONS / HTTP/1.1\r\n" + fields).lowercased()
        #expect(text.contains("\r\nmax-forwards: \(after)\r\n") && text.components("max-forwards") == 2)
        #expect(try forwarded("GET / HTTP/1.1\r\n" + fields).contains("\r\nMAX-forwards: \(before)\r\n"))
    }

    /// RFC 9110 §10.1.1: what we send is HTTP/1.1, in which a backend would act by it.
    @Test func anExpectationOfHTTP10IsNotPassedOn() throws {
        let fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
        #expect(try !forwarded("PUT / HTTP/1.0\r\n" + fields).contains("Expect"))
        #expect(try forwarded("PUT / HTTP/1.1\r\n" + fields).contains("\r\nExpect: 100-continue\r\n"))
    }

    @Test func whatTheClientSaysOfForwardingIsReplaced() throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 1.2.3.4\r\nx-forwarded-proto: https\r\n"
                + "X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /admin\r\n"
                + "X-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\nX-Forwarded-For: 5\r\n\r\n"
        )
        #expect(text == "GET / HTTP/1.1\r\nHost: a.example\r\n" + tail)
    }

    @Test func aRequestIdIsKeptOnce() throws {
        let text = try forwarded(
            "GET / HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: mine\r\nX-Request-Id: other\r\n\r\n"
        )
        #expect(text.contains("X-Request-Id: mine\r\n") && !text.contains("other") && !text.contains("abc"))
    }

    @Test func viaIsAppendedWithTheClientsVersion() throws {
        let text = try forwarded("GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 cdn\r\n\r\n")
        #expect(text.contains("Via: 1.1 cdn\r\n") && text.hasSuffix("Via: 1.0 lb\r\n\r\n"))
        #expect(text.hasPrefix("GET / HTTP/1.1\r\n"))
        let later = try forwarded("GET / HTTP/1.7\r\nHost: a\r\n\r\n")
        #expect(later.hasPrefix("GET / HTTP/1.1\r\n") && later.hasSuffix("\r\nVia: 1.7 lb\r\n\r\n"))
    }

    @Test(arguments: [
        ("GET http://b.example:81/x HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET /x HTTP/1.1\r\nHost: b.example:81\r\n"),
        ("GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b.example\r\n"),
        ("GET http://b.example?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: b.example\r\n"),
        ("OPTIONS http://b.example HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b.example\r\n"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n"),
        // A request that names no host asks the backend for itself.
        (
            "GET / HTTP/1.1\r\nHost:\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: b.example:81\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto"
        ),
        ("GET /a HTTP/1.0\r\nX: y\r\n\r\n", "GET /a HTTP/1.1\r\nHost: b.example:81\r\nX: y\r\n"),
        (
            "GET / HTTP/1.0\r\nHost:\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: b.example:81\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto"
        ),
        ("OPTIONS * HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b.example:81\r\n"),
        ("GET /a/../b//c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a/../b//c HTTP/1.1\r\n"),
    ])
    func targetsGoInOriginForm(_ request: String, _ prefix: String) throws {
        #expect(try forwarded(request).hasPrefix(prefix))
    }

    @Test func framingIsOurs() throws {
        let zero = try forwarded("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(zero.components("Content-Length: 0\r\n") == 2)
        let lists = try forwarded("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 7, 7\r\nContent-Length: 07\r\n\r\n")
        #expect(lists.components("Content-Length: 7\r\n") == 2 && lists.components("ength") == 2)
        let chunked = try forwarded("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n")
        #expect(chunked.components("Transfer-Encoding: chunked\r\n") == 2 && chunked.components("ncoding") == 2)
        #expect(try !forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n").contains("ength"))
        let huge = try forwarded("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n")
        #expect(huge.contains("Content-Length: 9223372036854775807\r\n"))
    }

    @Test func trailersAreAskedForWhereTheClientDid() throws {
        let text = try forwarded("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailers\r\nConnection: TE\r\n\r\n")
        #expect(text.contains("\r\nTE: trailers\r\nConnection: TE\r\n") && !text.contains("gzip"))
    }

    @Test func anUpgradeCrossesWhereItIsWanted() throws {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        #expect(try forwarded(request, upgrade: true).contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"))
        #expect(try !forwarded(request).contains("pgrade"))
        let lines = request.replacing("\r\n\r\n", with: "\r\nUpgrade:\r\nupgrade: irc/6.9\r\n\r\n")
        #expect(
            try forwarded(lines, upgrade: true).contains("\r\nUpgrade: websocket, irc/6.9\r\nConnection: Upgrade\r\n")
        )
    }

    @Test func theLongestHeadFitsWhatIsSaidOfIt() throws {
        let host = String(repeating: "h", count: 20_000)
        let fields = (0..<100).map { "f\($0):v\r\n" }.joined()
        let peer = Endpoint(family: .ipv6, port: 1, high: .max, low: .max)
        _ = try forwarded(
            "GET / HTTP/1.1\r\nHost:\(host)\r\nTE:trailers\r\nConnection:TE\r\n\(fields)\r\n",
            peer: peer,
            sendsForwarded: true
        )
        // With all that a proxy may say of its client at its longest.
        let shop = String(repeating: "s", count: ClientClaim.hostBytesMax)
        let scheme = String(repeating: "x", count: ClientClaim.schemeBytesMax)
        let address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        for host in [host, ""] {
            for claims in [
                "X-Forwarded-For:\(address)\r\nX-Forwarded-Host:\(shop)\r\nX-Forwarded-Proto:\(scheme)\r\n",
                "Forwarded:for=\"[\(address)]\";host=\(shop);proto=\(scheme)\r\n",
            ] {
                _ = try forwarded(
                    "GET / HTTP/1.1\r\nHost:\(host)\r\nTE:trailers\r\nConnection:TE\r\n\(fields)\(claims)\r\n",
                    peer: peer,
                    isTrusted: true,
                    sendsForwarded: true
                )
            }
        }
    }

    // MARK: answers

    private func passed(
        _ text: String,
        framing: BodyFraming? = nil,
        announced: UInt64? = nil,
        keepsClient: Bool = true,
        minor: UInt8 = 1,
        cookie: StickyCookie? = nil
    ) throws -> String {
        let bytes = Array(text.utf8)
        var head = ResponseHead()
        var parser = H1HeadParser()
        #expect(try parser.parseResponse(bytes.rawBytes, into: &head) != nil)
        var date = DateText()
        date.update(784_111_777_000_000_000)
        let out = written {
            Forwarding.writeAnswer(
                head,
                of: bytes.rawBytes,
                framing: framing ?? head.framing(answering: .get),
                announcedLength: announced,
                keepsClient: keepsClient,
                clientMinorVersion: minor,
                date: date,
                cookie: cookie,
                into: &$0
            )
        }
        #expect(out.utf8.count <= Forwarding.answerBytesMax(head))
        var again = ResponseHead()
        #expect(try parser.parseResponse(Array(out.utf8).rawBytes, into: &again) == out.utf8.count)
        return out
    }

    private let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    @Test func aPlainAnswer() throws {
        #expect(
            try passed("HTTP/1.1 200 Fine\r\nServer: s\r\nContent-Length: 5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n")
                == "HTTP/1.1 200 Fine\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n" + date
                + "Content-Length: 5\r\nVia: 1.1 lb\r\n\r\n"
        )
    }

    @Test func anAnswersOwnConnectionStaysThere() throws {
        let text = try passed(
            "HTTP/1.0 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nUpgrade: h2c\r\n"
                + "Proxy-Authenticate: Basic\r\nDate: then\r\n\r\n",
            framing: .chunked
        )
        #expect(text == "HTTP/1.1 200 OK\r\nDate: then\r\nTransfer-Encoding: chunked\r\nVia: 1.0 lb\r\n\r\n")
    }

    @Test func theClientIsToldWhatBecomesOfItsConnection() throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
        #expect(try !passed(answer).contains("Connection"))
        #expect(try passed(answer, keepsClient: false).contains("\r\nConnection: close\r\n"))
        #expect(try passed(answer, minor: 0).contains("\r\nConnection: keep-alive\r\n"))
        #expect(try passed(answer, keepsClient: false, minor: 0).contains("\r\nConnection: close\r\n"))
    }

    @Test func lengthsAreAnnouncedWithoutABody() throws {
        let text = try passed("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", announced: 9)
        #expect(text.contains("Content-Length: 9\r\n"))
        #expect(try !passed("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").contains("ength"))
    }

    @Test func anInterimAnswerHasNeitherFramingNorDate() throws {
        #expect(
            try passed("HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
                == "HTTP/1.1 103 Early Hints\r\nLink: x\r\nVia: 1.1 lb\r\n\r\n"
        )
    }

    /// Clients look for cookies in the answer to their request, which no interim one is.
    @Test(arguments: [(100, false), (103, false), (199, false), (101, true), (200, true), (503, true)])
    func noInterimAnswerBindsTheClientToItsBackend(_ status: Int, _ isCarried: Bool) throws {
        let plan = StickyPlan()
        let cookie = StickyCookie(plan, id: 7, text: FlatArray())
        let text = try passed("HTTP/1.1 \(status) X\r\nUpgrade: a\r\nContent-Length: 0\r\n\r\n", cookie: cookie)
        #expect(text.contains("Set-Cookie: ") == isCarried)
    }

    /// RFC 9110 §15.5.22: a 426 says what the client should ask for.
    @Test func theUpgradeThatIsRequiredIsSaid() throws {
        let answer =
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
        let text = try passed(answer)
        #expect(text.contains("\r\nUpgrade: websocket\r\n") && text.contains("\r\nConnection: Upgrade\r\n"))
        #expect(try passed(answer, keepsClient: false).contains("\r\nConnection: Upgrade\r\nConnection: close\r\n"))
        #expect(try !passed(answer.replacing("426", with: "400")).contains("pgrade: "))
    }

    @Test func aSwitchOfProtocolsSaysWhich() throws {
        let text = try passed("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        #expect(text == "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nVia: 1.1 lb\r\n\r\n")
    }
}

extension String {
    /// How many pieces `separator` cuts it into.
    fileprivate func components(_ separator: String) -> Int { ranges(of: separator).count + 1 }
}
