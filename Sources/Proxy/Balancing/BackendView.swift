/// What a picker sees of a backend, and all that it sees.
package struct BackendView: BitwiseCopyable, Equatable, Sendable {
    /// Requests that have picked it and are not finished, over all workers; queued and connecting ones count.
    package var inFlight: UInt64
    /// Its weight times the share of it that its slow start allows, in 1,024ths.
    package var weight: UInt64
    /// What recent failures count for, in 256ths of a request in flight.
    package var penalty: UInt64
    /// How long its answers take to begin.
    package var latencyNs: UInt64

    package init(inFlight: UInt64, weight: UInt64 = 1024, penalty: UInt64 = 0, latencyNs: UInt64 = 0) {
        self.inFlight = inFlight
        self.weight = weight
        self.penalty = penalty
        self.latencyNs = latencyNs
    }

    /// Nothing is in flight, and nothing is held against it.
    @inline(always)
    var isIdle: Bool { inFlight == 0 && penalty == 0 }

    /// What would be in flight with one more, and what failures count for, in 256ths.
    @inline(always)
    var load: UInt64 { (inFlight + 1) << 8 &+ penalty }
}

/// By what two backends are compared. The less, the better.
package protocol CostRule {
    /// What the next request costs at a backend, its weight left aside.
    static func cost(_ view: BackendView) -> Double
    /// Whether a backend is a bad choice although it is idle.
    /// - Parameter meanNs: the mean latency of its pool.
    static func isSlow(_ view: BackendView, meanNs: UInt64) -> Bool
}

extension CostRule {
    /// The cost for each unit of weight. It is the same number for all that are equally busy for their weights, because a
    /// division is rounded the same way wherever its result is the same.
    @inline(always)
    package static func weighted(_ view: BackendView) -> Double { cost(view) / Double(max(view.weight, 1)) }

    /// Whether `one` is the better choice of two; false for both when they are equally good.
    @inline(always)
    package static func prefers(_ one: BackendView, to other: BackendView) -> Bool { weighted(one) < weighted(other) }

    /// Whether a backend that was drawn by weight is left for another.
    ///
    /// The draw has given weight its due. One that is idle is therefore left only for one that is better whatever the weights
    /// are: else a backend of a hundredth of the weight would get nothing before the other has a hundred in flight. One that is
    /// busy is left for less of a load per weight: else it would be left for any idle one, and the lighter get too much.
    @inline(always)
    package static func leaves(_ drawn: BackendView, for other: BackendView) -> Bool {
        prefers(other, to: drawn) && (!drawn.isIdle || cost(other) < cost(drawn))
    }
}

/// Compares by requests in flight.
package enum LeastRequest: CostRule {
    @inline(always)
    package static func cost(_ view: BackendView) -> Double { Double(view.load) }

    /// It does not look at latencies.
    @inline(always)
    package static func isSlow(_ view: BackendView, meanNs: UInt64) -> Bool { false }
}

/// Compares by how long a request would take: latency times how many there would be in flight.
package enum PeakEWMA: CostRule {
    @inline(always)
    package static func cost(_ view: BackendView) -> Double { Double(view.latencyNs) * Double(view.load) }

    @inline(always)
    package static func isSlow(_ view: BackendView, meanNs: UInt64) -> Bool { view.latencyNs > 2 * meanNs }
}

/// How many requests a backend of a hash pool may have, so that a popular key does not sink it (Mirrokni, Thorup and
/// Zadimoghaddam, "Consistent hashing with bounded loads", 2017).
package enum BoundedLoad {
    /// Below this nobody is overloaded: where little is in flight, a key's few requests stay together.
    package static let least: UInt64 = 8

    /// 1.25 times its share of all that would be in flight with one more, rounded up: over all backends there is always
    /// room for that one. At least `least`.
    /// - Parameters:
    ///   - weight: the backend's times what its slow start allows, in 1,024ths.
    ///   - weights: the sum of these over those that are available; not 0.
    ///   - share: what its slow start allows, in 1,024ths.
    @inline(always)
    package static func most(inFlight: UInt64, weight: UInt64, of weights: UInt64, share: UInt64 = 1024) -> UInt64 {
        let whole = 4 * weights
        return max((5 * (inFlight + 1) * weight + whole - 1) / whole, max(1, least * share / 1024))
    }
}

/// How far a backend is on its way to its full share: linear from a tenth (SEMANTICS §4).
package enum SlowStart {
    /// In 1,024ths.
    package static func share(sinceNs: UInt64, ofNs: UInt64) -> UInt64 {
        guard sinceNs < ofNs else { return 1024 }
        return 102 + UInt64(922 * (Double(sinceNs) / Double(ofNs)))
    }

    /// Measured by the one that has served longest: where all are equally new, nobody is spared, because nobody else could
    /// take what is held back.
    package static func share(sinceNs: UInt64, oldestNs: UInt64, ofNs: UInt64) -> UInt64 {
        let own = share(sinceNs: sinceNs, ofNs: ofNs)
        guard own < 1024 else { return 1024 }
        return min(1024, own * 1024 / share(sinceNs: max(oldestNs, sinceNs), ofNs: ofNs))
    }
}
