import Model

/// `lbctl remove [backend] NAME...`: nothing new for these backends, and the wait until they have finished.
enum RemoveCommand {
    static let command = Command(
        group: .change,
        name: "remove",
        aliases: ["rm", "delete", "del"],
        takesNoun: true,
        operands: "NAME...",
        operandCount: 1...Int.max,
        flags: [
            Flag("no-wait", help: "do not wait for the requests in flight"),
            Flag("ignore-not-found", help: "a NAME that is not there is no error"),
        ],
        summary: "remove backends; requests in flight finish",
        details: [
            "A removed backend gets no new request from the moment the server has taken the",
            "command; what it has in flight finishes, and the command waits for that, as long",
            "as --timeout says for each NAME. If the time is not enough the exit code is 3:",
            "the removal stands, and its other requests go on. Several NAMEs are removed one",
            "after the other; one that fails does not keep the others.",
        ],
        examples: [
            Command.Example(line: "lbctl remove web-1", comment: ""),
            Command.Example(line: "lbctl remove web-1 web-2 --timeout 2m", comment: ""),
            Command.Example(line: "lbctl remove web-1 --no-wait --ignore-not-found", comment: ""),
        ],
        work: .exchange(
            plan: { invocation, settings throws(Failure) in
                var requests: [AdminRequest] = []
                for operand in invocation.operands {
                    let name = try backendName(operand)
                    guard !requests.contains(where: { $0.changes == name }) else { continue }
                    requests.append(
                        AdminRequest(
                            .delete,
                            AdminRequest.path(ofBackend: name),
                            wait: invocation.has("no-wait") ? nil : settings.wait,
                            changes: name
                        )
                    )
                }
                return requests
            },
            carryOut: { requests, invocation, session throws(Failure) in try run(requests, invocation, session) }
        )
    )

    private static func run(
        _ requests: [AdminRequest],
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        var first: ExitCode = .done
        for (index, request) in requests.enumerated() {
            do {
                let code = try remove(request, invocation, session)
                if first == .done { first = code }
            } catch {
                let isLast = index == requests.count - 1
                switch error.code {
                case .unreachable, .interrupted, .terminated:
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
                reply = try session.ask(request)
            } catch {
                switch error.code {
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
            if isDraining, !invocation.has("no-wait"), session.settings.outlastsWait,
                let wait = session.timeLeft(since: started)
            {
                request.wait = wait
                repeats = true
                try session.pause(Session.lookInterval, changing: name)
                continue
            }
            if session.settings.output == .json { session.show(reply.answer.body) }
            if isDraining, !invocation.has("no-wait") {
                throw stillDraining(name, reply.json, nil, session)
            }
            let drain = DrainView(reply.json["drain"])
            if session.settings.output == .table {
                var facts: [String] = []
                if let revision = reply.revision { facts.append("revision \(revision)") }
                facts += isDraining ? drain.unfinished : drain.finished
                session.report("\(name) removed" + (facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")"))
            }
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

/// The report of a drain, every member optional.
private struct DrainView {
    private let json: JSON?

    init(_ json: JSON?) { self.json = json }

    var cut: Int { json?["cut"]?.int ?? 0 }
    var inFlightAtStart: Int? { json?["in_flight_at_start"]?.int }
    var completed: Int? { json?["completed"]?.int }

    /// Requests that still run.
    var left: Int? {
        if let now = json?["in_flight"]?.int { return now }
        guard let inFlightAtStart, let completed else { return nil }
        return max(0, inFlightAtStart - completed - cut)
    }

    /// `3.2s`, from the text the API sends or from a number of seconds.
    private var elapsed: String? {
        if let text = json?["elapsed"]?.string { return text }
        guard let seconds = json?["elapsed"]?.double, seconds >= 0, seconds < 1e9 else { return nil }
        return elapsedText(nanoseconds: Int64(seconds * 1e9))
    }

    var finished: [String] {
        guard json != nil else { return [] }
        if inFlightAtStart == 0, cut == 0 { return ["nothing was in flight"] }
        var facts: [String] = []
        if let elapsed { facts.append("drained in \(elapsed)") }
        if let completed { facts.append(requests(completed) + " completed") }
        if cut > 0 { facts.append("\(cut) cut") }
        return facts
    }

    var unfinished: [String] {
        guard let left, left > 0 else { return ["still draining"] }
        return [requests(left) + " still in flight"]
    }

    private func requests(_ count: Int) -> String { count == 1 ? "1 request" : "\(count) requests" }
}
