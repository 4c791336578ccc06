package import HTTPWire

/// What a backend says of its idle connections.
package enum KeepAlive {
    /// The idle time that is safe with a backend that announced `Keep-Alive: timeout=N`: a second less than N, so that we
    /// end the connection before it does and no request meets its end. `.max` when it did not say.
    package static func idleNs(_ head: borrowing ResponseHead, of bytes: RawSpan) -> UInt64 {
        guard let index = head.fields.first(.keepAlive) else { return .max }
        let value = head.fields[index].value
        var at = Int(value.start)
        let end = Int(value.end)
        while at < end {
            // One parameter: a name, and perhaps a number behind an equals sign.
            let start = at
            while at < end, bytes.byte(at) != UInt8(ascii: ",") { at += 1 }
            if let seconds = timeout(bytes, start, at) { return max(seconds, 1) * 1_000_000_000 - 1_000_000_000 }
            at += 1
        }
        return .max
    }

    private static func timeout(_ bytes: RawSpan, _ start: Int, _ end: Int) -> UInt64? {
        var at = start
        while at < end, isBlank(bytes.byte(at)) { at += 1 }
        let name: StaticString = "timeout="
        let numberStart = at + name.utf8CodeUnitCount
        guard numberStart < end, bytes.equalsIgnoringCase(ByteRange(at, numberStart), name) else { return nil }
        var seconds: UInt64 = 0
        at = numberStart
        while at < end, !isBlank(bytes.byte(at)) {
            let digit = bytes.byte(at)
            // A day is as good as for ever, and keeps the sum small.
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            seconds = min(seconds * 10 + UInt64(digit - 0x30), 86_400)
            at += 1
        }
        return seconds
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
