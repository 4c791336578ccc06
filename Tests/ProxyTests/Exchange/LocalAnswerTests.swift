import Foundation
import HTTPWire
import Testing

@testable import Proxy

@Suite struct LocalAnswerTests {
    static let kinds: [Fault.Kind] = (0...UInt8.max).compactMap(Fault.Kind.init(rawValue:))

    private func answer(
        _ fault: Fault,
        _ refusal: H1Error?,
        isHead: Bool,
        keeps: Bool = true,
        minor: UInt8 = 1,
        asJSON: Bool = false
    ) -> String {
        var date = DateText()
        date.update(0)
        var bodyBytes = 0
        let text = written(room: LocalAnswer.bytesMax) {
            bodyBytes = LocalAnswer.write(
                fault,
                refusal: refusal,
                isHead: isHead,
                keepsClient: keeps,
                clientMinorVersion: minor,
                requestID: (1, 2),
                asJSON: asJSON,
                date: date,
                into: &$0
            )
        }
        let body = text.ranges(of: "\r\n\r\n").first.map { text[$0.upperBound...] } ?? ""
        #expect(body.utf8.count == bodyBytes)
        return text
    }

    /// Reads an answer as a client does: it must be whole, and nothing may be left.
    private func check(_ fault: Fault, _ refusal: H1Error?) throws {
        try check(fault, refusal, asJSON: false)
        try check(fault, refusal, asJSON: true)
    }

    private func check(_ fault: Fault, _ refusal: H1Error?, asJSON: Bool) throws {
        let get = Array(answer(fault, refusal, isHead: false, asJSON: asJSON).utf8)
        let head = Array(answer(fault, refusal, isHead: true, asJSON: asJSON).utf8)
        var parser = H1HeadParser()
        var found = ResponseHead()
        let length = try #require(try parser.parseResponse(get.rawBytes, into: &found))
        #expect(found.contentLength == UInt64(get.count - length))
        #expect(found.contentLength! > 0)
        #expect(Array(get[..<length]) == head)
        let isRefusal = fault.kind == .badRequest
        #expect(found.status == (isRefusal ? refusal?.status ?? 400 : fault.status))
        if asJSON {
            struct Body: Decodable {
                var status: UInt16
                var title: String
                var detail: String
                var cause: String
            }
            let body = try JSONDecoder().decode(Body.self, from: Data(get[length...]))
            #expect(body.status == found.status)
            #expect(!body.title.isEmpty && !body.detail.isEmpty && !body.cause.isEmpty)
        }
        let text = String(decoding: get, as: UTF8.self)
        #expect(text.contains("\r\nRetry-After: ") == (found.status == 503))
        #expect(text.contains("\r\nAllow: ") == (found.status == 405 || fault.kind == .forwardsSpent))
        #expect(text.contains("\r\nX-Request-Id: 00000000000000010000000000000002\r\n"))
        #expect(text.contains("\r\nProxy-Status: lb; error=") == (found.status >= 400))
    }

    @Test(arguments: kinds)
    func everyFaultIsAWholeAnswer(_ kind: Fault.Kind) throws {
        try check(Fault(kind, .proxy, .pick), nil)
        for refusal in [H1Error.badStatusLine, .prematureEnd] { try check(Fault(kind, .upstream, .wait), refusal) }
    }

    @Test(arguments: H1Error.allCases)
    func everyRefusalIsAWholeAnswer(_ refusal: H1Error) throws {
        try check(Fault(.badRequest, .downstream, .parse), refusal)
        let text = answer(Fault(.badRequest, .downstream, .parse), refusal, isHead: false)
        #expect(text.contains("details=\"\(refusal.slug)\""))
        #expect(text.hasSuffix("\n\(refusal.text)\n"))
    }

    @Test(arguments: [
        ("application/json", true), ("text/html, Application/JSON;q=0.9", true), ("application/problem+json", true),
        ("*/*", false), ("text/html,application/xhtml+xml,*/*;q=0.8", false), ("application/jsonp", false),
        (",", false),
    ])
    func jsonIsForThoseWhoNameIt(accept: String, expected: Bool) throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nAccept: \(accept)\r\n\r\n".utf8)
        var head = RequestHead()
        var parser = H1HeadParser()
        #expect(try parser.parseRequest(bytes.rawBytes, into: &head) == bytes.count)
        #expect(LocalAnswer.prefersJSON(head, of: bytes.rawBytes) == expected)
    }

    @Test func theConnectionsEndIsSaid() {
        let fault = Fault(.noBackend, .proxy, .pick)
        #expect(answer(fault, nil, isHead: false, keeps: false).contains("\r\nConnection: close\r\n"))
        #expect(!answer(fault, nil, isHead: false).contains("Connection:"))
        #expect(answer(fault, nil, isHead: false, minor: 0).contains("\r\nConnection: keep-alive\r\n"))
    }

    @Test func statusesSayWhatABackendHasSeen() {
        let unseen: [Fault.Kind] = [
            .noBackend, .connectFailed, .connectTimeout, .outOfDescriptors, .queueFull, .queueTimeout, .overloaded,
            .stopping, .outOfLocalPorts, .outOfMemory,
        ]
        for kind in Self.kinds {
            let status = Fault(kind, .proxy, .pick).status
            #expect((status == 503) == unseen.contains(kind), "\(kind)")
        }
        for kind in [Fault.Kind.noAnswer, .badAnswer, .truncatedAnswer, .sendStalled] {
            #expect(Fault(kind, .upstream, .wait).status == 502)
        }
        for kind in [Fault.Kind.answerTimeout, .answerStalled] {
            #expect(Fault(kind, .upstream, .wait).status == 504)
        }
    }

    @Test func wordsAreTokensAndSentencesEnd() {
        #expect(Self.kinds.count >= 21)
        for kind in Self.kinds {
            let fault = Fault(kind, .proxy, .pick)
            #expect("\(fault.slug)".utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) })
            #expect("\(fault.text)".hasSuffix("."))
        }
    }

    @Test(arguments: [Method.get, .head, .put, .delete, .options, .trace, .post, .patch, .connect, .other])
    func onlyWhatIsSafeIsRepeated(_ method: Method) {
        var exchange = Exchange()
        exchange.method = method
        exchange.attempts = 1
        exchange.fault = Fault(.noAnswer, .upstream, .wait, retry: .ifIdempotent)
        #expect(exchange.mayRepeat == ![.post, .patch, .connect, .other].contains(method))
        exchange.fault = Fault(.connectFailed, .upstream, .acquire, retry: .undelivered)
        #expect(exchange.mayRepeat)
        exchange.fault = Fault(.answerTimeout, .upstream, .wait)
        #expect(!exchange.mayRepeat)
        exchange.fault = Fault(.connectFailed, .upstream, .acquire, retry: .undelivered)
        exchange.attempts = Exchange.connectRetriesMax
        #expect(exchange.mayRepeat)
        exchange.attempts += 1
        #expect(!exchange.mayRepeat)
        exchange.method = .get
        exchange.fault = Fault(.noAnswer, .upstream, .wait, retry: .ifIdempotent)
        exchange.attempts = exchange.patience.retriesMax
        #expect(exchange.mayRepeat)
        exchange.attempts += 1
        #expect(!exchange.mayRepeat)
        exchange.attempts = 1
        exchange.hasBegunAnswer = true
        #expect(!exchange.mayRepeat)
    }
}
