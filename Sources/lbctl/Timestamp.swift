/// A point in time as the API writes it (RFC 3339), in nanoseconds of the UNIX epoch, and its age for people.
struct Timestamp: Equatable {
    let nanoseconds: Int64

    init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads `2026-11-21T06:48:00Z`, with any fraction and any offset; nil for anything else.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func stands(_ character: Unicode.Scalar, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == UInt8(ascii: character)
        }
        guard let year = number(0, 4), stands("-", at: 4), let month = number(5, 2), stands("-", at: 7),
            let day = number(8, 2), stands("T", at: 10) || stands("t", at: 10) || stands(" ", at: 10),
            let hour = number(11, 2), stands(":", at: 13), let minute = number(14, 2), stands(":", at: 16),
            let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60, (1970...2200).contains(year)
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if stands(".", at: index) {
            index += 1
            var unit: Int64 = 100_000_000
            let start = index
            while let digit = number(index, 1) {
                fraction += digit * unit
                unit /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        var offset: Int64 = 0
        if stands("Z", at: index) || stands("z", at: index) {
            index += 1
        } else {
            guard stands("+", at: index) || stands("-", at: index), let hours = number(index + 1, 2),
                stands(":", at: index + 3), let minutes = number(index + 4, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (stands("-", at: index) ? -1 : 1)
            index += 6
        }
        guard index == bytes.count else { return nil }
        // Days since the epoch in the proleptic Gregorian calendar, years counted from March so that the leap day
        // is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        nanoseconds = (days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000_000 + fraction
    }

    /// How long ago this was, in one unit: `42s`, `5m`, `3h`, `12d`.
    ///
    /// A time that is still to come (the clocks of two machines differ) is `0s`.
    func age(at now: Int64) -> String {
        let seconds = max(0, (now - nanoseconds) / 1_000_000_000)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m"
        case ..<(48 * 3600): return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}

/// A measured span with the digits a person reads: `0.6s`, `12.3s`, `2m5s`.
func elapsedText(nanoseconds: Int64) -> String {
    let tenths = (max(nanoseconds, 0) + 50_000_000) / 100_000_000
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10)s" }
    let seconds = tenths / 10
    return "\(seconds / 60)m\(seconds % 60)s"
}
