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
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor &*= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: value / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }

    /// Appends a number in lower-case hexadecimal without leading zeros, 1 to 16 digits. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func appendHex(_ value: UInt64) {
        appendHex(value, digits: max(1, (67 &- value.leadingZeroBitCount) / 4))
    }

    /// Appends a number as exactly 16 lower-case hexadecimal digits. Traps when there is no room.
    @_lifetime(self: copy self)
    package mutating func appendHexPadded(_ value: UInt64) {
        appendHex(value, digits: 16)
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
