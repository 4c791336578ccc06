import Synchronization

/// The retries that a pool may always make, whatever its budget has left: ten a second over all workers, and no more than
/// ten at once.
///
/// Written and read by workers, and only by those whose own budget is empty. One word: the time up to which retries have
/// been given out, which may not pass the present. Nothing else is ordered by it, so it is relaxed.
package struct RetryFloor: ~Copyable {
    private let givenUpTo: Atomic<UInt64>

    private static let intervalNs: UInt64 = 100_000_000
    private static let burstNs: UInt64 = 10 * intervalNs

    package init() { givenUpTo = Atomic(0) }

    /// - Returns: whether there was a retry left, which is now spent.
    package func take(at now: Instant) -> Bool {
        var seen = givenUpTo.load(ordering: .relaxed)
        while true {
            let earliest = now.nanoseconds > Self.burstNs ? now.nanoseconds - Self.burstNs : 0
            let next = max(seen, earliest).addingReportingOverflow(Self.intervalNs)
            guard !next.overflow, next.partialValue <= now.nanoseconds else { return false }
            let result = givenUpTo.compareExchange(
                expected: seen,
                desired: next.partialValue,
                ordering: .relaxed
            )
            if result.exchanged { return true }
            seen = result.original
        }
    }
}
