import Testing

@testable import Proxy

@Suite struct SlotTableTests {
    @Test func slotsAreBlankDistinctAndBounded() {
        var table = SlotTable(blank: 7, capacity: 2, capacityMax: 9)
        var slots: [UInt32] = []
        for index in 0..<9 {
            guard let slot = table.take() else {
                Issue.record("no slot \(index)")
                return
            }
            #expect(!slots.contains(slot))
            #expect(table[slot] == 7)
            table[slot] = index
            slots.append(slot)
        }
        #expect(table.take() == nil)
        #expect(table.count == 9 && table.capacity == 9)
        for (index, slot) in slots.enumerated() { #expect(table[slot] == index) }
        table.give(slots[4])
        #expect(table.take() == slots[4])
        #expect(table[slots[4]] == 7)
    }

    @Test func aTokenIsCurrentForOneUseOfItsSlot() {
        var table = SlotTable(blank: 0, capacity: 1, capacityMax: 4)
        var stale: [Token] = []
        for _ in 0..<1000 {
            let slot = table.take()!
            let token = Token(.downstreamReceive, slot: slot, generation: table.generation(slot))
            #expect(table.isCurrent(token) == true)
            for old in stale { #expect(table.isCurrent(old) == false) }
            table.give(slot)
            #expect(table.isCurrent(token) == false)
            stale = Array((stale + [token]).suffix(8))
        }
    }

    @Test func aTokenKeepsItsPartsApart() {
        let token = Token(.upstreamSend, slot: .max, generation: 0xFFFF_FFFF)
        #expect(token.kind == .upstreamSend && token.slot == .max && token.generation == Token.generationMask)
        let other = Token(.wake, slot: 0, generation: 1)
        #expect(other.kind == .wake && other.slot == 0 && other.generation == 1)
    }

    @Test func aTokenForASlotThatNeverWasIsStale() {
        let table = SlotTable(blank: 0, capacity: 1, capacityMax: 4)
        #expect(table.isCurrent(Token(.accept, slot: 3, generation: 1)) == false)
        #expect(table.isTaken(.max) == false)
    }

    @Test func aSlotGivenTwiceEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var table = SlotTable(blank: 0, capacity: 1, capacityMax: 4)
            let slot = table.take()!
            table.give(slot)
            table.give(slot)
        }
    }
}
