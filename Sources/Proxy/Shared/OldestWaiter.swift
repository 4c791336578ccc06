import Synchronization

/// Which worker's request has waited longest for one thing, a pool or the backend of a session: it is next, whichever
/// worker's connection has come free.
///
/// Written by workers with requests in that line, each of them about its own oldest; read by all, but only while any
/// request waits at all (`LiveTable.waiters`). One word, in which older is smaller and which names the worker, so no two
/// workers ever write the same; 0 is nobody. A worker that overwrites another's claim as it goes leaves the word without it
/// until that one turns again and says it anew: the order of waiting is exact to a turn or two, and nothing is lost by that.
package struct OldestWaiter: ~Copyable {
    private let word: Atomic<UInt64>

    /// The low bits of a claim name its worker; the rest is the time, in steps of about a microsecond.
    private static let workerMask: UInt64 = 1023

    package init() { word = Atomic(0) }

    /// What a worker claims for a request that has waited since `since`. Never 0.
    /// - Parameter worker: its number, 0…1022.
    @inline(always)
    package static func claim(_ since: Instant, worker: Int) -> UInt64 {
        max(since.nanoseconds & ~workerMask, workerMask + 1) | (UInt64(worker) + 1) & workerMask
    }

    /// The worker of a claim.
    package static func worker(of claim: UInt64) -> Int { Int(claim & workerMask) - 1 }

    /// The claim that stands; 0 when nobody waits.
    @inline(always)
    package var claim: UInt64 { word.load(ordering: .relaxed) }

    /// Says that a request waits, unless one is known that has waited longer.
    package func assert(_ claim: UInt64) {
        var seen = word.load(ordering: .relaxed)
        while seen == 0 || seen > claim {
            let result = word.compareExchange(expected: seen, desired: claim, ordering: .relaxed)
            if result.exchanged { return }
            seen = result.original
        }
    }

    /// A request that had a claim waits no longer.
    /// - Parameter next: the claim of the same worker's next in that line; 0 for none.
    package func retract(_ claim: UInt64, next: UInt64) {
        _ = word.compareExchange(expected: claim, desired: next, ordering: .relaxed)
    }
}
