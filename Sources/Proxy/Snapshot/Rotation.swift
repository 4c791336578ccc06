/// The order in which a pool's backends take turns: each as often as its weight says, spread as evenly as it goes.
package enum Rotation {
    /// A rotation is walked by index, so its length is memory and not time. Weights whose sum in lowest terms exceeds
    /// this are scaled down to it, which moves no share by more than 1 / 65,536.
    package static let entriesMax = 65_536

    /// Indices into `weights`. Backends of weight 0 do not appear. Equal weights give 0, 1, 2, … exactly.
    ///
    /// The k-th turn of a backend with share w of n falls due at (k + ½) · n / w; turns are taken in order of due time,
    /// ties by index. Complexity O(n log n) in the rotation's length.
    package static func compile(weights: [Int]) -> [UInt32] {
        var shares = weights
        let divisor = shares.reduce(0, greatestCommonDivisor)
        guard divisor > 0 else { return [] }
        shares = shares.map { $0 / divisor }
        let total = shares.reduce(0, +)
        let room = max(entriesMax, shares.count)
        if total > room {
            shares = shares.map { $0 == 0 ? 0 : max(1, $0 * room / total) }
        }
        if shares.allSatisfy({ $0 <= 1 }) {
            return shares.indices.filter { shares[$0] == 1 }.map(UInt32.init)
        }
        var turns: [(due: Double, backend: UInt32)] = []
        turns.reserveCapacity(shares.reduce(0, +))
        for (index, share) in shares.enumerated() where share > 0 {
            for turn in 0..<share {
                turns.append(((Double(turn) + 0.5) / Double(share), UInt32(index)))
            }
        }
        turns.sort { $0.due != $1.due ? $0.due < $1.due : $0.backend < $1.backend }
        return turns.map(\.backend)
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
