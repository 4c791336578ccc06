import Testing

@testable import Proxy

@Suite struct ChunkedListTests {
    private final class Item: Sendable {
        let number: Int

        init(_ number: Int) { self.number = number }
    }

    private static func numbers(_ list: ChunkedList<Item>) -> [Int] { list[0..<list.count].map(\.number) }

    /// A deterministic walk through changes of every kind; an array does the same.
    @Test func doesWhatAnArrayDoes() {
        var list = ChunkedList<Item>()
        var array: [Item] = []
        var state: UInt64 = 7
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for turn in 0..<600 {
            let from = below(array.count + 1)
            let end = from + below(min(array.count - from, turn % 50 == 0 ? 400 : 5) + 1)
            let new = (0..<below(turn % 40 == 0 ? 500 : 6)).map { Item(turn * 1000 + $0) }
            list.replaceSubrange(from..<end, with: new)
            array.replaceSubrange(from..<end, with: new)
            #expect(list.count == array.count)
            #expect(Self.numbers(list) == array.map(\.number))
            if !array.isEmpty {
                let any = below(array.count)
                #expect(list[any] === array[any])
            }
        }
        #expect(!array.isEmpty)
        let sizes = list.chunks.map(\.elements.count)
        #expect(sizes.allSatisfy { (1...128).contains($0) })
        list.replaceSubrange(0..<list.count, with: [])
        #expect(list.count == 0 && list.chunks.isEmpty)
    }

    @Test func smallChunksAreJoined() {
        var list = ChunkedList((0..<2000).map { Item($0) })
        // All but every hundredth go, one by one.
        for index in (0..<2000).reversed() where index % 100 != 0 { list.replaceSubrange(index..<index + 1, with: []) }
        #expect(Self.numbers(list) == (0..<20).map { $0 * 100 })
        #expect(list.chunks.count <= 2)
    }

    @Test func aChangeLeavesTheOtherChunksAlone() {
        let old = ChunkedList((0..<5000).map { Item($0) })
        var new = old
        new.replaceSubrange(777..<778, with: [Item(-1)])
        let same = zip(old.chunks, new.chunks).count { $0 === $1 }
        #expect(same == old.chunks.count - 1)
        #expect(old[777].number == 777 && new[777].number == -1)
        let middle = old.changedMiddle(to: new)
        #expect(middle.old == 777..<778 && middle.new == 777..<778)
    }

    @Test(arguments: [(0, 0, 3), (0, 2, 0), (4999, 5000, 1), (5000, 5000, 2), (100, 4000, 7), (2500, 2500, 1)])
    func tellsWhatIsBetween(change: (from: Int, end: Int, count: Int)) {
        let old = ChunkedList((0..<5000).map { Item($0) })
        var new = old
        new.replaceSubrange(change.from..<change.end, with: (0..<change.count).map { Item(-$0 - 1) })
        let middle = old.changedMiddle(to: new)
        #expect(middle.old == change.from..<change.end)
        #expect(middle.new == change.from..<change.from + change.count)
    }

    @Test func fromNothingAndToNothing() {
        let none = ChunkedList<Item>()
        let some = ChunkedList((0..<300).map { Item($0) })
        #expect(none.changedMiddle(to: some).new == 0..<300 && none.changedMiddle(to: some).old == 0..<0)
        #expect(some.changedMiddle(to: none).old == 0..<300 && some.changedMiddle(to: none).new == 0..<0)
        #expect(some.changedMiddle(to: some).old.isEmpty && none.changedMiddle(to: none).new.isEmpty)
    }
}
