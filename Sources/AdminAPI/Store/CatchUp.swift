import Model

/// What has to be written down when a file and the run-time changes have met: the difference to what was desired last.
struct CatchUp {
    /// In words, such as `backend web-1 added`; empty when nothing is to be written.
    let words: [String]
    /// The document that is desired is another, with what waits in it.
    private let isRevision: Bool
    private let resources: [ResourceChange]
    let poolOverlay: [Overlay.Edit<PoolSpec>]
    let backendOverlay: [Overlay.Edit<BackendSpec>]

    /// At a start.
    init(_ stored: StoredState, _ merge: Merge) {
        var left = stored.resources
        var resources: [ResourceChange] = []
        func note(_ key: ResourceKey, _ text: String, isKnown: (String) -> Bool) {
            let known = left.removeValue(forKey: key)
            // Compared as specs: a text of an older version lacks members that have their defaults.
            if let known, isKnown(known.spec) { return }
            resources.append(ResourceChange(key: key, before: known?.spec, after: text))
        }
        for entry in merge.desired.pools {
            note(ResourceKey(kind: .pool, name: entry.name), SpecText.text(of: entry.spec)) {
                SpecText.pool($0) == entry.spec
            }
        }
        for entry in merge.desired.backends {
            note(ResourceKey(kind: .backend, name: entry.name), SpecText.text(of: entry.spec)) {
                SpecText.backend($0) == entry.spec
            }
        }
        for (key, known) in left.sorted(by: { $0.key.name < $1.key.name }) {
            resources.append(ResourceChange(key: key, before: known.spec, after: nil))
        }
        self.init(
            resources,
            merge.remaining.pools.edits(from: stored.overlay.pools),
            merge.remaining.backends.edits(from: stored.overlay.backends),
            isRevision: !resources.isEmpty || stored.waiting != Set(merge.waiting.map(\.key))
        )
    }

    /// While it runs, where something changes.
    init(
        _ pools: [Change.Resource<PoolSpec>],
        _ backends: [Change.Resource<BackendSpec>],
        _ poolOverlay: [Overlay.Edit<PoolSpec>],
        _ backendOverlay: [Overlay.Edit<BackendSpec>]
    ) {
        self.init(
            pools.map { ResourceChange($0) } + backends.map { ResourceChange($0) },
            poolOverlay,
            backendOverlay,
            isRevision: true
        )
    }

    private init(
        _ resources: [ResourceChange],
        _ poolOverlay: [Overlay.Edit<PoolSpec>],
        _ backendOverlay: [Overlay.Edit<BackendSpec>],
        isRevision: Bool
    ) {
        self.resources = resources
        self.poolOverlay = poolOverlay
        self.backendOverlay = backendOverlay
        self.isRevision = isRevision
        var words = resources.map { change in
            let what = change.before == nil ? "added" : change.after == nil ? "removed" : "changed"
            return "\(change.key.kind.rawValue) \(change.key.name) \(what)"
        }
        func fate(_ isDropped: Bool) -> String { isDropped ? "dropped" : "stands on what the file says now" }
        for edit in poolOverlay.sorted(by: { $0.name < $1.name }) {
            words.append("run-time change of the pool \(edit.name) \(fate(edit.change == nil))")
        }
        for edit in backendOverlay.sorted(by: { $0.name < $1.name }) {
            words.append("run-time change of \(edit.name) \(fate(edit.change == nil))")
        }
        self.words = words
    }

    /// Nil when what is desired is as it was: then at most the run-time changes are to be written.
    func commit(revision: UInt64, ceiling: UInt64) -> StoreCommit? {
        isRevision ? made(revision: revision, ceiling: ceiling) : nil
    }

    func made(revision: UInt64, ceiling: UInt64) -> StoreCommit {
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        let summary = words.isEmpty ? "changes of the run time wait" : words.prefix(8).joined(separator: ", ") + more
        let note = RevisionNote(
            revision: revision,
            at: WallClock.now(),
            author: .file,
            cause: .file,
            isForced: false,
            summary: summary
        )
        var commit = StoreCommit(note: note, ceiling: ceiling)
        commit.resources = resources
        commit.poolOverlay = poolOverlay
        commit.backendOverlay = backendOverlay
        return commit
    }
}

extension StoredState {
    /// The changes that were kept and were no part of what was desired.
    fileprivate var waiting: Set<ResourceKey> {
        func keys<Spec>(
            _ kind: ResourceKey.Kind,
            _ changes: [Overlay.Change<Spec>],
            _ read: (String) -> Spec?
        ) -> [ResourceKey] {
            changes.compactMap { change in
                let key = ResourceKey(kind: kind, name: change.name)
                guard let spec = change.spec, resources[key].flatMap({ read($0.spec) }) != spec else { return nil }
                return key
            }
        }
        return Set(
            keys(.pool, overlay.pools.changes, SpecText.pool)
                + keys(.backend, overlay.backends.changes, SpecText.backend)
        )
    }
}
