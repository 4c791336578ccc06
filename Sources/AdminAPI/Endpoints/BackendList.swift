import Model

/// `GET /v1/backends`: all of them, or those asked for.
extension Endpoints {
    static let listParameters = ["pool", "label", "state", "phase", "fields", "limit", "after"]

    func list(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let facts = plane.status().backends
        let filter = try BackendFilter(call, pool: pool(call, in: live))
        var found: [BackendView.Listed] = []
        for entry in live.desired.backends where filter.matches(entry.name, entry.spec, facts[entry.name]) {
            let tag = live.sequences[entry.name].map { EntityTag.tag(lineage: state.lineage, sequence: $0) }
            found.append(BackendView.Listed(name: entry.name, spec: entry, removedAt: nil, tag: tag))
        }
        for (name, removed) in live.draining(facts) where filter.matches(name, removed.spec, facts[name]) {
            found.append(removed.listed(name))
        }
        var next: String?
        if let limit = filter.limit, found.count > limit {
            found.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            found.removeSubrange(limit...)
            next = found.last?.name
        }
        // Of a page only those that are on it.
        let durations = plane.durations(of: filter.limit.map { _ in Set(found.map(\.name)) })
        var text = JSONText(reserving: found.count * BackendView.Listed.documentBytes)
        text.object { text in
            BackendView.write(found, facts, durations, only: filter.paths, into: &text)
            text.add("next", next)
            text.add("revision", counter: live.revision)
        }
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(live.revision)],
            body: .json(.written(text.bytes))
        )
        response.tag(EntityTag.tag(lineage: state.lineage, sequence: live.revision), for: call.request)
        return response
    }
}

/// Which backends, and what of them.
struct BackendFilter {
    private let pool: String?
    private let labels: [LabelTerm]
    private let state: BackendState?
    private let phase: BackendPhase?
    private let after: String?
    /// Paths of members, such as `url` or `status.phase`; nil is all.
    let paths: [[Substring]]?
    /// At most so many; nil is all.
    let limit: Int?

    init(_ call: Call, pool: String?) throws(Problem) {
        self.pool = pool
        labels = try LabelTerm.read(call.parameters.text("label"))
        state = try Self.word("state", call)
        phase = try Self.word("phase", call)
        after = call.parameters.text("after")
        limit = try call.parameters.number("limit", in: 1...UInt64(DesiredState.backendsMax)).map { Int($0) }
        paths = try call.parameters.text("fields").map { text throws(Problem) in try Self.paths(text) }
    }

    func matches(_ name: String, _ spec: BackendSpec, _ facts: BackendStatus?) -> Bool {
        if let pool, spec.pool != pool { return false }
        if let state, spec.state != state { return false }
        if let phase, (facts?.phase ?? .starting) != phase { return false }
        if let after, !after.utf8.lexicographicallyPrecedes(name.utf8) { return false }
        return labels.allSatisfy { $0.matches(spec.labels) }
    }

    private static func paths(_ text: String) throws(Problem) -> [[Substring]] {
        var paths: [[Substring]] = []
        for path in text.split(separator: ",", omittingEmptySubsequences: false) {
            let first = path.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            guard members.contains(first) else {
                let nearest = Spelling.nearest(first, among: members)
                throw Problem(
                    .badParameter,
                    "the query parameter \"fields\" names \"\(path)\", and a backend has no such member",
                    hint: nearest.map { "did you mean \"\($0)\"?" } ?? "members: \(members.joined(separator: ", "))"
                )
            }
            paths.append(path.split(separator: "."))
        }
        return paths
    }

    private static let members = [
        "backup", "health_check", "labels", "max_requests", "name", "pool", "slow_start", "state", "status", "url",
        "weight",
    ]

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ call: Call
    ) throws(Problem) -> Word? {
        guard let text = call.parameters.text(name) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        throw Problem(
            .badParameter,
            "the query parameter \"\(name)\" must be one of \(known.joined(separator: ", ")), not \"\(text)\"",
            hint: Spelling.nearest(text, among: known).map { "did you mean \"\($0)\"?" }
        )
    }
}

/// One term of a label selector: `color=green`, `color!=green`, `color` or `!color`. All terms have to hold.
struct LabelTerm: Equatable {
    let key: String
    /// Nil asks for the key alone.
    let value: ExactText?
    let isNegated: Bool

    func matches(_ labels: [String: ExactText]) -> Bool {
        let holds = value.map { labels[key] == $0 } ?? (labels[key] != nil)
        return holds != isNegated
    }

    static func read(_ text: String?) throws(Problem) -> [LabelTerm] {
        guard let text else { return [] }
        var terms: [LabelTerm] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let term: LabelTerm
            if let mark = part.firstIndex(of: "=") {
                let key = part[..<mark]
                let isNegated = key.hasSuffix("!")
                term = LabelTerm(
                    key: String(isNegated ? key.dropLast() : key),
                    value: ExactText(String(part[part.index(after: mark)...])),
                    isNegated: isNegated
                )
            } else {
                let isNegated = part.hasPrefix("!")
                term = LabelTerm(key: String(isNegated ? part.dropFirst() : part), value: nil, isNegated: isNegated)
            }
            guard BackendSpec.isLabelKey(term.key) else {
                throw Problem(
                    .badParameter,
                    "the query parameter \"label\" has the term \"\(part)\"; terms are k=v, k!=v, k and !k"
                )
            }
            terms.append(term)
        }
        return terms
    }
}
