import HTTPWire
import Testing

@testable import Proxy

/// A message as a peer sends it, and what must come out of a pump.
struct PumpCase: CustomTestStringConvertible, Sendable {
    var name: String
    var source: BodyFraming
    var framing: Pump.Framing
    var wire: [UInt8]
    var body: [UInt8]
    var trailers: [String] = []
    /// Bytes of the next message, behind `wire`.
    var rest: [UInt8] = []
    /// The peer closes behind `wire`.
    var ends = false

    var testDescription: String { name }

    private static let text = Array("The quick brown fox\r\njumps over 0\r\n\r\nthe lazy dog".utf8)
    private static let chunks = Array("5\r\nhello\r\n1;x=\"y\"\r\n \r\n0000b\r\nwide\r\nworld\r\n0\r\n".utf8)
    private static let joined = Array("hello wide\r\nworld".utf8)
    private static let next = Array("GET / HTTP/1.1\r\n".utf8)

    static let all: [PumpCase] = [
        PumpCase(name: "nothing", source: .none, framing: .identity, wire: [], body: []),
        PumpCase(
            name: "length",
            source: .length(UInt64(text.count)),
            framing: .identity,
            wire: text,
            body: text,
            rest: next
        ),
        PumpCase(
            name: "chunked to chunked",
            source: .chunked,
            framing: .chunked,
            wire: chunks + Array("\r\n".utf8),
            body: joined,
            rest: next
        ),
        PumpCase(
            name: "chunked with trailers",
            source: .chunked,
            framing: .chunked,
            wire: chunks + Array("X-Sum: 1\r\nContent-Length: 7\r\nEtag:\"a\"\r\n\r\n".utf8),
            body: joined,
            trailers: ["X-Sum: 1", "Etag: \"a\""],
            rest: next
        ),
        PumpCase(
            name: "chunked to identity",
            source: .chunked,
            framing: .identity,
            wire: chunks + Array("X-Sum: 1\r\n\r\n".utf8),
            body: joined,
            rest: next
        ),
        PumpCase(
            name: "empty chunked",
            source: .chunked,
            framing: .chunked,
            wire: Array("0\r\n\r\n".utf8),
            body: [],
            rest: next
        ),
        PumpCase(
            name: "until close to chunked",
            source: .untilClose,
            framing: .chunked,
            wire: text,
            body: text,
            ends: true
        ),
        PumpCase(
            name: "until close to identity",
            source: .untilClose,
            framing: .identity,
            wire: text,
            body: text,
            ends: true
        ),
        PumpCase(
            name: "nothing until close",
            source: .untilClose,
            framing: .chunked,
            wire: [],
            body: [],
            ends: true
        ),
    ]
}

/// Plays both peers of a pump.
final class PumpRun {
    var buffers = BufferPool()
    var trailers = FieldTable()
    var pump: Pump
    var pieces: [[UInt8]]
    let ends: Bool
    var output: [UInt8] = []
    var failure: H1Error?
    var isFinished = false
    var steps = 0

    init(_ message: PumpCase, cutAt cuts: [Int]) {
        pump = Pump(message.source, framedAs: message.framing)
        ends = message.ends
        let bytes = message.wire + message.rest
        var start = 0
        pieces = []
        for cut in cuts + [bytes.count] where cut > start {
            pieces.append(Array(bytes[start..<cut]))
            start = cut
        }
    }

    func supply() {
        pump.supply(buffers.filled(pieces.removeFirst(), from: BufferPool.headroom), &buffers)
    }

    /// Steps until the end, sending at most `sendMax` bytes at a time; or until `stepsMax`, with the last send under way.
    func play(sendMax: UInt32 = .max, stepsMax: Int = .max) {
        while steps < stepsMax {
            steps += 1
            switch pump.step(&buffers, trailers: &trailers) {
            case .send(let slice, _):
                if steps == stepsMax { return }
                let count = min(slice.count, sendMax)
                output += buffers.array(BufferSlice(slice.buffer, slice.start, slice.start + count))
                pump.sent(count, &buffers)
            case .receive:
                if !pieces.isEmpty {
                    supply()
                } else if ends {
                    do { try pump.end() } catch {
                        failure = error
                        return
                    }
                } else {
                    return
                }
            case .finished:
                isFinished = true
                return
            case .failed(let error):
                failure = error
                return
            }
        }
    }
}

/// The content and the trailer lines of a chunked message, which must be the whole of `bytes`.
func decodeChunked(_ bytes: [UInt8]) throws -> (body: [UInt8], trailers: [String]) {
    var decoder = H1BodyDecoder(.chunked)
    var found = FieldTable()
    var body: [UInt8] = []
    var at = 0
    while true {
        switch try decoder.next(bytes.rawBytes, from: at, trailers: &found) {
        case .data(let range, let next):
            body += bytes[Int(range.start)..<Int(range.end)]
            at = next
        case .needMore: throw H1Error.prematureEnd
        case .end(let next):
            #expect(next == bytes.count)
            let lines = (0..<found.count).map { index -> String in
                let line = found[index]
                let name = String(decoding: bytes[Int(line.name.start)..<Int(line.name.end)], as: UTF8.self)
                return name + ": "
                    + String(decoding: bytes[Int(line.value.start)..<Int(line.value.end)], as: UTF8.self)
            }
            return (body, lines)
        }
    }
}

extension Pump {
    /// Retires it: the bytes behind the message, or nil where it is torn.
    mutating func left(_ buffers: inout BufferPool, keeping inFlight: BufferID = .none) -> [UInt8]? {
        guard case .next(let rest) = retire(&buffers, keeping: inFlight) else { return nil }
        guard !rest.isEmpty else { return [] }
        defer { buffers.give(rest.buffer) }
        return buffers.array(rest)
    }
}

@Suite struct PumpTests {
    private func check(_ message: PumpCase, _ run: PumpRun, _ head: [UInt8] = []) throws {
        #expect(run.isFinished)
        #expect(run.failure == nil)
        #expect(run.output.starts(with: head))
        let output = Array(run.output.dropFirst(head.count))
        if message.framing == .chunked {
            let decoded = try decodeChunked(output)
            #expect(decoded.body == message.body)
            #expect(decoded.trailers == message.trailers)
        } else {
            #expect(output == message.body)
        }
        #expect(run.pump.bodyBytes == UInt64(message.body.count))
        #expect(run.pump.hasWholeBody)
        guard var left = run.pump.left(&run.buffers) else {
            Issue.record("torn at its end")
            return
        }
        for piece in run.pieces { left += piece }
        #expect(left == message.rest)
        #expect(run.buffers.taken == 0)
    }

    @Test(arguments: PumpCase.all)
    func aMessageCutAnywherePassesWhole(_ message: PumpCase) throws {
        for cut in 0...(message.wire.count + message.rest.count) {
            let run = PumpRun(message, cutAt: [cut])
            run.play()
            try check(message, run)
        }
    }

    @Test(arguments: PumpCase.all)
    func aMessageInSingleBytesPassesWhole(_ message: PumpCase) throws {
        let run = PumpRun(message, cutAt: Array(0..<(message.wire.count + message.rest.count)))
        run.play(sendMax: 1)
        try check(message, run)
    }

    @Test(arguments: PumpCase.all)
    func whatComesWithTheHeadGoesOutWithIt(_ message: PumpCase) throws {
        for headBytes in [100, BufferPool.smallBytes - 60, BufferPool.smallBytes - 3] {
            for cut in 0...(message.wire.count + message.rest.count) {
                let run = PumpRun(message, cutAt: [cut])
                let head = [UInt8](repeating: 0x48, count: headBytes)
                var slice = run.buffers.filled(head)
                if !run.pieces.isEmpty, !run.pump.hasWholeBody { run.supply() }
                let end = try run.pump.topUp(
                    slice.buffer,
                    from: headBytes,
                    &run.buffers,
                    trailers: &run.trailers
                )
                #expect(end <= BufferPool.smallBytes)
                slice.end = UInt32(end)
                run.pump.begin(with: slice, joining: &run.buffers)
                run.play(sendMax: 1000)
                try check(message, run, head)
            }
        }
    }

    /// What is too long to be copied behind its head has the head put before it instead, if it may pass as it stands.
    @Test(arguments: [BodyFraming.length(20_000), .untilClose, .chunked], [BufferPool.headroom, 20])
    func aHeadAndALongBodyAreOneSendWhereTheBodyHasRoomBeforeIt(_ framing: BodyFraming, _ room: Int) {
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(framing, framedAs: .identity)
        let content = [UInt8](repeating: 0x62, count: 20_000)
        let wire = framing == .chunked ? Array("4e20\r\n".utf8) + content + Array("\r\n0\r\n\r\n".utf8) : content
        let head = [UInt8](repeating: 0x48, count: 200)
        pump.supply(buffers.filled(wire + [0x6E], from: room), &buffers)
        pump.begin(with: buffers.filled(head), joining: &buffers)
        let isJoined = framing != .chunked && room >= 200
        guard case .send(let slice, _) = pump.step(&buffers, trailers: &trailers) else {
            Issue.record("there is something to send")
            return
        }
        let extra: [UInt8] = framing == .untilClose ? [0x6E] : []
        #expect(buffers.array(slice) == (isJoined ? head + content + extra : head))
        #expect(buffers.taken == (isJoined ? 1 : 2))
        #expect(pump.bodyBytes == (isJoined ? UInt64(20_000 + extra.count) : 0))
        _ = pump.left(&buffers)
        #expect(buffers.taken == 0)
    }

    @Test(arguments: PumpCase.all)
    func aReleaseAtAnyStepGivesEveryBufferBack(_ message: PumpCase) {
        let cuts = stride(from: 0, to: message.wire.count + message.rest.count, by: 3)
        for steps in 1..<200 {
            let run = PumpRun(message, cutAt: Array(cuts))
            run.play(sendMax: 2, stepsMax: steps)
            let inFlight = run.pump.outgoing
            let isWhole = run.pump.hasWholeBody
            let left = run.pump.left(&run.buffers, keeping: inFlight)
            #expect(run.buffers.taken == (inFlight.isNone ? 0 : 1))
            if !inFlight.isNone { run.buffers.give(inFlight) }
            #expect(run.buffers.taken == 0)
            // What came behind the message is never lost without a word.
            #expect((left != nil) == isWhole)
            if let left { #expect(left + run.pieces.joined() == message.rest) }
            if run.isFinished { return }
        }
        Issue.record("200 steps did not reach the end")
    }

    @Test func longBodiesPassInRandomPieces() throws {
        var random = SplitMix(7)
        for _ in 0..<60 {
            let body = (0..<Int.random(in: 0...70_000, using: &random)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var wire: [UInt8] = []
            var at = 0
            while at < body.count {
                let count = min(body.count - at, Int.random(in: 1...30_000, using: &random))
                wire += Array(String(count, radix: 16).utf8) + [13, 10] + body[at..<at + count] + [13, 10]
                at += count
            }
            wire += Array("0\r\nX-End: yes\r\n\r\n".utf8)
            for framing in [Pump.Framing.identity, .chunked] {
                let message = PumpCase(
                    name: "long",
                    source: .chunked,
                    framing: framing,
                    wire: wire,
                    body: body,
                    trailers: ["X-End: yes"]
                )
                var cuts: [Int] = []
                var cut = 0
                while cut < wire.count {
                    cut += Int.random(in: 1...BufferPool.smallBytes, using: &random)
                    cuts.append(min(cut, wire.count))
                }
                let run = PumpRun(message, cutAt: cuts)
                run.play(sendMax: UInt32.random(in: 1...20_000, using: &random))
                try check(message, run)
            }
        }
    }

    /// A line without a blank behind its colon takes one byte more when it is written: many of them must not outgrow the
    /// room that is left behind the last chunk.
    @Test func trailersThatGrowFindRoomWhereverTheBodyEnds() throws {
        for count in [1, 60, 128] {
            let lines = (0..<count).map { "x\($0):y\r\n" }.joined()
            for size in stride(from: BufferPool.smallBytes - 1400, through: BufferPool.smallBytes - 100, by: 31) {
                let body = [UInt8](repeating: 0x62, count: size)
                let message = PumpCase(
                    name: "\(count) trailers behind \(size) bytes",
                    source: .chunked,
                    framing: .chunked,
                    wire: Array(String(size, radix: 16).utf8) + [13, 10] + body + Array("\r\n0\r\n\(lines)\r\n".utf8),
                    body: body,
                    trailers: (0..<count).map { "x\($0): y" }
                )
                let run = PumpRun(message, cutAt: [min(BufferPool.smallBytes, message.wire.count)])
                run.play()
                try check(message, run)
            }
        }
    }

    @Test func aLengthAtTheLimitOfNumbersIsOnlyANumber() {
        let message = PumpCase(
            name: "huge",
            source: .length(UInt64(Int64.max)),
            framing: .identity,
            wire: Array("abc".utf8),
            body: []
        )
        let run = PumpRun(message, cutAt: [])
        run.play()
        #expect(run.output == Array("abc".utf8))
        #expect(!run.isFinished && run.failure == nil)
        #expect(throws: H1Error.prematureEnd) { try run.pump.end() }
        _ = run.pump.left(&run.buffers)
        #expect(run.buffers.taken == 0)
    }

    @Test func aChunkThatBreaksTheRulesFailsTheBodyAndLeaksNothing() {
        for wire in ["5\r\nhelloX", "fffffffffffffffff\r\n", "0\r\nbad trailer\r\n", "5\nhello", "-1\r\n"] {
            for framing in [Pump.Framing.identity, .chunked] {
                for cut in 0...wire.utf8.count {
                    let message = PumpCase(
                        name: wire,
                        source: .chunked,
                        framing: framing,
                        wire: Array(wire.utf8),
                        body: []
                    )
                    let run = PumpRun(message, cutAt: [cut])
                    run.play()
                    #expect(run.failure != nil && !run.isFinished)
                    _ = run.pump.left(&run.buffers)
                    #expect(run.buffers.taken == 0)
                }
            }
        }
    }

    @Test func anEndInsideOfAFramedBodyIsAnError() {
        for source in [BodyFraming.length(5), .chunked] {
            var pump = Pump(source, framedAs: .identity)
            #expect(throws: H1Error.prematureEnd) { try pump.end() }
        }
    }

    /// Bytes of the next message are no reason to wait for more of this one before the last of it goes out.
    @Test func theNextMessageIsNotMoreOfThisOne() throws {
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(.length(2), framedAs: .identity)
        let head = buffers.filled(Array("head".utf8))
        pump.supply(buffers.filled(Array("hiGET".utf8)), &buffers)
        let end = try pump.topUp(head.buffer, from: 4, &buffers, trailers: &trailers)
        #expect(buffers.array(BufferSlice(head.buffer, 0, UInt32(end))) == Array("headhi".utf8))
        #expect(!pump.hasInput)
        #expect(pump.left(&buffers) == Array("GET".utf8))
        buffers.give(head.buffer)
        #expect(buffers.taken == 0)
    }

    /// MSG_MORE would keep a chunk's last segment for 200 ms while its framing is all that is there behind it.
    @Test func framingThatIsNotPassedOnIsNotMoreToSend() {
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(.chunked, framedAs: .identity)
        pump.supply(buffers.filled(Array("2\r\nhi\r\n".utf8)), &buffers)
        guard case .send(let slice, let more) = pump.step(&buffers, trailers: &trailers) else {
            Issue.record("nothing to send")
            return
        }
        #expect(!more)
        pump.sent(slice.count, &buffers)
        #expect(pump.step(&buffers, trailers: &trailers) == .receive)
        #expect(buffers.taken == 0)
    }

    /// A client of HTTP/1.0 gets a body without its chunks, and a backend may write one for each byte.
    @Test(arguments: [0, 60_000])
    func shortChunksGoOutTogether(headBytes: Int) throws {
        let wire = String(repeating: "1\r\nx\r\n", count: 2000) + "0\r\nX-End: yes\r\n\r\n"
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(.chunked, framedAs: .identity)
        // What came with a large head is in a large buffer, behind it.
        let large = buffers.takeLarge()
        var room = buffers.room(large)
        for _ in 0..<headBytes { room.append(0x48) }
        for byte in wire.utf8 { room.append(byte) }
        pump.supply(BufferSlice(large, UInt32(headBytes), UInt32(headBytes + wire.utf8.count)), &buffers)
        guard case .send(let slice, _) = pump.step(&buffers, trailers: &trailers) else {
            Issue.record("nothing to send")
            return
        }
        #expect(slice.count == 2000)
        #expect(buffers.array(slice).allSatisfy { $0 == UInt8(ascii: "x") })
        pump.sent(slice.count, &buffers)
        #expect(pump.step(&buffers, trailers: &trailers) == .finished)
        #expect(pump.bodyBytes == 2000)
        #expect(pump.left(&buffers) == [])
        #expect(buffers.taken == 0)
    }

    @Test func shortChunksThatFillABufferGoOutInSeveral() throws {
        let count = 80
        let wire = String(repeating: "3e8\r\n" + String(repeating: "y", count: 1000) + "\r\n", count: count)
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(.chunked, framedAs: .identity)
        let large = buffers.takeLarge()
        var room = buffers.room(large)
        for byte in wire.utf8 { room.append(byte) }
        pump.supply(BufferSlice(large, 0, UInt32(wire.utf8.count)), &buffers)
        var sends = 0
        while case .send(let slice, _) = pump.step(&buffers, trailers: &trailers) {
            sends += 1
            #expect(buffers.array(slice).allSatisfy { $0 == UInt8(ascii: "y") })
            pump.sent(slice.count, &buffers)
        }
        #expect(sends == 3)
        #expect(pump.bodyBytes == UInt64(count * 1000))
        #expect(buffers.taken == 0)
    }

    @Test func aBadChunkBehindShortOnesFailsTheBodyAndLeaksNothing() {
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(.chunked, framedAs: .identity)
        pump.supply(buffers.filled(Array("1\r\nx\r\n1\r\ny\r\nz\r\n".utf8)), &buffers)
        #expect(pump.step(&buffers, trailers: &trailers) == .failed(.badChunkSize))
        _ = pump.left(&buffers)
        #expect(buffers.taken == 0)
    }
}
