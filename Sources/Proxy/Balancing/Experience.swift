/// What one worker has met with at one backend: how long answers took, and what failed. Zero is no experience.
///
/// Kept per worker, so that learning costs no shared line; where there are several they learn the same from their own
/// requests.
package struct Experience: BitwiseCopyable {
    private var latencyNs: UInt64
    /// When an answer last told of the latency; 0 before the first.
    private var latencyAt: UInt64
    private var penaltyValue: UInt64
    private var penaltyAt: UInt64

    /// A latency loses the fraction 1/e of its weight in 10 s: half of it in this.
    private static let latencyHalfLifeNs: UInt64 = 6_931_471_806
    /// A backend that only fails gets one request in about this time times the logarithm of its neighbours' load.
    private static let penaltyHalfLifeNs: UInt64 = 2_000_000_000
    /// The first failure counts for as much as this many requests in flight, in 256ths.
    private static let penaltyStep: UInt64 = 8 << 8
    /// Enough to keep it behind anything; and it is forgotten in half a minute.
    private static let penaltyMax: UInt64 = 4096 << 8

    package init() {
        latencyNs = 0
        latencyAt = 0
        penaltyValue = 0
        penaltyAt = 0
    }

    package var isBlank: Bool { latencyAt == 0 && penaltyValue == 0 }

    // MARK: learning

    /// An answer has begun. A latency above the average counts at once and in full (the "peak"); one below counts for more
    /// the longer the last one is ago.
    package mutating func answered(afterNs sample: UInt64, at now: Instant) {
        if latencyAt == 0 || sample >= latencyNs {
            latencyNs = sample
        } else {
            let elapsed = now.since(Instant(nanoseconds: latencyAt))
            let excess = latencyNs - sample
            // One sample moves it by a 64th at least: many answers in one instant are many answers.
            let kept = min(Decay.halved(excess, by: Self.latencyHalfLifeNs, after: elapsed), excess - excess / 64)
            latencyNs = sample + kept
        }
        latencyAt = max(1, now.nanoseconds)
    }

    /// An attempt has failed, or its answer said that the server has. Failures in a row weigh ever more.
    package mutating func failed(at now: Instant) {
        penaltyValue = min(penalty(at: now) * 2 + Self.penaltyStep, Self.penaltyMax)
        penaltyAt = now.nanoseconds
    }

    /// An attempt has not failed: half of what is held against it is forgiven.
    @inline(always)
    package mutating func succeeded(at now: Instant) {
        guard penaltyValue > 0 else { return }
        penaltyValue = penalty(at: now) / 2
        penaltyAt = now.nanoseconds
    }

    // MARK: judging

    /// In 256ths of a request in flight.
    @inline(always)
    package func penalty(at now: Instant) -> UInt64 {
        guard penaltyValue > 0 else { return 0 }
        let elapsed = now.since(Instant(nanoseconds: penaltyAt))
        return Decay.halved(penaltyValue, by: Self.penaltyHalfLifeNs, after: elapsed)
    }

    /// What to expect. Without experience that is the pool's mean, so that a new backend is neither shunned nor besieged; and
    /// a bad experience fades towards it, so that a backend that was slow is tried again.
    @inline(always)
    package func latency(at now: Instant, mean: UInt64) -> UInt64 {
        guard latencyAt != 0 else { return mean }
        guard latencyNs > mean else { return latencyNs }
        let elapsed = now.since(Instant(nanoseconds: latencyAt))
        return mean + Decay.halved(latencyNs - mean, by: Self.latencyHalfLifeNs, after: elapsed)
    }
}

/// What is usual in a pool, as one worker sees it: the mean latency of its answers, and what the backends cost that were
/// picked. Zero is nothing yet.
package struct PoolExperience: BitwiseCopyable {
    private var meanNs: UInt64
    private var meanCost: Double

    /// What an answer is expected to take before there has been one.
    private static let firstNs: UInt64 = 30_000_000

    package init() {
        meanNs = 0
        meanCost = 0
    }

    /// A backend was picked at this cost, in whatever the pool's algorithm counts by.
    @inline(always)
    package mutating func picked(at cost: Double) {
        // A moving mean over the last thirty or so: after another algorithm has counted, it is soon right again.
        meanCost = meanCost > 0 ? meanCost + (cost - meanCost) / 32 : cost
    }

    /// Whether a backend costs so much more than is usual that another look is worth its time. Backends that hang hold as many
    /// requests as this allows: at twice what is usual, two of five would hold more than half of all.
    @inline(always)
    package func isDear(_ cost: Double) -> Bool { meanCost > 0 && cost > 1.4 * meanCost }

    package mutating func answered(afterNs sample: UInt64) {
        guard meanNs > 0 else {
            meanNs = max(1, sample)
            return
        }
        // A moving mean over the last hundred or so. It stays above 0, which means none.
        meanNs = max(1, meanNs - meanNs / 128 + sample / 128)
    }

    package var mean: UInt64 { meanNs > 0 ? meanNs : Self.firstNs }
}

/// All that one worker has met with, by live slot and by ticket.
package struct Experiences: ~Copyable {
    private let backendTable = ZeroedTable<Experience>(count: LiveTable.capacity)
    private let poolTable = ZeroedTable<PoolExperience>(count: LiveTable.poolCapacity)

    package init() {}

    package var backends: ZeroedView<Experience> { backendTable.view }
    package var pools: ZeroedView<PoolExperience> { poolTable.view }
}

/// Exponential decay in whole numbers: no floating point library on the way of a request.
package enum Decay {
    /// `value` halved once for every `halfLife` in `elapsed`; linear in between, which is never off by more than 7 %.
    @inline(always)
    package static func halved(_ value: UInt64, by halfLife: UInt64, after elapsed: UInt64) -> UInt64 {
        let halvings = elapsed / halfLife
        guard halvings < 64 else { return 0 }
        let whole = value >> halvings
        let part = Double(elapsed % halfLife) / Double(halfLife)
        return whole - UInt64(Double(whole / 2) * part)
    }
}
