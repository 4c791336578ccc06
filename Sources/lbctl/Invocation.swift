import Model

/// A command line that has been understood: which command, with which operands and flags.
struct Invocation: Sendable {
    let command: Command
    let operands: [String]
    /// By long name, the last of a repeated flag; a switch has an empty value.
    private let values: [String: String]

    func has(_ flag: String) -> Bool { values[flag] != nil }
    func value(_ flag: String) -> String? { values[flag] }

    /// Reads the words after the program's name.
    ///
    /// Flags may stand anywhere; `--` ends them.
    ///
    /// `--help` anywhere makes it the help of the command beside it, whatever else is wrong.
    init(_ words: [String]) throws(Failure) {
        let flagWords = words.prefix { $0 != "--" }
        if flagWords.contains("--help") || flagWords.contains("-h") {
            let topic = flagWords.first { Command.named($0) != nil && $0 != HelpCommand.command.name }
            self.init(command: HelpCommand.command, operands: topic.map { [$0] } ?? [], values: [:])
            return
        }
        if let index = flagWords.firstIndex(of: "--version") {
            var rest = words
            rest.replaceSubrange(index...index, with: [VersionCommand.command.name, "--client"])
            try self.init(rest)
            return
        }
        var plain: [String] = []
        var literalFrom: Int?
        var values: [String: String] = [:]
        var spelled: [(flag: Flag, word: String)] = []
        var index = 0

        func takeValue(_ flag: Flag, _ word: String, _ inline: Substring?) throws(Failure) {
            guard let placeholder = flag.value else {
                guard inline == nil else { throw Self.valueOfSwitch(flag, word) }
                values[flag.name] = ""
                return
            }
            if let inline {
                values[flag.name] = String(inline)
            } else if index + 1 < words.count {
                index += 1
                values[flag.name] = words[index]
            } else {
                throw Failure(.usage, "\(word) needs a value: \(word) \(placeholder)")
            }
        }

        while index < words.count {
            let word = words[index]
            if literalFrom != nil || word == "-" || !word.hasPrefix("-") {
                plain.append(word)
            } else if word == "--" {
                literalFrom = plain.count
            } else if word.hasPrefix("--") {
                let body = word.dropFirst(2)
                let equals = body.firstIndex(of: "=")
                let name = String(body[..<(equals ?? body.endIndex)])
                guard let flag = Self.known.first(where: { $0.name == name }) else {
                    throw Self.unknownFlag("--" + name, command: plain.first.flatMap { Command.named($0) })
                }
                spelled.append((flag, "--" + name))
                try takeValue(flag, "--" + name, equals.map { body[body.index(after: $0)...] })
            } else {
                var letters = word.dropFirst()
                while let letter = letters.popFirst() {
                    guard let flag = Self.known.first(where: { $0.short == letter }) else {
                        throw Self.unknownFlag("-\(letter)", command: plain.first.flatMap { Command.named($0) })
                    }
                    spelled.append((flag, "-\(letter)"))
                    var inline: Substring?
                    if flag.value != nil, !letters.isEmpty {
                        inline = letters.first == "=" ? letters.dropFirst() : letters
                        letters = ""
                    } else if letters.first == "=" {
                        throw Self.valueOfSwitch(flag, "-\(letter)")
                    }
                    try takeValue(flag, "-\(letter)", inline)
                }
            }
            index += 1
        }

        guard let verb = plain.first else {
            throw Failure(.usage, "no command").suggesting("lbctl help")
        }
        guard let command = Command.named(verb) else { throw Self.unknownCommand(verb) }
        for (flag, word) in spelled where !command.takes(flag) {
            let owners = Command.all.filter { $0.takes(flag) }.map { "lbctl " + $0.name }
            throw Failure(.usage, "\(command.name) has no flag \(word)")
                .now("it belongs to " + owners.joined(separator: " and "))
                .suggesting("lbctl help \(command.name)")
        }
        var operands = Array(plain.dropFirst())
        if command.takesNoun, let noun = operands.first, literalFrom ?? .max > 1 {
            if Command.nouns.contains(noun) {
                operands.removeFirst()
            } else if Command.reservedNouns.contains(noun) {
                throw Failure(.usage, "\(command.name) knows backends only, not \"\(noun)\"")
                    .suggesting("lbctl \(command.name) backend \(noun)   if that is the backend's name")
            }
        }
        guard command.operandCount.contains(operands.count) else {
            throw Self.wrongOperands(operands, of: command)
        }
        self.init(command: command, operands: operands, values: values)
    }

    private init(command: Command, operands: [String], values: [String: String]) {
        self.command = command
        self.operands = operands
        self.values = values
    }

    /// Every flag there is: one name has one form in all commands, so that flags can be read before the command is.
    private static let known: [Flag] = Flag.global + Command.all.flatMap(\.flags)

    private static func valueOfSwitch(_ flag: Flag, _ word: String) -> Failure {
        let failure = Failure(.usage, "\(word) takes no value")
        return flag.name == "wait" ? failure.suggesting("--wait --timeout 30s") : failure.suggesting(word)
    }

    private static func unknownFlag(_ word: String, command: Command?) -> Failure {
        let flags = (command?.flags ?? known) + Flag.global
        let failure = Failure(.usage, "no flag \(word)" + (command.map { " of lbctl \($0.name)" } ?? ""))
        let help = "lbctl help" + (command.map { " " + $0.name } ?? "")
        guard word.hasPrefix("--"), let near = Spelling.nearest(String(word.dropFirst(2)), among: flags.map(\.name))
        else { return failure.suggesting(help) }
        return failure.suggesting("--\(near)   (did you mean that?)").suggesting(help)
    }

    private static func unknownCommand(_ word: String) -> Failure {
        let failure = Failure(.usage, "no command \"\(word)\"")
        let words = Command.all.flatMap { [$0.name] + $0.aliases }
        guard let near = Spelling.nearest(word, among: words) else { return failure.suggesting("lbctl help") }
        return failure.suggesting("lbctl \(near)   (did you mean that?)").suggesting("lbctl help")
    }

    private static func wrongOperands(_ operands: [String], of command: Command) -> Failure {
        let count = command.operandCount
        var message: String
        if operands.count < count.lowerBound {
            message = "\(command.name) needs \(command.operands)"
        } else if count.upperBound == 0 {
            message = "\(command.name) takes no \"\(operands[0])\""
        } else {
            message = "\(command.name) takes \(command.operands), and nothing like \"\(operands[count.upperBound])\""
        }
        // The commonest slip: an option without its hyphens.
        if let flag = operands.first(where: { word in command.flags.contains { $0.name == word } }) {
            message += " (a flag is written --\(flag))"
        }
        return Failure(.usage, message)
            .adding("usage", command.synopsis)
            .suggesting("lbctl help \(command.name)")
    }
}

extension Command {
    func takes(_ flag: Flag) -> Bool {
        (flags + Flag.global).contains { $0.name == flag.name }
    }
}
