import Glibc
import Model

/// One run of the tool against one admin API: the settings, the connection to be made, and where output goes.
struct Session {
    let settings: Settings
    let client: Client
    let stdout: Sink
    let stderr: Sink
    /// Nanoseconds of the UNIX epoch.
    let now: @Sendable () -> Int64

    /// An answer of the API that is no refusal.
    struct Reply {
        let answer: Answer
        let json: JSON

        /// `LB-Changed: false` marks a write that found everything as it was asked for.
        var isChange: Bool { answer.field("lb-changed") != "false" }
        var revision: Int? { answer.field("lb-revision").flatMap { Int($0) } ?? json["revision"]?.int }
    }

    /// Tries again after a 429, which says that nothing was done.
    static let triesMax = 4
    static let retryPauseMax = TimeSpan.seconds(5)

    /// Between two looks at a backend that is waited for.
    static let lookInterval = TimeSpan.milliseconds(250)

    /// Sends a request and returns the API's answer, if it is 2xx and JSON.
    func ask(_ request: AdminRequest) throws(Failure) -> Reply {
        var answer = try exchange(request)
        var tries = 1
        while answer.status == 429, tries < Self.triesMax {
            let seconds = answer.field("retry-after").flatMap { Int64($0) } ?? 1
            let span = TimeSpan.seconds(min(max(seconds, 0), Self.retryPauseMax.nanoseconds / 1_000_000_000))
            try pause(max(span, .milliseconds(50)))
            answer = try exchange(request)
            tries += 1
        }
        let json: JSON?
        do {
            json = try JSONReader.read(answer.body)
        } catch {
            json = nil
        }
        if (200..<300).contains(answer.status) {
            guard let json, json.members != nil else {
                throw notTheAPI(answer, "its answer to \(request.method.rawValue) \(request.path) is not a JSON object")
            }
            return Reply(answer: answer, json: json)
        }
        if let json, let problem = Problem(status: answer.status, json: json, body: answer.body) {
            throw problem.failure
        }
        switch answer.status {
        case 401, 403:
            throw Failure(.denied, "\(settings.address) answered \(answer.summary)")
        case 429, 500...:
            let failure = Failure(.serverFailed, "\(settings.address) answered \(answer.summary)")
            throw request.changes.map { unknownOutcome(failure, of: $0) } ?? failure
        default:
            throw notTheAPI(answer, "it answered \(request.method.rawValue) \(request.path) with \(answer.summary)")
        }
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

    /// A line about what was done; not with `-q`, nor with `-o json`, where the answer itself is the output.
    func report(_ line: String) {
        if !settings.isQuiet, settings.output == .table { stdout.line(visible(line)) }
    }

    /// A line for a person who looks at the screen; not with `-q`.
    func hint(_ line: String) {
        if !settings.isQuiet { stderr.line(visible(line)) }
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

    private func exchange(_ request: AdminRequest) throws(Failure) -> Answer {
        do {
            return try client.exchange(request)
        } catch {
            switch error {
            case .transport(let reason, let stage, let tried):
                var failure = transportFailure(reason, stage: stage, request: request, subject: request.changes)
                // A name may stand for several addresses; an address stands for itself.
                if failure.code == .unreachable, !tried.isEmpty, tried != [settings.address.description] {
                    failure.notes.insert(Failure.Note(label: "tried", text: tried.joined(separator: ", ")), at: 0)
                }
                throw failure
            case .notHTTP(let received):
                throw Failure(.unreachable, "what listens at \(whereTo) does not speak HTTP")
                    .adding("got", received)
                    .suggesting("\(AdminAddress.standard) is where lbd has its admin API unless told otherwise")
            case .broken(let message):
                let failure = Failure(.serverFailed, "the answer of \(settings.address) \(message)")
                throw request.changes.map { unknownOutcome(failure, of: $0) } ?? failure
            }
        }
    }

    /// The address and who said so.
    private var whereTo: String { "\(settings.address) (\(settings.addressOrigin.description))" }

    private func notTheAPI(_ answer: Answer, _ message: String) -> Failure {
        Failure(.unreachable, "what answers at \(whereTo) is not lbd's admin API")
            .now(message)
            .adding("got", answer.excerpt)
            .suggesting(Self.elsewhere)
    }

    private func transportFailure(
        _ reason: TransportError,
        stage: Client.Stage,
        request: AdminRequest?,
        subject: String?
    ) -> Failure {
        switch reason {
        case .interrupted(let signal):
            let failure = Failure(signal == SIGTERM ? .terminated : .interrupted, "interrupted")
            guard stage == .answer, let subject else { return failure.now("nothing was changed") }
            return failure.now("the server goes on: what was asked for \"\(subject)\" stands")
                .suggesting("lbctl get \(subject)")
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
        Failure(.unreachable, "cannot reach the admin API at \(whereTo): \(why)")
            .suggesting("lbd --config FILE   if lbd is not running there")
            .suggesting(Self.elsewhere)
    }

    private static let elsewhere = "--addr ADDRESS, or LBCTL_ADDR, if its admin API is elsewhere"

    /// A write whose answer was lost may have been done.
    private func unknownOutcome(_ failure: Failure, of name: String) -> Failure {
        failure.now("whether \"\(name)\" was changed is not known").suggesting("lbctl get \(name)")
    }
}
