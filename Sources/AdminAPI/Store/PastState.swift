import Model

/// What was desired at an earlier revision: the newest state, with the changes since undone.
///
/// Backends that were removed since stand at the end: the order is the file's, and no revision's.
struct PastState {
    let desired: DesiredState
    /// The revision that was the newest then.
    let revision: UInt64

    /// O(backends + changes since). Throws `corrupt` when a kept spec cannot be read.
    init(at revision: UInt64, from live: LiveState, _ store: StateStore) throws(StoreError) {
        var pools: [String: PoolSpec?] = [:]
        var backends: [String: BackendSpec?] = [:]
        // Newest first, so that what was before the oldest of them stands in the end.
        for (_, change) in try store.changes(after: revision) {
            let key = change.key
            switch key.kind {
            case .pool: pools.updateValue(try store.read(change.before, key, SpecText.pool), forKey: key.name)
            case .backend:
                backends.updateValue(try store.read(change.before, key, SpecText.backend), forKey: key.name)
            }
        }
        var desired = live.desired
        for (name, spec) in pools.sorted(by: { $0.key < $1.key }) {
            if let spec {
                desired.setPool(name, spec)
            } else if name != DesiredState.defaultPool {
                desired.removePool(name)
            }
        }
        desired.editBackends(backends.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        self.desired = desired
        self.revision = try store.history(after: 0, before: revision + 1, limit: 1).first?.revision ?? revision
    }
}

extension StateStore {
    fileprivate func read<Spec>(
        _ text: String?,
        _ key: ResourceKey,
        _ read: (String) -> Spec?
    ) throws(StoreError) -> Spec? {
        guard let text else { return nil }
        guard let spec = read(text) else {
            throw StoreError(
                kind: .corrupt,
                path: path,
                message: "the spec that the \(key.kind.rawValue) \"\(key.name)\" had cannot be read in \(path): \(text)"
            )
        }
        return spec
    }
}
