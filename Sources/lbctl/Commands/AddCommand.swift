import Model

/// `lbctl add [backend] [NAME] URL`: a new backend, or a replaced one, and the wait until it serves.
enum AddCommand {
    static let command = Command(
        group: .change,
        name: "add",
        nouns: [.backend, .pool],
        operands: "[NAME] URL",
        operandCount: 1...Int.max,
        flags: [
            Flag("weight", value: "N", help: "share of the pool's traffic, 0 to 1000; 1 unless said"),
            Flag("pool", value: "POOL", kind: .pool, help: "the pool it serves; default unless said"),
            Flag("label", value: "K=V", help: "a label for -l; may be repeated"),
            Flag("max-requests", value: "N", help: "requests in flight at once; 0, no limit, unless said"),
            Flag("slow-start", value: "TIME", help: "how long its share grows at first"),
            Flag("backup", help: "it serves only when no other can"),
            Flag.wait,
            Flag("replace", help: "if NAME exists, make it what is said here"),
            Flag("if-absent", help: "if NAME exists, leave it as it is: no error"),
        ],
        summary: "add a backend; with --wait, return when it serves",
        details: [
            "URL is http://HOST:PORT or unix:/PATH. NAME is HOST:PORT unless given. When the",
            "command returns, the change is stored and every worker uses it; traffic comes",
            "once the backend has passed its first health check, and --wait waits for that.",
            "If it does not pass in time the exit code is 3: the backend stays, and serves",
            "when it does pass. --replace sets the whole backend: what is not said becomes",
            "its default. lbctl add pool NAME [KEY=VALUE...] adds a pool.",
        ],
        examples: [
            Command.Example("lbctl add http://10.0.0.3:8080", "named 10.0.0.3:8080"),
            Command.Example("lbctl add web-3 http://10.0.0.3:8080 --wait"),
            Command.Example("lbctl add web-3 http://10.0.0.3:8080 --label color=green --weight 0"),
            Command.Example("lbctl add web-3 http://10.0.0.3:8080 --weight 3 --replace"),
            Command.Example("lbctl add pool api algorithm=least_request health_check.path=/healthz"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                guard !(invocation.has("replace") && invocation.has("if-absent")) else {
                    throw Failure(.usage, "--replace and --if-absent exclude each other")
                }
                return [
                    invocation.noun == .pool ? try pool(invocation) : try request(invocation, session.settings)
                ]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    if invocation.noun == .pool {
                        try addPool(request, invocation, session)
                    } else {
                        try run(request, invocation, session)
                    }
                }
                return .done
            }
        )
    )

    private static func request(_ invocation: Invocation, _ settings: Settings) throws(Failure) -> AdminRequest {
        guard invocation.operands.count <= 2 else {
            var failure = Failure(
                .usage,
                "add takes [NAME] URL, and nothing like \"\(invocation.operands[2])\""
            )
            let word = invocation.operands[2]
            if let flag = command.flags.first(where: { word == $0.name || word.hasPrefix($0.name + "=") }) {
                failure.message += " (a flag is written --\(flag.name))"
            }
            throw failure.adding("usage", command.synopses[0]).suggesting("lbctl help add")
        }
        let urlText = invocation.operands[invocation.operands.count - 1]
        let named = invocation.operands.count == 2 ? invocation.operands[0] : nil
        let url: BackendURL
        do {
            url = try BackendURL(urlText)
        } catch {
            throw badURL(urlText, error, named: named)
        }
        var body = JSON.object([JSON.Member(name: "url", value: .string(url.description))])
        let name: String
        if let named {
            name = try backendName(named)
        } else {
            name = url.defaultName
            guard BackendSpec.isName(name) else {
                throw Failure(.usage, "\"\(name)\" cannot be a backend's name: give it one")
                    .suggesting("lbctl add NAME \(shellQuoted(urlText))")
            }
        }
        if let pool = invocation.value("pool") {
            guard BackendSpec.isName(pool) else { throw Failure(.usage, "--pool: \"\(pool)\" cannot be a pool's name") }
            body = body.setting(["pool"], to: .string(pool))
        }
        for (flag, member, most) in [
            ("weight", "weight", BackendSpec.weightMax), ("max-requests", "max_requests", BackendSpec.requestsMaxMax),
        ] {
            guard let text = invocation.value(flag) else { continue }
            guard let number = Int(text), (0...most).contains(number) else {
                throw Failure(.usage, "--\(flag): \"\(text)\" is not a whole number from 0 to \(most)")
            }
            body = body.setting([member], to: .number(String(number)))
        }
        if let text = invocation.value("slow-start") {
            body = body.setting(["slow_start"], to: .string(try Settings.span(text, "--slow-start").description))
        }
        if invocation.has("backup") { body = body.setting(["backup"], to: .bool(true)) }
        if invocation.has("label") {
            body = body.setting(["labels"], to: try Specification.labels(invocation.all("label"), mayRemove: false))
        }
        let wait = invocation.has("wait") ? settings.wait : nil
        guard !invocation.has("replace") else {
            return AdminRequest(.put, AdminRequest.path(ofBackend: name), body: body, wait: wait, changes: name)
        }
        // A name that nobody gave is left to the server, which knows it as the same.
        if let named {
            body = .object([JSON.Member(name: "name", value: .string(named))] + (body.members ?? []))
        }
        return AdminRequest(.post, "/v1/backends", body: body, wait: wait, changes: name)
    }

    private static func pool(_ invocation: Invocation) throws(Failure) -> AdminRequest {
        for flag in command.flags where invocation.has(flag.name) && !["replace", "if-absent"].contains(flag.name) {
            throw Failure(.usage, "--\(flag.name) is a backend's; a pool's members are written KEY=VALUE")
                .suggesting("lbctl explain pool")
        }
        let name = invocation.operands[0]
        guard BackendSpec.isName(name) else {
            throw Failure(
                .usage,
                "\"\(name)\" cannot be a pool's name: 1 to 64 of A-Z a-z 0-9 . _ : -, not beginning with -"
            )
        }
        let spec = try Specification.patch(invocation.operands.dropFirst(), of: .pool)
        var request = AdminRequest(.put, AdminRequest.path(ofPool: name), body: spec, changes: name)
        // Somebody else's pool of that name is not to be overwritten unseen.
        if !invocation.has("replace") { request.ifNoneMatch = "*" }
        return request
    }

    private static func addPool(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) {
        let name = invocation.operands[0]
        let reply: Session.Reply
        do {
            reply = try session.ask(request)
        } catch {
            guard error.problem?.status == 412, request.ifNoneMatch != nil else { throw error }
            guard !invocation.has("if-absent") else {
                return session.report("pool \(name) is there already, unchanged")
            }
            throw Failure(
                .conflict,
                "there is a pool \"\(name)\" already \(error.problem?.tag ?? "")",
                problem: error.problem
            )
            .suggesting(invocation.again("--replace") + "     to make it this")
            .suggesting("lbctl set pool \(name) KEY=VALUE   to change some of it")
        }
        let revision = reply.revision.map { " (revision \($0))" } ?? ""
        session.conclude(reply, names: [name], line: "pool \(name) \(word(for: reply, request))\(revision)")
    }

    private static func badURL(_ text: String, _ refusal: BackendURL.Refusal, named: String?) -> Failure {
        let failure = Failure(.usage, "\"\(text)\" is no backend's URL: \(refusal.message)")
        if let named {
            // NAME and URL the wrong way round.
            let isURL: Bool
            do {
                _ = try BackendURL(named)
                isURL = true
            } catch {
                isURL = false
            }
            if isURL, BackendSpec.isName(text) {
                return failure.suggesting("lbctl add \(text) \(shellQuoted(named))")
            }
        }
        guard let suggestion = refusal.suggestion else {
            return failure.suggesting("http://HOST:PORT or unix:/PATH")
        }
        return failure.suggesting("lbctl add \(named.map { shellQuoted($0) + " " } ?? "")\(shellQuoted(suggestion))")
    }

    private static func run(_ request: AdminRequest, _ invocation: Invocation, _ session: Session) throws(Failure) {
        let name = request.changes ?? ""
        let started = monotonicNanoseconds()
        let waits = invocation.has("wait")
        var reply: Session.Reply
        var isThere = false
        var revision: Int?
        do {
            reply = try session.showingProgress("waiting until \(name) serves", of: name) { () throws(Failure) in
                try session.ask(request)
            }
        } catch {
            switch error.problem?.code {
            case "wait-timeout":
                // A write is not repeated to wait on: it would bring back what someone has removed meanwhile.
                guard session.settings.outlastsWait else { throw notServing(name, error) }
                revision = error.problem?.json["revision"]?.int
                reply = try session.ask(AdminRequest(.get, AdminRequest.path(ofBackend: name)))
            case "exists" where invocation.has("if-absent"):
                isThere = true
                reply = try session.ask(AdminRequest(.get, AdminRequest.path(ofBackend: name)))
            case "exists":
                throw error.replacingNotes(
                    with: "\(again(invocation)) --replace     to change it",
                    "\(again(invocation)) --if-absent   to take it as it is"
                )
            case "duplicate-url":
                throw error.replacingNotes(
                    with: "\(again(invocation)) --force   if the address shall have two shares"
                )
            default:
                throw error
            }
        }
        let given = reply.json["name"]?.string ?? name
        revision = revision ?? reply.revision
        let done = isThere ? "is there already, unchanged" : word(for: reply, request)
        var backend = BackendView(name: given, reply.json)
        while waits, backend.phase != "serving" {
            guard let left = session.timeLeft(since: started) else {
                throw notServing(backend, revision: revision, session)
            }
            try session.pause(min(left, Session.lookInterval), changing: given)
            do {
                reply = try session.ask(AdminRequest(.get, AdminRequest.path(ofBackend: given)))
            } catch {
                guard error.code == .notFound else { throw error }
                throw Failure(.conditionUnreachable, "\"\(given)\" was removed while it was waited for")
                    .suggesting("lbctl list")
            }
            backend = BackendView(name: given, reply.json)
        }
        var facts: [String] = []
        if let revision { facts.append("revision \(revision)") }
        if waits {
            let state = backend.health?.state == "healthy" ? "healthy" : "serving"
            let elapsed = elapsedText(nanoseconds: monotonicNanoseconds() - started)
            facts.append(isThere ? state : "\(state) after \(elapsed)")
        } else if backend.phase != "-" {
            facts.append(backend.phase)
        }
        let line = "\(given) \(done)" + (facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")")
        session.conclude(reply, names: [given], line: line)
        if isThere, let url = try? BackendURL(invocation.operands.last ?? "").description, url != backend.url {
            session.hint("note: \(given) is at \(backend.url), not at \(url); --replace would change that")
        }
    }

    private static func word(for reply: Session.Reply, _ request: AdminRequest) -> String {
        if !reply.isChange { return "unchanged" }
        return request.method == .put && reply.answer.status == 200 ? "replaced" : "added"
    }

    /// The command as it was given, without its flags.
    private static func again(_ invocation: Invocation) -> String {
        "lbctl add " + invocation.operands.map(shellQuoted).joined(separator: " ")
    }

    /// The server waited, and its words say for how long and why in vain.
    private static func notServing(_ name: String, _ refusal: Failure) -> Failure {
        notServing(name, refusal.message, revision: refusal.problem?.json["revision"]?.int, problem: refusal.problem)
    }

    /// We waited.
    private static func notServing(_ backend: BackendView, revision: Int?, _ session: Session) -> Failure {
        let limit = session.settings.timeout?.description ?? "all that time"
        let reason = backend.health?.reason ?? backend.phase
        return notServing(
            backend.name,
            "the backend \"\(backend.name)\" does not serve after \(limit): \(reason)",
            revision: revision,
            problem: nil
        )
    }

    private static func notServing(_ name: String, _ message: String, revision: Int?, problem: Problem?) -> Failure {
        Failure(.waitTimeout, message, problem: problem)
            .now(
                "the change stands" + (revision.map { " (revision \($0))" } ?? "")
                    + ": it serves as soon as its check passes"
            )
            .suggesting("lbctl health \(name)")
            .suggesting("lbctl remove \(name)   to take it back")
    }
}
