import Model

/// What has to be written down when a file and the run-time changes have met: the difference to what was desired last.
struct CatchUp {
    /// In words, such as `backend web-1 added`; empty when nothing is to be written.
    let words: [String]
    private let resources: [ResourceChange]
    private let poolOverlay: [Overlay.Edit<PoolSpec>]
    private let backendOverlay: [Overlay.Edit<BackendSpec>]

    init(_ stored: StoredState, _ merge: Merge) {
        var left = stored.resources
        var resources: [ResourceChange] = []
        var words: [String] = []
        func note(_ key: ResourceKey, _ text: String, isKnown: (String) -> Bool) {
            let known = left.removeValue(forKey: key)
            // Compared as specs: a text of an older version lacks members that have their defaults.
            if let known, isKnown(known.spec) { return }
            resources.append(ResourceChange(key: key, before: known?.spec, after: text))
            words.append("\(key.kind.rawValue) \(key.name) \(known == nil ? "added" : "changed")")
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
            words.append("\(key.kind.rawValue) \(key.name) removed")
        }
        poolOverlay = merge.remaining.pools.edits(from: stored.overlay.pools)
        backendOverlay = merge.remaining.backends.edits(from: stored.overlay.backends)
        func fate(_ isDropped: Bool) -> String { isDropped ? "dropped" : "stands on what the file says now" }
        for edit in poolOverlay.sorted(by: { $0.name < $1.name }) {
            words.append("run-time change of the pool \(edit.name) \(fate(edit.change == nil))")
        }
        for edit in backendOverlay.sorted(by: { $0.name < $1.name }) {
            words.append("run-time change of \(edit.name) \(fate(edit.change == nil))")
        }
        self.resources = resources
        self.words = words
    }

    var isEmpty: Bool { words.isEmpty }

    /// Nil when there is nothing to write.
    func commit(revision: UInt64, ceiling: UInt64) -> StoreCommit? {
        if isEmpty { return nil }
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        let note = RevisionNote(
            revision: revision,
            at: WallClock.now(),
            author: .file,
            cause: .file,
            isForced: false,
            summary: words.prefix(8).joined(separator: ", ") + more
        )
        var commit = StoreCommit(note: note, ceiling: ceiling)
        commit.resources = resources
        commit.poolOverlay = poolOverlay
        commit.backendOverlay = backendOverlay
        return commit
    }
}
