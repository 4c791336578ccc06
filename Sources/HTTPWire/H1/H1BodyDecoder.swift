/// Finds the content in the bytes behind a head, and its end (RFC 9112 §6, §7.1).
///
/// A value of a few dozen bytes that copies nothing: it tells which ranges of the caller's buffer are content.
package struct H1BodyDecoder: Equatable, Sendable, BitwiseCopyable {
    /// What the next bytes are.
    package enum Step: Equatable, Sendable {
        /// Nothing more can be told: give the bytes from `consumed` on again, with more behind them. Except within a trailer
        /// section, `consumed` is the end of the bytes.
        case needMore(consumed: Int)
        /// Content, never empty; go on from `next`.
        case data(ByteRange, next: Int)
        /// The content is over. The bytes from `next` on belong to the next message.
        case end(next: Int)
    }

    private enum State: UInt8 {
        case complete
        case length
        case untilClose
        case chunkSize
        /// Blanks behind a size, which only an extension may follow.
        case chunkBlank
        /// Behind a semicolon.
        case extensionStart
        case extensionName
        /// Blanks behind a name: a value or another extension follows.
        case extensionNameBlank
        /// Behind an equals sign.
        case extensionValue
        case extensionToken
        case extensionQuoted
        /// Behind a backslash within quotes.
        case extensionEscape
        case extensionQuoteEnd
        /// Blanks behind a value: another extension follows.
        case extensionValueBlank
        case chunkLineEnd
        case chunkData
        case chunkDataCR
        case chunkDataLF
        case trailers
    }

    /// Size and blanks of a chunk-size line; its extensions from the first semicolon on; the trailer section with the empty
    /// line that ends it.
    package static let chunkSizeBytesMax = 64
    package static let chunkExtensionBytesMax = 256
    /// How many bytes longer all extensions of a content may be than the content so far. Extensions carry nothing, so a peer
    /// that sends more of them than of content makes us read for nothing (RFC 9112 §7.1.1).
    package static let extensionsBytesMax = 16 * 1024
    package static let trailersBytesMax = 8 * 1024
    private static let chunkDigitsMax = 15

    private var state: State
    /// What is left of the content, or of the chunk; while its size is read, the size so far.
    private var remaining: UInt64 = 0
    /// The bytes of the current part of a chunk-size line.
    private var lineBytes: UInt16 = 0
    /// The bytes that extensions may still have before more content comes.
    private var extensionRoom = UInt16(extensionsBytesMax)
    private var trailerLines: UInt16 = 0
    /// Within the trailer section, whose first byte is its offset 0.
    private var scan = FieldScan(at: 0)

    package init(_ framing: BodyFraming) {
        switch framing {
        case .none: state = .complete
        case .length(let length):
            state = length == 0 ? .complete : .length
            remaining = length
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
    }

    /// The content and what belongs to its framing are over.
    package var isComplete: Bool { state == .complete }

    /// Whether the content ends with its connection.
    package var isUntilClose: Bool { state == .untilClose }

    /// For `.length`, what is left: so many bytes may be passed on without looking (`skip`). Nil for other framings.
    package var remainingLength: UInt64? {
        switch state {
        case .length: remaining
        default: nil
        }
    }

    /// Bytes of a `.length` or `.untilClose` content were passed on without being shown to `next`.
    ///
    /// Traps on other framings, and on more bytes than `remainingLength`.
    @_noLocks
    package mutating func skip(_ count: UInt64) {
        switch state {
        case .length:
            precondition(count <= remaining)
            remaining &-= count
            if remaining == 0 { state = .complete }
        case .untilClose: break
        default: precondition(count == 0)
        }
    }

    /// Tells what the bytes from `offset` on are.
    ///
    /// - Parameter trailers: Filled with the lines of the trailer section when `.end` ends a chunked content: ranges into
    ///   `bytes`. One that must not be a trailer is marked hop-by-hop (RFC 9110 §6.5.1). Means nothing before the end.
    /// - Throws: what is wrong with the chunks or the trailers; asking again with the same bytes throws it again.
    package mutating func next(
        _ bytes: RawSpan,
        from offset: Int,
        trailers: inout FieldTable
    ) throws(H1Error) -> Step {
        // What was learnt before an error must not be learnt twice.
        var decoder = self
        let step = try decoder.advance(bytes, from: offset, &trailers)
        self = decoder
        return step
    }

    /// The peer closed its side. Throws `prematureEnd` unless the content was complete or framed by the close.
    package mutating func finish() throws(H1Error) {
        switch state {
        case .complete: break
        case .untilClose: state = .complete
        case .length, .chunkSize, .chunkBlank, .extensionStart, .extensionName, .extensionNameBlank, .extensionValue,
            .extensionToken, .extensionQuoted, .extensionEscape, .extensionQuoteEnd, .extensionValueBlank,
            .chunkLineEnd, .chunkData, .chunkDataCR, .chunkDataLF, .trailers:
            throw .prematureEnd
        }
    }

    private mutating func advance(
        _ bytes: RawSpan,
        from offset: Int,
        _ trailers: inout FieldTable
    ) throws(H1Error) -> Step {
        let end = bytes.byteCount
        precondition(offset >= 0 && offset <= end)
        var at = offset
        while true {
            switch state {
            case .complete:
                trailers.removeAll()
                return .end(next: at)
            case .trailers:
                return try readTrailers(bytes, from: at, &trailers)
            case .length, .chunkData:
                guard at < end else { return .needMore(consumed: at) }
                let count = Int(min(remaining, UInt64(end &- at)))
                remaining &-= UInt64(count)
                if remaining == 0 { state = state == .length ? .complete : .chunkDataCR }
                return .data(ByteRange(at, at &+ count), next: at &+ count)
            case .untilClose:
                guard at < end else { return .needMore(consumed: at) }
                return .data(ByteRange(at, end), next: end)
            case .chunkDataCR, .chunkDataLF, .chunkSize, .chunkBlank, .extensionStart, .extensionName,
                .extensionNameBlank, .extensionValue, .extensionToken, .extensionQuoted, .extensionEscape,
                .extensionQuoteEnd, .extensionValueBlank, .chunkLineEnd:
                guard at < end else { return .needMore(consumed: at) }
                try readFraming(bytes.byte(at))
                at &+= 1
            }
        }
    }

    /// One byte of what stands between the data of two chunks (RFC 9112 §7.1):
    /// `CRLF 1*HEXDIG [ *blank ";" extensions ] CRLF`.
    private mutating func readFraming(_ byte: UInt8) throws(H1Error) {
        switch state {
        case .chunkDataCR:
            guard byte == 0x0D else { throw .badChunkEnd }
            state = .chunkDataLF
        case .chunkDataLF:
            guard byte == 0x0A else { throw .badChunkEnd }
            lineBytes = 0
            state = .chunkSize
        case .chunkSize:
            if let digit = byte.hexValue {
                // Fifteen digits cannot overflow, not even as Int64.
                guard lineBytes < Self.chunkDigitsMax else { throw .badChunkSize }
                remaining = remaining << 4 | UInt64(digit)
                lineBytes &+= 1
                return
            }
            guard lineBytes > 0 else { throw byte == 0x0A ? .bareLF : .badChunkSize }
            try readBehindSize(byte)
        case .chunkBlank:
            try readBehindSize(byte)
        case .extensionStart, .extensionName, .extensionNameBlank, .extensionValue, .extensionToken, .extensionQuoted,
            .extensionEscape, .extensionQuoteEnd, .extensionValueBlank:
            try readExtension(byte)
        case .chunkLineEnd:
            guard byte == 0x0A else { throw .bareCR }
            state = remaining == 0 ? .trailers : .chunkData
            let room = UInt64(extensionRoom) &+ remaining
            extensionRoom = UInt16(min(room, UInt64(Self.extensionsBytesMax)))
        case .complete, .length, .untilClose, .chunkData, .trailers:
            preconditionFailure("not between chunks")
        }
    }

    private mutating func readBehindSize(_ byte: UInt8) throws(H1Error) {
        switch byte {
        case 0x0D where state == .chunkSize: state = .chunkLineEnd
        case 0x3B:
            lineBytes = 0
            state = .extensionStart
            try countExtensionByte()
        case 0x20, 0x09:
            guard lineBytes < Self.chunkSizeBytesMax else { throw .chunkLineTooLong }
            lineBytes &+= 1
            state = .chunkBlank
        case 0x0A: throw .bareLF
        default: throw .badChunkSize
        }
    }

    /// One byte behind the first semicolon of `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`
    /// (RFC 9112 §7.1.1). What it says is dropped; that it is well formed matters, because a line end within quotes ends
    /// the line for one reader and not for another.
    private mutating func readExtension(_ byte: UInt8) throws(H1Error) {
        if byte == 0x0A { throw .bareLF }
        switch state {
        case .extensionStart:
            if !byte.isBlank { state = try Self.beginning(.extensionName, byte) }
        case .extensionName:
            if byte == 0x0D {
                state = .chunkLineEnd
                return
            }
            if byte == 0x3B {
                state = .extensionStart
            } else if byte == 0x3D {
                state = .extensionValue
            } else if byte.isBlank {
                state = .extensionNameBlank
            } else {
                state = try Self.beginning(.extensionName, byte)
            }
        case .extensionNameBlank:
            if byte == 0x3B {
                state = .extensionStart
            } else if byte == 0x3D {
                state = .extensionValue
            } else if !byte.isBlank {
                throw .badChunkExtension
            }
        case .extensionValue:
            if byte == 0x22 {
                state = .extensionQuoted
            } else if !byte.isBlank {
                state = try Self.beginning(.extensionToken, byte)
            }
        case .extensionToken:
            if byte == 0x0D {
                state = .chunkLineEnd
                return
            }
            if byte == 0x3B {
                state = .extensionStart
            } else if byte.isBlank {
                state = .extensionValueBlank
            } else {
                state = try Self.beginning(.extensionToken, byte)
            }
        case .extensionQuoted:
            // Anything that a field value may have; a quote and a backslash with their own meaning (RFC 9110 §5.6.4).
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .badChunkExtension }
            if byte == 0x22 { state = .extensionQuoteEnd }
            if byte == 0x5C { state = .extensionEscape }
        case .extensionEscape:
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .badChunkExtension }
            state = .extensionQuoted
        case .extensionQuoteEnd, .extensionValueBlank:
            if byte == 0x0D, state == .extensionQuoteEnd {
                state = .chunkLineEnd
                return
            }
            if byte == 0x3B {
                state = .extensionStart
            } else if byte.isBlank {
                state = .extensionValueBlank
            } else {
                throw .badChunkExtension
            }
        case .complete, .length, .untilClose, .chunkSize, .chunkBlank, .chunkLineEnd, .chunkData, .chunkDataCR,
            .chunkDataLF, .trailers:
            preconditionFailure("not in an extension")
        }
        try countExtensionByte()
    }

    private static func beginning(_ state: State, _ byte: UInt8) throws(H1Error) -> State {
        guard ByteSet.token.contains(byte) else { throw .badChunkExtension }
        return state
    }

    private mutating func countExtensionByte() throws(H1Error) {
        guard lineBytes < Self.chunkExtensionBytesMax, extensionRoom > 0 else { throw .chunkLineTooLong }
        lineBytes &+= 1
        extensionRoom &-= 1
    }

    /// `*( field-line CRLF ) CRLF` (RFC 9112 §7.1.2)
    private mutating func readTrailers(
        _ bytes: RawSpan,
        from start: Int,
        _ trailers: inout FieldTable
    ) throws(H1Error) -> Step {
        let length = min(bytes.byteCount &- start, Self.trailersBytesMax)
        let section = bytes.extracting(start..<start &+ length)
        let isFresh = scan.isFresh
        if isFresh { trailers.removeAll() }
        while true {
            let outcome: FieldScan.Outcome
            do throws(H1Error) {
                outcome = try scan.next(
                    section,
                    to: length,
                    mayStart: trailerLines < FieldTable.capacity
                )
            } catch {
                switch error {
                case .badFieldName, .badFieldValue, .spaceBeforeColon, .obsoleteFold: throw .badTrailer
                default: throw error
                }
            }
            switch outcome {
            case .short:
                if length == Self.trailersBytesMax { throw .trailersTooLarge }
                return .needMore(consumed: start)
            case .line(let name, let value):
                trailerLines &+= 1
                // Lines that came in pieces are only checked; when all are here they are read in one go.
                guard isFresh else { continue }
                var line = FieldLine(section, name: name, value: value)
                line.isHopByHop = !line.id.mayBeTrailer
                trailers.append(line)
            case .end:
                let end = start &+ scan.position
                scan = FieldScan(at: 0)
                trailerLines = 0
                guard isFresh else { return try readTrailers(bytes, from: start, &trailers) }
                trailers.shift(by: start)
                state = .complete
                return .end(next: end)
            }
        }
    }
}
