/// `lbctl get NAME`: everything about one backend.
enum GetCommand {
    static let command = Command(
        group: .look,
        name: "get",
        aliases: ["show"],
        takesNoun: true,
        operands: "NAME",
        operandCount: 1...1,
        flags: [],
        summary: "one backend: how it is set up and how it is doing",
        details: [
            "With -o json, the answer can be edited and put back with curl -X PUT: what it",
            "says under \"status\" is ignored there.",
        ],
        examples: [
            Command.Example(line: "lbctl get web-1", comment: ""),
            Command.Example(line: "lbctl get web-1 -o json | jq .status.health", comment: ""),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                [AdminRequest(.get, AdminRequest.path(ofBackend: try backendName(invocation.operands[0])))]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    guard reply.json["url"]?.string != nil else { throw session.missing("url", in: reply) }
                    if session.settings.output == .json {
                        session.show(reply.answer.body)
                    } else {
                        show(
                            BackendView(name: reply.json["name"]?.string ?? invocation.operands[0], reply.json),
                            session
                        )
                    }
                }
                return .done
            }
        )
    )

    private static func show(_ backend: BackendView, _ session: Session) {
        let now = session.now()
        func painted(_ text: String) -> String {
            let colour = BackendView.colour(of: text)
            return session.settings.isColoured ? colour.paint(visible(text)) : visible(text)
        }
        func since(_ time: Timestamp?) -> String { time.map { " for " + $0.age(at: now) } ?? "" }

        var lines: [(String, String)] = [
            ("name", visible(backend.name)), ("url", visible(backend.url)), ("pool", visible(backend.pool)),
            ("weight", backend.weight), ("phase", painted(backend.phase) + since(backend.phaseSince)),
        ]
        if let most = backend.requestsMax { lines.append(("limit", "\(most) requests in flight at once")) }
        if let health = backend.health {
            lines.append(
                (
                    "health",
                    painted(health.state) + since(health.since) + (health.reason.map { ": " + visible($0) } ?? "")
                )
            )
            if let last = health.last { lines.append(("last probe", visible(last.summary(at: now)))) }
        }
        lines += [
            ("active", "\(backend.inFlight) requests in flight"), ("idle", "\(backend.idleConnections) connections"),
            ("requests", backend.requests), ("errors", backend.errors),
        ]
        for (label, text) in lines {
            session.stdout.line(label + ":" + String(repeating: " ", count: 12 - label.count) + text)
        }
    }
}
