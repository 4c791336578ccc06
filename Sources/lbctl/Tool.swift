import Model

/// Runs one command line, the words after the program's name, and returns the exit code.
///
/// Everything it touches is a parameter, so that a test can be its terminal, its clock and its Ctrl-C.
func run(
    arguments: [String],
    environment: [String: String],
    stdout: Sink,
    stderr: Sink,
    console: Console,
    interrupts: Interrupts = .none(),
    now: @escaping @Sendable () -> Int64 = wallNanoseconds
) -> Int32 {
    guard !arguments.isEmpty else {
        // Nobody asked for help; a script whose variable was empty must not go on as if all were well.
        stderr.write(HelpCommand.overview)
        return ExitCode.usage.rawValue
    }
    var isJSON = false
    do throws(Failure) {
        let invocation = try Invocation(arguments)
        if case .text(let text) = invocation.command.work {
            stdout.write(try text(invocation))
            return ExitCode.done.rawValue
        }
        let settings = try Settings(invocation, environment: environment, console: console)
        isJSON = settings.output == .json || settings.output == .ndjson
        let session = Session(
            settings: settings,
            client: Client(
                address: settings.address,
                token: settings.token,
                timeout: settings.timeout,
                interrupts: interrupts,
                trace: { if settings.isVerbose { stderr.line(visible($0)) } }
            ),
            environment: environment,
            stdout: stdout,
            stderr: stderr,
            now: now
        )
        return try invocation.carryOut(session).rawValue
    } catch {
        error.show(asJSON: isJSON, stdout: stdout, stderr: stderr)
        return error.code.rawValue
    }
}

extension Invocation {
    fileprivate func carryOut(_ session: Session) throws(Failure) -> ExitCode {
        switch command.work {
        case .text:
            return .done
        case .local(let work):
            return try work(self, session)
        case .exchange(let plan, let carryOut):
            let requests = try furnished(try plan(self, session))
            if has("curl") {
                for request in requests {
                    session.stdout.line(request.curl(to: session.settings.address, token: session.settings.token))
                }
                return .done
            }
            do throws(Failure) {
                if let kind = try dryRun(), requests.contains(where: { !$0.method.isSafe }), !handlesDryRun {
                    if !(try DryRunReport.run(requests, kind, session)) { session.hint("nothing would change") }
                    return .done
                }
                return try carryOut(requests, self, session)
            } catch {
                throw offeringForce(error)
            }
        }
    }

    /// What `-n` asks for; nil without it.
    func dryRun() throws(Failure) -> DryRun? {
        guard let text = value("dry-run") else { return nil }
        if let kind = DryRun(rawValue: text) { return kind }
        let names = DryRun.allCases.map(\.rawValue)
        let failure = Failure(.usage, "--dry-run: \"\(text)\" is none of \(names.joined(separator: ", "))")
        throw nearestWord(text, among: names).map { failure.suggesting("--dry-run=\($0)") } ?? failure
    }

    /// Commands whose purpose is to show what would change do so by themselves.
    private var handlesDryRun: Bool { command.name == "diff" }

    /// The requests with what the flags of all commands say of writes.
    private func furnished(_ requests: [AdminRequest]) throws(Failure) -> [AdminRequest] {
        let writes = requests.filter { !$0.method.isSafe }.count
        if has("if-match"), writes > 1 {
            throw Failure(.usage, "--if-match is for one write, and these are \(writes)")
        }
        let kind = try dryRun()
        if kind != nil, writes == 0, command.isOfServer {
            throw Failure(.usage, "\(command.name) changes nothing, so there is nothing that -n could show")
        }
        return try requests.map { request throws(Failure) in
            guard !request.method.isSafe else { return request }
            var request = request
            if has("force") { request.isForced = true }
            if let kind, has("curl") {
                request.dryRun = kind
                request.wait = nil
            }
            if let reason = value("reason") {
                guard !reason.hasControls else {
                    throw Failure(.usage, "--reason: a reason is one line of text without control characters")
                }
                request.reason = reason
            }
            if let tag = value("if-match") {
                // As the API prints it, or without the quotes that a shell has eaten.
                request.ifMatch = tag.contains("\"") || tag == "*" ? tag : "\"\(tag)\""
            }
            return request
        }
    }

    /// A guard that can be overridden says so in HTTP; here it is a flag.
    private func offeringForce(_ failure: Failure) -> Failure {
        guard let problem = failure.problem, problem.status == 409, !has("force"),
            problem.hint?.contains("force") == true
        else { return failure }
        var failure = failure
        failure.notes.removeAll { $0.text == problem.hint }
        guard !failure.notes.contains(where: { $0.text.contains("--force") }) else { return failure }
        let isLast = problem.code == "last-healthy-backend"
        if isLast || problem.code == "min-ready" {
            failure = failure.suggesting("lbctl add backend http://HOST:PORT --wait   and then this again")
        }
        return failure.suggesting(again("--force") + "   all the same" + (isLast ? "; clients will get 503" : ""))
    }
}

extension Failure {
    /// The words go to standard error; with `-o json`, the API's own refusal goes to standard output as it came.
    func show(asJSON: Bool, stdout: Sink, stderr: Sink) {
        if asJSON, let body = problem?.body {
            stdout.put(body.last == UInt8(ascii: "\n") ? body : body + [UInt8(ascii: "\n")])
        }
        stderr.write(text)
    }
}

extension Session {
    /// Tells of a failure that does not end the command.
    func explain(_ failure: Failure) {
        failure.show(asJSON: settings.output == .json, stdout: stdout, stderr: stderr)
    }

    /// The same session with less patience.
    func hurried(to limit: TimeSpan) -> Session {
        var client = client
        client.timeout = min(client.timeout ?? limit, limit)
        return Session(
            settings: settings,
            client: client,
            environment: environment,
            stdout: stdout,
            stderr: stderr,
            now: now
        )
    }

    /// Asks a person before something severe; a script is not asked, nor is who said `--yes`.
    func confirm(_ question: String) throws(Failure) {
        guard !settings.isSure else { return }
        stderr.write(visible(question) + " [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            throw Failure(.usage, "not confirmed").now("nothing was changed").suggesting("--yes   to be asked nothing")
        }
    }
}
