import Glibc
import Model

/// One run of the tool against one admin API: the settings, the connection to be made, and where output goes.
struct Session {
    let settings: Settings
    let client: Client
    let environment: [String: String]
    let stdout: Sink
    let stderr: Sink
    /// Nanoseconds of the UNIX epoch.
    let now: @Sendable () -> Int64

    /// An answer of the API that is no refusal.
    struct Reply {
        let answer: Answer
        /// Null for an answer without content.
        let json: JSON

        /// `LB-Changed: false` marks a write that found everything as it was asked for.
        var isChange: Bool { answer.field("lb-changed") != "false" }
        var revision: Int? { answer.field("lb-revision").flatMap { Int($0) } ?? json["revision"]?.int }
        var operation: String? { answer.field("lb-operation") ?? json["operation"]?.string }
        var tag: String? { answer.field("etag") }
    }

    /// Tries again after a 429, which says that nothing was done.
    static let triesMax = 4
    static let retryPauseMax = TimeSpan.seconds(5)

    /// Between two looks at a backend that is waited for.
    static let lookInterval = TimeSpan.milliseconds(250)

    /// Sends a request and returns the API's answer, if it is 2xx and JSON.
    func ask(_ request: AdminRequest) throws(Failure) -> Reply {
        let answer = try askForAnything(request)
        guard !answer.body.isEmpty || answer.status == 204 else {
            throw notTheAPI(answer, "its answer to \(request.method.rawValue) \(request.path) is empty")
        }
        let json: JSON
        do {
            json = answer.body.isEmpty ? .null : try JSONReader.read(answer.body)
        } catch {
            throw notTheAPI(answer, "its answer to \(request.method.rawValue) \(request.path) is not JSON")
        }
        guard json.members != nil || json.elements != nil || answer.status == 204 else {
            throw notTheAPI(answer, "its answer to \(request.method.rawValue) \(request.path) is not a JSON object")
        }
        return Reply(answer: answer, json: json)
    }

    /// Sends a request and returns the answer, whatever its content is, if it is 2xx.
    func askForAnything(_ request: AdminRequest) throws(Failure) -> Answer {
        var answer = try patientExchange(request)
        if answer.status == 428, request.ifMatch == nil, request.ifNoneMatch == nil {
            // This lbd takes no write that does not say what it was made to (`require_if_match`): it tells the version that
            // there is, or that there is none.
            var made = request
            made.ifMatch = answer.field("etag")
            made.ifNoneMatch = made.ifMatch == nil ? "*" : nil
            answer = try patientExchange(made)
        }
        guard (200..<300).contains(answer.status) else { throw refusal(answer, of: request) }
        return answer
    }

    /// Sends a request and returns whatever is answered.
    func patientExchange(_ request: AdminRequest) throws(Failure) -> Answer {
        var answer = try exchange(request)
        var tries = 1
        let started = monotonicNanoseconds()
        // What waits anyhow waits for a place to wait in, too.
        while answer.status == 429, tries < Self.triesMax || request.wait != nil && timeLeft(since: started) != nil {
            let seconds = answer.field("retry-after").flatMap { Int64($0) } ?? 1
            let span = TimeSpan.seconds(min(max(seconds, 0), Self.retryPauseMax.nanoseconds / 1_000_000_000))
            try pause(max(span, .milliseconds(50)))
            answer = try exchange(request)
            tries += 1
        }
        return answer
    }

    /// Reads an answer that comes line by line; `take` returns false to end it.
    ///
    /// Returns when the server or `take` ends it. `open` is called when there is an answer to be read.
    func follow(
        _ request: AdminRequest,
        open: @escaping () -> Void = {},
        line take: @escaping (String) -> Bool
    ) throws(Failure) {
        var lines = LineReader(bytesMax: AnswerReader.bodyBytesMax)
        let answer = try exchange(request) { _, content in
            open()
            return lines.take(content, line: take)
        }
        guard (200..<300).contains(answer.status) else { throw refusal(answer, of: request) }
        guard !lines.isTooLong else {
            throw Failure(.serverFailed, "\(whereTo) sends a line of more than \(lines.bytesMax >> 20) MiB")
                .suggesting(Self.elsewhere)
        }
    }

    /// What an answer that is not 2xx means.
    func refusal(_ answer: Answer, of request: AdminRequest) -> Failure {
        let json: JSON?
        do {
            json = try JSONReader.read(answer.body)
        } catch {
            json = nil
        }
        if let json, let problem = Problem(status: answer.status, json: json, body: answer.body) {
            return explained(problem, request)
        }
        switch answer.status {
        case 401, 403:
            return withToken(Failure(.denied, "\(settings.address) answered \(answer.summary)"), answer.status)
        case 429, 500...:
            let failure = Failure(.serverFailed, "\(settings.address) answered \(answer.summary)")
            return request.changes.map { unknownOutcome(failure, of: $0) } ?? failure
        default:
            return notTheAPI(answer, "it answered \(request.method.rawValue) \(request.path) with \(answer.summary)")
        }
    }

    /// The API's own words, and ours where it cannot know what was typed.
    private func explained(_ problem: Problem, _ request: AdminRequest) -> Failure {
        let what = "\(request.method.rawValue) \(request.path)"
        switch problem.code {
        case "unknown-path", "method-not-allowed", "not-implemented":
            return Failure(.serverFailed, "this lbd does not know \(what) \(problem.tag)", problem: problem)
                .now("lbctl is \(Release.version); an lbd that is older has less to offer")
                .suggesting("lbctl version   to see the version of both")
        case "unknown-parameter":
            var failure = problem.failure
            failure.code = .serverFailed
            return failure.suggesting("lbctl version   an lbd that is older has less to offer")
        case "host-not-allowed":
            return problem.failure.suggesting("--addr with the address that lbd listens on")
        case "precondition-failed":
            return stale(problem)
        case "invalid" where request.method == .patch && request.path == "/v1/backends":
            // A patch of many adds what is not there, and without a URL that cannot be: the name was meant to be known.
            let names = problem.errors.filter { $0.detail == "is missing" && $0.pointer.hasSuffix("/url") }
                .map { String($0.pointer.dropFirst().dropLast(4)) }
            guard !names.isEmpty, names.count == problem.errors.count else { return problem.failure }
            let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
            return Failure(.notFound, "there is no backend \(list): nothing was changed", problem: problem)
                .suggesting("lbctl list")
        case "not-found":
            let lists = [
                ("/v1/pools", "lbctl list pools"), ("/v1/operations", "lbctl operation list"),
                ("/v1/backends", "lbctl list"), ("/v1/health", "lbctl list pools"), ("/v1/config", "lbctl history"),
                ("/v1/rollback", "lbctl history"),
            ]
            let list = lists.first { request.path.hasPrefix($0.0) }?.1
            return list.map { problem.failure.suggesting($0) } ?? problem.failure
        default:
            return withToken(problem.failure, problem.status)
        }
    }

    /// Which token it was that was not good enough, or where one can be put.
    private func withToken(_ failure: Failure, _ status: Int) -> Failure {
        guard status == 401 || status == 403 else { return failure }
        // The API's hint tells how a header field or the file of the daemon is made.
        let failure = status == 401 ? failure.replacingTries() : failure
        guard let token = settings.token else {
            return status == 403
                ? failure : failure.now("no token was sent").suggesting("--token-file FILE, or LBCTL_TOKEN=...")
        }
        let told = failure.now("the token \(token.origin.description) was sent")
        return status == 403 ? told : told.suggesting("another token: that one is mistyped, expired or revoked")
    }

    /// 412: who was faster, and with what.
    private func stale(_ problem: Problem) -> Failure {
        var failure = Failure(
            .conflict,
            "\(problem.detail ?? problem.title ?? "it was changed") \(problem.tag)",
            problem: problem
        )
        for change in problem.json["changes"]?.elements ?? [] {
            let actor = change["actor"].map { $0["name"]?.string ?? $0.plain } ?? "somebody"
            let at = change["at"]?.string.flatMap { Timestamp($0) }.map { ", \($0.age(at: now())) ago" } ?? ""
            let reason = change["reason"]?.string.map { " (\"\($0)\")" } ?? ""
            failure = failure.adding("by", "\(actor)\(at): \(change["summary"]?.string ?? "a change")\(reason)")
        }
        return failure
    }

    /// What is asked of an answer that lacks a member which the API always sends.
    func missing(_ member: String, in reply: Reply) -> Failure {
        notTheAPI(reply.answer, "its answer has no \"\(member)\"")
    }

    /// With `-o json`, standard output is the API's answer as it came.
    func show(_ body: [UInt8]) {
        guard !body.isEmpty else { return }
        stdout.put(body.last == UInt8(ascii: "\n") ? body : body + [UInt8(ascii: "\n")])
    }

    /// A line about what was done; not with `-q`, nor where a machine reads.
    func report(_ line: String) {
        if !settings.isQuiet, settings.output.isForPeople { stdout.line(visible(line)) }
    }

    /// A line for a person who looks at the screen; not with `-q`.
    func hint(_ line: String) {
        if !settings.isQuiet { stderr.line(visible(line)) }
    }

    /// What became of a write, for machines; people get `line`, which may be several.
    ///
    /// `-o json` is the API's answer, `ndjson` the same on one line, `name` the names, `tsv` names and revision.
    func conclude(_ reply: Reply, names: [String], line: @autoclosure () -> String) {
        switch settings.output {
        case .table, .wide: for line in line().split(separator: "\n") { report(String(line)) }
        case .json: show(reply.answer.body)
        case .ndjson: stdout.line(reply.json.text)
        case .name: for name in names { stdout.line(visible(name)) }
        case .tsv:
            for name in names {
                stdout.line([name, reply.revision.map(String.init) ?? ""].map(tabless).joined(separator: "\t"))
            }
        }
    }

    func painted(_ text: String, _ colour: Table.Colour) -> String {
        settings.isColoured ? colour.paint(visible(text)) : visible(text)
    }

    /// What is left of the timeout since `started` on the monotonic clock, as a wait the API takes; nil when nothing is.
    func timeLeft(since started: Int64) -> TimeSpan? {
        guard let timeout = settings.timeout else { return Settings.waitMax }
        let left = timeout.nanoseconds - (monotonicNanoseconds() - started)
        // Whole milliseconds: people read it with -v.
        return left < 1_000_000 ? nil : min(.milliseconds(left / 1_000_000), Settings.waitMax)
    }

    /// Waits; Ctrl-C ends it with its failure.
    func pause(_ span: TimeSpan, changing subject: String? = nil) throws(Failure) {
        do {
            try client.pause(span)
        } catch {
            throw transportFailure(error, stage: .answer, request: nil, subject: subject)
        }
    }

    private func exchange(_ request: AdminRequest, reader: Client.Reader? = nil) throws(Failure) -> Answer {
        let started = monotonicNanoseconds()
        while true {
            do throws(Client.Refusal) {
                return try client.exchange(request, reader: reader)
            } catch {
                // Nothing was sent. A command that waits waits for an lbd that is being started, too.
                guard settings.isPatient, case .transport(.unreachable, .connection, _) = error,
                    let left = timeLeft(since: started)
                else { throw explained(error, request) }
                try pause(min(left, Self.lookInterval))
            }
        }
    }

    private func explained(_ error: Client.Refusal, _ request: AdminRequest) -> Failure {
        switch error {
        case .transport(let reason, let stage, let tried):
            var failure = transportFailure(reason, stage: stage, request: request, subject: request.changes)
            // A name may stand for several addresses; an address stands for itself.
            if failure.code == .unreachable, !tried.isEmpty, tried != [settings.address.description] {
                failure.notes.insert(Failure.Note(label: "tried", text: tried.joined(separator: ", ")), at: 0)
            }
            return failure
        case .notHTTP(let received):
            return Failure(.unreachable, "what listens at \(whereTo) does not speak HTTP")
                .adding("got", received)
                .suggesting("\(AdminAddress.standard) is where lbd has its admin API unless told otherwise")
        case .broken(let message):
            let failure = Failure(.serverFailed, "the answer of \(settings.address) \(message)")
            return request.changes.map { unknownOutcome(failure, of: $0) } ?? failure
        }
    }

    /// The address and who said so.
    private var whereTo: String { "\(settings.address) (\(settings.addressOrigin.description))" }

    func notTheAPI(_ answer: Answer, _ message: String) -> Failure {
        Failure(.unreachable, "what answers at \(whereTo) is not lbd's admin API")
            .now(message)
            .adding("got", answer.excerpt)
            .suggesting(Self.elsewhere)
    }

    /// Words about a signal that came while the server was asked for `subject`, or for nothing that changes anything.
    static func interruption(_ signal: Int32, changing subject: String?) -> Failure {
        let code: ExitCode =
            switch signal {
            case SIGTERM: .terminated
            case SIGHUP: .hungUp
            default: .interrupted
            }
        let failure = Failure(code, "interrupted")
        guard let subject else { return failure.now("nothing was changed") }
        return failure.now("the server goes on: what was asked for \"\(subject)\" stands")
            .suggesting("lbctl get \(subject)")
    }

    private func transportFailure(
        _ reason: TransportError,
        stage: Client.Stage,
        request: AdminRequest?,
        subject: String?
    ) -> Failure {
        switch reason {
        case .interrupted(let signal):
            return Self.interruption(signal, changing: stage == .answer ? subject : nil)
        case .unresolved(let why):
            return unreachable(why)
        case .unreachable(let why):
            return unreachable(why)
        case .connectTimedOut:
            return unreachable("no connection within \(settings.timeout?.description ?? "the system's limit")")
        case .timedOut:
            let limit = client.patience(for: request)?.description ?? "the time given"
            let failure = Failure(.serverFailed, "\(whereTo) took the connection, but gave no answer within \(limit)")
            return subject.map { unknownOutcome(failure, of: $0) } ?? failure.suggesting("a longer --timeout")
        case .broken(let why):
            let failure = Failure(.serverFailed, "the connection to \(whereTo) broke: \(why)")
            return subject.map { unknownOutcome(failure, of: $0) } ?? failure
        }
    }

    private func unreachable(_ why: String) -> Failure {
        let failure = Failure(.unreachable, "cannot reach the admin API at \(whereTo): \(why)")
            .suggesting("lbd --config FILE   if lbd is not running there")
        if case .context(let name) = settings.addressOrigin {
            return failure.suggesting("lbctl context set \(name) --addr ADDRESS   if its admin API is elsewhere")
        }
        return failure.suggesting(Self.elsewhere)
    }

    private static let elsewhere = "--addr ADDRESS, or LBCTL_ADDR, if its admin API is elsewhere"

    /// A write whose answer was lost may have been done.
    private func unknownOutcome(_ failure: Failure, of name: String) -> Failure {
        failure.now("whether \"\(name)\" was changed is not known").suggesting("lbctl get \(name)")
    }
}
