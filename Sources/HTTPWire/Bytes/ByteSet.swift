/// A set of ASCII bytes, as two words: a test costs a shift and no memory.
struct ByteSet {
    /// Members below 0x40, bit n for byte n.
    let low: UInt64
    /// Members from 0x40 to 0x7F, bit n for byte 0x40 + n.
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        byte < 0x80 && ((byte < 0x40 ? low : high) >> UInt64(byte & 0x3F)) & 1 == 1
    }

    /// `tchar` of RFC 9110 §5.6.2: letters, digits and `` !#$%&'*+-.^_`|~ ``.
    @inline(__always) static var token: ByteSet { ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// What a `reg-name` of RFC 3986 §3.2.2 may hold besides `%`: unreserved and sub-delims.
    @inline(__always) static var regName: ByteSet { ByteSet(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }
}

extension RawSpan {
    /// The first offset of `from..<to` whose byte is not a token character; `to` when there is none.
    @inline(__always)
    func endOfToken(_ from: Int, _ to: Int) -> Int {
        var at = from
        while at &+ 8 <= to {
            // Names are made of letters and hyphens, mostly. Each byte of these sums stays below 0x100, so none disturbs
            // its neighbour, and its top bit tells: at least "a", above "z", not a hyphen.
            let word = word(at)
            let low = word & 0x7F7F_7F7F_7F7F_7F7F
            let folded = low | 0x2020_2020_2020_2020
            let letters = (folded &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(folded &+ 0x0505_0505_0505_0505)
            let hyphens = ~((low ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F)
            let others = ~((letters | hyphens) & ~word) & 0x8080_8080_8080_8080
            if others == 0 {
                at &+= 8
                continue
            }
            at &+= others.trailingZeroBitCount >> 3
            if !ByteSet.token.contains(byte(at)) { return at }
            at &+= 1
        }
        while at < to, ByteSet.token.contains(byte(at)) { at &+= 1 }
        return at
    }

    /// The first offset of `from..<to` whose byte a field value may not hold (RFC 9110 §5.5: anything but VCHAR, obs-text,
    /// SP and HTAB); `to` when there is none.
    @inline(__always)
    func endOfFieldContent(_ from: Int, _ to: Int) -> Int {
        var at = from
        while at &+ 8 <= to {
            let word = word(at)
            // A byte below 0x20 or equal to 0x7F sets its own top bit. A borrow may set bits above the lowest one, never
            // below it, and the lowest one is all that is read.
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let hits =
                ((word &- 0x2020_2020_2020_2020) & ~word | (delete &- 0x0101_0101_0101_0101) & ~delete)
                & 0x8080_8080_8080_8080
            if hits == 0 {
                at &+= 8
                continue
            }
            at &+= hits.trailingZeroBitCount >> 3
            if byte(at) != 0x09 { return at }
            at &+= 1
        }
        while at < to {
            let byte = byte(at)
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return at }
            at &+= 1
        }
        return at
    }

    /// The first offset of `from..<to` whose byte a request target may not hold: anything but visible ASCII, and `#`, which
    /// starts a fragment (RFC 9112 §3.2 has none); `to` when there is none.
    @inline(__always)
    func endOfTarget(_ from: Int, _ to: Int) -> Int {
        var at = from
        while at &+ 8 <= to {
            let word = word(at)
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let hash = word ^ 0x2323_2323_2323_2323
            let hits =
                ((word &- 0x2121_2121_2121_2121) & ~word | word | (delete &- 0x0101_0101_0101_0101) & ~delete
                    | (hash &- 0x0101_0101_0101_0101) & ~hash) & 0x8080_8080_8080_8080
            if hits != 0 { return at &+ hits.trailingZeroBitCount >> 3 }
            at &+= 8
        }
        while at < to {
            let byte = byte(at)
            if byte < 0x21 || byte > 0x7E || byte == 0x23 { return at }
            at &+= 1
        }
        return at
    }

    /// `range` without the blanks at both ends (RFC 9110 §5.6.3).
    @inline(__always)
    func trimmed(_ from: Int, _ to: Int) -> ByteRange {
        var start = from
        var end = to
        while start < end, byte(start).isBlank { start &+= 1 }
        while end > start, byte(end &- 1).isBlank { end &-= 1 }
        return ByteRange(start, end)
    }
}
