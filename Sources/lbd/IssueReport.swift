import Model

/// Issues as a person reads them in a terminal: sorted by line, each with its place, what caused it and what was meant.
struct IssueReport {
    /// The file's name as the user gave it.
    let name: String
    /// The file, without which there are no excerpts.
    var lines: [Substring] = []

    /// More than these are not read; the count at the end still has them.
    static let shownMax = 50
    private static let excerptCharactersMax = 160

    init(name: String, source: [UInt8] = []) {
        self.name = name
        lines = String(decoding: source, as: UTF8.self).split(
            omittingEmptySubsequences: false,
            whereSeparator: \.isNewline
        )
    }

    /// Every issue, and a line that counts them; empty without issues.
    func text(_ issues: [ConfigIssue]) -> String {
        guard !issues.isEmpty else { return "" }
        // Sorting by the index too keeps the order of those in one line.
        let sorted = issues.enumerated().sorted { left, right in
            (left.element.line ?? .max, left.offset) < (right.element.line ?? .max, right.offset)
        }
        var text = sorted.prefix(Self.shownMax).map { one($0.element) }.joined()
        if sorted.count > Self.shownMax { text += "… and \(sorted.count - Self.shownMax) more\n" }
        let errors = issues.count { $0.severity == .error }
        let warnings = issues.count - errors
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }.map { count, word in
            "\(count) \(word)\(count == 1 ? "" : "s")"
        }
        return text + "\(name): \(counts.joined(separator: ", "))\n"
    }

    private func one(_ issue: ConfigIssue) -> String {
        var text = name
        if let line = issue.line { text += ":\(line)" }
        text += ": "
        if issue.severity == .warning { text += "warning: " }
        let path = Self.dotted(issue.pointer)
        if !path.isEmpty { text += "\(path): " }
        text += issue.message
        var remarks: [String] = []
        // "Unknown key" says itself what caused it.
        if let got = issue.got { remarks.append("got \(Self.quoted(got))") }
        if let suggestion = issue.suggestion {
            let isRepair = issue.got != nil || issue.isUnknownKey
            remarks.append(
                isRepair
                    ? "did you mean \(Self.quoted(suggestion))?" : "try \(Self.printable(suggestion))"
            )
        }
        if !remarks.isEmpty { text += " (\(remarks.joined(separator: "; ")))" }
        return Self.printable(text) + "\n" + excerpt(issue)
    }

    /// `/backends/web-1/url` as `backends.web-1.url`, and `/backends/2/url` as `backends[2].url`.
    static func dotted(_ pointer: String) -> String {
        let parts = pointer.split(separator: "/").map { part in
            // RFC 6901 §4: first ~1, then ~0.
            replaced(replaced(String(part), "~1", "/"), "~0", "~")
        }
        return parts.enumerated().reduce(into: "") { text, part in
            let isIndex = part.offset > 0 && part.element.utf8.allSatisfy { (0x30...0x39).contains($0) }
            if isIndex {
                text += "[\(part.element)]"
            } else {
                text += part.offset == 0 ? part.element : ".\(part.element)"
            }
        }
    }

    private static func replaced(_ text: String, _ from: String, _ to: Character) -> String {
        var rest = text[...]
        var out = ""
        while let first = rest.first {
            if rest.hasPrefix(from) {
                out.append(to)
                rest = rest.dropFirst(from.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    /// A value that could be mistaken for part of the sentence stands in quotes.
    private static func quoted(_ text: String) -> String {
        if text.contains("\"") { return text }
        let isWord =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || [0x2E, 0x2D, 0x2B].contains(byte)
            }
        return isWord ? text : "\"\(text)\""
    }

    /// What a file holds shall not drive the terminal that shows it.
    static func printable(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { out, scalar in
            if scalar.isControl {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
    }

    /// The line itself with marks below what is wrong in it: the value where the line has it, else the key.
    private func excerpt(_ issue: ConfigIssue) -> String {
        guard let number = issue.line, lines.indices.contains(number - 1) else { return "" }
        let line = String(Self.printable(String(lines[number - 1])).prefix(Self.excerptCharactersMax))
        guard line.contains(where: { $0 != " " }) else { return "" }
        let key = Self.dotted(issue.pointer).split(separator: ".").last.map(String.init) ?? ""
        let mark = [issue.got, key].compactMap { $0 }.firstNonNil { Self.place(of: $0, in: line) }
        return marked(line, number, from: mark?.from ?? line.prefix { $0 == " " }.count, count: mark?.count ?? 1)
    }

    /// A numbered excerpt with `count` marks from the 0-based character `from`.
    private func marked(_ line: String, _ number: Int, from: Int, count: Int) -> String {
        let label = "\(number)"
        let margin = String(repeating: " ", count: max(0, 5 - label.count))
        let below = String(repeating: " ", count: max(5, label.count)) + " | " + String(repeating: " ", count: from)
        return "\(margin)\(label) | \(line)\n\(below)\(String(repeating: "^", count: max(1, count)))\n"
    }

    private static func place(of needle: String, in line: String) -> (from: Int, count: Int)? {
        guard !needle.isEmpty else { return nil }
        var rest = line[...]
        while !rest.isEmpty {
            if rest.hasPrefix(needle) {
                return (line.distance(from: line.startIndex, to: rest.startIndex), needle.count)
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}

extension IssueReport {
    /// A file that is no YAML: one message, for nothing in it can be judged.
    func text(_ refusal: YAMLRefusal) -> String {
        guard let mark = refusal.mark else { return "\(name): \(refusal.message)\n" }
        var text = "\(name):\(mark.line):\(mark.column): not valid YAML: \(Self.printable(refusal.message))\n"
        if lines.indices.contains(mark.line - 1) {
            let line = String(lines[mark.line - 1].prefix(Self.excerptCharactersMax))
            // A tab moves the terminal further than one place, and the marks below must follow.
            let shown = line.map { $0 == "\t" ? "    " : Self.printable(String($0)) }.joined()
            let from = line.prefix(mark.column - 1).reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
            text += marked(shown, mark.line, from: from, count: 1)
        }
        if let hint = refusal.hint { text += "hint: \(hint)\n" }
        return text
    }
}

extension Sequence {
    fileprivate func firstNonNil<Value>(_ body: (Element) -> Value?) -> Value? {
        for element in self {
            if let value = body(element) { return value }
        }
        return nil
    }
}
