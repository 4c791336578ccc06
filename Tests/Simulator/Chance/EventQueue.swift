import Proxy

/// What is to happen, in order of instant and, within one instant, of arrival: a binary heap.
struct EventQueue {
    struct Event {
        let due: Instant
        let sequence: UInt64
        let kind: EventKind
        let subject: Int
        let action: () -> Void
    }

    private var heap: [Event] = []
    private var nextSequence: UInt64 = 0

    var first: Instant? { heap.first?.due }
    var count: Int { heap.count }

    mutating func add(_ due: Instant, _ kind: EventKind, _ subject: Int, _ action: @escaping () -> Void) {
        heap.append(Event(due: due, sequence: nextSequence, kind: kind, subject: subject, action: action))
        nextSequence += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The next event, when it is due by `limit`.
    mutating func take(by limit: Instant) -> Event? {
        guard let head = heap.first, head.due <= limit else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return head }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, isBefore(child + 1, child) { child += 1 }
            guard isBefore(child, parent) else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return head
    }

    mutating func removeAll() { heap.removeAll() }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        if heap[left].due != heap[right].due { return heap[left].due < heap[right].due }
        return heap[left].sequence < heap[right].sequence
    }
}
