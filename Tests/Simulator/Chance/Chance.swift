/// Seeded chance: the only source of it in a simulation.
///
/// SplitMix64 (Steele, Lea and Flood, 2014): one addition and a mix per number, any seed is a good one.
package struct Chance {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mix(state)
    }

    /// A source of its own for one actor, so that adding an actor does not change what the others draw.
    package mutating func fork() -> Chance { Chance(seed: next()) }

    /// A number from 0 up to but not including `bound`, which is positive.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0)
        return Int(truncatingIfNeeded: next() >> 1) % bound
    }

    package mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    package mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound
        return width == .max ? next() : range.lowerBound + next() % (width + 1)
    }

    /// True in `count` of 1,000 cases.
    package mutating func perMille(_ count: Int) -> Bool { count > 0 && below(1000) < count }

    /// A number from 1 to `max`, small ones as likely as large ones on a scale of powers of two.
    package mutating func anySize(upTo max: Int) -> Int {
        precondition(max > 0)
        let bits = Int.bitWidth - max.leadingZeroBitCount
        return min(max, (1 << below(bits)) + below(1 << below(bits)))
    }

    package mutating func shuffle<Element>(_ items: inout [Element]) {
        guard items.count > 1 else { return }
        for index in (1..<items.count).reversed() { items.swapAt(index, below(index + 1)) }
    }
}

/// Spreads every bit of `value` over all 64.
package func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
