import Model

/// A member that differs between two versions of a resource.
struct SpecDifference: Equatable, Sendable {
    /// RFC 6901: `/health_check/interval`. Empty when the resource is added or removed as a whole.
    let path: String
    /// Null where there was none.
    let before: JSONValue
    /// Null where there is none any more.
    let after: JSONValue

    /// The path as a person would say it: `health_check.interval`.
    var name: String { path.dropFirst().split(separator: "/").joined(separator: ".") }

    /// For events and answers: `{path, from, to}`.
    var document: JSONValue { ["path": .string(path), "from": before, "to": after] }

    /// What differs, member by member, in the order of the keys. Objects are compared inside where both are.
    static func between(_ before: JSONValue, _ after: JSONValue, at path: String = "") -> [SpecDifference] {
        if before == after { return [] }
        guard case .object(let old) = before, case .object(let new) = after else {
            return [SpecDifference(path: path, before: before, after: after)]
        }
        let keys = old.keys == new.keys ? old.keys : Set(old.keys).union(new.keys).sorted()
        return keys.flatMap { key in
            between(old[key] ?? .null, new[key] ?? .null, at: path + "/" + SpecReader.escaped(key))
        }
    }

    /// A value as it stands in a line for people: short, and without quotes where it is one word.
    static func words(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        if value == .null { return "none" }
        return String(decoding: value.encoded(pretty: false), as: UTF8.self)
    }
}

extension Change {
    /// Members that differ, of a resource that was there before and is there still; one entry with an empty path
    /// where it was added or removed.
    static func difference(_ resource: Resource<BackendSpec>) -> [SpecDifference] {
        if let before = resource.before, let after = resource.after {
            return difference(
                SpecText.members(of: before, unlike: after),
                SpecText.members(of: after, unlike: before)
            )
        }
        return difference(resource.before.map(SpecText.members), resource.after.map(SpecText.members))
    }

    static func difference(_ resource: Resource<PoolSpec>) -> [SpecDifference] {
        difference(resource.before.map(SpecText.members), resource.after.map(SpecText.members))
    }

    private static func difference(
        _ before: JSONObject?,
        _ after: JSONObject?
    ) -> [SpecDifference] {
        SpecDifference.between(before.map { .object($0) } ?? .null, after.map { .object($0) } ?? .null)
    }

    /// A revision in one line: `backend web-1 weight 1 → 10, backend web-3 added: http://…`. What is beyond eight
    /// resources is counted.
    /// Other words come last.
    static func summary(
        pools: [Resource<PoolSpec>],
        backends: [Resource<BackendSpec>],
        and words: [String] = []
    ) -> String {
        let count = pools.count + backends.count
        var parts = pools.prefix(8).map {
            Self.words("pool", $0.name, $0.before.map(SpecText.words), $0.after.map(SpecText.words), difference($0))
        }
        parts += backends.prefix(8 - parts.count).map {
            Self.words("backend", $0.name, $0.before.map(SpecText.words), $0.after.map(SpecText.words), difference($0))
        }
        if count > parts.count { parts.append("and \(count - parts.count) more") }
        parts += words.prefix(8)
        return line(parts.joined(separator: ", "))
    }

    /// Bytes of a summary: it stands in a line of the history and of the log, whatever has been changed.
    static let summaryBytesMax = 1000

    /// What is longer ends in "…".
    static func line(_ text: String) -> String {
        guard text.utf8.count > summaryBytesMax else { return text }
        var cut = text.utf8.prefix(summaryBytesMax - 3)
        while let last = cut.last, last & 0xC0 == 0x80 { cut = cut.dropLast() }
        // The first byte of a scalar whose rest is gone, or one of its own: either can be spared.
        return String(Substring(cut.dropLast())) + "…"
    }

    private static func words(
        _ kind: String,
        _ name: String,
        _ before: String?,
        _ after: String?,
        _ difference: [SpecDifference]
    ) -> String {
        guard let before else { return "\(kind) \(name) added: \(after ?? "")" }
        guard after != nil else { return "\(kind) \(name) removed: \(before)" }
        let members = difference.map {
            "\($0.name) \(SpecDifference.words($0.before)) → \(SpecDifference.words($0.after))"
        }
        return "\(kind) \(name) \(members.joined(separator: " and "))"
    }
}
