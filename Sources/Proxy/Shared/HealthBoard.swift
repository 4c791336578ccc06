package import Model
import Synchronization

/// What the prober found, for people to read: verdicts, reasons and the last probes by live slot, and every change of a
/// backend's phase.
///
/// Written by the prober, read by the admin side, under locks that no worker ever takes (what a worker needs is
/// `LiveBackend.availability`).
package final class HealthBoard: Sendable {
    /// One backend's.
    package struct Entry: Sendable {
        package var phase: BackendPhase
        /// When `phase` was entered, in nanoseconds of the UNIX epoch.
        package var since: Int64
        package var health: HealthStatus

        package init(phase: BackendPhase, since: Int64, health: HealthStatus) {
            self.phase = phase
            self.since = since
            self.health = health
        }
    }

    /// Of transitions, the last so many are kept.
    package static let transitionsKept = 10_000

    private struct Ring {
        /// Where the next one goes once all places are taken.
        var transitions: [HealthTransition] = []
        var last: UInt64 = 0
    }

    /// By live slot.
    private let entries = Mutex<[Entry?]>([])
    private let ring = Mutex(Ring())

    package init() {}

    package func set(_ slot: UInt32, _ entry: Entry) {
        entries.withLock { entries in
            while entries.count <= Int(slot) { entries.append(nil) }
            entries[Int(slot)] = entry
        }
    }

    package func remove(_ slot: UInt32) {
        entries.withLock { if $0.indices.contains(Int(slot)) { $0[Int(slot)] = nil } }
    }

    package func entry(_ slot: UInt32) -> Entry? {
        entries.withLock { $0.indices.contains(Int(slot)) ? $0[Int(slot)] : nil }
    }

    /// Gives the transition its number and keeps it.
    package func note(_ transition: HealthTransition) {
        ring.withLock { ring in
            ring.last += 1
            var numbered = transition
            numbered.sequence = ring.last
            if ring.transitions.count < Self.transitionsKept {
                ring.transitions.append(numbered)
            } else {
                ring.transitions[Int((ring.last - 1) % UInt64(Self.transitionsKept))] = numbered
            }
        }
    }

    /// Those past `sequence`, oldest first, as far as they are still kept: where the first one's number is not the next,
    /// some are lost.
    package func transitions(after sequence: UInt64) -> [HealthTransition] {
        ring.withLock { ring in
            guard sequence < ring.last else { return [] }
            let kept = UInt64(ring.transitions.count)
            let first = max(sequence + 1, ring.last - kept + 1)
            return (first...ring.last).map { ring.transitions[Int(($0 - 1) % UInt64(Self.transitionsKept))] }
        }
    }
}
