package import HTTPWire

/// One direction of a relay: body bytes of one connection, decoded, framed anew, and sent on another.
///
/// Holds at most one received buffer and one outgoing one, and asks for more only when both are gone: that is the
/// back-pressure. Bytes that need no new framing are sent from the buffer they came in.
package struct Pump: BitwiseCopyable {
    /// How the bytes are framed on the way out.
    package enum Framing: UInt8, BitwiseCopyable, Sendable {
        /// As they are: a length was announced, or the end of the connection is the end of the body.
        case identity
        case chunked
    }

    package enum Step: Equatable {
        /// Send these; tell how many went by `sent`. `more`: others follow at once.
        case send(BufferSlice, more: Bool)
        /// Get bytes and `supply` them.
        case receive
        /// Everything was sent.
        case finished
        case failed(H1Error)
    }

    private var decoder: H1BodyDecoder
    private let framing: Framing
    /// Whether a trailer section is passed on. The head may have named fields in `Connection` that a trailer carries,
    /// and the decoder cannot know them (RFC 9110 §7.6.1).
    private let passesTrailers: Bool
    /// Received and not yet framed.
    private var input = BufferSlice.none
    /// A part of `input`'s buffer that the decoder has passed as body and that chunked framing has yet to copy.
    private var body = ByteRange.empty
    /// Framed and not yet sent: in `input`'s buffer, or in one of its own.
    private var output = BufferSlice.none
    private var ownsOutput = false
    private var hasWrittenEnd = false
    /// What was supplied last filled its buffer: more has come, and more will.
    private var wasFull = false
    /// Body bytes that went through, without framing.
    package private(set) var bodyBytes: UInt64 = 0

    /// What a pump that is retired leaves of its source's next message. There is no way to be rid of a pump's input but
    /// through it: bytes behind a message are taken over, or their connection carries no other message.
    package enum Remainder {
        /// The message was received whole. These bytes behind it are the caller's from here on; empty when none have come.
        case next(BufferSlice)
        /// The message was not received whole, so nothing tells where the next one begins.
        case torn
    }

    package init(_ body: BodyFraming, framedAs framing: Framing, passesTrailers: Bool = true) {
        decoder = H1BodyDecoder(body)
        self.framing = framing
        self.passesTrailers = passesTrailers
    }

    /// Whether the source has nothing more to say in this message.
    package var hasWholeBody: Bool { decoder.isComplete }

    /// Whether it would take bytes that are supplied now.
    package var isHungry: Bool { !decoder.isComplete && input.isEmpty && output.isEmpty }

    /// How many bytes can be passed on as they stand, where very many are still to come: worth a pipe. 0 where they are few
    /// or have to be looked at.
    package var passing: UInt32 {
        guard framing == .identity else { return 0 }
        if let remaining = decoder.remainingLength {
            return remaining > Self.passingLeast ? UInt32(clamping: remaining) : 0
        }
        return wasFull && decoder.isUntilClose ? .max : 0
    }

    private static let passingLeast = 64 * 1024

    /// Whether there are received bytes of the body to frame, so that a send before them is not the last.
    package var hasInput: Bool { !body.isEmpty || !input.isEmpty && !decoder.isComplete }

    /// The whole body was received and nothing of it waits to be sent: what is left belongs to the next message.
    package var isSettled: Bool { isDone && output.isEmpty }

    /// The buffer that a send may have in hand, if any.
    package var outgoing: BufferID { output.isEmpty ? .none : output.buffer }

    /// Takes received bytes over. Traps unless what came before is used up to a rest (the beginning of a trailer
    /// section), to which they are joined; a head that is still on its way (`begin`) is not in the way.
    package mutating func supply(_ bytes: BufferSlice, _ buffers: inout BufferPool) {
        precondition(body.isEmpty && (output.isEmpty || ownsOutput))
        wasFull = Int(bytes.count) >= BufferPool.smallBytes - BufferPool.headroom
        input = BufferSlice.joined(input, bytes, &buffers)
    }

    /// Appends what is there already to a buffer that holds the head and will be sent first, as far as it fits.
    /// - Returns: the end of what the buffer now holds.
    package mutating func topUp(
        _ target: BufferID,
        from end: Int,
        _ buffers: inout BufferPool,
        trailers: inout FieldTable
    ) throws(H1Error) -> Int {
        try fill(target, from: end, &buffers, trailers: &trailers)
    }

    /// The peer has sent its last byte.
    package mutating func end() throws(H1Error) { try decoder.finish() }

    /// Makes `slice` the first thing to send; the pump owns its buffer from here on.
    /// - Parameter bodyBytes: how much of it is body that this pump has not counted.
    package mutating func begin(with slice: BufferSlice, bodyBytes: Int = 0) {
        precondition(output.isEmpty && !ownsOutput)
        self.bodyBytes += UInt64(bodyBytes)
        output = slice
        ownsOutput = true
    }

    /// As `begin`, for a head whose body is there already and passes as it came: the head moves in front of it, where there
    /// is room, and both go out together.
    package mutating func begin(with head: BufferSlice, joining buffers: inout BufferPool) {
        guard framing == .identity, isPlain, !input.isEmpty, !input.buffer.isPipe, input.start >= head.count
        else { return begin(with: head) }
        precondition(output.isEmpty && !ownsOutput)
        let start = input.start - head.count
        buffers.copy(head, to: input.buffer, at: Int(start))
        buffers.give(head.buffer)
        _ = takePlain()
        output = BufferSlice(input.buffer, start, input.start)
    }

    /// So many bytes of the last `send` are gone.
    package mutating func sent(_ count: UInt32, _ buffers: inout BufferPool) {
        output.start += count
        precondition(output.start <= output.end)
        if output.isEmpty { dropOutput(&buffers) }
    }

    /// What to do next. Call again after each `sent` and `supply`.
    package mutating func step(_ buffers: inout BufferPool, trailers: inout FieldTable) -> Step {
        if output.isEmpty {
            do {
                switch framing {
                case .identity: try pass(&buffers, trailers: &trailers)
                case .chunked: try frame(&buffers, trailers: &trailers)
                }
            } catch let error {
                return .failed(error)
            }
        }
        if !output.isEmpty {
            // Passed on as they stand, bytes may have nothing but their old framing behind them.
            return .send(output, more: framing == .chunked && !input.isEmpty && !decoder.isComplete)
        }
        return isDone ? .finished : .receive
    }

    private var isDone: Bool { decoder.isComplete && body.isEmpty && (framing == .identity || hasWrittenEnd) }

    /// Gives every buffer back, drops what of the body has not been sent, and hands over what came behind the message.
    /// Idempotent; the body's count stays.
    /// - Parameter inFlight: the buffer that a send still has in hand. It is left to the caller; bytes behind the message
    ///   that are in it are copied out of it.
    package mutating func retire(_ buffers: inout BufferPool, keeping inFlight: BufferID = .none) -> Remainder {
        if ownsOutput, output.buffer != inFlight { buffers.give(output.buffer) }
        let rest = input
        input = .none
        body = .empty
        output = .none
        ownsOutput = false
        let isInFlight = rest.buffer == inFlight
        guard decoder.isComplete, !rest.isEmpty else {
            if !rest.buffer.isNone, !isInFlight { buffers.give(rest.buffer) }
            return decoder.isComplete ? .next(.none) : .torn
        }
        guard isInFlight else { return .next(rest) }
        let copy = Int(rest.count) > BufferPool.smallBytes ? buffers.takeLarge() : buffers.take()
        buffers.copy(rest, to: copy, at: 0)
        return .next(BufferSlice(copy, 0, rest.count))
    }

    // MARK: framing

    /// The bytes of the body need not be looked at to find its end.
    private var isPlain: Bool { decoder.isUntilClose || decoder.remainingLength != nil }

    /// Moves the beginning of a plain input to behind what is body, and counts it.
    private mutating func takePlain() -> UInt32 {
        let count = UInt32(min(UInt64(input.count), decoder.remainingLength ?? .max))
        decoder.skip(UInt64(count))
        input.start += count
        bodyBytes += UInt64(count)
        return count
    }

    /// Identity: the decoder's next stretch of body, where it stands.
    private mutating func pass(_ buffers: inout BufferPool, trailers: inout FieldTable) throws(H1Error) {
        if isPlain {
            guard !input.isEmpty else { return dropInputIfEmpty(&buffers) }
            let count = takePlain()
            output = BufferSlice(input.buffer, input.start - count, input.start)
            return
        }
        while !decoder.isComplete, !input.isEmpty {
            let start = Int(input.start)
            let step = try decoder.next(buffers.bytes(input), from: 0, trailers: &trailers)
            switch step {
            case .data(let range, let next):
                output = BufferSlice(
                    input.buffer,
                    UInt32(start + Int(range.start)),
                    UInt32(start + Int(range.end))
                )
                input.start = UInt32(start + next)
                bodyBytes += UInt64(range.count)
                if range.count < Self.passBytesMin, !input.isEmpty, !decoder.isComplete {
                    try gather(&buffers, trailers: &trailers)
                }
                return
            case .needMore(let consumed):
                input.start = UInt32(start + consumed)
                dropInputIfEmpty(&buffers)
                return
            case .end(let next):
                input.start = UInt32(start + next)
            }
        }
        dropInputIfEmpty(&buffers)
    }

    /// Below this length a chunk is copied together with those behind it: a copy costs less than a system call and a
    /// packet for each.
    private static let passBytesMin = 2 * 1024

    /// Puts the short stretch of body that is the output, and what the input has behind it, into a buffer of our own.
    private mutating func gather(_ buffers: inout BufferPool, trailers: inout FieldTable) throws(H1Error) {
        let target = buffers.take()
        buffers.copy(output, to: target, at: 0)
        var end = Int(output.count)
        output = .none
        do {
            gathering: while !decoder.isComplete, !input.isEmpty {
                let start = input.start
                let before = decoder
                switch try decoder.next(buffers.bytes(input), from: 0, trailers: &trailers) {
                case .data(let range, let next):
                    // What came with a large head may be longer than this buffer: the rest has its turn later.
                    guard range.count <= buffers.capacity(target) - end else {
                        decoder = before
                        break gathering
                    }
                    let from = BufferSlice(input.buffer, start + range.start, start + range.end)
                    buffers.copy(from, to: target, at: end)
                    end += range.count
                    bodyBytes += UInt64(range.count)
                    input.start = start + UInt32(next)
                case .needMore(let consumed):
                    input.start = start + UInt32(consumed)
                    break gathering
                case .end(let next):
                    input.start = start + UInt32(next)
                }
            }
        } catch let error {
            buffers.give(target)
            throw error
        }
        output = BufferSlice(target, 0, UInt32(end))
        ownsOutput = true
        dropInputIfEmpty(&buffers)
    }

    /// Chunked: a buffer of our own, filled from what is there.
    private mutating func frame(_ buffers: inout BufferPool, trailers: inout FieldTable) throws(H1Error) {
        guard !isDone, decoder.isComplete || !input.isEmpty || !body.isEmpty else { return }
        let target = buffers.take()
        let end: Int
        do {
            end = try fill(target, from: 0, &buffers, trailers: &trailers)
        } catch let error {
            buffers.give(target)
            throw error
        }
        if end == 0 {
            buffers.give(target)
        } else {
            output = BufferSlice(target, 0, UInt32(end))
            ownsOutput = true
        }
    }

    /// The most a chunk of this pump costs beside its bytes: a size of at most five digits and two line ends; and what
    /// must stay free behind the last one for `0` and its line end.
    private static let chunkOverhead = 16
    /// A trailer line that came without a blank behind its colon gets one.
    private static let trailersGrowthMax = FieldTable.capacity
    /// Below this much room a body is better sent from where it stands than begun.
    private static let identityCopyMax = 8 * 1024

    /// Writes framed bytes into `target` from `end` on until either side is used up; the new end.
    private mutating func fill(
        _ target: BufferID,
        from end: Int,
        _ buffers: inout BufferPool,
        trailers: inout FieldTable
    ) throws(H1Error) -> Int {
        var end = end
        let capacity = buffers.capacity(target)
        while true {
            if !body.isEmpty {
                let room = capacity - end - 2 * Self.chunkOverhead
                let count = framing == .chunked ? min(body.count, room) : body.count
                guard count > 0 else { return end }
                let from = BufferSlice(input.buffer, body.start, body.start + UInt32(count))
                if framing == .chunked {
                    var out = buffers.room(target, from: end)
                    H1Writer.chunkSize(count, into: &out)
                    end += out.byteCount
                }
                buffers.copy(from, to: target, at: end)
                end += count
                if framing == .chunked {
                    var out = buffers.room(target, from: end)
                    out.append("\r\n")
                    end += out.byteCount
                }
                body.start += UInt32(count)
                bodyBytes += UInt64(count)
                continue
            }
            if decoder.isComplete {
                // A body that ended with its connection; one that ended by its own framing is written below.
                if framing == .chunked, !hasWrittenEnd, capacity - end >= Self.chunkOverhead {
                    trailers.removeAll()
                    end = writeEnd(target, from: end, BufferSlice.none, buffers, trailers)
                }
                return end
            }
            guard !input.isEmpty else {
                dropInputIfEmpty(&buffers)
                return end
            }
            if framing == .identity {
                // Only a body that fits whole is worth copying behind the head.
                guard Int(input.count) <= min(capacity - end, Self.identityCopyMax) else { return end }
            }
            let start = input.start
            let before = decoder
            switch try decoder.next(buffers.bytes(input), from: 0, trailers: &trailers) {
            case .data(let range, let next):
                body = ByteRange(Int(start + range.start), Int(start + range.end))
                input.start = start + UInt32(next)
            case .needMore(let consumed):
                input.start = start + UInt32(consumed)
                dropInputIfEmpty(&buffers)
                return end
            case .end(let next):
                if framing == .chunked {
                    guard capacity - end >= next + Self.trailersGrowthMax + Self.chunkOverhead else {
                        // The end waits for a buffer of its own, where it is read once more.
                        decoder = before
                        return end
                    }
                    let section = BufferSlice(input.buffer, start, start + UInt32(next))
                    end = writeEnd(target, from: end, section, buffers, trailers)
                }
                input.start = start + UInt32(next)
            }
        }
    }

    /// The last chunk and the trailer section, whose fields are ranges into `section`.
    private mutating func writeEnd(
        _ target: BufferID,
        from end: Int,
        _ section: BufferSlice,
        _ buffers: borrowing BufferPool,
        _ trailers: borrowing FieldTable
    ) -> Int {
        var out = buffers.room(target, from: end)
        out.append(H1Writer.lastChunk)
        if passesTrailers, trailers.count > 0 {
            let bytes = buffers.bytes(section)
            for index in 0..<trailers.count where !trailers[index].isHopByHop {
                H1Writer.field(trailers[index], of: bytes, into: &out)
            }
        }
        out.append("\r\n")
        hasWrittenEnd = true
        return end + out.byteCount
    }

    // MARK: buffers

    private mutating func dropOutput(_ buffers: inout BufferPool) {
        if ownsOutput {
            buffers.give(output.buffer)
            ownsOutput = false
            output = .none
        } else {
            output = .none
            dropInputIfEmpty(&buffers)
        }
    }

    /// An exhausted input buffer goes back unless something still points into it.
    private mutating func dropInputIfEmpty(_ buffers: inout BufferPool) {
        guard input.isEmpty, body.isEmpty, !input.buffer.isNone else { return }
        guard ownsOutput || output.isEmpty else { return }
        buffers.give(input.buffer)
        input = .none
    }
}
