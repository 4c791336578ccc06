/// Finds field lines, one by one, in a head or a trailer section that may still be arriving.
///
/// It looks at every byte once however the bytes come: what it remembers is how far it got, and in which part of a line.
/// All offsets are into the span given to `next`, which must begin at the same byte each time.
struct FieldScan: Equatable, Sendable, BitwiseCopyable {
    enum Stage: UInt8 {
        case lineStart
        case name
        case value
    }

    enum Outcome {
        /// The bytes ended within a line, or before the empty one.
        case short
        /// A whole line was found.
        case line(name: ByteRange, value: ByteRange)
        /// The empty line was found; `position` is behind it.
        case end
    }

    var position: Int
    private var stage = Stage.lineStart
    private var nameStart = 0
    private var nameEnd = 0

    /// No byte has been looked at.
    var isFresh: Bool { stage == .lineStart && position == 0 }

    init(at position: Int) { self.position = position }

    /// Goes on to the end of the line, and not beyond `end`.
    ///
    /// - Parameter mayStart: whether there may be another line; if not, one that begins is `tooManyFields`.
    @inline(__always)
    mutating func next(_ bytes: RawSpan, to end: Int, mayStart: Bool) throws(H1Error) -> Outcome {
        if stage == .lineStart {
            guard position < end else { return .short }
            let first = bytes.byte(position)
            if first == 0x0D {
                guard position &+ 1 < end else { return .short }
                guard bytes.byte(position &+ 1) == 0x0A else { throw .bareCR }
                position &+= 2
                return .end
            }
            // Before the rest of the line is looked at: these bytes are no token and would be a bad name.
            if first == 0x0A { throw .bareLF }
            if first.isBlank { throw .obsoleteFold }
            guard mayStart else { throw .tooManyFields }
            nameStart = position
            stage = .name
        }
        if stage == .name {
            let at = bytes.endOfToken(position, end)
            position = at
            guard at < end else { return .short }
            let byte = bytes.byte(at)
            guard byte == 0x3A, at > nameStart else {
                if byte == 0x0A { throw .bareLF }
                throw byte.isBlank ? .spaceBeforeColon : .badFieldName
            }
            nameEnd = at
            position = at &+ 1
            stage = .value
        }
        let at = bytes.endOfFieldContent(position, end)
        position = at
        guard at < end else { return .short }
        let byte = bytes.byte(at)
        guard byte == 0x0D else { throw byte == 0x0A ? .bareLF : .badFieldValue }
        guard at &+ 1 < end else { return .short }
        guard bytes.byte(at &+ 1) == 0x0A else { throw .bareCR }
        position = at &+ 2
        stage = .lineStart
        return .line(name: ByteRange(nameStart, nameEnd), value: bytes.trimmed(nameEnd &+ 1, at))
    }
}
