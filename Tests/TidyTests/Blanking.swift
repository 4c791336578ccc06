/// Blanks comments and string literals out of Swift, and leaves every line where it was.
struct Blanking {
    private var rest: ArraySlice<UInt8>
    private var out: [UInt8] = []

    static func blanked(_ text: String) -> String {
        var blanking = Blanking(rest: Array(text.utf8)[...])
        blanking.run()
        return String(decoding: blanking.out, as: UTF8.self)
    }

    private init(rest: ArraySlice<UInt8>) {
        self.rest = rest
        out.reserveCapacity(rest.count)
    }

    /// How a string literal begins: so many `#`, then one quote or three.
    private struct Opening {
        let hashes: Int
        let quotes: Int
        var count: Int { hashes + quotes }
    }

    private mutating func run() {
        while let byte = rest.first {
            if byte == 0x2F, isNext([0x2F, 0x2F]) {
                blank(rest.firstIndex(of: 0x0A).map { $0 - rest.startIndex } ?? rest.count)
            } else if byte == 0x2F, isNext([0x2F, 0x2A]) {
                blankComment()
            } else if let opening = opening() {
                blank(opening.count)
                blankLiteral(opening)
            } else {
                out.append(byte)
                rest = rest.dropFirst()
            }
        }
    }

    private func isNext(_ bytes: [UInt8]) -> Bool { rest.starts(with: bytes) }

    private mutating func blank(_ count: Int) {
        for byte in rest.prefix(count) { out.append(byte == 0x0A ? 0x0A : 0x20) }
        rest = rest.dropFirst(count)
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if isNext([0x2F, 0x2A]) {
                depth += 1
                blank(2)
            } else if isNext([0x2A, 0x2F]) {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && !rest.isEmpty
    }

    private func opening() -> Opening? {
        guard let byte = rest.first, byte == 0x22 || byte == 0x23 else { return nil }
        let hashes = rest.prefix { $0 == 0x23 }.count
        let quotes = rest.dropFirst(hashes).prefix(3).prefix { $0 == 0x22 }.count
        guard quotes > 0 else { return nil }
        return Opening(hashes: hashes, quotes: quotes == 3 ? 3 : 1)
    }

    /// Up to and with the end of a literal whose opening is gone, interpolations included.
    private mutating func blankLiteral(_ opening: Opening) {
        let end = [UInt8](repeating: 0x22, count: opening.quotes) + [UInt8](repeating: 0x23, count: opening.hashes)
        let escape = [UInt8(0x5C)] + [UInt8](repeating: 0x23, count: opening.hashes)
        while let byte = rest.first {
            if byte == 0x22, isNext(end) {
                blank(end.count)
                return
            }
            // A literal of one line that does not end was no literal: stop the damage at the line.
            if opening.quotes == 1, byte == 0x0A { return }
            if byte == 0x5C, isNext(escape) {
                blank(escape.count)
                if rest.first == 0x28 {
                    blankInterpolation()
                } else {
                    blank(1)
                }
            } else {
                blank(1)
            }
        }
    }

    private mutating func blankInterpolation() {
        var depth = 0
        repeat {
            if let inner = opening() {
                blank(inner.count)
                blankLiteral(inner)
                continue
            }
            if rest.first == 0x28 { depth += 1 }
            if rest.first == 0x29 { depth -= 1 }
            blank(1)
        } while depth > 0 && !rest.isEmpty
    }
}
