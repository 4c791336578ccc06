/// Which places of a list are held by backends that may be picked: a set of small numbers that is counted and indexed.
///
/// A bitmap with a Fenwick tree over its words (Fenwick, 1994): to find the n-th member of 65,536 places takes ten steps
/// down the tree and six within a word, however few members there are; to add or remove one takes eleven. The memory is
/// an `Availables`', which must outlive it.
package struct AvailableSet: BitwiseCopyable {
    private let words: ZeroedView<UInt64>
    /// The number of members, then a Fenwick tree over the words, which counts from 1.
    private let sums: ZeroedView<UInt32>
    private let wordStart: Int
    private let sumStart: Int
    /// Members are below this.
    package let places: Int

    init(words: ZeroedView<UInt64>, sums: ZeroedView<UInt32>, _ record: SetRecord) {
        self.words = words
        self.sums = sums
        wordStart = Int(record.wordStart)
        sumStart = Int(record.sumStart)
        places = Int(record.places)
    }

    static func wordCount(places: Int) -> Int { (places + 63) / 64 }

    package var count: Int { Int(sums[sumStart]) }

    package func contains(_ place: Int) -> Bool {
        precondition(place >= 0 && place < places)
        return words[wordStart + place / 64] >> UInt64(place % 64) & 1 == 1
    }

    /// The member that has `rank` smaller ones. Traps unless `rank` is below `count`.
    @inline(always)
    package func select(_ rank: Int) -> Int {
        let count = self.count
        precondition(rank >= 0 && rank < count)
        return count == places ? rank : search(rank)
    }

    private func search(_ rank: Int) -> Int {
        var left = UInt32(rank)
        var word = 0
        let wordCount = Self.wordCount(places: places)
        var step = 1 << (Int.bitWidth - 1 - wordCount.leadingZeroBitCount)
        while step > 0 {
            let next = word + step
            if next <= wordCount, sums[sumStart + next] <= left {
                left -= sums[sumStart + next]
                word = next
            }
            step >>= 1
        }
        // `left` members of this word come before the one that is looked for.
        var bits = words[wordStart + word]
        var place = word * 64
        var width: UInt64 = 32
        while width > 0 {
            let low = UInt32((bits & (1 << width - 1)).nonzeroBitCount)
            if low <= left {
                left -= low
                bits >>= width
                place += Int(width)
            }
            width >>= 1
        }
        return place
    }

    /// The number of members below a place, which need not be one.
    package func rank(_ place: Int) -> Int {
        precondition(place >= 0 && place < places)
        guard count < places else { return place }
        let word = place / 64
        var rank = (words[wordStart + word] & (1 << UInt64(place % 64) - 1)).nonzeroBitCount
        var node = word
        while node > 0 {
            rank += Int(sums[sumStart + node])
            node -= node & -node
        }
        return rank
    }

    /// Makes every place no member.
    func clear() {
        for word in 0..<Self.wordCount(places: places) { words[wordStart + word] = 0 }
    }

    /// Makes a place a member, which only `recount` makes known.
    @inline(always)
    func fill(_ place: Int) {
        precondition(place >= 0 && place < places)
        words[wordStart + place / 64] |= 1 << UInt64(place % 64)
    }

    /// Counts the members anew. O(places).
    func recount() {
        let wordCount = Self.wordCount(places: places)
        var total: UInt32 = 0
        for word in 0..<wordCount {
            let count = UInt32(words[wordStart + word].nonzeroBitCount)
            sums[sumStart + word + 1] = count
            total += count
        }
        sums[sumStart] = total
        // Each node adds itself to the one above it, which comes later.
        for node in 1..<wordCount + 1 {
            let above = node + (node & -node)
            if above <= wordCount { sums[sumStart + above] += sums[sumStart + node] }
        }
    }

    /// Makes a place a member, or not.
    /// - Returns: whether that has changed anything.
    @discardableResult
    func set(_ place: Int, _ isMember: Bool) -> Bool {
        guard contains(place) != isMember else { return false }
        words[wordStart + place / 64] ^= 1 << UInt64(place % 64)
        let change: UInt32 = isMember ? 1 : .max
        sums[sumStart] &+= change
        let wordCount = Self.wordCount(places: places)
        var node = place / 64 + 1
        while node <= wordCount {
            sums[sumStart + node] &+= change
            node += node & -node
        }
        return true
    }
}

/// Where a set's parts are. Not private: the compiler loses a private element type of a table that another file destroys.
struct SetRecord: BitwiseCopyable {
    var wordStart: UInt32
    var sumStart: UInt32
    var places: UInt32
}
