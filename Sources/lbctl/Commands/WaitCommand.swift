import Model

/// `lbctl wait`: until something is so, or cannot become so any more.
enum WaitCommand {
    static let command = Command(
        group: .time,
        name: "wait",
        nouns: [.backend],
        operands: "[NAME...|-l SEL] --for CONDITION",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [
            Flag.selector,
            Flag(
                "for",
                value: "CONDITION",
                kind: .words(["healthy", "drained", "removed", "revision="]),
                help: "healthy, drained, removed or revision=N"
            ),
        ],
        summary: "return when backends are healthy, drained or removed",
        details: [
            "Without a NAME it is about every backend there is. healthy: it serves, and a",
            "check has passed that began after it was last changed. drained: nothing is in",
            "flight and nothing new comes. removed: it is gone. revision=N: lbd has come to",
            "that revision. The exit code is 0 when it is so, 3 when --timeout is over",
            "first, and 12 when it cannot become so: at once, not after the timeout.",
        ],
        examples: [
            Command.Example("lbctl wait web-3 --for healthy --timeout 2m"),
            Command.Example("lbctl wait -l color=green --for healthy"),
            Command.Example("lbctl wait web-1 --for removed && terminate-instance"),
            Command.Example("lbctl wait --for revision=1843"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                let condition = try Condition(invocation)
                if case .revision = condition { return [AdminRequest(.get, "/v1")] }
                let all = invocation.operands.isEmpty && !invocation.has("selector")
                let names = all ? [] : try invocation.targets(session, named: invocation.operands[...])
                if all, condition != .healthy {
                    throw Failure(.usage, "wait --for \(condition.word) needs a NAME, or -l with labels")
                }
                guard !all else {
                    return [
                        AdminRequest(.get, "/v1/health", query: [("until", "healthy")], wait: session.settings.wait)
                    ]
                }
                return names.map { AdminRequest(.get, AdminRequest.path(ofBackend: $0)) }
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let condition = try Condition(invocation)
                let started = monotonicNanoseconds()
                for request in requests {
                    if request.path == "/v1/health" {
                        try waitForAll(request, session, started)
                    } else {
                        try wait(request, for: condition, session, started)
                    }
                }
                return .done
            }
        )
    )

    enum Condition: Equatable {
        case healthy
        case drained
        case removed
        case revision(Int)

        static let words = ["healthy", "drained", "removed"]

        init(_ invocation: Invocation) throws(Failure) {
            guard let text = invocation.value("for") else {
                throw Failure(.usage, "wait needs --for \(Self.words.joined(separator: "|"))|revision=N")
                    .suggesting(invocation.again("--for", "healthy"))
            }
            switch text {
            case "healthy", "serving", "ready": self = .healthy
            case "drained": self = .drained
            case "removed", "gone", "deleted": self = .removed
            default:
                if text.hasPrefix("revision=") {
                    let number = try revisionNumber(String(text.dropFirst(9)), "--for")
                    self = .revision(Int(number) ?? .max)
                    return
                }
                let failure = Failure(.usage, "--for: there is no condition \"\(text)\"")
                    .adding("there", "are " + Self.words.joined(separator: ", ") + ", revision=N")
                throw nearestWord(text, among: Self.words).map { failure.suggesting("--for \($0)") } ?? failure
            }
        }

        var word: String {
            switch self {
            case .healthy: "healthy"
            case .drained: "drained"
            case .removed: "removed"
            case .revision(let number): "revision=\(number)"
            }
        }
    }

    /// What a look tells about the condition.
    private enum Verdict {
        case holds
        case notYet(String)
        case never(String)
    }

    /// All backends: the server waits.
    private static func waitForAll(_ request: AdminRequest, _ session: Session, _ started: Int64) throws(Failure) {
        var request = request
        while true {
            do {
                let reply = try session.showingProgress("waiting until all serve") { () throws(Failure) in
                    try session.ask(request)
                }
                let count = reply.json["backends"]?.members?.count ?? 0
                let took = elapsedText(nanoseconds: monotonicNanoseconds() - started)
                session.conclude(
                    reply,
                    names: (reply.json["backends"]?.members ?? []).map(\.name),
                    line: "\(count) backend\(count == 1 ? "" : "s") healthy after \(took)"
                )
                return
            } catch {
                guard error.code == .waitTimeout, session.settings.outlastsWait,
                    let left = session.timeLeft(since: started)
                else { throw error }
                request.wait = left
            }
        }
    }

    /// One backend, or the revision: looked at again and again, so that what makes it impossible ends the wait too.
    private static func wait(
        _ request: AdminRequest,
        for condition: Condition,
        _ session: Session,
        _ started: Int64
    ) throws(Failure) {
        let name = request.path == "/v1" ? nil : request.path.split(separator: "/").last.map(String.init)
        let subject = name ?? "lbd"
        try session.showingProgress("waiting: \(subject) \(condition.word)", of: name) { () throws(Failure) in
            while true {
                var json: JSON?
                var answer: Session.Reply?
                do throws(Failure) {
                    let reply = try session.ask(request)
                    answer = reply
                    json = reply.json
                } catch {
                    guard error.code == .notFound else { throw error }
                }
                switch judge(json, condition, revision: answer?.revision) {
                case .holds:
                    let took = elapsedText(nanoseconds: monotonicNanoseconds() - started)
                    let line = "\(subject) \(condition.word) after \(took)"
                    if let answer {
                        session.conclude(answer, names: [subject], line: line)
                    } else if session.settings.output == .name {
                        session.stdout.line(subject)
                    } else {
                        session.report(line)
                    }
                    return
                case .never(let why):
                    throw Failure(.conditionUnreachable, "\(subject) cannot become \(condition.word): \(why)")
                        .suggesting("lbctl list")
                case .notYet(let why):
                    guard let left = session.timeLeft(since: started) else {
                        let limit = session.settings.timeout?.description ?? "all that time"
                        throw Failure(.waitTimeout, "\(subject) is not \(condition.word) after \(limit): \(why)")
                            .suggesting(name.map { "lbctl describe \($0)" } ?? "lbctl history")
                    }
                    try session.pause(min(left, Session.lookInterval))
                }
            }
        }
    }

    private static func judge(_ json: JSON?, _ condition: Condition, revision: Int?) -> Verdict {
        if case .revision(let wanted) = condition {
            let now = revision ?? 0
            return now >= wanted ? .holds : .notYet("it is at revision \(now)")
        }
        guard let json else {
            switch condition {
            case .removed: return .holds
            default: return .never("there is no such backend")
            }
        }
        let backend = BackendView(name: "", json)
        let isGone = backend.isRemoved
        switch condition {
        case .healthy:
            if isGone { return .never("it was removed") }
            if let intent = backend.intent { return .never("it is meant to be in \(intent); lbctl ready ends that") }
            if backend.phase == "serving" {
                let isProven = backend.health?.isProven ?? true
                return isProven ? .holds : .notYet("no check has passed since it was changed")
            }
            return .notYet(backend.health?.reason ?? backend.phase)
        case .drained:
            guard backend.takesNothing else { return .never("nobody drains it; lbctl drain does") }
            let count = backend.inFlightCount ?? 0
            return count == 0 ? .holds : .notYet("\(count) in flight")
        case .removed:
            if isGone || backend.phase == "draining" && backend.intent == nil {
                return .notYet("\(backend.inFlight) in flight")
            }
            return .notYet("nobody has removed it")
        case .revision:
            return .holds
        }
    }
}
