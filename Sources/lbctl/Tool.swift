import Model

/// Runs one command line, the words after the program's name, and returns the exit code.
///
/// Everything it touches is a parameter, so that a test can be its terminal, its clock and its Ctrl-C.
func run(
    arguments: [String],
    environment: [String: String],
    stdout: Sink,
    stderr: Sink,
    isTerminal: Bool,
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
        switch invocation.command.work {
        case .text(let text):
            stdout.write(try text(invocation))
            return ExitCode.done.rawValue
        case .exchange(let plan, let carryOut):
            let settings = try Settings(invocation, environment: environment, isTerminal: isTerminal)
            isJSON = settings.output == .json
            let requests = try plan(invocation, settings)
            if invocation.has("curl") {
                for request in requests { stdout.line(request.curl(to: settings.address)) }
                return ExitCode.done.rawValue
            }
            let trace: (String) -> Void = { if settings.isVerbose { stderr.line(visible($0)) } }
            let session = Session(
                settings: settings,
                client: Client(
                    address: settings.address,
                    timeout: settings.timeout,
                    interrupts: interrupts,
                    trace: trace
                ),
                stdout: stdout,
                stderr: stderr,
                now: now
            )
            return try carryOut(requests, invocation, session).rawValue
        }
    } catch {
        error.show(asJSON: isJSON, stdout: stdout, stderr: stderr)
        return error.code.rawValue
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
        return Session(settings: settings, client: client, stdout: stdout, stderr: stderr, now: now)
    }
}
