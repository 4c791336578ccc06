import Foundation

/// A request or an answer as it was received.
struct HTTPMessage: Sendable {
    /// Request line or status line.
    var startLine: String
    var fields: [(name: String, value: String)]
    /// Decoded, when it came in chunks.
    var body = Data()
    var trailers: [(name: String, value: String)] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Of an answer; 0 when there is none.
    var status: Int { Int(words.count > 1 ? words[1] : "") ?? 0 }
    var method: String { words.first ?? "" }
    var target: String { words.count > 1 ? words[1] : "" }

    private var words: [String] { startLine.split(separator: " ").map(String.init) }

    /// The value of the field's first line.
    func field(_ name: String) -> String? { lines(name).first }

    /// The values of all the field's lines.
    func lines(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// Reads a head, without its empty line.
    init(head: String) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        startLine = lines.first ?? ""
        fields = Self.fields(lines.dropFirst())
    }

    static func fields(_ lines: some Sequence<String>) -> [(name: String, value: String)] {
        lines.filter { !$0.isEmpty }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
    }
}
