import Model

/// What an answer other than success says, as problem details (RFC 9457).
struct Problem: Error, Sendable {
    let kind: ProblemKind
    /// What happened this time, with the value that caused it: a clause without a full stop.
    var detail: String
    /// One entry per wrong member of the body.
    var errors: [JSONValue] = []
    /// What to do about it.
    var hint: String?
    /// Members of this kind of problem.
    var extensions: JSONObject = [:]
    var fields: [(name: String, value: String)] = []

    init(_ kind: ProblemKind, _ detail: String, hint: String? = nil) {
        self.kind = kind
        self.detail = detail
        self.hint = hint
    }

    /// What is wrong with a document: 400 where a key is unknown, 422 where only values are bad.
    init(issues: [ConfigIssue]) {
        let first = issues.first
        let isUnknown = issues.contains(where: \.isUnknownKey)
        let place = first.map { $0.pointer.isEmpty ? "the body" : $0.pointer } ?? "the body"
        let more = issues.count > 1 ? ", and \(issues.count - 1) more" : ""
        self.init(
            isUnknown ? .unknownField : .invalid,
            "\(place): \(first?.message ?? "cannot be read")\(more)",
            hint: first?.suggestion.map { "did you mean \"\($0)\"?" }
        )
        errors = issues.map { issue in
            var entry: JSONObject = ["pointer": .string(issue.pointer), "detail": .string(issue.message)]
            if let got = issue.got { entry["got"] = .string(got) }
            if let suggestion = issue.suggestion { entry["suggestion"] = .string(suggestion) }
            return .object(entry)
        }
    }

    func response(requestID: String) -> AdminResponse {
        var members = extensions
        members["type"] = .string("/v1/problems/\(kind.rawValue)")
        members["title"] = .string(kind.title)
        members["status"] = .int(Int64(kind.status))
        members["code"] = .string(kind.rawValue)
        members["detail"] = .string(detail)
        members["request_id"] = .string(requestID)
        if !errors.isEmpty { members["errors"] = .array(errors) }
        if let hint { members["hint"] = .string(hint) }
        return AdminResponse(status: kind.status, fields: fields, body: .problem(.object(members)))
    }
}
