/// `lbctl explain`: what a field, a problem or an exit code means.
enum ExplainCommand {
    static let command = Command(
        group: .tool,
        name: "explain",
        operands: "FIELD|PROBLEM|EXIT-CODE",
        operandCount: 1...1,
        kind: .words(
            ["backend", "pool"] + Specification.backend.map(\.path) + Specification.pool.map { "pool." + $0.path }
        ),
        summary: "what a field, an error or an exit code means",
        details: [
            "FIELD is backend or pool for all of them, or one, such as weight or",
            "pool.health_check.rise. PROBLEM is the word in brackets at the end of an error,",
            "such as duplicate-url; its manual page comes from lbd. A number is an exit code.",
        ],
        examples: [
            Command.Example("lbctl explain backend"), Command.Example("lbctl explain pool.health_check.rise"),
            Command.Example("lbctl explain duplicate-url"), Command.Example("lbctl explain 8"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in
                let word = invocation.operands[0]
                guard local(word) == nil else { return [] }
                guard word.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
                else { throw unknown(word) }
                return [AdminRequest(.get, "/v1/problems/" + percentEncoded(word))]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let word = invocation.operands[0]
                if let text = local(word) {
                    session.stdout.write(text)
                    return .done
                }
                for request in requests {
                    let reply: Session.Reply
                    do throws(Failure) {
                        reply = try session.ask(request)
                    } catch {
                        throw error.code == .notFound ? unknown(word) : error
                    }
                    guard session.settings.output.isForPeople, let meaning = reply.json["meaning"]?.string else {
                        session.show(reply.answer.body)
                        continue
                    }
                    let title = "\(reply.json["title"]?.string ?? word) (\(reply.json["status"]?.plain ?? "") \(word))"
                    session.stdout.line(session.painted(title, .bold) + "\n")
                    let width = min(session.settings.columns ?? 80, 80)
                    for line in wrapped(visible(meaning), width) { session.stdout.line(line) }
                    if let remedy = reply.json["remedy"]?.string {
                        session.stdout.line("")
                        for line in wrapped("What to do: " + visible(remedy), width) { session.stdout.line(line) }
                    }
                }
                return .done
            }
        )
    )

    private static func unknown(_ word: String) -> Failure {
        let words = ["backend", "pool"] + Specification.backend.map(\.path) + Specification.pool.map(\.path)
        let failure = Failure(.notFound, "\"\(word)\" is no field, no problem and no exit code")
        return (nearestWord(word, among: words)).map {
            failure.suggesting("lbctl explain \($0)   (did you mean that?)")
        }
            ?? failure.suggesting("lbctl explain backend")
    }

    /// What is known here without asking.
    private static func local(_ word: String) -> String? {
        if let number = Int32(word) {
            return ExitCode(rawValue: number).map { "exit code \(number): \($0.meaning)\n" }
        }
        if let noun = Command.Noun(word: word) {
            let rows = Specification.all(of: noun).map { ($0.path, $0.explanation) }
            return "a \(noun.rawValue) has\n" + HelpCommand.aligned(rows)
        }
        let isOfPool = word.hasPrefix("pool.")
        let path = isOfPool ? String(word.dropFirst(5)) : word
        let lists = isOfPool ? [Specification.pool] : [Specification.backend, Specification.pool]
        for list in lists {
            let found = list.filter { $0.path == path || $0.path.hasPrefix(path + ".") }
            if !found.isEmpty { return HelpCommand.aligned(found.map { ($0.path, $0.explanation) }) }
        }
        return nil
    }

    /// Lines of at most `width` columns, broken at spaces.
    static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, displayWidth(line) + 1 + displayWidth(String(word)) > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }
}
