import Foundation
import Testing

/// Who is believed about the client: the PROXY protocol and the forwarding fields, over real sockets.
@Suite struct TrustTests {
    let bed = TestBed()

    private func lbd(_ backend: RawBackend, trusting networks: String) throws -> LBD {
        try bed.lbd(
            yaml: """
                listeners: [{address: "127.0.0.1:0", proxy_protocol: on}]
                trusted_proxies: \(networks)
                forwarded: on
                health_check: off
                backends: ["\(backend.url)"]
                """,
            until: .ready
        )
    }

    private let request = "GET / HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 198.51.100.9\r\n\r\n"

    @Test func proxyHeaderOfATrustedPeerNamesTheClient() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try lbd(backend, trusting: "[127.0.0.0/8]")
        let client = try lbd.connect()
        // In two pieces, the second with the request behind it; the client that is named is no proxy of ours.
        try client.send("PROXY TCP4 203.0.113.7 ")
        try client.send("127.0.0.1 4711 80\r\n" + request)
        #expect(try client.receiveAnswer().text == "one")
        let seen = try #require(backend.requests.first)
        #expect(seen.lines("x-forwarded-for") == ["203.0.113.7"])
        #expect(seen.lines("forwarded") == ["for=203.0.113.7;host=\"test\";proto=http"])
        // The header comes once a connection.
        try client.send(request)
        #expect(try client.receiveAnswer().text == "one")
        try eventually("both are logged", hint: lbd.log) {
            lbd.accessLog.count { $0.contains(" 203.0.113.7 \"GET / HTTP/1.1\" 200 ") } == 2
        }
    }

    @Test func binaryProxyHeaderNamesTheClient() throws {
        let backend = try bed.rawBackend(answering: "one")
        let client = try lbd(backend, trusting: "[127.0.0.0/8]").connect()
        var header = Data([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x21, 0, 36])
        header += Data([0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [5])
        header += Data([UInt8](repeating: 0, count: 16) + [0x12, 0x34, 0, 80])
        try client.send(header + Data(request.utf8))
        #expect(try client.receiveAnswer().text == "one")
        #expect(backend.requests.first?.lines("x-forwarded-for") == ["2001:db8::5"])
    }

    @Test func aTrustedPeerThatDoesNotSayIsRefused() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try lbd(backend, trusting: "[127.0.0.0/8]")
        let client = try lbd.connect()
        try client.send(request)
        let answer = try client.receiveAnswer()
        #expect(answer.status == 400)
        #expect(answer.text.contains("PROXY header"))
        #expect(try client.hasEnded())
        #expect(backend.requests.isEmpty)
    }

    @Test func aProxyHeaderOfAnybodyElseIsABadRequest() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try lbd(backend, trusting: "[10.0.0.0/8]")
        let liar = try lbd.connect()
        try liar.send("PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n" + request)
        #expect(try liar.receiveAnswer().status == 400)
        #expect(backend.requests.isEmpty)
        let plain = try lbd.connect()
        try plain.send(request)
        #expect(try plain.receiveAnswer().text == "one")
        #expect(backend.requests.first?.lines("x-forwarded-for") == ["127.0.0.1"])
    }

    @Test func proxyProtocolWithoutTrustIsAMistakeInTheFile() throws {
        let file = try bed.write(
            "listeners: [{address: \"127.0.0.1:0\", proxy_protocol: on}]\nbackends: [\"http://127.0.0.1:1\"]\n",
            to: "untrusting.yaml"
        )
        let result = try bed.run(Programs.lbd, ["--check", "--config", file])
        #expect(result.exitCode == 1)
        #expect((result.output + result.errors).contains("trusted_proxies"))
    }
}
