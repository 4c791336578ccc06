import Model

/// `lbctl remove [backend] NAME...`: nothing new for these backends, and the wait until they have finished.
enum RemoveCommand {
    static let command = Command(
        group: .change,
        name: "remove",
        aliases: ["rm", "delete", "del"],
        nouns: [.backend, .pool],
        operands: "NAME...|-l SEL",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [
            Flag.selector,
            Flag("now", help: "cut what is in flight instead of waiting for it"),
            Flag("drain", value: "TIME", help: "then cut what is in flight; the pool's time unless said"),
            Flag.noWait, Flag.ignoreNotFound,
        ],
        summary: "remove backends; requests in flight finish",
        details: [
            "A removed backend gets no new request from the moment the server has taken the",
            "command; what it has in flight finishes, and the command waits for that, as long",
            "as --timeout says for each NAME. If the time is not enough the exit code is 3:",
            "the removal stands, and its other requests go on. If requests had to be cut at",
            "the end of the drain time it is 8. Several NAMEs are removed one after another;",
            "one that fails does not keep the others. lbctl remove pool NAME removes a pool.",
        ],
        examples: [
            Command.Example("lbctl remove web-1"),
            Command.Example("lbctl remove web-1 web-2 --timeout 2m"),
            Command.Example("lbctl remove web-1 --no-wait --ignore-not-found"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in try plan(invocation, session) },
            carryOut: { requests, invocation, session throws(Failure) in try run(requests, invocation, session) }
        )
    )

    private static func plan(_ invocation: Invocation, _ session: Session) throws(Failure) -> [AdminRequest] {
        if invocation.noun == .pool {
            if invocation.has("selector") { throw Failure(.usage, "-l chooses among backends, not pools") }
            return try invocation.targets(session, named: invocation.operands[...]).map { name in
                AdminRequest(.delete, AdminRequest.path(ofPool: name), changes: name)
            }
        }
        guard !(invocation.has("now") && invocation.has("drain")) else {
            throw Failure(.usage, "--now and --drain exclude each other")
        }
        var query: [(name: String, value: String)] = []
        if invocation.has("now") { query.append(("drain", "0s")) }
        if let text = invocation.value("drain") {
            query.append(("drain", try Settings.span(text, "--drain").description))
        }
        let names = try invocation.targets(session, named: invocation.operands[...])
        return names.map { name in
            AdminRequest(
                .delete,
                AdminRequest.path(ofBackend: name),
                query: query,
                wait: invocation.has("no-wait") ? nil : session.settings.wait,
                changes: name
            )
        }
    }

    private static func run(
        _ requests: [AdminRequest],
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        if invocation.has("selector"), requests.count > 1 {
            try session.confirm("remove \(requests.compactMap(\.changes).joined(separator: ", "))?")
        }
        var first: ExitCode = .done
        for (index, request) in requests.enumerated() {
            do {
                let code = try remove(request, invocation, session)
                if first == .done { first = code }
            } catch {
                let isLast = index == requests.count - 1
                switch error.code {
                case .unreachable, .interrupted, .terminated, .hungUp:
                    let left = requests[(index + 1)...].compactMap(\.changes)
                    throw left.isEmpty ? error : error.now("not tried: " + left.joined(separator: " "))
                default:
                    if isLast, first == .done { throw error }
                    session.explain(error)
                    if first == .done { first = error.code }
                }
            }
        }
        return first
    }

    private static func remove(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        let name = request.changes ?? ""
        let started = monotonicNanoseconds()
        var request = request
        var repeats = false
        while true {
            let reply: Session.Reply
            do {
                reply = try session.showingProgress("removing \(name)", of: name) { () throws(Failure) in
                    try session.ask(request)
                }
            } catch {
                switch error.code {
                case .interrupted, .terminated, .hungUp:
                    throw error.replacingTries(
                        with: "lbctl remove \(name) --ignore-not-found   to wait on"
                    )
                case .notFound where repeats:
                    // It was draining a moment ago and is gone now.
                    session.report("\(name) removed (drained)")
                    return .done
                case .notFound where invocation.has("ignore-not-found"):
                    session.report("\(name) is not there, nothing to remove")
                    return .done
                case .waitTimeout:
                    guard session.settings.outlastsWait, let wait = session.timeLeft(since: started) else {
                        throw stillDraining(name, error.problem?.json, error.problem, session)
                    }
                    request.wait = wait
                    repeats = true
                    try session.pause(Session.lookInterval, changing: name)
                    continue
                default:
                    throw error
                }
            }
            let isDraining = reply.answer.status == 202
            // The server had no room to wait: the removal stands, and is looked at until it is over.
            if isDraining, !invocation.has("no-wait"), let wait = session.timeLeft(since: started) {
                request.wait = wait
                repeats = true
                try session.pause(Session.lookInterval, changing: name)
                continue
            }
            if isDraining, !invocation.has("no-wait") {
                if !session.settings.output.isForPeople { session.conclude(reply, names: [name], line: "") }
                throw stillDraining(name, reply.json, nil, session)
            }
            let drain = DrainView(reply.json["drain"])
            var facts: [String] = []
            if let revision = reply.revision { facts.append("revision \(revision)") }
            facts += isDraining ? drain.unfinished : drain.finished
            let subject = invocation.noun == .pool ? "pool \(name)" : name
            session.conclude(
                reply,
                names: [name],
                line: "\(subject) removed" + (facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")")
            )
            return drain.cut > 0 ? .cut : .done
        }
    }

    private static func stillDraining(
        _ name: String,
        _ json: JSON?,
        _ problem: Problem?,
        _ session: Session
    ) -> Failure {
        let limit = session.settings.timeout?.description ?? "all that time"
        let drain = DrainView(json?["drain"])
        var now = "the removal stands" + (json?["revision"]?.int.map { " (revision \($0))" } ?? "")
        now += ": it gets no new requests"
        if let left = drain.left { now += ", \(left) of \(drain.inFlightAtStart ?? left) are still in flight" }
        return Failure(
            .waitTimeout,
            "\(name) has not finished its requests after \(limit)" + (problem.map { " " + $0.tag } ?? ""),
            problem: problem
        )
        .now(now)
        .suggesting("lbctl remove \(name) --timeout 5m --ignore-not-found   to wait on")
    }
}
