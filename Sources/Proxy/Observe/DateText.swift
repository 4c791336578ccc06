import HTTPWire

/// The present second as text, in the forms that HTTP and the log want, worked out once a second.
package struct DateText: ~Copyable {
    private var second: Int64 = .min
    private var year = 1970
    private var month = 1
    private var day = 1
    private var weekday = 4
    private var secondOfDay = 0

    package init() {}

    /// - Parameter wallClock: nanoseconds of the UNIX epoch.
    package mutating func update(_ wallClock: Int64) {
        let now = floorDivide(wallClock, 1_000_000_000)
        guard now != second else { return }
        second = now
        let days = floorDivide(now, 86_400)
        secondOfDay = Int(now - days * 86_400)
        weekday = Int(((days + 4) % 7 + 7) % 7)
        // Days to a civil date: eras of 400 years that begin on 1 March, so that the leap day comes last.
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
    }

    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and its line end (RFC 9110 §5.6.7).
    package func append(to out: inout OutputRawSpan) {
        out.append("Date: ")
        switch weekday {
        case 0: out.append("Sun, ")
        case 1: out.append("Mon, ")
        case 2: out.append("Tue, ")
        case 3: out.append("Wed, ")
        case 4: out.append("Thu, ")
        case 5: out.append("Fri, ")
        default: out.append("Sat, ")
        }
        two(day, &out)
        switch month {
        case 1: out.append(" Jan ")
        case 2: out.append(" Feb ")
        case 3: out.append(" Mar ")
        case 4: out.append(" Apr ")
        case 5: out.append(" May ")
        case 6: out.append(" Jun ")
        case 7: out.append(" Jul ")
        case 8: out.append(" Aug ")
        case 9: out.append(" Sep ")
        case 10: out.append(" Oct ")
        case 11: out.append(" Nov ")
        default: out.append(" Dec ")
        }
        out.appendDecimal(UInt64(year))
        out.append(" ")
        time(&out)
        out.append(" GMT\r\n")
    }

    /// `1994-11-06T08:49:37.123Z` (RFC 3339).
    package func appendTimestamp(_ wallClock: Int64, to out: inout OutputRawSpan) {
        out.appendDecimal(UInt64(year))
        out.append("-")
        two(month, &out)
        out.append("-")
        two(day, &out)
        out.append("T")
        time(&out)
        out.append(".")
        // Of the second that was told last: a clock that was set since then is at one of its ends. What wraps in the product
        // wraps back in the difference.
        let milliseconds = Int(max(0, min(999, (wallClock &- second &* 1_000_000_000) / 1_000_000)))
        out.append(UInt8(0x30 + milliseconds / 100))
        two(milliseconds % 100, &out)
        out.append("Z")
    }

    private func time(_ out: inout OutputRawSpan) {
        two(secondOfDay / 3600, &out)
        out.append(":")
        two(secondOfDay / 60 % 60, &out)
        out.append(":")
        two(secondOfDay % 60, &out)
    }

    private func two(_ value: Int, _ out: inout OutputRawSpan) {
        out.append(UInt8(0x30 + value / 10))
        out.append(UInt8(0x30 + value % 10))
    }

    private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
        return rest < 0 ? quotient - 1 : quotient
    }
}
