/// SplitMix64 (Steele, Lea and Flood, 2014): what one seed of the world's becomes for all draws of one pick.
enum SplitMix {
    static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(always)
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
