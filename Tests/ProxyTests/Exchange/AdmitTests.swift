import HTTPWire
import Testing

@testable import Proxy

@Suite struct AdmitTests {
    private func refusal(_ text: String, _ most: UInt64? = nil) throws -> Fault.Kind? {
        var head = RequestHead()
        var parser = H1HeadParser()
        let bytes = Array(text.utf8)
        _ = try parser.parseRequest(bytes.rawBytes, into: &head)
        return Admit.refusal(head, of: bytes.rawBytes, bodyBytesMax: most)?.kind
    }

    private func passesUpgrade(_ value: String) throws -> Bool {
        var head = RequestHead()
        var parser = H1HeadParser()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: \(value)\r\n\r\n".utf8)
        _ = try parser.parseRequest(bytes.rawBytes, into: &head)
        return Admit.passesUpgrade(head, of: bytes.rawBytes)
    }

    @Test(arguments: [
        "websocket", "WebSocket", "IRC/6.9", "a, b/2 , c", "tcp", "SPDY/3.1", "h22", "TLSx/1.0", "xhttp/2",
    ])
    func otherProtocolsAreTunnelled(_ value: String) throws { #expect(try passesUpgrade(value)) }

    /// In these, requests would pass unseen; and what is no name of a protocol might be taken for one of them.
    @Test(arguments: [
        "h2", "H2", "h2c", "h2/1", "h3", "HTTP/2.0", "http/3", "TLS/1.0", "tls/1.3", "TLS", "websocket, TLS/1.0",
        "h2, websocket", "x-h2c",
        "\"h2\"", "h2;q=1", "(tls)/1.0", "websocket\u{E9}", "/2", "a/", "a/b/c", "", ",", "web socket",
    ])
    func protocolsThatCarryRequestsAreNot(_ value: String) throws { #expect(try !passesUpgrade(value)) }

    /// RFC 9110 §7.8
    @Test(arguments: [
        ("websocket", "WebSocket", true), ("a, b/2", "b/2", true), ("a,b/2", "B/2, A", true), ("a", "b", false),
        ("a, b", "b, c", false),
        ("b/2", "b", false), ("b", "b/2", false), ("ab", "a", false), ("websocket", "", false),
        ("websocket", ",", false), ("a@", "a`", false),
    ])
    func aSwitchIsToAProtocolThatWasAskedFor(_ asked: String, _ answered: String, _ isAsked: Bool) throws {
        let bytes = Array("HTTP/1.1 101 X\r\nUpgrade: \(answered)\r\n\r\n".utf8)
        var head = ResponseHead()
        var parser = H1HeadParser()
        _ = try parser.parseResponse(bytes.rawBytes, into: &head)
        #expect(Admit.isAsked(head, of: bytes.rawBytes, by: Array(asked.utf8).rawBytes) == isAsked)
    }

    /// RFC 9110 §7.6.2
    @Test func anOptionsWithoutForwardsLeftEndsHere() throws {
        func options(_ fields: String, method: String = "OPTIONS") throws -> Fault.Kind? {
            try refusal("\(method) * HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".replacing("GET *", with: "GET /"))
        }
        #expect(try options("Max-Forwards: 0\r\n") == .forwardsSpent)
        #expect(try options("max-forwards: 000\r\n") == .forwardsSpent)
        #expect(try options("Max-Forwards: 3\r\nMax-Forwards: 0\r\n") == .forwardsSpent)
        for value in ["1", "00001", "x", "", "-0", "0x0", "99999999999999999999"] {
            #expect(try options("Max-Forwards: \(value)\r\n") == nil)
        }
        #expect(try options("") == nil)
        #expect(try options("Max-Forwards: 0\r\n", method: "GET") == nil)
    }

    @Test func tunnelsAndTracesAreNotForwarded() throws {
        #expect(try refusal("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") == .methodNotAllowed)
        #expect(try refusal("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") == .methodNotAllowed)
        #expect(try refusal("BREW / HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
    }

    @Test func onlyOneExpectationIsKnown() throws {
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n") == nil)
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n") == .expectationFailed)
    }

    @Test(
        arguments: [(99, nil), (100, nil), (101, .bodyTooLarge), (.max >> 1, .bodyTooLarge)]
            as [(UInt64, Fault.Kind?)]
    )
    func aBodyMayBeAsLongAsTheLimit(_ length: UInt64, _ kind: Fault.Kind?) throws {
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n", 100) == kind)
    }
}

@Suite struct RetryBudgetTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aBurstIsAllowedAndThenAFifthOfTheRequests() {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: Self.second)
        var granted = 0
        while budget.withdraw(at: now) { granted += 1 }
        #expect(granted == 100)
        granted = 0
        for _ in 0..<10_000 {
            now = now + 1
            budget.deposit()
            if budget.withdraw(at: now) { granted += 1 }
        }
        #expect((1999...2001).contains(granted))
    }

    /// However often it is asked in between.
    @Test(arguments: [1_000_000, 150_000, 50_000, 7_000])
    func aQuietWorkerEarnsTenASecond(_ step: UInt64) {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: 77)
        while budget.withdraw(at: now) {}
        var granted = 0
        let start = now
        while now.since(start) < 2 * Self.second {
            now = now + step
            if budget.withdraw(at: now) { granted += 1 }
        }
        #expect((19...21).contains(granted))
    }

    @Test func itEarnsNoMoreThanTenByTimeAlone() {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: 1)
        while budget.withdraw(at: now) {}
        now = now + 3600 * Self.second
        var granted = 0
        while budget.withdraw(at: now) { granted += 1 }
        #expect(granted == 10)
    }
}
