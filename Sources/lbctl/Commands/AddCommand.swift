import Model

/// `lbctl add [backend] [NAME] URL`: a new backend, or a replaced one, and the wait until it serves.
enum AddCommand {
    static let command = Command(
        group: .change,
        name: "add",
        aliases: [],
        takesNoun: true,
        operands: "[NAME] URL",
        operandCount: 1...2,
        flags: [
            Flag("weight", value: "N", help: "share of the pool's traffic, 0 to 1000; 1 unless said"),
            Flag("max-requests", value: "N", help: "requests in flight at once; 0, no limit, unless said"),
            Flag("pool", value: "POOL", help: "the pool it serves; default unless said"),
            Flag("wait", help: "return when it serves; --timeout bounds the wait"),
            Flag("replace", help: "if NAME exists, make it what is said here"),
            Flag("if-absent", help: "if NAME exists, leave it as it is: no error"),
            Flag("force", help: "even if another backend of the pool has the URL"),
        ],
        summary: "add a backend; with --wait, return when it serves",
        details: [
            "URL is http://HOST:PORT or unix:/PATH. NAME is HOST:PORT unless given. When the",
            "command returns, the change is stored and every worker uses it; traffic comes",
            "once the backend has passed its first health check, and --wait waits for that.",
            "If it does not pass in time the exit code is 3: the backend stays, and serves",
            "when it does pass. --replace sets the whole backend: what is not said becomes",
            "its default.",
        ],
        examples: [
            Command.Example(line: "lbctl add http://10.0.0.3:8080", comment: "named 10.0.0.3:8080"),
            Command.Example(line: "lbctl add web-3 http://10.0.0.3:8080 --wait", comment: ""),
            Command.Example(line: "lbctl add web-3 http://10.0.0.3:8080 --weight 3 --replace", comment: ""),
        ],
        work: .exchange(
            plan: { invocation, settings throws(Failure) in [try request(invocation, settings)] },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests { try run(request, invocation, session) }
                return .done
            }
        )
    )

    private static func request(_ invocation: Invocation, _ settings: Settings) throws(Failure) -> AdminRequest {
        let urlText = invocation.operands[invocation.operands.count - 1]
        let named = invocation.operands.count == 2 ? invocation.operands[0] : nil
        let url: BackendURL
        do {
            url = try BackendURL(urlText)
        } catch {
            throw badURL(urlText, error, named: named)
        }
        var body = [JSON.Member(name: "url", value: .string(url.description))]
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
            body.append(JSON.Member(name: "pool", value: .string(pool)))
        }
        if let text = invocation.value("weight") {
            guard let weight = Int(text), (0...BackendSpec.weightMax).contains(weight) else {
                throw Failure(.usage, "--weight: \"\(text)\" is not a whole number from 0 to \(BackendSpec.weightMax)")
            }
            body.append(JSON.Member(name: "weight", value: .number(String(weight))))
        }
        if let text = invocation.value("max-requests") {
            guard let most = Int(text), (0...BackendSpec.requestsMaxMax).contains(most) else {
                throw Failure(
                    .usage,
                    "--max-requests: \"\(text)\" is not a whole number from 0 to \(BackendSpec.requestsMaxMax)"
                )
            }
            body.append(JSON.Member(name: "max_requests", value: .number(String(most))))
        }
        let wait = invocation.has("wait") ? settings.wait : nil
        guard !(invocation.has("replace") && invocation.has("if-absent")) else {
            throw Failure(.usage, "--replace and --if-absent exclude each other")
        }
        var request: AdminRequest
        if invocation.has("replace") {
            request = AdminRequest(
                .put,
                AdminRequest.path(ofBackend: name),
                body: .object(body),
                wait: wait,
                changes: name
            )
        } else {
            // A name that nobody gave is left to the server, which knows it as the same.
            if let named { body.insert(JSON.Member(name: "name", value: .string(named)), at: 0) }
            request = AdminRequest(.post, "/v1/backends", body: .object(body), wait: wait, changes: name)
        }
        request.isForced = invocation.has("force")
        return request
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
            reply = try session.ask(request)
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
        if session.settings.output == .json {
            session.show(reply.answer.body)
            return
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
        session.report("\(given) \(done)" + (facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")"))
        if isThere, let url = request.body?["url"]?.string, url != backend.url {
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
