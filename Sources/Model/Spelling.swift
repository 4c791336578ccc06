/// Finds what a mistyped word was probably meant to be.
package enum Spelling {
    /// Longer words are not compared: nobody mistypes those, and the comparison is quadratic.
    private static let bytesMax = 64

    /// The candidate closest to `word`, or nil when none is close.
    ///
    /// Close is a Damerau–Levenshtein distance (insertions, deletions, substitutions, swaps of neighbours) of at most a
    /// third of the longer word and never more than 3, with case, `-`, `_` and spaces left out; or being the only
    /// candidate that `word`, of three letters or more, begins. The first of several equally close ones is taken.
    package static func nearest(_ word: String, among candidates: [String]) -> String? {
        let folded = fold(word)
        guard !folded.isEmpty, folded.count <= bytesMax else { return nil }
        var best: String?
        var bestDistance = Int.max
        var begun: [String] = []
        for candidate in candidates {
            let other = fold(candidate)
            guard !other.isEmpty, other.count <= bytesMax else { continue }
            if folded.count >= 3, other.starts(with: folded) { begun.append(candidate) }
            let bound = min(3, max(1, max(folded.count, other.count) / 3))
            let distance = distance(folded, other, bound: min(bound, bestDistance - 1))
            // Two words of one or two letters that share none are not a slip of the finger.
            guard let distance, distance < max(folded.count, other.count) else { continue }
            best = candidate
            bestDistance = distance
            if distance == 0 { break }
        }
        return best ?? (begun.count == 1 ? begun[0] : nil)
    }

    private static func fold(_ word: String) -> [UInt8] {
        word.utf8.compactMap { byte in
            switch byte {
            case 0x2D, 0x5F, 0x20: nil
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
    }

    /// The optimal string alignment distance, or nil when it is more than `bound`.
    private static func distance(_ left: [UInt8], _ right: [UInt8], bound: Int) -> Int? {
        guard bound >= 0, abs(left.count - right.count) <= bound else { return nil }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        var row = last
        for (i, a) in left.enumerated() {
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a == b ? 0 : 1))
                if i > 0, j > 0, a == right[j - 1], b == left[i - 1] { cost = min(cost, beforeLast[j - 1] + 1) }
                row[j + 1] = cost
            }
            (beforeLast, last, row) = (last, row, beforeLast)
        }
        return last[right.count] <= bound ? last[right.count] : nil
    }
}
