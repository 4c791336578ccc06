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
        guard split > 0, bytes[0] != 0x2E, bytes[split - 1] != 0x2E else { return nil }
        let unit: UInt64
        switch String(decoding: bytes[split...], as: UTF8.self) {
        case "us": unit = 1_000
        case "ms": unit = 1_000_000
        case "s": unit = 1_000_000_000
        case "m": unit = 60_000_000_000
        case "h": unit = 3_600_000_000_000
        default: return nil
        }
        guard let total = Self.product(bytes[..<split], unit), total <= UInt64(TimeSpan.longest.nanoseconds) else {
            return nil
        }
        nanoseconds = Int64(total)
    }

    /// A decimal number times a unit, rounded to the nearest whole; nil for two points, and for what is beyond any span.
    ///
    /// In whole numbers: a floating-point one has too few digits for the longest spans, and what was written would be read
    /// as another.
    private static func product(_ digits: ArraySlice<UInt8>, _ unit: UInt64) -> UInt64? {
        let parts = digits.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        var whole: UInt64 = 0
        for digit in parts[0] {
            whole = whole * 10 + UInt64(digit - 0x30)
            // Ten years have fewer microseconds than that.
            guard whole < 1_000_000_000_000_000 else { return nil }
        }
        var total = whole.multipliedReportingOverflow(by: unit)
        if total.overflow { return nil }
        guard parts.count == 2 else { return total.partialValue }
        // The largest unit has 13 digits: what comes behind them is less than a nanosecond.
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        for digit in parts[1].prefix(14) {
            fraction = fraction * 10 + UInt64(digit - 0x30)
            scale *= 10
        }
        let (high, low) = fraction.multipliedFullWidth(by: unit)
        let (quotient, rest) = scale.dividingFullWidth((high, low))
        total = total.partialValue.addingReportingOverflow(quotient + (rest * 2 >= scale ? 1 : 0))
        return total.overflow ? nil : total.partialValue
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
        let (whole, part) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        var digits = String(part + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)us"
    }
}
