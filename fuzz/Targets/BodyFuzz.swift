import HTTPWire
import Proxy

/// Bodies in every framing, through the decoder and through a pump: however the bytes come, the same content and the same
/// verdict, and every buffer given back.
enum BodyFuzz {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let framing: BodyFraming =
            switch first % 4 {
            case 0: .length(UInt64(first))
            case 1: .untilClose
            default: .chunked
            }
        let wire = Array(bytes.dropFirst())
        let whole = decode(wire, framing, piece: .max)
        precondition(decode(wire, framing, piece: 1) == whole)
        precondition(decode(wire, framing, piece: 5) == whole)
        for out in [Pump.Framing.identity, .chunked] {
            // A length goes out as it came in: nobody asks the pump for anything else.
            if out == .chunked, case .length = framing { continue }
            for piece in [Int.max, 3] {
                let pumped = pump(wire, framing, out, piece: piece)
                if let failure = whole.failure {
                    precondition(pumped.failure == failure)
                    continue
                }
                guard whole.isComplete else { continue }
                precondition(pumped.isComplete)
                if out == .identity {
                    precondition(pumped.content == whole.content)
                } else {
                    let again = decode(pumped.content, .chunked, piece: .max)
                    // A trailer line gets a blank behind its colon: a section of nearly the greatest length outgrows that.
                    let slack = FieldTable.capacity
                    if again.failure == .trailersTooLarge, wire.count + slack > H1BodyDecoder.trailersBytesMax {
                        continue
                    }
                    precondition(again.isComplete && again.content == whole.content && again.rest.isEmpty)
                }
                precondition(pumped.rest == whole.rest)
            }
        }
    }

    private struct Result: Equatable {
        var content: [UInt8] = []
        var rest: [UInt8] = []
        var failure: H1Error?
        var isComplete = false
    }

    private static func decode(_ wire: [UInt8], _ framing: BodyFraming, piece: Int) -> Result {
        var decoder = H1BodyDecoder(framing)
        var trailers = FieldTable()
        var result = Result()
        var have: [UInt8] = []
        var given = 0
        while true {
            do {
                switch try decoder.next(have.rawBytes, from: 0, trailers: &trailers) {
                case .data(let range, let next):
                    precondition(range.count > 0)
                    result.content += have[Int(range.start)..<Int(range.end)]
                    have.removeFirst(next)
                case .end(let next):
                    result.isComplete = true
                    result.rest = Array(have[next...]) + wire[given...]
                    return result
                case .needMore(let consumed):
                    have.removeFirst(consumed)
                    guard given < wire.count else {
                        if framing == .untilClose { result.isComplete = true }
                        return result
                    }
                    let end = piece == .max ? wire.count : min(wire.count, given + piece)
                    have += wire[given..<end]
                    given = end
                }
            } catch {
                // How much content came before the error depends on the pieces.
                result.content = []
                result.failure = error
                return result
            }
        }
    }

    private static func pump(_ wire: [UInt8], _ framing: BodyFraming, _ out: Pump.Framing, piece: Int) -> Result {
        var buffers = BufferPool()
        var trailers = FieldTable()
        var pump = Pump(framing, framedAs: out)
        var result = Result()
        var given = 0
        var hasEnded = false
        stepping: while true {
            switch pump.step(&buffers, trailers: &trailers) {
            case .send(let slice, _):
                // As a kernel with little room would take it.
                let count = min(slice.count, 1000)
                result.content += array(buffers.bytes(BufferSlice(slice.buffer, slice.start, slice.start + count)))
                pump.sent(count, &buffers)
            case .receive:
                if given < wire.count {
                    let end = min(wire.count, given + min(piece, 4096))
                    let buffer = buffers.take()
                    var room = buffers.room(buffer)
                    for byte in wire[given..<end] { room.append(byte) }
                    pump.supply(BufferSlice(buffer, 0, UInt32(end - given)), &buffers)
                    given = end
                } else if framing == .untilClose, !hasEnded {
                    hasEnded = true
                    do { try pump.end() } catch { preconditionFailure("\(error)") }
                } else {
                    break stepping
                }
            case .finished:
                result.isComplete = true
                guard case .next(let rest) = pump.retire(&buffers) else { preconditionFailure("torn at its end") }
                if !rest.isEmpty {
                    result.rest = array(buffers.bytes(rest))
                    buffers.give(rest.buffer)
                }
                result.rest += wire[given...]
                break stepping
            case .failed(let error):
                result.failure = error
                break stepping
            }
        }
        if case .next(let rest) = pump.retire(&buffers), !rest.isEmpty { buffers.give(rest.buffer) }
        precondition(buffers.taken == 0)
        return result
    }
}
