package import Model

/// The run-time changes that stand on top of what the configuration file declares.
///
/// Each is kept with what the file declared when it was made, so that a later start can tell whose word is newer.
package struct Overlay: Equatable, Sendable {
    package struct Change<Spec: Equatable & Sendable>: Equatable, Sendable {
        package let name: String
        /// What the resource should be; nil when it was removed.
        package var spec: Spec?
        /// What the file declared when the change was made; nil when it did not know the name.
        package var declared: Spec?
        /// Orders the additions: the sequence of the change that added the resource.
        package var order: UInt64

        package init(name: String, spec: Spec?, declared: Spec?, order: UInt64) {
            self.name = name
            self.spec = spec
            self.declared = declared
            self.order = order
        }
    }

    /// What becomes of the change of a name; nil forgets it.
    package struct Edit<Spec: Equatable & Sendable>: Equatable, Sendable {
        package let name: String
        package var change: Change<Spec>?

        /// With `revision` for a change that had no number.
        func numbered(_ revision: UInt64) -> Edit {
            var edit = self
            if edit.change?.order == Overlay.unnumbered { edit.change?.order = revision }
            return edit
        }
    }

    /// The changes of one kind of resource, one per name.
    package struct Layer<Spec: Equatable & Sendable>: Equatable, Sendable {
        private var byName: [String: Change<Spec>] = [:]

        package init(_ changes: [Change<Spec>] = []) {
            for change in changes { byName[change.name] = change }
        }

        /// By ascending `order`, and by name where one revision made several.
        package var changes: [Change<Spec>] {
            byName.values.sorted { left, right in
                left.order != right.order
                    ? left.order < right.order : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }
        }

        package func change(of name: String) -> Change<Spec>? { byName[name] }

        /// What becomes of a name's change when it shall be `spec`, or be gone when that is nil, over what the file declares
        /// now; nil when that is what the layer says already.
        ///
        /// A change back to the declared value leaves nothing to remember. A changed addition keeps its place in the
        /// order.
        package func edit(_ name: String, spec: Spec?, declared: Spec?, sequence: UInt64) -> Edit<Spec>? {
            let known = byName[name]
            guard spec != declared else { return known == nil ? nil : Edit(name: name, change: nil) }
            let change = Change(name: name, spec: spec, declared: declared, order: known?.order ?? sequence)
            return change == known ? nil : Edit(name: name, change: change)
        }

        package mutating func apply(_ edits: [Edit<Spec>]) {
            for edit in edits { byName[edit.name] = edit.change }
        }

        /// As `edit`, applied.
        package mutating func record(_ name: String, spec: Spec?, declared: Spec?, sequence: UInt64) {
            if let edit = edit(name, spec: spec, declared: declared, sequence: sequence) { apply([edit]) }
        }

        fileprivate mutating func keep(_ change: Change<Spec>) { byName[change.name] = change }
    }

    package var pools: Layer<PoolSpec>
    package var backends: Layer<BackendSpec>

    package init(_ backends: [Change<BackendSpec>] = [], pools: [Change<PoolSpec>] = []) {
        self.backends = Layer(backends)
        self.pools = Layer(pools)
    }
}

/// A run-time change that does not hold any longer, because of what the file now says.
package struct Conflict: Equatable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case pool
        case backend
    }

    package enum Cause: Equatable, Sendable {
        /// The file has changed what it declares since, from one spec to another (in words; nil is absent): the file
        /// wins and the change is forgotten.
        case fileChanged(from: String?, to: String?)
        /// The file and the change have both touched these members: the file wins in them, and the rest of the change stands.
        case membersChanged([String])
        /// The file does not declare the backend's pool any longer: the change is kept, and waits for it.
        case poolGone(String)
        /// The pool was removed, and the file has put a backend into it since: the removal is forgotten.
        case poolInUse(by: String)
        /// There are as many as there may be: the change is kept, and waits.
        case tooMany
    }

    package let kind: Kind
    package let name: String
    /// What the run-time change had made of it, in words; nil when it had removed it.
    package let changed: String?
    package let cause: Cause

    /// One line for the log.
    package var description: String {
        let what = "\(kind.rawValue) \"\(name)\" was \(changed.map { "set to \($0)" } ?? "removed") at run time"
        switch cause {
        case .fileChanged(let from, let to):
            return "\(what), but the file has changed since (\(from ?? "absent") → \(to ?? "absent")): the file wins"
        case .membersChanged(let members):
            return
                "\(what), but the file has changed \(members.joined(separator: ", ")) since: there the file wins, and the rest stands"
        case .poolGone(let pool):
            return "\(what), but the file has no pool \"\(pool)\" any longer: it waits until the pool is back"
        case .poolInUse(let backend):
            return "\(what), but the file has the backend \"\(backend)\" in it: it stays"
        case .tooMany:
            return "\(what), but there are as many \(kind.rawValue)s as there may be: it waits until there is room"
        }
    }
}

/// What becomes of a file and the run-time changes when they meet.
package struct Merge: Equatable, Sendable {
    package var desired: DesiredState
    package var conflicts: [Conflict]
    /// The changes that still stand.
    package var remaining: Overlay

    /// Those of them that are not part of `desired` yet.
    var waiting: [Waiting] {
        conflicts.compactMap { conflict in
            let members: JSONObject?
            switch conflict.kind {
            case .pool: members = remaining.pools.change(of: conflict.name)?.spec.map(SpecText.members)
            case .backend: members = remaining.backends.change(of: conflict.name)?.spec.map(SpecText.members)
            }
            guard let members else { return nil }
            return Waiting(conflict, members)
        }
    }
}

extension Overlay {
    /// Meets the file: declared then, declared now and changed at run time, per pool and per backend.
    ///
    /// Where the file still declares what it did when the change was made, the change wins. Where it has changed, they meet
    /// member by member (`MemberMerge`), and the file wins in what both have changed, with a conflict. Backends stand in the file's order, then the additions
    /// in the order in which they were made. O(backends + changes × log changes).
    ///
    /// - Parameters:
    ///   - backendsMax: How many backends there may be; additions beyond it wait.
    ///   - poolsMax: How many pools.
    package func merge(
        declared: DesiredState,
        backendsMax: Int = DesiredState.backendsMax,
        poolsMax: Int = DesiredState.poolsMax
    ) -> Merge {
        var merge = Merge(desired: declared, conflicts: [], remaining: Overlay())
        let removals = mergePools(into: &merge, declared, poolsMax: poolsMax)
        mergeBackends(into: &merge, declared, backendsMax: backendsMax)
        guard !removals.isEmpty else { return merge }
        var tenants: [String: String] = [:]
        for entry in merge.desired.backends where tenants[entry.spec.pool] == nil {
            tenants[entry.spec.pool] = entry.name
        }
        for change in removals {
            if let tenant = tenants[change.name] {
                merge.conflict(.pool, change, .poolInUse(by: tenant), SpecText.words)
            } else {
                merge.desired.removePool(change.name)
                merge.remaining.pools.keep(change)
            }
        }
        return merge
    }

    /// Returns the removals, which wait until it is known who is in the pools.
    private func mergePools(
        into merge: inout Merge,
        _ declared: DesiredState,
        poolsMax: Int
    ) -> [Change<PoolSpec>] {
        var removals: [Change<PoolSpec>] = []
        for change in pools.changes {
            let now = declared.pool(change.name)
            if change.spec == now { continue }
            guard let change = merge.standing(.pool, change, now, SpecText.members, SpecText.pool, SpecText.words)
            else {
                continue
            }
            guard let spec = change.spec else {
                removals.append(change)
                continue
            }
            if now == nil, merge.desired.pools.count >= poolsMax {
                merge.conflict(.pool, change, .tooMany, SpecText.words)
            } else {
                merge.desired.setPool(change.name, spec)
            }
            merge.remaining.pools.keep(change)
        }
        return removals
    }

    private func mergeBackends(into merge: inout Merge, _ declared: DesiredState, backendsMax: Int) {
        let specs = Dictionary(declared.backends.map { ($0.name, $0.spec) }) { _, last in last }
        let known = Set(merge.desired.pools.map(\.name))
        var edits: [(name: String, spec: BackendSpec?)] = []
        var count = declared.backends.count
        for change in backends.changes {
            let now = specs[change.name]
            if change.spec == now { continue }
            guard let change = merge.standing(.backend, change, now, SpecText.members, SpecText.backend, SpecText.words)
            else { continue }
            merge.remaining.backends.keep(change)
            if let spec = change.spec, !known.contains(spec.pool) {
                merge.conflict(.backend, change, .poolGone(spec.pool), SpecText.words)
                continue
            }
            if now == nil, count >= backendsMax {
                merge.conflict(.backend, change, .tooMany, SpecText.words)
                continue
            }
            count += (change.spec == nil ? 0 : 1) - (now == nil ? 0 : 1)
            edits.append((change.name, change.spec))
        }
        merge.desired.editBackends(edits)
    }
}

extension Merge {
    /// What of a change stands, whatever has become of the file since; nil, and a conflict, where nothing does.
    fileprivate mutating func standing<Spec>(
        _ kind: Conflict.Kind,
        _ change: Overlay.Change<Spec>,
        _ now: Spec?,
        _ members: (Spec) -> JSONObject,
        _ read: (String) -> Spec?,
        _ words: (Spec) -> String
    ) -> Overlay.Change<Spec>? {
        if change.declared == now { return change }
        guard let (rebased, contested) = change.rebased(on: now, members, read) else {
            conflict(kind, change, .fileChanged(from: change.declared.map(words), to: now.map(words)), words)
            return nil
        }
        if !contested.isEmpty { conflict(kind, change, .membersChanged(contested), words) }
        return rebased
    }

    fileprivate mutating func conflict<Spec>(
        _ kind: Conflict.Kind,
        _ change: Overlay.Change<Spec>,
        _ cause: Conflict.Cause,
        _ words: (Spec) -> String
    ) {
        conflicts.append(Conflict(kind: kind, name: change.name, changed: change.spec.map(words), cause: cause))
    }
}

extension Overlay {
    /// What stands in `order` of a change whose revision is not known yet: it comes after all others.
    static let unnumbered = UInt64.max
}

extension Overlay.Layer {
    /// What has to be set (nil: forgotten) to come from `old` to this.
    func edits(from old: Self) -> [Overlay.Edit<Spec>] {
        let set = byName.filter { old.byName[$0.key] != $0.value }.map { Overlay.Edit(name: $0.key, change: $0.value) }
        return set + old.byName.keys.filter { byName[$0] == nil }.map { Overlay.Edit(name: $0, change: nil) }
    }
}
