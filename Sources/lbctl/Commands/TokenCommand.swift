import Model

/// `lbctl token`: secrets for the admin API, made and kept on this machine.
enum TokenCommand {
    private static let roles = ["viewer", "operator", "admin"]

    static let command = Command(
        group: .tool,
        name: "token",
        actions: [
            Command.Action(
                "create",
                "NAME",
                count: 1...1,
                summary: "make one, and the line of it for lbd's token_file"
            ),
            Command.Action("list", summary: "the names and roles in a token_file"),
            Command.Action("revoke", "NAME", count: 1...1, summary: "take one out of a token_file"),
        ],
        flags: [
            Flag(
                "role",
                value: "ROLE",
                kind: .words(roles),
                help: "viewer looks, operator drains and weighs, admin does all"
            ),
            Flag(
                "out",
                value: "FILE",
                kind: .file,
                help: "put the token there, for its owner only, and do not print it"
            ),
            Flag("tokens", value: "FILE", kind: .file, help: "the token_file of lbd; create adds its line to it"),
        ],
        summary: "make, list or revoke tokens for the admin API",
        details: [
            "A token is 256 random bits. lbd keeps only their SHA-256, in a file of lines",
            "NAME:ROLE:HASH that its admin.token_file names; it reads the file again when it",
            "changes. lbctl finds a token in --token-file, LBCTL_TOKEN, LBCTL_TOKEN_FILE, the",
            "context, or ~/.config/lbctl/token. Nothing here is sent anywhere.",
        ],
        examples: [
            Command.Example("lbctl token create ci --role operator --tokens /etc/lb/tokens --out ci.token"),
            Command.Example("lbctl token create me", "prints both, for somebody else to add"),
            Command.Example("lbctl token revoke ci --tokens /etc/lb/tokens"),
        ],
        work: .local { invocation, session throws(Failure) in
            switch invocation.action {
            case "create": try create(invocation, session)
            case "revoke": try revoke(invocation, session)
            default: try list(invocation, session)
            }
            return .done
        }
    )

    private static func create(_ invocation: Invocation, _ session: Session) throws(Failure) {
        let name = try tokenName(invocation.operands[0])
        let role = invocation.value("role") ?? "admin"
        guard roles.contains(role) else {
            let failure = Failure(.usage, "--role: \"\(role)\" is none of \(roles.joined(separator: ", "))")
            throw nearestWord(role, among: roles).map { failure.suggesting("--role \($0)") } ?? failure
        }
        let file = invocation.value("tokens")
        var lines: [String] = []
        if let file {
            lines = try self.lines(of: file, mayBeMissing: true)
            guard !lines.contains(where: { entry($0)?.name == name }) else {
                throw Failure(.conflict, "\(file) has a token \"\(name)\" already")
                    .suggesting("lbctl token revoke \(name) --tokens \(shellQuoted(file))   first")
            }
        }
        let secret =
            "lb_"
            + unguessableBytes(32).map { byte in
                let hex = String(byte, radix: 16)
                return hex.count == 1 ? "0" + hex : hex
            }.joined()
        let line = "\(name):\(role):\(try sha256(secret))"
        if let out = invocation.value("out") { try writePrivately(secret + "\n", to: out) }
        if let file {
            try writePrivately((lines + [line]).joined(separator: "\n") + "\n", to: file, keepingAccess: true)
        }
        if !session.settings.output.isForPeople {
            var members = [("name", name), ("role", role), ("line", line)]
            if !invocation.has("out") { members.append(("token", secret)) }
            switch session.settings.output {
            case .json, .ndjson:
                session.stdout.line(JSON.object(members.map { JSON.Member(name: $0.0, value: .string($0.1)) }).text)
            case .name: session.stdout.line(name)
            default: session.stdout.line(members.map(\.1).joined(separator: "\t"))
            }
            return
        }
        if invocation.value("out") == nil {
            session.stdout.line("token:  \(secret)")
            session.hint("        this is the only time it is shown; keep it like a password")
        } else {
            session.report("token:  in \(invocation.value("out") ?? "")")
        }
        if let file {
            session.report("line:   added to \(file)")
        } else {
            session.stdout.line("line:   \(line)")
            session.hint("        add it to the file that admin.token_file of lbd names")
        }
    }

    private static func list(_ invocation: Invocation, _ session: Session) throws(Failure) {
        let items = try lines(of: try tokens(invocation), mayBeMissing: false).compactMap { line -> Listing.Item? in
            guard let (name, role) = entry(line) else { return nil }
            return Listing.Item(
                name: name,
                json: .object([
                    JSON.Member(name: "name", value: .string(name)), JSON.Member(name: "role", value: .string(role)),
                ])
            )
        }
        Listing(columns: [Listing.Column("NAME", "name"), Listing.Column("ROLE", "role")], items: items)
            .show(session, whole: nil)
    }

    private static func revoke(_ invocation: Invocation, _ session: Session) throws(Failure) {
        let name = try tokenName(invocation.operands[0])
        let file = try tokens(invocation)
        let all = try lines(of: file, mayBeMissing: false)
        let left = all.filter { entry($0)?.name != name }
        guard left.count < all.count else {
            throw Failure(.notFound, "\(file) has no token \"\(name)\"")
                .suggesting("lbctl token list --tokens \(shellQuoted(file))")
        }
        try writePrivately(left.map { $0 + "\n" }.joined(), to: file, keepingAccess: true)
        session.report("\(name) revoked: lbd refuses it as soon as it has read \(file) again")
    }

    /// Name and role of a line; nil for a comment. Names may have colons, so it is read from the right.
    private static func entry(_ line: String) -> (name: String, role: String)? {
        let parts = line.trimmed.split(separator: ":", omittingEmptySubsequences: false)
        guard !line.trimmed.hasPrefix("#"), parts.count >= 3 else { return nil }
        return (parts.dropLast(2).joined(separator: ":"), String(parts[parts.count - 2]))
    }

    private static func tokenName(_ text: String) throws(Failure) -> String {
        guard BackendSpec.isName(text) else {
            throw Failure(
                .usage,
                "\"\(text)\" cannot be a token's name: 1 to 64 of A-Z a-z 0-9 . _ : -, not beginning with -"
            )
        }
        return text
    }

    private static func tokens(_ invocation: Invocation) throws(Failure) -> String {
        guard let file = invocation.value("tokens") else {
            throw Failure(.usage, "token \(invocation.action ?? "") needs --tokens FILE, the token_file of lbd")
                .suggesting(invocation.again("--tokens", "/etc/lb/tokens"))
        }
        return file
    }

    /// The file's lines as they are, comments too.
    private static func lines(of file: String, mayBeMissing: Bool) throws(Failure) -> [String] {
        let bytes = mayBeMissing ? try contents(ofFileIfAny: file) ?? [] : try contents(ofFile: file)
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
}
