/// Makes the ids that stand in sticky cookies: of a backend's identity under a secret key, so that a client can neither
/// tell which backend it has nor name another one.
///
/// SipHash-2-4 (Aumasson and Bernstein, 2012), which is made for short messages and a secret key.
package struct StickyKey: Equatable, Sendable {
    private let low: UInt64
    private let high: UInt64

    package init(_ low: UInt64, _ high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The id of one backend of one pool; never 0, which stands for none.
    package func id(pool: String, name: String, url: String) -> UInt64 {
        max(1, hash([pool, name, url].flatMap { Array($0.utf8) + [0] }))
    }

    func hash(_ message: [UInt8]) -> UInt64 {
        var v0 = low ^ 0x736F_6D65_7073_6575
        var v1 = high ^ 0x646F_7261_6E64_6F6D
        var v2 = low ^ 0x6C79_6765_6E65_7261
        var v3 = high ^ 0x7465_6462_7974_6573

        func rounds(_ count: Int) {
            for _ in 0..<count {
                v0 &+= v1
                v1 = (v1 << 13 | v1 >> 51) ^ v0
                v0 = v0 << 32 | v0 >> 32
                v2 &+= v3
                v3 = (v3 << 16 | v3 >> 48) ^ v2
                v0 &+= v3
                v3 = (v3 << 21 | v3 >> 43) ^ v0
                v2 &+= v1
                v1 = (v1 << 17 | v1 >> 47) ^ v2
                v2 = v2 << 32 | v2 >> 32
            }
        }
        func absorb(_ word: UInt64) {
            v3 ^= word
            rounds(2)
            v0 ^= word
        }

        let whole = message.count / 8 * 8
        for start in stride(from: 0, to: whole, by: 8) {
            absorb(message[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        let rest = message[whole...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        absorb(rest | UInt64(message.count & 0xFF) << 56)
        v2 ^= 0xFF
        rounds(4)
        return v0 ^ v1 ^ v2 ^ v3
    }
}

/// One place of a pool's table from sticky ids to backends; id 0 is an empty place.
package struct StickyEntry: BitwiseCopyable, Sendable {
    package var id: UInt64
    /// Its index in the snapshot.
    package var backend: UInt32

    package init(id: UInt64 = 0, backend: UInt32 = 0) {
        self.id = id
        self.backend = backend
    }
}
