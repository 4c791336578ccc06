/// `lbctl probe NAME...`: the health check, now.
enum ProbeCommand {
    static let command = Command(
        group: .change,
        name: "probe",
        nouns: [.backend],
        operands: "NAME...|-l SEL",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [Flag.selector],
        summary: "run the health check of backends now, and print the answer",
        details: [
            "Of a single backend it also prints what was sent and what came back. Health does",
            "not change by it. The exit code is 1 when a check does not pass.",
        ],
        examples: [Command.Example("lbctl probe web-1"), Command.Example("lbctl probe -l zone=a")],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                try invocation.targets(session, named: invocation.operands[...]).map { name in
                    AdminRequest(.post, AdminRequest.path(ofBackend: name, "/probe"), changes: name)
                }
            },
            carryOut: { requests, invocation, session throws(Failure) in
                var code = ExitCode.done
                for request in requests {
                    let name = request.changes ?? ""
                    let reply = try session.showingProgress("probing \(name)") { () throws(Failure) in
                        try session.ask(request)
                    }
                    let probe = ProbeView(reply.json)
                    if probe.hasFailed { code = .no }
                    let words = probe.hasFailed ? "fails: \(probe.result)" : "passes: \(probe.result)"
                    session.conclude(
                        reply,
                        names: [name],
                        line: "\(name) \(words)" + (probe.took.map { " in \($0)" } ?? "")
                    )
                    if requests.count == 1 { showExchange(reply.json, session) }
                }
                return code
            }
        )
    )

    /// What was sent, with `>`, and what came back, with `<`.
    private static func showExchange(_ json: JSON, _ session: Session) {
        guard session.settings.output.isForPeople, !session.settings.isQuiet else { return }
        if let address = json["address"]?.string, !address.isEmpty { session.stdout.line(visible("* \(address)")) }
        for (mark, member) in [(">", "sent"), ("<", "head"), ("<", "body")] {
            let text = json[member]?.string ?? ""
            for line in text.split(whereSeparator: \.isNewline) { session.stdout.line(visible("\(mark) \(line)")) }
        }
        if json["is_body_cut"]?.bool == true { session.stdout.line("< ...") }
    }
}
