import AdminAPI
import Testing

@testable import lbd

/// How long an instance serves that has let go of its state.
@Suite struct DepartureTests {
    private static let second: Int64 = 1_000_000_000

    @Test func itEndsWhenAnotherOneServesWithTheState() {
        var departure = Departure(at: 0)
        #expect(departure.next(.nobody, at: 1) == .wait)
        #expect(departure.next(.process(nil, isServing: false), at: 2) == .wait)
        #expect(departure.next(.process(7, isServing: false), at: 100 * Self.second) == .wait)
        #expect(departure.next(.process(7, isServing: true), at: 101 * Self.second) == .end(7))
        // Whoever that is: it may have been started by somebody who knows nothing of this one.
        var other = Departure(at: 0)
        #expect(other.next(.process(9, isServing: true), at: 1) == .end(9))
    }

    @Test func itTakesTheStateBackWhenNobodyComes() {
        var departure = Departure(at: 0)
        #expect(departure.next(.nobody, at: Departure.patienceNs - 1) == .wait)
        #expect(departure.next(.nobody, at: Departure.patienceNs) == .takeBack)
    }

    @Test func itTakesTheStateBackSoonWhenTheSuccessorHasEnded() {
        var departure = Departure(at: 0)
        #expect(departure.next(.process(7, isServing: false), at: 5 * Self.second) == .wait)
        #expect(departure.next(.nobody, at: 6 * Self.second) == .wait)
        // Between one successor and the next the directory is nobody's for a moment.
        #expect(departure.next(.process(8, isServing: false), at: 7 * Self.second) == .wait)
        #expect(departure.next(.nobody, at: 9 * Self.second) == .wait)
        #expect(departure.next(.nobody, at: 9 * Self.second + Departure.pauseNs - 1) == .wait)
        #expect(departure.next(.nobody, at: 9 * Self.second + Departure.pauseNs) == .takeBack)
    }
}
