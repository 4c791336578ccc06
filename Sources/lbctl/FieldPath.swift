/// The place of a value in a JSON document, as `--fields` names it: `status.health.state`.
struct FieldPath: Equatable, Sendable, CustomStringConvertible {
    let members: [String]

    var description: String { members.joined(separator: ".") }

    init(_ text: String) { members = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }

    func value(in json: JSON) -> JSON? {
        var value: JSON? = json
        for member in members { value = value?[member] }
        return value
    }

    /// Reads `name,url,status.phase`; every path must be one of `known` or lie below one that ends in `.*`.
    static func list(_ text: String, of known: [String]) throws(Failure) -> [FieldPath] {
        var paths: [FieldPath] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map({ String($0).trimmed }) {
            let isKnown = known.contains { path in
                path == word || path.hasSuffix(".*") && word.hasPrefix(path.dropLast(1)) && word.count >= path.count
                    || path.hasPrefix(word + ".")
            }
            guard isKnown else {
                // The last part alone is what people type: `phase` for `status.phase`.
                let whole = known.first { $0.hasSuffix("." + word) }
                let failure = Failure(.usage, "--fields: no field \"\(word)\"")
                throw (whole ?? nearestWord(word, among: known)).map {
                    failure.suggesting("\($0)   (did you mean that?)")
                } ?? failure
            }
            paths.append(FieldPath(word))
        }
        return paths
    }

    /// Only these members of a document, in its own order of nesting.
    static func projection(_ paths: [FieldPath], of json: JSON) -> JSON {
        var whole = JSON.object([])
        for path in paths {
            whole = whole.setting(path.members[...], to: path.value(in: json) ?? .null)
        }
        return whole
    }
}

extension JSON {
    /// The same object with the member at that path set.
    func setting(_ path: ArraySlice<String>, to value: JSON) -> JSON {
        guard let name = path.first else { return value }
        var members = self.members ?? []
        let index = members.firstIndex { $0.name == name }
        let inner = index.map { members[$0].value } ?? .object([])
        let member = Member(name: name, value: inner.setting(path.dropFirst(), to: value))
        if let index { members[index] = member } else { members.append(member) }
        return .object(members)
    }

    /// The value as a cell: a string as it is, a number with its digits, nothing for null.
    var plain: String {
        switch self {
        case .string(let text): text
        case .null: ""
        default: text
        }
    }

    /// Laid out for reading, two spaces a level, without a final newline.
    var laidOut: String { laidOut(indent: "") }

    private func laidOut(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .array(let values) where !values.isEmpty:
            return "[\n" + values.map { inner + $0.laidOut(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            return "{\n"
                + members.map { inner + JSON.string($0.name).text + ": " + $0.value.laidOut(indent: inner) }
                .joined(separator: ",\n") + "\n\(indent)}"
        default:
            return text
        }
    }
}
