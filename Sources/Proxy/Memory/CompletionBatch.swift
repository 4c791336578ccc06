/// The completions of one turn: a fixed array that is filled by the world and read by the loop.
@safe
package struct CompletionBatch: ~Copyable {
    private let storage: UnsafeMutablePointer<Completion>
    package let capacity: Int
    package private(set) var count = 0

    package init(capacity: Int = 512) {
        self.capacity = capacity
        // SAFETY: every element is initialised here, and the type is trivial.
        unsafe storage = .allocate(capacity: capacity)
        unsafe storage.initialize(repeating: Completion(.none, .woken), count: capacity)
    }

    deinit { unsafe storage.deallocate() }

    package var isFull: Bool { count == capacity }
    package var room: Int { capacity - count }

    package mutating func removeAll() { count = 0 }

    /// Traps when full.
    @inline(always)
    package mutating func append(_ completion: Completion) {
        precondition(count < capacity)
        // SAFETY: count < capacity.
        unsafe storage[count] = completion
        count &+= 1
    }

    @inline(always)
    package subscript(_ index: Int) -> Completion {
        precondition(index >= 0 && index < count)
        // SAFETY: index < count ≤ capacity.
        return unsafe storage[index]
    }
}
