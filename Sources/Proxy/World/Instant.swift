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

    /// Until when the next of `count` tries may last that share `totalNs`, which are over at `end`.
    ///
    /// Each try that is left gets an equal part of what is left. A try that ends early leaves its time to those after it; one
    /// that ends late takes none of theirs.
    /// - Parameter left: tries that have not begun, this one included: 1 to `count`.
    package func share(of totalNs: UInt64, until end: Instant, left: UInt32, of count: UInt32) -> Instant {
        self + max(end.since(self) / UInt64(max(left, 1)), totalNs / UInt64(max(count, 1)))
    }

    /// Nanoseconds from `earlier` to here; 0 when `earlier` is not earlier.
    @inline(always)
    package func since(_ earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
