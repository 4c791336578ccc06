/// The idle upstream connections of one worker, per backend, last in first out: the one used last is the likeliest to
/// be alive and has the widest congestion window.
@safe
package struct UpstreamPool: ~Copyable {
    /// By live slot: the most recently used idle connection, and how many there are.
    private let lists = ZeroedTable<IdleList>(count: LiveTable.capacity)
    /// Idle connections kept per backend on this worker.
    private let idleMax: Int32
    /// Idle connections of all backends.
    package private(set) var count = 0

    package init(idleMax: Int) { self.idleMax = Int32(idleMax) }

    /// The warmest idle connection to `backend`, off the list.
    @inline(always)
    package mutating func take(_ backend: UInt32, _ connections: inout SlotTable<UpstreamConnection>) -> UInt32? {
        let first = lists.view[Int(backend)].first
        guard first != 0 else { return nil }
        remove(first - 1, &connections)
        return first - 1
    }

    /// Files a connection as idle; false when there are enough.
    @inline(always)
    package mutating func give(_ slot: UInt32, _ connections: inout SlotTable<UpstreamConnection>) -> Bool {
        let view = lists.view
        let at = Int(connections[slot].backend)
        guard view[at].count < idleMax else { return false }
        let first = view[at].first
        connections[slot].previous = .max
        connections[slot].next = first == 0 ? .max : first - 1
        if first != 0 { connections[first - 1].previous = slot }
        view[at].first = slot + 1
        view[at].count += 1
        count += 1
        return true
    }

    /// Takes a connection off its list, wherever in it it is.
    package mutating func remove(_ slot: UInt32, _ connections: inout SlotTable<UpstreamConnection>) {
        let view = lists.view
        let connection = connections[slot]
        let at = Int(connection.backend)
        if connection.previous == .max {
            view[at].first = connection.next == .max ? 0 : connection.next + 1
        } else {
            connections[connection.previous].next = connection.next
        }
        if connection.next != .max { connections[connection.next].previous = connection.previous }
        connections[slot].next = .max
        connections[slot].previous = .max
        view[at].count -= 1
        count -= 1
    }
}

/// One backend's list. Not nested and not private: the compiler loses a private element type of a table that another
/// file destroys.
struct IdleList: BitwiseCopyable {
    /// One more than the connection's slot; 0 for none, so that zeroed memory is an empty list.
    var first: UInt32
    var count: Int32
}
