import Model
import Testing

@Suite struct HistogramTests {
    @Test func bucketsFollowEachOtherWithoutGapOrOverlap() {
        var lower: UInt64 = 0
        for bucket in 0..<Histogram.bucketCount - 1 {
            let upper = Histogram.upperBoundNs(bucket)!
            #expect(upper > lower)
            // Open below, closed above, as `le` is.
            #expect(Histogram.bucket(of: lower + 1) == bucket)
            #expect(Histogram.bucket(of: upper) == bucket)
            #expect(Histogram.bucket(of: upper + 1) == bucket + 1)
            lower = upper
        }
        #expect(Histogram.upperBoundNs(Histogram.bucketCount - 1) == nil)
        #expect(Histogram.bucket(of: 0) == 0)
        #expect(Histogram.bucket(of: .max) == Histogram.bucketCount - 1)
    }

    @Test func rangeReachesFrom50MicrosecondsToMoreThanAMinute() {
        #expect(Histogram.upperBoundNs(0) == 50_000)
        #expect(Histogram.upperBoundNs(Histogram.bucketCount - 2)! >= 60_000_000_000)
    }

    @Test func bucketIsAtMostAnEighthOfItsLowerBoundWide() {
        for bucket in 1..<Histogram.bucketCount - 1 {
            let lower = Histogram.upperBoundNs(bucket - 1)!
            #expect((Histogram.upperBoundNs(bucket)! - lower) * 8 <= lower)
        }
    }

    @Test(arguments: [50_001, 77_777, 1_000_000, 999_999_999, 31_415_926_535, 104_857_600_000] as [UInt64])
    func quantileOfOneValueIsWithinASixteenth(value: UInt64) throws {
        var histogram = Histogram()
        histogram.record(value)
        for quantile in [0, 0.5, 1] {
            let told = try #require(histogram.quantileNs(quantile))
            #expect(abs(Double(told) - Double(value)) <= Double(value) / 16)
        }
    }

    @Test func quantilesOfManyValuesAreWithinTheStatedError() throws {
        // A spread of four decades, by a generator of fixed seed.
        var state: UInt64 = 42
        var values: [UInt64] = []
        var histogram = Histogram()
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = 60_000 << (state >> 60) + (state >> 33) % 60_000
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for quantile in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = Double(values[max(0, Int((Double(values.count) * quantile).rounded(.up)) - 1)])
            let told = Double(try #require(histogram.quantileNs(quantile)))
            #expect(abs(told - exact) <= exact / 16, "quantile \(quantile): \(told) for \(exact)")
        }
        #expect(histogram.count == 20_000)
        #expect(histogram.sumNs == values.reduce(0, +))
    }

    @Test func nothingHasNoQuantile() {
        #expect(Histogram().quantileNs(0.5) == nil)
        #expect(Histogram().isEmpty)
    }

    @Test func shownBoundsCutWhereBucketsEnd() {
        var histogram = Histogram()
        var values: [UInt64] = []
        for bound in Histogram.shownBoundsNs { values += [bound - 1, bound, bound + 1] }
        for value in values { histogram.record(value) }
        for (bound, count) in zip(Histogram.shownBoundsNs, histogram.cumulativeCounts) {
            #expect(count == values.count { $0 <= bound })
        }
        #expect(histogram.cumulativeCounts.count == Histogram.shownBoundsNs.count)
    }

    @Test func sumOfTwoCountsBoth() {
        var one = Histogram()
        var other = Histogram()
        one.record(100_000)
        other.record(200_000)
        other.record(.max)
        one.add(other)
        #expect(one.count == 3)
        #expect(one.cumulativeCounts[1] == 2)
    }
}
