/// How long things took: counts in log-linear buckets, in the manner of HDR histograms.
///
/// 21 octaves from 50 µs to 50 µs · 2²¹ ≈ 105 s, each cut into 8 equal buckets; one more bucket is below and one above. A
/// bucket is open at its lower bound and closed at its upper one, as `le` in Prometheus is, and at most 1/8 of its lower
/// bound wide. So a quantile, told as the middle of its bucket, is off by at most 1/16 (6.25 %) between 50 µs and 105 s, and
/// by 25 µs below.
///
/// Counts and sums add up, across threads and backends, without losing anything.
package struct Histogram: Equatable, Sendable {
    /// An eighth of the lowest octave.
    private static let unitNs: UInt64 = 6_250
    private static let octaves = 21
    private static let bucketsPerOctave = 8
    package static let bucketCount = 2 + octaves * bucketsPerOctave

    /// Shared by all that are empty: of thousands most are.
    private static let noCounts = [UInt64](repeating: 0, count: bucketCount)

    /// By bucket; `bucketCount` of them.
    package private(set) var counts: [UInt64]
    package var sumNs: UInt64

    /// An empty one.
    package init() {
        counts = Self.noCounts
        sumNs = 0
    }

    /// The bucket that a duration belongs to: a division by a constant, a count of leading zeros, two shifts.
    @inlinable
    package static func bucket(of nanoseconds: UInt64) -> Int {
        // One less, so that a value that is a bound falls into the bucket which that bound closes.
        let units = (nanoseconds == 0 ? 0 : nanoseconds &- 1) / 6_250
        guard units >= 8 else { return 0 }
        let octave = 60 &- units.leadingZeroBitCount
        guard octave < 21 else { return 169 }
        return 1 &+ octave &* 8 &+ Int(truncatingIfNeeded: (units &>> UInt64(octave)) & 7)
    }

    /// Where a bucket ends, in nanoseconds; nil for the last, which has no end. Traps outside of 0..<`bucketCount`.
    package static func upperBoundNs(_ bucket: Int) -> UInt64? {
        precondition((0..<bucketCount).contains(bucket))
        guard bucket < bucketCount - 1 else { return nil }
        let (octave, part) = bucket.quotientAndRemainder(dividingBy: bucketsPerOctave)
        return UInt64(bucketsPerOctave + part) << UInt64(octave) * unitNs
    }

    package mutating func clear() {
        var all = counts.mutableSpan
        for bucket in all.indices { all[bucket] = 0 }
        sumNs = 0
    }

    package mutating func record(_ nanoseconds: UInt64) {
        counts[Self.bucket(of: nanoseconds)] &+= 1
        sumNs &+= nanoseconds
    }

    /// Adds to each bucket, such as what another thread counted.
    /// - Parameter others: By bucket; `bucketCount` of them.
    package mutating func add(counts others: Span<UInt64>) {
        precondition(others.count == Self.bucketCount)
        var sums = counts.mutableSpan
        for bucket in 0..<Self.bucketCount { sums[bucket] &+= others[bucket] }
    }

    package mutating func add(_ other: Histogram) {
        add(counts: other.counts.span)
        sumNs &+= other.sumNs
    }

    package var count: UInt64 { counts.reduce(0, &+) }

    package var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }

    /// The duration, in nanoseconds, that a part `quantile` (0…1) of all did not exceed, to the precision of a bucket;
    /// nil when nothing was counted.
    package func quantileNs(_ quantile: Double) -> UInt64? { quantilesNs([quantile])?.durations[0] }

    /// How many there are, and the durations of several quantiles, which ascend, as `quantileNs` tells each; nil when nothing
    /// was counted.
    package func quantilesNs<let n: Int>(_ quantiles: [n of Double]) -> (count: UInt64, durations: [n of UInt64])? {
        let total = count
        guard total > 0 else { return nil }
        var found = [n of UInt64](repeating: 0)
        var bucket = 0
        var seen = counts[0]
        for index in 0..<n {
            // The last bucket closes with all of them, whatever a double made of a rank.
            let rank = max(1, (Double(total) * quantiles[index]).rounded(.up))
            while Double(seen) < rank, bucket < Self.bucketCount - 1 {
                bucket += 1
                seen += counts[bucket]
            }
            found[index] = Self.middleNs(bucket)
        }
        return (total, found)
    }

    /// The middle of a bucket; of the last, which has no end, its beginning.
    private static func middleNs(_ bucket: Int) -> UInt64 {
        let lower = bucket == 0 ? 0 : upperBoundNs(bucket - 1) ?? 0
        return upperBoundNs(bucket).map { lower + ($0 - lower) / 2 } ?? lower
    }

    /// The bounds that are shown to Prometheus, in nanoseconds: 100 µs, and twice that up to 52.4 s. Every one closes a
    /// bucket, so the cumulative counts are exact.
    package static let shownBoundsNs: [UInt64] = (1..<octaves).map { 50_000 << UInt64($0) }

    /// How many were at most each of `shownBoundsNs`.
    package var cumulativeCounts: [UInt64] {
        var found: [UInt64] = []
        found.reserveCapacity(Self.shownBoundsNs.count)
        var sum: UInt64 = 0
        var bucket = 0
        for octave in 1..<Self.octaves {
            while bucket <= octave * Self.bucketsPerOctave {
                sum &+= counts[bucket]
                bucket += 1
            }
            found.append(sum)
        }
        return found
    }
}
