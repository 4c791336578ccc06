import Model
import Testing

@testable import Proxy

@Suite struct RoundRobinTests {
    @Test func threeBackendsTakeTurnsExactly() {
        let field = PickField(.roundRobin, count: 3)
        for turn in 0..<30 as Range<UInt32> { #expect(field.pick() == .backend(turn % 3)) }
    }

    /// Each worker has its own index of who is available; the ticket is the one thing they share.
    @Test func severalWorkersTogetherAreOneRotation() {
        let field = PickField(.roundRobin, count: 5)
        field.set(1, .unhealthy)
        field.available.sync()
        let others = (0..<4).map { _ in
            PickWorker(field.snapshot, field.table)
        }
        var random = SplitMix(5)
        var order: [Int] = []
        for _ in 0..<1000 { order.append(others[Int.random(in: 0..<4, using: &random)].pick()) }
        #expect(order == (0..<1000).map { [0, 2, 3, 4][$0 % 4] })
        #expect(others.allSatisfy { $0.picks > 100 })
    }

    @Test func aDownBackendLeavesTheOthersEqual() {
        let field = PickField(.roundRobin, count: 4)
        field.set(2, .unhealthy)
        field.set(0, .starting)
        #expect(field.shares(100) == [0, 50, 0, 50])
        field.set(0, .serving)
        field.set(2, .serving)
        #expect(field.shares(400) == [100, 100, 100, 100])
    }

    @Test func weightedSharesAreExactOverTheRotation() {
        #expect(PickField(.roundRobin, weights: [5, 1, 0, 2]).shares(800) == [500, 100, 0, 200])
        let field = PickField(.roundRobin, weights: [5, 1, 0, 2])
        field.set(0, .ejected)
        #expect(field.shares(300) == [0, 100, 0, 200])
    }
}

/// Another worker on the same tables.
private final class PickWorker {
    private let snapshot: Snapshot
    private let table: LiveTable
    private var available: Availables
    private let experiences = Experiences()
    private(set) var picks = 0

    init(_ snapshot: Snapshot, _ table: LiveTable) {
        self.snapshot = snapshot
        self.table = table
        available = Availables(snapshot.view, of: table)
    }

    func pick() -> Int {
        picks += 1
        available.sync()
        var chooser = Chooser(
            0,
            of: available.pool(0, at: Instant(nanoseconds: 0)),
            in: snapshot.view,
            live: table.backends,
            tickets: table.tickets,
            experiences: experiences,
            tried: TriedBackends(),
            now: Instant(nanoseconds: 0),
            seed: 0
        )
        guard case .backend(let index) = chooser.pick(PickWish()) else { return -1 }
        return Int(index)
    }
}

/// What holds whatever the algorithm.
@Suite struct PickTests {
    static let algorithms = Algorithm.allCases

    @Test(arguments: algorithms) func triedBackendsAreSkippedUntilNoneIsLeft(_ algorithm: Algorithm) {
        let field = PickField(algorithm, weights: [1, 1000, 1])
        var picked = Set<UInt32>()
        for _ in 0..<3 {
            guard case .backend(let index) = field.pick(PickWish(key: 99)) else {
                Issue.record("nobody left")
                return
            }
            #expect(picked.insert(index).inserted)
            field.tried.insert(field.live(Int(index)))
        }
        #expect(field.pick(PickWish(key: 99)) == .none)
    }

    @Test func theOldestTriedIsForgottenFirst() {
        var tried = TriedBackends()
        #expect(!tried.contains(.max))
        for slot in 0..<6 as Range<UInt32> { tried.insert(slot) }
        #expect((0..<6 as Range<UInt32>).map { tried.contains($0) } == [false, false, true, true, true, true])
    }

    @Test(arguments: algorithms) func nobodyIsNone(_ algorithm: Algorithm) {
        let wish = PickWish(key: 7)
        #expect(PickField(algorithm, weights: []).pick(wish) == .none)
        #expect(PickField(algorithm, weights: [0, 0]).pick(wish) == .none)
        let field = PickField(algorithm, weights: [1, 1])
        field.set(0, .unhealthy)
        field.set(1, .maint)
        #expect(field.pick(wish) == .none)
    }

    /// Steps are counted, not time: no pick looks at more than a hundred backends, and hardly one at more than a few,
    /// however many there are and however few of them are up.
    @Test(arguments: algorithms, [1, 2, 10, 2500, 5000])
    func picksAmongFiveThousandLookAtAFew(_ algorithm: Algorithm, _ up: Int) {
        let field = PickField(algorithm, count: 5000)
        var random = SplitMix(9)
        let serving = Set((0..<5000).shuffled(using: &random).prefix(up))
        for index in 0..<5000 where !serving.contains(index) {
            field.set(index, index % 3 == 0 ? .ejected : index % 3 == 1 ? .unhealthy : .starting)
        }
        var looks = 0
        for turn in 0..<1000 {
            guard case .backend(let index) = field.pick(PickWish(key: SplitMix.value(turn))) else {
                Issue.record("nobody, with \(up) up")
                return
            }
            #expect(serving.contains(Int(index)))
            #expect(field.looks <= 100)
            looks += field.looks
        }
        // The exact algorithm compares all of up to 64 by design; a key's neighbours in the table are looked at before others.
        let mean = algorithm == .leastRequestExact && up <= 64 ? 64 : algorithm == .hash ? 18 : 3
        #expect(looks <= 1000 * mean, "\(Double(looks) / 1000) looks a pick")
    }

    @Test(arguments: algorithms) func backendsAtTheirLimitAreFullAndNotGone(_ algorithm: Algorithm) {
        let field = PickField(algorithm, weights: [1, 1], requestsMax: 1)
        let wish = PickWish(key: 5)
        let lines = field.table.backends
        #expect(lines[Int(field.live(1))].beginRequest(most: 1) == true)
        #expect(lines[Int(field.live(1))].beginRequest(most: 1) == false)
        #expect(field.inFlight(1) == 1)
        #expect(field.shares(10) { _ in wish } == [10, 0])
        #expect(lines[Int(field.live(0))].beginRequest(most: 1) == true)
        #expect(field.pick(wish) == .full)
        field.set(0, .unhealthy)
        field.set(1, .unhealthy)
        #expect(field.pick(wish) == .none)
        field.set(1, .serving)
        #expect(field.pick(wish) == .full)
        field.available.endRequest(at: field.live(1))
        #expect(field.pick(wish) == .backend(1))
    }

    /// One of a thousand has room, anywhere: every pick finds it, and none looks at those that are full over and over.
    @Test(arguments: algorithms, [100, 1000, 5000]) func theOneWithRoomIsFoundAmongThousands(
        _ algorithm: Algorithm,
        _ count: Int
    ) {
        let field = PickField(algorithm, weights: (0..<count).map { 1 + $0 % 3 }, requestsMax: 1)
        for index in 0..<count { field.load(index, 1) }
        let wish = { (turn: Int) in PickWish(key: SplitMix.value(turn)) }
        #expect(field.pick(wish(0)) == .full)
        var random = SplitMix(UInt64(count))
        var looks = 0
        for turn in 0..<200 {
            let free = (0..<3).map { _ in Int.random(in: 0..<count, using: &random) }
            for index in Set(free) { field.end(index) }
            for _ in Set(free) {
                guard let index = field.begin(wish(turn)) else {
                    Issue.record("nobody was found, with \(free) free")
                    return
                }
                #expect(free.contains(index))
                looks += field.looks
            }
            #expect(field.pick(wish(turn)) == .full)
            looks += field.looks
        }
        // Of its own way a pick looks at 100 or so, and then only at those that nobody has found full since.
        #expect(looks < 200 * 4 * 120, "\(looks / 800) looks a pick")
    }

    /// The same where a limit has been raised since somebody was found full.
    @Test func aNoteThatABackendIsFullDoesNotOutliveItsLimit() {
        let count = 200
        let field = PickField(.roundRobin, weights: [Int](repeating: 1, count: count), requestsMax: 1)
        for index in 0..<count { field.load(index, 1) }
        #expect(field.pick() == .full && field.looks >= count)
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, PoolSpec())
        desired.appendBackends(
            (0..<count).map { .init(name: "b\($0)", spec: PickField.spec($0, requestsMax: $0 == 150 ? 2 : 1)) }
        )
        var placements: [String: Compile.Placement] = [:]
        for index in 0..<count { placements["b\(index)"] = Compile.Placement(live: field.live(index), epoch: 0, endpoints: []) }
        let snapshot = Compile.snapshot(desired, sequence: 2, placements: placements, tickets: ["default": 3])
        let worker = PickWorker(snapshot, field.table)
        #expect(worker.pick() == 150)
    }

    @Test func anEjectedOneWithRoomIsFoundToo() {
        let field = PickField(.random, weights: [Int](repeating: 1, count: 300), requestsMax: 1)
        for index in 0..<300 {
            field.set(index, .ejected)
            field.load(index, 1)
        }
        #expect(field.pick() == .full)
        field.end(211)
        #expect(field.pick() == .backend(211))
    }

    @Test(arguments: algorithms) func weightZeroDrainAndMaintTakeNothing(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm),
            [
                PickField.spec(0, weight: 0), PickField.spec(1, state: .drain), PickField.spec(2, state: .maint),
                PickField.spec(3),
            ]
        )
        #expect(field.shares(50) { PickWish(key: SplitMix.value($0)) } == [0, 0, 0, 50])
        field.set(3, .unhealthy)
        #expect(field.pick(PickWish(key: 1)) == .none)
    }

    // MARK: backups and ejection

    @Test(arguments: algorithms) func backupsServeOnlyWhenNobodyElseCan(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm),
            [
                PickField.spec(0), PickField.spec(1, isBackup: true), PickField.spec(2),
                PickField.spec(3, isBackup: true),
            ]
        )
        func shares() -> [Int] { field.shares(100) { PickWish(key: SplitMix.value($0)) } }
        #expect(shares()[1] + shares()[3] == 0)
        field.set(0, .unhealthy)
        #expect(shares() == [0, 0, 100, 0])
        field.set(2, .starting)
        let backups = shares()
        #expect(backups[0] + backups[2] == 0 && backups[1] >= 20 && backups[3] >= 20)
        field.set(2, .serving)
        #expect(shares() == [0, 0, 100, 0])
        // For a request that has failed at every primary as well.
        field.tried.insert(field.live(2))
        #expect(shares()[1] > 0)
    }

    /// A key's backup is the same whichever others there are.
    @Test func keysHaveTheirBackupsAndOnlyThoseOfOneThatLeavesMove() {
        func owners(_ states: [BackendState]) -> [Pick] {
            let specs = states.enumerated().map { PickField.spec($0, state: $1, isBackup: $0 > 0) }
            let field = PickField(PoolSpec(algorithm: .hash), specs)
            field.set(0, .unhealthy)
            return (0..<600).map { field.pick(PickWish(key: SplitMix.value($0))) }
        }
        let before = owners([.ready, .ready, .ready, .ready])
        let after = owners([.ready, .ready, .drain, .ready])
        for index in 1...3 as ClosedRange<UInt32> {
            #expect((150...250).contains(before.count { $0 == .backend(index) }))
        }
        #expect(zip(before, after).allSatisfy { $0 == $1 || $0 == .backend(2) })
    }

    @Test func aFullPrimaryIsWaitedForAndNotReplacedByABackup() {
        let field = PickField(
            PoolSpec(),
            [PickField.spec(0, requestsMax: 1), PickField.spec(1, isBackup: true)]
        )
        #expect(field.begin() == 0)
        #expect(field.pick() == .full)
    }

    @Test(arguments: algorithms) func anEjectedBackendServesWhenNobodyElseIsLeft(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm),
            [PickField.spec(0), PickField.spec(1), PickField.spec(2, isBackup: true)]
        )
        let wish = PickWish(key: 3)
        field.set(0, .ejected)
        field.set(1, .unhealthy)
        #expect(field.pick(wish) == .backend(2))
        field.set(2, .unhealthy)
        #expect(field.pick(wish) == .backend(0))
        field.tried.insert(field.live(0))
        #expect(field.pick(wish) == .none)
    }

    // MARK: panic

    @Test(arguments: algorithms) func belowThePanicThresholdHealthIsNotBelieved(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm, panicThreshold: 0.5),
            (0..<4).map { PickField.spec($0) }
        )
        func served() -> Set<Int> {
            let shares = field.shares(200) { PickWish(key: SplitMix.value($0)) }
            return Set(shares.indices.filter { shares[$0] > 0 })
        }
        field.set(0, .unhealthy)
        field.set(1, .ejected)
        // Exactly half is not less than half.
        #expect(served() == [2, 3])
        field.set(2, .unhealthy)
        #expect(served() == [0, 1, 2, 3])
        // Who has never passed a check is not thrown in.
        field.set(0, .starting)
        #expect(served() == [1, 2, 3])
        field.set(1, .unproven)
        #expect(served() == [2, 3])
        field.set(1, .unhealthy)
        field.set(2, .serving)
        #expect(served() == [2, 3])
    }

    /// Backups are for when primaries fail: those do not go ahead of one that serves, however few of them do.
    @Test(arguments: algorithms) func aBackupThatServesKeepsAPanicAway(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm, panicThreshold: 0.5),
            (0..<6).map { PickField.spec($0, isBackup: $0 >= 4) }
        )
        func served() -> Set<Int> {
            let shares = field.shares(200) { PickWish(key: SplitMix.value($0)) }
            return Set(shares.indices.filter { shares[$0] > 0 })
        }
        for index in 0..<3 { field.set(index, .unhealthy) }
        #expect(served() == [3])
        field.set(3, .unhealthy)
        #expect(served() == [4, 5])
        field.set(5, .ejected)
        #expect(served() == [4])
        field.set(4, .unhealthy)
        #expect(served() == [0, 1, 2, 3])
        field.set(5, .serving)
        #expect(served() == [5])
    }

    @Test(arguments: [
        (0.6666, 3, 2, false), (0.6667, 3, 2, true), (0.07, 100, 7, false), (0.07, 100, 6, true), (0.29, 100, 28, true),
        (0.29, 100, 29, false), (0.0001, 5000, 0, true), (0.0001, 5000, 1, false), (1, 3, 2, true), (1, 3, 3, false),
        (0.3333, 3, 1, false), (0.33334, 3, 1, true), (0, 3, 0, false),
    ]) func aPanicBeginsExactlyBelowTheThreshold(_ threshold: Double, _ count: Int, _ serving: Int, _ isPanic: Bool) {
        let field = PickField(PoolSpec(panicThreshold: threshold), (0..<count).map { PickField.spec($0) })
        for index in serving..<count { field.set(index, .unhealthy) }
        field.available.sync()
        #expect(field.available.pool(0, at: field.now).isPanicking == isPanic)
    }

    @Test func withoutAThresholdThereIsNoPanic() {
        let field = PickField(.roundRobin, count: 3)
        for index in 0..<3 { field.set(index, .unhealthy) }
        #expect(field.pick() == .none)
    }

    // MARK: slow start

    /// In tenths of the slow start, a newcomer has 10 %, 19 %, … of what the others have.
    @Test(arguments: [Algorithm.roundRobin, .random, .leastRequest, .leastRequestExact, .peakEWMA])
    func aNewcomersShareGrowsFromATenth(_ algorithm: Algorithm) {
        var pool = PoolSpec(algorithm: algorithm)
        pool.slowStart = .seconds(100)
        let field = PickField(pool, (0..<4).map { PickField.spec($0) })
        field.set(3, .unhealthy)
        #expect(field.shares(300)[3] == 0)
        field.recover(3)
        let start = field.now
        for tenths in [0, 2, 5, 9, 10, 11] as [UInt64] {
            field.now = start + tenths * 10_000_000_000
            let share = min(1, 0.1 + 0.09 * Double(tenths))
            #expect(isLikely(field.shares(6000), shares: [1, 1, 1, share]), "\(tenths) tenths")
        }
    }

    /// Where all have just begun, nobody could take what is held back from the others.
    @Test func whoIsAsNewAsTheOthersHasAFullShare() {
        var pool = PoolSpec()
        pool.slowStart = .seconds(100)
        let field = PickField(pool, (0..<3).map { PickField.spec($0) })
        for index in 0..<3 { field.set(index, .unhealthy) }
        #expect(field.pick() == .none)
        for index in 0..<3 { field.recover(index) }
        #expect(field.shares(300) == [100, 100, 100])
        // One that comes later is new among them.
        field.set(2, .unhealthy)
        field.now = field.now + 50_000_000_000
        field.recover(2)
        #expect(isLikely(field.shares(6000), shares: [1, 1, 0.1 / 0.55]))
    }

    /// As when its weight was 0 until now.
    @Test(arguments: [Algorithm.roundRobin, .random, .leastRequest])
    func oneThatServesAnewBeginsWithATenth(_ algorithm: Algorithm) {
        var pool = PoolSpec(algorithm: algorithm)
        pool.slowStart = .seconds(100)
        let field = PickField(pool, (0..<3).map { PickField.spec($0) })
        #expect(isLikely(field.shares(3000), shares: [1, 1, 1]))
        field.table.serveAnew(field.live(1), at: field.now)
        #expect(isLikely(field.shares(6000), shares: [1, 0.1, 1]))
    }

    @Test func aBackendsOwnSlowStartStandsBeforeThePools() {
        var specs = (0..<2).map { PickField.spec($0) }
        specs[1].slowStart = .seconds(10)
        let field = PickField(PoolSpec(algorithm: .random), specs)
        field.set(1, .unhealthy)
        #expect(field.shares(10) == [10, 0])
        field.recover(1)
        #expect(isLikely(field.shares(6000), shares: [1, 0.1]))
    }

    // MARK: sessions

    private func sticky(_ field: PickField, _ index: Int) -> PickWish {
        PickWish(sticky: field.snapshot.view.backends[index].stickyID)
    }

    @Test(arguments: algorithms) func aSessionStaysWhereItIsUntilThatFails(_ algorithm: Algorithm) {
        let field = PickField(
            PoolSpec(algorithm: algorithm, sticky: StickySpec()),
            (0..<4).map { PickField.spec($0, state: $0 == 3 ? .drain : .ready) }
        )
        for index in 0..<4 { #expect(field.shares(20) { _ in sticky(field, index) }[index] == 20) }
        field.set(1, .unhealthy)
        #expect(field.shares(60) { _ in sticky(field, 1) }[1] == 0)
        field.set(1, .serving)
        #expect(field.pick(sticky(field, 1)) == .backend(1))
        field.tried.insert(field.live(1))
        #expect(field.pick(sticky(field, 1)) != .backend(1))
        // A drain that fails its check is over for its sessions too.
        field.set(3, .maint)
        #expect(field.pick(sticky(field, 3)) != .backend(3))
    }

    /// What the session knows is there and nowhere else. It ends as any other does.
    @Test func aSessionThatBeganAtABackupStaysThere() {
        let field = PickField(
            PoolSpec(sticky: StickySpec()),
            (0..<3).map { PickField.spec($0, isBackup: $0 == 2) }
        )
        #expect(field.shares(20) { _ in sticky(field, 2) } == [0, 0, 20])
        #expect(field.shares(20) == [10, 10, 0])
        field.set(2, .unhealthy)
        #expect(field.shares(20) { _ in sticky(field, 2) } == [10, 10, 0])
    }

    @Test func anIdThatIsNobodysIsNoSession() {
        let field = PickField(PoolSpec(sticky: StickySpec()), (0..<3).map { PickField.spec($0) })
        #expect(field.shares(300) { PickWish(sticky: SplitMix.value($0)) } == [100, 100, 100])
    }

    @Test func aSessionWaitsForItsBackend() {
        let field = PickField(PoolSpec(sticky: StickySpec()), (0..<2).map { PickField.spec($0, requestsMax: 1) })
        #expect(field.begin(sticky(field, 1)) == 1)
        #expect(field.pick(sticky(field, 1)) == .full)
        #expect(field.pick() == .backend(0))
    }

    @Test func sessionsOfAPoolWithoutThemAreNobodys() {
        let field = PickField(PoolSpec(), (0..<2).map { PickField.spec($0) })
        #expect(field.snapshot.view.backends[0].stickyID == 0)
        #expect(field.shares(10) { _ in PickWish(sticky: 12345) } == [5, 5])
    }
}

extension SplitMix {
    /// A number that looks like chance and is always the same.
    static func value(_ seed: Int) -> UInt64 {
        var random = SplitMix(UInt64(seed))
        return random.next()
    }
}
