/// `lbctl describe NAME`: one backend with its probes and with what happened to it.
enum DescribeCommand {
    static let command = Command(
        group: .look,
        name: "describe",
        nouns: [.backend],
        operands: "NAME",
        operandCount: 1...1,
        kind: .names,
        summary: "one backend with its last probes and what happened to it",
        details: [
            "What lbctl get says, the last probes of its health check, the newest first, and",
            "the last events about it that lbd remembers.",
        ],
        examples: [Command.Example("lbctl describe web-1")],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                let name = try backendName(invocation.operands[0])
                var events = AdminRequest(
                    .get,
                    "/v1/events",
                    query: [("backend", name), ("follow", "false"), ("after", "0")]
                )
                events.accept = AdminRequest.lines
                return [
                    AdminRequest(.get, AdminRequest.path(ofBackend: name)),
                    AdminRequest(.get, AdminRequest.path(ofBackend: name, "/health")), events,
                ]
            },
            carryOut: { requests, invocation, session throws(Failure) in try run(requests, invocation, session) }
        )
    )

    private static let eventsMax = 10

    private static func run(
        _ requests: [AdminRequest],
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        let reply = try session.ask(requests[0])
        let health = try session.ask(requests[1])
        let events = try EventsCommand.past(requests[2], session)
        let name = reply.json["name"]?.string ?? invocation.operands[0]
        guard session.settings.output.isForPeople else {
            let whole = JSON.object([
                JSON.Member(name: "backend", value: reply.json), JSON.Member(name: "health", value: health.json),
                JSON.Member(name: "events", value: .array(events.suffix(eventsMax))),
            ])
            session.stdout.line(session.settings.output == .json ? whole.laidOut : whole.text)
            return .done
        }
        GetCommand.show(GetCommand.lines(of: BackendView(name: name, reply.json), session), session)
        let view = HealthView(health.json)
        if !view.probes.isEmpty {
            session.stdout.write("\nPROBES\n" + HealthCommand.table(of: view, session))
        }
        if !events.isEmpty {
            session.stdout.line("\nEVENTS")
            for event in events.suffix(eventsMax).reversed() {
                session.stdout.line("  " + EventView(event).line(session, isPast: true))
            }
        }
        return .done
    }
}
