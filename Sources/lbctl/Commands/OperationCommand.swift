import Model

/// `lbctl operation`: what lbd is still busy with.
enum OperationCommand {
    static let command = Command(
        group: .time,
        name: "operation",
        aliases: ["op", "operations"],
        actions: [
            Command.Action("list", summary: "what is under way, and what has ended lately"),
            Command.Action(
                "get",
                "ID",
                count: 1...1,
                kind: .operations,
                summary: "one of them; --wait returns when it has ended"
            ),
            Command.Action("cancel", "ID", count: 1...1, kind: .operations, summary: "call it off"),
        ],
        flags: [Flag.wait],
        summary: "what takes its time: list, get or cancel",
        details: [
            "A drain, a probe: what is not over when the API answers is an operation. It goes",
            "on when lbctl is interrupted, and can be waited for from anywhere. A cancelled",
            "drain leaves the backend ready again.",
        ],
        examples: [
            Command.Example("lbctl operation list"), Command.Example("lbctl operation get op-91 --wait --timeout 2m"),
            Command.Example("lbctl operation cancel op-91"),
        ],
        fields: [.backend: ["id", "kind", "name", "state", "started_at", "ended_at", "drain.*", "result.*"]],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                guard let id = invocation.operands.first else {
                    if invocation.has("wait") { throw Failure(.usage, "--wait is for one operation: operation get ID") }
                    return [AdminRequest(.get, "/v1/operations")]
                }
                let path = "/v1/operations/" + percentEncoded(id)
                if invocation.action == "cancel" { return [AdminRequest(.delete, path, changes: id)] }
                return [AdminRequest(.get, path, wait: invocation.has("wait") ? session.settings.wait : nil)]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                var code = ExitCode.done
                for request in requests { code = try run(request, invocation, session) }
                return code
            }
        )
    )

    private static func run(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        guard let id = invocation.operands.first else {
            let reply = try session.ask(request)
            guard let items = Listing.items(of: reply.json["operations"] ?? reply.json) else {
                throw session.missing("operations", in: reply)
            }
            guard !items.isEmpty || !session.settings.output.isForPeople else {
                session.hint("nothing is under way")
                return .done
            }
            Listing(columns: columns, items: items).show(session, whole: reply.answer.body)
            return .done
        }
        if invocation.action == "cancel" {
            let reply = try session.ask(request)
            session.conclude(reply, names: [id], line: "\(id) cancelled")
            return .done
        }
        let reply = try session.showingProgress("waiting for \(id)") { () throws(Failure) in try session.ask(request) }
        let operation = OperationView(id: id, reply.json)
        if session.settings.output.isForPeople, session.settings.fields == nil {
            session.stdout.line(visible(operation.sentence(at: session.now())))
        } else {
            Listing(columns: columns, items: [Listing.Item(name: id, json: reply.json)])
                .show(session, whole: reply.answer.body)
        }
        guard invocation.has("wait") else { return .done }
        if !operation.hasEnded {
            throw Failure(.waitTimeout, "\(id) is still \(operation.state)").suggesting(invocation.again())
        }
        if operation.cut > 0 { return .cut }
        return operation.hasFailed ? .reverted : .done
    }

    private static let columns: [Listing.Column] = [
        Listing.Column("ID", "id") { item, _ in Table.Cell(item.name) },
        Listing.Column("KIND", "kind"),
        Listing.Column("OF", "name") { item, _ in Table.Cell(OperationView(id: item.name, item.json).subject) },
        Listing.Column("STATE", "state") { item, _ in
            let operation = OperationView(id: item.name, item.json)
            return Table.Cell(operation.state, operation.hasFailed ? .red : operation.hasEnded ? .plain : .yellow)
        },
        Listing.Column("STARTED", "started_at", .right) { item, now in
            Table.Cell(OperationView(id: item.name, item.json).started?.age(at: now) ?? "-")
        },
        Listing.Column("RESULT", "result") { item, _ in
            let facts = OperationView(id: item.name, item.json).drain.finished.joined(separator: ", ")
            return Table.Cell(facts.isEmpty ? "-" : facts)
        },
    ]
}

/// One operation, every member optional.
struct OperationView {
    let id: String
    private let json: JSON

    init(id: String, _ json: JSON) {
        self.id = id
        self.json = json
    }

    var kind: String { json["kind"]?.string ?? "operation" }
    var subject: String { (json["name"] ?? json["backend"] ?? json["target"])?.string ?? "-" }
    var state: String { (json["state"] ?? json["status"])?.string ?? "-" }
    var started: Timestamp? { (json["started_at"] ?? json["at"] ?? json["since"])?.string.flatMap { Timestamp($0) } }
    var drain: DrainView { DrainView(json["drain"] ?? json["result"] ?? json["report"]) }
    var cut: Int { drain.cut }
    var hasEnded: Bool { !["running", "pending", "draining", "waiting"].contains(state) }
    var hasFailed: Bool { ["failed", "reverted"].contains(state) }

    func sentence(at now: Int64) -> String {
        var facts: [String] = []
        if let started { facts.append("started \(started.age(at: now)) ago") }
        facts += hasEnded ? drain.finished : drain.left.map { ["\($0) in flight"] } ?? []
        return "\(id): \(kind) of \(subject) is \(state)" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }
}
