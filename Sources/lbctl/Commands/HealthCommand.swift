/// `lbctl health [NAME]`: who is healthy, since when, and why not.
enum HealthCommand {
    static let command = Command(
        group: .look,
        name: "health",
        aliases: [],
        takesNoun: true,
        operands: "[NAME]",
        operandCount: 0...1,
        flags: [],
        summary: "who is healthy, since when, and why not",
        details: [
            "Without NAME, one line for each backend: the verdict of its health check, how",
            "long it has stood, why it is not healthy, and the last probe. With NAME, its",
            "last probes too, the newest first.",
        ],
        examples: [
            Command.Example(line: "lbctl health", comment: ""),
            Command.Example(line: "lbctl health web-1", comment: "the last 20 probes of one"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                guard let name = invocation.operands.first else { return [AdminRequest(.get, "/v1/health")] }
                return [AdminRequest(.get, AdminRequest.path(ofBackend: try backendName(name), "/health"))]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    if session.settings.output == .json {
                        session.show(reply.answer.body)
                    } else if let name = invocation.operands.first {
                        try showOne(name, reply, session)
                    } else {
                        try showAll(reply, session)
                    }
                }
                return .done
            }
        )
    )

    private static func showAll(_ reply: Session.Reply, _ session: Session) throws(Failure) {
        guard let members = reply.json["backends"]?.members else { throw session.missing("backends", in: reply) }
        guard !members.isEmpty else {
            session.hint("no backends yet; try: lbctl add backend http://HOST:PORT --wait")
            return
        }
        let now = session.now()
        var table = Table([
            Table.Column("NAME"), Table.Column("STATE"), Table.Column("SINCE", .right), Table.Column("REASON"),
            Table.Column("LAST"),
        ])
        for member in members.sorted(by: { isNaturallyOrdered($0.name, before: $1.name) }) {
            let health = HealthView(member.value)
            table.rows.append([
                Table.Cell(member.name), Table.Cell(health.state, BackendView.colour(of: health.state)),
                Table.Cell(health.since?.age(at: now) ?? "-"), Table.Cell(health.reason ?? "-"),
                Table.Cell(health.last?.summary(at: now) ?? "-"),
            ])
        }
        session.stdout.write(table.text(colour: session.settings.isColoured))
    }

    private static func showOne(_ name: String, _ reply: Session.Reply, _ session: Session) throws(Failure) {
        guard reply.json["state"]?.string != nil else { throw session.missing("state", in: reply) }
        let now = session.now()
        let health = HealthView(reply.json)
        let state = Table.Cell(health.state, BackendView.colour(of: health.state))
        let painted = session.settings.isColoured ? state.colour.paint(state.text) : state.text
        var line = "\(name) \(painted)"
        if let since = health.since { line += " for \(since.age(at: now))" }
        if let reason = health.reason { line += ": \(visible(reason))" }
        session.stdout.line(line)
        guard !health.probes.isEmpty else { return }
        var table = Table([Table.Column("PROBED"), Table.Column("TOOK", .right), Table.Column("RESULT")])
        for probe in health.probes.reversed() {
            table.rows.append([
                Table.Cell(probe.at.map { $0.age(at: now) + " ago" } ?? "-"), Table.Cell(probe.took ?? "-"),
                Table.Cell(probe.result),
            ])
        }
        session.stdout.write("\n" + table.text(colour: session.settings.isColoured))
    }
}
