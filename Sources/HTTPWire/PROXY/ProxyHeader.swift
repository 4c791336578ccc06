/// The PROXY protocol's header, versions 1 and 2: the line or block that a layer-4 balancer in front puts before the
/// client's first byte, to say who the client is. (The specification is HAProxy's `proxy-protocol.txt`.)
///
/// Only ever read from a peer that is trusted to say so, and then required: bytes that are no header are refused, never
/// guessed at.
package struct ProxyHeader: Equatable, Sendable, BitwiseCopyable {
    /// Who connected to the peer, as it says.
    package enum Source: Equatable, Sendable, BitwiseCopyable {
        /// The peer speaks for itself (`LOCAL`: its own health check), or does not say (`UNKNOWN`).
        case peer
        case ipv4(UInt32, port: UInt16)
        case ipv6(high: UInt64, low: UInt64, port: UInt16)
    }

    package var source: Source
    /// Bytes of the header; the client's begin behind it.
    package var byteCount: Int

    /// Not a PROXY header, or a broken one.
    package struct Refusal: Error, Equatable, Sendable {}

    /// Version 1: `PROXY TCP6 ` with two longest addresses, two ports and the line end.
    package static let lineBytesMax = 107
    /// Version 2: addresses and the type-length-values behind them that we would wait for.
    package static let blockBytesMax = 4096

    /// Reads the header at the beginning of `bytes`: nil when there is more of it to come.
    /// - Throws: `Refusal` as soon as the bytes cannot become a header.
    package static func read(_ bytes: RawSpan) throws(Refusal) -> ProxyHeader? {
        guard bytes.byteCount > 0 else { return nil }
        return bytes.byte(0) == UInt8(ascii: "P") ? try readLine(bytes) : try readBlock(bytes)
    }

    // MARK: version 1

    private static func readLine(_ bytes: RawSpan) throws(Refusal) -> ProxyHeader? {
        let known: StaticString = "PROXY "
        let prefix = min(bytes.byteCount, known.utf8CodeUnitCount)
        guard bytes.equals(ByteRange(0, prefix), beginningOf: known) else { throw Refusal() }
        var end = 0
        // The line end's two bytes count.
        let most = min(bytes.byteCount, lineBytesMax - 1)
        while end < most, bytes.byte(end) != 0x0D {
            // Visible ASCII and single spaces are all there is in it.
            guard bytes.byte(end) >= 0x20, bytes.byte(end) < 0x7F else { throw Refusal() }
            end += 1
        }
        guard end < most else {
            if bytes.byteCount >= lineBytesMax - 1 { throw Refusal() }
            return nil
        }
        guard end + 1 < bytes.byteCount else { return nil }
        guard bytes.byte(end + 1) == 0x0A else { throw Refusal() }
        let total = end + 2
        var at = known.utf8CodeUnitCount
        let family = word(bytes, &at, end)
        if bytes.equals(family, "UNKNOWN") { return ProxyHeader(source: .peer, byteCount: total) }
        let isIPv4 = bytes.equals(family, "TCP4")
        guard isIPv4 || bytes.equals(family, "TCP6") else { throw Refusal() }
        let source = word(bytes, &at, end)
        let target = word(bytes, &at, end)
        let sourcePort = try port(bytes, word(bytes, &at, end))
        _ = try port(bytes, word(bytes, &at, end))
        guard at == end + 1 else { throw Refusal() }
        switch (HostAddress(bytes, source), HostAddress(bytes, target)) {
        case (.ipv4(let address), .ipv4) where isIPv4:
            return ProxyHeader(source: .ipv4(address, port: sourcePort), byteCount: total)
        case (.ipv6(let high, let low), .ipv6) where !isIPv4:
            return ProxyHeader(source: .ipv6(high: high, low: low, port: sourcePort), byteCount: total)
        default:
            throw Refusal()
        }
    }

    /// The bytes up to the next space or `end`; `at` moves behind the space.
    private static func word(_ bytes: RawSpan, _ at: inout Int, _ end: Int) -> ByteRange {
        let start = min(at, end)
        var stop = start
        while stop < end, bytes.byte(stop) != 0x20 { stop += 1 }
        at = stop + 1
        return ByteRange(start, stop)
    }

    private static func port(_ bytes: RawSpan, _ range: ByteRange) throws(Refusal) -> UInt16 {
        guard let value = decimal(bytes, range, digits: 5), value <= 65_535 else { throw Refusal() }
        return UInt16(value)
    }

    /// A number without a leading zero.
    private static func decimal(_ bytes: RawSpan, _ range: ByteRange, digits: Int) -> UInt32? {
        guard range.count >= 1, range.count <= digits else { return nil }
        var value: UInt32 = 0
        for index in Int(range.start)..<Int(range.end) {
            let digit = bytes.byte(index)
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + UInt32(digit - 0x30)
        }
        return range.count > 1 && bytes.byte(Int(range.start)) == 0x30 ? nil : value
    }

    // MARK: version 2

    private static func readBlock(_ bytes: RawSpan) throws(Refusal) -> ProxyHeader? {
        let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
        let prefix = min(bytes.byteCount, signature.utf8CodeUnitCount)
        guard bytes.equals(ByteRange(0, prefix), beginningOf: signature) else { throw Refusal() }
        guard bytes.byteCount > 12 else { return nil }
        let command = bytes.byte(12)
        // Version 2 in the high half; LOCAL or PROXY in the low one.
        guard command == 0x20 || command == 0x21 else { throw Refusal() }
        guard bytes.byteCount >= 16 else { return nil }
        let length = Int(bytes.byte(14)) << 8 | Int(bytes.byte(15))
        guard length <= blockBytesMax else { throw Refusal() }
        guard bytes.byteCount >= 16 + length else { return nil }
        let total = 16 + length
        if command == 0x20 { return ProxyHeader(source: .peer, byteCount: total) }
        switch bytes.byte(13) {
        // TCP over IPv4: two addresses and two ports.
        case 0x11:
            guard length >= 12 else { throw Refusal() }
            let address = UInt32(truncatingIfNeeded: number(bytes, 16, 4))
            return ProxyHeader(
                source: .ipv4(address, port: UInt16(truncatingIfNeeded: number(bytes, 24, 2))),
                byteCount: total
            )
        case 0x21:
            guard length >= 36 else { throw Refusal() }
            return ProxyHeader(
                source: .ipv6(
                    high: number(bytes, 16, 8),
                    low: number(bytes, 24, 8),
                    port: UInt16(truncatingIfNeeded: number(bytes, 48, 2))
                ),
                byteCount: total
            )
        // Unspecified, UNIX sockets, datagrams: valid, and no address that we could use.
        default:
            return ProxyHeader(source: .peer, byteCount: total)
        }
    }

    private static func number(_ bytes: RawSpan, _ start: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<start + count { value = value << 8 | UInt64(bytes.byte(index)) }
        return value
    }
}

extension RawSpan {
    /// Whether the range's bytes are the first ones of `text`.
    fileprivate func equals(_ range: ByteRange, beginningOf text: StaticString) -> Bool {
        guard range.count <= text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count where byte(Int(range.start) + offset) != text.byte(offset) { return false }
        return true
    }
}
