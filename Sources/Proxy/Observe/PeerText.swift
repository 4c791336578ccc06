import HTTPWire

/// An endpoint's address as text.
package enum PeerText {
    /// The address without its port: dotted IPv4, or IPv6 with its groups written out shortest-first (RFC 5952);
    /// `unknown` (RFC 7239 §6.2) for a UNIX socket's peer.
    package static func append(_ endpoint: Endpoint, to out: inout OutputRawSpan) {
        switch endpoint.family {
        case .ipv4:
            for shift in 0..<4 {
                if shift > 0 { out.append(".") }
                out.appendDecimal((endpoint.low >> UInt64(24 - 8 * shift)) & 255)
            }
        case .ipv6: appendIPv6(endpoint, to: &out)
        case .unix, .none: out.append("unknown")
        }
    }

    /// The longest: 8 groups of 4 and 7 colons.
    package static let bytesMax = 39

    private static func appendIPv6(_ endpoint: Endpoint, to out: inout OutputRawSpan) {
        var bestStart = 8
        var bestCount = 1
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, group(endpoint, end) == 0 { end += 1 }
            if end - index > bestCount {
                bestStart = index
                bestCount = end - index
            }
            index = max(end, index + 1)
        }
        index = 0
        while index < 8 {
            if index == bestStart {
                out.append("::")
                index += bestCount
                continue
            }
            if index > 0, index != bestStart + bestCount { out.append(":") }
            out.appendHex(group(endpoint, index))
            index += 1
        }
    }

    private static func group(_ endpoint: Endpoint, _ index: Int) -> UInt64 {
        ((index < 4 ? endpoint.high : endpoint.low) >> UInt64(48 - 16 * (index & 3))) & 0xFFFF
    }
}
