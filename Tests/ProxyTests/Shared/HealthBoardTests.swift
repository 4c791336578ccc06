import Model
import Testing

@testable import Proxy

@Suite struct HealthBoardTests {
    private func transition(_ backend: Int) -> HealthTransition {
        HealthTransition(
            at: 0,
            backend: "\(backend)",
            pool: "default",
            from: .serving,
            to: .unhealthy,
            cause: "status 500",
            afterFailures: 1,
            isFlapping: false
        )
    }

    @Test func theLastTransitionsAreKeptAndTheirNumbersTellWhatIsLost() {
        let board = HealthBoard()
        let kept = HealthBoard.transitionsKept
        for number in 1...kept + 7 {
            board.note(transition(number))
            if number == kept { #expect(board.transitions(after: 0).count == kept) }
        }
        let all = board.transitions(after: 0)
        #expect(all.map(\.sequence) == (8...UInt64(kept + 7)).map { $0 })
        #expect(all.allSatisfy { $0.backend == "\($0.sequence)" })
        #expect(board.transitions(after: UInt64(kept + 5)).map(\.backend) == ["\(kept + 6)", "\(kept + 7)"])
        #expect(board.transitions(after: UInt64(kept + 7)).isEmpty)
        #expect(board.transitions(after: .max).isEmpty)
    }
}

@Suite struct SuspectBoardTests {
    @Test func whoIsHandedInIsTakenOnceInTheOrderOfSlots() {
        let board = SuspectBoard()
        #expect(board.take().isEmpty)
        for slot in [UInt32(LiveTable.capacity - 1), 64, 0, 63, 64] { board.insert(slot) }
        #expect(board.take() == [0, 63, 64, UInt32(LiveTable.capacity - 1)])
        #expect(board.take().isEmpty)
    }
}
