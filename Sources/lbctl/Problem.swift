/// What the API says when it refuses: `application/problem+json` (RFC 9457) with its members `code`, `errors`, `hint`.
struct Problem: Sendable {
    /// One value of the request that was not taken.
    struct Detail: Sendable {
        /// RFC 6901.
        let pointer: String
        let detail: String
        let got: String?
        let suggestion: String?
    }

    let status: Int
    let code: String?
    let title: String?
    let detail: String?
    let hint: String?
    let errors: [Detail]
    let json: JSON
    /// As it came.
    let body: [UInt8]

    /// Nil for what is no problem document.
    init?(status: Int, json: JSON, body: [UInt8]) {
        let code = json["code"]?.string
        let title = json["title"]?.string
        guard json.members != nil, code != nil || title != nil else { return nil }
        self.status = status
        self.code = code
        self.title = title
        detail = json["detail"]?.string
        hint = json["hint"]?.string
        errors = (json["errors"]?.elements ?? []).map { error in
            Detail(
                pointer: error["pointer"]?.string ?? "",
                detail: error["detail"]?.string ?? "",
                got: error["got"].map { $0.string ?? $0.text },
                suggestion: error["suggestion"]?.string
            )
        }
        self.json = json
        self.body = body
    }

    /// RFC 9110 §15 and the API's own codes.
    var exitCode: ExitCode { ExitCode(status: status, code: code) }

    /// For the end of a message: `(409 exists)`.
    var tag: String { "(\(status)" + (code.map { " " + $0 } ?? "") + ")" }

    /// Whether a hint tells which request to send: of use to who works with curl.
    private func isForHTTP(_ hint: String) -> Bool {
        ["GET ", "PUT ", "POST ", "DELETE ", "PATCH "].contains { hint.hasPrefix($0) }
    }

    /// The name in a hint that asks `did you mean "web-1"?`.
    private static func meant(by hint: String) -> String? {
        guard hint.hasPrefix("did you mean \"") else { return nil }
        let word = hint.dropFirst("did you mean \"".count).prefix { $0 != "\"" }
        return word.isEmpty ? nil : String(word)
    }

    /// The refusal in the server's own words.
    var failure: Failure {
        var failure = Failure(exitCode, "\(detail ?? title ?? "the server refused") \(tag)", problem: self)
        for error in errors {
            var text = error.pointer.isEmpty ? error.detail : "\(error.pointer) \(error.detail)"
            if let got = error.got { text += " (got \(got))" }
            if let suggestion = error.suggestion { text += ", did you mean \"\(suggestion)\"?" }
            failure = failure.adding("at", text)
        }
        if let hint, let word = Self.meant(by: hint) {
            return failure.suggesting("\(word)   (did you mean that?)")
        }
        // Of one error, the hint says the same once more.
        if let hint, !isForHTTP(hint), errors.isEmpty || errors.contains(where: { $0.suggestion == nil }) {
            failure = failure.suggesting(hint)
        }
        return failure
    }
}
