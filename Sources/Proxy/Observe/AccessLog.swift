import HTTPWire

/// One line per request, as text:
///
///     2026-11-21T10:17:18.123Z 127.0.0.1 "GET /path HTTP/1.1" 200 612 web-1 3.214ms -
///
/// time, client, request line, status, body bytes sent, backend (`-` without one), duration, and what went wrong (`-`
/// for nothing).
package enum AccessLog {
    /// The request line's part of a log line; a longer one is cut and ends in `...`.
    package static let requestLineBytesMax = 2048

    /// Where the first line ends, at most `requestLineBytesMax` in.
    package static func requestLineEnd(_ bytes: RawSpan) -> Int {
        let most = min(bytes.byteCount, requestLineBytesMax)
        var end = 0
        while end < most, bytes.byte(end) != 0x0D, bytes.byte(end) != 0x0A { end += 1 }
        return end
    }

    /// Appends `bytes` up to `end` as it may stand between quotes in a log: what is not visible ASCII, quotes and backslashes are
    /// written `\xHH`, so no client can forge a line.
    package static func appendEscaped(_ bytes: RawSpan, upTo end: Int, to out: inout OutputRawSpan) {
        // An escaped byte takes four.
        let limit = out.byteCount + requestLineBytesMax
        for index in 0..<end {
            if out.byteCount + 4 > limit {
                out.append("...")
                return
            }
            let byte = bytes.byte(index)
            if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C {
                out.append(byte)
            } else {
                out.append("\\x")
                out.append(digit(byte >> 4))
                out.append(digit(byte & 15))
            }
        }
    }

    /// `3.214ms`: whole microseconds.
    package static func appendDuration(_ nanoseconds: UInt64, to out: inout OutputRawSpan) {
        let microseconds = nanoseconds / 1000
        out.appendDecimal(microseconds / 1000)
        out.append(".")
        let rest = microseconds % 1000
        out.append(UInt8(0x30 + rest / 100))
        out.append(UInt8(0x30 + rest / 10 % 10))
        out.append(UInt8(0x30 + rest % 10))
        out.append("ms")
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
}
