/// One field line: where its name and value stand in the caller's buffer, and what it is.
package struct FieldLine: Equatable, Sendable, BitwiseCopyable {
    /// A token, as written.
    package var name: ByteRange
    /// Without the blanks around it; may be empty.
    package var value: ByteRange
    package var id: FieldName
    /// Meant for this connection only: of the fixed set, or named by `Connection` (RFC 9110 §7.6.1); of a trailer, one that
    /// may not be a trailer (§6.5.1). Never forward it. `Content-Length` is not marked: framing is the writer's.
    package var isHopByHop: Bool
    /// CGI-style servers take `X_Real_IP` for `X-Real-IP`, so such a name can forge a field we set.
    package var hasUnderscore: Bool
    /// Passed on in requests as it is, unless it is hop-by-hop or has an underscore: see `FieldName.isPlain`. Kept, because
    /// every field of every request is asked for it.
    package let isPlain: Bool

    package init(
        name: ByteRange = .empty,
        value: ByteRange = .empty,
        id: FieldName = .other,
        isHopByHop: Bool = false,
        hasUnderscore: Bool = false
    ) {
        self.name = name
        self.value = value
        self.id = id
        self.isHopByHop = isHopByHop
        self.hasUnderscore = hasUnderscore
        isPlain = id.isPlain
    }

    /// A line whose name is a valid token.
    @inline(__always)
    init(_ bytes: RawSpan, name: ByteRange, value: ByteRange) {
        let id = FieldName.of(bytes, name)
        self.init(
            name: name,
            value: value,
            id: id,
            isHopByHop: id.isHopByHop,
            // The names we know have none.
            hasUnderscore: id == .other && Self.hasUnderscore(bytes, name)
        )
    }

    private static func hasUnderscore(_ bytes: RawSpan, _ name: ByteRange) -> Bool {
        for at in Int(name.start)..<Int(name.end) where bytes.byte(at) == 0x5F { return true }
        return false
    }
}

/// The field lines of a head or a trailer section, in the order they came.
///
/// Owns 2.5 KiB that are allocated once: keep a table and use it again.
package struct FieldTable: ~Copyable {
    package static let capacity = 128

    package private(set) var count = 0
    /// Bit n: some line has the `FieldName` of raw value n.
    private var present: UInt64 = 0
    private var lines: FixedStorage<FieldLine>

    package init() { lines = FixedStorage(repeating: FieldLine(), count: Self.capacity) }

    /// The line at an index below `count`; traps above.
    package subscript(_ index: Int) -> FieldLine {
        precondition(index < count)
        return lines[index]
    }

    /// Forgets every line, in constant time.
    package mutating func removeAll() {
        count = 0
        present = 0
    }

    /// Traps when the table is full.
    package mutating func append(_ line: FieldLine) {
        lines[count] = line
        count &+= 1
        present |= 1 << UInt64(line.id.rawValue)
    }

    /// Traps unless `index` is below `count`.
    package mutating func markHopByHop(_ index: Int) {
        precondition(index < count)
        lines[index].isHopByHop = true
    }

    /// Whether some line has this name; constant time.
    package func contains(_ id: FieldName) -> Bool {
        present & (1 << UInt64(id.rawValue)) != 0
    }

    /// The index of the first line with this name; nil in constant time when there is none.
    package func first(_ id: FieldName) -> Int? {
        guard contains(id) else { return nil }
        for index in 0..<count where lines[index].id == id { return index }
        return nil
    }

    /// Moves every range by `distance` bytes, for lines found in a part of the buffer that starts there.
    mutating func shift(by distance: Int) {
        for index in 0..<count {
            let line = lines[index]
            lines[index].name = ByteRange(Int(line.name.start) + distance, Int(line.name.end) + distance)
            lines[index].value = ByteRange(Int(line.value.start) + distance, Int(line.value.end) + distance)
        }
    }
}
