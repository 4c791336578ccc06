/// A half-open range of byte offsets into the caller's buffer.
///
/// Eight bytes instead of sixteen: a head has up to 128 fields of two ranges each, and no buffer reaches 4 GiB.
@usableFromInline
package struct ByteRange: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline package var start: UInt32
    @usableFromInline package var end: UInt32

    /// Traps when an offset is negative or above `UInt32.max`, or when `end` is before `start`.
    @inlinable
    package init(_ start: Int, _ end: Int) {
        precondition(start <= end)
        self.start = UInt32(start)
        self.end = UInt32(end)
    }

    @inlinable package var count: Int { Int(end) &- Int(start) }

    @inlinable package var isEmpty: Bool { start == end }

    /// The same bytes in a buffer that has `distance` more bytes in front; an empty range stays as it is. Traps where that
    /// begins before the buffer.
    package func shifted(by distance: Int) -> ByteRange {
        isEmpty ? self : ByteRange(Int(start) + distance, Int(end) + distance)
    }

    /// Nothing, at offset 0.
    @inlinable package static var empty: ByteRange { ByteRange(0, 0) }
}
