import Synchronization

/// Tells every worker which backends are available no longer, or again, so that none has to look at all of them.
///
/// A ring of the last changes. Written by whoever changes a backend's availability (through `LiveTable.setAvailability`,
/// after the change itself); read by each worker with a cursor of its own. A reader that was overtaken is told so, and
/// looks at everything once.
package struct AvailabilityJournal: BitwiseCopyable, Sendable {
    /// What a reader finds.
    package enum Change: Equatable {
        case none
        /// The backend of this live slot has changed.
        case slot(UInt32)
        /// More has changed than the ring holds.
        case overrun
    }

    /// A burst of this many changes between two picks is followed one by one.
    static let capacity: UInt64 = 1024

    private let head: ZeroedView<JournalHead>
    private let entries: ZeroedView<JournalEntry>

    init(head: ZeroedView<JournalHead>, entries: ZeroedView<JournalEntry>) {
        self.head = head
        self.entries = entries
    }

    /// The number of the next change: where a reader begins that has just looked at everything. Acquiring: what it looks at
    /// after this is at least as new.
    package var end: UInt64 { head[0].next.load(ordering: .acquiring) }

    /// Whether a reader is up to date: one load of a line that is written only when something changes.
    @inline(always)
    package func isRead(to cursor: UInt64) -> Bool { head[0].next.load(ordering: .relaxed) == cursor }

    /// The change at `cursor`, which moves on. `none` also while its writer has not finished: the next look finds it.
    package func next(_ cursor: inout UInt64) -> Change {
        guard !isRead(to: cursor) else { return .none }
        // Acquiring: the availability that was stored before the entry is seen by whoever sees the entry.
        let entry = entries[Int(cursor % Self.capacity)].value.load(ordering: .acquiring)
        let number = entry >> 16
        if number == cursor + 1 {
            cursor += 1
            return .slot(UInt32(entry & 0xFFFF))
        }
        return number > cursor + 1 ? .overrun : .none
    }

    /// From one writer at a time, after the availability is stored. An entry that came late would lie over that of a later
    /// change, which no reader could tell from one that is still to come.
    func note(_ slot: UInt32) {
        precondition(slot <= 0xFFFF)
        let number = head[0].next.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
        // The entry says its number, so that a reader can tell it from the one that it replaces.
        let entry = (number + 1) << 16 | UInt64(slot)
        entries[Int(number % Self.capacity)].value.store(entry, ordering: .releasing)
    }
}

/// How many changes there have been, on a line of its own.
struct JournalHead: ~Copyable {
    fileprivate let next: Atomic<UInt64>
    private var padding: [15 of UInt64]
}

/// One more than the change's number, then 16 bits of live slot; 0 before the first.
struct JournalEntry: ~Copyable {
    fileprivate let value: Atomic<UInt64>
}
