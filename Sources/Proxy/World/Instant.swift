/// A moment of the world's monotonic clock, in nanoseconds from an arbitrary origin.
package struct Instant: Equatable, Comparable, Sendable, BitwiseCopyable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than any deadline: "not at all".
    package static let never = Instant(nanoseconds: .max)

    @inline(always)
    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Stays `never` instead of overflowing.
    @inline(always)
    package static func + (left: Instant, nanoseconds: UInt64) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// Nanoseconds from `earlier` to here; 0 when `earlier` is not earlier.
    @inline(always)
    package func since(_ earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
