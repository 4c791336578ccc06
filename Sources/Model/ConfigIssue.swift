/// One thing wrong with a document, in words for the person who wrote it.
package struct ConfigIssue: Equatable, Sendable, Error {
    /// Whether the document can be served all the same.
    package enum Severity: Equatable, Sendable {
        case error
        case warning
    }

    package var severity: Severity
    /// RFC 6901 pointer to the offending value: `/backends/web-1/url`. Empty for the whole document.
    package var pointer: String
    /// 1-based line of the file; nil where the document has no lines.
    package var line: Int?
    /// What is wrong, as a clause without a full stop: `must be 0 to 1000`.
    package var message: String
    /// The value that caused it, as written.
    package var got: String?
    /// What was probably meant; a word or a line to type.
    package var suggestion: String?
    /// The key is not one we know. The admin API answers 400 for this and 422 for bad values.
    package var isUnknownKey: Bool

    package init(
        severity: Severity = .error,
        pointer: String,
        line: Int? = nil,
        message: String,
        got: String? = nil,
        suggestion: String? = nil,
        isUnknownKey: Bool = false
    ) {
        self.severity = severity
        self.pointer = pointer
        self.line = line
        self.message = message
        self.got = got
        self.suggestion = suggestion
        self.isUnknownKey = isUnknownKey
    }
}
