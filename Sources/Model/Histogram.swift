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

    package mutating func record(_ nanoseconds: UInt64) {
        counts[Self.bucket(of: nanoseconds)] &+= 1
        sumNs &+= nanoseconds
    }

    /// Adds what another thread counted in one bucket.
    package mutating func add(_ count: UInt64, toBucket bucket: Int) { counts[bucket] &+= count }

    package mutating func add(_ other: Histogram) {
        for bucket in 0..<Self.bucketCount { counts[bucket] &+= other.counts[bucket] }
        sumNs &+= other.sumNs
    }

    package var count: UInt64 { counts.reduce(0, &+) }

    package var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }

    /// The duration, in nanoseconds, that a part `quantile` (0…1) of all did not exceed, to the precision of a bucket;
    /// nil when nothing was counted.
    package func quantileNs(_ quantile: Double) -> UInt64? {
        let total = count
        guard total > 0 else { return nil }
        let rank = max(1, (Double(total) * quantile).rounded(.up))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            guard Double(seen) >= rank else { continue }
            let lower = bucket == 0 ? 0 : Self.upperBoundNs(bucket - 1) ?? 0
            guard let upper = Self.upperBoundNs(bucket) else { return lower }
            return lower + (upper - lower) / 2
        }
        return nil
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
