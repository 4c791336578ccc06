/// `lbctl health [NAME]`: who is healthy, since when, and why not.
enum HealthCommand {
    static let command = Command(
        group: .look,
        name: "health",
        nouns: [.backend],
        operands: "[NAME]",
        operandCount: 0...1,
        kind: .names,
        flags: [Flag("pool", value: "POOL", kind: .pool, help: "of that pool only")],
        summary: "who is healthy, since when, and why not",
        details: [
            "Without NAME, one line for each backend: the verdict of its health check, how",
            "long it has stood, why it is not healthy, and the last probe. With NAME, its",
            "last probes too, the newest first.",
        ],
        examples: [
            Command.Example("lbctl health"),
            Command.Example("lbctl health web-1", "the last 20 probes of one"),
            Command.Example("lbctl health -o ndjson --fields name,state,reason"),
        ],
        fields: [.backend: Specification.healthFields],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                guard let name = invocation.operands.first else {
                    let pool = invocation.value("pool").map { [(name: "pool", value: $0)] }
                    return [AdminRequest(.get, "/v1/health", query: pool ?? [])]
                }
                if invocation.has("pool") { throw Failure(.usage, "either NAME or --pool, not both") }
                return [AdminRequest(.get, AdminRequest.path(ofBackend: try backendName(name), "/health"))]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    if let name = invocation.operands.first {
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
        guard let items = Listing.items(byName: reply.json["backends"]) else {
            throw session.missing("backends", in: reply)
        }
        guard !items.isEmpty || !session.settings.output.isForPeople else {
            session.hint("no backends yet; try: lbctl add backend http://HOST:PORT --wait")
            return
        }
        Listing(columns: columns, items: items, member: "backends").show(session, whole: reply.answer.body)
    }

    private static let columns: [Listing.Column] = [
        Listing.Column("NAME", "name"),
        Listing.Column("STATE", "state") { item, _ in
            let state = HealthView(item.json).state
            return Table.Cell(state, BackendView.colour(of: state))
        },
        Listing.Column("SINCE", "since", .right) { item, now in
            Table.Cell(HealthView(item.json).since?.age(at: now) ?? "-")
        },
        Listing.Column("REASON", "reason") { item, _ in
            let view = HealthView(item.json)
            return Table.Cell(view.complaint ?? "-", view.reason == nil && view.complaint != nil ? .yellow : .plain)
        },
        Listing.Column("LAST", "last.at", rank: 2) { item, now in
            Table.Cell(HealthView(item.json).last?.summary(at: now) ?? "-")
        },
    ]

    private static func showOne(_ name: String, _ reply: Session.Reply, _ session: Session) throws(Failure) {
        guard reply.json["state"]?.string != nil else { throw session.missing("state", in: reply) }
        guard session.settings.output.isForPeople, session.settings.fields == nil else {
            let item = Listing.Item(name: reply.json["name"]?.string ?? name, json: reply.json)
            if session.settings.output == .json, let fields = session.settings.fields {
                session.stdout.line(FieldPath.projection(fields, of: reply.json).laidOut)
            } else {
                Listing(columns: columns, items: [item]).show(session, whole: reply.answer.body)
            }
            return
        }
        let health = HealthView(reply.json)
        var line = "\(name) " + session.painted(health.state, BackendView.colour(of: health.state))
        if let since = health.since { line += " for \(since.age(at: session.now()))" }
        if let reason = health.complaint { line += ": \(visible(reason))" }
        session.stdout.line(line)
        if !health.probes.isEmpty { session.stdout.write("\n" + table(of: health, session)) }
    }

    /// The probes of one backend, the newest first.
    static func table(of health: HealthView, _ session: Session) -> String {
        let now = session.now()
        var table = Table([Table.Column("PROBED"), Table.Column("TOOK", .right), Table.Column("RESULT")])
        for probe in health.probes.reversed() {
            table.rows.append([
                Table.Cell(probe.at.map { $0.age(at: now) + " ago" } ?? "-"), Table.Cell(probe.took ?? "-"),
                Table.Cell(probe.result, probe.hasFailed ? .red : .plain),
            ])
        }
        return table.text(colour: session.settings.isColoured, width: session.settings.columns)
    }
}
