/// The exchanges of one worker that wait for a backend with room: a line for each pool, and one for each backend that
/// sessions are bound to, first come, first served in each.
///
/// A session that waits for its own backend so never stands before requests that any backend could take. The links are in
/// the exchanges; this holds the ends, and the lines that have anyone in them as a ring.
@safe
package struct WaitLines: ~Copyable {
    /// What a line's requests wait for: any backend of a pool, or one backend.
    package struct Key: Equatable, BitwiseCopyable, Sendable {
        fileprivate let index: UInt32

        /// - Parameter ticket: the pool's line among the tickets.
        package static func pool(_ ticket: UInt32) -> Key { Key(index: ticket) }
        /// - Parameter slot: the backend's live slot.
        package static func backend(_ slot: UInt32) -> Key { Key(index: UInt32(LiveTable.poolCapacity) + slot) }
        /// Of an exchange that does not wait.
        package static let none = Key(index: .max)

        /// The live slot of the one backend that is waited for; nil for any of a pool.
        package var backend: UInt32? {
            index >= UInt32(LiveTable.poolCapacity) ? index - UInt32(LiveTable.poolCapacity) : nil
        }
        /// The pool's line among the tickets, where any of its backends is waited for.
        package var ticket: Int { Int(index) }
        fileprivate init(index: UInt32) { self.index = index }
    }

    private let table = ZeroedTable<WaitLine>(count: LiveTable.poolCapacity + LiveTable.capacity)
    /// Where the walk over the lines goes on, one more than its index; 0 when none has anyone in it.
    private var cursor: UInt32 = 0
    /// Exchanges in all lines.
    package private(set) var count = 0
    /// Lines that have anyone in them.
    package private(set) var lineCount = 0

    package init() {}

    /// The oldest exchange of a line.
    @inline(always)
    package func first(_ key: Key) -> UInt32? {
        let first = table.view[Int(key.index)].first
        return first == 0 ? nil : first - 1
    }

    /// The next line in turn, each once before any of them comes again; nil when nobody waits.
    package mutating func nextLine() -> Key? {
        guard cursor != 0 else { return nil }
        let key = Key(index: cursor - 1)
        cursor = table.view[Int(key.index)].next
        return key
    }

    /// When this line's oldest began to find itself passed over although there is room, and what stood before it then.
    package func patience(_ key: Key) -> (since: Instant, before: UInt64) {
        let line = table.view[Int(key.index)]
        return (Instant(nanoseconds: line.passedOverSince), line.passedOverBy)
    }

    package func setPatience(_ key: Key, since: Instant, before: UInt64) {
        table.view[Int(key.index)].passedOverSince = since.nanoseconds
        table.view[Int(key.index)].passedOverBy = before
    }

    /// Puts an exchange into a line by how long it has waited: at its end, but for one that has stood in another before.
    package mutating func insert(_ exchange: UInt32, _ key: Key, _ exchanges: inout SlotTable<Exchange>) {
        let view = table.view
        let at = Int(key.index)
        if view[at].first == 0 { link(key) }
        var before = view[at].last
        let since = exchanges[exchange].waitingSince
        while before != 0, exchanges[before - 1].waitingSince > since { before = stored(exchanges[before - 1].waitingBefore) }
        let after = before == 0 ? view[at].first : stored(exchanges[before - 1].waitingAfter)
        exchanges[exchange].waitsIn = key
        exchanges[exchange].waitingBefore = before == 0 ? .max : before - 1
        exchanges[exchange].waitingAfter = after == 0 ? .max : after - 1
        if before == 0 { view[at].first = exchange + 1 } else { exchanges[before - 1].waitingAfter = exchange }
        if after == 0 { view[at].last = exchange + 1 } else { exchanges[after - 1].waitingBefore = exchange }
        count += 1
    }

    /// Takes an exchange out, wherever in its line it is. Traps when it is in none.
    package mutating func remove(_ exchange: UInt32, _ exchanges: inout SlotTable<Exchange>) {
        precondition(exchanges[exchange].isWaiting)
        let key = exchanges[exchange].waitsIn
        let view = table.view
        let at = Int(key.index)
        exchanges[exchange].waitsIn = .none
        let before = exchanges[exchange].waitingBefore
        let after = exchanges[exchange].waitingAfter
        if before == .max { view[at].first = stored(after) } else { exchanges[before].waitingAfter = after }
        if after == .max { view[at].last = stored(before) } else { exchanges[after].waitingBefore = before }
        count -= 1
        if view[at].first == 0 { unlink(key) }
    }

    /// One more than a slot, so that zeroed memory names none.
    @inline(always)
    private func stored(_ slot: UInt32) -> UInt32 { slot == .max ? 0 : slot + 1 }

    private mutating func link(_ key: Key) {
        let view = table.view
        let own = key.index + 1
        view[Int(key.index)].passedOverSince = Instant.never.nanoseconds
        view[Int(key.index)].passedOverBy = 0
        lineCount += 1
        guard cursor != 0 else {
            view[Int(key.index)].next = own
            view[Int(key.index)].previous = own
            cursor = own
            return
        }
        // Behind all that are in the ring already.
        let last = view[Int(cursor - 1)].previous
        view[Int(key.index)].next = cursor
        view[Int(key.index)].previous = last
        view[Int(last - 1)].next = own
        view[Int(cursor - 1)].previous = own
    }

    private mutating func unlink(_ key: Key) {
        let view = table.view
        let own = key.index + 1
        let line = view[Int(key.index)]
        lineCount -= 1
        if line.next == own {
            cursor = 0
        } else {
            view[Int(line.previous - 1)].next = line.next
            view[Int(line.next - 1)].previous = line.previous
            if cursor == own { cursor = line.next }
        }
        view[Int(key.index)].next = 0
        view[Int(key.index)].previous = 0
    }
}

/// One line. Slots and neighbours are stored as one more than they are; zero is none.
struct WaitLine: BitwiseCopyable {
    var first: UInt32
    var last: UInt32
    var next: UInt32
    var previous: UInt32
    var passedOverSince: UInt64
    var passedOverBy: UInt64
}
