import Synchronization

/// Which backends have been found at their limit of requests, by live slot, so that one with room is found among thousands
/// without a look at each.
///
/// Written by workers: one that finds a backend full notes it, and one that takes a request away from it strikes the note
/// out. A backend that is full may lack its note; one that has room never keeps it, as long as both do their part in the
/// order that `noteFull` and `left` say. Where no limit is reached nobody writes.
package struct FullBoard: BitwiseCopyable, Sendable {
    /// 64 backends in each word, which has a cache line for itself.
    static let wordCount = LiveTable.capacity / 64

    private let words: ZeroedView<FullWord>

    init(_ words: ZeroedView<FullWord>) { self.words = words }

    /// The backends of slots `64 * index` and up that are noted.
    @inline(always)
    package func word(_ index: Int) -> UInt64 { words[index].bits.load(ordering: .relaxed) }

    /// Notes a backend that was found with `most` requests in flight, or more.
    package func noteFull(_ slot: UInt32, most: UInt32, _ live: ZeroedView<LiveBackend>) {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        let word = Int(slot / 64)
        guard words[word].bits.load(ordering: .relaxed) & bit == 0 else { return }
        words[word].bits.bitwiseOr(bit, ordering: .sequentiallyConsistent)
        // A request that left before the note was there has not seen it; then its leaving is seen here. One of the two
        // must be: all four accesses are in one order.
        if live[Int(slot)].hasRoomNow(most: most) {
            words[word].bits.bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
        }
    }

    /// A backend has one request less in flight, which has been counted out already.
    @inline(always)
    package func left(_ slot: UInt32) {
        let bit: UInt64 = 1 << UInt64(slot % 64)
        guard words[Int(slot / 64)].bits.load(ordering: .sequentiallyConsistent) & bit != 0 else { return }
        words[Int(slot / 64)].bits.bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
    }
}

/// Not nested and not private: see `IdleList`.
struct FullWord: ~Copyable {
    fileprivate let bits: Atomic<UInt64>
    private var padding: [7 of UInt64]
}
