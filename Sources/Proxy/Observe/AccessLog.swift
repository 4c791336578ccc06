package import HTTPWire

/// One line per request, as text:
///
///     2026-11-21T10:17:18.123Z 127.0.0.1 "GET /path HTTP/1.1" 200 612 web-1 3.214ms - -- pool=default in=0 tries=1
///     queue=0.000ms connect=0.120ms first=2.951ms reused=no id=5c1e0d…
///
/// (here on two), with `peer=` before the id where the client is known by a trusted proxy's word, or as a JSON object with the same content. docs/METRICS.md has every field.
///
/// What a peer has a say in (the request line, the request id) is escaped byte by byte, so no client can forge a line
/// or break out of a JSON string; names are of a safe alphabet by validation, and escaped all the same.
package enum AccessLog {
    package enum Format: UInt8, Sendable, BitwiseCopyable {
        case text
        case json
    }

    /// All of a line but the bytes and the names in it.
    package struct Line: BitwiseCopyable {
        /// Whose the request is, as far as is known.
        package var client = Endpoint.none
        /// The other end of its connection: the client, or a proxy that is believed about it.
        package var peer = Endpoint.none
        /// The request was understood: its first line is ours. Otherwise it is what came.
        package var isParsed = true
        package var clientMinorVersion: UInt8 = 1
        package var status: UInt16 = 0
        package var bytesIn: UInt64 = 0
        package var bytesOut: UInt64 = 0
        /// Slots of the live table's names; `.max` for none.
        package var pool: UInt32 = .max
        package var backend: UInt32 = .max
        package var attempts: UInt8 = 0
        package var queueNs: UInt64 = 0
        /// `.max` where it did not happen; so for `firstByteNs`.
        package var connectNs: UInt64 = .max
        package var firstByteNs: UInt64 = .max
        package var totalNs: UInt64 = 0
        package var isReused = false
        /// Two ASCII letters.
        package var ender: UInt8 = 0x2D
        package var phase: UInt8 = 0x2D
        /// Nil for nothing.
        package var cause: StaticString?
        /// Where the request id stands in the request's bytes; empty for `generatedID`.
        package var requestID = ByteRange.empty
        package var generatedID: (UInt64, UInt64) = (0, 0)

        package init() {}

        var isProxied: Bool { !client.hasAddress(of: peer) }
    }

    /// The request line's part of a log line, escaped; a longer one is cut and ends in `...`.
    package static let requestLineBytesMax = 2048
    /// The request id's.
    package static let requestIDBytesMax = 256
    /// The longest line: the two above, two names of 64 bytes at up to 6 each, two addresses, and less than 600 of numbers and words.
    package static let lineBytesMax = requestLineBytesMax + requestIDBytesMax + 2 * 6 * 64 + 2 * PeerText.bytesMax + 600

    /// Appends one line and its end.
    /// - Parameters:
    ///   - request: the request as it was sent on, or as it came where it was refused.
    ///   - date: up to date with `wallClock`.
    package static func append(
        _ line: Line,
        as format: Format,
        request: RawSpan,
        names: LiveNames,
        date: borrowing DateText,
        wallClock: Int64,
        to out: inout OutputRawSpan
    ) {
        switch format {
        case .text: appendText(line, request, names, date, wallClock, &out)
        case .json: appendJSON(line, request, names, date, wallClock, &out)
        }
    }

    // MARK: text

    private static func appendText(
        _ line: Line,
        _ request: RawSpan,
        _ names: LiveNames,
        _ date: borrowing DateText,
        _ wallClock: Int64,
        _ out: inout OutputRawSpan
    ) {
        date.appendTimestamp(wallClock, to: &out)
        out.append(" ")
        PeerText.append(line.client, to: &out)
        out.append(" \"")
        let end = requestLineEnd(request)
        if line.isParsed, let space = versionStart(request, upTo: end) {
            // The version is the client's; what we sent on says HTTP/1.1 in any case.
            appendEscaped(request, upTo: space, to: &out)
            out.append("HTTP/1.")
            out.append(0x30 + line.clientMinorVersion)
        } else {
            appendEscaped(request, upTo: end, to: &out)
        }
        out.append("\" ")
        out.appendDecimal(UInt64(line.status))
        out.append(" ")
        out.appendDecimal(line.bytesOut)
        out.append(" ")
        if line.backend == .max { out.append("-") } else { names.appendBackend(line.backend, to: &out) }
        out.append(" ")
        appendDuration(line.totalNs, to: &out)
        out.append(" ")
        out.append(line.cause ?? "-")
        out.append(" ")
        out.append(line.ender)
        out.append(line.phase)
        out.append(" pool=")
        if line.pool == .max { out.append("-") } else { names.appendPool(line.pool, to: &out) }
        out.append(" in=")
        out.appendDecimal(line.bytesIn)
        out.append(" tries=")
        out.appendDecimal(UInt64(line.attempts))
        out.append(" queue=")
        appendDuration(line.queueNs, to: &out)
        out.append(" connect=")
        appendOptionalDuration(line.connectNs, &out)
        out.append(" first=")
        appendOptionalDuration(line.firstByteNs, &out)
        out.append(line.isReused ? " reused=yes" : " reused=no")
        if line.isProxied {
            out.append(" peer=")
            PeerText.append(line.peer, to: &out)
        }
        out.append(" id=")
        appendID(line, request, &out)
        out.append("\n")
    }

    private static func appendOptionalDuration(_ nanoseconds: UInt64, _ out: inout OutputRawSpan) {
        if nanoseconds == .max { out.append("-") } else { appendDuration(nanoseconds, to: &out) }
    }

    private static func appendID(_ line: Line, _ request: RawSpan, _ out: inout OutputRawSpan) {
        guard line.requestID.isEmpty else {
            // An id with a space in it, or a quote, does not end the field: both are escaped here.
            return appendEscaped(
                request,
                line.requestID,
                most: requestIDBytesMax,
                spaces: false,
                style: .hex,
                to: &out
            )
        }
        out.appendHexPadded(line.generatedID.0)
        out.appendHexPadded(line.generatedID.1)
    }

    // MARK: JSON

    private static func appendJSON(
        _ line: Line,
        _ request: RawSpan,
        _ names: LiveNames,
        _ date: borrowing DateText,
        _ wallClock: Int64,
        _ out: inout OutputRawSpan
    ) {
        out.append("{\"time\":\"")
        date.appendTimestamp(wallClock, to: &out)
        out.append("\",\"client\":\"")
        PeerText.append(line.client, to: &out)
        if line.isProxied {
            out.append("\",\"peer\":\"")
            PeerText.append(line.peer, to: &out)
        }
        out.append("\",\"request_id\":\"")
        if line.requestID.isEmpty {
            out.appendHexPadded(line.generatedID.0)
            out.appendHexPadded(line.generatedID.1)
        } else {
            appendEscaped(request, line.requestID, most: requestIDBytesMax, spaces: true, style: .json, to: &out)
        }
        appendJSONRequest(line, request, &out)
        out.append("\",\"status\":")
        out.appendDecimal(UInt64(line.status))
        out.append(",\"bytes_in\":")
        out.appendDecimal(line.bytesIn)
        out.append(",\"bytes_out\":")
        out.appendDecimal(line.bytesOut)
        out.append(",\"pool\":")
        if line.pool == .max {
            out.append("null")
        } else {
            out.append("\"")
            names.appendPool(line.pool, to: &out)
            out.append("\"")
        }
        out.append(",\"backend\":")
        if line.backend == .max {
            out.append("null")
        } else {
            out.append("\"")
            names.appendBackend(line.backend, to: &out)
            out.append("\"")
        }
        out.append(",\"attempts\":")
        out.appendDecimal(UInt64(line.attempts))
        out.append(",\"queue_ms\":")
        appendMilliseconds(line.queueNs, to: &out)
        out.append(",\"connect_ms\":")
        appendOptionalMilliseconds(line.connectNs, &out)
        out.append(",\"first_byte_ms\":")
        appendOptionalMilliseconds(line.firstByteNs, &out)
        out.append(",\"total_ms\":")
        appendMilliseconds(line.totalNs, to: &out)
        out.append(line.isReused ? ",\"reused\":true,\"outcome\":\"" : ",\"reused\":false,\"outcome\":\"")
        out.append(line.ender)
        out.append(line.phase)
        if let cause = line.cause {
            out.append("\",\"cause\":\"")
            out.append(cause)
            out.append("\"}\n")
        } else {
            out.append("\",\"cause\":null}\n")
        }
    }

    /// `method`, `target` and `version`, up to the last one's closing quote; a request that was not understood has only a
    /// `target`, which is all of its first line.
    private static func appendJSONRequest(_ line: Line, _ request: RawSpan, _ out: inout OutputRawSpan) {
        let end = requestLineEnd(request)
        guard line.isParsed, let version = versionStart(request, upTo: end),
            let target = targetStart(request, upTo: end)
        else {
            out.append("\",\"method\":null,\"version\":null,\"target\":\"")
            return appendEscaped(
                request,
                ByteRange(0, end),
                most: requestLineBytesMax,
                spaces: true,
                style: .json,
                to: &out
            )
        }
        out.append("\",\"method\":\"")
        appendEscaped(
            request,
            ByteRange(0, target - 1),
            most: requestLineBytesMax,
            spaces: true,
            style: .json,
            to: &out
        )
        out.append("\",\"version\":\"HTTP/1.")
        out.append(0x30 + line.clientMinorVersion)
        out.append("\",\"target\":\"")
        let most = requestLineBytesMax - 6 * Int(target)
        let targetEnd = max(target, version - 1)
        appendEscaped(request, ByteRange(target, targetEnd), most: most, spaces: true, style: .json, to: &out)
    }

    private static func appendOptionalMilliseconds(_ nanoseconds: UInt64, _ out: inout OutputRawSpan) {
        if nanoseconds == .max { out.append("null") } else { appendMilliseconds(nanoseconds, to: &out) }
    }

    // MARK: parts

    /// Where the first line ends, at most `requestLineBytesMax` in.
    package static func requestLineEnd(_ bytes: RawSpan) -> Int {
        let most = min(bytes.byteCount, requestLineBytesMax)
        var end = 0
        while end < most, bytes.byte(end) != 0x0D, bytes.byte(end) != 0x0A { end += 1 }
        return end
    }

    /// Behind the last space of the first line; nil where the line was cut, or has no space.
    private static func versionStart(_ bytes: RawSpan, upTo end: Int) -> Int? {
        guard end < bytes.byteCount, end < requestLineBytesMax else { return nil }
        var at = end
        while at > 0 {
            if bytes.byte(at - 1) == 0x20 { return at }
            at -= 1
        }
        return nil
    }

    /// Behind the first space; a method has at most 32 bytes.
    private static func targetStart(_ bytes: RawSpan, upTo end: Int) -> Int? {
        for at in 0..<min(end, 33) where bytes.byte(at) == 0x20 { return at + 1 }
        return nil
    }

    /// Appends `bytes` up to `end` as it may stand between quotes in a log: what is not visible ASCII, quotes and backslashes are
    /// written `\xHH`, so no client can forge a line.
    package static func appendEscaped(_ bytes: RawSpan, upTo end: Int, to out: inout OutputRawSpan) {
        appendEscaped(
            bytes,
            ByteRange(0, end),
            most: requestLineBytesMax,
            spaces: true,
            style: .hex,
            to: &out
        )
    }

    private enum Style {
        /// `\xHH`.
        case hex
        /// RFC 8259 §7. A byte past ASCII becomes the character of that number: valid whatever it was, and nothing is lost.
        case json
    }

    private static func appendEscaped(
        _ bytes: RawSpan,
        _ range: ByteRange,
        most: Int,
        spaces: Bool,
        style: Style,
        to out: inout OutputRawSpan
    ) {
        // The longest escape has 6 bytes; the mark of a cut has 3.
        let limit = out.byteCount + most - 6
        for index in Int(range.start)..<Int(range.end) {
            if out.byteCount > limit {
                out.append("...")
                return
            }
            let byte = bytes.byte(index)
            if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C, spaces || byte != 0x20 {
                out.append(byte)
            } else {
                out.append(style == .json ? "\\u00" : "\\x")
                out.append(digit(byte >> 4))
                out.append(digit(byte & 15))
            }
        }
    }

    /// `3.214ms`: whole microseconds.
    package static func appendDuration(_ nanoseconds: UInt64, to out: inout OutputRawSpan) {
        appendMilliseconds(nanoseconds, to: &out)
        out.append("ms")
    }

    /// `3.214`.
    package static func appendMilliseconds(_ nanoseconds: UInt64, to out: inout OutputRawSpan) {
        let microseconds = nanoseconds / 1000
        out.appendDecimal(microseconds / 1000)
        out.append(".")
        let rest = microseconds % 1000
        out.append(UInt8(0x30 + rest / 100))
        out.append(UInt8(0x30 + rest / 10 % 10))
        out.append(UInt8(0x30 + rest % 10))
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
}
