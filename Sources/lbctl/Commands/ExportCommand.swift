/// `lbctl export`: all that is desired, as a document that `apply` takes.
enum ExportCommand {
    static let command = Command(
        group: .files,
        name: "export",
        flags: [Flag("revision", value: "N", help: "as it was at that revision")],
        summary: "print the whole configuration, as apply and diff take it",
        details: [
            "Pools and backends without their status, as JSON whose order does not change, so",
            "that it can be kept in a repository. It is also YAML, and so what lbd --config",
            "reads.",
        ],
        examples: [
            Command.Example("lbctl export > lb.json"), Command.Example("lbctl export --revision 1840"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                guard let text = invocation.value("revision") else { return [AdminRequest(.get, "/v1/config")] }
                let number = try revisionNumber(text, "--revision")
                return [AdminRequest(.get, "/v1/config", query: [("revision", number)])]
            },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    // What waits is no part of what is desired: neither a file nor another lbd could do anything with it.
                    let json = reply.json.members.map { JSON.object($0.filter { $0.name != "waiting" }) } ?? reply.json
                    session.stdout.line(session.settings.output == .ndjson ? json.text : json.laidOut)
                }
                return .done
            }
        )
    )
}

/// A revision as it is typed.
func revisionNumber(_ text: String, _ origin: String) throws(Failure) -> String {
    guard let number = UInt64(text) else {
        throw Failure(.usage, "\(origin): \"\(text)\" is no revision; they are whole numbers")
            .suggesting("lbctl history")
    }
    return String(number)
}
