import Foundation
import Testing

/// Upgraded connections: bytes that are not ours to read, both ways, until each side has ended.
@Suite struct UpgradeTests {
    let bed = TestBed()

    private static let agreement = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n"
    private static let wish = "GET /chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"

    @Test func bytesPassBothWaysAndEachSideEndsByItself() throws {
        let backend = try bed.rawBackend { request, connection in
            #expect(request.field("upgrade") == "chat")
            #expect(request.field("connection") == "Upgrade")
            try connection.send(Self.agreement + "hello ")
            // Everything until the client has ended; then still an answer, and the end from this side.
            let heard = try connection.receiveToEnd()
            try connection.send("heard \(String(decoding: heard, as: UTF8.self))")
            return .close
        }
        let client = try bed.lbd(serving: backend).connect()
        try client.send(Self.wish)
        let head = try #require(try client.receiveHead())
        #expect(head.status == 101)
        #expect(head.field("upgrade") == "chat")
        try client.send("one ")
        try client.send("two")
        client.finishSending()
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == "hello heard one two")
    }

    /// CVE-2026-2833: what the client sends ahead is no part of a protocol that nobody has agreed to.
    @Test func whatIsSentAheadWaitsForTheAgreement() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send(Self.agreement)
            let heard = try connection.receiveToEnd()
            try connection.send(heard)
            return .close
        }
        let client = try bed.lbd(serving: backend).connect()
        try client.send(Self.wish + "ahead")
        try eventually("the backend has the request") { backend.requests.count == 1 }
        #expect(backend.requests.first?.body.isEmpty == true)
        gate.open()
        #expect(try client.receiveHead()?.status == 101)
        client.finishSending()
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == "ahead")
    }

    @Test func aBackendThatDeclinesAnswersAsUsual() throws {
        let backend = try bed.rawBackend(answering: "no")
        let client = try bed.lbd(serving: backend).connect()
        try client.send(Self.wish)
        #expect(try client.receiveAnswer().text == "no")
        try client.send("GET /next HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try client.receiveAnswer().text == "no")
        #expect(backend.requests.count == 2)
    }

    @Test func anAgreementThatNobodyAskedForIsRefused() throws {
        let backend = try bed.rawBackend { _, connection in
            try connection.send(Self.agreement)
            return .keep
        }
        let client = try bed.lbd(serving: backend).connect()
        #expect(try client.get("/").status == 502)
    }

    @Test func aTunnelOutlivesItsBackendsRemoval() throws {
        let backend = try bed.rawBackend { _, connection in
            try connection.send(Self.agreement)
            let heard = try connection.receiveToEnd()
            try connection.send(heard)
            return .close
        }
        let lbd = try bed.lbd(serving: backend)
        let client = try lbd.connect()
        try client.send(Self.wish)
        #expect(try client.receiveHead()?.status == 101)
        let name = try #require(lbd.specs().keys.first)
        let removal = try lbd.ask("DELETE", "/v1/backends/\(name)?force=true")
        #expect(removal.status == 202)
        try client.send("still here")
        client.finishSending()
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == "still here")
        try eventually("the backend is gone") { try lbd.ask("GET", "/v1/backends/\(name)").status == 404 }
    }
}
