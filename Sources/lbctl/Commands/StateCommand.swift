import Model

/// `lbctl drain`, `ready` and `maint`: what backends are meant to do.
enum StateCommand {
    static let drain = Command(
        group: .change,
        name: "drain",
        nouns: [.backend],
        operands: "NAME...|-l SEL",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [Flag.selector, Flag.noWait],
        summary: "nothing new for backends; what they have in flight finishes",
        details: [
            "The backend stays in the list, gets no new request and finishes what it has; the",
            "command waits for that as long as --timeout says, and lbctl ready brings the",
            "backend back. Past the drain time of the pool what is left is cut, and the exit",
            "code is 8. If --timeout is over first, it is 3: the drain goes on.",
        ],
        examples: [
            Command.Example("lbctl drain web-1"),
            Command.Example("lbctl drain -l zone=a --timeout 2m --reason 'kernel update'"),
            Command.Example("lbctl drain web-1 --no-wait"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                try requests("drain", wait: nil, invocation, session)
            },
            carryOut: { requests, invocation, session throws(Failure) in
                var code = ExitCode.done
                for request in requests { code = try drain(request, invocation, session) }
                return code
            }
        )
    )

    static let ready = Command(
        group: .change,
        name: "ready",
        nouns: [.backend],
        operands: "NAME...|-l SEL",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [Flag.selector, Flag.wait],
        summary: "bring backends back that were drained or in maintenance",
        details: [
            "Traffic comes once the backend is healthy; --wait waits for that as long as",
            "--timeout says.",
        ],
        examples: [Command.Example("lbctl ready web-1 --wait"), Command.Example("lbctl ready -l zone=a")],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                try requests("ready", wait: invocation.has("wait") ? session.settings.wait : nil, invocation, session)
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests {
                    let names = SetCommand.names(of: request)
                    let started = monotonicNanoseconds()
                    let reply = try session.showingProgress(
                        "waiting until \(names.joined(separator: ", ")) serve\(names.count == 1 ? "s" : "")",
                        of: names.count == 1 ? names[0] : nil
                    ) { () throws(Failure) in try session.ask(request) }
                    let more =
                        invocation.has("wait")
                        ? "serving after \(elapsedText(nanoseconds: monotonicNanoseconds() - started))" : ""
                    session.conclude(
                        reply,
                        names: names,
                        line: names.map { SetCommand.sentence($0, "ready", reply, more) }.joined(separator: "\n")
                    )
                }
                return .done
            }
        )
    )

    static let maint = Command(
        group: .change,
        name: "maint",
        nouns: [.backend],
        operands: "NAME...|-l SEL",
        operandCount: 0...Int.max,
        kind: .names,
        flags: [Flag.selector],
        summary: "take backends out for maintenance; --reason says why",
        details: [
            "Like drain, and the health check stops too, so that a machine that is being",
            "worked on is not in the log every few seconds. lbctl ready ends it.",
        ],
        examples: [Command.Example("lbctl maint web-1 --reason 'new disk'")],
        work: .exchange(
            plan: { invocation, session throws(Failure) in try requests("maint", wait: nil, invocation, session) },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let names = SetCommand.names(of: request)
                    let reply = try session.ask(request)
                    session.conclude(
                        reply,
                        names: names,
                        line: names.map { SetCommand.sentence($0, "in maintenance", reply) }.joined(separator: "\n")
                    )
                }
                return .done
            }
        )
    )

    private static func requests(
        _ state: String,
        wait: TimeSpan?,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> [AdminRequest] {
        let names = try invocation.targets(session, named: invocation.operands[...])
        return SetCommand.patch(names, .object([JSON.Member(name: "state", value: .string(state))]), wait: wait)
    }

    /// Sends the wish, and looks at the backends until none of them has anything in flight.
    private static func drain(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        let names = SetCommand.names(of: request)
        let started = monotonicNanoseconds()
        let reply = try session.ask(request)
        var reports = DrainView.reports(in: reply.json, names: names)
        if !invocation.has("no-wait") {
            do throws(Failure) {
                try session.showingProgress(
                    "draining \(names.joined(separator: ", "))",
                    of: names.count == 1 ? names[0] : nil
                ) { () throws(Failure) in
                    for name in names { reports[name] = try awaitDrained(name, session, started) ?? reports[name] }
                }
            } catch {
                throw goingOn(error, names)
            }
        }
        var hasCut = false
        let took = elapsedText(nanoseconds: monotonicNanoseconds() - started)
        let lines = names.map { name in
            let report = reports[name] ?? DrainView(nil)
            hasCut = hasCut || report.cut > 0
            var facts = reply.revision.map { ["revision \($0)"] } ?? []
            if invocation.has("no-wait") {
                facts += report.unfinished
            } else {
                facts += report.finished.isEmpty ? ["after \(took)"] : report.finished
            }
            let word = invocation.has("no-wait") ? (reply.isChange ? "drains" : "drains already") : "drained"
            return "\(name) \(word) (\(facts.joined(separator: ", ")))"
        }
        session.conclude(reply, names: names, line: lines.joined(separator: "\n"))
        return hasCut ? .cut : .done
    }

    /// Returns when nothing is in flight, with the report of the drain where the API has one.
    private static func awaitDrained(_ name: String, _ session: Session, _ started: Int64) throws(Failure) -> DrainView?
    {
        while true {
            let reply: Session.Reply
            do throws(Failure) {
                reply = try session.ask(AdminRequest(.get, AdminRequest.path(ofBackend: name)))
            } catch {
                guard error.code == .notFound else { throw error }
                throw Failure(.conditionUnreachable, "\"\(name)\" was removed while it drained")
            }
            let backend = BackendView(name: name, reply.json)
            guard backend.takesNothing else {
                throw Failure(.conditionUnreachable, "the drain of \"\(name)\" was called off: it is \(backend.phase)")
            }
            let count = backend.inFlightCount ?? 0
            if count == 0 { return reply.json["status"]?["drain"].map { DrainView($0) } }
            guard let left = session.timeLeft(since: started) else {
                let limit = session.settings.timeout?.description ?? "all that time"
                throw Failure(.waitTimeout, "\(name) is not drained after \(limit): \(count) in flight")
            }
            try session.pause(min(left, .milliseconds(100)), changing: name)
        }
    }

    /// What to type when the wait ended before the drain did.
    private static func goingOn(_ failure: Failure, _ names: [String]) -> Failure {
        let list = names.joined(separator: " ")
        switch failure.code {
        case .waitTimeout:
            return Failure(.waitTimeout, failure.message, problem: failure.problem)
                .now("the drain goes on: \(list) gets no new requests")
                .suggesting("lbctl wait \(list) --for drained   to wait on")
                .suggesting("lbctl ready \(list)   to call it off")
        case .interrupted, .terminated, .hungUp:
            return failure.replacingTries(
                with: "lbctl wait \(list) --for drained   to wait on",
                "lbctl ready \(list)   to call it off"
            )
        default:
            return failure
        }
    }
}
