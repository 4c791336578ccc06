/// One `--flag` of the tool or of a command.
struct Flag: Sendable {
    /// What a value is, for the shells that complete it.
    enum Kind: Sendable {
        case text
        case file
        case words([String])
        case pool
        case context
    }

    /// Without its hyphens.
    let name: String
    let short: Character?
    /// What stands for the value in the help; nil for a switch.
    let value: String?
    /// What a flag without its value stands for: the value may then only follow an `=`.
    let standing: String?
    let kind: Kind
    let help: String

    init(
        _ name: String,
        short: Character? = nil,
        value: String? = nil,
        standing: String? = nil,
        kind: Kind = .text,
        help: String
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.standing = standing
        self.kind = kind
        self.help = help
    }

    /// As in the help: `-o, --output table|json`.
    var synopsis: String {
        let spelled = (short.map { "-\($0), " } ?? "") + "--" + name
        guard let value else { return spelled }
        return standing == nil ? "\(spelled) \(value)" : "\(spelled)[=\(value)]"
    }

    static let selector = Flag("selector", short: "l", value: "SEL", help: "those with these labels: k=v,k!=v,k,!k")
    static let wait = Flag("wait", help: "return when it serves; --timeout bounds the wait")
    static let noWait = Flag("no-wait", help: "do not wait for the requests in flight")
    static let ignoreNotFound = Flag("ignore-not-found", help: "a NAME that is not there is no error")
    static let file = Flag(
        "file",
        short: "f",
        value: "FILE",
        kind: .file,
        help: "JSON, as lbctl export writes it; - for stdin"
    )
    static let prune = Flag("prune", help: "remove what FILE does not have")
    static let manager = Flag("manager", value: "ID", help: "with --prune: only what carries the label manager=ID")

    /// The flags that every command takes.
    static let global: [Flag] = [
        Flag("addr", value: "ADDRESS", help: "http://HOST:PORT, HOST:PORT or unix:PATH"),
        Flag("context", value: "NAME", kind: .context, help: "an address and token that lbctl context keeps"),
        Flag("token-file", value: "FILE", kind: .file, help: "where the token is that the API asks for"),
        Flag(
            "output",
            short: "o",
            value: "FORM",
            kind: .words(Settings.Output.allCases.map(\.rawValue)),
            help: Settings.Output.choices
        ),
        Flag("fields", value: "A,B.C", help: "these members only, as columns or as JSON"),
        Flag("timeout", value: "TIME", help: "how long to wait, 30s unless said; 0: for ever"),
        Flag(
            "dry-run",
            short: "n",
            value: "plan|probe",
            standing: "plan",
            kind: .words(DryRun.allCases.map(\.rawValue)),
            help: "show what would change, and change nothing"
        ),
        Flag("reason", value: "TEXT", help: "why, for history and audit"),
        Flag("if-match", value: "TAG", help: "only if nobody changed it since it had that ETag"),
        Flag("force", help: "past the guard that refused"),
        Flag("yes", short: "y", help: "do not ask before a severe change"),
        Flag("no-input", help: "never ask anything"),
        Flag("quiet", short: "q", help: "no success lines, no hints"),
        Flag("verbose", short: "v", help: "the HTTP exchange on standard error"),
        Flag("no-color", help: "no colours, on a terminal neither"),
        Flag("curl", help: "print the curl line that does the same, and stop"),
        Flag("help", short: "h", help: "the help of the command"),
    ]
}
