import Testing

@testable import AdminAPI

/// Which connection leaves when another needs its place.
@Suite struct ConnectionTableTests {
    private func table(_ peers: [String]) -> ConnectionTable {
        var table = ConnectionTable()
        for (index, peer) in peers.enumerated() { table.insert(Int32(index), of: peer) }
        return table
    }

    @Test func theOldestWithoutARequestMakesRoom() {
        var table = table(["a", "a", "a"])
        // The first has been answered since, and waits for less long than the second.
        #expect(table.move(0, to: .answering))
        #expect(table.move(0, to: .asking))
        #expect(table.makeRoom() == 1)
        #expect(table.makeRoom() == 2)
        #expect(table.makeRoom() == 0)
        #expect(table.makeRoom() == nil)
        #expect(table.isEmpty)
    }

    @Test func bytesThatAreNoRequestMakeNobodyYounger() {
        var table = table(["a", "a"])
        #expect(table.move(0, to: .asking))
        #expect(table.makeRoom() == 0)
    }

    @Test func theAddressWithTheMostLosesOne() {
        var table = table(["a", "b", "b", "b", "c", "c"])
        #expect(table.makeRoom() == 1)
        // Now "b" and "c" have two each.
        #expect(table.makeRoom() == 2)
        #expect(table.makeRoom() == 4)
        #expect(table.makeRoom() == 0)
    }

    @Test func whatIsBeingAnsweredStaysAndWhatIsTakenSlowlyGoesLast() {
        var table = table(["a", "a", "a"])
        #expect(table.move(0, to: .taking))
        #expect(table.move(1, to: .answering))
        #expect(table.makeRoom() == 2)
        #expect(table.makeRoom() == 0)
        #expect(table.makeRoom() == nil)
        #expect(table.count == 1)
    }

    @Test func whoeverHasLostItsPlaceDoesNotGoOn() {
        var table = table(["a"])
        #expect(table.makeRoom() == 0)
        #expect(!table.move(0, to: .answering))
        table.remove(0)
        #expect(table.isEmpty)
    }
}
