/// The connections of one worker that wait for a descriptor, first come, first served.
///
/// The links are in the connections; this holds the ends.
package struct OpeningQueue: BitwiseCopyable, Sendable {
    /// `.max` when there is none.
    package private(set) var first: UInt32 = .max
    private var last: UInt32 = .max
    package private(set) var count = 0

    package init() {}

    package mutating func append(_ slot: UInt32, _ connections: inout SlotTable<UpstreamConnection>) {
        connections[slot].isInOpeningQueue = true
        connections[slot].previous = last
        connections[slot].next = .max
        if last == .max { first = slot } else { connections[last].next = slot }
        last = slot
        count += 1
    }

    /// Takes a connection out, wherever in the queue it is. Traps when it is not in one.
    package mutating func remove(_ slot: UInt32, _ connections: inout SlotTable<UpstreamConnection>) {
        precondition(connections[slot].isInOpeningQueue)
        let (before, after) = (connections[slot].previous, connections[slot].next)
        connections[slot].isInOpeningQueue = false
        connections[slot].previous = .max
        connections[slot].next = .max
        if before == .max { first = after } else { connections[before].next = after }
        if after == .max { last = before } else { connections[after].previous = before }
        count -= 1
    }
}
