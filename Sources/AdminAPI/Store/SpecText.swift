import Model

/// Specs as JSON: the members that answers show and that the store keeps.
///
/// Equal specs have equal texts: keys stand in byte order, every member is spelled out.
enum SpecText {
    static func text(of spec: BackendSpec) -> String { string(.object(members(of: spec))) }

    static func text(of spec: PoolSpec) -> String { string(.object(members(of: spec))) }

    static func members(of spec: PoolSpec) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["algorithm": .string(spec.algorithm.rawValue), "health_check": .null]
        if let check = spec.healthCheck {
            members["health_check"] = [
                "path": .string(check.path), "interval": .string(check.interval.description),
                "timeout": .string(check.timeout.description), "rise": .int(Int64(check.rise)),
                "fall": .int(Int64(check.fall)), "expect": .string(check.expect.description),
            ]
        }
        return members
    }

    static func members(of spec: BackendSpec) -> [String: JSONValue] {
        [
            "url": .string(spec.url.description), "pool": .string(spec.pool), "weight": .int(Int64(spec.weight)),
            "max_requests": .int(Int64(spec.requestsMax)),
        ]
    }

    /// Reads a stored text: by the rules of the configuration file, so that a member a later version adds has its
    /// default in an old text. Nil for what is no spec.
    static func backend(_ text: String) -> BackendSpec? {
        guard let node = try? JSONReader.read(Array(text.utf8)) else { return nil }
        var reader = SpecReader()
        guard let spec = reader.backend(node, at: "", ignoring: []), reader.issues.isEmpty else { return nil }
        return spec
    }

    /// As `backend`.
    static func pool(_ text: String) -> PoolSpec? {
        guard let node = try? JSONReader.read(Array(text.utf8)) else { return nil }
        var reader = SpecReader()
        guard let spec = reader.pool(node, at: "", ignoring: []), reader.issues.isEmpty else { return nil }
        return spec
    }

    /// A spec in a line for people: what is not as usual is named.
    static func words(_ spec: BackendSpec) -> String {
        let limit = spec.requestsMax == 0 ? "" : " max_requests=\(spec.requestsMax)"
        return "\(spec.url) pool=\(spec.pool) weight=\(spec.weight)\(limit)"
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
