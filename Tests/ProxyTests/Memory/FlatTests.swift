import Testing

@testable import Proxy

@Suite struct FlatTests {
    @Test func aFlatArrayIsItsStoragesElements() {
        let storage = FlatStorage([3, 1, 4, 1, 5])
        let view = storage.view
        #expect(view.count == 5)
        #expect((0..<view.count).map { view[$0] } == [3, 1, 4, 1, 5])
        #expect(FlatStorage([Int]()).view.count == 0)
        #expect(FlatArray<Int>().count == 0)
    }

    @Test func aBatchHoldsAsMuchAsItSays() {
        var batch = CompletionBatch(capacity: 3)
        for slot in 0..<3 as Range<UInt32> {
            #expect(!batch.isFull && batch.room == 3 - Int(slot))
            batch.append(Completion(Token(.accept, slot: slot, generation: 0), .ended))
        }
        #expect(batch.isFull && batch.count == 3)
        #expect((0..<3).map { batch[$0].token.slot } == [0, 1, 2])
        batch.removeAll()
        #expect(batch.count == 0 && batch.room == 3)
    }

    @Test func zeroedElementsAreZeroAndSharedByTheirViews() {
        let table = ZeroedTable<PoolTicket>(count: 3)
        let (one, other) = (table.view, table.view)
        #expect(one[1].take() == 0)
        #expect(other[1].take() == 1)
        #expect(other[2].take() == 0)
    }

    @Test func anInstantStaysWithinItsNumbers() {
        #expect(Instant.never + 1 == .never)
        #expect(Instant(nanoseconds: .max - 1) + 5 == .never)
        #expect(Instant(nanoseconds: 5).since(Instant(nanoseconds: 9)) == 0)
        #expect(Instant(nanoseconds: 9).since(Instant(nanoseconds: 5)) == 4)
    }
}
