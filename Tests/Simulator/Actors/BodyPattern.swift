/// The bytes of a body as a function of its key, so that both sides can tell right from wrong without storing them.
///
/// A fixed table of 4,093 bytes (a prime, so no power of two hides a shift) read from an offset that the key decides.
package struct BodyPattern {
    package let key: Int

    package init(key: Int) { self.key = key }

    private static let period = 4093
    private static let table: [UInt8] = {
        var chance = Chance(seed: 0x7061_7474_6572_6E73)
        // Twice the period and a bit, so that a run of up to a period is one slice.
        let once = (0..<period).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
        return once + once
    }()

    package func bytes(from start: Int, count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var at = start
        while result.count < count {
            let offset = (key * 131 + at) % Self.period
            let run = min(Self.period, count - result.count)
            result.append(contentsOf: Self.table[offset..<offset + run])
            at += run
        }
        return result
    }

    /// Whether `bytes` are those of the body from `start` on.
    package func matches(_ bytes: ArraySlice<UInt8>, from start: Int) -> Bool {
        Array(bytes) == self.bytes(from: start, count: bytes.count)
    }
}
