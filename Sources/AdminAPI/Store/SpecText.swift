import Model

/// Specs as JSON: the members that answers show and that the store keeps.
///
/// Equal specs have equal texts: keys stand in order, every member is spelled out.
enum SpecText {
    /// Written out, and not made of `members`: a change of a thousand backends takes some thousands of these.
    static func text(of spec: BackendSpec) -> String {
        var text = JSONText()
        text.object { text in write(spec, into: &text) }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Adds the members of a spec, and what the caller has to add among them.
    static func write(
        _ spec: BackendSpec,
        into text: inout JSONText,
        name: String? = nil,
        status: (inout JSONText) -> Void = { _ in }
    ) {
        text.add("backup", spec.isBackup)
        text.add("health_check", check(spec.healthCheck))
        text.add("labels", labels(spec))
        text.add("max_requests", spec.requestsMax)
        if let name { text.add("name", name) }
        text.add("pool", spec.pool)
        text.add("slow_start", spec.slowStart?.description)
        text.add("state", spec.state.rawValue)
        status(&text)
        text.add("url", spec.url.description)
        text.add("weight", spec.weight)
    }

    static func text(of spec: PoolSpec) -> String { string(.object(members(of: spec))) }

    static func members(of spec: BackendSpec) -> JSONObject {
        [
            "url": .string(spec.url.description), "pool": .string(spec.pool), "weight": .int(Int64(spec.weight)),
            "max_requests": .int(Int64(spec.requestsMax)), "state": .string(spec.state.rawValue),
            "backup": .bool(spec.isBackup), "slow_start": .text(spec.slowStart?.description),
            "labels": labels(spec), "health_check": check(spec.healthCheck),
        ]
    }

    /// Those members of one spec that another has otherwise.
    static func members(of spec: BackendSpec, unlike other: BackendSpec) -> JSONObject {
        var members: JSONObject = [:]
        if spec.url != other.url { members["url"] = .string(spec.url.description) }
        if spec.pool != other.pool { members["pool"] = .string(spec.pool) }
        if spec.weight != other.weight { members["weight"] = .int(Int64(spec.weight)) }
        if spec.requestsMax != other.requestsMax { members["max_requests"] = .int(Int64(spec.requestsMax)) }
        if spec.state != other.state { members["state"] = .string(spec.state.rawValue) }
        if spec.isBackup != other.isBackup { members["backup"] = .bool(spec.isBackup) }
        if spec.slowStart != other.slowStart { members["slow_start"] = .text(spec.slowStart?.description) }
        if spec.labels != other.labels { members["labels"] = labels(spec) }
        if spec.healthCheck != other.healthCheck { members["health_check"] = check(spec.healthCheck) }
        return members
    }

    static func members(of spec: PoolSpec) -> JSONObject {
        [
            "algorithm": .string(spec.algorithm.rawValue), "hash_by": .string(spec.hashBy.description),
            "sticky": spec.sticky.map { ["cookie": .string($0.cookie), "ttl": .string($0.ttl.description)] } ?? "off",
            "slow_start": .string(spec.slowStart.description), "panic_threshold": .double(spec.panicThreshold),
            "min_ready": .int(Int64(spec.minReady)), "drain": .string(spec.drain.description),
            "health_check": spec.healthCheck.map { check(HealthCheckPatch($0)) } ?? "off",
            "passive": spec.passive.map { passive in
                [
                    "errors": .int(Int64(passive.errors)), "eject": .string(passive.eject.description),
                    "eject_max": .string(passive.ejectMax.description), "max_ejected": .double(passive.maxEjected),
                    "http_5xx": .int(Int64(passive.serverErrors)),
                    "http_5xx_share": .double(passive.serverErrorShare), "volume": .int(Int64(passive.volume)),
                ]
            } ?? "off",
            "retry": [
                "max": .int(Int64(spec.retry.max)), "budget": .double(spec.retry.budget),
                "on": .array(spec.retry.on.words.map { word in Int64(word).map { .int($0) } ?? .string(word) }),
            ],
            "timeouts": [
                "connect": .text(spec.timeouts.connect?.description), "queue": .text(spec.timeouts.queue?.description),
                "response_first_byte": .text(spec.timeouts.responseFirstByte?.description),
                "response_stall": .text(spec.timeouts.responseStall?.description),
                "total": .text(spec.timeouts.total?.description),
            ],
            "on_client_fin": .string(spec.onClientFin.rawValue),
        ]
    }

    private static func labels(_ spec: BackendSpec) -> JSONValue {
        .object(JSONObject(spec.labels.map { (key: $0.key, value: .string($0.value.string)) }))
    }

    private static func check(_ check: BackendCheck) -> JSONValue {
        switch check {
        case .asPool: .null
        case .off: "off"
        case .adjusted(let patch): self.check(patch)
        }
    }

    /// Only what is spelled out; of a whole check that is all but a `host` and a `body` that it does not have.
    private static func check(_ patch: HealthCheckPatch) -> JSONValue {
        var members: JSONObject = [:]
        members["type"] = patch.kind.map { .string($0.rawValue) }
        members["path"] = patch.path.map { .string($0) }
        members["interval"] = patch.interval.map { .string($0.description) }
        members["timeout"] = patch.timeout.map { .string($0.description) }
        members["rise"] = patch.rise.map { .int(Int64($0)) }
        members["fall"] = patch.fall.map { .int(Int64($0)) }
        members["expect"] = patch.expect.map { .string($0.description) }
        members["host"] = patch.host.map { .string($0) }
        members["headers"] = patch.headers.map { headers in
            .object(JSONObject(headers.map { (key: $0.name, value: .string($0.value)) }))
        }
        members["body"] = patch.body.map { .string($0.string) }
        members["start"] = patch.start.map { .string($0.rawValue) }
        return .object(members)
    }

    /// Reads a stored text: by the rules of the configuration file, so that a member a later version adds has its
    /// default in an old text. Nil for what is no spec.
    static func backend(_ text: String) -> BackendSpec? {
        guard let node = try? JSONReader.read(Array(text.utf8)) else { return nil }
        var reader = SpecReader(isStored: true)
        guard let spec = reader.backend(node, at: "", ignoring: []), reader.issues.isEmpty else { return nil }
        return spec
    }

    /// As `backend`.
    static func pool(_ text: String) -> PoolSpec? {
        guard let node = try? JSONReader.read(Array(text.utf8)) else { return nil }
        var reader = SpecReader(isStored: true)
        guard let spec = reader.pool(node, at: "", ignoring: []), reader.issues.isEmpty else { return nil }
        return spec
    }

    /// A spec in a line for people: what is not as usual is named.
    static func words(_ spec: BackendSpec) -> String {
        var words = "\(spec.url) pool=\(spec.pool) weight=\(spec.weight)"
        if spec.requestsMax != 0 { words += " max_requests=\(spec.requestsMax)" }
        if spec.state != .ready { words += " state=\(spec.state.rawValue)" }
        if spec.isBackup { words += " backup" }
        if let span = spec.slowStart { words += " slow_start=\(span)" }
        for (key, value) in spec.labels.sorted(by: { $0.key < $1.key }) { words += " \(key)=\(value)" }
        switch spec.healthCheck {
        case .asPool: break
        case .off: words += " health_check=off"
        case .adjusted: words += " health_check=its own"
        }
        return words
    }

    /// As for a backend.
    static func words(_ spec: PoolSpec) -> String {
        let unusual = SpecDifference.between(
            .object(members(of: PoolSpec())),
            .object(members(of: spec))
        ).map { "\($0.name)=\(SpecDifference.words($0.after))" }
        return unusual.isEmpty ? "as usual" : unusual.joined(separator: " ")
    }

    private static func string(_ value: JSONValue) -> String {
        String(decoding: value.encoded(pretty: false), as: UTF8.self)
    }
}
