/// A length of time in whole nanoseconds, written by people as `500ms`, `5s`, `2m` or `1h`.
///
/// Never negative. The longest span is 10 years: a longer one is a typing error, not a wish.
package struct TimeSpan: Equatable, Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        precondition(nanoseconds >= 0)
        self.nanoseconds = nanoseconds
    }

    package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1_000_000) }
    package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count * 1_000_000_000) }

    package static let zero = TimeSpan(nanoseconds: 0)
    package static let longest = TimeSpan.seconds(10 * 365 * 86_400)

    package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Reads a number, whole or decimal, with its unit: `us`, `ms`, `s`, `m` or `h`. Nil for anything else,
    /// a bare number included: `10` of what?
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let split = bytes.firstIndex { !($0 >= 0x30 && $0 <= 0x39) && $0 != 0x2E } ?? bytes.count
        guard split > 0 else { return nil }
        let unit: Double
        switch String(decoding: bytes[split...], as: UTF8.self) {
        case "us": unit = 1e3
        case "ms": unit = 1e6
        case "s": unit = 1e9
        case "m": unit = 60e9
        case "h": unit = 3600e9
        default: return nil
        }
        guard bytes[0] != 0x2E, bytes[split - 1] != 0x2E,
            let number = Double(String(decoding: bytes[..<split], as: UTF8.self))
        else { return nil }
        let total = number * unit
        guard total <= Double(TimeSpan.longest.nanoseconds) else { return nil }
        nanoseconds = Int64(total + 0.5)
    }
}

extension TimeSpan: CustomStringConvertible {
    /// The shortest exact form in one unit: `90s`, `1500ms`, `2m`.
    package var description: String {
        let units: [(Int64, String)] = [
            (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"),
        ]
        if nanoseconds == 0 { return "0s" }
        for (size, name) in units where nanoseconds % size == 0 {
            return "\(nanoseconds / size)\(name)"
        }
        return "\(Double(nanoseconds) / 1000)us"
    }
}
