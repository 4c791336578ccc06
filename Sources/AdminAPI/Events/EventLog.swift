import Synchronization

/// The newest events in memory, in the one order that changes and events share.
///
/// Events are appended in the order of their numbers: whoever gives out a number appends before the next is given out
/// (`ConfigState.number`). Any thread may read; nobody ever waits for a reader.
final class EventLog: Sendable {
    /// What became of a wish to read on.
    enum Reading: Equatable {
        /// The events that match, and up to where the log has been read by that.
        case events([Event], upTo: UInt64)
        /// Some of what came after is not kept any more; from `oldest` on everything is.
        case gone(oldest: UInt64)
    }

    private let ring: Mutex<Ring>
    private let bells = Mutex(Bells())

    /// Events kept, and bytes of them: whichever is reached first. A revision that changes a thousand backends is one
    /// event of some 200 KB.
    static let eventsMax = 10_000
    static let bytesMax = 16 << 20

    /// - Parameter sequence: The last number that was given out before.
    init(after sequence: UInt64, eventsMax: Int = EventLog.eventsMax, bytesMax: Int = EventLog.bytesMax) {
        ring = Mutex(Ring(after: sequence, eventsMax: eventsMax, bytesMax: bytesMax))
    }

    /// The newest event's number: where a reader begins that wants only what is new.
    var last: UInt64 { ring.withLock { $0.last } }

    func append(_ event: Event) {
        ring.withLock { $0.append(event) }
        let all = bells.withLock { Array($0.all.values) }
        for bell in all { bell.ring() }
    }

    /// Nil when everything after `sequence` is kept; else the oldest that is.
    func oldest(after sequence: UInt64) -> UInt64? {
        ring.withLock { $0.covers(sequence) ? nil : $0.floor + 1 }
    }

    /// The next events after `sequence` that match, at most `limit` of them.
    func read(after sequence: UInt64, limit: Int, matching filter: EventFilter) -> Reading {
        ring.withLock { $0.read(after: sequence, limit: limit, matching: filter) }
    }

    /// A bell that is rung whenever there is something new, until the subscription is let go; nil without a descriptor.
    func subscribe() -> Subscription? {
        guard let bell = Doorbell() else { return nil }
        let key = bells.withLock { bells in
            bells.next += 1
            bells.all[bells.next] = bell
            return bells.next
        }
        return Subscription(log: self, bell: bell, key: key)
    }

    final class Subscription: Sendable {
        private let log: EventLog
        let bell: Doorbell
        private let key: Int

        fileprivate init(log: EventLog, bell: Doorbell, key: Int) {
            self.log = log
            self.bell = bell
            self.key = key
        }

        deinit { log.bells.withLock { _ = $0.all.removeValue(forKey: key) } }
    }

    private struct Bells {
        var all: [Int: Doorbell] = [:]
        var next = 0
    }
}

/// The ring behind the log.
private struct Ring {
    private(set) var last: UInt64
    /// All events after this number are in the ring.
    private(set) var floor: UInt64
    private var slots: [Event?]
    private var first = 0
    private var count = 0
    private var byteCount = 0
    private let bytesMax: Int

    init(after sequence: UInt64, eventsMax: Int, bytesMax: Int) {
        last = sequence
        floor = sequence
        slots = Array(repeating: nil, count: eventsMax)
        self.bytesMax = bytesMax
    }

    mutating func append(_ event: Event) {
        precondition(event.sequence > last)
        if count == slots.count { dropFirst() }
        slots[(first + count) % slots.count] = event
        count += 1
        last = event.sequence
        byteCount += event.line.count
        while byteCount > bytesMax, count > 1 { dropFirst() }
    }

    /// A number that has not been given out is one of another log, of which nobody can tell what came after it.
    func covers(_ sequence: UInt64) -> Bool { (floor...last).contains(sequence) }

    func read(after sequence: UInt64, limit: Int, matching filter: EventFilter) -> EventLog.Reading {
        guard covers(sequence) else { return .gone(oldest: floor + 1) }
        var found: [Event] = []
        for offset in offset(after: sequence)..<count {
            guard let event = slots[(first + offset) % slots.count], filter.matches(event) else { continue }
            found.append(event)
            if found.count == limit { return .events(found, upTo: event.sequence) }
        }
        return .events(found, upTo: last)
    }

    /// Where the first event after `sequence` is. O(log n)
    private func offset(after sequence: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if let event = slots[(first + middle) % slots.count], event.sequence > sequence {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }

    private mutating func dropFirst() {
        floor = slots[first]?.sequence ?? floor
        byteCount -= slots[first]?.line.count ?? 0
        slots[first] = nil
        first = (first + 1) % slots.count
        count -= 1
    }
}
