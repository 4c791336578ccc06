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

    /// A listener on a unix socket, and a connection to it.
    private func unix(_ backend: RawBackend, _ trusted: String, speaks: String) throws -> (ChildProcess, Connection) {
        let path = "\(bed.directory)/front"
        let file = try bed.write(
            """
            listeners: [{address: "unix:\(path)", proxy_protocol: \(speaks)}]
            trusted_proxies: \(trusted)
            health_check: off
            backends: ["\(backend.url)"]
            """,
            to: "unix.yaml"
        )
        #expect(try bed.run(Programs.lbd, ["--check", "--config", file]).exitCode == 0)
        let process = try bed.spawn(
            Programs.lbd,
            ["--config", file, "--admin", "127.0.0.1:0", "--state", bed.path("state")]
        )
        try eventually("it listens", hint: process.errors) { process.errors.contains("listening on unix:\(path)\n") }
        return (process, Connection(try Sockets.connected(toSocketAt: path)))
    }

    @Test func aPeerOnAUnixSocketIsBelievedWhereItIsNamed() throws {
        let backend = try bed.rawBackend(answering: "one")
        let (process, client) = try unix(backend, "[unix]", speaks: "off")
        try client.send(
            "GET / HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 198.51.100.9:4711\r\nX-Forwarded-Proto: https\r\n\r\n"
        )
        #expect(try client.receiveAnswer().text == "one")
        let seen = try #require(backend.requests.first)
        #expect(seen.lines("x-forwarded-for") == ["198.51.100.9:4711"] && seen.lines("x-forwarded-proto") == ["https"])
        try eventually("it is logged", hint: process.errors) {
            process.output.contains("Z 198.51.100.9 \"GET / HTTP/1.1\" 200 ")
                && process.output.contains(" peer=unknown ")
        }
    }

    @Test func aPeerOnAUnixSocketIsNobodyElsewhere() throws {
        let backend = try bed.rawBackend(answering: "one")
        let (_, client) = try unix(backend, "[10.0.0.0/8]", speaks: "off")
        try client.send(request)
        #expect(try client.receiveAnswer().text == "one")
        #expect(backend.requests.first?.lines("x-forwarded-for") == ["unknown"])
    }

    @Test func aProxyHeaderOnAUnixSocketNamesTheClient() throws {
        let backend = try bed.rawBackend(answering: "one")
        let (_, client) = try unix(backend, "[unix]", speaks: "on")
        try client.send("PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n" + request)
        #expect(try client.receiveAnswer().text == "one")
        #expect(backend.requests.first?.lines("x-forwarded-for") == ["203.0.113.7"])
    }

    /// What `--check` takes works: a listener whose peers cannot be believed would refuse them all.
    @Test(
        arguments: [
            ("127.0.0.1:0", nil), ("127.0.0.1:0", "[unix]"), ("unix:/run/lb.sock", nil),
            ("unix:/run/lb.sock", "[127.0.0.0/8]"),
        ] as [(String, String?)]
    )
    func proxyProtocolWithoutTrustIsAMistakeInTheFile(_ listener: String, _ trusted: String?) throws {
        let file = try bed.write(
            "listeners: [{address: \"\(listener)\", proxy_protocol: on}]\nbackends: [\"http://127.0.0.1:1\"]\n"
                + (trusted.map { "trusted_proxies: \($0)\n" } ?? ""),
            to: "untrusting.yaml"
        )
        let result = try bed.run(Programs.lbd, ["--check", "--config", file])
        #expect(result.exitCode == 1)
        #expect((result.output + result.errors).contains("trusted_proxies"))
    }
}
