/// Trivial structs in numbered slots, each with a generation, growing in place of allocating one by one.
///
/// A slot's number is its identity while it is taken; its generation changes when it is given back, which is what makes
/// a stale `Token` recognisable.
@safe
package struct SlotTable<Element: BitwiseCopyable>: ~Copyable {
    private var elements: UnsafeMutablePointer<Element>
    private var generations: UnsafeMutablePointer<UInt32>
    /// The free slots, last in first out, so that the warmest memory is used next.
    private var free: UnsafeMutablePointer<UInt32>
    private var freeCount = 0
    /// Slots that have ever been used; those past it are untouched memory.
    private var used = 0
    package private(set) var capacity: Int
    package let capacityMax: Int
    package private(set) var count = 0
    private let blank: Element

    /// - Parameters:
    ///   - blank: the value of a fresh slot.
    ///   - capacityMax: where `take` begins to answer nil.
    package init(blank: Element, capacity: Int, capacityMax: Int) {
        precondition(capacity > 0 && capacity <= capacityMax && capacityMax < Int(UInt32.max))
        self.blank = blank
        self.capacity = capacity
        self.capacityMax = capacityMax
        // SAFETY: nothing is read before `take` has initialised it.
        unsafe elements = .allocate(capacity: capacity)
        unsafe generations = .allocate(capacity: capacity)
        unsafe free = .allocate(capacity: capacity)
    }

    deinit {
        unsafe elements.deallocate()
        unsafe generations.deallocate()
        unsafe free.deallocate()
    }

    /// A blank slot, or nil at `capacityMax`.
    @inline(always)
    package mutating func take() -> UInt32? {
        if freeCount > 0 {
            freeCount &-= 1
            // SAFETY: freeCount was within the stack, whose entries are used slots.
            let slot = unsafe free[freeCount]
            unsafe elements[Int(slot)] = blank
            unsafe generations[Int(slot)] &+= 1
            count &+= 1
            return slot
        }
        if used == capacity {
            guard grow() else { return nil }
        }
        let slot = UInt32(used)
        // SAFETY: used < capacity after `grow`.
        unsafe elements.advanced(by: used).initialize(to: blank)
        unsafe generations.advanced(by: used).initialize(to: 1)
        used &+= 1
        count &+= 1
        return slot
    }

    /// Gives a slot back. Odd generations are taken slots, even ones free, so giving back twice traps.
    @inline(always)
    package mutating func give(_ slot: UInt32) {
        precondition(isTaken(slot))
        // SAFETY: isTaken checks slot < used; the stack has room for every slot.
        unsafe generations[Int(slot)] &+= 1
        unsafe free[freeCount] = slot
        freeCount &+= 1
        count &-= 1
    }

    @inline(always)
    package func isTaken(_ slot: UInt32) -> Bool {
        // SAFETY: the index is checked first.
        unsafe Int(slot) < used && generations[Int(slot)] & 1 == 1
    }

    /// Traps for a slot that was never taken.
    @inline(always)
    package func generation(_ slot: UInt32) -> UInt32 {
        precondition(Int(slot) < used)
        // SAFETY: checked above.
        return unsafe generations[Int(slot)] & Token.generationMask
    }

    /// Whether `token` was made for the slot's present use.
    @inline(always)
    package func isCurrent(_ token: Token) -> Bool { isTaken(token.slot) && generation(token.slot) == token.generation }

    /// Slots below this number have been taken at some time: the bound of a walk over all.
    package var walkEnd: UInt32 { UInt32(used) }

    /// Traps for a slot that is not taken.
    @inline(always)
    package subscript(_ slot: UInt32) -> Element {
        unsafeAddress {
            precondition(isTaken(slot))
            // SAFETY: a taken slot is initialised and below `capacity`.
            return unsafe UnsafePointer(elements.advanced(by: Int(slot)))
        }
        unsafeMutableAddress {
            precondition(isTaken(slot))
            // SAFETY: as above.
            return unsafe elements.advanced(by: Int(slot))
        }
    }

    private mutating func grow() -> Bool {
        let larger = Swift.min(capacity * 2, capacityMax)
        guard larger > capacity else { return false }
        // SAFETY: trivial types move by copying; the old memory is given up after.
        let newElements = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        unsafe newElements.moveInitialize(from: elements, count: used)
        unsafe elements.deallocate()
        unsafe elements = newElements
        let newGenerations = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
        unsafe newGenerations.moveInitialize(from: generations, count: used)
        unsafe generations.deallocate()
        unsafe generations = newGenerations
        let newFree = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
        unsafe newFree.moveInitialize(from: free, count: freeCount)
        unsafe free.deallocate()
        unsafe free = newFree
        capacity = larger
        return true
    }
}
