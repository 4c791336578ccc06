import HTTPWire
import Testing

/// What `write` puts into a buffer of exactly `room` bytes.
func written(room: Int = 256, _ write: (inout OutputRawSpan) -> Void) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(room, 1), alignment: 1)
    defer { buffer.deallocate() }
    var out = OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]), initializedCount: 0)
    write(&out)
    let count = out.byteCount
    return String(decoding: buffer[..<count], as: UTF8.self)
}

@Suite struct H1WriterTests {
    /// RFC 9112 §4
    @Test func statusLines() {
        #expect(written { H1Writer.statusLine(200, into: &$0) } == "HTTP/1.1 200 OK\r\n")
        #expect(written { H1Writer.statusLine(599, into: &$0) } == "HTTP/1.1 599 Server Error\r\n")
        let bytes = Array("xxFine, thank youxx".utf8)
        #expect(
            written(room: H1Writer.statusLineRoom(reasonBytes: 15)) {
                H1Writer.statusLine(201, reason: ByteRange(2, 17), of: bytes.rawBytes, into: &$0)
            } == "HTTP/1.1 201 Fine, thank you\r\n"
        )
        #expect(
            written(room: H1Writer.statusLineRoom(reasonBytes: 0)) {
                H1Writer.statusLine(201, reason: .empty, of: bytes.rawBytes, into: &$0)
            } == "HTTP/1.1 201 \r\n"
        )
    }

    @Test func everyStatusLineFitsItsRoomAndIsRead() throws {
        for status in UInt16(100)...599 {
            let line = written(room: H1Writer.statusLineRoom) { H1Writer.statusLine(status, into: &$0) }
            var reader = HeadReader()
            let head = try reader.response(Array((line + "\r\n").utf8)).head()
            #expect(head.status == status)
            #expect(!head.reason.isEmpty)
        }
    }

    @Test func everyStatusOfAnErrorHasItsReason() {
        let classes = ["Informational", "Success", "Redirection", "Client Error", "Server Error"]
        for error in H1Error.allCases {
            #expect(!classes.contains(H1Writer.defaultReason(error.status).description), "\(error)")
        }
    }

    /// RFC 9112 §3.2: what a gateway asks an origin server for.
    @Test(arguments: [
        ("GET /a?b", "GET /a?b"), ("GET http://x/a?b", "GET /a?b"), ("GET http://x", "GET /"),
        ("GET http://x?b", "GET /?b"),
        ("OPTIONS http://x", "OPTIONS *"), ("OPTIONS http://x/", "OPTIONS /"), ("OPTIONS *", "OPTIONS *"),
        ("CONNECT x:1", "CONNECT x:1"),
        ("FOO http://x:80", "FOO /"), ("OPTIONS http://x?b", "OPTIONS /?b"),
    ])
    func requestLinesAreInOriginForm(_ line: String, _ expected: String) throws {
        let bytes = Array("\(line) HTTP/1.0\r\nHost: y\r\n\r\n".utf8)
        var head = RequestHead()
        var parser = H1HeadParser()
        let count = try parser.parseRequest(bytes.rawBytes, into: &head)
        #expect(count == bytes.count)
        let room = H1Writer.requestLineRoom(head)
        #expect(
            written(room: room) { H1Writer.requestLine(head, of: bytes.rawBytes, into: &$0) } == expected
                + " HTTP/1.1\r\n"
        )
    }

    @Test func ourOwnRequestLines() {
        let target = Array("/health".utf8)
        #expect(
            written(room: 22) { H1Writer.requestLine("GET", target: target.rawBytes, into: &$0) }
                == "GET /health HTTP/1.1\r\n"
        )
    }

    @Test func fields() {
        let bytes = Array("X-Name :  a value".utf8)
        let line = FieldLine(name: ByteRange(0, 6), value: ByteRange(10, 17))
        #expect(
            written(room: 6 + 7 + H1Writer.fieldRoom) { H1Writer.field(line, of: bytes.rawBytes, into: &$0) }
                == "X-Name: a value\r\n"
        )
        #expect(written { H1Writer.field("via", "1.1 lb", into: &$0) } == "via: 1.1 lb\r\n")
        #expect(written { H1Writer.field("x", "", into: &$0) } == "x: \r\n")
        #expect(
            written { H1Writer.field("x", ByteRange(12, 17), of: bytes.rawBytes, into: &$0) } == "x: value\r\n"
        )
        #expect(
            written(room: 1 + H1Writer.decimalRoom + H1Writer.fieldRoom) {
                H1Writer.field("n", decimal: .max, into: &$0)
            } == "n: 18446744073709551615\r\n"
        )
        #expect(
            written {
                H1Writer.beginField("x", into: &$0)
                $0.append(H1Writer.crlf)
            } == "x: \r\n"
        )
    }

    /// RFC 9112 §7.1: what is written is read.
    @Test func chunksAreReadAsTheyWereWritten() {
        #expect(written { H1Writer.chunkSize(1, into: &$0) } == "1\r\n")
        #expect(written { H1Writer.chunkSize(0x1F4, into: &$0) } == "1f4\r\n")
        #expect(written(room: H1Writer.chunkSizeRoom) { H1Writer.chunkSize(.max, into: &$0) } == "7fffffffffffffff\r\n")
        var message = ""
        for count in [1, 15, 16, 255, 256, 4096] {
            message += written { H1Writer.chunkSize(count, into: &$0) }
            message += String(repeating: "x", count: count) + "\r\n"
        }
        message += written { $0.append(H1Writer.lastChunkAndNoTrailers) }
        let whole = body(Array(message.utf8), .chunked, cuts: [])
        #expect(whole.content.count == 1 + 15 + 16 + 255 + 256 + 4096)
        #expect(whole.end == message.utf8.count)
        #expect(
            written {
                $0.append(H1Writer.lastChunk)
                $0.append(H1Writer.crlf)
            } == "0\r\n\r\n"
        )
    }
}
