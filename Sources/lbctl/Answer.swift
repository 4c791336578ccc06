/// What came back: any status, any body.
struct Answer: Sendable {
    struct Field: Sendable {
        /// In lower case.
        let name: String
        let value: String
    }

    let status: Int
    let reason: String
    let fields: [Field]
    let body: [UInt8]

    /// The value of the first field of that name, which is given in lower case.
    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The status with its words: `502 Bad Gateway`.
    var summary: String { reason.isEmpty ? "\(status)" : "\(status) \(reason)" }

    /// The beginning of it, for a person who wonders who answered.
    var excerpt: String {
        let type = field("content-type").map { " (\($0))" } ?? ""
        return "HTTP \(summary)\(type)" + (body.isEmpty ? "" : ": " + Self.excerpt(of: body))
    }

    /// At most 60 characters on one line, in quotes.
    static func excerpt(of bytes: [UInt8]) -> String {
        let text = visible(String(decoding: bytes.prefix(240), as: UTF8.self))
        return "\"" + text.prefix(60) + (text.count > 60 || bytes.count > 240 ? "..." : "") + "\""
    }
}
