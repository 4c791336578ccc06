/// `lbctl history` and `lbctl rollback`: the revisions, and back to one of them.
enum HistoryCommand {
    static let history = Command(
        group: .time,
        name: "history",
        flags: [Flag("limit", value: "N", help: "that many of them, 20 unless said")],
        summary: "the revisions: when, by whom, what and why",
        details: ["The newest first. lbctl rollback N goes back to one; nothing is lost by that."],
        examples: [
            Command.Example("lbctl history"), Command.Example("lbctl history -o ndjson --fields revision,actor"),
        ],
        fields: [.backend: ["revision", "at", "actor", "actor.*", "reason", "summary"]],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                let text = invocation.value("limit") ?? "20"
                guard let limit = Int(text), limit > 0 else {
                    throw Failure(.usage, "--limit: \"\(text)\" is no number from 1")
                }
                return [AdminRequest(.get, "/v1/history", query: [("limit", text)])]
            },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    guard let items = Listing.items(of: revisions(reply.json)) else {
                        throw session.missing("history", in: reply)
                    }
                    Listing(columns: columns, items: items).show(session, whole: reply.answer.body)
                }
                return .done
            }
        )
    )

    /// The list itself, whether the answer is it or has it.
    private static func revisions(_ json: JSON) -> JSON? {
        json.elements == nil ? json["history"] ?? json["revisions"] : json
    }

    private static let columns: [Listing.Column] = [
        Listing.Column("REVISION", "revision", .right),
        Listing.Column("AGE", "at", .right) { item, now in
            Table.Cell(item.json["at"]?.string.flatMap { Timestamp($0) }?.age(at: now) ?? "-")
        },
        Listing.Column("BY", "actor", rank: 1, floor: 12) { item, _ in
            let actor = item.json["actor"]
            return Table.Cell(actor?["name"]?.string ?? actor?.plain ?? "-")
        },
        Listing.Column("WHAT", "summary", floor: 30),
        Listing.Column("WHY", "reason", rank: 2, floor: 16),
    ]

    static let rollback = Command(
        group: .time,
        name: "rollback",
        operands: "[REVISION]",
        operandCount: 0...1,
        summary: "go back to a revision, the one before unless said",
        details: [
            "Makes a new revision that is what the old one was, so that it can be undone in",
            "the same way. -n shows what would change.",
        ],
        examples: [
            Command.Example("lbctl rollback -n", "what undoing the last change would do"),
            Command.Example("lbctl rollback"),
            Command.Example("lbctl rollback 1840 --reason 'checkout is broken'"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                // Which one is before is for the server to say, who knows of every change until then.
                let body = try invocation.operands.first.map { text throws(Failure) in
                    [JSON.Member(name: "to", value: .number(try revisionNumber(text, "rollback")))]
                }
                return [AdminRequest(.post, "/v1/rollback", body: .object(body ?? []), changes: "the configuration")]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    if !session.settings.isSure {
                        var plan = request
                        plan.dryRun = .plan
                        for line in DryRunReport(json: try session.ask(plan).json).lines(session) {
                            session.stderr.line(line)
                        }
                        try session.confirm("go back to that?")
                    }
                    let reply = try session.ask(request)
                    let to = reply.json["to"]?.plain ?? invocation.operands.first ?? "before"
                    session.conclude(
                        reply,
                        names: ["config"],
                        line: reply.isChange
                            ? "rolled back to revision \(to)" + (reply.revision.map { " (as revision \($0))" } ?? "")
                            : "unchanged: it is what revision \(to) was"
                    )
                }
                return .done
            }
        )
    )
}
