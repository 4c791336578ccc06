/// The order in which a pool's backends take turns: each as often as its weight says, spread as evenly as it goes.
package enum Rotation {
    /// A rotation is walked by index, so its length is memory and not time. Weights whose sum in lowest terms exceeds
    /// this are scaled down to it, which moves no share by more than 1 / 65,536.
    package static let entriesMax = 65_536

    /// Indices into `weights`. Backends of weight 0 do not appear. Equal weights give 0, 1, 2, … exactly.
    ///
    /// In every beginning of the rotation a backend is less than one turn away from its share, and so less than two in
    /// every stretch of it: the k-th turn of one with share w of n may be taken from ⌊k · n / w⌋ on and must be by
    /// ⌈(k + 1) · n / w⌉, and of those that may, the one that must soonest is taken, ties by index. Such windows can
    /// always be kept (Baruah et al., "Proportionate progress", 1996). Complexity O(n log n) in the rotation's length.
    package static func compile(weights: [Int]) -> [UInt32] {
        var shares = weights
        var divisor = 0
        for share in shares where divisor != 1 { divisor = greatestCommonDivisor(divisor, share) }
        guard divisor > 0 else { return [] }
        if divisor > 1 { shares = shares.map { $0 / divisor } }
        let total = shares.reduce(0, +)
        let room = max(entriesMax, shares.count)
        if total > room {
            shares = shares.map { $0 == 0 ? 0 : max(1, $0 * room / total) }
        }
        if shares.allSatisfy({ $0 <= 1 }) {
            return shares.indices.filter { shares[$0] == 1 }.map(UInt32.init)
        }
        let length = shares.reduce(0, +)
        // All may take their first turn at once, and most of thousands have one share: those stand in a queue, and only
        // later turns in a heap.
        var first = TurnQueue(
            shares.indices.filter { shares[$0] > 0 }
                .map { Turn(due: shares[$0] == 1 ? length : (length + shares[$0] - 1) / shares[$0], backend: $0) }
                .sorted()
        )
        // Who may take a later turn from which place of the rotation on: a list per place, linked through the backends,
        // because none has two turns to come at once.
        var firsts = [Int](repeating: -1, count: length)
        var followers = [Int](repeating: -1, count: shares.count)
        var taken = [Int](repeating: 0, count: shares.count)
        var later = TurnHeap()
        var rotation: [UInt32] = []
        rotation.reserveCapacity(length)
        for place in 0..<length {
            var index = firsts[place]
            while index >= 0 {
                let due = ((taken[index] + 1) * length + shares[index] - 1) / shares[index]
                later.insert(Turn(due: due, backend: index))
                index = followers[index]
            }
            let backend = (first.next < later.next ? first.removeFirst() : later.removeFirst()).backend
            rotation.append(UInt32(backend))
            taken[backend] += 1
            guard taken[backend] < shares[backend] else { continue }
            let from = max(taken[backend] * length / shares[backend], place + 1)
            followers[backend] = firsts[from]
            firsts[from] = backend
        }
        return rotation
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}

/// A turn that may be taken. Of two the one that must be taken sooner comes first, ties by backend.
private struct Turn: Comparable, BitwiseCopyable {
    /// The place in the upper half, the backend in the lower: one comparison tells which comes first.
    private let bits: UInt64

    init(due: Int, backend: Int) { bits = UInt64(due) << 32 | UInt64(backend) }

    private init(bits: UInt64) { self.bits = bits }

    /// Comes behind every turn.
    static let none = Turn(bits: .max)

    var backend: Int { Int(bits & 0xFFFF_FFFF) }

    static func < (a: Turn, b: Turn) -> Bool { a.bits < b.bits }
}

/// Turns that are in order.
private struct TurnQueue {
    private let turns: [Turn]
    private var at = 0

    init(_ turns: [Turn]) { self.turns = turns }

    var next: Turn { at < turns.count ? turns[at] : .none }

    /// Traps when there is none.
    mutating func removeFirst() -> Turn {
        at += 1
        return turns[at - 1]
    }
}

/// Turns in any order, the first of them at the top.
private struct TurnHeap {
    private var turns: [Turn] = []

    var next: Turn { turns.first ?? .none }

    mutating func insert(_ turn: Turn) {
        turns.append(turn)
        var at = turns.count - 1
        while at > 0, turn < turns[(at - 1) / 2] {
            turns[at] = turns[(at - 1) / 2]
            at = (at - 1) / 2
        }
        turns[at] = turn
    }

    /// Traps when there is none: a rotation has as many places as turns.
    mutating func removeFirst() -> Turn {
        let first = turns[0]
        let last = turns.removeLast()
        guard !turns.isEmpty else { return first }
        var at = 0
        while true {
            var child = 2 * at + 1
            guard child < turns.count else { break }
            if child + 1 < turns.count, turns[child + 1] < turns[child] { child += 1 }
            guard turns[child] < last else { break }
            turns[at] = turns[child]
            at = child
        }
        turns[at] = last
        return first
    }
}
