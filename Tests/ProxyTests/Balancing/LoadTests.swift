import Model
import Testing

@testable import Proxy

/// The algorithms that draw and compare, by their statistics. Seeds are fixed, so these pass always or never.
@Suite struct LoadTests {
    @Test(arguments: Algorithm.drawn, [[1, 1], [1, 1, 1, 1, 1], [3, 1], [10, 5, 1], [1000, 1, 500]])
    func sharesFollowTheWeightsWhereNothingIsInFlight(_ algorithm: Algorithm, _ weights: [Int]) {
        let field = PickField(algorithm, weights: weights, seed: 4)
        #expect(isLikely(field.shares(20_000), shares: weights.map { Double($0) }), "\(field.shares(1000))")
    }

    @Test(arguments: Algorithm.drawn) func thoseLeftHaveEqualSharesWhereMostAreDown(_ algorithm: Algorithm) {
        let field = PickField(algorithm, count: 500, seed: 8)
        let up = [3, 77, 78, 200, 499]
        for index in 0..<500 where !up.contains(index) { field.set(index, .unhealthy) }
        let shares = field.shares(10_000)
        #expect(isLikely(up.map { shares[$0] }, shares: [1, 1, 1, 1, 1]))
    }

    /// Caddy's power of two took the busier one half of the time (caddy#7873).
    @Test(arguments: Algorithm.loadAware) func ofTwoTheIdleOneIsTaken(_ algorithm: Algorithm) {
        for busy in 0..<2 {
            let field = PickField(algorithm, count: 2, seed: 2)
            field.load(busy, 50)
            let shares = field.shares(2000)
            #expect(shares[1 - busy] >= 1900, "\(shares)")
        }
    }

    @Test(arguments: Algorithm.loadAware) func theBusiestOfManyIsHardlyTaken(_ algorithm: Algorithm) {
        let field = PickField(algorithm, count: 10, seed: 3)
        field.load(4, 50)
        let shares = field.shares(5000)
        #expect(shares[4] == 0)
        #expect(shares.enumerated().allSatisfy { $0.offset == 4 || $0.element > 300 }, "\(shares)")
    }

    @Test(arguments: Algorithm.loadAware) func loadFollowsTheWeights(_ algorithm: Algorithm) {
        let field = PickField(algorithm, weights: [4, 2, 1], seed: 5)
        for _ in 0..<700 { _ = field.begin() }
        let loads = (0..<3).map { field.inFlight($0) }
        for (load, expected) in zip(loads, [400, 200, 100]) { #expect(abs(load - expected) < 30, "\(loads)") }
    }

    /// A canary gets its hundredth at any number of requests at once, also of an algorithm that compares latencies, which are
    /// never quite the same.
    @Test(arguments: Algorithm.drawn, [1, 2, 4, 16, 64])
    func sharesAreNearTheWeightsHoweverManyRequestsThereAre(_ algorithm: Algorithm, _ clients: Int) {
        let field = PickField(algorithm, weights: [99, 1], seed: 12)
        var random = SplitMix(UInt64(clients))
        var running: [(index: Int, startedAt: Instant, endsAt: Instant)] = []
        var counts = [0, 0]
        let total = 40_000
        while counts[0] + counts[1] < total {
            while running.count < clients, let index = field.begin() {
                counts[index] += 1
                let took = UInt64.random(in: 8_000_000..<12_000_000, using: &random)
                running.append((index, field.now, field.now + took))
            }
            let next = running.indices.min { running[$0].endsAt < running[$1].endsAt }!
            let ended = running.remove(at: next)
            field.now = ended.endsAt
            field.end(ended.index)
            let took = ended.endsAt.since(ended.startedAt)
            field.experiences.backends[Int(field.live(ended.index))].answered(afterNs: took, at: field.now)
            field.experiences.pools[PickField.ticket].answered(afterNs: took)
        }
        let percent = 100 * Double(counts[1]) / Double(total)
        #expect((0.4...1.5).contains(percent), "\(percent) %")
    }

    @Test func exactIsExactWhereItSeesThemAll() {
        let field = PickField(.leastRequestExact, count: 64, seed: 6)
        for index in 0..<64 where index != 41 { field.load(index, 2) }
        field.load(41, 1)
        #expect(field.shares(200)[41] == 200)
    }

    /// Of more than it compares it takes one by weight when that is idle, and else the least busy of 64.
    @Test func exactLooksForAnIdleOneAmongThousands() {
        let idle = PickField(.leastRequestExact, weights: (0..<2000).map { $0 == 7 ? 1000 : 1 }, seed: 8)
        let share = idle.shares(3000)[7]
        #expect((900...1100).contains(share), "\(share) of 3,000 picks for a third of the weight")
        let busy = PickField(.leastRequestExact, count: 2000, seed: 9)
        for index in 0..<2000 { busy.load(index, index % 50 == 0 ? 0 : 2) }
        let shares = busy.shares(2000)
        #expect(shares.enumerated().allSatisfy { $0.offset % 50 == 0 || $0.element == 0 })
        #expect(shares.filter { $0 > 0 }.count == 40)
        for index in 0..<2000 { busy.load(index, 2) }
        #expect(busy.pick() != .none && busy.looks <= 70)
    }

    /// Requests that end in the order they came: nobody waits forever for one, and nobody is left with more than its part.
    @Test(arguments: Algorithm.drawn + [.roundRobin]) func nobodyStarves(_ algorithm: Algorithm) {
        let field = PickField(algorithm, count: 20, seed: 7)
        var running: [Int] = []
        var counts = [Int](repeating: 0, count: 20)
        for _ in 0..<20_000 {
            guard let index = field.begin() else {
                Issue.record("nobody was picked")
                return
            }
            counts[index] += 1
            running.append(index)
            if running.count > 60 { field.end(running.removeFirst()) }
        }
        #expect(counts.min()! > 800 && counts.max()! < 1200, "\(counts)")
    }

    // MARK: failures

    /// A backend that fails at once is always idle. It would have everything, if that were all that counted.
    @Test(arguments: Algorithm.loadAware, [2, 3, 10])
    func aFastFailingBackendDoesNotAttractTheHerd(_ algorithm: Algorithm, _ count: Int) {
        let field = PickField(algorithm, count: count, seed: 11)
        var running: [(index: Int, endsAt: Instant)] = []
        var failures = 0
        let total = 40_000
        // A request every millisecond, each of which takes 20 ms but for those that fail.
        for _ in 0..<total {
            field.now = field.now + 1_000_000
            while let first = running.first, first.endsAt <= field.now {
                running.removeFirst()
                field.end(first.index)
                field.experiences.backends[Int(field.live(first.index))].succeeded(at: field.now)
                field.experiences.backends[Int(field.live(first.index))].answered(afterNs: 20_000_000, at: field.now)
                field.experiences.pools[PickField.ticket].answered(afterNs: 20_000_000)
            }
            guard let index = field.begin() else { continue }
            if index == 0 {
                failures += 1
                field.end(0)
                field.experiences.backends[Int(field.live(0))].failed(at: field.now)
            } else {
                running.append((index, field.now + 20_000_000))
            }
        }
        // Far less than its fair share, and not nothing: it must be found out when it is well again.
        #expect(failures < total / count / 20, "\(failures) of \(total)")
        #expect(failures > 2)
    }

    @Test func aPenaltyGrowsWithEveryFailureAndFades() {
        var met = Experience()
        var now = Instant(nanoseconds: 5_000_000_000)
        #expect(met.isBlank && met.penalty(at: now) == 0)
        met.failed(at: now)
        let first = met.penalty(at: now)
        met.failed(at: now)
        #expect(met.penalty(at: now) == 3 * first)
        for _ in 0..<100 { met.failed(at: now) }
        let most = met.penalty(at: now)
        now = now + 2_000_000_000
        #expect(met.penalty(at: now) == most / 2)
        met.succeeded(at: now)
        #expect(met.penalty(at: now) == most / 4)
        now = now + 60_000_000_000
        #expect(met.penalty(at: now) == 0)
    }

    // MARK: latency

    @Test func peakEWMAPrefersTheFastOne() {
        let field = PickField(.peakEWMA, count: 2, seed: 1)
        for _ in 0..<100 {
            field.experiences.backends[Int(field.live(0))].answered(afterNs: 50_000_000, at: field.now)
            field.experiences.backends[Int(field.live(1))].answered(afterNs: 1_000_000, at: field.now)
            field.experiences.pools[PickField.ticket].answered(afterNs: 2_000_000)
        }
        #expect(field.shares(1000) == [0, 1000])
        field.load(1, 3)
        #expect(field.shares(1000) == [0, 1000])
        // What was slow is taken for average again in time, and tried when the fast one has something to do.
        let before = field.now
        field.now = field.now + 120_000_000_000
        #expect(field.shares(1000) == [1000, 0])
        // The fast one has to be fifty times as busy before the slow one is the better choice.
        field.now = before
        field.load(1, 40)
        #expect(field.shares(1000) == [0, 1000])
        field.load(1, 20)
        #expect(field.shares(1000) == [1000, 0])
    }

    @Test func aNewBackendIsTakenForAnAverageOne() {
        let field = PickField(.peakEWMA, count: 3, seed: 1)
        for index in 0..<2 {
            field.experiences.backends[Int(field.live(index))].answered(afterNs: 10_000_000, at: field.now)
            field.experiences.pools[PickField.ticket].answered(afterNs: 10_000_000)
            field.load(index, 10)
        }
        // With ten in flight each, the newcomer gets ten, and then its share like the others.
        for _ in 0..<10 { _ = field.begin() }
        #expect(field.inFlight(2) >= 4)
        for _ in 0..<300 { _ = field.begin() }
        #expect((100...120).contains(field.inFlight(2)), "\(field.inFlight(2))")
    }

    @Test func aPeakCountsAtOnceAndFadesSlowly() {
        var met = Experience()
        var now = Instant(nanoseconds: 1_000_000_000)
        met.answered(afterNs: 1_000_000, at: now)
        #expect(met.latency(at: now, mean: 1_000_000) == 1_000_000)
        met.answered(afterNs: 80_000_000, at: now)
        #expect(met.latency(at: now, mean: 1_000_000) == 80_000_000)
        now = now + 1_000_000_000
        met.answered(afterNs: 1_000_000, at: now)
        let after = met.latency(at: now, mean: 1_000_000)
        #expect(after > 65_000_000 && after < 78_000_000)
        // In ten seconds it loses all but 1/e, on its way to the pool's mean.
        now = now + 10_000_000_000
        let later = met.latency(at: now, mean: 1_000_000)
        let expected = 1_000_000 + (after - 1_000_000) * 368 / 1000
        #expect(later > expected * 9 / 10 && later < expected * 11 / 10)
        now = now + 1_000_000_000_000
        #expect(met.latency(at: now, mean: 1_000_000) == 1_000_000)
        #expect(met.latency(at: now, mean: 500_000_000) > 0)
        #expect(Experience().latency(at: now, mean: 7) == 7)
    }

    @Test func decayHalvesInItsHalfLife() {
        #expect(Decay.halved(1 << 40, by: 1000, after: 0) == 1 << 40)
        #expect(Decay.halved(1 << 40, by: 1000, after: 3000) == 1 << 37)
        #expect(Decay.halved(.max, by: 1, after: .max) == 0)
        var last = UInt64.max
        for after in stride(from: 0 as UInt64, through: 10_000, by: 7) {
            let value = Decay.halved(1 << 40, by: 1000, after: after)
            #expect(value <= last)
            last = value
        }
    }
}

/// What pickers are told apart from the pool they pick for.
@Suite struct BackendViewTests {
    @Test func theLessBusyForItsWeightIsPreferred() {
        let idle = BackendView(inFlight: 0)
        let busy = BackendView(inFlight: 3)
        #expect(LeastRequest.prefers(idle, to: busy) && !LeastRequest.prefers(busy, to: idle))
        #expect(!LeastRequest.prefers(busy, to: busy))
        #expect(LeastRequest.prefers(BackendView(inFlight: 5, weight: 2048), to: busy))
        #expect(!LeastRequest.prefers(BackendView(inFlight: 7, weight: 2048), to: busy))
        #expect(LeastRequest.prefers(busy, to: BackendView(inFlight: 0, penalty: 4 << 8)))
        let most = BackendView(inFlight: 1 << 31, weight: 1_024_000, penalty: 4096 << 8)
        #expect(LeastRequest.prefers(idle, to: most) && !LeastRequest.prefers(most, to: idle))
    }

    @Test func theOneThatAnswersSoonerIsPreferred() {
        typealias Rule = PeakEWMA
        let fast = BackendView(inFlight: 3, latencyNs: 10)
        let slow = BackendView(inFlight: 0, latencyNs: 50)
        #expect(Rule.prefers(fast, to: slow) && !Rule.prefers(slow, to: fast))
        #expect(Rule.prefers(slow, to: BackendView(inFlight: 5, latencyNs: 10)))
        #expect(Rule.prefers(slow, to: BackendView(inFlight: 0, penalty: 8 << 8, latencyNs: 10)))
    }

    /// The draw has given the light one its share already: it is not left for a heavy one because of that again, and no busy
    /// heavy one is left for it because it is idle.
    @Test func anIdleOneThatWasDrawnIsLeftOnlyForOneThatIsBetterWhateverTheWeights() {
        let light = BackendView(inFlight: 0, weight: 1024, latencyNs: 10)
        var heavy = BackendView(inFlight: 0, weight: 99 * 1024, latencyNs: 10)
        for inFlight in [0, 1, 50, 98] as [UInt64] {
            heavy.inFlight = inFlight
            #expect(!LeastRequest.leaves(light, for: heavy) && !LeastRequest.leaves(heavy, for: light))
            #expect(!PeakEWMA.leaves(light, for: heavy) && !PeakEWMA.leaves(heavy, for: light))
        }
        heavy.inFlight = 99
        #expect(LeastRequest.leaves(heavy, for: light) && PeakEWMA.leaves(heavy, for: light))
        var busy = light
        busy.inFlight = 1
        #expect(LeastRequest.leaves(busy, for: heavy) && PeakEWMA.leaves(busy, for: heavy))
        heavy.inFlight = 0
        heavy.latencyNs = 9
        #expect(PeakEWMA.leaves(light, for: heavy) && !LeastRequest.leaves(light, for: heavy))
        // A hundred times as slow, the heavy one is no better for its weight.
        heavy.latencyNs = 1000
        #expect(PeakEWMA.leaves(heavy, for: light))
    }

    @Test func aBoundIsAQuarterAboveTheShareAndLeavesRoomForOneMore() {
        #expect(BoundedLoad.most(inFlight: 0, weight: 1024, of: 10 * 1024) == 8)
        #expect(BoundedLoad.most(inFlight: 0, weight: 102, of: 10 * 1024, share: 102) == 1)
        #expect(BoundedLoad.most(inFlight: 99, weight: 1024, of: 10 * 1024) == 13)
        #expect(BoundedLoad.most(inFlight: 99, weight: 3 * 1024, of: 10 * 1024) == 38)
        for total in 0..<200 as Range<UInt64> {
            #expect(3 * BoundedLoad.most(inFlight: total, weight: 1024, of: 3 * 1024) > total)
        }
    }

    @Test func slowStartIsAStraightLineFromATenth() {
        #expect(SlowStart.share(sinceNs: 0, ofNs: 100) == 102)
        #expect(SlowStart.share(sinceNs: 50, ofNs: 100) == 563)
        #expect(SlowStart.share(sinceNs: 100, ofNs: 100) == 1024)
        #expect(SlowStart.share(sinceNs: 0, ofNs: 0) == 1024)
        #expect(SlowStart.share(sinceNs: 5, oldestNs: 5, ofNs: 100) == 1024)
        #expect(SlowStart.share(sinceNs: 0, oldestNs: 1000, ofNs: 100) == 102)
    }
}
