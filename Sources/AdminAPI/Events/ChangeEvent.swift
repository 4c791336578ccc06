import Model

/// Revisions as events.
extension EventDraft {
    /// One backend or pool makes an event of its own kind; a revision of several is one event with all of them in
    /// `changes`, because it was made as one.
    init(_ change: Change) {
        var parts = change.pools.map { Part(.pool, $0.name, $0.before == nil, $0.after == nil, Change.difference($0)) }
        parts += change.backends.map {
            Part(.backend, $0.name, $0.before == nil, $0.after == nil, Change.difference($0))
        }
        let kind: Event.Kind
        switch change.cause {
        case .rollback: kind = .configRolledBack
        case .file: kind = .configApplied
        case .write: kind = parts.count == 1 ? parts[0].kind : .configApplied
        }
        var members: JSONObject = [
            "revision": .counter(change.revision), "actor": change.author.document,
            "reason": .text(change.author.reason), "request_id": .text(change.author.requestID),
            "summary": .string(change.summary),
        ]
        if change.isForced { members["forced"] = true }
        if case .rollback(let revision) = change.cause { members["to"] = .counter(revision) }
        if kind.isOfOneResource {
            members["diff"] = .array(parts[0].difference.map(\.document))
            // A pool's name stands here too; `names` are those of backends.
            members["name"] = .string(parts[0].name)
        } else {
            members["changes"] = .array(
                parts.map { part in
                    [
                        "kind": .string(part.kind.rawValue), "name": .string(part.name),
                        "diff": .array(part.difference.map(\.document)),
                    ]
                }
            )
        }
        self.init(kind, names: change.backends.map(\.name), at: change.at, members)
    }

    private struct Part {
        let kind: Event.Kind
        let name: String
        let difference: [SpecDifference]

        init(
            _ resource: ResourceKey.Kind,
            _ name: String,
            _ isNew: Bool,
            _ isGone: Bool,
            _ difference: [SpecDifference]
        ) {
            switch resource {
            case .backend: kind = isNew ? .backendAdded : isGone ? .backendRemoved : .backendChanged
            case .pool: kind = isNew ? .poolAdded : isGone ? .poolRemoved : .poolChanged
            }
            self.name = name
            self.difference = difference
        }
    }
}

extension EventDraft {
    init(_ note: FileNote) {
        switch note {
        case .conflict(let conflict):
            self.init(
                .configConflict,
                names: conflict.kind == .backend ? [conflict.name] : [],
                ["name": .string(conflict.name), "detail": .string(conflict.description)]
            )
        case .rejected(let path, let mistakes):
            self.init(
                .configRejected,
                ["file": .string(path), "mistakes": .array(mistakes.prefix(50).map { .string($0) })]
            )
        }
    }
}

extension Event.Kind {
    fileprivate var isOfOneResource: Bool {
        switch self {
        case .backendAdded, .backendChanged, .backendRemoved, .poolAdded, .poolChanged, .poolRemoved: true
        default: false
        }
    }
}

extension Author {
    /// `{name, via, ip}`
    var document: JSONValue { ["name": .string(name), "via": .string(way.rawValue), "ip": .text(address)] }
}
