package import HTTPWire

/// Reads off a request what may decide its backend: the key of a hash pool and the id of a session.
package enum RequestKey {
    /// - Parameters:
    ///   - head: of the request, whose ranges are into `bytes`.
    ///   - client: whose it is, as far as is known.
    package static func wish(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        client: Endpoint,
        pool: PoolPlan,
        text: FlatArray<UInt8>
    ) -> PickWish {
        var wish = PickWish()
        if pool.algorithm == .hash {
            wish.key = key(head, of: bytes, client: client, pool: pool, text: text)
        }
        if pool.sticky.isOn, let value = cookie(pool.sticky.name, head, of: bytes, text) {
            wish.sticky = stickyID(bytes, value)
        }
        return wish
    }

    private static func key(
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        client: Endpoint,
        pool: PoolPlan,
        text: FlatArray<UInt8>
    ) -> UInt64? {
        switch pool.hashBy {
        case .clientIP:
            var hash = Hash()
            hash.add(client.high)
            hash.add(client.low)
            return hash.value
        case .uri:
            return hash(bytes, head.path)
        case .path:
            var end = Int(head.path.start)
            while end < Int(head.path.end), bytes.byte(end) != 0x3F { end += 1 }
            return hash(bytes, ByteRange(Int(head.path.start), end))
        case .header:
            for index in 0..<head.fields.count {
                let line = head.fields[index]
                if isName(bytes, line.name, pool.hashName, text) { return hash(bytes, line.value) }
            }
            return nil
        case .cookie:
            guard let value = cookie(pool.hashName, head, of: bytes, text) else { return nil }
            return hash(bytes, value)
        }
    }

    /// The value of the first cookie of that name (RFC 6265 §5.4).
    private static func cookie(
        _ name: TextRange,
        _ head: borrowing RequestHead,
        of bytes: RawSpan,
        _ text: FlatArray<UInt8>
    ) -> ByteRange? {
        guard head.fields.contains(.cookie) else { return nil }
        for index in 0..<head.fields.count where head.fields[index].id == .cookie {
            let value = head.fields[index].value
            var at = Int(value.start)
            let end = Int(value.end)
            while at < end {
                var stop = at
                while stop < end, bytes.byte(stop) != 0x3B { stop += 1 }
                let pair = trimmed(bytes, at, stop)
                if let found = pairValue(bytes, pair, name, text) { return found }
                at = stop + 1
            }
        }
        return nil
    }

    /// What is behind `name=`; names of cookies have a case.
    private static func pairValue(
        _ bytes: RawSpan,
        _ pair: ByteRange,
        _ name: TextRange,
        _ text: FlatArray<UInt8>
    ) -> ByteRange? {
        let count = Int(name.count)
        let start = Int(pair.start)
        guard pair.count > count, bytes.byte(start + count) == 0x3D else { return nil }
        for offset in 0..<count where bytes.byte(start + offset) != text[Int(name.start) + offset] { return nil }
        return ByteRange(start + count + 1, Int(pair.end))
    }

    /// Whether a field has a name that is given in lower case.
    private static func isName(
        _ bytes: RawSpan,
        _ range: ByteRange,
        _ name: TextRange,
        _ text: FlatArray<UInt8>
    ) -> Bool {
        guard range.count == Int(name.count) else { return false }
        for offset in 0..<range.count {
            let byte = bytes.byte(Int(range.start) + offset)
            let lowercase = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lowercase != text[Int(name.start) + offset] { return false }
        }
        return true
    }

    /// 16 lower-case hexadecimal digits as we write them; anything else is 0, which is nobody's id.
    private static func stickyID(_ bytes: RawSpan, _ range: ByteRange) -> UInt64 {
        guard range.count == 16 else { return 0 }
        var id: UInt64 = 0
        for at in Int(range.start)..<Int(range.end) {
            let byte = bytes.byte(at)
            switch byte {
            case 0x30...0x39: id = id << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: id = id << 4 | UInt64(byte - 0x61 + 10)
            default: return 0
            }
        }
        return id
    }

    private static func trimmed(_ bytes: RawSpan, _ from: Int, _ to: Int) -> ByteRange {
        var start = from
        var end = to
        while start < end, bytes.byte(start) == 0x20 || bytes.byte(start) == 0x09 { start += 1 }
        while end > start, bytes.byte(end - 1) == 0x20 || bytes.byte(end - 1) == 0x09 { end -= 1 }
        return ByteRange(start, end)
    }

    private static func hash(_ bytes: RawSpan, _ range: ByteRange) -> UInt64 {
        var hash = Hash()
        hash.add(bytes, range)
        return hash.value
    }
}
