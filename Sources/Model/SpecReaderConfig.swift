/// The whole configuration file.
extension SpecReader {
    static let topKeys = [
        "listeners", "trusted_proxies", "forwarded", "admin", "workers", "io", "state", "access_log", "limits",
        "timeouts", "health_check", "pools",
        "backends", "routes",
    ]

    /// Reads the whole file in its short and its long form; an empty document is an empty mapping.
    ///
    /// Nil when `issues` has an error; warnings do not stand in the way.
    ///
    /// A `health_check` at the top is that of every pool without its own. Backends are a list of URLs, a list of
    /// mappings with an optional `name`, or a mapping by name whose values are a URL or a mapping.
    package mutating func config(_ node: ConfigNode) -> Config? {
        let before = issues.count
        let fields = members(
            of: Field(node, at: ""),
            keys: Self.topKeys,
            otherWords: [
                "servers": "backends", "upstreams": "backends", "upstream": "backends", "targets": "backends",
                "listen": "listeners", "bind": "listeners", "frontends": "listeners", "port": "listeners",
                "log": "access_log", "healthcheck": "health_check", "threads": "workers", "state_dir": "state",
            ]
        )
        guard let fields else { return nil }
        var config = Config()
        process(fields, into: &config.process)

        let check = optional(fields["health_check"]).map { healthCheck($0) } ?? HealthCheckSpec()
        config.desired.setPool(DesiredState.defaultPool, PoolSpec(healthCheck: check))
        if let place = fields["pools"] { pools(place, checkedBy: check, into: &config.desired) }
        var places: [String: String] = [:]
        if let place = fields["backends"] {
            backends(place, into: &config.desired, places: &places)
            switch place.node.value {
            case .mapping: config.namesBackends = true
            // A list that came out empty is what a template with a mistake writes.
            case .sequence: config.namesBackends = !place.node.isEmptyContainer
            default: break
            }
        }
        if let place = fields["routes"], !place.node.isEmptyContainer {
            report(place, "routes are not available yet: everything goes to the pool \"\(DesiredState.defaultPool)\"")
        }
        for var issue in config.desired.validate() {
            issue.pointer = Self.moved(issue.pointer, to: places)
            issue.line = line(of: issue.pointer)
            report(issue)
        }
        warn(about: config.desired, declared: fields["backends"])
        return hasErrors(since: before) ? nil : config
    }

    // MARK: - Pools and backends

    private mutating func pools(_ field: Field, checkedBy check: HealthCheckSpec?, into desired: inout DesiredState) {
        for entry in entries(of: field, expected: "a mapping of pools by name") ?? [] {
            let spec = pool(entry.field, checkedBy: check)
            guard isName(entry.name, of: "pool", at: entry.field) else { continue }
            desired.setPool(entry.name, spec)
        }
    }

    /// `places` receives, for each backend of a list, where it stands: `/backends/2` by its name.
    private mutating func backends(_ field: Field, into desired: inout DesiredState, places: inout [String: String]) {
        var found: [DesiredState.Entry<BackendSpec>] = []
        switch field.node.value {
        case .sequence(let nodes):
            var seats: [String: (spec: BackendSpec, line: Int?)] = [:]
            for (index, node) in nodes.enumerated() {
                let item = Field(node, at: "\(field.pointer)/\(index)")
                lines[item.pointer] = node.line
                guard let entry = listed(item, in: desired) else { continue }
                if let first = seats[entry.name] {
                    collision(of: entry, with: first, at: item)
                    continue
                }
                seats[entry.name] = (entry.spec, node.line)
                places[entry.name] = item.pointer
                found.append(DesiredState.Entry(name: entry.name, spec: entry.spec))
            }
        case .mapping, .null:
            for (name, item) in entries(of: field, expected: "") ?? [] {
                let isValid = isName(name, of: "backend", at: item)
                guard let spec = urlOrBackend(item, in: desired).spec, isValid else { continue }
                found.append(DesiredState.Entry(name: name, spec: spec))
            }
        case .string(let text):
            report(
                field,
                "must be a list of URLs, or a mapping of backends by name",
                got: text,
                suggestion: "[\"\(text)\"]"
            )
        case .bool, .int, .double:
            report(
                field,
                "must be a list of URLs, or a mapping of backends by name, not \(field.node.kind)",
                got: field.node.written
            )
        }
        desired.appendBackends(found)
    }

    /// An item of a list: a URL, or a mapping with an optional name.
    private mutating func listed(
        _ item: Field,
        in desired: DesiredState
    ) -> (name: String, isGiven: Bool, spec: BackendSpec)? {
        let reading = urlOrBackend(item, in: desired, isListed: true)
        if let place = reading.name {
            guard let given = name(place, of: "backend"), let spec = reading.spec else { return nil }
            return (given, true, spec)
        }
        guard let spec = reading.spec else { return nil }
        let name = spec.url.defaultName
        guard BackendSpec.isName(name) else {
            report(
                item,
                "cannot be named \"\(name)\" after its URL; name it",
                got: spec.url.description,
                suggestion: "{name: web-1, url: \"\(spec.url)\"}"
            )
            return nil
        }
        return (name, false, spec)
    }

    private mutating func urlOrBackend(
        _ item: Field,
        in desired: DesiredState,
        isListed: Bool = false
    ) -> BackendReading {
        let reading: BackendReading
        switch item.node.value {
        case .mapping, .null:
            reading = backend(item, isListed: isListed)
        case .string, .int:
            reading = BackendReading(spec: url(item).map { BackendSpec(url: $0) })
        case .bool, .double, .sequence:
            report(item, "must be a URL or a mapping of url, pool, weight, not \(item.node.kind)")
            return BackendReading()
        }
        // With a spec, the check of the whole state finds this. Without, it would stay hidden until the next run.
        if reading.spec == nil, desired.pool(reading.pool) == nil {
            let pointer = item.pointer + "/pool"
            var issue = DesiredState.unknownPool(reading.pool, among: desired.pools.map(\.name), at: pointer)
            issue.line = line(of: pointer)
            report(issue)
        }
        return reading
    }

    private mutating func collision(
        of entry: (name: String, isGiven: Bool, spec: BackendSpec),
        with first: (spec: BackendSpec, line: Int?),
        at item: Field
    ) {
        let place = first.line.map { " in line \($0)" } ?? ""
        if entry.spec.url == first.spec.url, entry.spec.pool == first.spec.pool {
            report(
                item,
                "is the same backend as the one\(place); to give it a larger share, raise its weight",
                got: entry.spec.url.description
            )
        } else {
            let why = entry.isGiven ? "" : ", which is how a backend without a name is called after its URL"
            report(
                item,
                "the name \"\(entry.name)\" is taken by the backend\(place)\(why); names are unique",
                suggestion: "name: \(entry.name)-2"
            )
        }
    }

    // MARK: - The whole

    private mutating func warn(about desired: DesiredState, declared field: Field?) {
        for pool in desired.pools where pool.name != DesiredState.defaultPool {
            let pointer = "/pools/" + Self.escaped(pool.name)
            report(
                ConfigIssue(
                    severity: .warning,
                    pointer: pointer,
                    line: line(of: pointer),
                    message: "nothing routes to this pool yet: everything goes to \"\(DesiredState.defaultPool)\""
                )
            )
        }
        let isEmpty = field.map { $0.node.isEmptyContainer } ?? true
        if isEmpty {
            report(
                ConfigIssue(
                    severity: .warning,
                    pointer: "/backends",
                    line: field?.line,
                    message: "there are none: requests get 503 until one is added through the admin API",
                    suggestion: "lbctl add backend http://127.0.0.1:8080"
                )
            )
        }
    }

    /// The line of the pointer, or of what it is in.
    private func line(of pointer: String) -> Int? {
        var rest = pointer[...]
        while !rest.isEmpty {
            if let line = lines[String(rest)] { return line }
            rest = rest[..<(rest.lastIndex(of: "/") ?? rest.startIndex)]
        }
        return nil
    }

    /// `/backends/NAME/url` as `/backends/2/url` when the backend of that name stood in a list.
    private static func moved(_ pointer: String, to places: [String: String]) -> String {
        let parts = pointer.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[1] == "backends", let place = places[String(parts[2])] else { return pointer }
        return place + parts[3...].map { "/" + $0 }.joined()
    }
}

extension ConfigNode {
    var isEmptyContainer: Bool {
        switch value {
        case .null: true
        case .sequence(let nodes): nodes.isEmpty
        case .mapping(let members): members.isEmpty
        case .bool, .int, .double, .string: false
        }
    }
}
