import HTTPWire
import Testing

/// A small generator whose whole sequence follows from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Messages that were damaged at random: whatever they are, a parser says the same of them however they arrive, points into
/// them only, and accepts nothing that breaks the rules.
@Suite struct RandomTests {
    private static let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /where?q=now HTTP/1.1\r\nHost: www.example.com:8080\r\nAccept: */*\r\nUser-Agent: x/1.0 (y; z)\r\n\r\n",
        "\r\nPOST /a HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\nhello world!",
        "POST http://b/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X\r\n\r\n0\r\n\r\n",
        "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, x-mine\r\nX-Mine: 1\r\nX_Mine: 2\r\n\r\n",
        "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\ncontent-length:\t5 \r\nX-Forwarded-For: 1.2.3.4\r\n\r\n12345",
    ]

    private static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\nDate: Mon, 27 Jul 2026 12:28:53 GMT\r\n\r\nhello",
        "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\n",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nConnection: close, x-mine\r\nX-Mine: 1\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ]

    private static let bodies = [
        "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "0\r\n\r\n",
        "a;x=y\r\n0123456789\r\n0\r\nX-Sum: 1\r\nEtag: \"x\"\r\n\r\nGET ",
        "00f;a\r\n123456789abcdef\r\n1\r\nx\r\n000\r\nA: b\r\n\r\n",
    ]

    private static let pieces = [
        "\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\0", "\u{B}", "\u{7F}", "\u{E9}", "\r\n ", "\r\n\r\n", "0", "1",
        "f", "#", "/", "@", "[",
        "]", "%", "*", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "http://", "Host: b\r\n", "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Connection: host\r\n", "Connection: close\r\n", "chunked", ", chunked",
        "_", "ffffffffffffffff",
    ]

    /// One of `seeds` with one to four small damages.
    private func damaged(_ seeds: [String], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(seeds.randomElement(using: &random)!.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 0...6, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 4: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)!.utf8, at: at)
            default:
                let other = Array(seeds.randomElement(using: &random)!.utf8)
                bytes = Array(bytes[..<at] + other[Int.random(in: 0...other.count, using: &random)...])
            }
        }
        return bytes
    }

    /// Where to cut: everywhere now and then, else at a few places.
    private func cuts(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        if Int.random(in: 0..<16, using: &random) == 0 { return Array(0..<count) }
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }
            .sorted()
    }

    private func requireSame<Head>(
        _ bytes: [UInt8],
        _ random: inout SeededGenerator,
        _ read: ([UInt8], inout HeadReader) -> Answer<Head>
    ) -> Answer<Head> {
        var whole = HeadReader()
        let final = read(bytes, &whole)
        var pieced = HeadReader()
        for cut in cuts(bytes.count, &random) + [bytes.count] {
            let answer = read(Array(bytes[..<cut]), &pieced)
            if answer == .more && cut < bytes.count { continue }
            #expect(answer == final, "\(String(decoding: bytes, as: UTF8.self).debugDescription) cut at \(cut)")
            break
        }
        return final
    }

    @Test func damagedRequestsAreJudgedTheSameHoweverTheyArrive() {
        var random = SeededGenerator(seed: 1)
        var accepted = 0
        var errors: Set<H1Error> = []
        for _ in 0..<20_000 {
            let bytes = damaged(Self.requests, &random)
            switch requireSame(bytes, &random, { $1.request($0) }) {
            case .head(let head):
                accepted += 1
                requireLegal(Array(bytes[..<head.byteCount]), head)
                requireSameAfterRewriting(head)
            case .error(let error): errors.insert(error)
            case .more: break
            }
        }
        // The damage is neither always deadly nor always of one kind.
        #expect(accepted > 1_000)
        #expect(errors.count >= 18)
    }

    @Test func damagedResponsesAreJudgedTheSameHoweverTheyArrive() {
        var random = SeededGenerator(seed: 2)
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = damaged(Self.responses, &random)
            guard case .head(let head) = requireSame(bytes, &random, { $1.response($0) }) else { continue }
            accepted += 1
            requireLegal(Array(bytes[..<head.byteCount]), head.lines, ignoring: 1)
            #expect((100...599).contains(head.status))
            #expect(!(head.isChunked && head.contentLength != nil))
        }
        #expect(accepted > 1_000)
    }

    /// The rules again, told the slow way, of a head that was accepted.
    private func requireLegal(_ bytes: [UInt8], _ head: Request) {
        requireLegal(bytes, head.lines, ignoring: bytes[0] == 0x0D ? 2 : 1)
        #expect(head.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 })
        let lengths = head.lines.filter { $0.name.lowercased() == "content-length" }
        let codings = head.lines.filter { $0.name.lowercased() == "transfer-encoding" }
        let hosts = head.lines.filter { $0.name.lowercased() == "host" }
        #expect(lengths.isEmpty || codings.isEmpty)
        #expect(codings.isEmpty == (head.framing != .chunked))
        #expect(codings.allSatisfy { $0.value.lowercased() == "chunked" } && codings.count <= 1)
        #expect(head.minorVersion == 1 || codings.isEmpty)
        #expect(head.minorVersion == 1 ? hosts.count == 1 : hosts.count <= 1)
        for line in lengths {
            let numbers = Set(line.value.split(separator: ",").map { UInt64($0.filter { $0 != " " && $0 != "\t" }) })
            #expect(numbers.count == 1)
            if case .length(let length) = head.framing {
                #expect(numbers == [length])
            } else {
                #expect(numbers == [0])
            }
        }
    }

    /// Lines end with CRLF and hold no other CR or LF; each is a name, a colon and the value; none is missing.
    private func requireLegal(_ bytes: [UInt8], _ lines: [Line], ignoring: Int) {
        #expect(bytes.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A])
        let split = bytes.dropLast(4).split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst(ignoring)
        #expect(split.count == lines.count)
        for (raw, line) in zip(split, lines) {
            var raw = raw
            if raw.last == 0x0D { raw.removeLast() }
            #expect(!raw.contains(0x0D))
            #expect(raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            let name = raw.prefix { $0 != 0x3A }
            #expect(
                !name.isEmpty && name.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
            )
            #expect(String(decoding: name, as: UTF8.self) == line.name)
            var value = raw.dropFirst(name.count + 1)
            while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
            while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
            #expect(String(decoding: value, as: UTF8.self) == line.value)
        }
    }

    /// What is forwarded of an accepted request is accepted, and says the same.
    private func requireSameAfterRewriting(_ head: Request) {
        // Bytes that are no UTF-8 were replaced when the head became text.
        guard !head.lines.contains(where: { $0.value.unicodeScalars.contains("\u{FFFD}") }) else { return }
        var message = "\(head.methodName) \(head.target) HTTP/1.1\r\n"
        let kept = head.lines.filter { !$0.isHopByHop }
        for line in kept { message += "\(line.name): \(line.value)\r\n" }
        if !kept.contains(where: { $0.id == .host }) { message += "Host: \(head.authority)\r\n" }
        var reader = HeadReader()
        guard case .head(let again) = reader.request(Array((message + "\r\n").utf8)) else {
            Issue.record("\(message.debugDescription) is refused")
            return
        }
        #expect(again.authority == head.authority)
        #expect(again.path == head.path)
        #expect(again.lines.prefix(kept.count).elementsEqual(kept))
    }

    @Test func damagedChunksAreJudgedTheSameHoweverTheyArrive() {
        var random = SeededGenerator(seed: 3)
        var ended = 0
        var errors: Set<H1Error> = []
        for _ in 0..<20_000 {
            let bytes = damaged(Self.bodies, &random)
            let whole = body(bytes, .chunked, cuts: [])
            let pieced = body(bytes, .chunked, cuts: cuts(bytes.count, &random))
            #expect(whole == pieced, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            if whole.end != nil { ended += 1 }
            if let error = whole.error { errors.insert(error) }
        }
        #expect(ended > 1_000)
        #expect(errors.count >= 6)
    }

    @Test func chunksOfAnySizeAreJoinedHoweverTheyArrive() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            var message: [UInt8] = []
            var content: [UInt8] = []
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let chunk = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                message += Array("\(String(chunk.count, radix: 16, uppercase: Bool.random(using: &random)))\r\n".utf8)
                message += chunk + [0x0D, 0x0A]
                content += chunk
            }
            message += Array("0\r\n\r\n".utf8)
            let expected = Body(content: content, end: message.count)
            let next = Array("GET / HTTP/1.1\r\n".utf8)
            #expect(body(message + next, .chunked, cuts: cuts(message.count, &random)) == expected)
        }
    }

    @Test func lengthsEndWhereTheySayHoweverTheyArrive() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let length = Int.random(in: 0...bytes.count, using: &random)
            let whole = body(bytes, .length(UInt64(length)), cuts: cuts(bytes.count, &random))
            #expect(whole == Body(content: Array(bytes[..<length]), end: length))
        }
    }
}
