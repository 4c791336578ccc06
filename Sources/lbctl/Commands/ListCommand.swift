/// `lbctl list`: every backend, or every pool, in one line.
enum ListCommand {
    static let command = Command(
        group: .look,
        name: "list",
        aliases: ["ls"],
        nouns: [.backend, .pool],
        flags: [
            Flag.selector,
            Flag("pool", value: "POOL", kind: .pool, help: "of that pool only"),
            Flag("phase", value: "PHASE", kind: .words(phases), help: "in that phase only"),
            Flag("state", value: "STATE", kind: .words(["ready", "drain", "maint"]), help: "meant to be that only"),
        ],
        summary: "the backends, what they are and what they do",
        details: [
            "One line for each backend, in natural order of their names. PHASE is what it is",
            "doing now: starting (no verdict yet), serving, unhealthy, ejected (its requests",
            "failed), draining (finishing what it has), maint (taken out). ACTIVE counts the",
            "requests in flight, REQUESTS all that it was given since lbd started. -o wide",
            "has more columns, --fields chooses them. lbctl list pools lists the pools.",
        ],
        examples: [
            Command.Example("lbctl list"),
            Command.Example("lbctl list -l color=blue -o wide"),
            Command.Example("lbctl list -o tsv --fields name,url,status.phase"),
            Command.Example("lbctl list --phase unhealthy -o name"),
            Command.Example("lbctl list -o json | jq -r '.backends[].url'"),
        ],
        fields: [.backend: Specification.backendFields, .pool: Specification.poolFields],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in [try request(invocation)] },
            carryOut: { requests, invocation, session throws(Failure) in try run(requests, invocation, session) }
        )
    )

    static let phases = ["starting", "serving", "unhealthy", "ejected", "draining", "maint"]

    private static func request(_ invocation: Invocation) throws(Failure) -> AdminRequest {
        guard invocation.noun == .backend else {
            for flag in ["selector", "pool", "phase", "state"] where invocation.has(flag) {
                throw Failure(.usage, "--\(flag) chooses among backends, not pools")
            }
            return AdminRequest(.get, "/v1/pools")
        }
        var query = try invocation.selector().map { [$0.query] } ?? []
        for name in ["pool", "phase", "state"] {
            guard let value = invocation.value(name) else { continue }
            if name == "phase", !phases.contains(value) {
                let failure = Failure(.usage, "--phase: \"\(value)\" is none of \(phases.joined(separator: ", "))")
                throw nearestWord(value, among: phases).map { failure.suggesting("--phase \($0)") } ?? failure
            }
            query.append((name, value))
        }
        return AdminRequest(.get, "/v1/backends", query: query)
    }

    private static func run(
        _ requests: [AdminRequest],
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        for request in requests {
            let reply = try session.ask(request)
            let member = invocation.noun == .pool ? "pools" : "backends"
            guard let items = Listing.items(byName: reply.json[member]) else {
                throw session.missing(member, in: reply)
            }
            if items.isEmpty, session.settings.output.isForPeople {
                if request.query.isEmpty {
                    session.hint("no \(member) yet; try: lbctl add backend http://HOST:PORT --wait")
                } else {
                    session.hint("no \(member) like that")
                }
                continue
            }
            Listing(columns: invocation.noun == .pool ? poolColumns : columns, items: items, member: member)
                .show(session, whole: reply.answer.body)
        }
        return .done
    }

    static let columns: [Listing.Column] = [
        Listing.Column("NAME", "name"),
        Listing.Column("URL", "url"),
        Listing.Column("POOL", "pool", rank: 2),
        Listing.Column("WEIGHT", "weight", .right, rank: 3),
        Listing.Column("PHASE", "status.phase") { item, _ in
            let phase = BackendView(name: item.name, item.json).phase
            return Table.Cell(phase, BackendView.colour(of: phase))
        },
        Listing.Column("ACTIVE", "status.in_flight", .right, rank: 4),
        Listing.Column("REQUESTS", "status.requests", .right, rank: 5),
        Listing.Column("ERRORS", "status.errors", .right, isWide: true) { item, _ in
            let errors = BackendView(name: item.name, item.json).errors
            return Table.Cell(errors, errors == "0" || errors == "-" ? .plain : .yellow)
        },
        Listing.Column("5XX", "status.answers.5xx", .right, isWide: true) { item, _ in
            let view = BackendView(name: item.name, item.json)
            return Table.Cell(
                view.serverErrors,
                view.lately.worry != nil
                    ? .red : view.serverErrors == "0" || view.serverErrors == "-" ? .plain : .yellow
            )
        },
        Listing.Column("P50", "status.p50_ms", .right, isWide: true) { item, _ in
            Table.Cell(BackendView(name: item.name, item.json).p50)
        },
        Listing.Column("P99", "status.p99_ms", .right, isWide: true) { item, _ in
            Table.Cell(BackendView(name: item.name, item.json).p99)
        },
        Listing.Column("SINCE", "status.since", .right, isWide: true) { item, now in
            Table.Cell(BackendView(name: item.name, item.json).phaseSince?.age(at: now) ?? "-")
        },
        Listing.Column("STATE", "state", isWide: true),
        Listing.Column("BACKUP", "backup", isWide: true),
        Listing.Column("MAX", "max_requests", .right, isWide: true),
        Listing.Column("ETAG", "status.etag", isWide: true),
        Listing.Column("LABELS", "labels", isWide: true) { item, _ in
            let labels = BackendView(name: item.name, item.json).labels
            return Table.Cell(labels.isEmpty ? "-" : labels)
        },
    ]

    static let poolColumns: [Listing.Column] = [
        Listing.Column("NAME", "name"),
        Listing.Column("ALGORITHM", "algorithm"),
        Listing.Column("HEALTH CHECK", "health_check") { item, _ in
            guard let check = item.json["health_check"], check.members != nil else { return Table.Cell("off", .yellow) }
            let path = check["path"]?.plain ?? check["type"]?.plain ?? "-"
            return Table.Cell(
                [path, check["interval"].map { "every " + $0.plain }].compactMap { $0 }.joined(separator: " ")
            )
        },
        Listing.Column("MIN READY", "min_ready", .right, rank: 2),
        Listing.Column("DRAIN", "drain", .right, rank: 3),
        Listing.Column("SLOW START", "slow_start", .right, rank: 4),
    ]
}
