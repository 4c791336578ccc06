import Testing

@testable import Proxy

/// A pool of backends with their live facts.
private final class Field {
    let table = LiveTable()
    let snapshot: Snapshot
    var tried = TriedBackends()

    init(weights: [Int], requestsMax: UInt32 = 0) {
        let plans = weights.indices.map { index in
            // Live slots in another order than the pool's: the two must not be mixed up.
            BackendPlan(
                live: UInt32(weights.count - 1 - index),
                endpointStart: 0,
                endpointCount: 0,
                weight: UInt32(weights[index]),
                requestsMax: requestsMax
            )
        }
        let rotation = Rotation.compile(weights: weights)
        let pool = PoolPlan(
            ticket: 3,
            rotationStart: 0,
            rotationCount: UInt32(rotation.count),
            backendStart: 0,
            backendCount: UInt32(weights.count)
        )
        snapshot = Snapshot(
            sequence: 1,
            backends: plans,
            endpoints: [],
            rotation: rotation,
            pools: [pool],
            liveSlots: weights.count,
            probes: []
        )
        for index in weights.indices { set(index, .serving) }
    }

    func live(_ index: Int) -> UInt32 { snapshot.view.backends[index].live }
    func set(_ index: Int, _ availability: Availability) {
        table.setAvailability(live(index), availability)
    }

    func pick() -> Pick {
        Pick.roundRobin(
            snapshot.view.pools[0],
            in: snapshot.view,
            live: table.backends,
            tickets: table.tickets,
            tried: tried
        )
    }

    /// How often each backend is picked in so many turns.
    func shares(_ turns: Int) -> [UInt32: Int] {
        var counts: [UInt32: Int] = [:]
        for _ in 0..<turns { if case .backend(let index) = pick() { counts[index, default: 0] += 1 } }
        return counts
    }
}

@Suite struct PickTests {
    @Test func threeBackendsTakeTurnsExactly() {
        let field = Field(weights: [1, 1, 1])
        for turn in 0..<30 as Range<UInt32> { #expect(field.pick() == .backend(turn % 3)) }
    }

    /// Each worker has its own snapshot view; the ticket is the one thing they share.
    @Test func severalCallersTogetherAreOneRotation() {
        let field = Field(weights: [1, 1, 1, 1, 1])
        var random = SplitMix(5)
        var counts = [UInt32: Int]()
        var callers = [Int](repeating: 0, count: 4)
        for turn in 0..<1000 as Range<UInt32> {
            callers[Int.random(in: 0..<4, using: &random)] += 1
            let pick = field.pick()
            #expect(pick == .backend(turn % 5))
            if case .backend(let index) = pick { counts[index, default: 0] += 1 }
        }
        #expect(counts.values.allSatisfy { $0 == 200 })
        #expect(callers.allSatisfy { $0 > 0 })
    }

    @Test func aDownBackendLeavesTheOthersEqual() {
        let field = Field(weights: [1, 1, 1, 1])
        field.set(2, .unhealthy)
        field.set(0, .starting)
        #expect(field.shares(100) == [1: 50, 3: 50])
        field.set(0, .serving)
        field.set(2, .serving)
        let shares = field.shares(400)
        #expect(shares.values.allSatisfy { $0 == 100 } && shares.count == 4)
    }

    @Test func triedBackendsAreSkippedUntilNoneIsLeft() {
        let field = Field(weights: [1, 1, 1])
        var picked = Set<UInt32>()
        for _ in 0..<3 {
            guard case .backend(let index) = field.pick() else {
                Issue.record("nobody left")
                return
            }
            #expect(picked.insert(index).inserted)
            field.tried.insert(field.live(Int(index)))
        }
        #expect(field.pick() == .none)
    }

    @Test func theOldestTriedIsForgottenFirst() {
        var tried = TriedBackends()
        #expect(!tried.contains(.max))
        for slot in 0..<6 as Range<UInt32> { tried.insert(slot) }
        #expect((0..<6 as Range<UInt32>).map { tried.contains($0) } == [false, false, true, true, true, true])
    }

    @Test func nobodyIsNone() {
        #expect(Field(weights: []).pick() == .none)
        #expect(Field(weights: [0, 0]).pick() == .none)
        let field = Field(weights: [1, 1])
        field.set(0, .unhealthy)
        field.set(1, .unhealthy)
        #expect(field.pick() == .none)
    }

    @Test(arguments: [0, 1, 63, 64, 65, 2500, 4999])
    func theOneOfFiveThousandThatIsUpIsFound(_ up: Int) {
        let field = Field(weights: [Int](repeating: 1, count: 5000))
        for index in 0..<5000 where index != up { field.set(index, .unhealthy) }
        for _ in 0..<200 { #expect(field.pick() == .backend(UInt32(up))) }
    }

    @Test func aBackendWithoutWeightIsNotPickedWhenAllOthersAreDown() {
        let field = Field(weights: [1, 0])
        field.set(0, .unhealthy)
        #expect(field.pick() == .none)
    }

    @Test func backendsAtTheirLimitAreFullAndNotGone() {
        let field = Field(weights: [1, 1], requestsMax: 1)
        let lines = field.table.backends
        #expect(lines[0].beginRequest(most: 1) == true)
        #expect(lines[0].beginRequest(most: 1) == false)
        #expect(lines[0].inFlight == 1)
        #expect(field.shares(10) == [0: 10])
        #expect(lines[1].beginRequest(most: 1) == true)
        #expect(field.pick() == .full)
        field.set(0, .unhealthy)
        field.set(1, .unhealthy)
        #expect(field.pick() == .none)
        lines[0].endRequest()
        field.set(1, .serving)
        #expect(field.pick() == .backend(1))
    }

    @Test func weightedSharesAreExactOverTheRotation() {
        #expect(Field(weights: [5, 1, 0, 2]).shares(800) == [0: 500, 1: 100, 3: 200])
    }
}
