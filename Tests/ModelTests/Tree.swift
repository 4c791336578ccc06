import Model
import Testing

/// A document as it is written in tests: literals become nodes without lines.
struct Tree: CustomTestStringConvertible {
    var node: ConfigNode

    init(_ value: ConfigNode.Value, line: Int? = nil) { node = ConfigNode(value, line: line) }

    /// A mapping of computed keys.
    init(_ members: KeyValuePairs<String, Tree>) {
        self.init(.mapping(members.map { ConfigNode.Member(key: $0.key, node: $0.value.node) }))
    }

    var testDescription: String { "\(node.value)" }
}

extension Tree: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self.init(.string(value)) }
    init(integerLiteral value: Int64) { self.init(.int(value)) }
    init(floatLiteral value: Double) { self.init(.double(value)) }
    init(booleanLiteral value: Bool) { self.init(.bool(value)) }
    init(nilLiteral: ()) { self.init(.null) }
    init(arrayLiteral elements: Tree...) { self.init(.sequence(elements.map(\.node))) }
    init(dictionaryLiteral elements: (String, Tree)...) {
        self.init(.mapping(elements.map { ConfigNode.Member(key: $0.0, node: $0.1.node) }))
    }
}

/// What the reader of a whole file has to say.
struct Findings {
    var config: Config?
    var errors: [ConfigIssue]
    var warnings: [ConfigIssue]

    init(_ tree: Tree) { self.init(node: tree.node) }

    init(node: ConfigNode) {
        var reader = SpecReader()
        config = reader.config(node)
        errors = reader.issues.filter { $0.severity == .error }
        warnings = reader.issues.filter { $0.severity == .warning }
    }

    func error(_ pointer: String) -> ConfigIssue? { errors.first { $0.pointer == pointer } }
    func warning(_ pointer: String) -> ConfigIssue? { warnings.first { $0.pointer == pointer } }
}
