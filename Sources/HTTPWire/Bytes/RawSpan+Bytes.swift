extension RawSpan {
    /// The byte at an offset. Traps outside the span.
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

    /// Whether two ranges of this span hold the same bytes when ASCII letters are compared without their case.
    package func equalsIgnoringCase(_ one: ByteRange, _ other: ByteRange) -> Bool {
        let count = one.count
        guard count == other.count else { return false }
        for offset in 0..<count
        where byte(Int(one.start) &+ offset).lowercased != byte(Int(other.start) &+ offset).lowercased {
            return false
        }
        return true
    }

    /// Whether a token that starts at `at` and is as long as `lowercase` has that name, whatever its case.
    ///
    /// Setting bit 5 lowers a letter and leaves the digits and the hyphen alone; of the bytes that a token may hold none
    /// becomes a letter, a digit or a hyphen that was not one. So this is exact for tokens, and for nothing else.
    @inline(__always)
    func isToken(_ at: Int, _ lowercase: StaticString) -> Bool {
        matches(at, lowercase, folding: 0x2020_2020_2020_2020)
    }

    /// Compares in the widest steps that fit, the last one overlapping the one before. The bits of `folding` are set in
    /// our bytes before they are compared.
    @inline(__always)
    func matches(_ at: Int, _ text: StaticString, folding: UInt64) -> Bool {
        let count = text.utf8CodeUnitCount
        precondition(at >= 0 && count <= byteCount &- at)
        var offset = 0
        if count >= 8 {
            while offset &+ 8 <= count {
                if word(at &+ offset) | folding != text.load(offset, as: UInt64.self) { return false }
                offset &+= 8
            }
            if offset == count { return true }
            return word(at &+ count &- 8) | folding == text.load(count &- 8, as: UInt64.self)
        }
        if count >= 4 {
            let fold = UInt32(truncatingIfNeeded: folding)
            if half(at) | fold != text.load(0, as: UInt32.self) { return false }
            return half(at &+ count &- 4) | fold == text.load(count &- 4, as: UInt32.self)
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
    @inline(__always)
    func byte(_ at: Int) -> UInt8 { load(at, as: UInt8.self) }

    /// The integer made of the bytes from an offset on, the first one in the lowest bits. Traps outside the text.
    @inline(__always)
    func load<Word: FixedWidthInteger & BitwiseCopyable>(_ at: Int, as type: Word.Type) -> Word {
        precondition(at >= 0 && at &+ MemoryLayout<Word>.size <= utf8CodeUnitCount)
        // SAFETY: the bytes live as long as the program, and the line above keeps the load inside them.
        return Word(littleEndian: unsafe UnsafeRawPointer(utf8Start).loadUnaligned(fromByteOffset: at, as: type))
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
