package import Model
import Synchronization

/// The desired state of the process: what the file declares and what was changed at run time, made one and kept.
///
/// Opened before there is a data plane: `desired` is what the plane starts with. Any thread may read; writes come one
/// at a time.
package final class ConfigState: Sendable {
    /// Names the store's line of revisions; the first half of every entity tag.
    package let lineage: String
    /// 128 bits that nobody outside knows, the same over restarts: what sticky cookies are made with.
    package let secret: (UInt64, UInt64)
    /// Run-time changes that do not hold any longer because of what the file now says; lines for the log.
    package let conflicts: [Conflict]
    /// What was known of the backends' health when the process last ran, where that is no longer ago than
    /// `healthAgeMax`: for the plane to begin with.
    package let knownHealth: [KnownHealth]

    /// What is older says nothing about now.
    static let healthAgeMax = TimeSpan.seconds(300)

    private let path: String
    /// Gives a number to whatever happens.
    private let sequence: Sequence
    private let writer: Mutex<Writer>
    private let live: Mutex<LiveState>
    private let observers = Mutex<[@Sendable (Change) -> Void]>([])
    private let fileObservers = Mutex<[@Sendable (FileNote) -> Void]>([])

    /// Opens the state directory, meets what it holds with `declared`, and commits the result where it differs from
    /// what was desired last.
    ///
    /// Throws `StoreError` when the directory is in use, not ours, or not writable.
    package convenience init(declared: DesiredState, directory: String) throws(StoreError) {
        try self.init(declared: declared, store: StateStore(directory: directory))
    }

    /// Opens the state directory and takes what it holds as it is, whatever file another process has met it with: for a
    /// process that had it before, and had let go of it.
    ///
    /// - Parameter known: What was desired here last. Its order stays, and a store that is empty begins with it.
    package convenience init(resuming directory: String, known: DesiredState) throws(StoreError) {
        try self.init(declared: known, store: StateStore(directory: directory), isResuming: true)
    }

    init(
        declared file: DesiredState,
        store: consuming sending StateStore,
        at now: Int64 = WallClock.now(),
        isResuming: Bool = false
    ) throws(StoreError) {
        let stored = try store.load()
        let declared = isResuming && !stored.resources.isEmpty ? stored.declared(orderedAs: file) : file
        let health = try store.health()
        let merge = stored.overlay.merge(declared: declared)
        var numbers = max(stored.revision, stored.ceiling)
        var state = LiveState(desired: merge.desired, revision: stored.revision)
        state.waiting = merge.waiting
        let catchUp = CatchUp(stored, merge)
        if let commit = catchUp.commit(revision: numbers + 1, ceiling: numbers + 1 + Sequence.stride) {
            try store.commit(commit)
            numbers += 1
            state.revision = numbers
        } else {
            try store.keep(catchUp.poolOverlay, catchUp.backendOverlay)
            // From here on a crash costs numbers, and an orderly end gives them back.
            try store.reserve(numbers + Sequence.stride)
        }
        for entry in merge.desired.pools {
            let known = stored.resources[ResourceKey(kind: .pool, name: entry.name)]
            let isUnchanged = known.map { SpecText.pool($0.spec) == entry.spec } ?? false
            state.poolSequences[entry.name] = isUnchanged ? known?.sequence : state.revision
        }
        for entry in merge.desired.backends {
            let known = stored.resources[ResourceKey(kind: .backend, name: entry.name)]
            let isUnchanged = known.map { SpecText.backend($0.spec) == entry.spec } ?? false
            state.sequences[entry.name] = isUnchanged ? known?.sequence : state.revision
        }
        lineage = stored.lineage
        secret = stored.secret
        archive = store.archive
        path = store.path
        conflicts = merge.conflicts
        // A clock that was set back makes it look as if it were still to come: then nobody can tell its age.
        let age = health.map { now.subtractingReportingOverflow($0.at) }
        let isRecent =
            age.map { !$0.overflow && (0...Self.healthAgeMax.nanoseconds).contains($0.partialValue) } ?? false
        let specs = Dictionary(merge.desired.backends.map { ($0.name, $0.spec) }) { _, last in last }
        knownHealth =
            isRecent
            ? (health?.known ?? []).filter { specs[$0.name]?.url == $0.url && specs[$0.name]?.pool == $0.pool } : []
        sequence = Sequence(after: numbers)
        live = Mutex(state)
        writer = Mutex(
            Writer(
                store: store,
                declared: declared,
                overlay: merge.remaining,
                ceiling: numbers + Sequence.stride
            )
        )
    }

    deinit { close() }

    /// The merged state: the file's, with the run-time changes that still stand.
    package var desired: DesiredState { current.desired }

    /// Orders every change of the desired state; the newest.
    package var revision: UInt64 { current.revision }

    /// Who has the state directory open.
    package static func tenant(of directory: String) -> StateTenant { StateDirectory.tenant(of: directory) }

    /// Tells the process that had the directory before that this one serves with what it holds.
    package func announce() { writer.withLock { $0.store?.announce() } }

    /// Closes the file and lets the directory go; what is desired can still be read, and every change is refused.
    ///
    /// For the end of the process, after `AdminServer.stop`. A crash in its place loses nothing.
    package func close() {
        writer.withLock { writer in
            guard let store = writer.store else { return }
            // Best effort: what cannot be written costs a gap in the numbers.
            try? store.reserve(sequence.last)
            // First: the last connection to be closed folds the log in, and only the writer's can.
            archive.close()
            writer.store = nil
        }
    }

    /// Everything that is read together.
    var current: LiveState { live.withLock { $0 } }

    // MARK: The sequence

    /// The newest number of the sequence: of a change or of an event.
    var lastNumber: UInt64 { sequence.last }

    /// Gives the next number of the sequence to something that happened and is no change of the desired state.
    ///
    /// Calls of `body` and of the observers come one at a time, in the order of their numbers. `body` must not write.
    func number<Result>(_ body: (UInt64) throws -> Result) rethrows -> Result {
        var last: UInt64 = 0
        let result = try sequence.issue { number in
            last = number
            return try body(number)
        }
        if last % (Sequence.stride / 2) == 0 {
            writer.withLock { writer in
                guard writer.ceiling < last + Sequence.stride, let store = writer.store else { return }
                // On a full disk events still get their numbers; after a crash these are given again.
                if (try? store.reserve(last + Sequence.stride)) != nil { writer.ceiling = last + Sequence.stride }
            }
        }
        return result
    }

    /// Calls `observer` with every change that is made from now on: after it is durable and before the plane has it,
    /// one at a time and in the order of the revisions. It must not block, and must not write.
    func observe(_ observer: @escaping @Sendable (Change) -> Void) { observers.withLock { $0.append(observer) } }

    /// Calls `observer` with what becomes of the file from now on, besides changes.
    func observeFile(_ observer: @escaping @Sendable (FileNote) -> Void) {
        fileObservers.withLock { $0.append(observer) }
    }

    // MARK: The past

    /// What the store keeps of it, read without a wait for a writer.
    let archive: StateArchive

    /// The revisions after `revision`, newest first, at most `limit`; with `before`, only those below it.
    func history(after revision: UInt64, before: UInt64? = nil, limit: Int) throws(StoreError) -> [RevisionNote] {
        try archive.history(after: revision, before: before, limit: limit)
    }

    /// What was desired when `number` was the newest of the sequence; nil when that is not kept any more. Throws
    /// `StoreError`, or `StateArchive.Crowded` when too many read the past.
    func past(at number: UInt64) throws -> PastState? { try PastState(at: number, from: current, archive, path: path) }

    /// The oldest number that `past` can tell of.
    func oldest() throws(StoreError) -> UInt64 { max(try archive.floor(), 1) }

    /// Keeps the event about a request that was not let in. Best effort: the stream has it already.
    func keepDenial(_ event: Event) {
        writer.withLock { writer in
            try? writer.store?.keepDenial(event.sequence, String(decoding: event.line, as: UTF8.self))
        }
    }

    /// Keeps what is known of these backends' health for the next start. Best effort: what is lost is found out again.
    ///
    /// - Parameter unknown: Backends of which nothing is known.
    func keepHealth(_ known: [KnownHealth], unknown: [String], at: Int64) {
        writer.withLock { writer in try? writer.store?.keepHealth(known, unknown: unknown, at: at) }
    }

    // MARK: Writing

    /// Decides on the newest state, keeps what was decided, makes it live, and returns.
    ///
    /// `decide` runs under the write lock, so that what it saw is what is changed; nil leaves everything as it is, as
    /// does a draft of what is there already. A plan stops before anything is kept, and tells what would be.
    /// Throws what `decide` throws, `StoreError` with nothing changed, or `ApplyFailure` with the change kept.
    ///
    /// - Parameters:
    ///   - receipt: Kept with the change. When one with its key is there already, nothing is decided or changed: two
    ///     requests with one key at once are one.
    ///   - review: Sees what the draft comes to, and throws where that must not be. Returns whether a guard was overridden.
    func write(
        by author: Author,
        at now: Int64,
        to plane: any ControlPlane,
        isPlan: Bool = false,
        receipt: IdempotencyReceipt? = nil,
        review: (LiveState, Proposal) throws -> Bool = { _, _ in false },
        decide: (LiveState) throws -> Draft?
    ) throws -> WriteResult {
        try writer.withLock { writer in
            let before = current
            if let receipt, let known = try writer.opened().receipt(receipt.key) {
                return WriteResult(before: before, state: before, change: nil, receipt: known)
            }
            guard let draft = try decide(before), var edit = writer.edit(draft, on: before) else {
                // "Nothing to change" promises that it is live, so what the plane did not take before is tried again.
                if writer.isUnsettled, !isPlan { try settle(before, on: plane, &writer) }
                return WriteResult(before: before, state: before, change: nil)
            }
            edit.isForced = try review(before, edit.proposal(draft, on: before))
            if isPlan {
                let (after, change) = edit.made(on: before, revision: before.revision, by: author, at: now)
                return WriteResult(before: before, state: after, change: change)
            }
            let begun = MonotonicClock.now()
            let (after, change) = try sequence.issue { revision in
                let (after, change) = edit.made(on: before, revision: revision, by: author, at: now)
                try writer.keep(edit, change, receipt: receipt)
                // Before the plane has it: whom the plane wakes, a wait, must not read what was desired before.
                live.withLock { $0 = after }
                tell(change)
                return (after, change)
            }
            let kept = MonotonicClock.now()
            try settle(after, on: plane, &writer)
            return WriteResult(
                before: before,
                state: after,
                change: change,
                persisting: MonotonicClock.span(from: begun, to: kept),
                applying: MonotonicClock.span(from: kept)
            )
        }
    }

    /// Meets a file that was read again with the changes made at run time, as a start does, keeps the result and makes
    /// it live.
    ///
    /// - Throws: `StoreError` with nothing changed, or `PlaneError` with the change kept and published.
    package func reload(declared: DesiredState, to plane: any ControlPlane) throws -> ReloadResult {
        let result = try meet(declared, plane)
        for conflict in result.conflicts { tell(.conflict(conflict)) }
        return result
    }

    /// Notes that the file was read again and has mistakes, so that nothing has changed.
    ///
    /// - Parameter mistakes: Lines for a person.
    package func reject(file path: String, mistakes: [String]) { tell(.rejected(path: path, mistakes: mistakes)) }

    private func tell(_ note: FileNote) {
        for observer in fileObservers.withLock({ $0 }) { observer(note) }
    }

    private func meet(_ declared: DesiredState, _ plane: any ControlPlane) throws -> ReloadResult {
        try writer.withLock { writer in
            let before = current
            let store = try writer.opened()
            let merge = writer.overlay.merge(declared: declared)
            let edit = Edit(
                before: before,
                merge: merge,
                cause: .file,
                poolOverlay: merge.remaining.pools.edits(from: writer.overlay.pools),
                backendOverlay: merge.remaining.backends.edits(from: writer.overlay.backends)
            )
            let catchUp = CatchUp(edit.pools, edit.backends, edit.poolOverlay, edit.backendOverlay)
            var after = before
            if edit.isEmpty(on: before) {
                // The document is the same byte for byte: what is forgotten of how it came about is no revision.
                try store.keep(catchUp.poolOverlay, catchUp.backendOverlay)
                after.desired = merge.desired
            } else {
                after = try sequence.issue { revision in
                    let (after, change) = edit.made(on: before, revision: revision, by: .file, at: WallClock.now())
                    let ceiling = revision + Sequence.stride
                    try store.commit(catchUp.made(revision: revision, ceiling: ceiling))
                    writer.ceiling = ceiling
                    live.withLock { $0 = after }
                    tell(change)
                    return after
                }
            }
            writer.declared = declared
            writer.overlay = merge.remaining
            live.withLock { $0 = after }
            var changes = catchUp.words
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

    private func tell(_ change: Change) {
        for observer in observers.withLock({ $0 }) { observer(change) }
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
        if state.removed.isEmpty { return }
        let gone = state.removed.keys.filter { plane.status(of: $0)?.isLeaving != true }
        live.withLock { live in for name in gone { live.removed[name] = nil } }
    }
}

/// What became of the configuration file, besides a change.
enum FileNote: Sendable {
    /// A run-time change gives way to what the file says.
    case conflict(Conflict)
    /// It has mistakes.
    case rejected(path: String, mistakes: [String])
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

/// What came of a write, or of its plan.
struct WriteResult: Sendable {
    let before: LiveState
    let state: LiveState
    /// Nil when nothing had to change.
    let change: Change?
    /// Of the request with this key that came before, and changed what this one would.
    var receipt: IdempotencyReceipt?
    /// How long it took until the change was on the disk, and from there until every worker had it.
    var persisting = TimeSpan.zero
    var applying = TimeSpan.zero

    var isChanged: Bool { change != nil }
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

        /// As one among others in an answer.
        func listed(_ name: String) -> BackendView.Listed {
            BackendView.Listed(name: name, spec: DesiredState.Entry(name: name, spec: spec), removedAt: at)
        }
    }

    var desired: DesiredState
    var revision: UInt64
    /// Which change last changed each backend's spec.
    var sequences: [String: UInt64] = [:]
    /// Which change last changed each pool's spec.
    var poolSequences: [String: UInt64] = [:]
    var removed: [String: Removed] = [:]
    /// Run-time changes that are no part of `desired` yet.
    var waiting: [Waiting] = []

    init(desired: DesiredState, revision: UInt64) {
        self.desired = desired
        self.revision = revision
    }
}

/// A write that has been worked out and does change something.
private struct Edit {
    let desired: DesiredState
    let cause: Change.Cause
    /// A guard was overridden.
    var isForced = false
    let pools: [Change.Resource<PoolSpec>]
    let backends: [Change.Resource<BackendSpec>]
    /// What waits then.
    let waiting: [Waiting]
    /// What waits no longer and has not come true, in words.
    let dropped: [String]
    /// What becomes of the run-time changes; without a number yet where they are new.
    let poolOverlay: [Overlay.Edit<PoolSpec>]
    let backendOverlay: [Overlay.Edit<BackendSpec>]

    /// From one state to another.
    init(
        before: LiveState,
        merge: Merge,
        cause: Change.Cause,
        poolOverlay: [Overlay.Edit<PoolSpec>],
        backendOverlay: [Overlay.Edit<BackendSpec>]
    ) {
        desired = merge.desired
        self.cause = cause
        self.poolOverlay = poolOverlay
        self.backendOverlay = backendOverlay
        pools = Change.Resource.difference(before.desired.pools, desired.pools)
        backends = Change.Resource.difference(before.desired.backends, desired.backends)
        let waiting = merge.waiting
        self.waiting = waiting
        var dropped: [String] = []
        for change in before.waiting where !waiting.contains(where: { $0.key == change.key && $0.spec == change.spec })
        {
            let now: JSONObject?
            switch change.key.kind {
            case .pool: now = desired.pool(change.key.name).map(SpecText.members)
            case .backend: now = desired.backend(change.key.name).map(SpecText.members)
            }
            if now != change.spec { dropped.append("waiting change of \(change.words) dropped") }
        }
        self.dropped = dropped
    }

    /// Of some backends and nothing else, each of which stays in its place or comes last, while nothing waits.
    init(
        before: LiveState,
        backends draft: [(name: String, spec: BackendSpec?)],
        from known: [String: BackendSpec],
        backendOverlay: [Overlay.Edit<BackendSpec>]
    ) {
        let changed = draft.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var desired = before.desired
        desired.editBackends(changed)
        self.desired = desired
        cause = .write
        pools = []
        backends = changed.compactMap { name, spec in
            known[name] == spec ? nil : Change.Resource(name: name, before: known[name], after: spec)
        }
        waiting = []
        dropped = []
        poolOverlay = []
        self.backendOverlay = backendOverlay
    }

    /// Whether the document that is desired is the same, with what waits in it.
    func isEmpty(on before: LiveState) -> Bool {
        pools.isEmpty && backends.isEmpty && waiting == before.waiting
    }

    func proposal(_ draft: Draft, on before: LiveState) -> Proposal {
        var merged = draft
        merged.pools = pools.map { ($0.name, $0.after) }
        merged.backends = backends.map { ($0.name, $0.after) }
        if before.waiting.isEmpty { return Proposal(merged: merged, unmet: [], awaited: []) }
        let drafted = Set(draft.pools.map { ResourceKey(kind: .pool, name: $0.name) })
            .union(draft.backends.map { ResourceKey(kind: .backend, name: $0.name) })
        let waits = Set(waiting.map(\.key))
        let changed = Set(pools.map { ResourceKey(kind: .pool, name: $0.name) })
            .union(backends.map { ResourceKey(kind: .backend, name: $0.name) })
        return Proposal(
            merged: merged,
            unmet: drafted.intersection(waits).map(\.name).sorted(),
            awaited: before.waiting.filter { changed.contains($0.key) && !drafted.contains($0.key) }.map(\.words)
        )
    }

    /// The state it leads to, and what it is called.
    func made(on before: LiveState, revision: UInt64, by author: Author, at now: Int64) -> (LiveState, Change) {
        var after = before
        after.desired = desired
        after.revision = revision
        after.waiting = waiting
        for pool in pools { after.poolSequences[pool.name] = pool.after == nil ? nil : revision }
        for backend in backends {
            after.sequences[backend.name] = backend.after == nil ? nil : revision
            if backend.after != nil {
                after.removed[backend.name] = nil
            } else if let spec = backend.before {
                after.removed[backend.name] = LiveState.Removed(spec: spec, sequence: revision, at: now)
            }
        }
        let change = Change(
            revision: revision,
            at: now,
            author: author,
            cause: cause,
            isForced: isForced,
            pools: pools,
            backends: backends,
            summary: Change.summary(pools: pools, backends: backends, and: dropped)
        )
        return (after, change)
    }
}

/// What only a writer touches.
private struct Writer {
    /// Nil once it is closed.
    var store: StateStore?
    var declared: DesiredState
    var overlay: Overlay
    /// As the store has it.
    var ceiling: UInt64
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

    /// What the draft comes to; nil when that is what is desired already, and nothing that waits is settled.
    ///
    /// The result is what a start would make of it, so that a restart comes to the same, the order included.
    func edit(_ draft: Draft, on before: LiveState) -> Edit? {
        let names = Set(draft.backends.map(\.name))
        let declaredSpecs = declared.backends(names)
        var backendOverlay = draft.backends.compactMap { name, spec in
            overlay.backends.edit(name, spec: spec, declared: declaredSpecs[name], sequence: Overlay.unnumbered)
        }
        let known = before.desired.backends(names)
        let edit: Edit
        if isPlain(draft, known, declaredSpecs, on: before) {
            edit = Edit(before: before, backends: draft.backends, from: known, backendOverlay: backendOverlay)
        } else {
            var poolOverlay = draft.pools.compactMap { name, spec in
                overlay.pools.edit(
                    name,
                    spec: spec,
                    declared: declared.pool(name),
                    sequence: Overlay.unnumbered
                )
            }
            let pools = Set(draft.pools.map(\.name))
            for change in before.waiting where draft.drops(change.key) {
                switch change.key.kind {
                case .pool where !pools.contains(change.key.name):
                    poolOverlay.append(Overlay.Edit(name: change.key.name, change: nil))
                case .backend where !names.contains(change.key.name):
                    backendOverlay.append(Overlay.Edit(name: change.key.name, change: nil))
                case .pool, .backend: break
                }
            }
            var next = overlay
            next.pools.apply(poolOverlay)
            next.backends.apply(backendOverlay)
            edit = Edit(
                before: before,
                merge: next.merge(declared: declared),
                cause: draft.cause,
                poolOverlay: poolOverlay,
                backendOverlay: backendOverlay
            )
        }
        return edit.isEmpty(on: before) ? nil : edit
    }

    /// Whether what the draft comes to can be told without meeting the file anew, which takes a look at every backend: when
    /// nothing waits, nobody comes who has had a place before, and there is room.
    private func isPlain(
        _ draft: Draft,
        _ known: [String: BackendSpec],
        _ declaredSpecs: [String: BackendSpec],
        on before: LiveState
    ) -> Bool {
        guard draft.cause == .write, draft.pools.isEmpty, before.waiting.isEmpty else { return false }
        let pools = Set(before.desired.pools.map(\.name))
        var count = before.desired.backends.count
        for (name, spec) in draft.backends {
            guard let spec else { continue }
            guard pools.contains(spec.pool) else { return false }
            if known[name] != nil { continue }
            guard declaredSpecs[name] == nil, overlay.backends.change(of: name) == nil else { return false }
            count += 1
        }
        return count <= DesiredState.backendsMax
    }

    /// Makes the change durable. Throws with nothing changed.
    mutating func keep(_ edit: Edit, _ change: Change, receipt: IdempotencyReceipt?) throws(StoreError) {
        var commit = StoreCommit(
            note: RevisionNote(change),
            ceiling: change.revision + Sequence.stride
        )
        commit.resources = change.pools.map { ResourceChange($0) } + change.backends.map { ResourceChange($0) }
        commit.poolOverlay = edit.poolOverlay.map { $0.numbered(change.revision) }
        commit.backendOverlay = edit.backendOverlay.map { $0.numbered(change.revision) }
        commit.receipt = receipt.map { receipt in
            var receipt = receipt
            receipt.revision = change.revision
            return receipt
        }
        try opened().commit(commit)
        overlay.pools.apply(commit.poolOverlay)
        overlay.backends.apply(commit.backendOverlay)
        ceiling = commit.ceiling
    }
}
