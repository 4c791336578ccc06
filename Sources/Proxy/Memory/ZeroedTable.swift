import CLinux

/// Elements whose all-zero bytes are a valid value (atomics at 0, counters), in pages that cost memory only once touched.
///
/// Never grows and never moves, so views of it may be held by other threads for as long as the owner lives.
@safe
package struct ZeroedTable<Element: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    package let count: Int

    package init(count: Int) {
        precondition(count > 0)
        self.count = count
        // SAFETY: zeroed pages are valid elements by the contract of this type; pages are aligned for anything.
        let memory = unsafe clx_zeroed(count * MemoryLayout<Element>.stride).unsafelyUnwrapped
        unsafe base = memory.assumingMemoryBound(to: Element.self)
    }

    deinit { unsafe clx_zeroed_free(base, count * MemoryLayout<Element>.stride) }

    package var view: ZeroedView<Element> { unsafe ZeroedView(base: base, count: count) }
}

/// A view of a `ZeroedTable` that costs no reference count; the table's owner must outlive it.
@safe
package struct ZeroedView<Element: ~Copyable>: BitwiseCopyable, @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    package let count: Int

    @unsafe
    fileprivate init(base: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// For the kernel's side only.
    @unsafe
    package var address: UnsafeMutablePointer<Element> { unsafe base }

    /// Traps outside of the table.
    @inline(always)
    package subscript(_ index: Int) -> Element {
        unsafeAddress {
            precondition(index >= 0 && index < count)
            // SAFETY: within the table, which outlives the view.
            return unsafe UnsafePointer(base.advanced(by: index))
        }
        nonmutating unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            // SAFETY: as above.
            return unsafe base.advanced(by: index)
        }
    }
}
