import Model

/// Reads the bodies of writes: single specs, many by name, and the whole desired state.
///
/// Gathers all that is wrong, then throws it as one problem.
struct SpecDocument {
    /// Sent back as they were read, they change nothing.
    private static let ignored: Set<String> = ["name", "status"]

    private var reader = SpecReader()
    /// Found outside of the specs.
    private var issues: [ConfigIssue] = []

    // MARK: One resource

    static func backend(_ node: ConfigNode) throws(Problem) -> BackendSpec {
        try needObject(node, #"{"url": "http://HOST:PORT"}"#)
        var document = SpecDocument()
        let spec = document.reader.backend(node, at: "", ignoring: ignored)
        try document.check()
        guard let spec else { throw Problem(issues: document.reader.issues) }
        return spec
    }

    /// A merge patch of a backend.
    static func backend(_ existing: BackendSpec, patchedBy node: ConfigNode) throws(Problem) -> BackendSpec {
        try needObject(node, #"{"weight": 0}"#)
        var document = SpecDocument()
        let spec = document.backend(existing, patchedBy: node, at: "")
        try document.check()
        guard let spec else { throw Problem(issues: document.reader.issues) }
        return spec
    }

    static func pool(_ node: ConfigNode) throws(Problem) -> PoolSpec {
        try needObject(node, #"{"algorithm": "round_robin"}"#)
        var document = SpecDocument()
        let spec = document.reader.pool(node, at: "", ignoring: ignored)
        try document.check()
        guard let spec else { throw Problem(issues: document.reader.issues) }
        return spec
    }

    /// The `name` of a body; nil without one.
    static func name(in node: ConfigNode, of kind: ResourceKey.Kind) throws(Problem) -> String? {
        guard case .mapping(let members) = node.value, let member = members.first(where: { $0.key == "name" }) else {
            return nil
        }
        guard case .string(let name) = member.node.value else { throw invalid("/name", "must be a string", got: nil) }
        guard BackendSpec.isName(name) else { throw invalid("/name", nameRule(kind), got: name) }
        return name
    }

    /// The name of the path, which must be one a resource can have.
    static func pathName(_ call: Call, of kind: ResourceKey.Kind) throws(Problem) -> String {
        let name = call.name
        guard BackendSpec.isName(name) else { throw invalid("/name", nameRule(kind), got: name) }
        return name
    }

    static func invalid(_ pointer: String, _ message: String, got: String?) -> Problem {
        Problem(issues: [ConfigIssue(pointer: pointer, message: message, got: got.map { String($0.prefix(200)) })])
    }

    private static func nameRule(_ kind: ResourceKey.Kind) -> String {
        "a \(kind.rawValue)'s name has 1 to 64 characters of A-Z a-z 0-9 . _ : -, not beginning with -"
    }

    // MARK: Many

    /// Backends by name to be merged into those that there are: null removes, what is not there is added.
    static func backendEdits(
        _ node: ConfigNode,
        onto desired: DesiredState
    ) throws(Problem) -> [(name: String, spec: BackendSpec?)] {
        try needObject(node, #"{"web-1": {"weight": 0}, "web-2": null}"#)
        var document = SpecDocument()
        let edits = document.backends(node, at: "", onto: desired)
        try document.check()
        return edits
    }

    /// A merge patch of the whole document.
    static func patch(_ node: ConfigNode, onto live: LiveState) throws(Problem) -> Draft {
        try needObject(node, #"{"backends": {"web-1": {"weight": 0}}}"#)
        var document = SpecDocument()
        var draft = Draft()
        for member in document.sections(node) {
            switch member.key {
            case "pools": draft.pools = document.pools(member.node, at: "/pools", onto: live.desired)
            case "backends": draft.backends = document.backends(member.node, at: "/backends", onto: live.desired)
            default: draft.waiters = .someDropped(document.droppedWaiters(member.node, of: live.waiting))
            }
        }
        try document.check()
        return draft
    }

    /// A whole new document: what is not in it is removed, and what waits is dropped unless it is named as waiting, as in
    /// what was read. The pool `default`, which there always is, then has its defaults.
    static func whole(_ node: ConfigNode, replacing desired: DesiredState) throws(Problem) -> Draft {
        try needObject(node, #"{"pools": {}, "backends": {"web-1": {"url": "http://HOST:PORT"}}}"#)
        var document = SpecDocument()
        var draft = Draft()
        var kept: Set<ResourceKey> = []
        for member in document.sections(node) {
            switch member.key {
            case "pools": draft.pools = document.pools(member.node, at: "/pools", onto: nil)
            case "backends": draft.backends = document.backends(member.node, at: "/backends", onto: nil)
            default: kept = Set(document.waiters(member.node).map(\.key))
            }
        }
        draft.waiters = .dropped(except: kept)
        try document.check()
        let pools = Set(draft.pools.map(\.name))
        let backends = Set(draft.backends.map(\.name))
        for entry in desired.pools where !pools.contains(entry.name) {
            draft.pools.append((entry.name, entry.name == DesiredState.defaultPool ? PoolSpec() : nil))
        }
        for entry in desired.backends where !backends.contains(entry.name) { draft.backends.append((entry.name, nil)) }
        return draft
    }

    /// The desired state as the document that `whole` reads; with a member `waiting` where something waits.
    static func text(of desired: DesiredState, waiting: [Waiting] = []) -> JSONValue {
        func members<Spec>(
            _ entries: [DesiredState.Entry<Spec>],
            _ members: (Spec) -> JSONObject
        ) -> JSONValue {
            .object(JSONObject(entries.map { (key: $0.name, value: .object(members($0.spec))) }))
        }
        var document: JSONObject = [
            "pools": members(desired.pools, SpecText.members), "backends": members(desired.backends, SpecText.members),
        ]
        if !waiting.isEmpty { document["waiting"] = waiting.document }
        return .object(document)
    }

    // MARK: Parts

    private static let sectionKeys = ["pools", "backends", "waiting"]
    private static let waitingKeys: [String: ResourceKey.Kind] = ["pools": .pool, "backends": .backend]

    /// What a document names as waiting. Only the names count: a change that waits can be dropped, and not made.
    private mutating func waiters(_ node: ConfigNode) -> [(key: ResourceKey, node: ConfigNode)] {
        guard case .mapping(let sections) = node.value else {
            if case .null = node.value { return [] }
            issues.append(ConfigIssue(pointer: "/waiting", message: "must be an object of pools and backends"))
            return []
        }
        return sections.flatMap { section -> [(key: ResourceKey, node: ConfigNode)] in
            let pointer = "/waiting/" + SpecReader.escaped(section.key)
            guard let kind = Self.waitingKeys[section.key] else {
                issues.append(ConfigIssue(pointer: pointer, message: "is not a known key", isUnknownKey: true))
                return []
            }
            guard case .mapping(let members) = section.node.value else {
                issues.append(ConfigIssue(pointer: pointer, message: "must be an object of \(kind.rawValue)s by name"))
                return []
            }
            return members.map { (ResourceKey(kind: kind, name: $0.key), $0.node) }
        }
    }

    /// What a merge patch drops of what waits: all of it with null, or those whose names it has with null.
    private mutating func droppedWaiters(_ node: ConfigNode, of waiting: [Waiting]) -> Set<ResourceKey> {
        if case .null = node.value { return Set(waiting.map(\.key)) }
        var dropped: Set<ResourceKey> = []
        for (key, node) in waiters(node) {
            if case .null = node.value { dropped.insert(key) }
        }
        return dropped
    }

    private mutating func sections(_ node: ConfigNode) -> [ConfigNode.Member] {
        guard case .mapping(let members) = node.value else { return [] }
        return members.filter { member in
            if Self.sectionKeys.contains(member.key) { return true }
            issues.append(
                ConfigIssue(
                    pointer: "/" + SpecReader.escaped(member.key),
                    message: "is not a known key",
                    suggestion: Spelling.nearest(member.key, among: Self.sectionKeys),
                    isUnknownKey: true
                )
            )
            return false
        }
    }

    /// - Parameter desired: What the entries are merged into; nil when each stands for itself, and null is a mistake.
    private mutating func backends(
        _ node: ConfigNode,
        at pointer: String,
        onto desired: DesiredState?
    ) -> [(name: String, spec: BackendSpec?)] {
        let entries = entries(node, at: pointer, of: .backend)
        let known = desired?.backends(Set(entries.map(\.name))) ?? [:]
        return entries.compactMap { name, entry, place in
            if desired != nil, case .null = entry.value { return (name, nil) }
            if let existing = known[name] {
                return backend(existing, patchedBy: entry, at: place).map { (name, $0) }
            }
            var whole = entry
            if desired != nil, case .mapping = entry.value { whole = MergePatch.apply(entry, to: nil) }
            return reader.backend(whole, at: place, ignoring: Self.ignored).map { (name, $0) }
        }
    }

    /// What a merge patch makes of a backend. Only the members that it names are written out and read: a change of the
    /// weights of a thousand backends is a thousand numbers.
    private mutating func backend(
        _ existing: BackendSpec,
        patchedBy patch: ConfigNode,
        at pointer: String
    ) -> BackendSpec? {
        guard case .mapping(let members) = patch.value else {
            return reader.backend(patch, at: pointer, ignoring: Self.ignored)
        }
        var base: BackendSpec? = existing
        let plain = BackendSpec(url: existing.url)
        var read: [ConfigNode.Member] = []
        for member in members {
            switch (member.key, member.node.value) {
            // Without one it is no backend.
            case ("url", .null): base = nil
            case ("pool", .null): base?.pool = plain.pool
            case ("weight", .null): base?.weight = plain.weight
            case ("max_requests", .null): base?.requestsMax = plain.requestsMax
            case ("state", .null): base?.state = plain.state
            case ("backup", .null): base?.isBackup = plain.isBackup
            case ("slow_start", .null): base?.slowStart = plain.slowStart
            case ("labels", .null): base?.labels = plain.labels
            case ("health_check", .null): base?.healthCheck = plain.healthCheck
            // What is not there is not there any more.
            case (_, .null): break
            case (let key, .mapping) where !Self.ignored.contains(key):
                let known = SpecText.members(of: existing)[key]?.node
                read.append(ConfigNode.Member(key: key, node: MergePatch.apply(member.node, to: known)))
            default: read.append(member)
            }
        }
        return reader.backend(ConfigNode(.mapping(read)), at: pointer, ignoring: Self.ignored, onto: base)
    }

    private mutating func pools(
        _ node: ConfigNode,
        at pointer: String,
        onto desired: DesiredState?
    ) -> [(name: String, spec: PoolSpec?)] {
        entries(node, at: pointer, of: .pool).compactMap { name, entry, place in
            if desired != nil, case .null = entry.value {
                return (name, name == DesiredState.defaultPool ? PoolSpec() : nil)
            }
            var merged = entry
            if desired != nil, case .mapping = entry.value {
                merged = MergePatch.apply(
                    entry,
                    to: desired?.pool(name).map { JSONValue.object(SpecText.members(of: $0)).node }
                )
            }
            return reader.pool(merged, at: place, ignoring: Self.ignored).map { (name, $0) }
        }
    }

    private mutating func entries(
        _ node: ConfigNode,
        at pointer: String,
        of kind: ResourceKey.Kind
    ) -> [(name: String, node: ConfigNode, pointer: String)] {
        guard case .mapping(let members) = node.value else {
            issues.append(ConfigIssue(pointer: pointer, message: "must be an object of \(kind.rawValue)s by name"))
            return []
        }
        return members.compactMap { member in
            let place = pointer + "/" + SpecReader.escaped(member.key)
            guard BackendSpec.isName(member.key) else {
                issues.append(
                    ConfigIssue(
                        pointer: place,
                        message: Self.nameRule(kind),
                        got: String(member.key.prefix(200))
                    )
                )
                return nil
            }
            return (member.key, member.node, place)
        }
    }

    private func check() throws(Problem) {
        let errors = (issues + reader.issues).filter { $0.severity == .error }
        guard errors.isEmpty else { throw Problem(issues: errors) }
    }

    private static func needObject(_ node: ConfigNode, _ example: String) throws(Problem) {
        guard case .mapping = node.value else {
            throw invalid("", "the body must be an object such as \(example)", got: nil)
        }
    }
}
