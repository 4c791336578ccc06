import Synchronization

/// The backends at which too many requests in a row have failed, by live slot: workers hand them in, the prober takes them
/// and decides.
///
/// Relaxed: whoever hands one in wakes the prober afterwards, and a bit that is seen a turn later is as good.
package final class SuspectBoard: Sendable {
    private let words = ZeroedTable<SuspectWord>(count: LiveTable.capacity / 64)
    private let hasSome = Atomic<Bool>(false)

    package init() {}

    package func insert(_ slot: UInt32) {
        words.view[Int(slot) / 64].bits.bitwiseOr(1 << UInt64(slot % 64), ordering: .relaxed)
        // Releasing: who sees the flag sees the bit.
        hasSome.store(true, ordering: .releasing)
    }

    /// Every backend that was handed in since the last call, in the order of their slots.
    package func take() -> [UInt32] {
        guard hasSome.load(ordering: .relaxed), hasSome.exchange(false, ordering: .acquiring) else { return [] }
        var found: [UInt32] = []
        for index in 0..<words.count {
            var bits = words.view[index].bits.load(ordering: .relaxed)
            guard bits != 0 else { continue }
            bits = words.view[index].bits.exchange(0, ordering: .relaxed)
            while bits != 0 {
                found.append(UInt32(index * 64 + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
        return found
    }
}

/// Not nested and not private: see `IdleList`.
struct SuspectWord: ~Copyable {
    let bits: Atomic<UInt64>
}
