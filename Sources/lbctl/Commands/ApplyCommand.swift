import Model

/// `lbctl diff` and `lbctl apply`: a file, and what it would change or changes.
enum ApplyCommand {
    static let diff = Command(
        group: .files,
        name: "diff",
        flags: [Flag.file, Flag.prune, Flag.manager],
        summary: "what apply would change: exit 0 nothing, 1 something",
        details: [
            "Shows what lbctl apply with the same flags would do, and does nothing. The exit",
            "code is 0 when nothing would change, 1 when something would, more when it cannot",
            "be told. With --prune it finds everything that is not in FILE, too.",
        ],
        examples: [
            Command.Example("lbctl diff -f lb.json"),
            Command.Example("lbctl diff -f lb.json --prune -q || echo drift"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                var request = try request(invocation, session)
                request.dryRun = try invocation.dryRun() ?? .plan
                return [request]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let changes = try DryRunReport.run(requests, try invocation.dryRun() ?? .plan, session)
                if !changes { session.hint("no difference") }
                return changes ? .no : .done
            }
        )
    )

    static let apply = Command(
        group: .files,
        name: "apply",
        flags: [
            Flag.file, Flag.prune, Flag.manager,
            Flag("if-revision", value: "N", help: "only if nothing changed since that revision"),
        ],
        summary: "make it what a file says, in one revision",
        details: [
            "Adds what FILE has and changes what it says; all of it becomes live at once, or",
            "nothing. What FILE does not mention stays as it is, unless --prune is given:",
            "then it is removed. With --manager ID as well, everything of FILE is marked with",
            "the label manager=ID, and only what carries that mark is ever removed, so that",
            "several files can share one lbd.",
        ],
        examples: [
            Command.Example("lbctl apply -f lb.json"),
            Command.Example("lbctl apply -f lb.json --prune --yes --reason \"$GIT_COMMIT\""),
            Command.Example("lbctl apply -f shop.json --prune --manager shop"),
            Command.Example("lbctl export | jq '.backends[].weight = 1' | lbctl apply -f -"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in [try request(invocation, session)] },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests { try apply(request, invocation, session) }
                return .done
            }
        )
    )

    /// PUT replaces everything; PATCH (RFC 7396) adds and changes, and removes only what a manager's mark allows.
    private static func request(_ invocation: Invocation, _ session: Session) throws(Failure) -> AdminRequest {
        let file = try Document(invocation)
        let body: AdminRequest.Body
        let isWhole = invocation.has("prune") && !invocation.has("manager")
        if let manager = invocation.value("manager") {
            guard invocation.has("prune") else {
                throw Failure(.usage, "--manager says what --prune may remove: it needs --prune")
            }
            let json = try managed(file, by: manager, session)
            body = AdminRequest.Body(bytes: Array(json.text.utf8), source: nil, type: "application/merge-patch+json")
        } else {
            body = AdminRequest.Body(
                bytes: file.bytes,
                source: file.path,
                type: isWhole ? "application/json" : "application/merge-patch+json"
            )
        }
        var request = AdminRequest(isWhole ? .put : .patch, "/v1/config", body: body, changes: file.name)
        if let text = invocation.value("if-revision") {
            let number = try revisionNumber(text, "--if-revision")
            if invocation.has("if-match") { throw Failure(.usage, "either --if-revision or --if-match, not both") }
            // The tag of a document is the lineage of its store and its revision.
            let root = try session.ask(AdminRequest(.get, "/v1"))
            guard let lineage = root.json["lineage"]?.string else { throw session.missing("lineage", in: root) }
            request.ifMatch = "\"\(lineage).\(number)\""
        }
        return request
    }

    private static let label = "manager"

    /// The file's entries with the mark of their manager, and null for what carries the mark and is not in the file.
    private static func managed(_ file: Document, by manager: String, _ session: Session) throws(Failure) -> JSON {
        let reply = try session.ask(AdminRequest(.get, "/v1/config"))
        var patch = file.json
        let wanted = patch["backends"]?.members ?? []
        for member in wanted {
            guard member.value.members != nil else {
                throw Failure(.usage, "\(file.name): with --manager, a backend is an object: \"\(member.name)\" is not")
            }
            patch = patch.setting(["backends", member.name, "labels", label], to: .string(manager))
        }
        for member in reply.json["backends"]?.members ?? [] where member.value["labels"]?[label]?.string == manager {
            guard !wanted.contains(where: { $0.name == member.name }) else { continue }
            patch = patch.setting(["backends", member.name], to: .null)
        }
        return patch
    }

    private static func apply(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) {
        var request = request
        if invocation.has("prune"), !session.settings.isSure {
            var plan = request
            plan.dryRun = .plan
            let planned = try session.ask(plan)
            // What is confirmed is what is done, whoever else writes meanwhile.
            if request.ifMatch == nil { request.ifMatch = planned.tag }
            let report = DryRunReport(json: planned.json)
            if !report.changes.isEmpty {
                for line in report.lines(session) { session.stderr.line(line) }
                try session.confirm("apply that?")
            }
        }
        let reply: Session.Reply
        do {
            reply = try session.ask(request)
        } catch {
            guard error.problem?.status == 412 else { throw error }
            let file = shellQuoted(invocation.value("file") ?? "FILE")
            let now = error.problem?.json["current"]?.string?.split(separator: ".").last?.filter { $0 != "\"" }
            throw error.suggesting(
                "lbctl diff -f \(file) && lbctl apply -f \(file)" + (now.map { " --if-revision \($0)" } ?? "")
            )
        }
        let name = request.changes ?? ""
        session.conclude(reply, names: [name], line: SetCommand.sentence(name, "applied", reply))
        leftAlone(reply, invocation, session)
    }

    /// What the server has and the file has not: it stays, and somebody may wonder.
    private static func leftAlone(_ reply: Session.Reply, _ invocation: Invocation, _ session: Session) {
        guard !invocation.has("prune"), session.settings.output.isForPeople,
            let path = invocation.value("file"), path != "-",
            let there = reply.json["backends"]?.members
        else { return }
        let file: Document
        do {
            file = try Document(path: path)
        } catch {
            return
        }
        let own = Set((file.json["backends"]?.members ?? []).map(\.name))
        let others = there.map(\.name).filter { !own.contains($0) }
        guard !others.isEmpty else { return }
        let list =
            others.count > 5 ? others.prefix(5).joined(separator: ", ") + ", ..." : others.joined(separator: ", ")
        session.hint(
            "note: not in \(path), and left as \(others.count == 1 ? "it is" : "they are"): \(list) (--prune removes)"
        )
    }
}
