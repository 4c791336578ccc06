import Model

/// Reads one YAML document into the common tree, with the scalars of the YAML 1.2 core schema.
///
/// Plain scalars are null, booleans, integers, floats or strings; `on`, `off`, `yes` and `no` are strings. Anchors and
/// aliases work; tags, merge keys, complex keys and further documents are refused.
struct YAMLReader {
    static let bytesMax = 4 * 1024 * 1024
    static let depthMax = 64
    /// With aliases expanded.
    ///
    /// The largest sensible file has 16,384 backends of some ten nodes each; the smallest
    /// "billion laughs" has a thousand million.
    static let nodesMax = 400_000

    private let events: YAMLEvents
    private var stack: [Frame] = []
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0

    /// A list or mapping that is still open.
    private struct Frame {
        var line: Int
        var anchor: String?
        var isMapping: Bool
        var items: [ConfigNode] = []
        var members: [ConfigNode.Member] = []
        /// A key that waits for its value.
        var key: (text: String, line: Int)?
        /// The count of all nodes when this one began, and the depth of the deepest below it.
        var nodesBefore: Int
        var depth = 1
    }

    /// What an alias stands for, and what it costs.
    private struct Anchored {
        var node: ConfigNode
        var nodes: Int
        var depth: Int
    }

    /// An empty file, or one of comments only, is null.
    static func read(_ bytes: [UInt8]) throws(YAMLRefusal) -> ConfigNode {
        guard bytes.count <= bytesMax else {
            throw YAMLRefusal(mark: nil, message: "is larger than \(bytesMax / 1024 / 1024) MiB")
        }
        var reader = YAMLReader(bytes)
        do {
            return try reader.document()
        } catch {
            throw Self.explained(error, bytes)
        }
    }

    private init(_ bytes: [UInt8]) { events = YAMLEvents(bytes) }

    private mutating func document() throws(YAMLRefusal) -> ConfigNode {
        var root: ConfigNode?
        while true {
            let (event, mark) = try events.next()
            switch event {
            case .documentStart:
                guard root == nil else {
                    throw YAMLRefusal(mark: mark, message: "a second document begins here; a file has one")
                }
            case .documentEnd:
                break
            case .streamEnd:
                return root ?? ConfigNode(.null)
            case .scalar(let text, let isPlain, let anchor):
                if try takeKey(text, at: mark) { break }
                let value = isPlain ? Self.resolved(text) : .string(text)
                try count(1, at: mark)
                let node = ConfigNode(value, line: mark.line)
                if let anchor { anchors[anchor] = Anchored(node: node, nodes: 1, depth: 0) }
                if let done = add(node, depth: 0) { root = done }
            case .sequenceStart(let anchor):
                try open(isMapping: false, anchor: anchor, at: mark)
            case .mappingStart(let anchor):
                try open(isMapping: true, anchor: anchor, at: mark)
            case .sequenceEnd, .mappingEnd:
                if let done = close() { root = done }
            case .alias(let name):
                if let done = try expand(name, at: mark) { root = done }
            }
        }
    }

    /// Whether the scalar was the key of a member, which is text whatever it looks like: `on: 1` has the key "on".
    private mutating func takeKey(_ text: String, at mark: YAMLEvents.Mark) throws(YAMLRefusal) -> Bool {
        guard let top = stack.indices.last, stack[top].isMapping, stack[top].key == nil else { return false }
        try count(1, at: mark)
        stack[top].key = (text, mark.line)
        return true
    }

    private mutating func open(isMapping: Bool, anchor: String?, at mark: YAMLEvents.Mark) throws(YAMLRefusal) {
        try refuseAsKey(at: mark)
        guard stack.count < Self.depthMax else {
            throw YAMLRefusal(mark: mark, message: "is nested more than \(Self.depthMax) levels deep")
        }
        let before = nodes
        try count(1, at: mark)
        stack.append(Frame(line: mark.line, anchor: anchor, isMapping: isMapping, nodesBefore: before))
    }

    private mutating func close() -> ConfigNode? {
        // libyaml's grammar gives an end for each start, and no other.
        let frame = stack.removeLast()
        let node = ConfigNode(frame.isMapping ? .mapping(frame.members) : .sequence(frame.items), line: frame.line)
        if let anchor = frame.anchor {
            anchors[anchor] = Anchored(node: node, nodes: nodes - frame.nodesBefore, depth: frame.depth)
        }
        return add(node, depth: frame.depth)
    }

    private mutating func expand(_ name: String, at mark: YAMLEvents.Mark) throws(YAMLRefusal) -> ConfigNode? {
        try refuseAsKey(at: mark)
        // One that is still open is not there yet either, so a tree cannot contain itself.
        guard let anchored = anchors[name] else {
            throw YAMLRefusal(mark: mark, message: "the alias *\(name) has no complete &\(name) before it")
        }
        try count(anchored.nodes, at: mark)
        guard stack.count + anchored.depth <= Self.depthMax else {
            throw YAMLRefusal(mark: mark, message: "is nested more than \(Self.depthMax) levels deep")
        }
        return add(anchored.node, depth: anchored.depth)
    }

    private func refuseAsKey(at mark: YAMLEvents.Mark) throws(YAMLRefusal) {
        guard let top = stack.last, top.isMapping, top.key == nil else { return }
        throw YAMLRefusal(mark: mark, message: "a key is a single word here, not a list, a mapping or an alias")
    }

    /// Puts the node where it belongs; returns it when that is the top of the document.
    private mutating func add(_ node: ConfigNode, depth: Int) -> ConfigNode? {
        guard let top = stack.indices.last else { return node }
        stack[top].depth = max(stack[top].depth, depth + 1)
        guard stack[top].isMapping else {
            stack[top].items.append(node)
            return nil
        }
        if let key = stack[top].key {
            stack[top].members.append(ConfigNode.Member(key: key.text, keyLine: key.line, node: node))
            stack[top].key = nil
        }
        return nil
    }

    private mutating func count(_ more: Int, at mark: YAMLEvents.Mark) throws(YAMLRefusal) {
        nodes += more
        guard nodes <= Self.nodesMax else {
            throw YAMLRefusal(mark: mark, message: "has more than \(Self.nodesMax) values, aliases expanded")
        }
    }

    // MARK: - Scalars

    /// YAML 1.2.2 §10.3.2, the core schema.
    static func resolved(_ text: String) -> ConfigNode.Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .double(.nan)
        default: break
        }
        let bytes = Array(text.utf8)
        let isSigned = bytes[0] == 0x2B || bytes[0] == 0x2D
        let digits = bytes[(isSigned ? 1 : 0)...]
        guard let first = digits.first, isDigit(first) || first == 0x2E else { return .string(text) }
        if digits.allSatisfy(isDigit) {
            // Past 64 bits it is a number all the same, and no limit of ours takes one that large.
            return Int64(text).map { .int($0) } ?? Double(text).map { .double($0) } ?? .string(text)
        }
        if !isSigned, digits.count > 2, first == 0x30, digits[1] == 0x78 || digits[1] == 0x6F {
            // `Int64` would take a sign here.
            guard digits[2] != 0x2B, digits[2] != 0x2D else { return .string(text) }
            return Int64(text.dropFirst(2), radix: digits[1] == 0x78 ? 16 : 8).map { .int($0) } ?? .string(text)
        }
        switch String(decoding: digits, as: UTF8.self) {
        case ".inf", ".Inf", ".INF": return .double(bytes[0] == 0x2D ? -.infinity : .infinity)
        default: break
        }
        // `Double` also reads hexadecimal floats, "infinity" and the like, which YAML does not have.
        let isFloat = digits.allSatisfy { byte in
            isDigit(byte) || [0x2E, 0x65, 0x45, 0x2B, 0x2D].contains(byte)
        }
        guard isFloat, digits.contains(where: isDigit), let number = Double(text) else { return .string(text) }
        return .double(number)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    // MARK: - Words

    /// Adds what libyaml's text leaves out for the mistakes that are made most.
    private static func explained(_ refusal: YAMLRefusal, _ bytes: [UInt8]) -> YAMLRefusal {
        guard let mark = refusal.mark else { return refusal }
        var refusal = refusal
        let line =
            bytes.split(separator: 0x0A, maxSplits: mark.line, omittingEmptySubsequences: false)
            .dropFirst(mark.line - 1).first ?? []
        if line.prefix(while: { $0 == 0x20 || $0 == 0x09 }).contains(0x09) {
            refusal.hint = "the line is indented with a tab; YAML takes spaces only"
        } else if refusal.message.hasPrefix("mapping values are not allowed") {
            refusal.hint = "a value with \": \" in it stands in quotes; or the line is indented wrongly"
        } else if line.contains(where: { [0x5B, 0x5D, 0x7B, 0x7D, 0x2A, 0x26, 0x25, 0x40, 0x60].contains($0) }) {
            refusal.hint = "a value with any of [ ] { } * & % @ ` in it stands in quotes"
        }
        return refusal
    }
}
