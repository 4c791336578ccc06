/// A Swift file as the walls see it: its words with their lines, without comments and without what is in quotes.
struct SwiftSource {
    /// From the root of the repository: `Sources/Proxy/Worker/Worker.swift`.
    let path: String
    let text: String
    /// `text` with comments and string literals blanked out, its lines where they were.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = Blanking.blanked(text)
    }

    /// The folder, from the root of the repository.
    var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// The lines of `code`, with their numbers from 1.
    var lines: [(number: Int, text: Substring)] {
        code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0.offset + 1, $0.element) }
    }

    /// Every identifier with the line of its first use.
    var words: [Substring: Int] {
        var found: [Substring: Int] = [:]
        for line in lines {
            for word in Self.words(of: line.text) where found[word] == nil { found[word] = line.number }
        }
        return found
    }

    static func words(of line: Substring) -> [Substring] {
        line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.filter { $0.first?.isNumber == false }
    }

    /// The names of the types that the file declares at its top level: those whose declaration is not indented.
    var topLevelTypes: [String] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        return lines.compactMap { line in
            guard let first = line.text.first, first.isLetter || first == "@" else { return nil }
            let words = Self.words(of: line.text)
            guard let kind = words.firstIndex(where: { kinds.contains($0) }), words.indices.contains(kind + 1) else {
                return nil
            }
            // `final class Foo` declares; `class func` and `protocol` inside a sentence do not begin a line.
            let modifiers: Set<Substring> = [
                "package", "public", "internal", "private", "fileprivate", "final", "indirect", "nonisolated", "unsafe",
                "safe", "frozen", "usableFromInline", "unchecked", "main", "dynamicMemberLookup", "propertyWrapper",
            ]
            guard words[..<kind].allSatisfy({ modifiers.contains($0) }) else { return nil }
            return String(words[kind + 1])
        }
    }
}
