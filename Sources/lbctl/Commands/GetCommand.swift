/// `lbctl get NAME`: everything about one backend or pool.
enum GetCommand {
    static let command = Command(
        group: .look,
        name: "get",
        aliases: ["show"],
        nouns: [.backend, .pool],
        operands: "NAME",
        operandCount: 1...1,
        kind: .names,
        summary: "one backend: how it is set up and how it is doing",
        details: [
            "With -o json, the answer can be edited and put back with curl -X PUT: what it",
            "says under \"status\" is ignored there. lbctl get pool NAME shows a pool.",
        ],
        examples: [
            Command.Example("lbctl get web-1"),
            Command.Example("lbctl get pool default"),
            Command.Example("lbctl get web-1 -o tsv --fields status.phase"),
            Command.Example("lbctl get web-1 -o json | jq .status.health"),
        ],
        fields: [.backend: Specification.backendFields, .pool: Specification.poolFields],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                let name = try backendName(invocation.operands[0])
                return [
                    AdminRequest(
                        .get,
                        invocation.noun == .pool
                            ? AdminRequest.path(ofPool: name) : AdminRequest.path(ofBackend: name)
                    )
                ]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    if invocation.noun == .backend, reply.json["url"]?.string == nil {
                        throw session.missing("url", in: reply)
                    }
                    show(reply, name: reply.json["name"]?.string ?? invocation.operands[0], invocation.noun, session)
                }
                return .done
            }
        )
    )

    private static func show(
        _ reply: Session.Reply,
        name: String,
        _ noun: Command.Noun,
        _ session: Session
    ) {
        if session.settings.output.isForPeople, session.settings.fields == nil {
            var lines =
                noun == .pool
                ? lines(ofPool: name, reply.json, session) : lines(of: BackendView(name: name, reply.json), session)
            // For --if-match.
            if let tag = reply.tag { lines.append(("etag", visible(tag))) }
            show(lines, session)
            return
        }
        let item = Listing.Item(name: name, json: reply.json)
        if session.settings.output == .json, session.settings.fields != nil {
            session.stdout.line(FieldPath.projection(session.settings.fields ?? [], of: reply.json).laidOut)
            return
        }
        Listing(columns: noun == .pool ? ListCommand.poolColumns : ListCommand.columns, items: [item])
            .show(session, whole: reply.answer.body)
    }

    /// Labels and what they stand before, aligned.
    static func show(_ lines: [(String, String)], _ session: Session) {
        let width = max(12, (lines.map(\.0.count).max() ?? 0) + 2)
        for (label, text) in lines {
            session.stdout.line(label + ":" + String(repeating: " ", count: width - label.count) + text)
        }
    }

    static func lines(of backend: BackendView, _ session: Session) -> [(String, String)] {
        let now = session.now()
        func since(_ time: Timestamp?) -> String { time.map { " for " + $0.age(at: now) } ?? "" }
        var lines: [(String, String)] = [
            ("name", visible(backend.name)), ("url", visible(backend.url)), ("pool", visible(backend.pool)),
            ("weight", backend.weight),
        ]
        if let intent = backend.intent { lines.append(("state", session.painted(intent, .yellow))) }
        if backend.isBackup { lines.append(("backup", "serves only when no other can")) }
        if let most = backend.requestsMax { lines.append(("limit", "\(most) requests in flight at once")) }
        if let slow = backend.slowStart { lines.append(("slow start", visible(slow))) }
        if !backend.labels.isEmpty { lines.append(("labels", visible(backend.labels))) }
        lines.append(
            ("phase", session.painted(backend.phase, BackendView.colour(of: backend.phase)) + since(backend.phaseSince))
        )
        if let health = backend.health {
            lines.append(
                (
                    "health",
                    session.painted(health.state, BackendView.colour(of: health.state)) + since(health.since)
                        + (health.reason.map { ": " + visible($0) } ?? "")
                )
            )
            if let last = health.last { lines.append(("last probe", visible(last.summary(at: now)))) }
        }
        var active = "\(backend.inFlight) requests in flight"
        if backend.streams > 0 { active += ", \(backend.streams) of them upgraded" }
        lines += [
            ("active", active), ("idle", "\(backend.idleConnections) connections"),
            ("requests", backend.requests), ("errors", backend.errors),
        ]
        if let answers = backend.answers { lines.append(("answers", answers)) }
        if let worry = backend.lately.worry { lines.append(("warning", session.painted(worry, .red))) }
        if backend.p50 != "-" { lines.append(("latency", "p50 \(backend.p50), p99 \(backend.p99)")) }
        return lines
    }

    /// Every member of a pool with its path, as `lbctl set pool` takes it.
    private static func lines(ofPool name: String, _ json: JSON, _ session: Session) -> [(String, String)] {
        var lines = [("name", visible(name))]
        func add(_ json: JSON, _ prefix: String) {
            for member in json.members ?? [] where !(prefix.isEmpty && member.name == "name") {
                let path = prefix + member.name
                if member.value.members != nil {
                    add(member.value, path + ".")
                } else {
                    // A group that is null is switched off; a value that is null is lbd's to choose.
                    let null = prefix.isEmpty ? "off" : "unset"
                    lines.append((path, visible(member.value == .null ? null : member.value.plain)))
                }
            }
        }
        add(json, "")
        return lines
    }
}
