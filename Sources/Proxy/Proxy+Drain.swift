package import Model
import Synchronization

/// Drains: what a backend that takes nothing new still carries, counted from the moment when it took nothing new.
extension Proxy {
    package func drains() -> [DrainProgress] {
        control.withLock { control in
            advanceDrains(&control)
            return control.drains.report { figures($0) }
        }
    }

    package func cut(_ drain: UInt64) throws(PlaneError) {
        let sequence = control.withLock { control -> UInt64? in
            advanceDrains(&control)
            guard control.drains.cut(drain) else { return nil }
            return publish(control.desired, &control)
        }
        guard let sequence else { return }
        try awaitEveryone(sequence)
    }

    /// Under the lock, before a snapshot is posted.
    func noteDrains(_ desired: DesiredState, _ control: inout Control) {
        var finishing: [Identity: UInt32] = control.draining
        var isResting = Set<UInt32>()
        for place in desired.backends.indices where control.seating.isResting(place) {
            let slot = control.seating.live(place)
            finishing[Identity(desired.backends[place])] = slot
            isResting.insert(slot)
        }
        let slots = control.slots
        control.drains.note(
            finishing,
            serving: { name in slots[name].flatMap { isResting.contains($0) ? nil : $0 } },
            sequence: control.sequence,
            figures: figures
        )
    }

    /// Under the lock: drains begin and end as far as the loops have come, whoever waits for them or has given up to.
    func advanceDrains(_ control: inout Control) { control.drains.advance(adopted: adopted, figures: figures) }

    /// The snapshot that every loop lives by, or a later one.
    var adopted: UInt64 { loops.reduce(proberMailbox.acknowledged) { min($0, $1.mailbox.acknowledged) } }

    private func figures(_ slot: UInt32) -> DrainBook.Figures {
        let at = Int(slot)
        var figures = DrainBook.Figures()
        // First: what has left it since is then among what the workers count.
        let inFlight = live.backends[at].inFlightSettled
        for loop in loops {
            let counters = loop.counters
            let drains = counters.drains
            figures.streams += counters.backends[at].streams
            figures.attempts &+= counters.backends[at].requests
            figures.moved &+= counters.backends[at].retriedAway
            figures.cut += drains[at].cut
            figures.streamsClosed += drains[at].streamsClosed
            figures.idleClosed += drains[at].idleClosed
        }
        // Workers count a tunnel twice, as a request and as a stream.
        figures.inFlight = max(0, inFlight - figures.streams)
        return figures
    }
}
