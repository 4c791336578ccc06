/// A list of thousands that is copied with every change and of which every copy lasts: copies share all but the chunks in
/// which they differ, so that a change touches some dozens of elements and no others.
package struct ChunkedList<Element: Sendable>: Sendable {
    final class Chunk: Sendable {
        let elements: [Element]

        init(_ elements: [Element]) { self.elements = elements }
    }

    /// A chunk that is made new has no more elements than this, and at least half of it unless it is the last.
    private static var chunkMax: Int { 128 }

    private(set) var chunks: [Chunk] = []
    /// Where each chunk begins.
    private(set) var starts: [Int] = []
    package private(set) var count = 0

    package init() {}

    package init(_ elements: [Element]) {
        replaceSubrange(0..<0, with: elements)
    }

    /// O(log n).
    package subscript(_ index: Int) -> Element {
        precondition(index >= 0 && index < count)
        let chunk = self.chunk(of: index)
        return chunks[chunk].elements[index - starts[chunk]]
    }

    package subscript(_ range: Range<Int>) -> [Element] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var found: [Element] = []
        found.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let chunk = self.chunk(of: index)
            let start = starts[chunk]
            let end = min(range.upperBound - start, chunks[chunk].elements.count)
            found += chunks[chunk].elements[index - start..<end]
            index = start + end
        }
        return found
    }

    package mutating func replaceSubrange(_ range: Range<Int>, with new: [Element]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        if range.isEmpty, new.isEmpty { return }
        let half = Self.chunkMax / 2
        // The chunks that are made anew, and what they will hold.
        let first = count == 0 ? 0 : chunk(of: min(range.lowerBound, count - 1))
        var end = first
        var elements: [Element] = []
        if first < chunks.count {
            elements += chunks[first].elements.prefix(range.lowerBound - starts[first])
            elements += new
            end = first + 1
            while end < chunks.count, starts[end] < range.upperBound { end += 1 }
            let last = end - 1
            elements += chunks[last].elements.dropFirst(max(0, range.upperBound - starts[last]))
            while end < chunks.count, elements.count < half {
                elements += chunks[end].elements
                end += 1
            }
        } else {
            elements = new
        }
        // Pieces of nearly one size, none of which is too small.
        let pieces = elements.isEmpty ? 0 : (elements.count + Self.chunkMax - 1) / Self.chunkMax
        let made = (0..<pieces).map { piece in
            Chunk(Array(elements[elements.count * piece / pieces..<elements.count * (piece + 1) / pieces]))
        }
        chunks.replaceSubrange(first..<end, with: made)
        starts.removeSubrange(first...)
        count = first == 0 ? 0 : starts[first - 1] + chunks[first - 1].elements.count
        for chunk in chunks[first...] {
            starts.append(count)
            count += chunk.elements.count
        }
    }

    /// The last one that does not begin behind `index`. Not of an empty list.
    private func chunk(of index: Int) -> Int {
        var (low, high) = (0, chunks.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= index { low = middle } else { high = middle }
        }
        return low
    }
}

extension ChunkedList where Element: AnyObject {
    /// What is between the elements that both lists begin with and those that both end with. Chunks that both have are not
    /// looked into.
    func changedMiddle(to new: ChunkedList) -> ChangedMiddle {
        var head = 0
        while head < min(chunks.count, new.chunks.count), chunks[head] === new.chunks[head] { head += 1 }
        var tail = 0
        while tail < min(chunks.count, new.chunks.count) - head,
            chunks[chunks.count - 1 - tail] === new.chunks[new.chunks.count - 1 - tail]
        { tail += 1 }
        let old = range(head, tail)
        let young = new.range(head, tail)
        let inner = ChangedMiddle(from: self[old], to: new[young])
        return ChangedMiddle(
            old: inner.old.lowerBound + old.lowerBound..<inner.old.upperBound + old.lowerBound,
            new: inner.new.lowerBound + young.lowerBound..<inner.new.upperBound + young.lowerBound
        )
    }

    /// The elements of all chunks but so many at the beginning and so many at the end.
    private func range(_ head: Int, _ tail: Int) -> Range<Int> {
        let start = head < chunks.count ? starts[head] : count
        let end = tail == 0 ? count : starts[chunks.count - tail]
        return start..<end
    }
}
