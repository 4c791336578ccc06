import Model

/// Refuses changes that are valid and yet hardly meant. `force` overrides each of them.
enum Guards {
    /// What speaks against the way from one state to the other; the first is told.
    static func objections(
        from before: DesiredState,
        to after: DesiredState,
        _ draft: Draft,
        facts: [String: BackendStatus]
    ) -> [Problem] {
        duplicates(from: before, to: after, draft) + unready(from: before, to: after, draft, facts)
    }

    /// The same address twice in a pool.
    private static func duplicates(from before: DesiredState, to after: DesiredState, _ draft: Draft) -> [Problem] {
        let known = Dictionary(before.backends.map { ($0.name, $0.spec) }) { _, last in last }
        let moved = draft.backends.filter { name, spec in
            guard let spec else { return false }
            return known[name]?.url != spec.url || known[name]?.pool != spec.pool
        }
        if moved.isEmpty { return [] }
        var owners: [Seat: [String]] = [:]
        for entry in after.backends {
            owners[Seat(pool: entry.spec.pool, url: entry.spec.url), default: []].append(entry.name)
        }
        return moved.compactMap { name, spec in
            guard let spec else { return nil }
            guard let twin = owners[Seat(pool: spec.pool, url: spec.url)]?.first(where: { $0 != name }) else {
                return nil
            }
            var problem = Problem(
                .duplicateURL,
                "the backend \"\(twin)\" of pool \"\(spec.pool)\" has the URL \(spec.url) already",
                hint: "give \"\(twin)\" more weight, or repeat with ?force=true"
            )
            problem.extensions["duplicate_of"] = .string(twin)
            return problem
        }
    }

    private struct Seat: Hashable {
        let pool: String
        let url: BackendURL
    }

    /// Fewer backends that can serve than the pool wants, and fewer than there are.
    private static func unready(
        from before: DesiredState,
        to after: DesiredState,
        _ draft: Draft,
        _ facts: [String: BackendStatus]
    ) -> [Problem] {
        var now: [String: [String]] = [:]
        for entry in before.backends where serves(entry.spec, facts[entry.name]) {
            now[entry.spec.pool, default: []].append(entry.name)
        }
        if now.isEmpty { return [] }
        let known = Dictionary(before.backends.map { ($0.name, $0.spec) }) { _, last in last }
        let checks = Dictionary(after.pools.map { ($0.name, $0.spec.healthCheck) }) { _, last in last }
        var then: [String: Int] = [:]
        for entry in after.backends {
            let check = entry.spec.healthCheck.applied(to: checks[entry.spec.pool] ?? nil)
            if willServe(entry.spec, was: known[entry.name], facts[entry.name], check) {
                then[entry.spec.pool, default: 0] += 1
            }
        }
        return now.sorted { $0.key < $1.key }.compactMap { pool, names in
            let left = then[pool] ?? 0
            let wanted = (after.pool(pool) ?? before.pool(pool))?.minReady ?? 1
            guard left < names.count, left < wanted else { return nil }
            return objection(pool, names, left: left, wanted: wanted, draft)
        }
    }

    private static func objection(
        _ pool: String,
        _ names: [String],
        left: Int,
        wanted: Int,
        _ draft: Draft
    ) -> Problem {
        var problem: Problem
        if left == 0 {
            let detail =
                names.count == 1 && draft.backends.count == 1
                ? "\"\(names[0])\" is the last healthy backend of the pool \"\(pool)\""
                : "the change would leave the pool \"\(pool)\" without a healthy backend (now \(list(names)))"
            problem = Problem(
                .lastHealthyBackend,
                detail,
                hint: "add a backend and wait until it is healthy, or repeat with ?force=true: clients will get 503"
            )
        } else {
            problem = Problem(
                .minReady,
                "the change would leave the pool \"\(pool)\" with \(left) healthy backends of \(names.count), "
                    + "and its min_ready is \(wanted)",
                hint: "add a backend and wait until it is healthy, or repeat with ?force=true"
            )
        }
        problem.extensions["pool"] = .string(pool)
        problem.extensions["healthy"] = .array(names.sorted().prefix(20).map { .string($0) })
        problem.extensions["healthy_after"] = .count(left)
        problem.extensions["min_ready"] = .count(wanted)
        return problem
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.sorted().prefix(4).joined(separator: ", ")
        return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
    }

    private static func serves(_ spec: BackendSpec, _ facts: BackendStatus?) -> Bool {
        spec.state == .ready && spec.weight > 0 && facts?.phase == .serving
    }

    /// Whether it will serve as soon as the change is live, as far as that can be known.
    private static func willServe(
        _ spec: BackendSpec,
        was: BackendSpec?,
        _ facts: BackendStatus?,
        _ check: HealthCheckSpec?
    ) -> Bool {
        guard spec.state == .ready, spec.weight > 0 else { return false }
        // Another URL or pool is another backend: what was known of the old one says nothing.
        guard let was, was.url == spec.url, was.pool == spec.pool, let facts else {
            return check == nil || check?.start == .up
        }
        if check == nil || facts.phase == .serving { return true }
        return was.state != .ready && facts.health.state == .healthy
    }
}
