/// A parsed document before anyone has asked what it means: the common form of a YAML file and a JSON body.
///
/// Mappings keep their order and their duplicates, so that the reader of the tree, not the parser, decides.
package struct ConfigNode: Equatable, Sendable {
    package indirect enum Value: Equatable, Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        case sequence([ConfigNode])
        case mapping([Member])
    }

    package struct Member: Equatable, Sendable {
        package var key: String
        package var keyLine: Int?
        package var node: ConfigNode

        package init(key: String, keyLine: Int? = nil, node: ConfigNode) {
            self.key = key
            self.keyLine = keyLine
            self.node = node
        }
    }

    package var value: Value
    /// 1-based line where the value starts; nil where the source has no lines.
    package var line: Int?

    package init(_ value: Value, line: Int? = nil) {
        self.value = value
        self.line = line
    }
}
