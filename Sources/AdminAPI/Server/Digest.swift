import CCrypto

/// SHA-256 (FIPS 180-4), and the comparison that goes with a secret; both are OpenSSL's.
enum Digest {
    static let byteCount = 32

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        // SAFETY: SHA256 reads `bytes.count` bytes of the first array and writes 32, the length of the other.
        _ = unsafe SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// Whether two digests are the same; how long it takes does not tell where they differ.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == byteCount, right.count == byteCount else { return false }
        // SAFETY: both arrays have the length that is given.
        return unsafe CRYPTO_memcmp(left, right, byteCount) == 0
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    static func read(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * byteCount else { return nil }
        var digest: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Hexadecimal.value(of: digits[at]), let low = Hexadecimal.value(of: digits[at + 1]) else {
                return nil
            }
            digest.append(high << 4 | low)
        }
        return digest
    }
}
