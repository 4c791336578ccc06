import Model

/// A JSON value to be written: what every answer of the admin port is made of.
enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
    /// A value's compact text, made by `JSONText`.
    case written([UInt8])

    /// The number, or null where there is none.
    static func count(_ value: Int?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }

    /// Counters beyond 2⁶³ do not occur; one that did would stand still at the end, not wrap.
    static func counter(_ value: UInt64) -> JSONValue { .int(Int64(clamping: value)) }

    static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

    /// UTF-8 text. `pretty` puts one member a line, indented by two spaces; no final newline in either form.
    func encoded(pretty: Bool) -> [UInt8] {
        if !pretty, case .written(let text) = self { return text }
        var out: [UInt8] = []
        write(into: &out, pretty: pretty, level: 0)
        return out
    }

    /// Appends the text.
    func write(into out: inout [UInt8], pretty: Bool = false, level: Int = 0) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value):
            if value < 0 { out.append(0x2D) }
            out.append(decimal: value.magnitude)
        case .double(let value): out.append(contentsOf: (value.isFinite ? String(value) : "null").utf8)
        case .string(let text): Self.write(text, into: &out)
        case .array(let elements):
            out.append(0x5B)
            for (position, element) in elements.enumerated() {
                if position > 0 { out.append(0x2C) }
                Self.newline(into: &out, pretty: pretty, level: level + 1)
                element.write(into: &out, pretty: pretty, level: level + 1)
            }
            if !elements.isEmpty { Self.newline(into: &out, pretty: pretty, level: level) }
            out.append(0x5D)
        case .written(let text):
            guard pretty, let node = try? JSONReader.read(text) else { return out.append(contentsOf: text) }
            JSONValue(node).write(into: &out, pretty: pretty, level: level)
        case .object(let members):
            out.append(0x7B)
            for (position, member) in members.enumerated() {
                if position > 0 { out.append(0x2C) }
                Self.newline(into: &out, pretty: pretty, level: level + 1)
                Self.write(member.key, into: &out)
                out.append(0x3A)
                if pretty { out.append(0x20) }
                member.value.write(into: &out, pretty: pretty, level: level + 1)
            }
            if !members.isEmpty { Self.newline(into: &out, pretty: pretty, level: level) }
            out.append(0x7D)
        }
    }

    private static func newline(into out: inout [UInt8], pretty: Bool, level: Int) {
        guard pretty else { return }
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    /// Appends a string: escapes what RFC 8259 §7 says must be, and the other control characters, which terminals obey.
    static func write(_ text: String, into out: inout [UInt8]) {
        out.append(0x22)
        defer { out.append(0x22) }
        var isPlain = true
        for byte in text.utf8 where byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F { isPlain = false }
        if isPlain {
            out.append(contentsOf: text.utf8)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                out.append(0x5C)
                out.append(UInt8(scalar.value))
            case "\n": out.append(contentsOf: "\\n".utf8)
            case "\r": out.append(contentsOf: "\\r".utf8)
            case "\t": out.append(contentsOf: "\\t".utf8)
            // All of them are below U+10000, so that one escape is enough.
            case _ where scalar.isControl:
                let digits = Array("0123456789abcdef".utf8)
                out.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] as [UInt32] { out.append(digits[Int(scalar.value >> shift & 15)]) }
            default: out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}

extension JSONValue {
    /// Strings are equal when their bytes are: canonically equivalent ones are two values.
    static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.int(let one), .int(let other)): one == other
        case (.double(let one), .double(let other)): one == other
        case (.string(let one), .string(let other)): one.hasSameBytes(as: other)
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)): one == other
        case (.written(let one), .written(let other)): one == other
        case (.null, _), (.bool, _), (.int, _), (.double, _), (.string, _), (.array, _), (.object, _), (.written, _):
            false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .int(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    init(nilLiteral: ()) { self = .null }
    init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(JSONObject(members.map { (key: $0, value: $1) }))
    }
}

extension [UInt8] {
    /// Appends a number's digits.
    mutating func append(decimal number: UInt64) {
        if number >= 10 { append(decimal: number / 10) }
        append(0x30 + UInt8(number % 10))
    }
}
