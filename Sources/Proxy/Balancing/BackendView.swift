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

    /// Requests in flight and what failures count for, in 256ths.
    @inline(always)
    var load: UInt64 { inFlight << 8 &+ penalty }
}

/// Compares by requests in flight, for each unit of weight.
package enum LeastRequest {
    /// Whether `one` is less busy than `other`; false for both when they are equally so.
    @inline(always)
    package static func prefers(_ one: BackendView, to other: BackendView) -> Bool {
        // Neither product overflows: a load is below 2^48 and a weight at most 1,024,000.
        one.load &* other.weight < other.load &* one.weight
    }
}

/// Compares by how long a request would take: latency times how many there would be in flight.
package struct PeakEWMA {
    /// The weight, in 1,024ths, of which the requests in flight count as what they are.
    private let meanWeight: Double

    package init(meanWeight: Double) { self.meanWeight = meanWeight }

    /// Whether `one` promises the earlier answer; false for both when their promises are equal.
    @inline(always)
    package func prefers(_ one: BackendView, to other: BackendView) -> Bool { cost(one) < cost(other) }

    /// The request itself counts as one whatever the weight: among idle backends that are equally fast there is nothing to
    /// prefer, and their shares are those they are drawn with.
    @inline(always)
    private func cost(_ view: BackendView) -> Double {
        let load = Double(view.load) * meanWeight / Double(max(view.weight, 1))
        return Double(view.latencyNs) * (load + 256)
    }
}

/// How many requests a backend of a hash pool may have, so that a popular key does not sink it (Mirrokni, Thorup and
/// Zadimoghaddam, "Consistent hashing with bounded loads", 2017).
package enum BoundedLoad {
    /// Below this nobody is overloaded: where little is in flight, a key's few requests stay together.
    package static let least: UInt64 = 8

    /// 1.25 times its share of all that would be in flight with one more, rounded up: over all backends there is always
    /// room for that one. At least `least`.
    /// - Parameters:
    ///   - weight: the backend's, in 1,024ths.
    ///   - weights: the sum over those that are available, as whole weights; not 0.
    ///   - share: what its slow start allows, in 1,024ths.
    @inline(always)
    package static func most(inFlight: UInt64, weight: UInt64, of weights: UInt64, share: UInt64 = 1024) -> UInt64 {
        let whole = 4 * 1024 * weights
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
