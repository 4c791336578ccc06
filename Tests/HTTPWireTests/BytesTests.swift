import Testing

@testable import HTTPWire

@Suite struct BytesTests {
    private func equals(_ bytes: [UInt8], _ range: ByteRange, _ text: StaticString) -> Bool {
        bytes.rawBytes.equals(range, text)
    }

    private func equalsIgnoringCase(_ bytes: [UInt8], _ range: ByteRange, _ text: StaticString) -> Bool {
        bytes.rawBytes.equalsIgnoringCase(range, text)
    }

    private func areSameToken(_ bytes: [UInt8], _ one: ByteRange, _ other: ByteRange) -> Bool {
        bytes.rawBytes.areSameToken(one, other)
    }

    private func isToken(_ bytes: [UInt8], _ at: Int, _ text: StaticString) -> Bool {
        bytes.rawBytes.isToken(at, text)
    }

    @Test func rangesKnowTheirSize() {
        #expect(ByteRange(3, 7).count == 4)
        #expect(!ByteRange(3, 7).isEmpty)
        #expect(ByteRange(3, 3).isEmpty)
        #expect(ByteRange.empty == ByteRange(0, 0))
    }

    @Test func comparisonIsExactAtEveryLength() {
        // Every length up to beyond two words, and a difference at every place.
        let texts: [StaticString] = [
            "", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijk",
            "abcdefghijklmno",
            "abcdefghijklmnop", "abcdefghijklmnopq", "abcdefghijklmnopqrstuvw",
        ]
        for text in texts {
            let bytes = Array("x\(text.description)x".utf8)
            let range = ByteRange(1, bytes.count - 1)
            #expect(equals(bytes, range, text))
            #expect(equalsIgnoringCase(bytes, range, text))
            #expect(!equals(bytes, ByteRange(1, bytes.count), text))
            #expect(!equalsIgnoringCase(bytes, ByteRange(0, bytes.count - 1), text))
            for at in 1..<max(1, bytes.count - 1) {
                var other = bytes
                other[at] ^= 0x20
                #expect(!equals(other, range, text))
                #expect(equalsIgnoringCase(other, range, text))
                #expect(isToken(other, 1, text))
                other[at] = bytes[at] ^ 0x01
                #expect(!equals(other, range, text))
                #expect(!equalsIgnoringCase(other, range, text))
                #expect(!isToken(other, 1, text))
            }
        }
    }

    @Test func onlyLettersHaveCase() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = byte >= 0x41 && byte <= 0x5A
            #expect(byte.lowercased == (isUpper ? byte + 0x20 : byte))
        }
    }

    @Test func namesAreTheSameInAnyCase() {
        for count in 0...20 {
            let name = (0..<count).map { UInt8(0x61 + $0) }
            let bytes = name + name.map { $0 & 0xDF }
            let upper = ByteRange(count, 2 * count)
            #expect(areSameToken(bytes, ByteRange(0, count), upper))
            for at in 0..<count {
                var other = bytes
                other[at] = 0x2D
                #expect(!areSameToken(other, ByteRange(0, count), upper))
                #expect(!areSameToken(bytes, ByteRange(0, at), upper))
            }
        }
        let token = Array("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for one in token {
            for other in token {
                let isSame = one.lowercased == other.lowercased || one | 0x20 == 0x7E && other | 0x20 == 0x7E
                #expect(areSameToken([one, other], ByteRange(0, 1), ByteRange(1, 2)) == isSame)
            }
        }
    }

    @Test func hexDigitsHaveTheirValues() {
        for byte in UInt8.min...UInt8.max {
            #expect(byte.hexValue.map(Int.init) == Character(Unicode.Scalar(byte)).hexDigitValue)
        }
    }

    /// RFC 9110 §5.6.2, RFC 3986 §3.2.2
    @Test func setsHoldWhatTheirGrammarsSay() {
        let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        let token = Set("!#$%&'*+-.^_`|~\(alphanumeric)".utf8)
        let regName = Set("-._~!$&'()*+,;=\(alphanumeric)".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ByteSet.token.contains(byte) == token.contains(byte))
            #expect(ByteSet.regName.contains(byte) == regName.contains(byte))
        }
    }

    @Test(
        arguments: [
            (0, "0"), (7, "7"), (10, "10"), (99, "99"), (100, "100"), (65535, "65535"),
            (UInt64.max, "18446744073709551615"),
            (10_000_000_000_000_000_000, "10000000000000000000"), (9_999_999_999_999_999_999, "9999999999999999999"),
        ] as [(UInt64, String)]
    )
    func decimals(_ value: UInt64, _ expected: String) {
        #expect(written(room: expected.utf8.count) { $0.appendDecimal(value) } == expected)
    }

    @Test func hexadecimals() {
        for shift in 0..<64 {
            for value in [
                UInt64(1) << UInt64(shift), (UInt64(1) << UInt64(shift)) - 1, 0x0123_4567_89AB_CDEF >> UInt64(shift),
            ] {
                let expected = String(value, radix: 16)
                #expect(written(room: expected.utf8.count) { $0.appendHex(value) } == expected)
                let padded = String(repeating: "0", count: 16 - expected.utf8.count) + expected
                #expect(written(room: 16) { $0.appendHexPadded(value) } == padded)
            }
        }
    }

    @Test func appendingFillsTheBufferToItsLastByte() {
        let bytes = Array("0123456789".utf8)
        let out = written(room: 10) {
            $0.append(bytes.rawBytes, ByteRange(2, 5))
            $0.append("")
            $0.append(bytes.rawBytes, .empty)
            $0.append("abc")
            let last = Array("wxyz".utf8)
            $0.append(last.rawBytes)
            let isFull = $0.isFull
            #expect(isFull)
        }
        #expect(out == "234abcwxyz")
    }

    @Test func appendingBeyondTheBufferTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = written(room: 2) { $0.append("abc") }
        }
        await #expect(processExitsWith: .failure) {
            let bytes = Array("abc".utf8)
            _ = written(room: 2) { $0.append(bytes.rawBytes, ByteRange(0, 3)) }
        }
        await #expect(processExitsWith: .failure) {
            let bytes = Array("abc".utf8)
            _ = written(room: 9) { $0.append(bytes.rawBytes, ByteRange(1, 4)) }
        }
        await #expect(processExitsWith: .failure) {
            let bytes = Array("abc".utf8)
            _ = bytes.rawBytes.byte(3)
        }
    }
}
