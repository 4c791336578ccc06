import Model

/// `lbctl set`, `weight` and `label`: other values for what is there.
enum SetCommand {
    static let set = Command(
        group: .change,
        name: "set",
        nouns: [.backend, .pool],
        operands: "NAME KEY=VALUE...",
        operandCount: 2...Int.max,
        kind: .namesThenMembers,
        summary: "change members of a backend or a pool",
        details: [
            "The other members stay. KEY= without a value makes it the default again. Labels",
            "are labels.KEY=VALUE. lbctl explain backend and explain pool list the keys.",
        ],
        examples: [
            Command.Example("lbctl set web-1 weight=3 labels.version=1.5"),
            Command.Example("lbctl set web-1 max_requests= --reason 'no limit again'"),
            Command.Example("lbctl set pool default health_check.interval=1s algorithm=least_request"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                let name = try backendName(invocation.operands[0])
                let patch = try Specification.patch(invocation.operands.dropFirst(), of: invocation.noun)
                let path =
                    invocation.noun == .pool ? AdminRequest.path(ofPool: name) : AdminRequest.path(ofBackend: name)
                return [AdminRequest(.patch, path, body: patch, changes: name)]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let name = invocation.operands[0]
                let subject = invocation.noun == .pool ? "pool \(name)" : name
                for request in requests {
                    let reply = try session.ask(request)
                    session.conclude(reply, names: [name], line: sentence(subject, "changed", reply))
                }
                return .done
            }
        )
    )

    static let weight = Command(
        group: .change,
        name: "weight",
        nouns: [.backend],
        operands: "NAME...|-l SEL N",
        operandCount: 1...Int.max,
        kind: .names,
        flags: [Flag.selector],
        summary: "give backends another share of the traffic",
        details: [
            "N is 0 to 1000, relative to the other backends of the pool; 0 gets no new",
            "requests. Several backends change in one revision: no request sees a half.",
        ],
        examples: [
            Command.Example("lbctl weight web-1 10"), Command.Example("lbctl weight -l version=1.5 100"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                guard let text = invocation.operands.last, let weight = Int(text),
                    (0...BackendSpec.weightMax).contains(weight)
                else {
                    throw Failure(
                        .usage,
                        "\"\(invocation.operands.last ?? "")\" is no weight: a whole number from 0 to \(BackendSpec.weightMax)"
                    ).adding("usage", invocation.command.synopses[0])
                }
                let names = try invocation.targets(session, named: invocation.operands.dropLast())
                return patch(names, .object([JSON.Member(name: "weight", value: .number(String(weight)))]))
            },
            carryOut: { requests, invocation, session throws(Failure) in
                try concludeAll(requests, "has weight \(invocation.operands.last ?? "")", session)
            }
        )
    )

    static let label = Command(
        group: .change,
        name: "label",
        nouns: [.backend],
        operands: "NAME|-l SEL KEY=VALUE... KEY-...",
        operandCount: 1...Int.max,
        kind: .names,
        flags: [Flag.selector],
        summary: "put labels on backends, or take them off with KEY-",
        details: [
            "Labels are words of your own, by which -l chooses backends in every command.",
            "They do not change who gets which request.",
        ],
        examples: [
            Command.Example("lbctl label web-1 color=green version=1.5"),
            Command.Example("lbctl label -l color=green color=blue canary-"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                let names = invocation.operands.prefix { !isLabel($0) }
                let words = invocation.operands.dropFirst(names.count)
                guard !words.isEmpty else {
                    throw Failure(.usage, "label needs KEY=VALUE, or KEY- to remove one")
                        .adding("usage", invocation.command.synopses[0])
                }
                let labels = try Specification.labels(words, mayRemove: true)
                let targets = try invocation.targets(session, named: names)
                return patch(targets, .object([JSON.Member(name: "labels", value: labels)]))
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let words = invocation.operands.drop { !isLabel($0) }.joined(separator: " ")
                return try concludeAll(requests, "is labelled \(words)", session)
            }
        )
    )

    private static func isLabel(_ word: String) -> Bool { word.contains("=") || word.hasSuffix("-") }

    /// One request that changes all of them at once; none for no names.
    static func patch(_ names: [String], _ patch: JSON, wait: TimeSpan? = nil) -> [AdminRequest] {
        switch names.count {
        case 0:
            return []
        case 1:
            return [
                AdminRequest(.patch, AdminRequest.path(ofBackend: names[0]), body: patch, wait: wait, changes: names[0])
            ]
        default:
            let body = JSON.object(names.map { JSON.Member(name: $0, value: patch) })
            return [
                AdminRequest(.patch, "/v1/backends", body: body, wait: wait, changes: names.joined(separator: " "))
            ]
        }
    }

    /// The backends that a request of `patch` is about.
    static func names(of request: AdminRequest) -> [String] {
        (request.changes ?? "").split(separator: " ").map(String.init)
    }

    static func sentence(_ subject: String, _ words: String, _ reply: Session.Reply, _ more: String...) -> String {
        let facts = [reply.revision.map { "revision \($0)" }].compactMap { $0 } + more.filter { !$0.isEmpty }
        return "\(subject) \(reply.isChange ? words : "unchanged")"
            + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }

    private static func concludeAll(
        _ requests: [AdminRequest],
        _ words: String,
        _ session: Session
    ) throws(Failure) -> ExitCode {
        for request in requests {
            let reply = try session.ask(request)
            let names = names(of: request)
            session.conclude(
                reply,
                names: names,
                line: names.map { sentence($0, words, reply) }.joined(separator: "\n")
            )
        }
        return .done
    }
}
