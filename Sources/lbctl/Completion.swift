import Model

/// What may stand in the place of the last word of a line that is being typed.
struct Completion {
    struct Candidate: Equatable {
        let word: String
        let help: String

        init(_ word: String, _ help: String = "") {
            self.word = word
            self.help = help
        }
    }

    private let current: String
    private var command: Command?
    /// The first word is no command: nothing is known of what may follow.
    private var isUnknown = false
    private var noun: Command.Noun = .backend
    private var saysNoun = false
    private var action: Command.Action?
    private var operands: [String] = []
    /// The flag before, which waits for its value.
    private var open: Flag?
    private var isLiteral = false
    /// What says where the server is, for asking it.
    private var connection: [String] = []

    /// - Parameter words: Those after the program's name, the last one as far as it is typed.
    init(_ words: [String]) {
        current = words.last ?? ""
        for word in words.dropLast() { take(word) }
    }

    private static let connectionFlags = ["addr", "context", "token-file"]

    private mutating func take(_ word: String) {
        if let flag = open {
            if Self.connectionFlags.contains(flag.name) { connection += ["--" + flag.name, word] }
            open = nil
            return
        }
        if !isLiteral, word == "--" {
            isLiteral = true
            return
        }
        if !isLiteral, word.hasPrefix("-"), word != "-" {
            guard let flag = flag(word), flag.value != nil, flag.standing == nil else { return }
            if let sign = word.firstIndex(of: "=") {
                guard Self.connectionFlags.contains(flag.name) else { return }
                connection += ["--" + flag.name, String(word[word.index(after: sign)...])]
            } else {
                open = flag
            }
            return
        }
        guard let command else {
            command = Command.named(word)
            isUnknown = command == nil
            return
        }
        if operands.isEmpty, action == nil {
            if !saysNoun, let noun = Command.Noun(word: word), command.nouns.contains(noun) {
                self.noun = noun
                saysNoun = true
                return
            }
            if let action = command.action(word) {
                self.action = action
                return
            }
        }
        operands.append(word)
    }

    private var flags: [Flag] { (command?.flags ?? []) + Flag.global }

    private func flag(_ word: String) -> Flag? {
        if word.hasPrefix("--") {
            let name = word.dropFirst(2).prefix { $0 != "=" }
            return flags.first { $0.name == name }
        }
        // Of several letters in one word, the last may want a value.
        return word.dropFirst().last.flatMap { letter in flags.first { $0.short == letter } }
    }

    func candidates(_ session: Session) -> [Candidate] {
        all(session).filter { $0.word.hasPrefix(current) || $0.word == CompletionCommand.files }
    }

    private func all(_ session: Session) -> [Candidate] {
        if let open { return values(of: open, after: "", session) }
        if !isLiteral, current.hasPrefix("-") {
            if let sign = current.firstIndex(of: "="), let flag = flag(current) {
                return values(of: flag, after: String(current[...sign]), session)
            }
            return flags.map { Candidate("--" + $0.name, $0.help) }
        }
        guard !isUnknown else { return [] }
        guard let command else { return Command.all.map { Candidate($0.name, $0.summary) } }
        if !command.actions.isEmpty, action == nil {
            return command.actions.map { Candidate($0.name, $0.summary) }
        }
        let count = action?.operandCount ?? command.operandCount
        guard operands.count < count.upperBound else { return nounsOnly(of: command) }
        let own = values(of: action?.kind ?? command.kind, of: command, session)
        return own + nounsOnly(of: command)
    }

    private func nounsOnly(of command: Command) -> [Candidate] {
        guard operands.isEmpty, !saysNoun, command.nouns.count > 1 else { return [] }
        return command.nouns.map { noun in
            let isPlural = command.operandCount.upperBound == 0
            return Candidate(noun.rawValue + (isPlural ? "s" : ""), "a \(noun.rawValue)")
        }
    }

    private func values(of kind: Command.Kind, of command: Command, _ session: Session) -> [Candidate] {
        switch kind {
        case .none: return []
        case .names: return names(noun, session).filter { !operands.contains($0.word) }
        case .namesThenMembers:
            return operands.isEmpty
                ? names(noun, session)
                : Specification.all(of: noun).flatMap { field -> [Candidate] in
                    guard case .words(let words) = field.kind, current.hasPrefix(field.path + "=") else {
                        if case .labels = field.kind { return [Candidate(field.path + ".", field.help)] }
                        return [Candidate(field.path + "=", field.help)]
                    }
                    return words.map { Candidate("\(field.path)=\($0)") }
                }
        case .operations: return ask(["operation", "list"], session, member: "operations")
        case .contexts: return contexts(session)
        case .commands: return Command.all.map { Candidate($0.name, $0.summary) }
        case .words(let words): return operands.isEmpty ? words.map { Candidate($0) } : []
        }
    }

    private func values(of flag: Flag, after prefix: String, _ session: Session) -> [Candidate] {
        let found: [Candidate]
        switch flag.kind {
        case .file: return [Candidate(CompletionCommand.files)]
        case .text where flag.name == "fields":
            let fields = (command?.fields(of: noun) ?? []).filter { !$0.hasSuffix("*") }
            return listed(fields.map { Candidate($0) }, after: prefix)
        case .text: found = []
        case .words(let words) where flag.value?.contains(",") == true:
            return listed(words.map { Candidate($0) }, after: prefix)
        case .words(let words): found = words.map { Candidate($0) }
        case .pool: found = names(.pool, session)
        case .context: found = contexts(session)
        }
        return found.map { Candidate(prefix + $0.word, $0.help) }
    }

    /// Behind the last comma of a list.
    private func listed(_ candidates: [Candidate], after prefix: String) -> [Candidate] {
        let start = current.dropFirst(prefix.count).lastIndex(of: ",").map { String(current[...$0]) } ?? prefix
        return candidates.map { Candidate(start + $0.word, $0.help) }
    }

    private func names(_ noun: Command.Noun, _ session: Session) -> [Candidate] {
        ask(["list", noun.rawValue + "s"], session, member: noun.rawValue + "s")
    }

    private func contexts(_ session: Session) -> [Candidate] {
        guard let path = ContextFile.path(session.environment), let file = try? ContextFile(path: path) else {
            return []
        }
        return file.contexts.map { Candidate($0.name, $0.context.addr) }
    }

    /// What the server has, if it says so at once.
    private func ask(_ words: [String], _ session: Session, member: String) -> [Candidate] {
        guard let invocation = try? Invocation(words + connection),
            let settings = try? Settings(invocation, environment: session.environment, console: Console())
        else { return [] }
        let client = Client(
            address: settings.address,
            token: settings.token,
            // Somebody waits for the key that was pressed, unless it was said that there is time.
            timeout: session.environment["LBCTL_TIMEOUT"] == nil ? .seconds(1) : settings.timeout,
            interrupts: .none(),
            trace: { _ in }
        )
        let request = AdminRequest(.get, "/v1/" + member)
        guard let answer = try? client.exchange(request), answer.status == 200,
            let json = try? JSONReader.read(answer.body), let items = Listing.items(of: json[member] ?? json)
        else { return [] }
        return items.map { item in
            let phase = item.json["status"]?["phase"]?.string ?? item.json["state"]?.string
            let words = [item.json["url"]?.string, item.json["algorithm"]?.string, phase].compactMap { $0 }
            return Candidate(item.name, visible(words.joined(separator: " ")))
        }
    }
}
