/// The text of one JSON object while it is written member by member: for what there are thousands of. Everything else is a
/// `JSONValue`, which takes longer to make than to write.
///
/// Keys take no escapes: they are those of the API, or names of backends.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    /// The paths of the members that are wanted, from the present object on; nil wants all.
    private var paths: [[Substring]]?
    private var isFirst = true

    /// - Parameter bytes: how long it will be, about.
    init(reserving bytes: Int = 1024) {
        self.bytes.reserveCapacity(bytes)
    }

    /// Writes an object; `body` adds its members, in the order of their keys.
    mutating func object(_ body: (inout JSONText) -> Void) {
        bytes.append(0x7B)
        isFirst = true
        body(&self)
        bytes.append(0x7D)
        isFirst = false
    }

    /// Adds a member that is an object.
    /// - Parameter paths: Only these of its members, such as `status.phase`, are written; nil is all that are wanted of it.
    mutating func object(_ key: String, only paths: [[Substring]]? = nil, _ body: (inout JSONText) -> Void) {
        guard let below = below(key) else { return }
        begin(key)
        let outer = self.paths
        self.paths = paths ?? below
        object(body)
        self.paths = outer
    }

    mutating func add(_ key: String, _ value: JSONValue) {
        guard let below = below(key) else { return }
        begin(key)
        guard let below, case .object(let members) = value else { return value.write(into: &bytes) }
        let outer = paths
        paths = below
        object { text in
            for member in members { text.add(member.key, member.value) }
        }
        paths = outer
    }

    /// Null where there is none.
    mutating func add(_ key: String, _ value: String?) {
        guard below(key) != nil else { return }
        begin(key)
        guard let value else { return bytes.append(contentsOf: "null".utf8) }
        JSONValue.write(value, into: &bytes)
    }

    mutating func add(_ key: String, _ value: Bool) {
        guard below(key) != nil else { return }
        begin(key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Null where there is none.
    mutating func add(_ key: String, _ value: Int?) {
        guard below(key) != nil else { return }
        begin(key)
        guard let value else { return bytes.append(contentsOf: "null".utf8) }
        if value < 0 { bytes.append(0x2D) }
        bytes.append(decimal: UInt64(value.magnitude))
    }

    /// A counter, which stands still at 2⁶³ - 1 as a `JSONValue.counter` does.
    mutating func add(_ key: String, counter value: UInt64) {
        guard below(key) != nil else { return }
        begin(key)
        bytes.append(decimal: min(value, UInt64(Int64.max)))
    }

    /// A duration in milliseconds, to the microsecond: finer than any network, and short. Null where there is none.
    mutating func add(_ key: String, milliseconds nanoseconds: UInt64?) {
        guard below(key) != nil else { return }
        begin(key)
        guard let nanoseconds else { return bytes.append(contentsOf: "null".utf8) }
        let (whole, part) = (nanoseconds / 1000).quotientAndRemainder(dividingBy: 1000)
        bytes.append(decimal: whole)
        bytes.append(0x2E)
        bytes.append(0x30 + UInt8(part / 100))
        guard part % 100 > 0 else { return }
        bytes.append(0x30 + UInt8(part / 10 % 10))
        guard part % 10 > 0 else { return }
        bytes.append(0x30 + UInt8(part % 10))
    }

    /// A moment, in nanoseconds of the UNIX epoch; null where there is none, and for 0, when nothing ever happened.
    mutating func add(_ key: String, time nanoseconds: Int64?) {
        guard below(key) != nil else { return }
        begin(key)
        guard let nanoseconds, nanoseconds != 0 else { return bytes.append(contentsOf: "null".utf8) }
        bytes.append(0x22)
        WallClock.write(nanoseconds, into: &bytes)
        bytes.append(0x22)
    }

    /// What of a member is wanted: nothing, all (nil in it), or some members of its own.
    @inline(__always)
    private func below(_ key: String) -> [[Substring]]?? {
        guard let paths else { return .some(nil) }
        return Self.below(key, of: paths)
    }

    private static func below(_ key: String, of paths: [[Substring]]) -> [[Substring]]?? {
        let below = paths.filter { $0.first == key[...] }.map { Array($0.dropFirst()) }
        if below.isEmpty { return nil }
        return .some(below.contains(where: \.isEmpty) ? nil : below)
    }

    private mutating func begin(_ key: String) {
        if !isFirst { bytes.append(0x2C) }
        isFirst = false
        bytes.append(0x22)
        bytes.append(contentsOf: key.utf8)
        bytes.append(0x22)
        bytes.append(0x3A)
    }
}
