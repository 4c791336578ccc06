/// `lbctl log-level`: how much lbd tells on standard error.
enum LogLevelCommand {
    private static let levels = ["info", "debug"]

    static let command = Command(
        group: .daemon,
        name: "log-level",
        operands: "[LEVEL]",
        operandCount: 0...1,
        kind: .words(levels),
        summary: "how much lbd tells on standard error: info or debug",
        details: [
            "At info lbd tells what changes; at debug also each request to its admin API,",
            "with its answer, how long it took and whose it was. A restart is at info again.",
        ],
        examples: [Command.Example("lbctl log-level"), Command.Example("lbctl log-level debug --reason 'who asks?'")],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                guard let level = invocation.operands.first else { return [AdminRequest(.get, "/v1/self")] }
                guard levels.contains(level) else {
                    let failure = Failure(.usage, "\"\(level)\" is none of \(levels.joined(separator: ", "))")
                    throw nearestWord(level, among: levels).map { failure.suggesting("lbctl log-level \($0)") }
                        ?? failure
                }
                let body = JSON.object([JSON.Member(name: "log_level", value: .string(level))])
                return [AdminRequest(.patch, "/v1/self", body: body, changes: "lbd itself")]
            },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    guard let level = reply.json["log_level"]?.string else {
                        throw session.missing("log_level", in: reply)
                    }
                    session.conclude(
                        reply,
                        names: [level],
                        line: request.method == .get ? "the log level is \(level)" : "the log level is \(level) now"
                    )
                }
                return .done
            }
        )
    )
}
