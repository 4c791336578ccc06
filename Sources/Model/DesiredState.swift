/// What should be: the pools and backends that the configuration file declares and the admin API changes.
///
/// A value. Entries keep the order in which they were declared or added, which is the order of the rotation; names
/// are unique. Lookups are linear: this is the control side, where a change is rare.
package struct DesiredState: Equatable, Sendable {
    /// A name and what is declared under it: a value in a box that never changes, so that thousands of them are copied
    /// with a state for next to nothing, and what a change has left alone is told by being the same box.
    package final class Entry<Spec: Equatable & Sendable>: Equatable, Sendable {
        package let name: String
        package let spec: Spec

        package init(name: String, spec: Spec) {
            self.name = name
            self.spec = spec
        }

        package static func == (left: Entry, right: Entry) -> Bool {
            left === right || left.name == right.name && left.spec == right.spec
        }
    }

    package private(set) var pools: [Entry<PoolSpec>]
    package private(set) var backends: [Entry<BackendSpec>]

    /// The pool that serves everything while there are no routes. It always exists.
    package static let defaultPool = "default"
    /// Each backend costs a worker ~100 bytes and the rotation a few more; past this, one pool is the wrong tool.
    package static let backendsMax = 16_384
    package static let poolsMax = 256

    package init() {
        pools = [Entry(name: Self.defaultPool, spec: PoolSpec())]
        backends = []
    }

    package func pool(_ name: String) -> PoolSpec? { pools.first { $0.name == name }?.spec }
    package func backend(_ name: String) -> BackendSpec? { backends.first { $0.name == name }?.spec }
    /// The specs of the backends of these names: many at once, where one by one would be quadratic.
    package func backends(_ names: Set<String>) -> [String: BackendSpec] {
        var found: [String: BackendSpec] = [:]
        if names.count == 1, let name = names.first {
            found[name] = backend(name)
            return found
        }
        for entry in backends where names.contains(entry.name) { found[entry.name] = entry.spec }
        return found
    }

    /// What a backend of this state is checked with; nil is not at all.
    package func check(of spec: BackendSpec) -> HealthCheckSpec? {
        spec.healthCheck.applied(to: pool(spec.pool)?.healthCheck)
    }

    /// Adds or replaces in place.
    package mutating func setPool(_ name: String, _ spec: PoolSpec) {
        if let index = pools.firstIndex(where: { $0.name == name }) {
            pools[index] = Entry(name: name, spec: spec)
        } else {
            pools.append(Entry(name: name, spec: spec))
        }
    }

    /// Adds at the end, or replaces in place.
    package mutating func setBackend(_ name: String, _ spec: BackendSpec) {
        if let index = backends.firstIndex(where: { $0.name == name }) {
            backends[index] = Entry(name: name, spec: spec)
        } else {
            backends.append(Entry(name: name, spec: spec))
        }
    }

    /// Adds many at the end at once, where one by one would be quadratic. Their names must be new and each its own.
    package mutating func appendBackends(_ entries: [Entry<BackendSpec>]) { backends += entries }

    package mutating func removeBackend(_ name: String) { backends.removeAll { $0.name == name } }

    /// Backends in it have lost their pool. The pool `default` cannot be removed.
    package mutating func removePool(_ name: String) {
        precondition(name != Self.defaultPool)
        pools.removeAll { $0.name == name }
    }

    /// Replaces in place, adds at the end in the order given, and removes what is nil: many at once, where one by one
    /// would be quadratic. Each name stands once.
    package mutating func editBackends(_ changes: [(name: String, spec: BackendSpec?)]) {
        if changes.count == 1 {
            if let spec = changes[0].spec { setBackend(changes[0].name, spec) } else { removeBackend(changes[0].name) }
            return
        }
        var left = Dictionary(changes.map { ($0.name, $0.spec) }) { _, last in last }
        backends = backends.compactMap { entry in
            guard let change = left.removeValue(forKey: entry.name) else { return entry }
            return change.map { Entry(name: entry.name, spec: $0) }
        }
        for (name, spec) in changes {
            if let spec, left[name] != nil { backends.append(Entry(name: name, spec: spec)) }
        }
    }
}
