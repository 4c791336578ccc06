import Model
import Testing

@testable import Proxy

@Suite struct HashTableTests {
    private func members(_ count: Int, weight: (Int) -> Int = { _ in 1 }) -> [HashTable.Member] {
        (0..<count).map { HashTable.Member(name: "web-\($0)", weight: weight($0), seat: UInt16($0)) }
    }

    private func shares(_ table: [UInt16], _ count: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        for seat in table { counts[Int(seat)] += 1 }
        return counts
    }

    @Test(arguments: [1, 2, 3, 10, 100, 1000, 5000]) func everyPlaceIsHeldAndNobodyHoldsMuchMoreThanItsShare(
        _ count: Int
    ) {
        let table = HashTable.build(members(count))
        #expect(table.count == 65_537)
        let shares = shares(table, count)
        let most = (Double(HashTable.size) / Double(count) * HashTable.shareMax).rounded(.up)
        #expect(shares.allSatisfy { $0 > 0 && Double($0) <= most })
        // 12 % of scatter at 1,000 backends is what chance gives 65 places each.
        if count <= 100 {
            let share = Double(HashTable.size) / Double(count)
            #expect(shares.allSatisfy { abs(Double($0) / share - 1) < 0.12 })
        }
    }

    @Test func sharesFollowTheWeights() {
        let weights = [1, 2, 4, 8, 100]
        let shares = shares(HashTable.build(members(5) { weights[$0] }), 5)
        for (share, weight) in zip(shares, weights) {
            let expected = Double(HashTable.size) * Double(weight) / 115
            #expect(abs(Double(share) / expected - 1) < 0.12, "\(shares)")
        }
    }

    @Test func itDependsOnNamesAndWeightsAlone() {
        let some = members(20)
        #expect(HashTable.build(some) == HashTable.build(some.reversed()))
        let table = HashTable.build(some)
        var renamed = some
        renamed[7].name = "other"
        #expect(HashTable.build(renamed) != table)
        #expect(HashTable.build([]).isEmpty)
        // What it said yesterday, and on another machine.
        #expect(Array(table.prefix(12)) == Self.known)
    }

    static let known: [UInt16] = [12, 8, 0, 5, 14, 12, 3, 18, 18, 0, 12, 17]

    /// When a backend leaves, its keys move, and hardly any other.
    @Test(arguments: [3, 10, 50, 100, 1000]) func aBackendThatLeavesTakesOnlyItsOwnKeysWithIt(_ count: Int) {
        let some = members(count)
        let before = HashTable.build(some)
        for leaving in [0, count / 2] {
            var rest = some
            rest.remove(at: leaving)
            let after = HashTable.build(rest)
            let share = before.count { $0 == UInt16(leaving) }
            let moved = zip(before, after).count { $0 != $1 }
            #expect(Double(moved) <= 1.2 * Double(share), "\(moved) moved, its share was \(share)")
            #expect(moved >= share)
        }
    }

    @Test func aTableIsMadeAgainOnlyWhenItsMembersChange() {
        var tables = HashTables()
        let some = members(10)
        let first = tables.table(of: "a", ofBackups: false, some)
        #expect(tables.table(of: "a", ofBackups: false, some) == first)
        #expect(tables.table(of: "a", ofBackups: false, Array(some.dropLast())) != first)
        #expect(tables.table(of: "a", ofBackups: false, some) == first)
        // Its backups have a table of their own.
        #expect(tables.table(of: "a", ofBackups: true, Array(some.dropLast())) != first)
        #expect(tables.table(of: "a", ofBackups: false, some) == first)
    }
}

/// Picking in a pool that hashes.
@Suite struct HashPickTests {
    private func owner(_ field: PickField, _ key: Int) -> Int? {
        guard case .backend(let index) = field.pick(PickWish(key: SplitMix.value(key))) else { return nil }
        return Int(index)
    }

    @Test func aKeyHasItsBackendAndKeysAreSpread() {
        let field = PickField(.hash, count: 8)
        let owners = (0..<8000).map { owner(field, $0) }
        #expect(owners == (0..<8000).map { owner(field, $0) })
        for index in 0..<8 { #expect((800...1200).contains(owners.count { $0 == index })) }
    }

    @Test func whenABackendIsDownOnlyItsKeysMoveAndTheyComeBack() {
        let field = PickField(.hash, count: 10)
        let before = (0..<10_000).map { owner(field, $0) }
        field.set(4, .unhealthy)
        let during = (0..<10_000).map { owner(field, $0) }
        let moved = zip(before, during).count { $0 != $1 }
        #expect(moved == before.count { $0 == 4 })
        // They are spread over all the others.
        let heirs = zip(before, during).filter { $0.0 == 4 }.map { $0.1 }
        #expect(Set(heirs).count == 9)
        field.set(4, .serving)
        #expect((0..<10_000).map { owner(field, $0) } == before)
    }

    @Test func aKeyStaysWithItsHeirAlsoWhenMostAreDown() {
        let field = PickField(.hash, count: 5000)
        for index in 0..<5000 where index % 500 != 0 { field.set(index, .unhealthy) }
        let owners = (0..<2000).map { owner(field, $0) }
        #expect(owners == (0..<2000).map { owner(field, $0) })
        for up in stride(from: 0, to: 5000, by: 500) { #expect(owners.count { $0 == up } > 100) }
    }

    /// One key has half of all requests; whatever comes and goes, nobody has more than 1.25 times its share, or eight.
    @Test(arguments: [1, 2, 3] as [UInt64]) func theBoundIsNeverExceeded(_ seed: UInt64) {
        let field = PickField(.hash, count: 10, seed: seed)
        var random = SplitMix(seed)
        var running: [Int] = []
        var fewest = 10
        for step in 0..<20_000 {
            if step % 1000 == 999 {
                field.set(Int.random(in: 0..<10, using: &random), Bool.random(using: &random) ? .serving : .unhealthy)
                // What is in flight where nobody is picked now would blur the sum.
                for index in running { field.end(index) }
                running.removeAll()
            }
            field.available.sync()
            let available = field.available.pool(0, at: field.now).members(ofBackups: false).count
            guard available > 0 else { continue }
            fewest = min(fewest, available)
            if running.count < 200, Int.random(in: 0..<5, using: &random) > 1 {
                let key = Bool.random(using: &random) ? 1 : Int.random(in: 0..<100_000, using: &random)
                let total = running.count
                guard let index = field.begin(PickWish(key: SplitMix.value(key))) else {
                    Issue.record("no room with \(total) in flight")
                    return
                }
                running.append(index)
                let most = max(8, (1.25 * Double(total + 1) / Double(available)).rounded(.up))
                #expect(Double(field.inFlight(index)) <= most)
            } else if !running.isEmpty {
                field.end(running.remove(at: Int.random(in: 0..<running.count, using: &random)))
            }
        }
        #expect(fewest < 10)
    }

    /// The same where most are down, and a key's neighbours in the table with them.
    @Test(arguments: [(200, 12), (2000, 100)]) func whereMostAreDownOnlyTheKeysOfOneThatFollowsMove(
        _ count: Int,
        _ up: Int
    ) {
        let field = PickField(.hash, count: count)
        var random = SplitMix(7)
        let serving = (0..<count).shuffled(using: &random).prefix(up)
        for index in 0..<count where !serving.contains(index) { field.set(index, .unhealthy) }
        let before = (0..<4000).map { owner(field, $0) }
        let victim = serving.first!
        field.set(victim, .unhealthy)
        let after = (0..<4000).map { owner(field, $0) }
        #expect(zip(before, after).allSatisfy { $0 == $1 || $0 == victim })
        field.set(victim, .serving)
        #expect((0..<4000).map { owner(field, $0) } == before)
    }

    /// One key that everybody asks for fills its neighbours, those behind them, and all the rest in turn.
    @Test(arguments: [10, 100, 500]) func theBoundHoldsHoweverPopularOneKeyIs(_ count: Int) {
        let field = PickField(.hash, count: count)
        for total in 0..<14 * count {
            guard let index = field.begin(PickWish(key: 77)) else {
                Issue.record("no room with \(total) in flight")
                return
            }
            let most = max(8, (1.25 * Double(total + 1) / Double(count)).rounded(.up))
            #expect(Double(field.inFlight(index)) <= most)
        }
    }

    /// Where backends are at their own limit, those that are not may be above their bound: then it gives way, a little.
    @Test func theBoundGivesWayWhereOnlyOthersAreAtTheirLimit() {
        let specs = (0..<200).map { PickField.spec($0, requestsMax: $0 % 10 == 0 ? 0 : 2) }
        let field = PickField(PoolSpec(algorithm: .hash), specs)
        for _ in 0..<2000 { #expect(field.begin(PickWish(key: 5)) != nil) }
        let free = (0..<20).map { field.inFlight($0 * 10) }
        #expect(free.reduce(0, +) == 2000 - 180 * 2)
        #expect(free.max()! <= 2 * free.min()!, "\(free)")
    }

    @Test func aPopularKeySpillsOverToTheSameNeighbours() {
        let field = PickField(.hash, count: 4)
        let first = (0..<8).map { _ in field.begin(PickWish(key: 77)) }
        #expect(Set(first).count == 1)
        let spilled = (0..<20).map { _ in field.begin(PickWish(key: 77)) }
        #expect(Set(first + spilled).count > 2)
        for index in (first + spilled).compactMap({ $0 }) { field.end(index) }
        #expect((0..<8).map { _ in field.begin(PickWish(key: 77)) } == first)
        #expect((0..<20).map { _ in field.begin(PickWish(key: 77)) } == spilled)
    }

    @Test func requestsWithoutAKeyTakeTurns() {
        #expect(PickField(.hash, count: 3).shares(300) == [100, 100, 100])
    }

    /// The others' keys stay where they are while a newcomer's share of the load grows.
    @Test func slowStartBoundsTheNewcomer() {
        var pool = PoolSpec(algorithm: .hash)
        pool.slowStart = .seconds(100)
        let field = PickField(pool, (0..<4).map { PickField.spec($0) })
        field.set(2, .unhealthy)
        #expect(owner(field, 1) != nil)
        field.recover(2)
        for key in 0..<400 { _ = field.begin(PickWish(key: SplitMix.value(key))) }
        // A tenth of a bound of 160 or so, and not more.
        #expect((8...17).contains(field.inFlight(2)), "\(field.inFlight(2))")
    }

    /// Whatever is popular, nobody has more than 1.25 times the part of the load that its weight and its slow start make its
    /// own. The others share what a newcomer may not take yet, and no more than that.
    @Test(arguments: [4, 300], [0.0, 0.3, 0.9]) func theBoundHoldsWhileSomeAreNew(_ count: Int, _ grown: Double) {
        var pool = PoolSpec(algorithm: .hash)
        pool.slowStart = .seconds(100)
        let field = PickField(pool, (0..<count).map { PickField.spec($0, weight: 1 + $0 % 2) })
        let newcomers = count / 4
        for index in 0..<newcomers { field.set(index, .unhealthy) }
        #expect(field.pick(PickWish(key: 1)) != .none)
        for index in 0..<newcomers { field.recover(index) }
        field.now = field.now + UInt64(grown * 100_000_000_000)
        let weights = (0..<count).map { Double(1 + $0 % 2) * ($0 < newcomers ? 0.1 + 0.9 * grown : 1) }
        let whole = weights.reduce(0, +)
        for total in 0..<15 * count {
            // Half of all requests are for one key.
            guard let index = field.begin(PickWish(key: total % 2 == 0 ? 77 : SplitMix.value(total))) else {
                Issue.record("no room with \(total) in flight")
                return
            }
            // Shares are whole 1,024ths, and the sum of them is a 64th too much at most.
            let part = 1.25 * Double(total + 1) * weights[index] / whole
            #expect(Double(field.inFlight(index)) <= max(8, (part * 1.01).rounded(.up)), "\(index) of \(count)")
        }
    }

    /// Right after the start nobody is older than the others.
    @Test func theBoundHoldsWhereAllAreEquallyNew() {
        var pool = PoolSpec(algorithm: .hash)
        pool.slowStart = .seconds(3600)
        let field = PickField(pool, (0..<6).map { PickField.spec($0) })
        for index in 0..<6 { field.set(index, .unhealthy) }
        #expect(field.pick(PickWish(key: 1)) == .none)
        for index in 0..<6 { field.recover(index) }
        for _ in 0..<60 { _ = field.begin(PickWish(key: 77)) }
        // 1.25 times ten.
        #expect((0..<6).allSatisfy { field.inFlight($0) <= 13 })
    }
}
