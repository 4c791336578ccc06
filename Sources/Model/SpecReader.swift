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

    package init() {}

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

    static let backendKeys = ["url", "pool", "weight", "max_requests"]
    static let poolKeys = ["algorithm", "health_check"]
    static let healthCheckKeys = ["path", "interval", "timeout", "rise", "fall", "expect"]

    /// Reads a mapping of url, pool, weight and max_requests; nil when an error was found.
    ///
    /// Whether the pool exists is `DesiredState.validate`'s to say. `pointer` is where the node is in the whole document
    /// (RFC 6901), and begins the pointers of the issues. `ignored` keys are passed over in silence, such as those of an
    /// answer that is sent back.
    package mutating func backend(
        _ node: ConfigNode,
        at pointer: String,
        ignoring ignored: Set<String> = []
    ) -> BackendSpec? {
        let before = issues.count
        let spec = backend(Field(node, at: pointer), ignoring: ignored).spec
        return hasErrors(since: before) ? nil : spec
    }

    /// Reads a mapping of algorithm and health_check, where the latter is a mapping, or off, false or null; nil when an
    /// error was found.
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

    mutating func backend(_ field: Field, ignoring ignored: Set<String> = [], isListed: Bool = false) -> BackendReading
    {
        var reading = BackendReading()
        let fields = members(
            of: field,
            keys: (isListed ? ["name"] : []) + Self.backendKeys,
            ignoring: ignored,
            otherWords: ["address": "url", "host": "url", "server": "url", "target": "url", "backend": "url"]
        )
        guard let fields else { return reading }
        reading.name = fields["name"]
        if let pool = fields["pool"].flatMap({ name($0, of: "pool") }) { reading.pool = pool }
        let weight = fields["weight"].flatMap { integer($0, in: 0...BackendSpec.weightMax) }
        let requestsMax = fields["max_requests"].flatMap { integer($0, in: 0...BackendSpec.requestsMaxMax) }
        guard let place = fields["url"] else {
            let url = Field(ConfigNode(.null), at: field.pointer + "/url", keyLine: field.line)
            report(url, "is missing", suggestion: "url: http://HOST:PORT")
            return reading
        }
        guard let url = url(place) else { return reading }
        reading.spec = BackendSpec(url: url, pool: reading.pool, weight: weight ?? 1, requestsMax: requestsMax ?? 0)
        return reading
    }

    /// `check` is the health check of a pool that says nothing about its own.
    mutating func pool(
        _ field: Field,
        ignoring ignored: Set<String> = [],
        checkedBy check: HealthCheckSpec?
    ) -> PoolSpec {
        var spec = PoolSpec(healthCheck: check)
        guard let fields = members(of: field, keys: Self.poolKeys, ignoring: ignored) else { return spec }
        if let place = fields["algorithm"], let found = algorithm(place) { spec.algorithm = found }
        if let place = fields["health_check"] { spec.healthCheck = healthCheck(place) }
        return spec
    }

    /// Nil is off; after an error it is what could be read, with defaults for the rest.
    mutating func healthCheck(_ field: Field) -> HealthCheckSpec? {
        var spec = HealthCheckSpec()
        switch field.node.value {
        case .null:
            // In a file this is also what is left when somebody comments out the lines below the key.
            if field.line != nil {
                report(
                    field,
                    "has no value, which switches health checks off",
                    suggestion: "off",
                    severity: .warning
                )
            }
            return nil
        case .bool(false), .string("off"):
            return nil
        case .string(let text) where text.hasPrefix("/"):
            report(field, "must be a mapping, or off", got: text, suggestion: "{path: \(text)}")
            return spec
        case .mapping:
            break
        case .bool, .int, .double, .string, .sequence:
            report(field, "must be a mapping, or off, not \(field.node.kind)", got: field.node.written)
            return spec
        }
        guard let fields = members(of: field, keys: Self.healthCheckKeys) else { return spec }
        if let place = fields["path"], let path = requestPath(place) { spec.path = path }
        var intervalIsRead = true
        if let place = fields["interval"] {
            let span = duration(place, in: HealthCheckSpec.intervalMin...Self.intervalMax)
            spec.interval = span ?? spec.interval
            intervalIsRead = span != nil
        }
        if let place = fields["timeout"] {
            if let span = duration(place, in: Self.timeoutMin...Self.intervalMax) {
                // A check that outlives its interval would have to be cut short by the next one, or overtake it.
                if span > spec.interval, intervalIsRead {
                    report(
                        place,
                        "must not be longer than the interval, which is \(spec.interval)",
                        got: "\(span)",
                        suggestion: "\(spec.interval)"
                    )
                }
                spec.timeout = span
            }
        } else {
            // `interval: 1s` alone shall not be an error about a timeout that nobody wrote.
            spec.timeout = min(spec.timeout, spec.interval)
        }
        if let place = fields["rise"], let count = integer(place, in: Self.thresholds) { spec.rise = count }
        if let place = fields["fall"], let count = integer(place, in: Self.thresholds) { spec.fall = count }
        if let place = fields["expect"], let set = statusSet(place) { spec.expect = set }
        return spec
    }

    static let intervalMax = TimeSpan.seconds(3600)
    /// Timers have millisecond steps: a shorter wait is none.
    static let timeoutMin = TimeSpan.milliseconds(1)
    static let thresholds = 1...100

    private mutating func algorithm(_ field: Field) -> Algorithm? {
        guard let text = string(field) else { return nil }
        if let algorithm = Algorithm(rawValue: text) { return algorithm }
        let known = Algorithm.allCases.map(\.rawValue)
        report(
            field,
            "is not an algorithm of this build, which has \(known.joined(separator: ", "))",
            got: text,
            suggestion: Spelling.nearest(text, among: known)
        )
        return nil
    }

    private mutating func requestPath(_ field: Field) -> String? {
        guard let text = string(field) else { return nil }
        guard text.hasPrefix("/") else {
            let visible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.isEmpty
            // A whole URL is a likely slip: the check goes to the backend's own URL, only its path is asked for.
            let isURL = text.hasPrefix("http:") || text.hasPrefix("https:")
            report(field, "must begin with /", got: text, suggestion: visible && !isURL ? "/" + text : nil)
            return nil
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else {
            report(field, "must be visible ASCII without #; write anything else as %XX", got: text)
            return nil
        }
        guard text.utf8.count <= Self.pathBytesMax else {
            report(field, "must have at most \(Self.pathBytesMax) bytes, and has \(text.utf8.count)")
            return nil
        }
        return text
    }

    static let pathBytesMax = 1024

    private mutating func statusSet(_ field: Field) -> StatusSet? {
        let text: String
        switch field.node.value {
        case .int(let number): text = "\(number)"
        case .string(let written): text = written
        case .null, .bool, .double, .sequence, .mapping:
            report(
                field,
                "must be statuses such as 200, \"200-399\" or \"200,204\", not \(field.node.kind)",
                got: field.node.written
            )
            return nil
        }
        if let set = StatusSet(text) { return set }
        let squeezed = StatusSet(text.filter { $0 != " " })
        report(
            field,
            "must be statuses from 100 to 599 such as 200, \"200-399\" or \"200,204\"",
            got: text,
            suggestion: squeezed?.description
        )
        return nil
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
    static func escaped(_ key: String) -> String {
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
