/// Chooses the backend of one attempt.
package enum Pick: Equatable {
    /// Its index in the snapshot.
    case backend(UInt32)
    /// Some may serve, but all of those are at their limit.
    case full
    case none

    /// The next backend of `pool` that may serve, has room, and is not in `tried`.
    ///
    /// Each look takes a ticket from the pool's shared index, also when the backend there is down, so the others keep
    /// equal shares while it is. After as many tickets as the rotation is long, at most `ticketsMax`, the pool is
    /// walked once from where the tickets led, so an available backend is always found.
    @inline(always)
    package static func roundRobin(
        _ pool: PoolPlan,
        in snapshot: SnapshotView,
        live: ZeroedView<LiveBackend>,
        tickets: ZeroedView<PoolTicket>,
        tried: TriedBackends
    ) -> Pick {
        let length = UInt64(pool.rotationCount)
        guard length > 0 else { return .none }
        var position: UInt64 = 0
        var isFull = false
        for _ in 0..<min(length, ticketsMax) {
            position = tickets[Int(pool.ticket)].take() % length
            let backend = snapshot.rotation[Int(pool.rotationStart) + Int(position)]
            if mayServe(backend, snapshot, live, tried, &isFull) { return .backend(backend) }
        }
        for step in 0..<UInt64(pool.backendCount) {
            let backend = pool.backendStart + UInt32((position + step) % UInt64(pool.backendCount))
            let hasWeight = snapshot.backends[Int(backend)].weight > 0
            if hasWeight, mayServe(backend, snapshot, live, tried, &isFull) { return .backend(backend) }
        }
        return isFull ? .full : .none
    }

    /// Past this many down backends in a row a walk over the pool is cheaper than more tickets.
    private static let ticketsMax: UInt64 = 64

    @inline(always)
    private static func mayServe(
        _ backend: UInt32,
        _ snapshot: SnapshotView,
        _ live: ZeroedView<LiveBackend>,
        _ tried: TriedBackends,
        _ isFull: inout Bool
    ) -> Bool {
        let plan = snapshot.backends[Int(backend)]
        guard live[Int(plan.live)].mayServe, !tried.contains(plan.live) else { return false }
        guard live[Int(plan.live)].hasRoom(most: plan.requestsMax) else {
            isFull = true
            return false
        }
        return true
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
