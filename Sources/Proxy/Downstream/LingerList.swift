/// The client connections of one worker that linger, oldest first. The links are in the connections; this holds the ends.
package struct LingerList: BitwiseCopyable, Sendable {
    /// The one that has lingered longest; `.max` for none.
    package private(set) var first: UInt32 = .max
    private var last: UInt32 = .max
    package private(set) var count = 0

    package init() {}

    package mutating func append(_ slot: UInt32, _ connections: inout SlotTable<DownstreamConnection>) {
        connections[slot].lingersBefore = last
        connections[slot].lingersAfter = .max
        if last == .max { first = slot } else { connections[last].lingersAfter = slot }
        last = slot
        count += 1
    }

    /// Takes a connection out, wherever it is. It has to be in the list.
    package mutating func remove(_ slot: UInt32, _ connections: inout SlotTable<DownstreamConnection>) {
        let before = connections[slot].lingersBefore
        let after = connections[slot].lingersAfter
        if before == .max { first = after } else { connections[before].lingersAfter = after }
        if after == .max { last = before } else { connections[after].lingersBefore = before }
        connections[slot].lingersBefore = .max
        connections[slot].lingersAfter = .max
        count -= 1
    }
}
