/// The leaves: each reads one value of one type, or reports what it should have been and returns nil.
extension SpecReader {
    /// The members of a mapping by key.
    ///
    /// Unknown keys and keys given twice are reported and left out; null is an empty mapping, so that a key whose lines
    /// are all commented out is one. `otherWords` are what other programs call a key of ours, for the suggestion.
    mutating func members(
        of field: Field,
        keys: [String],
        ignoring ignored: Set<String> = [],
        otherWords: [String: String] = [:]
    ) -> [String: Field]? {
        guard let list = list(of: field, expected: "a mapping of \(keys.joined(separator: ", "))") else { return nil }
        var found: [String: Field] = [:]
        for member in list where !ignored.contains(member.key) {
            guard keys.contains(member.key) else {
                unknown(member, in: field, keys: keys, otherWords: otherWords)
                continue
            }
            guard let child = child(member, of: field, unless: found[member.key]) else { continue }
            found[member.key] = child
        }
        return found
    }

    /// The members of a mapping whose keys are names the user chose, in order; keys given twice are reported.
    mutating func entries(of field: Field, expected: String) -> [(name: String, field: Field)]? {
        guard let list = list(of: field, expected: expected) else { return nil }
        var found: [String: Field] = [:]
        var order: [(name: String, field: Field)] = []
        for member in list {
            guard let child = child(member, of: field, unless: found[member.key]) else { continue }
            found[member.key] = child
            order.append((member.key, child))
        }
        return order
    }

    private mutating func list(of field: Field, expected: @autoclosure () -> String) -> [ConfigNode.Member]? {
        switch field.node.value {
        case .mapping(let members):
            return members
        case .null:
            return []
        case .bool, .int, .double, .string, .sequence:
            report(field, "must be \(expected()), not \(field.node.kind)", got: field.node.written)
            return nil
        }
    }

    private mutating func child(
        _ member: ConfigNode.Member,
        of field: Field,
        unless first: Field?
    ) -> Field? {
        let pointer = field.pointer + "/" + Self.escaped(member.key)
        let child = Field(member.node, at: pointer, keyLine: member.keyLine)
        if let first {
            let place = first.keyLine.map { "; the first is in line \($0)" } ?? ""
            report(ConfigIssue(pointer: pointer, line: member.keyLine, message: "is given twice\(place)"))
            return nil
        }
        if let line = member.keyLine ?? member.node.line { lines[pointer] = line }
        return child
    }

    private mutating func unknown(
        _ member: ConfigNode.Member,
        in field: Field,
        keys: [String],
        otherWords: [String: String]
    ) {
        let suggestion = otherWords[member.key] ?? Spelling.nearest(member.key, among: keys)
        var message = "unknown key"
        if member.key == "<<" {
            message = "merge keys are not supported: an alias stands for a whole value"
        } else if suggestion == nil {
            message += "; the keys here are \(keys.joined(separator: ", "))"
        }
        report(
            ConfigIssue(
                pointer: field.pointer + "/" + Self.escaped(member.key),
                line: member.keyLine ?? member.node.line,
                message: message,
                suggestion: suggestion,
                isUnknownKey: true
            )
        )
    }

    mutating func string(_ field: Field) -> String? {
        switch field.node.value {
        case .string(let text):
            return text
        case .null:
            report(field, "has no value: give it one, or leave the key out for the default")
        case .bool, .int, .double:
            let written = field.node.written
            report(
                field,
                "must be a string, not \(field.node.kind)",
                got: written,
                suggestion: written.map { "\"\($0)\"" }
            )
        case .sequence, .mapping:
            report(field, "must be a string, not \(field.node.kind)")
        }
        return nil
    }

    /// Nil for null too, which stands for the default, in a file with a warning: it is also what is left when somebody
    /// comments out the lines below a key.
    mutating func optional(_ field: Field?) -> Field? {
        guard let field else { return nil }
        guard case .null = field.node.value else { return field }
        if field.line != nil {
            report(field, "has no value, which leaves it at its default", severity: .warning)
        }
        return nil
    }

    /// Whether it is `off` or `false`.
    func isOff(_ field: Field) -> Bool {
        switch field.node.value {
        case .bool(false), .string("off"): true
        default: false
        }
    }

    /// One of the words of an enumeration.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ field: Field) -> Word? where Word.RawValue == String {
        guard let text = string(field) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        report(
            field,
            "must be one of \(known.joined(separator: ", "))",
            got: text,
            suggestion: Spelling.nearest(text, among: known)
        )
        return nil
    }

    mutating func boolean(_ field: Field) -> Bool? {
        if case .bool(let flag) = field.node.value { return flag }
        let meant: String? =
            switch field.node.written {
            case "yes", "on", "1", "true": "true"
            case "no", "off", "0", "false": "false"
            default: nil
            }
        report(field, "must be true or false", got: field.node.written, suggestion: meant)
        return nil
    }

    /// A share, 0…1.
    mutating func ratio(_ field: Field) -> Double? {
        let expected = "must be a share from 0 to 1"
        switch field.node.value {
        case .int(let number):
            if number == 0 || number == 1 { return Double(number) }
            let meant = (2...100).contains(number) ? "\(Double(number) / 100)" : nil
            report(field, expected, got: "\(number)", suggestion: meant)
        case .double(let number):
            // A negative zero is zero, which has one text.
            if (0...1).contains(number) { return number == 0 ? 0 : number }
            report(field, expected, got: "\(number)")
        case .string(let text):
            let percent = text.hasSuffix("%") ? Double(text.dropLast()) : nil
            let meant = percent.flatMap { (0...100).contains($0) ? "\($0 / 100)" : nil }
            report(field, expected, got: text, suggestion: meant)
        case .null:
            report(field, "has no value: \(expected), or leave the key out for the default")
        case .bool, .sequence, .mapping:
            report(field, "\(expected), not \(field.node.kind)", got: field.node.written)
        }
        return nil
    }

    /// `what` is `backend` or `pool`.
    mutating func name(_ field: Field, of what: String) -> String? {
        guard let text = string(field) else { return nil }
        guard isName(text, of: what, at: field) else { return nil }
        return text
    }

    /// Reports a name that is none.
    mutating func isName(_ text: String, of what: String, at field: Field) -> Bool {
        guard !BackendSpec.isName(text) else { return true }
        report(
            ConfigIssue(
                pointer: field.pointer,
                line: field.keyLine ?? field.node.line,
                message: DesiredState.nameRule(of: what),
                got: text.utf8.count <= 200 ? text : nil
            )
        )
        return false
    }

    mutating func integer(_ field: Field, in range: ClosedRange<Int>) -> Int? {
        let expected = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        switch field.node.value {
        case .int(let number):
            if let small = Int(exactly: number), range.contains(small) { return small }
            report(field, expected, got: "\(number)")
        case .double(let number):
            // 5.0 is 5 (JSON Schema, §6.3 of its core), as programs write it whose numbers are all floating.
            if let whole = Int(exactly: number), range.contains(whole) { return whole }
            report(field, expected, got: field.node.written)
        case .string(let text):
            let meant = Int(text).flatMap { range.contains($0) ? "\($0)" : nil }
            report(
                field,
                "\(expected), not a string",
                got: "\"\(text)\"",
                suggestion: meant
            )
        case .null:
            report(field, "has no value: \(expected), or leave the key out for the default")
        case .bool, .sequence, .mapping:
            report(field, "\(expected), not \(field.node.kind)", got: field.node.written)
        }
        return nil
    }

    mutating func duration(_ field: Field, in range: ClosedRange<TimeSpan>) -> TimeSpan? {
        let bounds = "from \(range.lowerBound) to \(range.upperBound)"
        switch field.node.value {
        case .string(let text):
            if let span = TimeSpan(text) {
                if range.contains(span) { return span }
                report(field, "must be \(bounds)", got: text)
                return nil
            }
            if let number = Double(text), number.isFinite, !text.isEmpty {
                withoutUnit(field, text, number, in: range)
                return nil
            }
            report(
                field,
                "must be a duration such as 500ms, 5s, 2m or 1h",
                got: text,
                suggestion: Self.respelled(text).flatMap { range.contains($0) ? "\($0)" : nil }
            )
        case .int(let number):
            withoutUnit(field, "\(number)", Double(number), in: range)
        case .double(let number):
            withoutUnit(field, "\(number)", number, in: range)
        case .null:
            report(field, "has no value: give it a duration such as 5s, or leave the key out for the default")
        case .bool, .sequence, .mapping:
            report(
                field,
                "must be a duration such as 500ms, 5s, 2m or 1h, not \(field.node.kind)",
                got: field.node.written
            )
        }
        return nil
    }

    private mutating func withoutUnit(_ field: Field, _ text: String, _ number: Double, in range: ClosedRange<TimeSpan>)
    {
        // A number that is too many seconds was probably meant as milliseconds.
        let meant = ["s", "ms"].compactMap { TimeSpan(text + $0) }.first { range.contains($0) }
        report(
            field,
            "needs a unit (ms, s, m or h)",
            got: text,
            suggestion: number > 0 ? meant.map { "\($0)" } : nil
        )
    }

    /// `10 sec`, `5S` and `2 minutes` as the span they mean; nil for what means none.
    private static func respelled(_ text: String) -> TimeSpan? {
        let squeezed = text.lowercased().filter { $0 != " " }
        let digits = squeezed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit: String
        switch squeezed.dropFirst(digits.count) {
        case "us", "usec", "µs": unit = "us"
        case "ms", "msec", "millis", "milliseconds", "millisecond": unit = "ms"
        case "s", "sec", "secs", "second", "seconds": unit = "s"
        case "m", "min", "mins", "minute", "minutes": unit = "m"
        case "h", "hr", "hrs", "hour", "hours": unit = "h"
        default: return nil
        }
        return TimeSpan(digits + unit)
    }

    /// A number of bytes: whole, or a string with `KiB`, `MiB` or `GiB`.
    mutating func byteCount(_ field: Field, in range: ClosedRange<UInt64>, word: String? = nil) -> UInt64? {
        var expected = "must be a size from \(Self.sizeText(range.lowerBound)) to \(Self.sizeText(range.upperBound))"
        expected += " (a number of bytes, or with KiB, MiB or GiB)"
        if let word { expected += ", or \(word)" }
        switch field.node.value {
        case .int(let number):
            if let count = UInt64(exactly: number), range.contains(count) { return count }
            report(field, expected, got: "\(number)")
        case .string(let text):
            if let count = Self.bytes(text, exact: true) {
                if range.contains(count) { return count }
                report(field, expected, got: text)
                return nil
            }
            let meant = Self.bytes(text, exact: false).flatMap { range.contains($0) ? Self.sizeText($0) : nil }
            report(field, expected, got: text, suggestion: meant)
        case .double(let number):
            if let count = UInt64(exactly: number), range.contains(count) { return count }
            report(field, expected, got: field.node.written)
        case .null:
            report(field, "has no value: \(expected)")
        case .bool, .sequence, .mapping:
            report(field, "\(expected), not \(field.node.kind)", got: field.node.written)
        }
        return nil
    }

    /// `exact` takes only the units we document; otherwise also `16k`, `16 KB` and the like, for a suggestion.
    private static func bytes(_ text: String, exact: Bool) -> UInt64? {
        let squeezed = exact ? text : text.filter { $0 != " " }
        let digits = squeezed.prefix { $0.isASCII && $0.isNumber }
        let unit = squeezed.dropFirst(digits.count)
        let shift: UInt64
        switch exact ? String(unit) : unit.lowercased() {
        case "KiB": shift = 10
        case "MiB": shift = 20
        case "GiB": shift = 30
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "", "b": shift = 0
        default: return nil
        }
        if exact, shift == 0 || !unit.hasSuffix("iB") { return nil }
        guard let count = UInt64(digits), count <= UInt64.max >> shift else { return nil }
        return count << shift
    }

    private static func sizeText(_ count: UInt64) -> String {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where count > 0 && count % (1 << shift) == 0 {
            return "\(count >> shift)\(unit)"
        }
        return "\(count)"
    }
}

extension ConfigNode {
    /// What kind of value it is, to stand after "not".
    var kind: String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .double: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The value as it was written, or near enough; nil for lists and mappings, which would be long.
    var written: String? {
        switch value {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .sequence, .mapping: nil
        }
    }
}
