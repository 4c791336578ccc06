import Model

/// A command line that has been understood: which command, with which operands and flags.
struct Invocation: Sendable {
    let command: Command
    /// What the command is about.
    let noun: Command.Noun
    /// Whether the noun was written.
    let saysNoun: Bool
    /// The first word of a command that has several; nil for all others.
    let action: String?
    let operands: [String]
    /// By long name, in the order they were written; a switch has an empty value.
    private let values: [String: [String]]
    /// The line as it was written, without the program's name.
    let words: [String]

    func has(_ flag: String) -> Bool { values[flag] != nil }
    /// The last one of a repeated flag.
    func value(_ flag: String) -> String? { values[flag]?.last }
    func all(_ flag: String) -> [String] { values[flag] ?? [] }

    /// The line to type again, with more at its end.
    func again(_ more: String...) -> String {
        (["lbctl"] + words.map(shellQuoted) + more).joined(separator: " ")
    }

    /// Reads the words after the program's name.
    ///
    /// Flags may stand anywhere; `--` ends them.
    ///
    /// `--help` anywhere makes it the help of the command beside it, whatever else is wrong.
    init(_ words: [String]) throws(Failure) {
        let flagWords = words.prefix { $0 != "--" }
        if flagWords.contains("--help") || flagWords.contains("-h") {
            let topic = flagWords.first { Command.named($0) != nil && $0 != HelpCommand.command.name }
            self.init(command: HelpCommand.command, operands: topic.map { [$0] } ?? [], values: [:], words: words)
            return
        }
        if let index = flagWords.firstIndex(of: "--version") {
            var rest = words
            rest.replaceSubrange(index...index, with: [VersionCommand.command.name, "--client"])
            try self.init(rest)
            return
        }
        var reading = Reading(words)
        try reading.read()
        guard let verb = reading.plain.first else {
            throw Failure(.usage, "no command").suggesting("lbctl help")
        }
        guard let command = Command.named(verb) else { throw Self.unknownCommand(verb) }
        for (flag, word) in reading.spelled where !command.takes(flag) {
            let owners = Command.all.filter { $0.takes(flag) }.map(\.name)
            throw Failure(.usage, "\(command.name) has no flag \(word)")
                .now("it belongs to lbctl " + owners.joined(separator: ", "))
                .suggesting("lbctl help \(command.name)")
        }
        var operands = Array(reading.plain.dropFirst())
        let isLiteral = reading.literalFrom.map { $0 <= 1 } ?? false
        var noun: Command.Noun?
        if !command.nouns.isEmpty, let word = operands.first, !isLiteral {
            if let said = Command.Noun(word: word) {
                guard command.nouns.contains(said) else {
                    throw Failure(.usage, "\(command.name) knows backends only, not \"\(word)\"")
                        .suggesting("lbctl \(command.name) backend \(word)   if that is the backend's name")
                }
                noun = said
                operands.removeFirst()
            } else if Command.reservedNouns.contains(word) {
                throw Failure(.usage, "\(command.name) knows no \"\(word)\": there are no routes yet")
                    .suggesting("lbctl \(command.name) backend \(word)   if that is the backend's name")
            }
        }
        var action: String?
        var count = command.operandCount
        if !command.actions.isEmpty {
            let names = command.actions.map(\.name)
            guard let word = operands.first else {
                throw Failure(.usage, "\(command.name) needs one of " + names.joined(separator: ", "))
                    .suggesting("lbctl help \(command.name)")
            }
            guard let found = command.action(word) else {
                let failure = Failure(.usage, "\(command.name) knows no \"\(word)\"")
                    .adding("there", "are " + names.joined(separator: ", "))
                throw nearestWord(word, among: names).map {
                    failure.suggesting("lbctl \(command.name) \($0)   (did you mean that?)")
                } ?? failure.suggesting("lbctl help \(command.name)")
            }
            action = word
            count = found.operandCount
            operands.removeFirst()
        }
        guard count.contains(operands.count) else { throw Self.wrongOperands(operands, of: command, action: action) }
        self.init(
            command: command,
            noun: noun,
            action: action,
            operands: operands,
            values: reading.values,
            words: words
        )
    }

    private init(
        command: Command,
        noun: Command.Noun? = nil,
        action: String? = nil,
        operands: [String],
        values: [String: [String]],
        words: [String]
    ) {
        self.command = command
        self.noun = noun ?? .backend
        saysNoun = noun != nil
        self.action = action
        self.operands = operands
        self.values = values
        self.words = words
    }

    /// Sorts words into plain ones and flags with their values.
    private struct Reading {
        let words: [String]
        var plain: [String] = []
        /// How many plain words came before `--`; nil without one.
        var literalFrom: Int?
        var values: [String: [String]] = [:]
        var spelled: [(flag: Flag, word: String)] = []
        private var index = 0

        init(_ words: [String]) { self.words = words }

        private var command: Command? { plain.first.flatMap { Command.named($0) } }

        mutating func read() throws(Failure) {
            while index < words.count {
                let word = words[index]
                if literalFrom != nil || word == "-" || !word.hasPrefix("-") {
                    plain.append(word)
                } else if word == "--" {
                    literalFrom = plain.count
                } else if word.hasPrefix("--") {
                    try readLong(word)
                } else {
                    try readShort(word)
                }
                index += 1
            }
        }

        private mutating func readLong(_ word: String) throws(Failure) {
            let body = word.dropFirst(2)
            let equals = body.firstIndex(of: "=")
            let name = String(body[..<(equals ?? body.endIndex)])
            guard let flag = flag({ $0.name == name }) else {
                throw Invocation.unknownFlag("--" + name, command: command)
            }
            spelled.append((flag, "--" + name))
            try takeValue(flag, "--" + name, equals.map { body[body.index(after: $0)...] })
        }

        private mutating func readShort(_ word: String) throws(Failure) {
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                guard let flag = flag({ $0.short == letter }) else {
                    throw Invocation.unknownFlag("-\(letter)", command: command)
                }
                spelled.append((flag, "-\(letter)"))
                var inline: Substring?
                if flag.value != nil, flag.standing == nil || letters.first == "=", !letters.isEmpty {
                    inline = letters.first == "=" ? letters.dropFirst() : letters
                    letters = ""
                } else if letters.first == "=" {
                    throw Invocation.valueOfSwitch(flag, "-\(letter)")
                }
                try takeValue(flag, "-\(letter)", inline)
            }
        }

        /// A flag of the command, once that is known; else of any, as long as it has one form in all.
        private func flag(_ matches: (Flag) -> Bool) -> Flag? {
            if let own = (Flag.global + (command?.flags ?? [])).first(where: matches) { return own }
            let all = Command.all.flatMap(\.flags).filter(matches)
            guard let first = all.first, all.allSatisfy({ $0.name == first.name }) else { return nil }
            return first
        }

        private mutating func takeValue(_ flag: Flag, _ word: String, _ inline: Substring?) throws(Failure) {
            let value: String
            if let placeholder = flag.value {
                if let inline {
                    value = String(inline)
                } else if let standing = flag.standing {
                    value = standing
                } else if index + 1 < words.count {
                    index += 1
                    value = words[index]
                } else {
                    throw Failure(.usage, "\(word) needs a value: \(word) \(placeholder)")
                }
            } else {
                guard inline == nil else { throw Invocation.valueOfSwitch(flag, word) }
                value = ""
            }
            values[flag.name, default: []].append(value)
        }
    }

    private static func valueOfSwitch(_ flag: Flag, _ word: String) -> Failure {
        let failure = Failure(.usage, "\(word) takes no value")
        return flag.name == "wait" ? failure.suggesting("--wait --timeout 30s") : failure.suggesting(word)
    }

    private static func unknownFlag(_ word: String, command: Command?) -> Failure {
        let flags = (command?.flags ?? Command.all.flatMap(\.flags)) + Flag.global
        let failure = Failure(.usage, "no flag \(word)" + (command.map { " of lbctl \($0.name)" } ?? ""))
        let help = "lbctl help" + (command.map { " " + $0.name } ?? "")
        guard word.hasPrefix("--"), let near = nearestWord(String(word.dropFirst(2)), among: flags.map(\.name))
        else { return failure.suggesting(help) }
        return failure.suggesting("--\(near)   (did you mean that?)").suggesting(help)
    }

    private static func unknownCommand(_ word: String) -> Failure {
        let failure = Failure(.usage, "no command \"\(word)\"")
        let words = Command.all.flatMap { [$0.name] + $0.aliases }
        guard let near = nearestWord(word, among: words) else { return failure.suggesting("lbctl help") }
        return failure.suggesting("lbctl \(near)   (did you mean that?)").suggesting("lbctl help")
    }

    private static func wrongOperands(_ operands: [String], of command: Command, action: String?) -> Failure {
        let found = action.flatMap { command.action($0) }
        let name = [command.name, action].compactMap { $0 }.joined(separator: " ")
        let count = found?.operandCount ?? command.operandCount
        let words = found?.operands ?? command.operands
        var message: String
        if operands.count < count.lowerBound {
            message = "\(name) needs \(words)"
        } else if count.upperBound == 0 {
            message = "\(name) takes no \"\(operands[0])\""
        } else {
            message = "\(name) takes \(words), and nothing like \"\(operands[count.upperBound])\""
        }
        // The commonest slip: an option without its hyphens.
        if let flag = operands.first(where: { word in command.flags.contains { $0.name == word } }) {
            message += " (a flag is written --\(flag))"
        }
        var failure = Failure(.usage, message)
        for synopsis in command.synopses where found == nil || synopsis.hasPrefix("lbctl \(name)") {
            failure = failure.adding("usage", synopsis)
        }
        return failure.suggesting("lbctl help \(command.name)")
    }
}
