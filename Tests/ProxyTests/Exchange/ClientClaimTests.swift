import HTTPWire
import Model
import Testing

@testable import Proxy

/// What trusted proxies say of their clients.
@Suite struct ClientClaimTests {
    private func claim(_ fields: String, trusting: [String] = ["10.0.0.0/8"]) throws -> ClientClaim {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields.replacing("\n", with: "\r\n"))\r\n".utf8)
        var parser = H1HeadParser()
        var head = RequestHead()
        _ = try parser.parseRequest(bytes.rawBytes, into: &head)
        return ClientClaim(head, of: bytes.rawBytes, trusting: TrustedProxies(trusting.compactMap { Network($0) }))
    }

    private func address(_ fields: String) throws -> String {
        let found = try claim(fields).address
        return found == .none ? "" : written { PeerText.append(found, to: &$0) }
    }

    /// Of a chain of proxies the client is the last who is not trusted: what comes before is only talk.
    @Test(arguments: [
        ("1.2.3.4", "1.2.3.4"), ("9.9.9.9, 1.2.3.4", "1.2.3.4"), ("9.9.9.9, 1.2.3.4, 10.0.0.2 ,10.0.0.3", "1.2.3.4"),
        ("10.0.0.2, 10.0.0.3", "10.0.0.2"), ("1.2.3.4, unknown, 10.0.0.3", "10.0.0.3"), ("1.2.3.4, unknown", ""),
        ("", ""),
        (" ,, 1.2.3.4 ,,", "1.2.3.4"), ("::ffff:10.0.0.3", "10.0.0.3"), ("1.2.3.4, ::ffff:10.0.0.3", "1.2.3.4"),
        ("[2001:db8::1]:4711", "2001:db8::1"), ("x, 2001:DB8:0:0::1", "2001:db8::1"), ("1.2.3.4:80", "1.2.3.4"),
    ])
    func theClientIsTheLastWhoIsNotTrusted(_ list: String, _ client: String) throws {
        #expect(try address("X-Forwarded-For: \(list)\n") == client)
        // In as many lines as there are elements.
        let lines = list.split(separator: ",", omittingEmptySubsequences: false).map { "x-forwarded-for:\($0)\n" }
        #expect(try address(lines.joined()) == client)
        let elements = list.split(separator: ",").map { "\($0)".trimmingBlanks }.filter { !$0.isEmpty }
        guard !elements.isEmpty else { return }
        #expect(try address("Forwarded: " + elements.map { "for=\"\($0)\"" }.joined(separator: ", ") + "\n") == client)
        #expect(try address(elements.map { "Forwarded: by=_a;For=\($0) ; ext=\"a,b;c\"\n" }.joined()) == client)
    }

    @Test func aChainIsFollowedAsFarAsItsLimit() throws {
        for count in [1, 31, 32, 33, 100] {
            let proxies = (1...count).map { "10.0.0.\($0)" }
            let expected = count <= 31 ? "1.2.3.4" : "10.0.0.\(count - 31)"
            let list = ["1.2.3.4"] + proxies
            #expect(try address("X-Forwarded-For: \(list.joined(separator: ","))\n") == expected)
            #expect(try address("Forwarded: \(list.map { "for=\($0)" }.joined(separator: ","))\n") == expected)
        }
    }

    @Test(arguments: [
        "for", "for=", "=x", "for=\"1.2.3.4", "for=1.2.3.4;;=", "for=\"1.2.3\\.4\"", ";for=1.2.3.4", "for=1.2.3.4 x",
        "for 1.2.3.4", "f(r=1",
        "for=1.2.3.4/8", ",", "",
    ])
    func aListThatIsNoneSaysNothing(_ list: String) throws {
        let found = try claim("Forwarded: \(list)\n")
        #expect(found.address == .none && found.scheme.isEmpty && found.host.isEmpty && !found.keepsForwarded)
    }

    @Test(arguments: ["h", "https", "HTTP", "a+b-c.d1"]) func schemesAreWords(_ scheme: String) throws {
        #expect(try claim("X-Forwarded-Proto: \(scheme), http\n").scheme.count == scheme.utf8.count)
        #expect(try claim("Forwarded: proto=\(scheme), proto=http\n").scheme.count == scheme.utf8.count)
    }

    @Test(arguments: ["", "1http", "ht tp", "https:", "\u{E9}", String(repeating: "h", count: 17), ",https"])
    func whatIsNoSchemeIsNotSaid(_ scheme: String) throws {
        #expect(try claim("X-Forwarded-Proto: \(scheme)\n").scheme.isEmpty)
    }

    @Test(arguments: [
        ("a.example", true), ("a:80, b", true), ("[::1]:1", true), ("a\"b", false), ("a b", false), ("a/b", false),
        ("", false),
    ])
    func aHostIsAHost(_ host: String, _ isOne: Bool) throws {
        #expect(try claim("X-Forwarded-Host: \(host)\n").host.isEmpty == !isOne)
    }
}

extension String {
    fileprivate var trimmingBlanks: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
