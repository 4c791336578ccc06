/// A view of trivial elements that somebody else owns, passed around without counting references.
///
/// The owner (a `FlatStorage`) must outlive the view: a snapshot does, because its worker holds it until it has adopted
/// the next one.
@safe
package struct FlatArray<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    private let base: UnsafePointer<Element>?
    package let count: Int

    @unsafe
    fileprivate init(base: UnsafePointer<Element>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// No elements.
    package init() {
        unsafe base = nil
        count = 0
    }

    @inline(always)
    package subscript(_ index: Int) -> Element {
        precondition(index >= 0 && index < count)
        // SAFETY: index < count; a non-empty view has a base, whose owner outlives it (see above).
        return unsafe base.unsafelyUnwrapped[index]
    }
}

/// The owner of a `FlatArray`'s elements; never changes after it is made.
@safe
package struct FlatStorage<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    private let count: Int

    package init(_ elements: [Element]) {
        count = elements.count
        // SAFETY: every element is initialised before anyone can see the storage.
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe elements.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            unsafe base.initialize(from: first, count: source.count)
        }
    }

    deinit { unsafe base.deallocate() }

    package var view: FlatArray<Element> { unsafe FlatArray(base: base, count: count) }
}
