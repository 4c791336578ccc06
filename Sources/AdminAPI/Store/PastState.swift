import Model

/// What was desired at an earlier revision: the newest state, with the changes since undone.
///
/// Backends that were removed since stand at the end: the order is the file's, and no revision's.
struct PastState {
    let desired: DesiredState
    /// The revision that was the newest then.
    let revision: UInt64

    /// Nil when that is not kept any more.
    ///
    /// O(backends + changes since), of which one is in memory at a time. Throws `corrupt` when a kept spec cannot be read, and
    /// `StateArchive.Crowded`.
    init?(at number: UInt64, from live: LiveState, _ archive: StateArchive, path: String) throws {
        var pools: [String: PoolSpec?] = [:]
        var backends: [String: BackendSpec?] = [:]
        var unreadable: StoreError?
        // Later changes than those of `live` may be there already: its revision is the last that counts.
        let revision = try archive.before(number, upTo: live.revision) { key, text in
            switch key.kind {
            case .pool: pools.updateValue(text.flatMap(SpecText.pool), forKey: key.name)
            case .backend: backends.updateValue(text.flatMap(SpecText.backend), forKey: key.name)
            }
            let isRead = key.kind == .pool ? pools[key.name] ?? nil != nil : backends[key.name] ?? nil != nil
            if let text, !isRead {
                unreadable = StoreError(
                    kind: .corrupt,
                    path: path,
                    message:
                        "the spec that the \(key.kind.rawValue) \"\(key.name)\" had cannot be read in \(path): \(text)"
                )
            }
        }
        guard let revision else { return nil }
        if let unreadable { throw unreadable }
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
        self.revision = revision
    }
}
