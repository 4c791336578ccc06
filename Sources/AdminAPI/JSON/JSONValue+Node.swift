import Model

extension JSONValue {
    /// What was read, to be written again.
    init(_ node: ConfigNode) {
        switch node.value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .sequence(let nodes): self = .array(nodes.map { JSONValue($0) })
        case .mapping(let members):
            self = .object(JSONObject(members.map { (key: $0.key, value: JSONValue($0.node)) }))
        }
    }

    /// The same value as it would be read from its text.
    var node: ConfigNode {
        switch self {
        case .null: ConfigNode(.null)
        case .bool(let value): ConfigNode(.bool(value))
        case .int(let value): ConfigNode(.int(value))
        case .double(let value): ConfigNode(.double(value))
        case .string(let value): ConfigNode(.string(value))
        case .array(let elements): ConfigNode(.sequence(elements.map(\.node)))
        case .written(let text): (try? JSONReader.read(text)) ?? ConfigNode(.null)
        case .object(let members):
            ConfigNode(.mapping(members.map { ConfigNode.Member(key: $0.key, node: $0.value.node) }))
        }
    }
}
