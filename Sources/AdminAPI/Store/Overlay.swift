package import Model

/// The run-time changes that stand on top of what the configuration file declares.
///
/// Each is kept with what the file declared when it was made, so that a later start can tell whose word is newer.
package struct Overlay: Equatable, Sendable {
    package struct Change: Equatable, Sendable {
        package let name: String
        /// What the backend should be; nil when it was removed.
        package var spec: BackendSpec?
        /// What the file declared when the change was made; nil when it did not know the name.
        package var declared: BackendSpec?
        /// Orders the additions: the sequence of the change that added the backend.
        package var order: UInt64

        package init(name: String, spec: BackendSpec?, declared: BackendSpec?, order: UInt64) {
            self.name = name
            self.spec = spec
            self.declared = declared
            self.order = order
        }
    }

    /// One change per name, by ascending `order`.
    package private(set) var changes: [Change]

    package init(_ changes: [Change] = []) {
        self.changes = changes.sorted { $0.order < $1.order }
    }

    package func change(of name: String) -> Change? { changes.first { $0.name == name } }

    /// Records that `name` shall be `spec`, or be gone when that is nil, over what the file declares now.
    ///
    /// A change back to the declared value leaves nothing to remember. A changed addition keeps its place in the order.
    package mutating func record(_ name: String, spec: BackendSpec?, declared: BackendSpec?, sequence: UInt64) {
        let index = changes.firstIndex { $0.name == name }
        guard spec != declared else {
            if let index { changes.remove(at: index) }
            return
        }
        if let index {
            changes[index].spec = spec
            changes[index].declared = declared
        } else {
            changes.append(Change(name: name, spec: spec, declared: declared, order: sequence))
        }
    }
}

/// A run-time change that does not hold any longer, because of what the file now says.
package struct Conflict: Equatable, Sendable, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        /// The file has changed what it declares since: the file wins and the change is forgotten.
        case fileChanged(from: BackendSpec?, to: BackendSpec?)
        /// The file does not declare the backend's pool any longer: the change is kept, and waits for it.
        case poolGone(String)
        /// There are as many backends as there may be: the change is kept, and waits.
        case tooMany
    }

    package let name: String
    /// What the run-time change had made of it; nil when it had removed it.
    package let changed: BackendSpec?
    package let cause: Cause

    /// One line for the log.
    package var description: String {
        let wish = changed.map { "set to \(Self.words($0))" } ?? "removed"
        switch cause {
        case .fileChanged(let from, let to):
            return "backend \"\(name)\" was \(wish) at run time, but the file has changed since"
                + " (\(Self.words(from)) → \(Self.words(to))): the file wins"
        case .poolGone(let pool):
            return "backend \"\(name)\" was \(wish) at run time, but the file has no pool \"\(pool)\" any longer:"
                + " it waits until the pool is back"
        case .tooMany:
            return "backend \"\(name)\" was \(wish) at run time, but there are"
                + " as many backends as there may be: it waits until there is room"
        }
    }

    private static func words(_ spec: BackendSpec?) -> String {
        spec.map(SpecText.words) ?? "absent"
    }
}

/// What becomes of a file and the run-time changes when they meet.
package struct Merge: Equatable, Sendable {
    package var desired: DesiredState
    package var conflicts: [Conflict]
    /// The changes that still stand.
    package var remaining: Overlay
}

extension Overlay {
    /// Meets the file: declared then, declared now and changed at run time, per backend.
    ///
    /// Where the file still declares what it did when the change was made, the change wins. Where it has changed, the
    /// file wins, with a conflict unless both came to the same. Backends stand in the file's order, then the additions
    /// in the order in which they were made. O(backends × changes).
    ///
    /// - Parameter backendsMax: How many backends there may be; additions beyond it wait.
    package func merge(declared: DesiredState, backendsMax: Int = DesiredState.backendsMax) -> Merge {
        var merge = Merge(desired: declared, conflicts: [], remaining: Overlay())
        var specs: [String: BackendSpec] = [:]
        for entry in declared.backends { specs[entry.name] = entry.spec }
        for change in changes {
            let now = specs[change.name]
            if change.spec == now { continue }
            guard change.declared == now else {
                merge.conflict(change, .fileChanged(from: change.declared, to: now))
                continue
            }
            if let spec = change.spec, declared.pool(spec.pool) == nil {
                merge.conflict(change, .poolGone(spec.pool))
                merge.remaining.changes.append(change)
                continue
            }
            if now == nil, merge.desired.backends.count >= backendsMax {
                merge.conflict(change, .tooMany)
                merge.remaining.changes.append(change)
                continue
            }
            if let spec = change.spec {
                merge.desired.setBackend(change.name, spec)
            } else {
                merge.desired.removeBackend(change.name)
            }
            merge.remaining.changes.append(change)
        }
        return merge
    }
}

extension Merge {
    fileprivate mutating func conflict(_ change: Overlay.Change, _ cause: Conflict.Cause) {
        conflicts.append(Conflict(name: change.name, changed: change.spec, cause: cause))
    }
}
