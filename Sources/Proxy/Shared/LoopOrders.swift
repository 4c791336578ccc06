import Synchronization

/// What the control side wants of one loop, and how far it has got. Written by the control side (`want…`) and by the loop
/// (`hasDrained`); both read.
package final class LoopOrders: Sendable {
    private let wants = Atomic<UInt8>(0)
    private let drained = Atomic<Bool>(false)

    package init() {}

    package func wantAccept() { wants.bitwiseOr(1, ordering: .releasing) }
    package func wantStop() { wants.bitwiseOr(2, ordering: .releasing) }

    @inline(always)
    package var wantsAccept: Bool { wants.load(ordering: .acquiring) & 1 != 0 }
    @inline(always)
    package var wantsStop: Bool { wants.load(ordering: .relaxed) & 2 != 0 }

    /// Stopped, and its last client has gone.
    package var hasDrained: Bool { drained.load(ordering: .acquiring) }
    package func setDrained() { drained.store(true, ordering: .releasing) }
}
