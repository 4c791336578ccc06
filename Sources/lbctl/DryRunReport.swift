/// What a write would do: the answer of `dry_run`, for people.
struct DryRunReport {
    let json: JSON

    var changes: [JSON] { json["changes"]?.elements ?? [] }

    /// One line for each change, `+` added, `-` removed, `~` changed, with the effect where the API tells one.
    func lines(_ session: Session) -> [String] {
        changes.map { change in
            let op = change["op"]?.string ?? ""
            let path = visible((change["path"]?.string ?? "").drop { $0 == "/" }.description)
            let from = change["from"]
            let to = change["to"]
            let effect = change["effect"]?.string.map { "   (\(visible($0)))" } ?? ""
            switch op {
            case "add", "added", "create":
                return session.painted("+ \(path)" + (Self.text(to).map { ": " + $0 } ?? ""), .green) + effect
            case "remove", "removed", "delete":
                return session.painted("- \(path)" + (Self.text(from).map { ": " + $0 } ?? ""), .red) + effect
            default:
                let words = "~ \(path): \(Self.text(from) ?? "unset") -> \(Self.text(to) ?? "unset")"
                return session.painted(words, .yellow) + effect
            }
        }
    }

    private static func text(_ json: JSON?) -> String? {
        guard let json, json != .null else { return nil }
        guard let members = json.members else { return json.plain }
        return members.filter { $0.name != "status" && $0.name != "name" }.map { "\($0.name)=\($0.value.plain)" }
            .joined(separator: " ")
    }

    /// Shows it all; what is probed and what is odd comes after the changes.
    func show(_ session: Session) {
        for line in lines(session) { session.stdout.line(line) }
        for member in json["probes"]?.members ?? [] {
            let probe = ProbeView(member.value)
            let passed = member.value["error"]?.string == nil
            session.stdout.line(
                session.painted("? probe of \(member.name): \(probe.result)", passed ? .green : .red)
                    + (probe.took.map { " in \($0)" } ?? "")
            )
        }
        for warning in json["warnings"]?.elements ?? [] {
            let words = warning.string ?? warning["detail"]?.string ?? warning.text
            session.stderr.line(session.painted("warning: \(words)", .yellow))
        }
    }

    /// Sends writes that change nothing, and shows what they would do.
    ///
    /// - Returns: Whether there was anything to change.
    static func run(_ requests: [AdminRequest], _ kind: DryRun, _ session: Session) throws(Failure) -> Bool {
        var changes = false
        for var request in requests where !request.method.isSafe {
            request.dryRun = kind
            request.wait = nil
            let reply = try session.ask(request)
            let report = DryRunReport(json: reply.json)
            if !report.changes.isEmpty { changes = true }
            switch session.settings.output {
            case .json: session.show(reply.answer.body)
            case .ndjson: for change in report.changes { session.stdout.line(change.text) }
            case .name, .tsv:
                for change in report.changes { session.stdout.line(tabless(change["path"]?.plain ?? "")) }
            case .table, .wide: report.show(session)
            }
        }
        return changes
    }
}
