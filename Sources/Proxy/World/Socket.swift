/// A connection or listener of one world: a descriptor in the kernel's, an index in the simulator's.
package struct Socket: Equatable, Sendable, BitwiseCopyable {
    package var raw: Int32

    @inline(always)
    package init(raw: Int32) { self.raw = raw }

    package static let none = Socket(raw: -1)
}
