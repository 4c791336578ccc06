/// Turns a `ConfigNode` tree into typed values and gathers all issues at once, each with its pointer, its line where the
/// document has lines, the value that caused it and what was probably meant.
///
/// One reader reads one document; `issues` grows with every call. A wrong value is reported and stands in as its default
/// while the rest is read, so that one run shows everything there is to repair.
package struct SpecReader {
    /// Errors and warnings in the order they were found.
    package private(set) var issues: [ConfigIssue] = []
    /// Where a pointer stands in the file, for the issues that are found when the tree has become values.
    var lines: [String: Int] = [:]

    /// Takes control characters where new texts may not have any.
    let isStored: Bool

    /// - Parameter isStored: The document was taken before: by rules that may have been wider.
    package init(isStored: Bool = false) { self.isStored = isStored }

    /// A value of the document and where it stands.
    struct Field {
        let node: ConfigNode
        let pointer: String
        let keyLine: Int?

        init(_ node: ConfigNode, at pointer: String, keyLine: Int? = nil) {
            self.node = node
            self.pointer = pointer
            self.keyLine = keyLine
        }

        /// The line to send the reader to: of a mapping or list its key's, for its own line is its first child's.
        var line: Int? {
            switch node.value {
            case .mapping, .sequence: keyLine ?? node.line
            default: node.line ?? keyLine
            }
        }
    }

    // MARK: - Backends and pools

    static let backendKeys = [
        "url", "pool", "weight", "max_requests", "state", "backup", "slow_start", "labels", "health_check",
    ]
    private static let listedBackendKeys = ["name"] + backendKeys
    /// What other programs call a key of ours.
    private static let otherBackendWords = [
        "address": "url", "host": "url", "server": "url", "target": "url", "backend": "url",
    ]

    /// Reads a backend's mapping; nil when an error was found.
    ///
    /// Whether the pool exists is `DesiredState.validate`'s to say. `pointer` is where the node is in the whole document
    /// (RFC 6901), and begins the pointers of the issues. `ignored` keys are passed over in silence, such as those of an
    /// answer that is sent back. What the node does not name is as `base` has it, and without one as by default.
    package mutating func backend(
        _ node: ConfigNode,
        at pointer: String,
        ignoring ignored: Set<String> = [],
        onto base: BackendSpec? = nil
    ) -> BackendSpec? {
        let before = issues.count
        let spec = backend(Field(node, at: pointer), ignoring: ignored, onto: base).spec
        return hasErrors(since: before) ? nil : spec
    }

    /// Reads a pool's mapping; nil when an error was found.
    ///
    /// `pointer` and `ignored` are those of `backend`.
    package mutating func pool(_ node: ConfigNode, at pointer: String, ignoring ignored: Set<String> = []) -> PoolSpec?
    {
        let before = issues.count
        let spec = pool(Field(node, at: pointer), ignoring: ignored, checkedBy: HealthCheckSpec())
        return hasErrors(since: before) ? nil : spec
    }

    /// What could be read of a backend.
    ///
    /// `pool` is there even where `spec`, for want of a URL, is not.
    struct BackendReading {
        var spec: BackendSpec?
        var pool = DesiredState.defaultPool
        /// In a list, the key that names it.
        var name: Field?
    }

    mutating func backend(
        _ field: Field,
        ignoring ignored: Set<String> = [],
        isListed: Bool = false,
        onto base: BackendSpec? = nil
    ) -> BackendReading {
        var reading = BackendReading()
        let fields = members(
            of: field,
            keys: isListed ? Self.listedBackendKeys : Self.backendKeys,
            ignoring: ignored,
            otherWords: Self.otherBackendWords
        )
        guard let fields else { return reading }
        reading.name = fields["name"]
        if let base { reading.pool = base.pool }
        if let pool = fields["pool"].flatMap({ name($0, of: "pool") }) { reading.pool = pool }
        let weight = fields["weight"].flatMap { integer($0, in: 0...BackendSpec.weightMax) }
        let requestsMax = fields["max_requests"].flatMap { integer($0, in: 0...BackendSpec.requestsMaxMax) }
        let state: BackendState? = fields["state"].flatMap { word($0) }
        let isBackup = fields["backup"].flatMap { boolean($0) }
        let slowStart = fields["slow_start"].map { place in
            optional(place).flatMap { duration($0, in: .zero...PoolSpec.slowStartMax) }
        }
        let labels = fields["labels"].map { self.labels($0) }
        let check = fields["health_check"].map { backendCheck($0) }
        guard let url = fields["url"].map({ self.url($0) }) ?? base?.url else {
            if fields["url"] != nil { return reading }
            let url = Field(ConfigNode(.null), at: field.pointer + "/url", keyLine: field.line)
            report(url, "is missing", suggestion: "url: http://HOST:PORT")
            return reading
        }
        var spec = base ?? BackendSpec(url: url)
        spec.url = url
        spec.pool = reading.pool
        if let weight { spec.weight = weight }
        if let requestsMax { spec.requestsMax = requestsMax }
        if let state { spec.state = state }
        if let isBackup { spec.isBackup = isBackup }
        if let slowStart { spec.slowStart = slowStart }
        if let labels { spec.labels = labels }
        if let check { spec.healthCheck = check }
        reading.spec = spec
        return reading
    }

    private mutating func labels(_ field: Field) -> [String: ExactText] {
        var found: [String: ExactText] = [:]
        guard let members = entries(of: field, expected: "a mapping of strings") else { return found }
        if members.count > BackendSpec.labelsMax {
            report(field, "has \(members.count) labels, and at most \(BackendSpec.labelsMax) fit")
        }
        for (key, value) in members.prefix(BackendSpec.labelsMax) {
            guard BackendSpec.isLabelKey(key) else {
                report(value, "a label's key has 1 to 64 characters of A-Z a-z 0-9 . _ / -", got: key)
                continue
            }
            guard let text = string(value) else { continue }
            guard text.utf8.count <= BackendSpec.labelBytesMax, isStored || !text.hasControls else {
                report(
                    value,
                    "must have at most \(BackendSpec.labelBytesMax) bytes and no control characters",
                    got: text
                )
                continue
            }
            found[key] = ExactText(text)
        }
        return found
    }

    mutating func url(_ field: Field) -> BackendURL? {
        switch field.node.value {
        case .string(let text):
            do {
                return try BackendURL(text)
            } catch let refusal {
                report(
                    field,
                    "is not a backend's URL: \(refusal.message)",
                    got: text,
                    suggestion: refusal.suggestion
                )
            }
        case .int(let port) where (1...65535).contains(port):
            report(
                field,
                "must be a URL, not a number",
                got: "\(port)",
                suggestion: "http://127.0.0.1:\(port)"
            )
        case .null, .bool, .int, .double, .sequence, .mapping:
            report(field, "must be a URL, not \(field.node.kind)", got: field.node.written)
        }
        return nil
    }

    // MARK: - Issues

    mutating func report(
        _ field: Field,
        _ message: String,
        got: String? = nil,
        suggestion: String? = nil,
        severity: ConfigIssue.Severity = .error
    ) {
        report(
            ConfigIssue(
                severity: severity,
                pointer: field.pointer,
                line: field.line,
                message: message,
                got: got.map(Self.shortened),
                suggestion: suggestion
            )
        )
    }

    mutating func report(_ issue: ConfigIssue) { issues.append(issue) }

    func hasErrors(since index: Int) -> Bool { issues[index...].contains { $0.severity == .error } }

    /// A megabyte of rubbish shall not be repeated in full.
    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 200 ? text : text.prefix(100) + "…"
    }

    /// RFC 6901 §3: `~` and `/` in a key.
    package static func escaped(_ key: String) -> String {
        guard key.utf8.contains(where: { $0 == 0x7E || $0 == 0x2F }) else { return key }
        return key.reduce(into: "") { text, character in
            switch character {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.append(character)
            }
        }
    }
}
