/// Chooses the backend of one attempt.
package enum Pick {
    /// The next backend of `pool` that may serve and is not in `tried`; nil when there is none.
    ///
    /// Each look takes a ticket from the pool's shared index, also when the backend there is down, so the others keep
    /// equal shares while it is. After as many tickets as the rotation is long, at most `ticketsMax`, the pool is
    /// walked once from where the tickets led, so an available backend is always found.
    @inline(always)
    package static func roundRobin(
        _ pool: PoolPlan, in snapshot: SnapshotView, live: ZeroedView<LiveBackend>, tickets: ZeroedView<PoolTicket>,
        tried: TriedBackends
    ) -> UInt32? {
        let length = UInt64(pool.rotationCount)
        guard length > 0 else { return nil }
        var position: UInt64 = 0
        for _ in 0..<min(length, ticketsMax) {
            position = tickets[Int(pool.ticket)].take() % length
            let backend = snapshot.rotation[Int(pool.rotationStart) + Int(position)]
            if mayServe(backend, snapshot, live, tried) { return backend }
        }
        for step in 0..<UInt64(pool.backendCount) {
            let backend = pool.backendStart + UInt32((position + step) % UInt64(pool.backendCount))
            if snapshot.backends[Int(backend)].weight > 0, mayServe(backend, snapshot, live, tried) { return backend }
        }
        return nil
    }

    /// Past this many down backends in a row a walk over the pool is cheaper than more tickets.
    private static let ticketsMax: UInt64 = 64

    @inline(always)
    private static func mayServe(
        _ backend: UInt32, _ snapshot: SnapshotView, _ live: ZeroedView<LiveBackend>, _ tried: TriedBackends
    ) -> Bool {
        let slot = snapshot.backends[Int(backend)].live
        return live[Int(slot)].mayServe && !tried.contains(slot)
    }
}

/// The live slots that the attempts of one exchange have used up.
package struct TriedBackends: BitwiseCopyable, Sendable {
    package static let capacity = 4
    private var slots = [4 of UInt32](repeating: .max)
    package private(set) var count = 0

    package init() {}

    /// Forgets the oldest when full.
    package mutating func insert(_ slot: UInt32) {
        slots[count % Self.capacity] = slot
        count += 1
    }

    @inline(always)
    package func contains(_ slot: UInt32) -> Bool {
        guard count > 0 else { return false }
        for index in 0..<min(count, Self.capacity) where slots[index] == slot { return true }
        return false
    }
}
