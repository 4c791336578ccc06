extension RawSpan {
    /// The byte at an offset. Traps outside the span.
    @inlinable
    @inline(__always)
    package func byte(_ at: Int) -> UInt8 {
        // SAFETY: unsafeLoad checks the bounds; every bit pattern is a UInt8.
        unsafe unsafeLoad(fromByteOffset: at, as: UInt8.self)
    }

    /// Eight bytes from an offset, the first one in the lowest bits. Traps outside the span.
    @inline(__always)
    package func word(_ at: Int) -> UInt64 {
        // SAFETY: unsafeLoadUnaligned checks the bounds; every bit pattern is a UInt64.
        UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// Whether the bytes of `range` are exactly `text`. Traps when the range is outside the span.
    @inline(__always)
    package func equals(_ range: ByteRange, _ text: StaticString) -> Bool {
        range.count == text.utf8CodeUnitCount && matches(Int(range.start), text, folding: 0)
    }

    /// Whether the bytes of `range` are `lowercase` when ASCII letters are compared without their case.
    ///
    /// `lowercase` must hold no upper-case letter. Traps when the range is outside the span.
    package func equalsIgnoringCase(_ range: ByteRange, _ lowercase: StaticString) -> Bool {
        let count = range.count
        guard count == lowercase.utf8CodeUnitCount else { return false }
        for offset in 0..<count where byte(Int(range.start) &+ offset).lowercased != lowercase.byte(offset) {
            return false
        }
        return true
    }

    /// The first offset of `range` whose byte is not a token character (RFC 9110 §5.6.2); its end when there is none. Traps when
    /// the range is outside the span.
    package func endOfToken(in range: ByteRange) -> Int { endOfToken(Int(range.start), Int(range.end)) }

    /// Whether a token that starts at `at` and is as long as `lowercase` has that name, whatever its case.
    ///
    /// Setting bit 5 lowers a letter and leaves the digits and the hyphen alone; of the bytes that a token may hold none
    /// becomes a letter, a digit or a hyphen that was not one. So this is exact for tokens, and for nothing else.
    @inline(__always)
    func isToken(_ at: Int, _ lowercase: StaticString) -> Bool {
        matches(at, lowercase, folding: 0x2020_2020_2020_2020)
    }

    /// Whether two tokens of this span are the same name, whatever their case.
    ///
    /// In steps of eight bytes, because a peer may make us compare many long names. Of the bytes that a token may hold only
    /// `^` and `~` differ in the bit of the case and are no letters; they pass for each other.
    func areSameToken(_ one: ByteRange, _ other: ByteRange) -> Bool {
        let count = one.count
        guard count == other.count else { return false }
        let first = Int(one.start)
        let second = Int(other.start)
        var offset = 0
        while offset &+ 8 <= count {
            if (word(first &+ offset) ^ word(second &+ offset)) & 0xDFDF_DFDF_DFDF_DFDF != 0 { return false }
            offset &+= 8
        }
        while offset < count {
            if (byte(first &+ offset) ^ byte(second &+ offset)) & 0xDF != 0 { return false }
            offset &+= 1
        }
        return true
    }

    /// Compares in the widest steps that fit, the last one overlapping the one before. The bits of `folding` are set in
    /// our bytes before they are compared.
    @inline(__always)
    func matches(_ at: Int, _ text: StaticString, folding: UInt64) -> Bool {
        let count = text.utf8CodeUnitCount
        let room = byteCount &- at
        precondition(at >= 0 && count <= room)
        var offset = 0
        if count >= 8 {
            while offset &+ 8 <= count {
                if word(at &+ offset) | folding != text.word(offset) { return false }
                offset &+= 8
            }
            if offset == count { return true }
            return word(at &+ count &- 8) | folding == text.word(count &- 8)
        }
        if count >= 4 {
            let fold = UInt32(truncatingIfNeeded: folding)
            if half(at) | fold != text.half(0) { return false }
            return half(at &+ count &- 4) | fold == text.half(count &- 4)
        }
        while offset < count {
            if byte(at &+ offset) | UInt8(truncatingIfNeeded: folding) != text.byte(offset) { return false }
            offset &+= 1
        }
        return true
    }

    @inline(__always)
    func half(_ at: Int) -> UInt32 {
        // SAFETY: unsafeLoadUnaligned checks the bounds; every bit pattern is a UInt32.
        UInt32(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
}

extension StaticString {
    /// The byte at an offset. Traps outside the text.
    @inline(__always)
    func byte(_ at: Int) -> UInt8 {
        precondition(at >= 0 && at < utf8CodeUnitCount)
        // SAFETY: a literal lives as long as the program, and the line above keeps the load inside it.
        return unsafe utf8Start[at]
    }

    /// Four bytes from an offset, the first one in the lowest bits. Traps outside the text.
    @inline(__always)
    func half(_ at: Int) -> UInt32 {
        precondition(at >= 0 && at <= utf8CodeUnitCount &- 4)
        // SAFETY: as above, for four bytes.
        return UInt32(littleEndian: unsafe UnsafeRawPointer(utf8Start + at).loadUnaligned(as: UInt32.self))
    }

    /// Eight bytes from an offset, the first one in the lowest bits. Traps outside the text.
    @inline(__always)
    func word(_ at: Int) -> UInt64 {
        precondition(at >= 0 && at <= utf8CodeUnitCount &- 8)
        // SAFETY: as above, for eight bytes.
        return UInt64(littleEndian: unsafe UnsafeRawPointer(utf8Start + at).loadUnaligned(as: UInt64.self))
    }
}

extension UInt8 {
    /// The lower-case form of an ASCII letter; any other byte as it is.
    @inline(__always)
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }

    /// SP or HTAB: what OWS is made of (RFC 9110 §5.6.3).
    @inline(__always)
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// The value of a HEXDIG of either case; nil for any other byte.
    @inline(__always)
    var hexValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}
