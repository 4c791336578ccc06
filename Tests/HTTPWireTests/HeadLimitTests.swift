import HTTPWire
import Testing

/// Every bound of a head, at the bound and one beyond.
@Suite struct HeadLimitTests {
    private func filler(_ count: Int) -> String { String(repeating: "x", count: count) }

    private func read(_ message: String, _ limits: HeadLimits = HeadLimits()) -> Answer<Request> {
        var reader = HeadReader(limits)
        return reader.request(Array(message.utf8))
    }

    @Test func theDefaultsAreTheDocumentedOnes() {
        let limits = HeadLimits()
        #expect(limits.lineBytesMax == 16 * 1024)
        #expect(limits.headBytesMax == 64 * 1024)
        #expect(limits.fieldsMax == 128)
    }

    @Test func theRequestLineHasItsLimit() throws {
        let around = "GET / HTTP/1.1".utf8.count
        let line = "GET /\(filler(16 * 1024 - around)) HTTP/1.1"
        #expect(line.utf8.count == 16 * 1024)
        #expect(try read(line + "\r\nHost: a\r\n\r\n").head().path.utf8.count == 16 * 1024 - around + 1)
        #expect(try read("\r\n" + line + "\r\nHost: a\r\n\r\n").head().form == .origin)
        let longer = "GET /x\(filler(16 * 1024 - around)) HTTP/1.1"
        #expect(read(longer + "\r\nHost: a\r\n\r\n") == .error(.lineTooLong))
        #expect(read("GET /" + filler(17 * 1024)) == .error(.lineTooLong))
        #expect(H1Error.lineTooLong.status == 414)
    }

    @Test func theRequestLineLimitHoldsAtEverySplit() throws {
        let limits = HeadLimits(lineBytesMax: 14)
        #expect(try request("GET / HTTP/1.1\r\nHost: a.very.long.name\r\n\r\n", limits: limits).head().path == "/")
        #expect(request("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == .error(.lineTooLong))
        #expect(request("GET /xxxxxxxxxxxxxxxx", limits: limits) == .error(.lineTooLong))
        #expect(request("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) == .error(.lineTooLong))
        #expect(request("ABCDEFGHIJKLMNOPQRS", limits: limits) == .error(.lineTooLong))
    }

    @Test func theStatusLineHasItsLimit() throws {
        let limits = HeadLimits(lineBytesMax: 15)
        #expect(try response("HTTP/1.1 200 OK\r\nX: y\r\n\r\n", limits: limits).head().reason == "OK")
        #expect(response("HTTP/1.1 200 OKE\r\nX: y\r\n\r\n", limits: limits) == .error(.lineTooLong))
    }

    @Test func theHeadHasItsLimit() throws {
        let around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        let message = "GET / HTTP/1.1\r\nHost: a\r\nX: \(filler(64 * 1024 - around))\r\n\r\n"
        #expect(message.utf8.count == 64 * 1024)
        #expect(try read(message).head().byteCount == 64 * 1024)
        #expect(try read(message + "GET /next").head().byteCount == 64 * 1024)
        let longer = "GET / HTTP/1.1\r\nHost: a\r\nX: x\(filler(64 * 1024 - around))\r\n\r\n"
        #expect(read(longer) == .error(.headTooLarge))
        #expect(read("GET / HTTP/1.1\r\nHost: a\r\nX: " + filler(1 << 20)) == .error(.headTooLarge))
        #expect(H1Error.headTooLarge.status == 431)
    }

    @Test func theHeadLimitHoldsAtEverySplit() throws {
        let message = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
        let count = message.utf8.count
        #expect(try request(message + "more", limits: HeadLimits(headBytesMax: count)).head().byteCount == count)
        for headBytesMax in 0..<count {
            #expect(request(message, limits: HeadLimits(headBytesMax: headBytesMax)) == .error(.headTooLarge))
        }
        let answer = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"
        #expect(try response(answer, limits: HeadLimits(headBytesMax: answer.utf8.count)).head().status == 200)
        for headBytesMax in 0..<answer.utf8.count {
            #expect(response(answer, limits: HeadLimits(headBytesMax: headBytesMax)) == .error(.headTooLarge))
        }
    }

    @Test func theFieldsHaveTheirLimit() throws {
        let lines = (0..<127).map { "X\($0): y\r\n" }.joined()
        #expect(try read("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n").head().lines.count == 128)
        #expect(read("GET / HTTP/1.1\r\nHost: a\r\n\(lines)X: y\r\n\r\n") == .error(.tooManyFields))
        #expect(read("GET / HTTP/1.1\r\nHost: a\r\n\(lines)X") == .error(.tooManyFields))
        #expect(H1Error.tooManyFields.status == 431)
        let limits = HeadLimits(fieldsMax: 2)
        #expect(try request("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", limits: limits).head().lines.count == 2)
        #expect(
            request("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: y\r\n\r\n", limits: limits) == .error(.tooManyFields)
        )
        #expect(response("HTTP/1.1 200 OK\r\nA: \r\nB: \r\nC: \r\n\r\n", limits: limits) == .error(.tooManyFields))
    }
}
