package import Model
import Synchronization

/// A histogram that one thread writes and any may read, without a locked instruction: the buckets of `Model.Histogram`.
///
/// 170 buckets of 8 bytes are 1,360. Narrower ones would be half of that, and wrap within days where one backend gives
/// all its answers in the same time; a collector would take that for a restart.
package struct HistogramCounters: ~Copyable {
    private let counts: [170 of Atomic<UInt64>]

    /// From the one thread that writes: one load and one store.
    @inline(always)
    package func record(_ nanoseconds: UInt64) {
        let bucket = Histogram.bucket(of: nanoseconds)
        counts[bucket].store(counts[bucket].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// Adds what was counted to `histogram`; each bucket is exact, and none is older than the call.
    package func add(to histogram: inout Histogram) {
        var loaded = [170 of UInt64](repeating: 0)
        for bucket in 0..<Histogram.bucketCount { loaded[bucket] = counts[bucket].load(ordering: .relaxed) }
        histogram.add(counts: loaded.span)
    }

    /// While nobody writes.
    package func clear() {
        for bucket in 0..<Histogram.bucketCount { counts[bucket].store(0, ordering: .relaxed) }
    }
}

/// The latencies of one backend on one worker.
///
/// Exactly one page, which costs memory once that worker has served a request by that backend: with 5,000 backends that
/// is 20 MB a worker at most, and nothing for backends that get no traffic. The sums of the durations are in
/// `BackendCounters`, so that a request writes two lines here and one there.
package struct BackendLatency: ~Copyable {
    package let connect: HistogramCounters
    package let firstByte: HistogramCounters
    package let total: HistogramCounters
    private var padding: [2 of UInt64]

    package func clear() {
        connect.clear()
        firstByte.clear()
        total.clear()
    }
}
