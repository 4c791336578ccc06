import Model
import Testing

@testable import Proxy

@Suite struct AvailableSetTests {
    /// A set of its own memory.
    private struct Sets: ~Copyable {
        let words: ZeroedTable<UInt64>
        let sums: ZeroedTable<UInt32>
        let set: AvailableSet

        init(places: Int) {
            let count = AvailableSet.wordCount(places: places)
            words = ZeroedTable(count: count + 5)
            sums = ZeroedTable(count: count + 8)
            set = AvailableSet(
                words: words.view,
                sums: sums.view,
                SetRecord(wordStart: 5, sumStart: 7, places: UInt32(places))
            )
        }
    }

    @Test(arguments: [1, 2, 63, 64, 65, 128, 1000, 4096, 5000]) func itCountsAndFindsWhatIsInIt(_ places: Int) {
        let sets = Sets(places: places)
        let set = sets.set
        var model = Set<Int>()
        var random = SplitMix(UInt64(places))
        for round in 0..<400 {
            // Sparse at times, dense at times, full and empty in between.
            let place = Int.random(in: 0..<places, using: &random)
            let isMember = Int.random(in: 0..<100, using: &random) < (round / 100 % 2 == 0 ? 80 : 20)
            #expect(set.set(place, isMember) == (model.contains(place) != isMember))
            if isMember { model.insert(place) } else { model.remove(place) }
            #expect(set.count == model.count && set.contains(place) == isMember)
            guard round % 20 == 0 else { continue }
            #expect((0..<set.count).map { set.select($0) } == model.sorted())
        }
        for place in 0..<places { set.set(place, true) }
        #expect(set.count == places && (0..<places).allSatisfy { set.select($0) == $0 })
        for place in 0..<places where place != places / 2 { set.set(place, false) }
        #expect(set.count == 1 && set.select(0) == places / 2)
    }
}

@Suite struct AvailablesTests {
    private func contents(_ available: borrowing Availables, _ isBackup: Bool, at now: Instant) -> [[Int]] {
        let pool = available.pool(0, at: now)
        return [pool.turns(ofBackups: isBackup), pool.members(ofBackups: isBackup), pool.ejected].map { set in
            (0..<set.count).map { set.select($0) }
        }
    }

    /// Whatever changes in whatever order, what was followed is what a look at everything finds.
    @Test(arguments: [0.0, 0.4]) func followingChangesIsLookingAgain(_ panic: Double) {
        var pool = PoolSpec(algorithm: .leastRequest, panicThreshold: panic)
        pool.slowStart = .seconds(10)
        let specs = (0..<150).map { PickField.spec($0, weight: $0 % 4, isBackup: $0 % 5 == 0) }
        let field = PickField(pool, specs)
        var random = SplitMix(3)
        for round in 0..<60 {
            // The last rounds overrun the journal.
            for _ in 0..<(round < 55 ? 1 + round : 3000) {
                let all: [Availability] = [
                    .starting, .serving, .serving, .serving, .unhealthy, .ejected, .draining, .maint,
                ]
                let index = Int.random(in: 0..<150, using: &random)
                field.now = field.now + 1
                let next = all[Int.random(in: 0..<8, using: &random)]
                let isServing = field.table.backends[Int(field.live(index))].availability == .serving
                if next == .serving, !isServing { field.recover(index) } else { field.set(index, next) }
            }
            field.available.sync()
            let fresh = Availables(field.snapshot.view, of: field.table)
            for isBackup in [false, true] {
                #expect(contents(field.available, isBackup, at: field.now) == contents(fresh, isBackup, at: field.now))
                #expect(
                    field.available.pool(0, at: field.now).weights(ofBackups: isBackup)
                        == fresh.pool(0, at: field.now).weights(ofBackups: isBackup)
                )
            }
            #expect(field.available.pool(0, at: field.now).isPanicking == fresh.pool(0, at: field.now).isPanicking)
            #expect(field.available.pool(0, at: field.now).rampEnd >= fresh.pool(0, at: field.now).rampEnd)
        }
    }

    @Test func aPoolWithoutBackendsHasNothingToPickWhateverElseChanges() {
        let field = PickField(PoolSpec(), [])
        field.table.setAvailability(5, .serving)
        field.available.sync()
        for isBackup in [false, true] {
            let found = contents(field.available, isBackup, at: field.now)
            #expect(found == [[], [], []])
        }
    }
}
