import CLinux
import Synchronization

/// A number that grows, and a way to wait for it to grow. futex(2).
///
/// Raised by any thread (loops included: raising is one atomic addition, and a system call only when somebody waits),
/// waited for by threads that may block.
@safe
final class Signal: Sendable {
    private let table = ZeroedTable<SignalWord>(count: 1)

    init() {}

    /// How often it was raised.
    var count: UInt64 { table.view[0].count.load(ordering: .acquiring) }

    func raise() {
        let word = table.view
        word[0].count.wrappingAdd(1, ordering: .releasing)
        word[0].futex.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if word[0].waiters.load(ordering: .sequentiallyConsistent) > 0 {
            // SAFETY: the futex word is the first field of the table's one element.
            unsafe clx_futex_wake(UnsafeRawPointer(word.address).assumingMemoryBound(to: UInt32.self))
        }
    }

    /// Returns the count once it is past `seen`, or whatever it is after `timeoutNs`.
    func wait(past seen: UInt64, timeoutNs: UInt64) -> UInt64 {
        let word = table.view
        let deadline = clx_monotonic_ns() + min(timeoutNs, 1 << 60)
        word[0].waiters.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { word[0].waiters.wrappingSubtract(1, ordering: .relaxed) }
        while true {
            let futex = word[0].futex.load(ordering: .sequentiallyConsistent)
            let now = clx_monotonic_ns()
            if count > seen || now >= deadline { return count }
            // SAFETY: as above. A raise between the load and here makes the kernel return at once.
            unsafe clx_futex_wait(
                UnsafeRawPointer(word.address).assumingMemoryBound(to: UInt32.self),
                futex,
                Int64(deadline - now)
            )
        }
    }
}

/// The fields of a `Signal`. Not nested and not private: see `IdleList`.
struct SignalWord: ~Copyable {
    let futex: Atomic<UInt32>
    let waiters: Atomic<UInt32>
    let count: Atomic<UInt64>
}
