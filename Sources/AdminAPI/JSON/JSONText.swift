/// The text of one JSON object while it is written member by member: for what there are thousands of. Everything else is a
/// `JSONValue`, which takes longer to make than to write.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    /// The paths of the members that are wanted, from the present object on; nil wants all.
    private var paths: [[Substring]]?
    private var isFirst = true

    /// - Parameter paths: Only these members, such as `status.phase`, are written; nil is all.
    init(only paths: [[Substring]]? = nil) {
        self.paths = paths
        bytes.reserveCapacity(1024)
    }

    /// Writes an object; `body` adds its members, in the order of their keys.
    mutating func object(_ body: (inout JSONText) -> Void) {
        bytes.append(0x7B)
        isFirst = true
        body(&self)
        bytes.append(0x7D)
        isFirst = false
    }

    /// Adds a member that is an object. The key takes no escapes.
    mutating func object(_ key: String, _ body: (inout JSONText) -> Void) {
        guard let below = below(key) else { return }
        begin(key)
        let outer = paths
        paths = below
        object(body)
        paths = outer
    }

    /// Adds a member. The key takes no escapes.
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

    /// Adds a member that is a string.
    mutating func add(_ key: String, _ value: String) {
        guard below(key) != nil else { return }
        begin(key)
        JSONValue.write(value, into: &bytes)
    }

    /// What of a member is wanted: nothing, all (nil in it), or some members of its own.
    private func below(_ key: String) -> [[Substring]]?? {
        guard let paths else { return .some(nil) }
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
