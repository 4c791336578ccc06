import Model

/// Refuses changes that are valid and yet hardly meant. `force` overrides each of them.
enum Guards {
    /// What speaks against a draft; the first is told.
    ///
    /// - Parameter known: The backends that the draft is about, as they are.
    static func objections(
        from before: DesiredState,
        _ draft: Draft,
        _ known: [String: BackendSpec],
        _ plane: any ControlPlane
    ) -> [Problem] {
        let duplicates = duplicates(from: before, draft, known)
        // Only a change of a backend that can take requests leaves its pool with fewer of those.
        let missed = draft.backends.filter { mayBeMissed(known[$0.name], $0.spec) }
        if missed.isEmpty || isEnoughLeft(missed, from: before, draft, known, plane) { return duplicates }
        return duplicates
            + unready(from: before, to: draft.applied(to: before), draft, known, plane.status().backends)
    }

    /// Whether a short look finds as many that stay as they are and serve as their pools want: nearly always, and then
    /// not every backend has to be looked at.
    private static func isEnoughLeft(
        _ missed: [(name: String, spec: BackendSpec?)],
        from before: DesiredState,
        _ draft: Draft,
        _ known: [String: BackendSpec],
        _ plane: any ControlPlane
    ) -> Bool {
        guard draft.pools.isEmpty else { return false }
        let changed = Set(draft.backends.map(\.name))
        var wanted: [String: Int] = [:]
        for name in Set(missed.compactMap { known[$0.name]?.pool }) { wanted[name] = before.pool(name)?.minReady ?? 1 }
        wanted = wanted.filter { $0.value > 0 }
        var looks = 0
        for entry in before.backends {
            if wanted.isEmpty { return true }
            if looks == looksMax { return false }
            guard let missing = wanted[entry.spec.pool], !changed.contains(entry.name) else { continue }
            looks += 1
            guard serves(entry.spec, plane.status(of: entry.name)) else { continue }
            wanted[entry.spec.pool] = missing == 1 ? nil : missing - 1
        }
        return wanted.isEmpty
    }

    /// One by one, a few are looked at quicker than all at once.
    private static let looksMax = 64

    private static func mayBeMissed(_ was: BackendSpec?, _ spec: BackendSpec?) -> Bool {
        guard let was, was.state == .ready, was.weight > 0 else { return false }
        guard let spec, spec.state == .ready, spec.weight > 0 else { return true }
        return spec.url != was.url || spec.pool != was.pool
    }

    /// The same address twice in a pool.
    private static func duplicates(
        from before: DesiredState,
        _ draft: Draft,
        _ known: [String: BackendSpec]
    ) -> [Problem] {
        let moved = draft.backends.compactMap { name, spec -> (name: String, seat: Seat)? in
            guard let spec, known[name]?.url != spec.url || known[name]?.pool != spec.pool else { return nil }
            return (name, Seat(pool: spec.pool, url: spec.url))
        }
        if moved.isEmpty { return [] }
        var owners: [Seat: [String]] = [:]
        for (_, seat) in moved { owners[seat] = [] }
        let changed = Set(draft.backends.map(\.name))
        if moved.count == 1, let seat = moved.first?.seat {
            for entry in before.backends where entry.spec.url == seat.url && entry.spec.pool == seat.pool {
                if !changed.contains(entry.name) { owners[seat]?.append(entry.name) }
            }
        } else {
            for entry in before.backends where !changed.contains(entry.name) {
                let seat = Seat(pool: entry.spec.pool, url: entry.spec.url)
                if owners[seat] != nil { owners[seat]?.append(entry.name) }
            }
        }
        for (name, spec) in draft.backends {
            guard let spec else { continue }
            let seat = Seat(pool: spec.pool, url: spec.url)
            if owners[seat] != nil { owners[seat]?.append(name) }
        }
        return moved.compactMap { name, seat in
            guard let twin = owners[seat]?.first(where: { $0 != name }) else { return nil }
            var problem = Problem(
                .duplicateURL,
                "the backend \"\(twin)\" of pool \"\(seat.pool)\" has the URL \(seat.url) already",
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
        _ known: [String: BackendSpec],
        _ facts: [String: BackendStatus]
    ) -> [Problem] {
        var now: [String: [String]] = [:]
        for entry in before.backends where serves(entry.spec, facts[entry.name]) {
            now[entry.spec.pool, default: []].append(entry.name)
        }
        if now.isEmpty { return [] }
        let changed = Set(draft.backends.map(\.name))
        let checks = Dictionary(after.pools.map { ($0.name, $0.spec.healthCheck) }) { _, last in last }
        var then: [String: Int] = [:]
        for entry in after.backends {
            let check = entry.spec.healthCheck.applied(to: checks[entry.spec.pool] ?? nil)
            let was = changed.contains(entry.name) ? known[entry.name] : entry.spec
            if willServe(entry.spec, was: was, facts[entry.name], check) {
                then[entry.spec.pool, default: 0] += 1
            }
        }
        let standIns = standIns(now, then, to: after, draft, known, facts)
        return now.sorted { $0.key < $1.key }.compactMap { pool, names in
            let left = (then[pool] ?? 0) + (standIns[pool] ?? 0)
            let wanted = (after.pool(pool) ?? before.pool(pool))?.minReady ?? 1
            guard left < names.count, left < wanted else { return nil }
            return objection(pool, names, left: left, wanted: wanted, draft)
        }
    }

    /// How many of those that leave a pool will serve on there, because only newcomers are left, which have to pass a check
    /// first (`ControlPlane.standIns`).
    private static func standIns(
        _ now: [String: [String]],
        _ then: [String: Int],
        to after: DesiredState,
        _ draft: Draft,
        _ known: [String: BackendSpec],
        _ facts: [String: BackendStatus]
    ) -> [String: Int] {
        func hasGone(_ was: BackendSpec, _ spec: BackendSpec?) -> Bool {
            spec?.url != was.url || spec?.pool != was.pool
        }
        var leaving: [String: Int] = [:]
        var pools = Set<String>()
        for (name, spec) in draft.backends {
            if let was = known[name], hasGone(was, spec), serves(was, facts[name]) {
                leaving[was.pool, default: 0] += 1
            }
            guard let spec, spec.state == .ready, spec.weight > 0 else { continue }
            if known[name].map({ hasGone($0, spec) }) ?? true { pools.insert(spec.pool) }
        }
        return leaving.filter { pool, _ in then[pool] == nil && pools.contains(pool) && after.pool(pool) != nil }
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
        // Who comes back serves nothing before a check has passed, unless it is said to start up.
        return check == nil || facts.phase == .serving || was.state != .ready && check?.start == .up
    }
}
