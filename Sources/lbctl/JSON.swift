import Model

/// A JSON value (RFC 8259) as it was written: members keep their order, numbers keep their digits.
///
/// Its own reader and not `JSONDecoder`: the tool starts for one answer of a few kilobytes, and loading Foundation
/// takes longer than everything else it does.
indirect enum JSON: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        let name: String
        let value: JSON
    }

    case null
    case bool(Bool)
    /// The digits as written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// The first member of that name; nil for a value that is no object.
    subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// A whole number that every reader of JSON takes for the same (RFC 8259 §6): within ±2⁵³. Nil for any other, so that the
    /// sums and differences of a few cannot overflow, whatever a server says.
    var int: Int? {
        guard case .number(let digits) = self, let number = Int(digits), number.magnitude <= 1 << 53 else { return nil }
        return number
    }

    var double: Double? {
        if case .number(let digits) = self { return Double(digits) }
        return nil
    }

    var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    var elements: [JSON]? {
        if case .array(let values) = self { return values }
        return nil
    }

    var members: [Member]? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// The shortest text that reads back as this value.
    var text: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let digits): return digits
        case .string(let text): return Self.quoted(text)
        case .array(let values): return "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            return "{" + members.map { Self.quoted($0.name) + ":" + $0.value.text }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.isControl:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
