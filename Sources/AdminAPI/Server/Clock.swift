import Glibc
import Model

/// The time of day, for people and for the history.
enum WallClock {
    /// Nanoseconds of the UNIX epoch.
    static func now() -> Int64 { reading(CLOCK_REALTIME) }

    /// A while after a moment; the end of what can be told, in 2262, where it is past that.
    static func moment(_ nanoseconds: Int64, after span: TimeSpan) -> Int64 { sum(nanoseconds, span.nanoseconds) }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T06:48:00.125Z`.
    static func rfc3339(_ nanoseconds: Int64) -> String {
        var text: [UInt8] = []
        write(nanoseconds, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the same.
    static func write(_ nanoseconds: Int64, into out: inout [UInt8]) {
        let (date, clock) = parts(nanoseconds)
        let milliseconds = floored(nanoseconds, by: 1_000_000_000).1 / 1_000_000
        write(date.year, 4, into: &out)
        for (mark, number) in [
            (0x2D as UInt8, date.month), (0x2D, date.day), (0x54, clock.hour), (0x3A, clock.minute),
            (0x3A, clock.second),
        ] {
            out.append(mark)
            write(number, 2, into: &out)
        }
        out.append(0x2E)
        write(Int(milliseconds), 3, into: &out)
        out.append(0x5A)
    }

    /// With at least so many digits.
    private static func write(_ number: Int, _ digits: Int, into out: inout [UInt8]) {
        if digits > 1 || number >= 10 { write(number / 10, digits - 1, into: &out) }
        out.append(0x30 + UInt8(number % 10))
    }

    /// The `Date` field's form (RFC 9110 §5.6.7): `Sat, 21 Nov 2026 06:48:00 GMT`.
    static func httpDate(_ nanoseconds: Int64) -> String {
        let (date, clock) = parts(nanoseconds)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[Int(floored(date.dayOfEpoch, by: 7).1)]
        return "\(weekday), \(padded(date.day)) \(months[date.month - 1]) \(padded(date.year, 4)) "
            + "\(padded(clock.hour)):\(padded(clock.minute)):\(padded(clock.second)) GMT"
    }

    private struct CivilDate {
        let year: Int
        let month: Int
        let day: Int
        let dayOfEpoch: Int64
    }

    private static func parts(_ nanoseconds: Int64) -> (CivilDate, (hour: Int, minute: Int, second: Int)) {
        let seconds = floored(nanoseconds, by: 1_000_000_000).0
        let (days, rest) = floored(seconds, by: 86_400)
        return (date(ofDay: days), (Int(rest / 3600), Int(rest / 60 % 60), Int(rest % 60)))
    }

    /// The proleptic Gregorian date, counted in years that begin in March so that the leap day is the last.
    private static func date(ofDay day: Int64) -> CivilDate {
        // 719,468 days lie between 1 March of year 0 and the epoch; 146,097 make 400 years.
        let (era, dayOfEra) = floored(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return CivilDate(
            year: Int(era * 400 + yearOfEra + (month <= 2 ? 1 : 0)),
            month: Int(month),
            day: Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1),
            dayOfEpoch: day
        )
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = value % divisor
        return rest < 0 ? (value / divisor - 1, rest + divisor) : (value / divisor, rest)
    }

    private static func padded(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A moment of the monotonic clock by which something must have happened.
struct Deadline: Comparable, Sendable {
    private let at: Int64

    static func < (left: Deadline, right: Deadline) -> Bool { left.at < right.at }

    /// One that is further off than the clock goes never comes.
    static func after(_ span: TimeSpan) -> Deadline { Deadline(at: sum(MonotonicClock.now(), span.nanoseconds)) }

    /// What is left; zero when it has passed.
    var remaining: TimeSpan { MonotonicClock.span(from: MonotonicClock.now(), to: at) }

    var hasPassed: Bool { remaining == .zero }

    /// What is left in whole milliseconds, rounded up, for `poll(2)`.
    var milliseconds: Int32 {
        let (whole, rest) = remaining.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return Int32(clamping: whole + (rest > 0 ? 1 : 0))
    }
}

enum MonotonicClock {
    /// Nanoseconds since some moment before the process.
    static func now() -> Int64 { reading(CLOCK_MONOTONIC) }

    /// From one moment to another, or until now; zero when they stand the other way round.
    static func span(from begin: Int64, to end: Int64 = now()) -> TimeSpan {
        let (length, isPast) = end.subtractingReportingOverflow(begin)
        return TimeSpan(nanoseconds: end <= begin ? 0 : isPast ? .max : length)
    }
}

/// The time as one number: 0 before 1970, and the largest there is from 2262 on.
func nanoseconds(_ time: timespec) -> Int64 {
    let (seconds, isPast) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    if time.tv_sec < 0 { return 0 }
    return isPast ? .max : sum(seconds, Int64(time.tv_nsec))
}

private func reading(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: `time` is written by the call and read after it.
    unsafe clock_gettime(clock, &time)
    return nanoseconds(time)
}

/// The end of what can be told instead of an overflow.
///
/// - Parameter right: Not negative.
private func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, isPast) = left.addingReportingOverflow(right)
    return isPast ? .max : sum
}
