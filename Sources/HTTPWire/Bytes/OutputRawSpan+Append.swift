// Every `append` traps when there is no room: the caller has checked `freeCapacity`.
extension OutputRawSpan {
    /// Appends the bytes of `range`. Traps when the range is outside `bytes` or there is no room.
    @_lifetime(self: copy self)
    package mutating func append(_ bytes: RawSpan, _ range: ByteRange) {
        let count = range.count
        precondition(count >= 0 && Int(range.end) <= bytes.byteCount && count <= freeCapacity)
        if count == 0 { return }
        // SAFETY: the line above keeps the source inside `bytes` and the target inside the free part of the buffer.
        // They cannot overlap: one is borrowed while the other is exclusively ours.
        unsafe bytes.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes { target, used in
                unsafe target.baseAddress.unsafelyUnwrapped.advanced(by: used).copyMemory(
                    from: source.baseAddress.unsafelyUnwrapped.advanced(by: Int(range.start)),
                    byteCount: count
                )
                used &+= count
            }
        }
    }

    /// Appends all of `bytes`. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func append(_ bytes: RawSpan) {
        append(bytes, ByteRange(0, bytes.byteCount))
    }

    /// Appends a literal. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        precondition(count <= freeCapacity)
        if count == 0 { return }
        // SAFETY: the literal lives as long as the program; the precondition keeps the target inside the free part.
        unsafe withUnsafeMutableBytes { target, used in
            unsafe target.baseAddress.unsafelyUnwrapped.advanced(by: used).copyMemory(
                from: UnsafeRawPointer(text.utf8Start),
                byteCount: count
            )
            used &+= count
        }
    }

    /// Appends a number in decimal, 1 to 20 digits. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func appendDecimal(_ value: UInt64) {
        // Division by a constant is a multiplication.
        if value >= 10 { appendDecimal(value / 10) }
        append(UInt8(truncatingIfNeeded: value % 10) &+ 0x30)
    }

    /// Appends a number in lower-case hexadecimal without leading zeros, 1 to 16 digits. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func appendHex(_ value: UInt64) {
        appendHex(value, digits: max(1, (67 &- value.leadingZeroBitCount) / 4))
    }

    /// Appends a number as exactly 16 lower-case hexadecimal digits. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func appendHexPadded(_ value: UInt64) {
        // SAFETY: bytes of a number, which traps when there is no room for them.
        unsafe append(Self.hexDigits(UInt32(value >> 32)), as: UInt64.self)
        unsafe append(Self.hexDigits(UInt32(truncatingIfNeeded: value)), as: UInt64.self)
    }

    /// Eight lower-case digits, the first in the byte that comes first in memory: a digit a byte, all at once.
    private static func hexDigits(_ value: UInt32) -> UInt64 {
        var digits = UInt64(value)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).bigEndian
    }

    @_lifetime(self: copy self)
    private mutating func appendHex(_ value: UInt64, digits: Int) {
        var shift = digits &* 4
        while shift > 0 {
            shift &-= 4
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
        }
    }
}
