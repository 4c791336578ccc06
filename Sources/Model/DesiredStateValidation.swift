extension DesiredState {
    /// What no single entry can know of itself; empty when all is well.
    ///
    /// Whether names are names, pools exist, URLs stand once in a pool, and the counts are within their maxima. O(entries).
    /// Pointers are those of the documented form: `/backends/NAME/pool`. Lines are nil.
    package func validate() -> [ConfigIssue] {
        var issues: [ConfigIssue] = []
        if pools.count > Self.poolsMax {
            issues.append(
                ConfigIssue(pointer: "/pools", message: "has \(pools.count) pools, and at most \(Self.poolsMax) fit")
            )
        }
        issues += overcrowding(by: backends.count)
        for pool in pools where !BackendSpec.isName(pool.name) {
            let pointer = "/pools/" + SpecReader.escaped(pool.name)
            issues.append(ConfigIssue(pointer: pointer, message: Self.nameRule(of: "pool"), got: pool.name))
        }
        let declared = pools.map(\.name)
        let known = Set(declared)
        var owners: [Seat: String] = [:]
        for backend in backends {
            issues += validate(backend.name, backend.spec, known, declared)
            let seat = Seat(pool: backend.spec.pool, url: backend.spec.url)
            if let owner = owners[seat] {
                issues.append(
                    ConfigIssue(
                        pointer: "/backends/" + SpecReader.escaped(backend.name) + "/url",
                        message: "is already the URL of \"\(owner)\" in pool \"\(seat.pool)\"; "
                            + "to give a backend a larger share, raise its weight",
                        got: seat.url.description
                    )
                )
            } else {
                owners[seat] = backend.name
            }
        }
        return issues
    }

    /// The same of some backends that are added or replaced while all else stays, but for whether their URLs stand once.
    package func validate(_ changed: [(name: String, spec: BackendSpec)], count: Int) -> [ConfigIssue] {
        let declared = pools.map(\.name)
        let known = Set(declared)
        return overcrowding(by: count) + changed.flatMap { validate($0.name, $0.spec, known, declared) }
    }

    private func overcrowding(by count: Int) -> [ConfigIssue] {
        if count <= Self.backendsMax { return [] }
        return [
            ConfigIssue(pointer: "/backends", message: "has \(count) backends, and at most \(Self.backendsMax) fit")
        ]
    }

    private func validate(
        _ name: String,
        _ spec: BackendSpec,
        _ known: Set<String>,
        _ declared: [String]
    ) -> [ConfigIssue] {
        var issues: [ConfigIssue] = []
        // Worked out only where there is something to say: thousands are well.
        var pointer: String { "/backends/" + SpecReader.escaped(name) }
        if !BackendSpec.isName(name) {
            issues.append(ConfigIssue(pointer: pointer, message: Self.nameRule(of: "backend"), got: name))
        }
        if !known.contains(spec.pool) {
            issues.append(Self.unknownPool(spec.pool, among: declared, at: pointer + "/pool"))
        }
        if case .adjusted = spec.healthCheck, let check = check(of: spec), check.timeout > check.interval {
            issues.append(SpecReader.overlong(check, at: pointer + "/health_check"))
        }
        return issues
    }

    private struct Seat: Hashable {
        let pool: String
        let url: BackendURL
    }

    static func nameRule(of what: String) -> String {
        "a \(what)'s name has 1 to \(BackendSpec.nameBytesMax) characters of A-Z a-z 0-9 . _ : -, not beginning with -"
    }

    static func unknownPool(_ name: String, among declared: [String], at pointer: String) -> ConfigIssue {
        let shown = declared.prefix(8).joined(separator: ", ") + (declared.count > 8 ? ", …" : "")
        return ConfigIssue(
            pointer: pointer,
            message: "no such pool; there is \(shown)",
            got: name,
            suggestion: Spelling.nearest(name, among: declared)
        )
    }
}
