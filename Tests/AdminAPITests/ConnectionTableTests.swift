import Testing

@testable import AdminAPI

/// Which connection leaves when another needs its place.
@Suite struct ConnectionTableTests {
    /// By reference, as an expectation cannot change a value.
    private final class Table {
        private var table = ConnectionTable()

        init(_ peers: [String]) {
            for (index, peer) in peers.enumerated() { table.insert(Int32(index), of: peer) }
        }

        var isEmpty: Bool { table.isEmpty }
        var count: Int { table.count }
        func move(_ descriptor: Int32, to stage: ConnectionTable.Stage) -> Bool { table.move(descriptor, to: stage) }
        func makeRoom() -> Int32? { table.makeRoom() }
        func remove(_ descriptor: Int32) { table.remove(descriptor) }
    }

    @Test func theOldestWithoutARequestMakesRoom() {
        let table = Table(["a", "a", "a"])
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
        let table = Table(["a", "a"])
        #expect(table.move(0, to: .asking))
        #expect(table.makeRoom() == 0)
    }

    @Test func theAddressWithTheMostLosesOne() {
        let table = Table(["a", "b", "b", "b", "c", "c"])
        #expect(table.makeRoom() == 1)
        // Now "b" and "c" have two each.
        #expect(table.makeRoom() == 2)
        #expect(table.makeRoom() == 4)
        #expect(table.makeRoom() == 0)
    }

    @Test func whatIsBeingAnsweredStaysAndWhatIsTakenSlowlyGoesLast() {
        let table = Table(["a", "a", "a"])
        #expect(table.move(0, to: .taking))
        #expect(table.move(1, to: .answering))
        #expect(table.makeRoom() == 2)
        #expect(table.makeRoom() == 0)
        #expect(table.makeRoom() == nil)
        #expect(table.count == 1)
    }

    @Test func whoeverHasLostItsPlaceDoesNotGoOn() {
        let table = Table(["a"])
        #expect(table.makeRoom() == 0)
        #expect(!table.move(0, to: .answering))
        table.remove(0)
        #expect(table.isEmpty)
    }
}
