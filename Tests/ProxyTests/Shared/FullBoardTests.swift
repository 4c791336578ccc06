import Testing

@testable import Proxy

@Suite struct FullBoardTests {
    @Test func aNoteIsStruckOutByWhoeverLeaves() {
        let table = LiveTable()
        #expect(table.backends[70].beginRequest(most: 1) == true)
        table.full.noteFull(70, most: 1, table.backends)
        #expect(table.full.word(1) == 1 << 6)
        table.backends[70].endRequest()
        table.full.left(70)
        #expect(table.full.word(1) == 0)
        // Too late: there is room.
        table.full.noteFull(70, most: 1, table.backends)
        #expect(table.full.word(1) == 0)
    }

    /// Threads that take the one place of some backends and leave it, and note what they find full. When all have left,
    /// nothing is noted: a backend with room is never hidden for good.
    @Test func noBackendWithRoomStaysNotedWhateverTheOrder() async {
        let table = LiveTable()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 as Range<UInt64> {
                group.addTask {
                    var random = SplitMix(thread)
                    for _ in 0..<200_000 {
                        let slot = UInt32.random(in: 0..<3, using: &random)
                        if table.backends[Int(slot)].beginRequest(most: 1) {
                            table.backends[Int(slot)].endRequest()
                            table.full.left(slot)
                        } else {
                            table.full.noteFull(slot, most: 1, table.backends)
                        }
                    }
                }
            }
        }
        #expect(table.full.word(0) == 0)
    }
}
