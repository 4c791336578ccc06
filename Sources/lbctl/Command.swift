/// One command: how it is written, what its help says, which requests it makes and what it does with the answers.
///
/// The table of these is the only source of parsing, of the help, of the manual pages and of what shells complete.
struct Command: Sendable {
    enum Group: String, CaseIterable, Sendable {
        case look = "LOOK"
        case change = "CHANGE"
        case files = "FILES"
        case time = "TIME"
        case daemon = "DAEMON"
        case tool = "TOOL"
    }

    /// What a command is about; `backend` where nobody says.
    enum Noun: String, CaseIterable, Sendable {
        case backend
        case pool

        init?(word: String) {
            guard let noun = Self.allCases.first(where: { word == $0.rawValue || word == $0.rawValue + "s" }) else {
                return nil
            }
            self = noun
        }
    }

    struct Example: Sendable {
        let line: String
        let comment: String

        init(_ line: String, _ comment: String = "") {
            self.line = line
            self.comment = comment
        }
    }

    /// The first word after a command that has several.
    struct Action: Sendable {
        let name: String
        let operands: String
        let operandCount: ClosedRange<Int>
        let kind: Kind
        let summary: String

        init(
            _ name: String,
            _ operands: String = "",
            count: ClosedRange<Int> = 0...0,
            kind: Kind = .none,
            summary: String
        ) {
            self.name = name
            self.operands = operands
            self.operandCount = count
            self.kind = kind
            self.summary = summary
        }
    }

    /// What operands are, for the shells that complete them.
    enum Kind: Equatable, Sendable {
        case none
        /// Names of what the noun says.
        case names
        /// A name, and then members as KEY=VALUE.
        case namesThenMembers
        case operations
        case contexts
        case commands
        case words([String])
    }

    let group: Group
    let name: String
    let aliases: [String]
    /// The nouns that may stand before the operands.
    let nouns: [Noun]
    let actions: [Action]
    /// As in the synopsis: `[NAME] URL`.
    let operands: String
    let operandCount: ClosedRange<Int>
    let kind: Kind
    let flags: [Flag]
    let summary: String
    /// Lines of at most 80 columns.
    let details: [String]
    let examples: [Example]
    /// What `--fields` can name, by noun.
    let fields: [Noun: [String]]
    let work: Work

    init(
        group: Group,
        name: String,
        aliases: [String] = [],
        nouns: [Noun] = [],
        actions: [Action] = [],
        operands: String = "",
        operandCount: ClosedRange<Int> = 0...0,
        kind: Kind = .none,
        flags: [Flag] = [],
        summary: String,
        details: [String],
        examples: [Example],
        fields: [Noun: [String]] = [:],
        work: Work
    ) {
        self.group = group
        self.name = name
        self.aliases = aliases
        self.nouns = nouns
        self.actions = actions
        self.operands = operands
        self.operandCount = operandCount
        self.kind = kind
        self.flags = flags
        self.summary = summary
        self.details = details
        self.examples = examples
        self.fields = fields
        self.work = work
    }

    /// What a command is made of.
    enum Work: Sendable {
        /// Words for standard output, whatever the settings are; no server is asked.
        case text(@Sendable (Invocation) throws(Failure) -> String)
        /// Something on this machine; the server is at most asked about.
        case local(@Sendable (Invocation, Session) throws(Failure) -> ExitCode)
        /// Requests and what is done with their answers.
        ///
        /// Everything that can be known to be wrong before a byte is sent is refused by `plan`, so that `--curl` prints
        /// only what may be sent. `plan` may look things up, such as who carries a label; it changes nothing.
        case exchange(
            plan: @Sendable (Invocation, Session) throws(Failure) -> [AdminRequest],
            carryOut: @Sendable ([AdminRequest], Invocation, Session) throws(Failure) -> ExitCode
        )
    }

    /// What will be nouns one day: a backend of that name must be added with its noun, or scripts would change their
    /// meaning then.
    static let reservedNouns = ["route", "routes"]

    static let all: [Command] = [
        StatusCommand.command, ListCommand.command, HealthCommand.command, GetCommand.command,
        DescribeCommand.command, TopCommand.command,
        AddCommand.command, SetCommand.set, SetCommand.weight, SetCommand.label, StateCommand.drain,
        StateCommand.ready, StateCommand.maint, RemoveCommand.command, ProbeCommand.command,
        ExportCommand.command, ValidateCommand.command, ApplyCommand.diff, ApplyCommand.apply, EditCommand.command,
        WaitCommand.command, EventsCommand.events, EventsCommand.audit, HistoryCommand.history,
        HistoryCommand.rollback, OperationCommand.command,
        SelfCommand.command, LogLevelCommand.command, StatsCommand.stats, StatsCommand.metrics, DoctorCommand.command,
        APICommand.command, ExplainCommand.command, ContextCommand.command, TokenCommand.command,
        CompletionCommand.command, ManCommand.command, VersionCommand.command, HelpCommand.command,
    ]

    static func named(_ word: String) -> Command? {
        all.first { $0.name == word || $0.aliases.contains(word) }
    }

    func action(_ word: String) -> Action? { actions.first { $0.name == word } }

    /// `lbctl add [backend] [NAME] URL`, without the flags; one for each action.
    var synopses: [String] {
        let noun = nouns.isEmpty ? "" : "[" + nouns.map(\.rawValue).joined(separator: "|") + "]"
        guard !actions.isEmpty else {
            return [["lbctl", name, noun, operands].filter { !$0.isEmpty }.joined(separator: " ")]
        }
        return actions.map { ["lbctl", name, $0.name, $0.operands].filter { !$0.isEmpty }.joined(separator: " ") }
    }

    func has(fields noun: Noun) -> Bool { fields[noun] != nil }
    func fields(of noun: Noun) -> [String] { fields[noun] ?? [] }

    func takes(_ flag: Flag) -> Bool { (flags + Flag.global).contains { $0.name == flag.name } }

    /// Whether a server is asked.
    var isOfServer: Bool {
        if case .exchange = work { return true }
        return false
    }
}
