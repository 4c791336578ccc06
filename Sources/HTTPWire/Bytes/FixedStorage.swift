/// A fixed number of trivial elements in memory of their own, so that whoever holds them is small.
///
/// In the place of an inline array, of which the compiler copies the whole to read one element.
@safe
struct FixedStorage<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    private let count: Int

    init(repeating element: Element, count: Int) {
        precondition(count > 0)
        self.count = count
        // SAFETY: every element is initialised here; the memory is freed by the only owner.
        unsafe base = .allocate(capacity: count)
        unsafe base.initialize(repeating: element, count: count)
    }

    deinit { unsafe base.deallocate() }

    /// Traps outside of the storage.
    @inline(__always)
    subscript(_ index: Int) -> Element {
        unsafeAddress {
            precondition(index >= 0 && index < count)
            // SAFETY: within the storage.
            return unsafe UnsafePointer(base.advanced(by: index))
        }
        unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            // SAFETY: as above.
            return unsafe base.advanced(by: index)
        }
    }
}
