/// Reads one JSON text (RFC 8259): the whole of it, strictly, nested at most `depthMax` deep.
struct JSONReader {
    /// What is wrong, and the byte where.
    struct Refusal: Error, Equatable {
        let message: String
        let offset: Int
    }

    static let depthMax = 64

    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func read(_ bytes: [UInt8]) throws(Refusal) -> JSON {
        var reader = JSONReader(bytes)
        return try reader.whole()
    }

    /// The same, with the line of every value by its pointer (RFC 6901).
    static func read(_ bytes: [UInt8], lines: inout [String: Int]) throws(Refusal) -> JSON {
        var reader = JSONReader(bytes)
        reader.places = Places()
        let value = try reader.whole()
        lines = reader.places?.lines ?? [:]
        return value
    }

    /// Where values are, for who has to tell a person.
    private struct Places {
        var lines: [String: Int] = [:]
        var pointer: [String] = []
        /// The line of `counted`, from 1.
        var line = 1
        var counted = 0
    }

    private var places: Places?

    private mutating func whole() throws(Refusal) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw refusal("something follows the value") }
        return value
    }

    private mutating func note(member name: String) {
        guard var noted = places else { return }
        // Taken out meanwhile, or each member would copy what was noted before.
        places = nil
        defer { places = noted }
        noted.pointer.append(
            name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        )
        noted.line += bytes[noted.counted..<index].count { $0 == UInt8(ascii: "\n") }
        noted.counted = index
        noted.lines[noted.pointer.map { "/" + $0 }.joined()] = noted.line
    }

    private mutating func value(depth: Int) throws(Refusal) -> JSON {
        skipSpace()
        guard index < bytes.count else { throw refusal("the text ends where a value should stand") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw refusal("a value cannot start here")
        }
    }

    private mutating func object(depth: Int) throws(Refusal) -> JSON {
        guard depth < Self.depthMax else { throw refusal("nested too deep") }
        var members: [JSON.Member] = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw refusal("a member's name should stand here") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw refusal("a colon should stand here") }
            note(member: name)
            members.append(JSON.Member(name: name, value: try value(depth: depth + 1)))
            _ = places?.pointer.popLast()
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw refusal("a comma or a brace should stand here") }
        }
    }

    private mutating func array(depth: Int) throws(Refusal) -> JSON {
        guard depth < Self.depthMax else { throw refusal("nested too deep") }
        var values: [JSON] = []
        index += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            note(member: String(values.count))
            values.append(try value(depth: depth + 1))
            _ = places?.pointer.popLast()
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw refusal("a comma or a bracket should stand here") }
        }
    }

    private mutating func word(_ word: StaticString, _ meaning: JSON) throws(Refusal) -> JSON {
        for byte in "\(word)".utf8 where !take(byte) { throw refusal("no such word") }
        return meaning
    }

    private mutating func number() throws(Refusal) -> JSON {
        let start = index
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            // A leading zero stands alone.
        } else if skipDigits() == 0 {
            throw refusal("a digit should stand here")
        }
        if take(UInt8(ascii: ".")), skipDigits() == 0 { throw refusal("a digit should stand here") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            if skipDigits() == 0 { throw refusal("a digit should stand here") }
        }
        return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func string() throws(Refusal) -> String {
        index += 1
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw refusal("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                index += 1
                text += Array(String(try escape()).utf8)
            case 0..<0x20:
                throw refusal("a control character stands in a string")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw refusal("a string is not closed")
    }

    /// What follows a backslash; a surrogate without its other half becomes U+FFFD.
    private mutating func escape() throws(Refusal) -> Unicode.Scalar {
        guard let byte = peek else { throw refusal("a string is not closed") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw refusal("no such escape")
        }
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let afterFirst = index
        if UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let second = try hexUnit()
            if UTF16.isTrailSurrogate(second) {
                let high = UInt32(unit - 0xD800) << 10
                return Unicode.Scalar(0x10000 + high + UInt32(second - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        index = afterFirst
        return "\u{FFFD}"
    }

    private mutating func hexUnit() throws(Refusal) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw refusal("four hexadecimal digits should stand here")
            }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = peek, (0x30...0x39).contains(byte) { index += 1 }
        return index - start
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D { index += 1 }
    }

    private func refusal(_ message: String) -> Refusal { Refusal(message: message, offset: index) }
}
