/// `lbctl list`: every backend in one line.
enum ListCommand {
    static let command = Command(
        group: .look,
        name: "list",
        aliases: ["ls"],
        takesNoun: true,
        operands: "",
        operandCount: 0...0,
        flags: [],
        summary: "the backends, what they are and what they do",
        details: [
            "One line for each backend, in natural order of their names. PHASE is what it is",
            "doing now: starting (no verdict yet), serving, unhealthy, draining (removed,",
            "finishing what it has). ACTIVE counts the requests in flight, REQUESTS all that",
            "it was given since lbd started.",
        ],
        examples: [
            Command.Example(line: "lbctl list", comment: ""),
            Command.Example(line: "lbctl list -o json | jq -r '.backends[].url'", comment: ""),
        ],
        work: .exchange(
            plan: { _, _ in [AdminRequest(.get, "/v1/backends")] },
            carryOut: { requests, _, session throws(Failure) in try run(requests, session) }
        )
    )

    private static func run(_ requests: [AdminRequest], _ session: Session) throws(Failure) -> ExitCode {
        for request in requests {
            let reply = try session.ask(request)
            guard let members = reply.json["backends"]?.members else { throw session.missing("backends", in: reply) }
            if session.settings.output == .json {
                session.show(reply.answer.body)
            } else {
                show(members, session)
            }
        }
        return .done
    }

    private static func show(_ members: [JSON.Member], _ session: Session) {
        guard !members.isEmpty else {
            session.hint("no backends yet; try: lbctl add backend http://HOST:PORT --wait")
            return
        }
        var table = Table([
            Table.Column("NAME"), Table.Column("URL"), Table.Column("POOL"), Table.Column("WEIGHT", .right),
            Table.Column("PHASE"), Table.Column("ACTIVE", .right), Table.Column("REQUESTS", .right),
        ])
        for member in members.sorted(by: { isNaturallyOrdered($0.name, before: $1.name) }) {
            let backend = BackendView(name: member.name, member.value)
            table.rows.append([
                Table.Cell(backend.name), Table.Cell(backend.url), Table.Cell(backend.pool),
                Table.Cell(backend.weight), Table.Cell(backend.phase, BackendView.colour(of: backend.phase)),
                Table.Cell(backend.inFlight), Table.Cell(backend.requests),
            ])
        }
        session.stdout.write(table.text(colour: session.settings.isColoured))
    }
}
