/// Which live slots belong to backends that may be picked: the members of a group once more, in the order of the `FullBoard`,
/// so that those which have room are what is left of 64 at a time. The memory is an `Availables`', which must outlive it.
package struct SlotSet: BitwiseCopyable {
    private let words: ZeroedView<UInt64>
    private let wordStart: Int
    /// The word of the `FullBoard` that its first one belongs to.
    package let firstWord: Int
    package let wordCount: Int

    init(words: ZeroedView<UInt64>, _ record: SlotRecord) {
        self.words = words
        wordStart = Int(record.wordStart)
        firstWord = Int(record.firstWord)
        wordCount = Int(record.wordCount)
    }

    /// - Parameter index: below `wordCount`.
    @inline(always)
    package func word(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < wordCount)
        return words[wordStart + index]
    }

    func clear() {
        for index in 0..<wordCount { words[wordStart + index] = 0 }
    }

    /// Makes a slot a member, or not; nothing happens in a pool without limits, which has no such set.
    func set(_ slot: UInt32, _ isMember: Bool) {
        guard wordCount > 0 else { return }
        let index = Int(slot / 64) - firstWord
        precondition(index >= 0 && index < wordCount)
        let bit: UInt64 = 1 << UInt64(slot % 64)
        if isMember { words[wordStart + index] |= bit } else { words[wordStart + index] &= ~bit }
    }
}

/// Where the words of a `SlotSet` are.
struct SlotRecord: BitwiseCopyable {
    var wordStart: UInt32
    var firstWord: UInt32
    var wordCount: UInt32
}
