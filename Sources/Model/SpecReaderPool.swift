/// Pools and health checks.
extension SpecReader {
    static let poolKeys = [
        "algorithm", "hash_by", "sticky", "slow_start", "panic_threshold", "min_ready", "drain", "health_check",
        "passive", "retry", "timeouts", "on_client_fin",
    ]
    static let healthCheckKeys = [
        "type", "path", "interval", "timeout", "rise", "fall", "expect", "host", "headers", "body", "start",
    ]

    static let intervalMax = TimeSpan.seconds(3600)
    /// Timers have millisecond steps: a shorter wait is none.
    static let timeoutMin = TimeSpan.milliseconds(1)
    static let thresholds = 1...100
    static let pathBytesMax = 1024

    /// `check` is the health check of a pool that says nothing about its own.
    mutating func pool(
        _ field: Field,
        ignoring ignored: Set<String> = [],
        checkedBy check: HealthCheckSpec?
    ) -> PoolSpec {
        var spec = PoolSpec(healthCheck: check)
        let others = [
            "balance": "algorithm", "lb_policy": "algorithm", "healthcheck": "health_check", "hash": "hash_by",
        ]
        guard let fields = members(of: field, keys: Self.poolKeys, ignoring: ignored, otherWords: others) else {
            return spec
        }
        if let place = fields["algorithm"], let found: Algorithm = word(place) { spec.algorithm = found }
        if let place = fields["hash_by"], let found = hashKey(place) { spec.hashBy = found }
        if let place = optional(fields["sticky"]) { spec.sticky = sticky(place) }
        if let place = fields["slow_start"], let span = duration(place, in: .zero...PoolSpec.slowStartMax) {
            spec.slowStart = span
        }
        if let place = fields["panic_threshold"], let share = ratio(place) { spec.panicThreshold = share }
        if let place = fields["min_ready"], let count = integer(place, in: 0...PoolSpec.minReadyMax) {
            spec.minReady = count
        }
        if let place = fields["drain"], let span = duration(place, in: .zero...PoolSpec.drainMax) { spec.drain = span }
        if let place = optional(fields["health_check"]) { spec.healthCheck = healthCheck(place) }
        if let place = optional(fields["passive"]) { spec.passive = passive(place) }
        if let place = fields["retry"] { spec.retry = retry(place) }
        if let place = fields["timeouts"] { spec.timeouts = poolTimeouts(place) }
        if let place = fields["on_client_fin"], let found: ClientFin = word(place) { spec.onClientFin = found }
        return spec
    }

    private mutating func hashKey(_ field: Field) -> HashKey? {
        guard let text = string(field) else { return nil }
        if let key = HashKey(text) { return key }
        report(
            field,
            "must be client_ip, path, uri, header:NAME or cookie:NAME",
            got: text,
            suggestion: Spelling.nearest(text, among: ["client_ip", "path", "uri"])
        )
        return nil
    }

    /// Nil is off.
    private mutating func sticky(_ field: Field) -> StickySpec? {
        if isOff(field) { return nil }
        var spec = StickySpec()
        guard let fields = members(of: field, keys: ["cookie", "ttl"]) else { return nil }
        if let place = fields["cookie"], let name = string(place) {
            if FieldToken.isToken(name), name.utf8.count <= FieldToken.bytesMax {
                spec.cookie = name
            } else {
                report(
                    place,
                    "must be a cookie's name: 1 to \(FieldToken.bytesMax) letters, digits or !#$%&'*+-.^_`|~",
                    got: name
                )
            }
        }
        if let place = fields["ttl"], let span = duration(place, in: .zero...TimeSpan.longest) { spec.ttl = span }
        return spec
    }

    /// Nil is off.
    private mutating func passive(_ field: Field) -> PassiveSpec? {
        if isOff(field) { return nil }
        var spec = PassiveSpec()
        guard let fields = members(of: field, keys: Self.passiveKeys) else {
            return spec
        }
        if let place = fields["errors"], let count = integer(place, in: 1...PassiveSpec.errorsMax) {
            spec.errors = count
        }
        let spans = Self.ejectMin...Self.intervalMax
        if let place = fields["eject"], let span = duration(place, in: spans) { spec.eject = span }
        if let place = fields["eject_max"], let span = duration(place, in: spans) {
            spec.ejectMax = span
        } else {
            spec.ejectMax = max(spec.ejectMax, spec.eject)
        }
        if spec.ejectMax < spec.eject, let place = fields["eject_max"] {
            report(
                place,
                "must not be shorter than eject, which is \(spec.eject)",
                got: "\(spec.ejectMax)",
                suggestion: "\(spec.eject)"
            )
        }
        if let place = fields["max_ejected"], let share = ratio(place) { spec.maxEjected = share }
        if let place = fields["http_5xx"], let count = integer(place, in: 0...PassiveSpec.errorsMax) {
            spec.serverErrors = count
        }
        if let place = fields["http_5xx_share"], let share = ratio(place) { spec.serverErrorShare = share }
        if let place = fields["volume"], let count = integer(place, in: 1...PassiveSpec.volumeMax) {
            spec.volume = count
        }
        return spec
    }

    private static let passiveKeys = [
        "errors", "eject", "eject_max", "max_ejected", "http_5xx", "http_5xx_share", "volume",
    ]
    private static let ejectMin = TimeSpan.milliseconds(100)

    private mutating func retry(_ field: Field) -> RetrySpec {
        var spec = RetrySpec()
        guard let fields = members(of: field, keys: ["max", "budget", "on"]) else { return spec }
        if let place = fields["max"], let count = integer(place, in: 0...RetrySpec.maxMax) { spec.max = count }
        if let place = fields["budget"], let share = ratio(place) { spec.budget = share }
        if let place = fields["on"] { spec.on = retryCauses(place) }
        return spec
    }

    private mutating func retryCauses(_ field: Field) -> RetryCauses {
        let known = RetryCauses.words.map(\.word)
        var found: RetryCauses = []
        guard case .sequence(let nodes) = field.node.value else {
            if case .null = field.node.value { return found }
            report(
                field,
                "must be a list of \(known.joined(separator: ", "))",
                got: field.node.written,
                suggestion: field.node.written.flatMap { known.contains($0) ? "[\($0)]" : nil }
            )
            return found
        }
        for (index, node) in nodes.enumerated() {
            let item = Field(node, at: "\(field.pointer)/\(index)")
            let text = node.written ?? ""
            if let entry = RetryCauses.words.first(where: { $0.word == text }) {
                found.insert(entry.cause)
            } else {
                report(
                    item,
                    "must be one of \(known.joined(separator: ", "))",
                    got: node.written,
                    suggestion: Spelling.nearest(text, among: known)
                )
            }
        }
        return found
    }

    private mutating func poolTimeouts(_ field: Field) -> PoolTimeouts {
        var spec = PoolTimeouts()
        let keys = ["connect", "queue", "response_first_byte", "response_stall", "total"]
        guard let fields = members(of: field, keys: keys) else { return spec }
        let spans = Self.timeoutMin...TimeSpan.seconds(86_400)
        if let place = optional(fields["connect"]) { spec.connect = duration(place, in: spans) }
        if let place = optional(fields["queue"]) { spec.queue = duration(place, in: spans) }
        if let place = optional(fields["response_first_byte"]) { spec.responseFirstByte = duration(place, in: spans) }
        if let place = optional(fields["response_stall"]) { spec.responseStall = duration(place, in: spans) }
        if let place = optional(fields["total"]), !isOff(place) { spec.total = duration(place, in: spans) }
        return spec
    }

    // MARK: - Health checks

    /// Nil is off; after an error it is what could be read, with defaults for the rest.
    mutating func healthCheck(_ field: Field) -> HealthCheckSpec? {
        if isOff(field) { return nil }
        let before = issues.count
        let spec = healthCheckPatch(field).applied(to: HealthCheckSpec())
        // Beside an interval that could not be read the default one stands in, and would be complained of in vain.
        if spec.timeout > spec.interval, !hasErrors(since: before) {
            report(Self.overlong(spec, at: field.pointer, line: lines[field.pointer + "/timeout"]))
        }
        return spec
    }

    /// A check that outlives its interval would have to be cut short by the next one, or overtake it.
    static func overlong(_ spec: HealthCheckSpec, at pointer: String, line: Int? = nil) -> ConfigIssue {
        ConfigIssue(
            pointer: pointer + "/timeout",
            line: line,
            message: "must not be longer than the interval, which is \(spec.interval)",
            got: "\(spec.timeout)",
            suggestion: "\(spec.interval)"
        )
    }

    /// What a backend says of its own check.
    mutating func backendCheck(_ field: Field) -> BackendCheck {
        if case .null = field.node.value { return .asPool }
        if isOff(field) { return .off }
        let patch = healthCheckPatch(field)
        return patch == HealthCheckPatch() ? .asPool : .adjusted(patch)
    }

    private mutating func healthCheckPatch(_ field: Field) -> HealthCheckPatch {
        var patch = HealthCheckPatch()
        switch field.node.value {
        case .mapping, .null:
            break
        case .string(let text) where text.hasPrefix("/"):
            report(field, "must be a mapping, or off", got: text, suggestion: "{path: \(text)}")
            return patch
        case .bool, .int, .double, .string, .sequence:
            report(field, "must be a mapping, or off, not \(field.node.kind)", got: field.node.written)
            return patch
        }
        guard let fields = members(of: field, keys: Self.healthCheckKeys) else { return patch }
        if let place = fields["type"] { patch.kind = word(place) }
        if let place = fields["path"] { patch.path = requestPath(place) }
        if let place = fields["interval"] {
            patch.interval = duration(place, in: HealthCheckSpec.intervalMin...Self.intervalMax)
        }
        if let place = fields["timeout"] { patch.timeout = duration(place, in: Self.timeoutMin...Self.intervalMax) }
        if let place = fields["rise"] { patch.rise = integer(place, in: Self.thresholds) }
        if let place = fields["fall"] { patch.fall = integer(place, in: Self.thresholds) }
        if let place = fields["expect"] { patch.expect = statusSet(place) }
        if let place = optional(fields["host"]) { patch.host = fieldValue(place, bytesMax: 255) }
        if let place = fields["headers"] { patch.headers = headers(place) }
        if let place = optional(fields["body"]) {
            patch.body = string(place).map { ExactText($0) }
            if let text = patch.body?.string, text.isEmpty || text.utf8.count > HealthCheckSpec.bodyBytesMax {
                report(place, "must have 1 to \(HealthCheckSpec.bodyBytesMax) bytes", got: text)
                patch.body = nil
            } else if let text = patch.body?.string, !isStored, text.unicodeScalars.contains(where: Self.isUnfit) {
                report(place, "must have no control characters but line breaks and tabs", got: text)
                patch.body = nil
            }
        }
        if let place = fields["start"] { patch.start = word(place) }
        return patch
    }

    /// A page may be told by its lines; nobody looks for what drives a terminal.
    private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isControl && scalar != "\n" && scalar != "\r" && scalar != "\t"
    }

    private mutating func headers(_ field: Field) -> HealthCheckSpec.Headers {
        var found: [HealthCheckSpec.Header] = []
        guard let members = entries(of: field, expected: "a mapping of header fields") else {
            return HealthCheckSpec.Headers()
        }
        if members.count > HealthCheckSpec.headersMax {
            report(field, "has \(members.count) fields, and at most \(HealthCheckSpec.headersMax) fit")
        }
        // What says where a message ends is not the user's to write.
        let ours: Set<String> = [
            "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer",
        ]
        for (name, value) in members.prefix(HealthCheckSpec.headersMax) {
            guard FieldToken.isToken(name), name.utf8.count <= FieldToken.bytesMax else {
                report(value, "is not the name of a header field", got: name)
                continue
            }
            guard !ours.contains(name.lowercased()) else {
                let how = name.lowercased() == "host" ? "write it as host, beside headers" : "it is part of the check"
                report(value, "cannot be set here: \(how)", got: name)
                continue
            }
            if let text = fieldValue(value, bytesMax: 1024) { found.append(.init(name: name, value: text)) }
        }
        return HealthCheckSpec.Headers(found)
    }

    /// RFC 9110 §5.5, in visible ASCII and spaces within.
    private mutating func fieldValue(_ field: Field, bytesMax: Int) -> String? {
        guard let text = string(field) else { return nil }
        let isValue =
            (1...bytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            && text.utf8.first != 0x20 && text.utf8.last != 0x20
        guard isValue else {
            report(field, "must be 1 to \(bytesMax) characters of visible ASCII, with spaces only within", got: text)
            return nil
        }
        return text
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
}
