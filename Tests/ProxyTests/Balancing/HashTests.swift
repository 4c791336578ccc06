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
        let first = tables.table(of: "a", some)
        #expect(tables.table(of: "a", some) == first)
        #expect(tables.table(of: "a", Array(some.dropLast())) != first)
        #expect(tables.table(of: "a", some) == first)
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
            let available = field.available.pool(0).members(ofBackups: false).count
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
        // A tenth of a bound of 125, and not more.
        #expect((8...14).contains(field.inFlight(2)), "\(field.inFlight(2))")
    }
}
