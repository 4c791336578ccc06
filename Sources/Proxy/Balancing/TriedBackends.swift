/// The live slots that the attempts of one exchange have used up.
package struct TriedBackends: BitwiseCopyable, Sendable {
    package static let capacity = 4
    private var slots = [4 of UInt32](repeating: .max)
    package private(set) var count = 0

    package init() {}

    /// Forgets the oldest when full.
    package mutating func insert(_ slot: UInt32) {
        slots[count % Self.capacity] = slot
        count += 1
    }

    @inline(always)
    package func contains(_ slot: UInt32) -> Bool {
        guard count > 0 else { return false }
        for index in 0..<min(count, Self.capacity) where slots[index] == slot { return true }
        return false
    }
}
