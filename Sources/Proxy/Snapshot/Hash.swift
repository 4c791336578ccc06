package import HTTPWire

/// A fast hash of bytes that is the same everywhere and always: several balancers, and one before and after its restart,
/// send a key to the same backend.
///
/// Not keyed: whoever chooses keys can make them meet on one backend, which is what the bounded load is for.
package struct Hash: BitwiseCopyable {
    private var state: UInt64 = 0x2545_F491_4F6C_DD1D
    private var count: UInt64 = 0

    package init() {}

    /// Eight bytes.
    @inline(always)
    package mutating func add(_ word: UInt64) {
        state = (state ^ word) &* 0x9FB2_1C65_1E98_DF25
        state ^= state >> 29
        count &+= 1
    }

    /// The bytes of a range, which ends here: two ranges are not the same as one of both.
    package mutating func add(_ bytes: RawSpan, _ range: ByteRange) {
        var at = Int(range.start)
        let end = Int(range.end)
        while at + 8 <= end {
            add(bytes.word(at))
            at += 8
        }
        var rest: UInt64 = 0
        for offset in at..<end { rest = rest << 8 | UInt64(bytes.byte(offset)) }
        add(rest)
        add(UInt64(range.count))
    }

    package var value: UInt64 { SplitMix.mix(state ^ count) }

    /// The hash of a name.
    static func of(_ name: String) -> UInt64 {
        var hash = Hash()
        for byte in name.utf8 { hash.add(UInt64(byte)) }
        return hash.value
    }
}
