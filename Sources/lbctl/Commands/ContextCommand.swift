/// `lbctl context`: short names for admin APIs.
enum ContextCommand {
    static let command = Command(
        group: .tool,
        name: "context",
        actions: [
            Command.Action("list", summary: "which there are; * is the current one"),
            Command.Action(
                "use",
                "NAME",
                count: 1...1,
                kind: .contexts,
                summary: "the one that is meant when none is named"
            ),
            Command.Action(
                "set",
                "NAME",
                count: 1...1,
                kind: .contexts,
                summary: "keep --addr and --token-file under a name"
            ),
            Command.Action("rm", "NAME", count: 1...1, kind: .contexts, summary: "forget one"),
        ],
        summary: "short names for admin APIs: list, use, set or rm",
        details: [
            "A context is an address and the place of a token. They are kept in",
            "~/.config/lbctl/config.json, or where LBCTL_CONFIG says. --context and",
            "LBCTL_CONTEXT choose one for a command; --addr and LBCTL_ADDR go before it.",
        ],
        examples: [
            Command.Example("lbctl context set prod --addr unix:/run/lb-admin.sock"),
            Command.Example("lbctl context use prod"),
        ],
        work: .local { invocation, session throws(Failure) in try run(invocation, session) }
    )

    private static func run(_ invocation: Invocation, _ session: Session) throws(Failure) -> ExitCode {
        guard let path = ContextFile.path(session.environment) else {
            throw Failure(.usage, "there is no place for contexts without HOME").suggesting("LBCTL_CONFIG=FILE")
        }
        var file = try ContextFile(path: path)
        guard let name = invocation.operands.first else {
            show(file, session)
            return .done
        }
        switch invocation.action {
        case "use":
            _ = try file.required(name, path: path)
            file.current = name
            try writePrivately(file.text, to: path)
            session.report("the context is now \(name), \(file[name]?.addr ?? "")")
        case "rm":
            _ = try file.required(name, path: path)
            file[name] = nil
            if file.current == name { file.current = nil }
            try writePrivately(file.text, to: path)
            session.report("context \(name) removed")
        default:
            try set(name, in: &file, invocation, session)
            try writePrivately(file.text, to: path)
            session.report("context \(name) set" + (file.current == name ? ", and current" : ""))
        }
        return .done
    }

    private static func set(
        _ name: String,
        in file: inout ContextFile,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Failure(.usage, "a context's name is visible ASCII without spaces")
        }
        let old = file[name]
        guard let addr = invocation.value("addr") ?? old?.addr else {
            throw Failure(.usage, "context set needs --addr").suggesting("lbctl context set \(name) --addr ADDRESS")
        }
        var token = invocation.value("token-file") ?? old?.tokenFile
        if let path = token, !path.hasPrefix("/") {
            // Another working directory must not make it another file.
            guard let here = workingDirectory() else {
                throw Failure(.usage, "--token-file needs an absolute path here")
            }
            token = here + "/" + path
        }
        file[name] = ContextFile.Context(addr: addr, tokenFile: token)
        if file.contexts.count == 1 { file.current = name }
    }

    private static func show(_ file: ContextFile, _ session: Session) {
        guard !file.contexts.isEmpty || !session.settings.output.isForPeople else {
            return session.hint("no contexts; try: lbctl context set NAME --addr ADDRESS")
        }
        let items = file.contexts.map { name, context in
            Listing.Item(
                name: name,
                json: .object([
                    JSON.Member(name: "addr", value: .string(context.addr)),
                    JSON.Member(name: "token_file", value: context.tokenFile.map { .string($0) } ?? .null),
                    JSON.Member(name: "current", value: .bool(name == file.current)),
                ])
            )
        }
        let columns = [
            Listing.Column("", "current") { item, _ in Table.Cell(item.json["current"]?.bool == true ? "*" : "") },
            Listing.Column("NAME", "name"), Listing.Column("ADDRESS", "addr"), Listing.Column("TOKEN", "token_file"),
        ]
        Listing(columns: columns, items: items).show(session, whole: nil)
    }
}
