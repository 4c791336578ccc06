import HTTPWire
import Testing

/// What a decoder made of a body.
struct Body: Equatable {
    var content: [UInt8] = []
    var trailers: [Line] = []
    /// The offset of the first byte that is not of this body; nil when it has not ended.
    var end: Int?
    var error: H1Error?
}

/// Reads a body as a connection would: the bytes arrive up to each of `cuts`, what was consumed goes away.
func body(_ bytes: [UInt8], _ framing: BodyFraming, cuts: [Int]) -> Body {
    var decoder = H1BodyDecoder(framing)
    var body = Body()
    var trailers = FieldTable()
    for _ in 0..<3 { trailers.append(FieldLine(id: .host)) }
    /// What is in the buffer: from the first byte not consumed to the last one arrived. The buffer begins with some bytes
    /// of something else, as that of a connection does.
    let lead = 3
    var start = 0
    for cut in cuts + [bytes.count] {
        let buffer = [UInt8](repeating: 0x0A, count: lead) + bytes[start..<cut]
        var offset = lead
        reading: while true {
            do throws(H1Error) {
                switch try decoder.next(buffer.rawBytes, from: offset, trailers: &trailers) {
                case .data(let range, let next):
                    #expect(!range.isEmpty && Int(range.start) >= offset && Int(range.end) <= next)
                    #expect(next <= buffer.count)
                    body.content += buffer[Int(range.start)..<Int(range.end)]
                    offset = next
                case .needMore(let consumed):
                    #expect(consumed >= offset && consumed <= buffer.count)
                    start += consumed - lead
                    break reading
                case .end(let next):
                    #expect(next >= offset && next <= buffer.count && decoder.isComplete)
                    body.trailers = (0..<trailers.count).map { Line(trailers[$0], buffer) }
                    body.end = start + next - lead
                    return body
                }
            } catch {
                body.error = error
                // It stays.
                var again: H1Error?
                do throws(H1Error) {
                    _ = try decoder.next(buffer.rawBytes, from: offset, trailers: &trailers)
                } catch {
                    again = error
                }
                #expect(again == error)
                return body
            }
        }
    }
    return body
}

/// Reads a body whole, cut once at every place, and byte by byte; all must agree.
func body(
    _ bytes: [UInt8],
    _ framing: BodyFraming = .chunked,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Body {
    let whole = body(bytes, framing, cuts: [])
    for cut in 0...bytes.count {
        let inTwo = body(bytes, framing, cuts: [cut])
        #expect(inTwo == whole, "cut at \(cut)", sourceLocation: sourceLocation)
    }
    #expect(body(bytes, framing, cuts: Array(0...bytes.count)) == whole, "byte by byte", sourceLocation: sourceLocation)
    return whole
}

func body(_ message: String, sourceLocation: SourceLocation = #_sourceLocation) -> Body {
    body(Array(message.utf8), sourceLocation: sourceLocation)
}

/// RFC 9112 §6 and §7.
@Suite struct H1BodyDecoderTests {
    private func content(_ text: String, end: Int?, trailers: [Line] = []) -> Body {
        Body(content: Array(text.utf8), trailers: trailers, end: end)
    }

    // MARK: Without chunks

    /// RFC 9112 §6.3
    @Test func noContentEndsAtOnce() {
        #expect(body(Array("GET".utf8), .none) == content("", end: 0))
        #expect(body(Array("GET".utf8), .length(0)) == content("", end: 0))
        #expect(H1BodyDecoder(.none).isComplete)
    }

    /// RFC 9112 §6.2
    @Test func aLengthEndsWhereItSays() {
        #expect(body(Array("hello".utf8), .length(5)) == content("hello", end: 5))
        #expect(body(Array("helloGET".utf8), .length(5)) == content("hello", end: 5))
        #expect(body(Array("hell".utf8), .length(5)) == content("hell", end: nil))
        #expect(body(Array("x".utf8), .length(UInt64.max)) == content("x", end: nil))
    }

    /// RFC 9112 §6.3, rule 8
    @Test func theCloseEndsAnUnframedContent() throws {
        #expect(body(Array("hello".utf8), .untilClose) == content("hello", end: nil))
        var decoder = H1BodyDecoder(.untilClose)
        #expect(!decoder.isComplete)
        try decoder.finish()
        #expect(decoder.isComplete)
    }

    @Test func aRelayMayPassBytesWithoutShowingThem() throws {
        var decoder = H1BodyDecoder(.length(10))
        #expect(decoder.remainingLength == 10)
        decoder.skip(4)
        #expect(decoder.remainingLength == 6)
        var trailers = FieldTable()
        let bytes = Array("abcdefgh".utf8)
        let rest = try decoder.next(bytes.rawBytes, from: 1, trailers: &trailers)
        #expect(rest == .data(ByteRange(1, 7), next: 7))
        #expect(decoder.remainingLength == nil)
        let end = try decoder.next(bytes.rawBytes, from: 7, trailers: &trailers)
        #expect(end == .end(next: 7))
        decoder = H1BodyDecoder(.length(3))
        decoder.skip(3)
        #expect(decoder.isComplete)
        decoder = H1BodyDecoder(.untilClose)
        decoder.skip(1_000)
        #expect(decoder.remainingLength == nil)
        #expect(!decoder.isComplete)
        #expect(H1BodyDecoder(.chunked).remainingLength == nil)
    }

    /// RFC 9112 §8: a message that ends early is incomplete.
    @Test func aCloseWithinAContentIsPremature() throws {
        var decoder = H1BodyDecoder(.none)
        try decoder.finish()
        decoder = H1BodyDecoder(.length(1))
        #expect(throws: H1Error.prematureEnd) { try decoder.finish() }
        #expect(throws: H1Error.prematureEnd) { try decoder.finish() }
        let message = Array("2;x\r\nab\r\n0\r\nX: y\r\n\r\n".utf8)
        var trailers = FieldTable()
        for count in 0..<message.count {
            let bytes = Array(message[..<count])
            decoder = H1BodyDecoder(.chunked)
            var offset = 0
            while case .data(_, let next) = try decoder.next(bytes.rawBytes, from: offset, trailers: &trailers) {
                offset = next
            }
            #expect(throws: H1Error.prematureEnd) { try decoder.finish() }
        }
    }

    // MARK: Chunks

    /// RFC 9112 §7.1
    @Test func chunksAreJoined() {
        #expect(body("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n") == content("hello world", end: 26))
        #expect(body("0\r\n\r\n") == content("", end: 5))
        #expect(body("0\r\n\r\nGET / HTTP/1.1\r\n") == content("", end: 5))
        #expect(body("000\r\n\r\n") == content("", end: 7))
        #expect(body("00A\r\n0123456789\r\n0\r\n\r\n") == content("0123456789", end: 22))
        #expect(body("1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n") == content("\r\n", end: 17))
        let long = String(repeating: "x", count: 0xABC)
        var whole = body(Array("aBc\r\n\(long)\r\n0\r\n\r\n".utf8), .chunked, cuts: [2, 100, 2_000])
        #expect(whole.content.count == 0xABC)
        whole.content = []
        #expect(whole == content("", end: 0xABC + 12))
    }

    /// RFC 9112 §7.1: a size is 1*HEXDIG, and nothing stands around it.
    @Test(arguments: [
        ("\r\n", H1Error.badChunkSize), ("x\r\n", .badChunkSize), ("-1\r\n", .badChunkSize), ("+1\r\n", .badChunkSize),
        (" 1\r\n", .badChunkSize), ("0x1\r\n", .badChunkSize), ("1 \r\n", .badChunkSize), ("1 1\r\n", .badChunkSize),
        ("1g\r\n", .badChunkSize),
        ("1,\r\n", .badChunkSize), (";x\r\n", .badChunkSize), ("1\0\r\n", .badChunkSize), ("1_0\r\n", .badChunkSize),
        ("\u{665}\r\n", .badChunkSize), ("1\n", .bareLF), ("\n", .bareLF), ("1\rx", .bareCR), ("1\r\r\n", .bareCR),
        ("1;x\n", .bareLF),
        ("1;x\rx", .bareCR), ("1 \n", .bareLF), ("1;\0\r\n", .badChunkExtension),
        ("1;a=\u{7F}\r\n", .badChunkExtension),
        ("1;\u{1}\r\n", .badChunkExtension), ("1;x\r\r\n", .bareCR),
        ("1;\r\n", .badChunkExtension), ("1; \r\n", .badChunkExtension), ("1;a;\r\n", .badChunkExtension),
        ("1;=a\r\n", .badChunkExtension), ("1;a=\r\n", .badChunkExtension), ("1;a= \r\n", .badChunkExtension),
        ("1;a \r\n", .badChunkExtension), ("1;a=b \r\n", .badChunkExtension), ("1;a b\r\n", .badChunkExtension),
        ("1;a=b c\r\n", .badChunkExtension), ("1;a=b=c\r\n", .badChunkExtension), ("1;\u{E9}\r\n", .badChunkExtension),
        ("1;a=\u{E9}\r\n", .badChunkExtension), ("1;\"a\"\r\n", .badChunkExtension), ("1;a(b\r\n", .badChunkExtension),
        // A line end within quotes ends the line for one reader, and not for another.
        ("1;ext=\"val\r\n", .badChunkExtension), ("1;ext=\"val\n", .bareLF), ("1;a=\"\\\r\n", .badChunkExtension),
        ("1;a=\"b\"c\r\n", .badChunkExtension), ("1;a=\"b\"=c\r\n", .badChunkExtension),
        ("1;a=\"\0\"\r\n", .badChunkExtension),
        ("1;a=\"b\" \r\n", .badChunkExtension), ("1;a=b\"c\"\r\n", .badChunkExtension),
    ])
    func malformedSizeLinesAreRefused(_ line: String, _ error: H1Error) {
        #expect(body(line).error == error)
        #expect(body("2\r\nab\r\n" + line).error == error)
    }

    /// RFC 9112 §7.1: overflow must be prevented.
    @Test func aSizeHasAtMostFifteenDigits() {
        #expect(body("fffffffffffffff\r\nx") == content("x", end: nil))
        #expect(body("0fffffffffffffff\r\nx").error == .badChunkSize)
        #expect(body("ffffffffffffffff\r\nx").error == .badChunkSize)
        #expect(body("10000000000000005\r\nx").error == .badChunkSize)
        #expect(body("000000000000005\r\nhello\r\n0\r\n\r\n") == content("hello", end: 29))
        #expect(body("0000000000000005\r\nhello\r\n0\r\n\r\n").error == .badChunkSize)
    }

    /// RFC 9112 §7.1.1: extensions are dropped.
    @Test(arguments: [
        ";x", ";x=y", ";x=\"a;b\"", " ;x", "\t; x = y", ";a;b;c", ";x=\"\u{E9}\"", ";x=\"\"", ";x=\"a\\\"b\\\\\"",
        ";x \t;y", ";x=\"=\t\" ;y=z ; !#$%&'*+-.^_`|~09aZ",
    ])
    func extensionsAreDropped(_ extensions: String) {
        let count = extensions.utf8.count
        #expect(body("2\(extensions)\r\nab\r\n0\(extensions)\r\n\r\n") == content("ab", end: 12 + 2 * count))
    }

    /// RFC 9112 §7.1.1: the length of all extensions is limited, beside that of each line's.
    @Test func extensionsMayOutgrowTheContentByTheirLimit() {
        let most = H1BodyDecoder.extensionsBytesMax
        func chunks(_ count: Int, of size: Int, extensionBytes: Int) -> [UInt8] {
            let line = String(size, radix: 16) + ";" + String(repeating: "x", count: extensionBytes - 1) + "\r\n"
            let chunk = Array(line.utf8) + [UInt8](repeating: 0x2E, count: size) + Array("\r\n".utf8)
            return (0..<count).flatMap { _ in chunk }
        }
        let end = Array("0\r\n\r\n".utf8)
        // Each costs 127 bytes more than it brings.
        let fitting = most / 127
        #expect(body(chunks(fitting, of: 1, extensionBytes: 128) + end, .chunked, cuts: []).end != nil)
        #expect(
            body(chunks(fitting + 2, of: 1, extensionBytes: 128) + end, .chunked, cuts: []).error == .chunkLineTooLong
        )
        // Those that bring as much as they cost may come without end.
        #expect(body(chunks(1000, of: 256, extensionBytes: 256) + end, .chunked, cuts: []).end != nil)
        // What content has earned is never more than the limit.
        let rich = chunks(1, of: 1 << 20, extensionBytes: 2)
        #expect(
            body(rich + chunks(fitting + 2, of: 1, extensionBytes: 128) + end, .chunked, cuts: []).error
                == .chunkLineTooLong
        )
    }

    @Test func theSizeLineHasItsLimits() {
        let blanks = String(repeating: " ", count: 63)
        #expect(body("1\(blanks);x\r\na\r\n0\r\n\r\n").content == [0x61])
        #expect(body("1\(blanks) ;x\r\na\r\n0\r\n\r\n").error == .chunkLineTooLong)
        let longest = ";" + String(repeating: "x", count: 255)
        #expect(body("1\(longest)\r\na\r\n0\(longest)\r\n\r\n").content == [0x61])
        #expect(body("1\(longest)x\r\na\r\n0\r\n\r\n").error == .chunkLineTooLong)
        #expect(body("1\r\na\r\n0\(longest)x").error == .chunkLineTooLong)
    }

    /// RFC 9112 §7.1: the data of a chunk is followed by CRLF.
    @Test(arguments: [
        "2\r\nabc\r\n", "2\r\nab\n", "2\r\nab\rx", "2\r\nab0\r\n\r\n", "2\r\nab\r\r\n", "2\r\nab\n\r\n", "1\r\nab\r\n",
    ])
    func theDataOfAChunkEndsWithCRLF(_ message: String) {
        #expect(body(message).error == .badChunkEnd)
    }

    // MARK: Trailers

    /// RFC 9112 §7.1.2
    @Test func trailersFollowTheLastChunk() {
        let message = "1\r\na\r\n0\r\nX-Sum: 12 \r\nEtag: \"x\"\r\n\r\n"
        let whole = body(message + "GET")
        #expect(whole.content == [0x61])
        #expect(whole.end == message.utf8.count)
        #expect(whole.trailers.map(\.name) == ["X-Sum", "Etag"])
        #expect(whole.trailers.map(\.value) == ["12", "\"x\""])
        #expect(whole.trailers.map(\.isHopByHop) == [false, false])
        #expect(body("0\r\n\r\n").trailers.isEmpty)
    }

    /// RFC 9110 §6.5.1: no framing, routing, authentication, control or content-type fields.
    @Test(arguments: [
        "Content-Length", "Transfer-Encoding", "Host", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade",
        "Authorization", "Cookie",
        "Set-Cookie", "Cache-Control", "Expect", "Range", "If-Match", "Content-Type", "Content-Encoding",
        "Content-Range", "Location", "Date",
        "X-Forwarded-For", "X-Forwarded-Prefix", "Forwarded", "Via", "X-Request-Id", "Proxy-Authorization",
        "Max-Forwards", "Age", "Vary",
    ])
    func forbiddenTrailersAreMarked(_ name: String) {
        let whole = body(Array("0\r\n\(name): 1\r\nX: 2\r\n\r\n".utf8), .chunked, cuts: [])
        #expect(whole.trailers.map(\.isHopByHop) == [true, false])
        #expect(whole.error == nil)
    }

    @Test(arguments: [
        ("X : y\r\n", H1Error.badTrailer), (" X: y\r\n", .badTrailer), ("X: y\r\n z\r\n", .badTrailer),
        ("X\r\n", .badTrailer),
        ("X: \0\r\n", .badTrailer), (": y\r\n", .badTrailer), ("X: y\n", .bareLF), ("\n", .bareLF),
        ("X: y\rz", .bareCR), ("\rX", .bareCR),
        ("GET / HTTP/1.1\r\n", .badTrailer),
    ])
    func malformedTrailersAreRefused(_ lines: String, _ error: H1Error) {
        #expect(body("0\r\n" + lines + "\r\n").error == error)
        #expect(body("0\r\nA: b\r\n" + lines + "\r\n").error == error)
    }

    @Test func trailersHaveTheirLimits() {
        let around = "X: \r\n\r\n".utf8.count
        let filler = String(repeating: "x", count: 8 * 1024 - around)
        func read(_ message: String) -> Body {
            let bytes = Array(message.utf8)
            let whole = body(bytes, .chunked, cuts: [])
            #expect(body(bytes, .chunked, cuts: [4, 9, min(5_000, bytes.count - 2), bytes.count - 1]) == whole)
            return whole
        }
        #expect(read("0\r\nX: \(filler)\r\n\r\nGET").end == 8 * 1024 + 3)
        #expect(read("0\r\nX: x\(filler)\r\n\r\nGET").error == .trailersTooLarge)
        #expect(read("0\r\nX: x\(filler)\(filler)").error == .trailersTooLarge)
        let lines = String(repeating: "X: y\r\n", count: 128)
        #expect(read("0\r\n\(lines)\r\n").trailers.count == 128)
        #expect(read("0\r\n\(lines)X: y\r\n\r\n").error == .tooManyFields)
    }
}
