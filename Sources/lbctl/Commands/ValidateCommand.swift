import Model

/// `lbctl validate -f FILE`: whether a file would be taken, without a server.
enum ValidateCommand {
    static let command = Command(
        group: .files,
        name: "validate",
        flags: [Flag.file, Flag.prune],
        summary: "check a file without sending it anywhere",
        details: [
            "Every mistake is named with its line and with what was probably meant. What is good",
            "here, lbctl apply with the same flags takes, as far as it can be told without a",
            "server: a guard there may still refuse it. YAML is for lbd --check --config FILE.",
        ],
        examples: [Command.Example("lbctl validate -f lb.json")],
        work: .local { invocation, session throws(Failure) in try run(invocation, session) }
    )

    private static func run(_ invocation: Invocation, _ session: Session) throws(Failure) -> ExitCode {
        let file = try Document(invocation)
        var reader = SpecReader()
        let count = reader.document(file.json.configNode, isWhole: invocation.has("prune"))
        let errors = reader.issues.filter { $0.severity == .error }
        switch session.settings.output {
        case .json, .ndjson:
            for issue in reader.issues { session.stdout.line(json(issue, in: file).text) }
        default:
            for issue in reader.issues { session.stdout.line(line(issue, in: file, session)) }
        }
        guard errors.isEmpty else {
            throw Failure(.refused, "\(file.name): \(errors.count) mistake\(errors.count == 1 ? "" : "s")")
        }
        func words(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        session.report("\(file.name) is good: \(words(count.backends, "backend")), \(words(count.pools, "pool"))")
        if !count.presumed.isEmpty {
            let more = count.presumed.count > 5 ? ", ..." : ""
            session.hint(
                "note: without a url, and so to be there already: "
                    + count.presumed.prefix(5).joined(separator: ", ") + more
            )
        }
        return .done
    }

    private static func line(_ issue: ConfigIssue, in file: Document, _ session: Session) -> String {
        var text = file.name + (file.line(of: issue.pointer).map { ":\($0)" } ?? "") + ": "
        text += (issue.severity == .warning ? "warning: " : "") + (issue.pointer.isEmpty ? "" : issue.pointer + " ")
        text += issue.message
        if let got = issue.got { text += " (got \(got))" }
        if let suggestion = issue.suggestion { text += "; did you mean \(suggestion)?" }
        return session.painted(text, issue.severity == .warning ? .yellow : .red)
    }

    private static func json(_ issue: ConfigIssue, in file: Document) -> JSON {
        var members = [
            JSON.Member(name: "severity", value: .string(issue.severity == .error ? "error" : "warning")),
            JSON.Member(name: "pointer", value: .string(issue.pointer)),
            JSON.Member(name: "detail", value: .string(issue.message)),
        ]
        if let line = file.line(of: issue.pointer) {
            members.insert(JSON.Member(name: "line", value: .number(String(line))), at: 1)
        }
        if let got = issue.got { members.append(JSON.Member(name: "got", value: .string(got))) }
        if let suggestion = issue.suggestion {
            members.append(JSON.Member(name: "suggestion", value: .string(suggestion)))
        }
        return .object(members)
    }
}

extension JSON {
    /// The form in which the rules of the configuration read it.
    fileprivate var configNode: ConfigNode {
        switch self {
        case .null: ConfigNode(.null)
        case .bool(let value): ConfigNode(.bool(value))
        case .number(let digits):
            Int64(digits).map { ConfigNode(.int($0)) } ?? ConfigNode(.double(Double(digits) ?? .nan))
        case .string(let text): ConfigNode(.string(text))
        case .array(let values): ConfigNode(.sequence(values.map(\.configNode)))
        case .object(let members):
            ConfigNode(.mapping(members.map { ConfigNode.Member(key: $0.name, node: $0.value.configNode) }))
        }
    }
}
