/// One command: how it is written, what its help says, which requests it makes and what it does with the answers.
///
/// The table of these is the only source of parsing and of help.
struct Command: Sendable {
    enum Group: String, CaseIterable, Sendable {
        case look = "LOOK"
        case change = "CHANGE"
        case tool = "TOOL"
    }

    struct Example: Sendable {
        let line: String
        let comment: String
    }

    let group: Group
    let name: String
    let aliases: [String]
    /// The word `backend` may stand before the operands.
    let takesNoun: Bool
    /// As in the synopsis: `[NAME] URL`.
    let operands: String
    let operandCount: ClosedRange<Int>
    let flags: [Flag]
    let summary: String
    /// Lines of at most 80 columns.
    let details: [String]
    let examples: [Example]
    let work: Work

    /// What a command is made of.
    enum Work: Sendable {
        /// Words for standard output; no server is asked.
        case text(@Sendable (Invocation) throws(Failure) -> String)
        /// Requests and what is done with their answers. Everything that can be known to be wrong before a byte is
        /// sent is refused by `plan`, so that `--curl` prints only what may be sent.
        case exchange(
            plan: @Sendable (Invocation, Settings) throws(Failure) -> [AdminRequest],
            carryOut: @Sendable ([AdminRequest], Invocation, Session) throws(Failure) -> ExitCode
        )
    }

    static let nouns = ["backend", "backends"]
    /// What will be nouns one day: a backend of that name must be added with its noun, or scripts would change their
    /// meaning then.
    static let reservedNouns = ["pool", "pools", "route", "routes"]

    static let all: [Command] = [
        ListCommand.command, HealthCommand.command, GetCommand.command,
        AddCommand.command, RemoveCommand.command,
        VersionCommand.command, HelpCommand.command,
    ]

    static func named(_ word: String) -> Command? {
        all.first { $0.name == word || $0.aliases.contains(word) }
    }

    /// `lbctl add [backend] [NAME] URL`, without the flags.
    var synopsis: String {
        ["lbctl", name, takesNoun ? "[backend]" : "", operands].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
