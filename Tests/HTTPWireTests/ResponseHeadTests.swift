import HTTPWire
import Testing

/// RFC 9112 §4, §6.3 and §9.3 for responses.
@Suite struct ResponseHeadTests {
    private func answer(_ lines: String, version: String = "1.1") -> Answer<Response> {
        response("HTTP/\(version) 200 OK\r\n\(lines)\r\n\r\n")
    }

    @Test func aResponseIsReadWhole() throws {
        let message = "HTTP/1.1 404 Not  Found\r\nContent-Length: 12\r\nServer: x\r\n\r\n"
        let head = try response(message + "and more").head()
        #expect(head.status == 404)
        #expect(head.reason == "Not  Found")
        #expect(head.minorVersion == 1)
        #expect(head.contentLength == 12)
        #expect(!head.isChunked)
        #expect(head.lines.map(\.id) == [.contentLength, .server])
        #expect(head.byteCount == message.utf8.count)
        #expect(head.keepsAlive)
    }

    /// RFC 9112 §4: the reason may be empty; many leave its space out, too.
    @Test(arguments: [
        ("HTTP/1.1 200 \r\n\r\n", ""), ("HTTP/1.1 200\r\n\r\n", ""), ("HTTP/1.0 200 OK\r\n\r\n", "OK"),
        ("HTTP/1.1 200 \u{E9}\tx \r\n\r\n", "\u{E9}\tx "), ("HTTP/1.1 200  x\r\n\r\n", " x"),
    ])
    func reasonsMayBeMissing(_ message: String, _ reason: String) throws {
        #expect(try response(message).head().reason == reason)
    }

    /// RFC 9110 §15
    @Test func statusesHaveThreeDigitsAndFiveClasses() throws {
        for status in 100...599 where status % 50 == 0 || status % 100 == 99 {
            #expect(try response("HTTP/1.1 \(status) x\r\n\r\n").head().status == UInt16(status))
        }
        for status in ["000", "099", "600", "999", "20", "2000", "2x0", "-20", " 200", "", "20\u{E9}"] {
            #expect(response("HTTP/1.1 \(status) x\r\n\r\n") == .error(.badStatusLine))
        }
    }

    @Test(arguments: [
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", H1Error.badStatusLine), ("HTTP/1.1\t200 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1200 OK\r\n\r\n", .badStatusLine), ("http/1.1 200 OK\r\n\r\n", .badStatusLine),
        ("ICY 200 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 200\tOK\r\n\r\n", .badStatusLine), ("HTTP/1.1 200 O\0K\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 200 O\u{7F}K\r\n\r\n", .badStatusLine), ("220 smtp ready\r\n", .badStatusLine),
        ("\u{16}\u{3}", .badStatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion), ("HTTP/1.22 200 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 200 OK\n\r\n", .bareLF), ("HTTP/1.1 200\n", .bareLF), ("HTTP/1.1 200 OK\rX", .bareCR),
        ("HTTP/1.1 200\rX", .bareCR),
        ("\nHTTP/1.1 200 OK\r\n\r\n", .bareLF),
    ])
    func otherStatusLinesAreRefused(_ message: String, _ error: H1Error) {
        #expect(response(message) == .error(error))
    }

    @Test(arguments: [
        ("X: y\r\n z", H1Error.obsoleteFold), (" X: y", .obsoleteFold), ("X : y", .spaceBeforeColon),
        ("X: \0", .badFieldValue),
        ("X: y\n", .bareLF), ("no colon", .spaceBeforeColon), ("nocolon", .badFieldName),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndCoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", .lengthAndCoding),
        ("Content-Length: 5\r\nContent-Length: 6", .conflictingLengths), ("Content-Length: -1", .badLength),
        ("Transfer-Encoding: gzip, chunked", .unknownCoding), ("Transfer-Encoding: gzip", .badCoding),
        ("Transfer-Encoding: chunked, chunked", .badCoding),
    ])
    func badFieldsAreRefused(_ lines: String, _ error: H1Error) {
        #expect(answer(lines) == .error(error))
    }

    /// RFC 9112 §6.1
    @Test func codingInHTTP10IsRefused() {
        #expect(answer("Transfer-Encoding: chunked", version: "1.0") == .error(.codingInHTTP10))
    }

    /// RFC 9112 §6.3, rules 1 to 8
    @Test func theMethodAndTheStatusDecideTheFraming() {
        var head = ResponseHead()
        #expect(head.framing(answering: .get) == .untilClose)
        head.contentLength = 5
        #expect(head.framing(answering: .get) == .length(5))
        #expect(head.framing(answering: .head) == .none)
        #expect(head.framing(answering: .connect) == .none)
        head.contentLength = 0
        #expect(head.framing(answering: .post) == .none)
        head.contentLength = nil
        head.isChunked = true
        #expect(head.framing(answering: .get) == .chunked)
        #expect(head.framing(answering: .head) == .none)
        for status: UInt16 in [100, 101, 103, 199, 204, 304] {
            head.status = status
            #expect(head.framing(answering: .get) == .none)
        }
        head.status = 407
        #expect(head.framing(answering: .connect) == .chunked)
        head.status = 299
        #expect(head.framing(answering: .connect) == .none)
    }

    /// RFC 9112 §9.3
    @Test(arguments: [
        ("1.1", "X: y", true), ("1.1", "Connection: close", false), ("1.0", "X: y", false),
        ("1.0", "Connection: keep-alive", true),
    ])
    func theConnectionLivesOrNot(_ version: String, _ lines: String, _ keepsAlive: Bool) throws {
        #expect(try answer(lines, version: version).head().keepsAlive == keepsAlive)
    }

    /// RFC 9110 §7.6.1: an option that makes no sense is ignored.
    @Test func aResponsesOddConnectionOptionsAreIgnored() throws {
        let head = try answer(
            "Connection: Content-Length, x, set-cookie, (, close\r\nSet-Cookie: a\r\nX: y\r\nContent-Length: 3"
        ).head()
        #expect(head.lines.filter { !$0.isHopByHop }.map(\.name) == ["Set-Cookie", "Content-Length"])
        #expect(!head.keepsAlive)
        #expect(head.contentLength == 3)
    }

    @Test func fieldsOfRequestsMeanNothingInAResponse() throws {
        let head = try answer("Host: a b\r\nHost: c\r\nExpect: x\r\nTE: trailers").head()
        #expect(head.flags == [])
        #expect(head.lines.count == 4)
    }

    /// RFC 9110 §15.2: an interim answer, then the final one.
    @Test func interimAnswersPrecedeTheFinalOne() throws {
        let interim = Array("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".utf8)
        let final = Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".utf8)
        var reader = HeadReader()
        let first = try reader.response(interim + final).head()
        #expect(first.status == 103)
        #expect(first.byteCount == interim.count)
        #expect(try reader.response(final).head().status == 200)
    }
}
