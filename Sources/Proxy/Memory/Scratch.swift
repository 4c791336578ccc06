/// One value of a loop that is written and read within a turn, outside of the loop's own memory: so it can be filled from
/// a buffer of the same loop without the two accesses counting as one.
@safe
package struct Scratch<Value: ~Copyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Value>

    package init(_ value: consuming Value) {
        // SAFETY: initialised here, freed in deinit; trivial in between.
        unsafe base = .allocate(capacity: 1)
        unsafe base.initialize(to: value)
    }

    deinit {
        unsafe base.deinitialize(count: 1)
        unsafe base.deallocate()
    }

    /// The owner is one thread's, and uses it in one place at a time.
    @inline(always)
    package var value: Value {
        unsafeAddress {
            // SAFETY: initialised for the life of the cell.
            unsafe UnsafePointer(base)
        }
        nonmutating unsafeMutableAddress {
            // SAFETY: as above.
            unsafe base
        }
    }
}
