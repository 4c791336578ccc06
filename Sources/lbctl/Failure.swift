/// Why a command did not do what it was asked, in words for the person who typed it, and the code for the script.
///
/// Printed as `error: …` with one aligned line per note below it.
struct Failure: Error, Sendable {
    /// A line under the error: what is, what to type, what else to type.
    struct Note: Equatable, Sendable {
        let label: String
        let text: String
    }

    var code: ExitCode
    /// A clause without a full stop.
    var message: String
    var notes: [Note] = []
    /// What the API answered, when it is the API that refused.
    var problem: Problem?

    init(_ code: ExitCode, _ message: String, problem: Problem? = nil) {
        self.code = code
        self.message = message
        self.problem = problem
    }

    /// Adds a line that says how things stand.
    func now(_ text: String) -> Failure { adding("now", text) }

    /// Adds a line to type: `try:` for the first one, `or:` for the others.
    func suggesting(_ text: String) -> Failure {
        adding(notes.contains { $0.label == "try" } ? "or" : "try", text)
    }

    /// The same failure with other lines to type: the API's hints speak HTTP.
    func replacingNotes(with lines: String...) -> Failure {
        var copy = self
        copy.notes = []
        for line in lines { copy = copy.suggesting(line) }
        return copy
    }

    /// The same failure with other lines to type, and what is said of the state of things as it was.
    func replacingTries(with lines: String...) -> Failure {
        var copy = self
        copy.notes.removeAll { $0.label == "try" || $0.label == "or" }
        for line in lines { copy = copy.suggesting(line) }
        return copy
    }

    func adding(_ label: String, _ text: String) -> Failure {
        var copy = self
        copy.notes.append(Note(label: label, text: text))
        return copy
    }

    /// The lines for standard error, the last one ended too.
    ///
    /// What came from elsewhere is made visible: a terminal obeys control characters.
    var text: String {
        var lines = "error: \(visible(message))\n"
        for note in notes {
            let label = note.label + ":"
            let gap = String(repeating: " ", count: max(7 - label.count, 1))
            lines += "  \(label)\(gap)\(visible(note.text))\n"
        }
        return lines
    }
}
