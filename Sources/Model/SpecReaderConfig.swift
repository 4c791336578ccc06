/// The whole configuration file.
extension SpecReader {
    static let topKeys = [
        "listeners", "admin", "workers", "io", "state", "access_log", "limits", "timeouts", "health_check", "pools",
        "backends", "routes",
    ]

    /// Reads the whole file in its short and its long form; an empty document is an empty mapping. Nil when `issues`
    /// has an error; warnings do not stand in the way.
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

        let check = fields["health_check"].map { healthCheck($0) } ?? HealthCheckSpec()
        config.desired.setPool(DesiredState.defaultPool, PoolSpec(healthCheck: check))
        if let place = fields["pools"] { pools(place, checkedBy: check, into: &config.desired) }
        var places: [String: String] = [:]
        if let place = fields["backends"] { backends(place, into: &config.desired, places: &places) }
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

    /// - Parameter places: Receives, for each backend of a list, where it stands: `/backends/2` by its name.
    private mutating func backends(_ field: Field, into desired: inout DesiredState, places: inout [String: String]) {
        var seats: [String: (spec: BackendSpec, line: Int?)] = [:]
        switch field.node.value {
        case .sequence(let nodes):
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
                desired.setBackend(entry.name, entry.spec)
            }
        case .mapping, .null:
            for (name, item) in entries(of: field, expected: "") ?? [] {
                let valid = isName(name, of: "backend", at: item)
                guard let spec = urlOrBackend(item, in: desired), valid else { continue }
                desired.setBackend(name, spec)
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
    }

    /// An item of a list: a URL, or a mapping with an optional name.
    private mutating func listed(
        _ item: Field,
        in desired: DesiredState
    ) -> (name: String, isGiven: Bool, spec: BackendSpec)? {
        var given: String?
        if case .mapping(let members) = item.node.value, let member = members.first(where: { $0.key == "name" }) {
            if members.filter({ $0.key == "name" }).count > 1 {
                report(
                    ConfigIssue(
                        pointer: item.pointer + "/name",
                        line: member.keyLine ?? item.line,
                        message: "is given twice"
                    )
                )
            }
            let place = Field(member.node, at: item.pointer + "/name", keyLine: member.keyLine)
            given = name(place, of: "backend")
            // The name is wrong and said to be: what else is wrong is still to be found, but nothing is to be named.
            if given == nil {
                _ = urlOrBackend(item, in: desired, ignoring: ["name"])
                return nil
            }
        }
        guard let spec = urlOrBackend(item, in: desired, ignoring: ["name"]) else { return nil }
        if let given { return (given, true, spec) }
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
        ignoring ignored: Set<String> = []
    ) -> BackendSpec? {
        let reading: BackendReading
        switch item.node.value {
        case .mapping, .null:
            reading = backend(item, ignoring: ignored)
        case .string, .int:
            reading = BackendReading(spec: url(item).map { BackendSpec(url: $0) })
        case .bool, .double, .sequence:
            report(item, "must be a URL or a mapping of url, pool, weight, not \(item.node.kind)")
            return nil
        }
        // With a spec, the check of the whole state finds this. Without, it would stay hidden until the next run.
        if reading.spec == nil, desired.pool(reading.pool) == nil {
            let pointer = item.pointer + "/pool"
            var issue = DesiredState.unknownPool(reading.pool, among: desired.pools.map(\.name), at: pointer)
            issue.line = line(of: pointer)
            report(issue)
        }
        return reading.spec
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
