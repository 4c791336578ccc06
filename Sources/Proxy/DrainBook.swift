package import Model

/// The drains of the data plane: those under way and the last that are over. A value without threads or clocks; `Proxy`
/// tells it what is desired and what the counters say.
///
/// A drain belongs to a live slot. It begins once every loop has adopted the snapshot in which its backend takes nothing
/// new (`sequence`), whoever notices that, and ends when nothing is left of what the backend carried. Its slot may be given
/// to another backend only then (`holds`), or its figures would be of two.
package struct DrainBook {
    /// What the counters of one slot say, summed over all workers.
    package struct Figures: Equatable, Sendable {
        /// Requests without tunnels.
        package var inFlight = 0
        package var streams = 0
        /// These grow for as long as the slot has one backend.
        package var attempts: UInt64 = 0
        /// Attempts that another one elsewhere followed.
        package var moved: UInt64 = 0
        package var cut: UInt64 = 0
        package var streamsClosed: UInt64 = 0
        package var idleClosed: UInt64 = 0

        package init() {}
    }

    package struct Drain {
        package let number: UInt64
        let identity: Proxy.Identity
        package let slot: UInt32
        /// The snapshot from which on the backend takes nothing new.
        let sequence: UInt64
        /// The slot's figures when that was posted, and `attempts` and `moved` when every loop had adopted it.
        var base: Figures
        var inFlightAtStart = 0
        /// Every loop has adopted the state in which the backend takes nothing new.
        var hasBegun = false
        /// Once it is over: its slot may be another backend's by now.
        var end: DrainProgress?
    }

    /// Oldest first.
    package private(set) var drains: [Drain] = []
    private var count: UInt64 = 0
    /// Backends that have drained and are still kept apart: they do not drain again until they have served.
    private var drained: Set<Proxy.Identity> = []
    /// The slots whose drains are out of time.
    package private(set) var cuts: Set<UInt32> = []

    /// Drains that are over and remembered.
    package static let keptMax = 256

    package init() {}

    /// Before a snapshot is posted: drains are called off for backends that serve again, and begin for those in `finishing`
    /// that are not draining yet.
    /// - Parameters:
    ///   - finishing: every backend that takes nothing new in the snapshot, and its slot.
    ///   - serving: the slot of a backend that the snapshot gives new requests to, by name; nil for others.
    mutating func note(
        _ finishing: [Proxy.Identity: UInt32],
        serving: (String) -> UInt32?,
        sequence: UInt64,
        figures: (UInt32) -> Figures
    ) {
        drains.removeAll { $0.end == nil && serving($0.identity.name) == $0.slot }
        let known = Set(drains.lazy.filter { $0.end == nil }.map(\.identity))
        for (identity, slot) in finishing where !known.contains(identity) {
            // One that is over stays over: what was removed or switched off long ago does not drain again.
            guard !drained.contains(identity) else { continue }
            count += 1
            drains.append(
                Drain(number: count, identity: identity, slot: slot, sequence: sequence, base: figures(slot))
            )
        }
        drained.formIntersection(finishing.keys)
        cuts.formIntersection(drains.lazy.filter { $0.end == nil }.map(\.slot))
    }

    /// Begins what every loop has adopted, ends what has nothing left, and forgets the oldest that are over.
    /// - Parameter adopted: the snapshot that every loop lives by, or a later one.
    package mutating func advance(adopted: UInt64, figures: (UInt32) -> Figures) {
        for index in drains.indices where drains[index].end == nil {
            if !drains[index].hasBegun {
                guard drains[index].sequence <= adopted else { continue }
                let now = figures(drains[index].slot)
                drains[index].base.attempts = now.attempts
                drains[index].base.moved = now.moved
                drains[index].inFlightAtStart = now.inFlight
                drains[index].hasBegun = true
            }
            let progress = progress(drains[index], figures)
            guard progress.isOver else { continue }
            drains[index].end = progress
            drained.insert(drains[index].identity)
            cuts.remove(drains[index].slot)
        }
        var excess = drains.count { $0.end != nil } - Self.keptMax
        guard excess > 0 else { return }
        drains.removeAll { drain in
            guard drain.end != nil, excess > 0 else { return false }
            excess -= 1
            return true
        }
    }

    /// The slots whose drains are not over: they are not to be given away.
    package var held: Set<UInt32> { Set(drains.lazy.filter { $0.end == nil }.map(\.slot)) }

    /// Ends a drain's patience.
    /// - Returns: false when it is over, or there is none of that number.
    package mutating func cut(_ number: UInt64) -> Bool {
        guard let drain = drains.first(where: { $0.number == number && $0.end == nil }) else { return false }
        cuts.insert(drain.slot)
        return true
    }

    /// How those stand that have begun.
    package func report(figures: (UInt32) -> Figures) -> [DrainProgress] {
        drains.lazy.filter(\.hasBegun).map { progress($0, figures) }
    }

    private func progress(_ drain: Drain, _ figures: (UInt32) -> Figures) -> DrainProgress {
        if let end = drain.end { return end }
        let now = figures(drain.slot)
        var progress = DrainProgress(
            number: drain.number,
            name: drain.identity.name,
            pool: drain.identity.pool,
            url: drain.identity.url
        )
        progress.inFlightAtStart = drain.inFlightAtStart
        progress.inFlight = now.inFlight
        progress.streams = now.streams
        progress.cut = Self.growth(from: drain.base.cut, to: now.cut)
        progress.streamsClosed = Self.growth(from: drain.base.streamsClosed, to: now.streamsClosed)
        progress.idleClosed = Self.growth(from: drain.base.idleClosed, to: now.idleClosed)
        progress.sentAfterStart = Self.growth(from: drain.base.attempts, to: now.attempts)
        progress.moved = Self.growth(from: drain.base.moved, to: now.moved)
        let begun = progress.inFlightAtStart.addingReportingOverflow(progress.sentAfterStart).partialValue
        progress.completed = max(0, begun - progress.inFlight - progress.cut - progress.moved)
        progress.isOver = drain.hasBegun && progress.inFlight == 0 && progress.streams == 0
        return progress
    }

    /// 0 where a counter has fallen, which none does while its slot is held.
    private static func growth(from base: UInt64, to now: UInt64) -> Int { now > base ? Int(clamping: now - base) : 0 }
}
