package import Model
import Synchronization

/// Drains: what a backend that takes nothing new still carries, counted from the moment when it took nothing new.
extension Proxy {
    struct Drain {
        let number: UInt64
        let identity: Identity
        let slot: UInt32
        /// The counters of its slot when the drain was posted, and `attempts` and `moved` when every worker had adopted it.
        var base: DrainBase
        var inFlightAtStart = 0
        /// Every worker has adopted the state in which the backend takes nothing new.
        var hasBegun = false
        /// Once it is over: its slot may be somebody else's by now.
        var end: DrainProgress?
    }

    /// The sums over all workers that a drain is measured by; they grow over all identities of a slot.
    struct DrainBase {
        var attempts: UInt64 = 0
        var moved: UInt64 = 0
        var cut: UInt64 = 0
        var streamsClosed: UInt64 = 0
        var idleClosed: UInt64 = 0
    }

    /// Drains that are over and remembered.
    private static let drainsKept = 256

    package func drains() -> [DrainProgress] {
        control.withLock { control in
            settleDrains(&control)
            return control.drains.filter(\.hasBegun).map { progress($0) }
        }
    }

    package func cut(_ drain: UInt64) throws(PlaneError) {
        let sequence = control.withLock { control -> UInt64? in
            settleDrains(&control)
            guard let drain = control.drains.first(where: { $0.number == drain && $0.end == nil }) else { return nil }
            control.cuts.insert(drain.slot)
            return publish(control.desired, &control)
        }
        guard let sequence else { return }
        try awaitEveryone(sequence)
    }

    /// Under the lock, before a snapshot is posted: drains begin for those whose `desired` state or absence says so, and
    /// are called off for those that serve again.
    func noteDrains(_ desired: DesiredState, _ control: inout Control) {
        var finishing: [Identity: UInt32] = control.draining
        var isResting = Set<UInt32>()
        for place in desired.backends.indices where control.seating.isResting(place) {
            let slot = control.seating.live(place)
            finishing[Identity(desired.backends[place])] = slot
            isResting.insert(slot)
        }
        control.drains.removeAll { drain in
            drain.end == nil && control.slots[drain.identity.name] == drain.slot && !isResting.contains(drain.slot)
        }
        let known = Set(control.drains.lazy.filter { $0.end == nil }.map(\.identity))
        for (identity, slot) in finishing where !known.contains(identity) {
            // One that is over stays over: what was removed or switched off long ago does not drain again.
            guard !control.drained.contains(identity) else { continue }
            control.drainCount += 1
            control.drains.append(
                Drain(number: control.drainCount, identity: identity, slot: slot, base: sums(slot))
            )
        }
        control.drained.formIntersection(finishing.keys)
        let slots = Set(control.drains.lazy.filter { $0.end == nil }.map(\.slot))
        control.cuts.formIntersection(slots)
    }

    /// Once every worker has adopted it.
    func beginDrains() {
        control.withLock { control in
            for index in control.drains.indices where !control.drains[index].hasBegun {
                let slot = control.drains[index].slot
                let sums = sums(slot)
                control.drains[index].base.attempts = sums.attempts
                control.drains[index].base.moved = sums.moved
                control.drains[index].inFlightAtStart = inFlight(slot)
                control.drains[index].hasBegun = true
            }
            settleDrains(&control)
        }
    }

    /// Takes the last figures of drains that are over, before their slots are given away, and forgets the oldest.
    func settleDrains(_ control: inout Control) {
        for index in control.drains.indices where control.drains[index].end == nil {
            let progress = progress(control.drains[index])
            guard progress.isOver else { continue }
            control.drains[index].end = progress
            control.drained.insert(control.drains[index].identity)
            control.cuts.remove(control.drains[index].slot)
        }
        var excess = control.drains.count { $0.end != nil } - Self.drainsKept
        guard excess > 0 else { return }
        control.drains.removeAll { drain in
            guard drain.end != nil, excess > 0 else { return false }
            excess -= 1
            return true
        }
    }

    private func progress(_ drain: Drain) -> DrainProgress {
        if let end = drain.end { return end }
        let now = sums(drain.slot)
        var progress = DrainProgress(
            number: drain.number,
            name: drain.identity.name,
            pool: drain.identity.pool,
            url: drain.identity.url
        )
        progress.inFlightAtStart = drain.inFlightAtStart
        progress.inFlight = inFlight(drain.slot)
        progress.streams = streams(drain.slot)
        progress.cut = Int(now.cut - drain.base.cut)
        progress.streamsClosed = Int(now.streamsClosed - drain.base.streamsClosed)
        progress.idleClosed = Int(now.idleClosed - drain.base.idleClosed)
        progress.sentAfterStart = Int(now.attempts - drain.base.attempts)
        progress.moved = Int(clamping: now.moved - min(now.moved, drain.base.moved))
        progress.completed = max(
            0,
            progress.inFlightAtStart + progress.sentAfterStart - progress.inFlight - progress.cut - progress.moved
        )
        progress.isOver = drain.hasBegun && progress.inFlight == 0 && progress.streams == 0
        return progress
    }

    /// Requests without tunnels: workers count those twice, as a request and as a stream.
    private func inFlight(_ slot: UInt32) -> Int { max(0, live.backends[Int(slot)].inFlight - streams(slot)) }

    private func streams(_ slot: UInt32) -> Int { loops.reduce(0) { $0 + $1.counters.backends[Int(slot)].streams } }

    private func sums(_ slot: UInt32) -> DrainBase {
        loops.reduce(into: DrainBase()) { sum, loop in
            let drains = loop.counters.drains
            sum.attempts += loop.counters.backends[Int(slot)].requests
            sum.moved += loop.counters.backends[Int(slot)].retriedAway
            sum.cut += drains[Int(slot)].cut
            sum.streamsClosed += drains[Int(slot)].streamsClosed
            sum.idleClosed += drains[Int(slot)].idleClosed
        }
    }
}
