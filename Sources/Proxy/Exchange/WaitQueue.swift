/// The exchanges of one worker that wait for a backend with room, first come, first served.
///
/// The links are in the exchanges; this holds the ends.
package struct WaitQueue: BitwiseCopyable, Sendable {
    package private(set) var first: UInt32 = .max
    private var last: UInt32 = .max
    package private(set) var count = 0

    package init() {}

    package mutating func append(_ exchange: UInt32, _ exchanges: inout SlotTable<Exchange>) {
        exchanges[exchange].isWaiting = true
        exchanges[exchange].waitingBefore = last
        exchanges[exchange].waitingAfter = .max
        if last == .max {
            first = exchange
        } else {
            exchanges[last].waitingAfter = exchange
        }
        last = exchange
        count += 1
    }

    /// Takes an exchange out, wherever in the queue it is. Traps when it is not in one.
    package mutating func remove(_ exchange: UInt32, _ exchanges: inout SlotTable<Exchange>) {
        precondition(exchanges[exchange].isWaiting)
        exchanges[exchange].isWaiting = false
        let before = exchanges[exchange].waitingBefore
        let after = exchanges[exchange].waitingAfter
        if before == .max { first = after } else { exchanges[before].waitingAfter = after }
        if after == .max { last = before } else { exchanges[after].waitingBefore = before }
        count -= 1
    }
}
