import Model

/// What is wrong with a text that was meant as JSON, and where.
struct JSONSyntaxError: Error, Equatable {
    /// 1-based.
    let line: Int
    /// 1-based, in bytes.
    let column: Int
    let message: String
}

/// Reads JSON (RFC 8259) into the tree that the configuration file is read into as well.
///
/// Stricter than Foundation's `JSONDecoder`, which takes trailing commas, UTF-16 and byte order marks, keeps one of
/// two equal keys and does not tell where a mistake is: here a text means one thing or is refused with its place.
struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0

    /// No document of ours is deeper than 4; recursion must end well before the thread's stack does.
    static let depthMax = 32

    static func read(_ bytes: [UInt8]) throws(JSONSyntaxError) -> ConfigNode {
        var reader = JSONReader(bytes: bytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw reader.mistake("the text is not UTF-8")
        }
        reader.skipBlank()
        let node = try reader.value()
        reader.skipBlank()
        guard reader.index == bytes.count else { throw reader.mistake("something follows the end of the value") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func mistake(_ message: String) -> JSONSyntaxError {
        let before = bytes[..<min(index, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONSyntaxError(line: line, column: before.count - start + 1, message: message)
    }

    private func unexpected(_ wanted: String) -> JSONSyntaxError {
        guard let byte else { return mistake("the text ends where \(wanted) should stand") }
        let found = (0x21...0x7E).contains(byte) ? "\"\(Character(UnicodeScalar(byte)))\"" : "byte \(byte)"
        return mistake("\(found) stands where \(wanted) should")
    }

    private mutating func skipBlank() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func value() throws(JSONSyntaxError) -> ConfigNode {
        guard let byte else { throw unexpected("a value") }
        switch byte {
        case 0x7B: return try object()
        case 0x5B: return try array()
        case 0x22: return ConfigNode(.string(try string()))
        case 0x74: return try word("true", .bool(true))
        case 0x66: return try word("false", .bool(false))
        case 0x6E: return try word("null", .null)
        case 0x2D, 0x30...0x39: return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func word(_ text: String, _ value: ConfigNode.Value) throws(JSONSyntaxError) -> ConfigNode {
        for expected in text.utf8 {
            guard byte == expected else { throw unexpected("\"\(text)\"") }
            index += 1
        }
        return ConfigNode(value)
    }

    private mutating func descend() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= Self.depthMax else { throw mistake("more than \(Self.depthMax) levels deep") }
        index += 1
        skipBlank()
    }

    private mutating func object() throws(JSONSyntaxError) -> ConfigNode {
        try descend()
        var members: [ConfigNode.Member] = []
        var seen: Set<String> = []
        if byte == 0x7D {
            index += 1
            depth -= 1
            return ConfigNode(.mapping([]))
        }
        while true {
            guard byte == 0x22 else { throw unexpected("a key in double quotes") }
            let start = index
            let key = try string()
            guard seen.insert(key).inserted else {
                index = start
                throw mistake("the key \"\(key)\" stands twice")
            }
            skipBlank()
            guard byte == 0x3A else { throw unexpected("\":\"") }
            index += 1
            skipBlank()
            members.append(ConfigNode.Member(key: key, node: try value()))
            skipBlank()
            if byte == 0x7D { break }
            guard byte == 0x2C else { throw unexpected("\",\" or \"}\"") }
            index += 1
            skipBlank()
        }
        index += 1
        depth -= 1
        return ConfigNode(.mapping(members))
    }

    private mutating func array() throws(JSONSyntaxError) -> ConfigNode {
        try descend()
        var elements: [ConfigNode] = []
        if byte == 0x5D {
            index += 1
            depth -= 1
            return ConfigNode(.sequence([]))
        }
        while true {
            elements.append(try value())
            skipBlank()
            if byte == 0x5D { break }
            guard byte == 0x2C else { throw unexpected("\",\" or \"]\"") }
            index += 1
            skipBlank()
        }
        index += 1
        depth -= 1
        return ConfigNode(.sequence(elements))
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        index += 1
        var text: [UInt8] = []
        while let byte {
            switch byte {
            case 0x22:
                index += 1
                return String(decoding: text, as: UTF8.self)
            case 0x5C:
                try escape(into: &text)
            case 0..<0x20:
                throw mistake("a control character stands in a string; write it as an escape")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw mistake("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        let start = index
        index += 1
        guard let byte else { throw mistake("the text ends inside a string") }
        index += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            let first = try hexadecimal()
            var scalar = UInt32(first)
            if (0xD800...0xDBFF).contains(first) {
                guard self.byte == 0x5C, index + 1 < bytes.count, bytes[index + 1] == 0x75 else {
                    index = start
                    throw mistake("half of a surrogate pair stands alone")
                }
                index += 2
                let second = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(second) else {
                    index = start
                    throw mistake("half of a surrogate pair stands alone")
                }
                scalar = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            }
            guard let unicode = UnicodeScalar(scalar) else {
                index = start
                throw mistake("half of a surrogate pair stands alone")
            }
            text.append(contentsOf: Array(String(Character(unicode)).utf8))
        default:
            index = start
            throw mistake("no escape begins like this; a backslash itself is written \\\\")
        }
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Hexadecimal.value(of: byte) else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | UInt16(digit)
            index += 1
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> ConfigNode {
        let start = index
        if byte == 0x2D { index += 1 }
        if byte == 0x30 {
            index += 1
            if let byte, (0x30...0x39).contains(byte) { throw mistake("a number has no leading zero") }
        } else {
            try digits()
        }
        var isWhole = true
        if byte == 0x2E {
            isWhole = false
            index += 1
            try digits()
        }
        if byte == 0x65 || byte == 0x45 {
            isWhole = false
            index += 1
            if byte == 0x2B || byte == 0x2D { index += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let whole = Int64(text) { return ConfigNode(.int(whole)) }
        guard let real = Double(text), real.isFinite else {
            index = start
            throw mistake("the number is out of range")
        }
        return ConfigNode(.double(real))
    }

    private mutating func digits() throws(JSONSyntaxError) {
        guard let byte, (0x30...0x39).contains(byte) else { throw unexpected("a digit") }
        while let byte = self.byte, (0x30...0x39).contains(byte) { index += 1 }
    }
}

/// Digits of base 16, as JSON escapes and percent-encoding write them.
enum Hexadecimal {
    static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
