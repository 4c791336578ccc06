import Model

/// `lbctl version`: which client, and which server when one answers.
enum VersionCommand {
    static let command = Command(
        group: .tool,
        name: "version",
        flags: [Flag("client", help: "of lbctl only; no server is asked")],
        summary: "the version of lbctl, and of lbd when it answers",
        details: [
            "A server that does not answer within two seconds is no error here. lbctl",
            "--version is lbctl version --client.",
        ],
        examples: [Command.Example("lbctl version")],
        work: .exchange(
            plan: { invocation, _ in invocation.has("client") ? [] : [AdminRequest(.get, "/v1")] },
            carryOut: { requests, _, session throws(Failure) in try run(requests, session) }
        )
    )

    private static func run(_ requests: [AdminRequest], _ session: Session) throws(Failure) -> ExitCode {
        guard !requests.isEmpty else {
            show(client: nil, session)
            return .done
        }
        for request in requests {
            let reply: Session.Reply
            do {
                reply = try session.hurried(to: .seconds(2)).ask(request)
            } catch {
                if [.interrupted, .terminated, .hungUp].contains(error.code) { throw error }
                if !session.settings.output.isForPeople {
                    show(client: .null, session)
                } else {
                    show(client: nil, session)
                    session.stdout.line("lbd    " + visible(error.message))
                }
                continue
            }
            if !session.settings.output.isForPeople {
                show(client: reply.json, session)
                continue
            }
            show(client: nil, session)
            var facts = ["at \(session.settings.address)"]
            if let revision = reply.revision { facts.append("revision \(revision)") }
            if let uptime = uptime(reply.json["uptime"]) { facts.append("up \(uptime)") }
            let version = reply.json["version"]?.string ?? "of an unknown version"
            session.stdout.line("lbd    " + visible("\(version)   \(facts.joined(separator: ", "))"))
        }
        return .done
    }

    /// The client's line; as JSON, both in one object, with the server's own document unless it was not asked.
    private static func show(client server: JSON?, _ session: Session) {
        guard !session.settings.output.isForPeople else {
            session.stdout.line("lbctl  \(Release.version)")
            return
        }
        var members = [
            JSON.Member(
                name: "client",
                value: .object([JSON.Member(name: "version", value: .string(Release.version))])
            )
        ]
        if let server { members.append(JSON.Member(name: "server", value: server)) }
        session.stdout.line(JSON.object(members).text)
    }

    /// The text that the API sends, or a number of seconds in one unit.
    private static func uptime(_ json: JSON?) -> String? {
        if let text = json?.string { return text }
        guard let seconds = json?.double, seconds >= 0, seconds < 1e9 else { return nil }
        return Timestamp(nanoseconds: 0).age(at: Int64(seconds * 1e9))
    }
}
