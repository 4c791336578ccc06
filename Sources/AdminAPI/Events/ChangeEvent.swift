import Model

/// Revisions as events.
extension EventDraft {
    /// One backend or pool makes an event of its own kind; a revision of several is one event with all of them in
    /// `changes`, because it was made as one.
    ///
    /// An event tells what became of `changesMax` resources; with more, `omitted` is how many it leaves out. It names all
    /// backends.
    init(_ change: Change) {
        self.init(change, names: change.backends.map(\.name), count: change.pools.count + change.backends.count)
    }

    /// A thousand backends with all their labels make some megabytes.
    static let changesMax = 1000

    /// - Parameters:
    ///   - change: Its first resources, at least `changesMax` of them, or all.
    ///   - names: All its backends.
    ///   - count: How many resources it has.
    init(_ change: Change, names: [String], count: Int) {
        var parts = change.pools.prefix(Self.changesMax).map {
            Part(.pool, $0.name, $0.before == nil, $0.after == nil, Change.difference($0))
        }
        parts += change.backends.prefix(Self.changesMax - parts.count).map {
            Part(.backend, $0.name, $0.before == nil, $0.after == nil, Change.difference($0))
        }
        let kind: Event.Kind
        switch change.cause {
        case .rollback: kind = .configRolledBack
        case .file: kind = .configApplied
        case .write: kind = count == 1 ? parts[0].kind : .configApplied
        }
        var members: JSONObject = [
            "revision": .counter(change.revision), "actor": change.author.document,
            "reason": .text(change.author.reason), "request_id": .text(change.author.requestID),
            "summary": .string(change.summary),
        ]
        if change.isForced { members["forced"] = true }
        if count > parts.count { members["omitted"] = .count(count - parts.count) }
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
        self.init(kind, names: names, at: change.at, members)
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
