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
            "What comes back counts like any other check. The exit code is 1 when one of",
            "them does not pass.",
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
                    let json = reply.json["probe"] ?? reply.json["last"] ?? reply.json
                    let probe = ProbeView(json)
                    if probe.hasFailed { code = .no }
                    let words = probe.hasFailed ? "fails: \(probe.result)" : "passes: \(probe.result)"
                    session.conclude(
                        reply,
                        names: [name],
                        line: "\(name) \(words)" + (probe.took.map { " in \($0)" } ?? "")
                    )
                }
                return code
            }
        )
    )
}
