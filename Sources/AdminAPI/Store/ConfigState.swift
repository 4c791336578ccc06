package import Model
import Synchronization

/// The desired state of the process: what the file declares and what was changed at run time, made one and kept.
///
/// Opened before there is a data plane: `desired` is what the plane starts with. Any thread may read; writes come one
/// at a time.
package final class ConfigState: Sendable {
    /// Names the store's line of revisions; the first half of every entity tag.
    package let lineage: String
    /// Run-time changes that do not hold any longer because of what the file now says; lines for the log.
    package let conflicts: [Conflict]

    private let writer: Mutex<Writer>
    private let live: Mutex<LiveState>

    /// Opens the state directory, meets what it holds with `declared`, and commits the result where it differs from
    /// what was desired last.
    ///
    /// Throws `StoreError` when the directory is in use, not ours, or not writable.
    package convenience init(declared: DesiredState, directory: String) throws(StoreError) {
        try self.init(declared: declared, store: StateStore(directory: directory))
    }

    init(declared: DesiredState, store: consuming sending StateStore) throws(StoreError) {
        let stored = try store.load()
        let merge = stored.overlay.merge(declared: declared)
        var state = LiveState(desired: merge.desired, revision: stored.revision)
        if let (commit, _) = Self.catchUp(stored, merge) {
            try store.commit(commit)
            state.revision = commit.note.revision
        }
        for entry in merge.desired.backends {
            let known = stored.resources[ResourceKey(kind: .backend, name: entry.name)]
            let isUnchanged = known?.spec == SpecText.text(of: entry.spec)
            state.sequences[entry.name] = isUnchanged ? known?.sequence : state.revision
        }
        lineage = stored.lineage
        conflicts = merge.conflicts
        live = Mutex(state)
        writer = Mutex(Writer(store: store, declared: declared, overlay: merge.remaining))
    }

    /// The merged state: the file's, with the run-time changes that still stand.
    package var desired: DesiredState { current.desired }

    /// Orders every change of the desired state; the newest.
    package var revision: UInt64 { current.revision }

    /// The process that has the state directory open; nil when nobody has.
    package static func holder(of directory: String) -> Int32? { StateDirectory.holder(of: directory) }

    /// Closes the file and lets the directory go; what is desired can still be read, and every change is refused.
    ///
    /// For the end of the process, after `AdminServer.stop`. A crash in its place loses nothing.
    package func close() { writer.withLock { $0.store = nil } }

    /// Everything that is read together.
    var current: LiveState { live.withLock { $0 } }

    /// The revisions after `revision`, newest first, at most `limit`.
    func history(after revision: UInt64, limit: Int) throws(StoreError) -> [RevisionNote] {
        try writer.withLock { writer throws(StoreError) in try writer.opened().history(after: revision, limit: limit) }
    }

    /// Decides on the newest state, keeps what was decided, makes it live, and returns.
    ///
    /// `decide` runs under the write lock, so that what it saw is what is changed; nil leaves everything as it is.
    /// Throws what `decide` throws, `StoreError` with nothing changed, or `ApplyFailure` with the change kept.
    func write(
        actor: String,
        at now: Int64,
        to plane: any ControlPlane,
        decide: (LiveState) throws -> BackendChange?
    ) throws -> WriteResult {
        try writer.withLock { writer in
            let before = current
            guard let change = try decide(before) else {
                // "Nothing to change" promises that it is live, so what the plane did not take before is tried again.
                if writer.isUnsettled { try settle(before, on: plane, &writer) }
                return WriteResult(state: before, isChanged: false)
            }
            let revision = before.revision + 1
            let after = try writer.commit(change, on: before, revision: revision, actor: actor, at: now)
            // Before the plane has it: whom the plane wakes, a wait, must not read what was desired before.
            live.withLock { $0 = after }
            try settle(after, on: plane, &writer)
            return WriteResult(state: after, isChanged: true)
        }
    }

    /// Meets a file that was read again with the changes made at run time, as a start does, keeps the result and makes
    /// it live.
    ///
    /// - Throws: `StoreError` with nothing changed, or `PlaneError` with the change kept and published.
    package func reload(declared: DesiredState, to plane: any ControlPlane) throws -> ReloadResult {
        try writer.withLock { writer in
            let before = current
            let stored = try writer.opened().load()
            let merge = stored.overlay.merge(declared: declared)
            var after = LiveState(desired: merge.desired, revision: stored.revision)
            var changes: [String] = []
            if let (commit, words) = Self.catchUp(stored, merge) {
                try writer.opened().commit(commit)
                after.revision = commit.note.revision
                changes = words
            }
            after.removed = before.removed
            let specs = Dictionary(before.desired.backends.map { ($0.name, $0.spec) }, uniquingKeysWith: { $1 })
            for entry in merge.desired.backends {
                let isUnchanged = specs[entry.name] == entry.spec
                after.sequences[entry.name] = isUnchanged ? before.sequences[entry.name] : after.revision
                after.removed[entry.name] = nil
            }
            for entry in before.desired.backends where after.sequences[entry.name] == nil {
                after.removed[entry.name] = LiveState.Removed(
                    spec: entry.spec,
                    sequence: after.revision,
                    at: WallClock.now()
                )
            }
            writer.declared = declared
            writer.overlay = merge.remaining
            live.withLock { $0 = after }
            if after.desired != before.desired {
                // The order of the rotation is the file's, and no revision's.
                if changes.isEmpty { changes = ["order of backends changed"] }
                do throws(ApplyFailure) {
                    try settle(after, on: plane, &writer)
                } catch {
                    throw error.cause
                }
            }
            return ReloadResult(changes: changes, conflicts: merge.conflicts, revision: after.revision)
        }
    }

    /// Makes `state` live, and forgets what has drained.
    private func settle(
        _ state: LiveState,
        on plane: any ControlPlane,
        _ writer: inout Writer
    ) throws(ApplyFailure) {
        writer.isUnsettled = true
        do throws(PlaneError) {
            try plane.apply(state.desired, revision: state.revision)
        } catch {
            throw ApplyFailure(cause: error, revision: state.revision)
        }
        writer.isUnsettled = false
        let facts = plane.status().backends
        let pruned = state.forgettingRemoved { facts[$0]?.phase != .draining }
        live.withLock { $0 = pruned }
    }

    /// What a start has to write down, and in words: nil when the file and the changes come to what was desired last.
    private static func catchUp(_ stored: StoredState, _ merge: Merge) -> (commit: StoreCommit, words: [String])? {
        var commit = StoreCommit(
            note: RevisionNote(revision: stored.revision + 1, at: WallClock.now(), actor: "file", summary: "")
        )
        var left = stored.resources
        var words: [String] = []
        for (key, spec) in resources(of: merge.desired) {
            let known = left.removeValue(forKey: key)
            if known?.spec == spec { continue }
            commit.resources.append((key, spec))
            words.append("\(key.kind.rawValue) \(key.name) \(known == nil ? "added" : "changed")")
        }
        for key in left.keys.sorted(by: { $0.name < $1.name }) {
            commit.resources.append((key, nil))
            words.append("\(key.kind.rawValue) \(key.name) removed")
        }
        let standing = Set(merge.remaining.changes.map(\.name))
        for change in stored.overlay.changes where !standing.contains(change.name) {
            commit.overlay.append((change.name, nil))
            words.append("run-time change of \(change.name) dropped")
        }
        if words.isEmpty { return nil }
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        let summary = words.prefix(8).joined(separator: ", ") + more
        commit.note = RevisionNote(
            revision: commit.note.revision,
            at: commit.note.at,
            actor: commit.note.actor,
            summary: summary
        )
        return (commit, words)
    }

    private static func resources(of state: DesiredState) -> [(ResourceKey, String)] {
        state.pools.map { (ResourceKey(kind: .pool, name: $0.name), SpecText.text(of: $0.spec)) }
            + state.backends.map { (ResourceKey(kind: .backend, name: $0.name), SpecText.text(of: $0.spec)) }
    }
}

/// What came of reading the file again.
package struct ReloadResult: Sendable {
    /// In words, such as `backend web-1 added`; empty when everything is as it was.
    package let changes: [String]
    /// Run-time changes that do not hold any longer because of what the file now says.
    package let conflicts: [Conflict]
    /// The newest revision now.
    package let revision: UInt64
}

/// One backend's new spec, or its removal.
struct BackendChange {
    let name: String
    /// Nil removes it.
    let spec: BackendSpec?
    /// What the history says of it.
    let summary: String
}

struct WriteResult: Sendable {
    let state: LiveState
    let isChanged: Bool
}

/// The change is kept and published, but the plane could not say that it is live everywhere.
struct ApplyFailure: Error {
    let cause: PlaneError
    let revision: UInt64
}

/// The desired state at one revision, with what the answers tell about it.
struct LiveState: Sendable {
    /// A backend that is desired no longer and may still have requests in flight.
    struct Removed: Sendable {
        let spec: BackendSpec
        let sequence: UInt64
        /// Nanoseconds of the UNIX epoch.
        let at: Int64
    }

    var desired: DesiredState
    var revision: UInt64
    /// Which change last changed each backend's spec.
    var sequences: [String: UInt64] = [:]
    var removed: [String: Removed] = [:]

    init(desired: DesiredState, revision: UInt64) {
        self.desired = desired
        self.revision = revision
    }

    fileprivate func forgettingRemoved(where isGone: (String) -> Bool) -> LiveState {
        var state = self
        state.removed = state.removed.filter { !isGone($0.key) }
        return state
    }
}

/// What only a writer touches.
private struct Writer {
    /// Nil once it is closed.
    var store: StateStore?
    var declared: DesiredState
    var overlay: Overlay
    /// The plane did not take the newest state everywhere, as far as it could tell.
    var isUnsettled = false

    func opened() throws(StoreError) -> StateStore {
        guard let store else {
            throw StoreError(
                kind: .notDurable,
                path: "",
                message: "the state file is closed, so nothing was changed: repeat it later"
            )
        }
        return store
    }

    /// Makes `change` durable and returns the state it leads to. Throws with nothing changed.
    mutating func commit(
        _ change: BackendChange,
        on before: LiveState,
        revision: UInt64,
        actor: String,
        at now: Int64
    ) throws(StoreError) -> LiveState {
        let declaredSpec = declared.backend(change.name)
        let isKnown = declaredSpec != nil || overlay.change(of: change.name) != nil
        var next = overlay
        next.record(change.name, spec: change.spec, declared: declaredSpec, sequence: revision)

        var after = before
        after.revision = revision
        if let spec = change.spec {
            if isKnown, before.desired.backend(change.name) == nil {
                // It comes back to where it stood, as after a restart: to the file's place or its own.
                after.desired = next.merge(declared: declared).desired
            } else {
                after.desired.setBackend(change.name, spec)
            }
            after.sequences[change.name] = revision
            after.removed[change.name] = nil
        } else {
            if let spec = before.desired.backend(change.name) {
                after.removed[change.name] = LiveState.Removed(spec: spec, sequence: revision, at: now)
            }
            after.desired.removeBackend(change.name)
            after.sequences[change.name] = nil
        }

        try opened().commit(
            StoreCommit(
                note: RevisionNote(revision: revision, at: now, actor: actor, summary: change.summary),
                overlay: [(change.name, next.change(of: change.name))],
                resources: [
                    (ResourceKey(kind: .backend, name: change.name), change.spec.map { SpecText.text(of: $0) })
                ]
            )
        )
        overlay = next
        return after
    }
}
