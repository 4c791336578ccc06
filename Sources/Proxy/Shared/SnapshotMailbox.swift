import Synchronization

/// Where the control side leaves the next snapshot for one loop, and where that loop says which one it lives by.
///
/// Written by: the control side (`post`), the loop (`take`, `acknowledge`). A snapshot that was not taken before the next
/// one came is released here: only the newest counts.
package final class SnapshotMailbox: Sendable {
    private let waiting = Atomic<UInt>(0)
    private let adopted = Atomic<UInt64>(0)

    package init() {}

    deinit { _ = take() }

    /// From the control side, before it wakes the loop.
    package func post(_ snapshot: Snapshot) {
        // SAFETY: the mailbox owns one reference of what it holds; `exchange` hands exactly one side the old one.
        let bits = unsafe UInt(bitPattern: Unmanaged.passRetained(snapshot).toOpaque())
        // Releasing: the loop that takes the pointer must see the snapshot's bytes.
        release(waiting.exchange(bits, ordering: .acquiringAndReleasing))
    }

    /// Whether there is one to take: a relaxed load, once a turn.
    @inline(always)
    package var hasMail: Bool { waiting.load(ordering: .relaxed) != 0 }

    package func take() -> Snapshot? {
        let bits = waiting.exchange(0, ordering: .acquiringAndReleasing)
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: bits) else { return nil }
        // SAFETY: balances `passRetained` in `post`.
        return unsafe Unmanaged<Snapshot>.fromOpaque(pointer).takeRetainedValue()
    }

    /// From the loop, once nothing of it uses an older snapshot.
    package func acknowledge(_ sequence: UInt64) { adopted.store(sequence, ordering: .releasing) }

    package var acknowledged: UInt64 { adopted.load(ordering: .acquiring) }

    private func release(_ bits: UInt) {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: bits) else { return }
        // SAFETY: balances `passRetained` in `post`.
        unsafe Unmanaged<Snapshot>.fromOpaque(pointer).release()
    }
}
