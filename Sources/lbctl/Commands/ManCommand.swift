import Model

/// `lbctl man`: the manual, as man(1) reads it.
enum ManCommand {
    static let command = Command(
        group: .tool,
        name: "man",
        operands: "[COMMAND]",
        operandCount: 0...1,
        kind: .commands,
        flags: [Flag("out", value: "DIR", kind: .file, help: "write lbctl.1 and a page for each command there")],
        summary: "the manual page of lbctl, or of one command",
        details: ["In roff, for man -l - or for a directory of manual pages."],
        examples: [
            Command.Example("lbctl man | man -l -"), Command.Example("lbctl man add | man -l -"),
            Command.Example("lbctl man --out /usr/local/share/man/man1"),
        ],
        work: .local { invocation, session throws(Failure) in
            if let directory = invocation.value("out") {
                if !invocation.operands.isEmpty { throw Failure(.usage, "--out writes all pages; leave COMMAND out") }
                try writeOpenly(ManPage.whole, to: directory + "/lbctl.1")
                for command in Command.all {
                    try writeOpenly(ManPage.page(of: command), to: "\(directory)/lbctl-\(command.name).1")
                }
                session.report("\(Command.all.count + 1) pages written to \(directory)")
                return .done
            }
            guard let name = invocation.operands.first else {
                session.stdout.write(ManPage.whole)
                return .done
            }
            guard let command = Command.named(name) else {
                let failure = Failure(.usage, "no manual page of \"\(name)\"")
                throw nearestWord(name, among: Command.all.map(\.name)).map { failure.suggesting("lbctl man \($0)") }
                    ?? failure
            }
            session.stdout.write(ManPage.page(of: command))
            return .done
        }
    )
}

/// Manual pages in the macros of man(7), made of the table of commands.
enum ManPage {
    static var whole: String {
        var page = head("LBCTL", "lbctl", "look at a running lbd and steer it")
        page += ".SH SYNOPSIS\n.B lbctl\n.I COMMAND\n[\\fIARGUMENT\\fR...] [\\fIFLAG\\fR...]\n"
        page += ".SH DESCRIPTION\n"
        page += text("lbctl looks at the backends of a running lbd, and changes them, through its admin API.")
        page += ".PP\n"
        page += text(
            "A command has its own page: lbctl-add(1). Flags may stand anywhere on the line; -- ends them. The noun "
                + "backend may be left out."
        )
        for group in Command.Group.allCases {
            page += ".SS \(group.rawValue.prefix(1) + group.rawValue.dropFirst().lowercased())\n"
            for command in Command.all where command.group == group {
                page += ".TP\n.BR lbctl\\-\(escaped(command.name)) (1)\n" + text(command.summary)
            }
        }
        page += ".SH OPTIONS\n" + options(Flag.global)
        page +=
            ".SH ENVIRONMENT\n"
            + text(
                "A flag goes before the environment, the environment before the context, the context before the default."
            )
        for variable in Settings.variables {
            page += ".TP\n.B \(escaped(variable.name))\n" + text(variable.help)
        }
        page += ".SH FILES\n"
        page += ".TP\n.I ~/.config/lbctl/config.json\n" + text("the contexts; see lbctl-context(1)")
        page += ".TP\n.I ~/.config/lbctl/token\n" + text("the token that is sent when nothing else names one")
        page += ".SH EXIT STATUS\n" + text("They do not change.") + exitCodes
        page += ".SH EXAMPLES\n"
        for command in [AddCommand.command, RemoveCommand.command, StatusCommand.command, ApplyCommand.apply] {
            for sample in command.examples.prefix(1) { page += example(sample) }
        }
        return page + ".SH SEE ALSO\n.BR curl (1)\n"
    }

    static func page(of command: Command) -> String {
        var page = head("LBCTL-" + command.name.uppercased(), "lbctl-" + command.name, command.summary)
        page += ".SH SYNOPSIS\n"
        for (index, synopsis) in command.synopses.enumerated() {
            if index > 0 { page += ".br\n" }
            page += ".B \(escaped(synopsis))\n[\\fIFLAG\\fR...]\n"
        }
        page +=
            ".SH DESCRIPTION\n"
            + text(command.details.isEmpty ? command.summary : command.details.joined(separator: " "))
        if !command.aliases.isEmpty {
            page += ".PP\n" + text("Also written " + command.aliases.joined(separator: ", ") + ".")
        }
        if !command.actions.isEmpty {
            page += ".SH ACTIONS\n"
            for action in command.actions {
                page += ".TP\n.B \(escaped(action.name)) \(escaped(action.operands))\n" + text(action.summary)
            }
        }
        if !command.flags.isEmpty { page += ".SH OPTIONS\n" + options(command.flags) }
        page += command.flags.isEmpty ? ".SH OPTIONS\n" : ".PP\n"
        page += "The options of every command are in\n.BR lbctl (1).\n"
        for noun in Command.Noun.allCases where !command.fields(of: noun).isEmpty {
            page += ".SH FIELDS\(command.fields.count > 1 ? " OF A \(noun.rawValue.uppercased())" : "")\n"
            page += text(command.fields(of: noun).joined(separator: ", "))
        }
        page += ".SH EXIT STATUS\n" + text("0 when done; all codes are in lbctl(1).")
        page += ".SH EXAMPLES\n" + command.examples.map { example($0) }.joined()
        return page + ".SH SEE ALSO\n.BR lbctl (1)\n"
    }

    private static func head(_ title: String, _ name: String, _ summary: String) -> String {
        ".TH \(escaped(title)) 1 \"\" \"lbctl \(Release.version)\" \"lb\"\n.SH NAME\n\(escaped(name)) \\- \(escaped(summary))\n"
    }

    private static func options(_ flags: [Flag]) -> String {
        flags.map { ".TP\n.B \(escaped($0.synopsis))\n" + text($0.help) }.joined()
    }

    private static var exitCodes: String {
        ExitCode.allCases.map { ".TP\n.B \($0.rawValue)\n" + text($0.meaning) }.joined()
    }

    private static func example(_ example: Command.Example) -> String {
        var text = ".PP\n.nf\n.RS 4\n" + line(example.line) + "\n.RE\n.fi\n"
        if !example.comment.isEmpty { text += ".RS 8\n" + self.text(example.comment) + ".RE\n" }
        return text
    }

    /// A paragraph, filled by roff.
    private static func text(_ words: String) -> String { line(words) + "\n" }

    /// One input line: a dot or an apostrophe at its start would make it a request.
    private static func line(_ words: String) -> String {
        let escaped = escaped(words)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    /// Backslashes, and hyphens and quotes that shall be pasted as what they are (groff_char(7)).
    private static func escaped(_ words: String) -> String {
        var text = ""
        for character in words {
            switch character {
            case "\\": text += "\\e"
            case "-": text += "\\-"
            case "'": text += "\\(aq"
            case "\"": text += "\\(dq"
            case "`": text += "\\(ga"
            case "^": text += "\\(ha"
            case "~": text += "\\(ti"
            default: text.append(character)
            }
        }
        return text
    }
}
