import Testing

@testable import Proxy

@Suite struct RotationTests {
    @Test(arguments: [1, 2, 3, 7, 100, 5000])
    func equalWeightsTakeTurnsInOrder(_ count: Int) {
        for weight in [1, 5, 1000] {
            #expect(Rotation.compile(weights: [Int](repeating: weight, count: count)) == (0..<UInt32(count)).map { $0 })
        }
    }

    @Test(arguments: [[5, 1, 1], [1, 2, 3], [1000, 999], [3, 0, 1], [1, 1000], [7, 7, 2, 5], [10, 1, 1, 1, 1]])
    func sharesAreExactAndSpread(_ weights: [Int]) {
        let rotation = Rotation.compile(weights: weights)
        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            let turns = rotation.indices.filter { rotation[$0] == UInt32(index) }
            #expect(turns.count * total == weight * rotation.count)
            // In any stretch a backend is within two turns of its share.
            for start in stride(from: 0, to: rotation.count, by: max(1, rotation.count / 50)) {
                var seen = 0
                for length in 1...rotation.count {
                    if rotation[(start + length - 1) % rotation.count] == UInt32(index) { seen += 1 }
                    let share = Double(length * weight) / Double(total)
                    #expect(abs(Double(seen) - share) < 2, "\(weights): \(seen) turns of \(share) in \(length)")
                }
            }
        }
    }

    @Test func aHeavyBackendDoesNotTakeItsTurnsInARow() {
        let rotation = Rotation.compile(weights: [5, 1, 1])
        #expect(rotation.count == 7)
        var longest = 0
        var run = 0
        for backend in rotation + rotation {
            run = backend == 0 ? run + 1 : 0
            longest = max(longest, run)
        }
        #expect(longest <= 3)
    }

    @Test func withoutWeightThereIsNoTurn() {
        #expect(Rotation.compile(weights: []) == [])
        #expect(Rotation.compile(weights: [0, 0]) == [])
        #expect(Rotation.compile(weights: [0, 4, 0]) == [1])
    }

    @Test func itsLengthIsBoundedAndNobodyIsLeftOut() {
        var weights = (0..<5000).map { 1 + ($0 * 7919) % 1000 }
        weights[17] = 1
        let rotation = Rotation.compile(weights: weights)
        #expect(rotation.count <= Rotation.entriesMax + weights.count)
        #expect(Set(rotation).count == weights.count)
        let many = [Int](repeating: 1000, count: 16_383) + [999]
        let bounded = Rotation.compile(weights: many)
        #expect(bounded.count <= Rotation.entriesMax + many.count)
        #expect(Set(bounded).count == many.count)
    }
}
