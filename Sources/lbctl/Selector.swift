import Model

/// Labels that a backend must have or must not have: `color=blue,version!=1.4,canary,!old`.
///
/// The API takes the same words; they are read here so that a mistake is refused before anything is sent.
struct Selector: Equatable, Sendable {
    /// In the form of the API.
    let text: String

    init(_ text: String) throws(Failure) {
        var terms: [String] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map({ String($0).trimmed }) {
            let key: Substring
            var term = word
            if let sign = word.firstIndex(of: "=") {
                key = word[..<sign].hasSuffix("!") ? word[..<sign].dropLast() : word[..<sign]
                // Some are used to the sign doubled.
                let value = word[word.index(after: sign)...]
                if value.hasPrefix("=") { term = String(word[...sign] + value.dropFirst()) }
            } else {
                key = word.hasPrefix("!") ? word.dropFirst() : word[...]
            }
            guard BackendSpec.isLabelKey(String(key)) else {
                throw Failure(.usage, "--selector: \"\(word)\" is no condition on a label")
                    .suggesting("-l color=blue   or -l 'color!=blue,canary'")
            }
            terms.append(term)
        }
        self.text = terms.joined(separator: ",")
    }

    var query: (name: String, value: String) { ("label", text) }
}

extension Invocation {
    /// The selector of `-l`; nil without one.
    func selector() throws(Failure) -> Selector? {
        guard let text = value("selector") else { return nil }
        return try Selector(text)
    }

    /// The backends that the command is about: those named from the operand `first` on, or those with the labels.
    ///
    /// Asks the server for the latter. Never empty but with `--ignore-not-found`.
    func targets(_ session: Session, named operands: ArraySlice<String>) throws(Failure) -> [String] {
        guard let selector = try selector() else {
            guard !operands.isEmpty else {
                throw Failure(.usage, "\(command.name) needs a NAME, or -l with labels")
                    .adding("usage", command.synopses[0]).suggesting("lbctl help \(command.name)")
            }
            var names: [String] = []
            for operand in operands where !names.contains(operand) { names.append(try backendName(operand)) }
            return names
        }
        guard operands.isEmpty else {
            throw Failure(.usage, "either names or -l, not both: \"\(operands[operands.startIndex])\"")
                .suggesting("lbctl help \(command.name)")
        }
        let reply = try session.ask(AdminRequest(.get, "/v1/backends", query: [selector.query]))
        guard let items = Listing.items(byName: reply.json["backends"]) else {
            throw session.missing("backends", in: reply)
        }
        // What drains on its way out is listed, and cannot be changed any more.
        let names = items.filter { !BackendView(name: $0.name, $0.json).isRemoved }.map(\.name)
        guard !names.isEmpty || has("ignore-not-found") else {
            throw Failure(.notFound, "no backend has the labels \(selector.text)")
                .suggesting("lbctl list -o wide   to see which there are")
        }
        return names
    }
}
