/// `lbctl help [TOPIC]`: everything it says comes from the tables that the tool works by.
enum HelpCommand {
    static let command = Command(
        group: .tool,
        name: "help",
        operands: "[COMMAND | exit-codes | environment]",
        operandCount: 0...1,
        kind: .commands,
        summary: "this, one command, the exit codes, or the environment",
        details: [],
        examples: [Command.Example("lbctl help add"), Command.Example("lbctl help exit-codes")],
        work: .text { invocation throws(Failure) in try text(of: invocation.operands.first) }
    )

    static let exitCodes = "exit-codes"
    static let environment = "environment"

    static func text(of topic: String?) throws(Failure) -> String {
        switch topic {
        case nil: return overview
        case exitCodes: return exitCodesText
        case environment: return environmentText
        case let topic?:
            if let command = Command.named(topic) { return text(of: command) }
            let topics = Command.all.flatMap { [$0.name] + $0.aliases } + [exitCodes, environment]
            let failure = Failure(.usage, "no help about \"\(topic)\"")
            guard let near = nearestWord(topic, among: topics) else { throw failure.suggesting("lbctl help") }
            throw failure.suggesting("lbctl help \(near)   (did you mean that?)").suggesting("lbctl help")
        }
    }

    static var overview: String {
        var text = "lbctl looks at the backends of a running lbd, and changes them.\n\n"
        text += "usage: lbctl COMMAND [ARGUMENT...] [FLAG...]\n"
        let width = Command.all.map(\.name.count).max() ?? 0
        for group in Command.Group.allCases {
            text += "\n\(group.rawValue)\n"
            text += aligned(Command.all.filter { $0.group == group }.map { ($0.name, $0.summary) }, width: width)
        }
        text += "\nFLAGS (anywhere on the line)\n" + aligned(Flag.global.map { ($0.synopsis, $0.help) })
        text += "\nlbctl help COMMAND tells more, with examples. lbctl help \(environment) and\n"
        text += "lbctl help \(exitCodes) are for scripts. The admin API is at \(AdminAddress.standard)\n"
        text += "unless --addr, LBCTL_ADDR or a context says otherwise.\n"
        return text
    }

    private static func text(of command: Command) -> String {
        var text = "\(command.name): \(command.summary)\n\n"
        for (index, synopsis) in command.synopses.enumerated() {
            text += (index == 0 ? "usage: " : "       ") + synopsis + (command.flags.isEmpty ? "\n" : " [FLAG...]\n")
        }
        if !command.aliases.isEmpty { text += "also:  " + command.aliases.joined(separator: ", ") + "\n" }
        if !command.details.isEmpty { text += "\n" + command.details.joined(separator: "\n") + "\n" }
        if !command.actions.isEmpty {
            text += "\nACTIONS\n"
            text += aligned(
                command.actions.map {
                    ([$0.name, $0.operands].filter { !$0.isEmpty }.joined(separator: " "), $0.summary)
                }
            )
        }
        if !command.flags.isEmpty { text += "\nFLAGS\n" + aligned(command.flags.map { ($0.synopsis, $0.help) }) }
        for noun in Command.Noun.allCases where !command.fields(of: noun).isEmpty {
            text += "\nFIELDS" + (command.fields.count > 1 ? " OF A \(noun.rawValue.uppercased())" : "") + "\n"
            let words = command.fields(of: noun).joined(separator: ", ")
            text += ExplainCommand.wrapped(words, 76).map { "  " + $0 + "\n" }.joined()
        }
        text += "\nEXAMPLES\n"
        for example in command.examples {
            text += "  " + example.line + (example.comment.isEmpty ? "" : "   # " + example.comment) + "\n"
        }
        if command.isOfServer {
            text += "\nThe flags of all commands: lbctl help. With -o json, standard output is the\n"
            text += "API's answer as it came, also when it is an error.\n"
        }
        return text
    }

    private static var exitCodesText: String {
        "Exit codes of lbctl; they do not change.\n\n"
            + aligned(ExitCode.allCases.map { (padded("\($0.rawValue)"), $0.meaning) })
            + "\nOf several backends in one command, the first that failed gives the code.\n"
    }

    private static var environmentText: String {
        "A flag goes before the environment, the environment before the context, the\ncontext before the default.\n\n"
            + aligned(Settings.variables.map { ($0.name, $0.help) })
    }

    /// Right-aligned to three digits.
    private static func padded(_ number: String) -> String {
        String(repeating: " ", count: max(0, 3 - number.count)) + number
    }

    /// Two columns under each other, two spaces in.
    static func aligned(_ rows: [(String, String)], width: Int = 0) -> String {
        let width = max(width, rows.map(\.0.count).max() ?? 0)
        return rows.map { left, right in
            "  " + left + String(repeating: " ", count: width - left.count + 2) + right + "\n"
        }.joined()
    }
}
