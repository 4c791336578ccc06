package import HTTPWire
package import Model
import Synchronization

/// What one worker counted that is not about one backend: written by that worker alone, read by whoever reports. Relaxed
/// throughout: nothing is concluded from one counter about another.
package struct EventCounters: ~Copyable {
    /// Fault kinds and H1Error kinds there can be; both are checked where they are used.
    package static let kindsMax = 64
    private static let sides = 4

    private let acceptedCount: Atomic<UInt64>
    private let shedCount: Atomic<UInt64>
    private let acceptPauseCount: Atomic<UInt64>
    private let underscoreCount: Atomic<UInt64>
    private let retryDeniedCount: Atomic<UInt64>
    private let exchangeCount: Atomic<Int>
    private let waitingCount: Atomic<Int>
    private let lagSum: Atomic<UInt64>
    private let faults: [256 of Atomic<UInt64>]
    private let retries: [64 of Atomic<UInt64>]
    private let glitches: [128 of Atomic<UInt64>]
    private let lagHistogram: HistogramCounters

    package var accepted: UInt64 { acceptedCount.load(ordering: .relaxed) }
    package func countAccepted() { acceptedCount.add(1) }
    /// Connections closed at the door.
    package var shed: UInt64 { shedCount.load(ordering: .relaxed) }
    package func countShed() { shedCount.add(1) }
    package var acceptPauses: UInt64 { acceptPauseCount.load(ordering: .relaxed) }
    package func countAcceptPause() { acceptPauseCount.add(1) }
    package var underscoreFieldsDropped: UInt64 { underscoreCount.load(ordering: .relaxed) }
    package func countUnderscoreFields(_ count: Int) { underscoreCount.add(UInt64(count)) }
    /// Attempts that could have been repeated, had the retry budget not been used up.
    package var retriesDenied: UInt64 { retryDeniedCount.load(ordering: .relaxed) }
    package func countRetryDenied() { retryDeniedCount.add(1) }
    /// Requests under way, as of the last turn, and those of them that wait for a backend with room.
    package var exchanges: Int { exchangeCount.load(ordering: .relaxed) }
    package var waiting: Int { waitingCount.load(ordering: .relaxed) }
    @inline(always)
    package func setLoad(exchanges: Int, waiting: Int) {
        exchangeCount.store(exchanges, ordering: .relaxed)
        waitingCount.store(waiting, ordering: .relaxed)
    }

    /// - Parameters:
    ///   - kind: the raw value of a `Fault.Kind`.
    ///   - side: the raw value of a `Fault.Side`.
    package func countFault(kind: UInt8, side: UInt8) { faults[Self.place(kind, side)].add(1) }
    package func faults(kind: UInt8, side: UInt8) -> UInt64 { faults[Self.place(kind, side)].load(ordering: .relaxed) }

    /// - Parameter kind: the raw value of the `Fault.Kind` that made another attempt necessary.
    package func countRetry(kind: UInt8) { retries[Int(kind)].add(1) }
    package func retries(kind: UInt8) -> UInt64 { retries[Int(kind)].load(ordering: .relaxed) }

    package func countGlitch(_ error: H1Error, isUpstream: Bool) { glitches[Self.place(error, isUpstream)].add(1) }
    package func glitches(_ error: H1Error, isUpstream: Bool) -> UInt64 {
        glitches[Self.place(error, isUpstream)].load(ordering: .relaxed)
    }

    /// From when a timer was due to the turn that fires it.
    @inline(always)
    package func recordLag(_ nanoseconds: UInt64) {
        lagHistogram.record(nanoseconds)
        lagSum.add(nanoseconds)
    }

    package func addLag(to histogram: inout Histogram) {
        lagHistogram.add(to: &histogram)
        histogram.sumNs &+= lagSum.load(ordering: .relaxed)
    }

    private static func place(_ kind: UInt8, _ side: UInt8) -> Int { Int(kind) * sides + Int(side) }
    private static func place(_ error: H1Error, _ isUpstream: Bool) -> Int {
        Int(error.rawValue) * 2 + (isUpstream ? 1 : 0)
    }
}

extension Atomic where Value == UInt64 {
    /// By the one thread that writes: a plain load and store, where a locked instruction would cost twenty times as much.
    @inline(always)
    func add(_ count: UInt64) { store(load(ordering: .relaxed) &+ count, ordering: .relaxed) }
}
