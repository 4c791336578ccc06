import CLinux
package import Model
import Synchronization

/// Stand-ins: a change that would leave a pool with nobody but newcomers, whose first checks are still to come, does not take
/// away those who serve. They stay until the newcomers do.
extension Proxy {
    /// Of one pool.
    struct StandingIn {
        let pool: String
        /// As they were desired last.
        var entries: [DesiredState.Entry<BackendSpec>]
        let since: Int64
        let deadline: Instant
        /// Nobody was there to take over at the deadline, and that was told.
        var isOverdue = false
    }

    /// All newcomers have this long; after that those of them that serve have to do, where there are any.
    static let standInNs: UInt64 = 60_000_000_000
    /// How often it is looked whether the newcomers serve: a tenth of what the shortest interval of checks is worth.
    private static let glanceNs: UInt64 = 50_000_000

    package func standIns() -> [StandIn] {
        control.withLock { control in
            control.standIns.map { one in
                StandIn(
                    pool: one.pool,
                    backends: one.entries.map(\.name),
                    awaited: awaited(in: one.pool, control).missing,
                    since: one.since,
                    isOverdue: one.isOverdue
                )
            }
        }
    }

    /// What is to be published for a state that is wanted: with those who stand in for its newcomers, behind all others. One
    /// of those may have the name of another that is wanted, and nothing else in common with it.
    func withStandIns(_ wanted: DesiredState, _ control: inout Control) -> DesiredState {
        let changed = ChangedMiddle(from: control.wanted.backends, to: wanted.backends)
        let arrivals = Set(wanted.backends[changed.new].lazy.map { Identity($0) })
        let pools = Set(wanted.pools.map(\.name))
        for index in control.standIns.indices {
            control.standIns[index].entries.removeAll { arrivals.contains(Identity($0)) }
        }
        control.standIns.removeAll { $0.entries.isEmpty || !pools.contains($0.pool) }
        let leaving = control.wanted.backends[changed.old].filter { entry in
            pools.contains(entry.spec.pool) && !arrivals.contains(Identity(entry)) && mayServe(entry, control)
        }
        let before = Set(control.wanted.backends[changed.old].lazy.map { Identity($0) })
        for (pool, entries) in Dictionary(grouping: leaving, by: \.spec.pool).sorted(by: { $0.key < $1.key }) {
            var newcomers: [String] = []
            var isNeeded = true
            for entry in wanted.backends where entry.spec.pool == pool {
                guard entry.spec.state == .ready, entry.spec.weight > 0 else { continue }
                let isNew = arrivals.contains(Identity(entry)) && !before.contains(Identity(entry))
                let check = wanted.check(of: entry.spec)
                // Somebody stays, or is there at once.
                if isNew ? check == nil || check?.start == .up : mayServe(entry, control) {
                    isNeeded = false
                    break
                }
                if isNew { newcomers.append(entry.name) }
            }
            guard isNeeded, !newcomers.isEmpty else { continue }
            standIn(pool, entries, &control)
            control.lines.append(
                "\(words(pool, entries)) serve on in place of \(Self.list(newcomers)), who have not passed a check yet"
            )
        }
        control.wanted = wanted
        var effective = wanted
        effective.appendBackends(control.standIns.flatMap(\.entries))
        return effective
    }

    /// Never under the lock: standard error may be slow.
    func tellLines() {
        let lines = control.withLock { control in
            defer { control.lines = [] }
            return control.lines
        }
        for line in lines { say(line) }
    }

    /// Where some stand in already, more may do so from now on.
    private func standIn(_ pool: String, _ entries: [DesiredState.Entry<BackendSpec>], _ control: inout Control) {
        if let index = control.standIns.firstIndex(where: { $0.pool == pool }) {
            control.standIns[index].entries += entries
        } else {
            let deadline = Instant(nanoseconds: clx_monotonic_ns()) + Self.standInNs
            control.standIns.append(StandingIn(pool: pool, entries: entries, since: clx_wall_ns(), deadline: deadline))
        }
    }

    private func mayServe(_ entry: DesiredState.Entry<BackendSpec>, _ control: Control) -> Bool {
        guard entry.spec.state == .ready, entry.spec.weight > 0, let slot = control.slots[entry.name] else {
            return false
        }
        return live.backends[Int(slot)].mayServe
    }

    /// The names of those that are wanted, and nothing else, lead to slots.
    func nameSlots(_ control: inout Control) {
        control.slots = [:]
        for (place, entry) in control.wanted.backends.enumerated() {
            control.slots[entry.name] = control.seating.live(place)
        }
    }

    /// The slots of those who stand in, by name.
    func standInSlots(_ control: Control) -> [(name: String, slot: UInt32)] {
        let first = control.wanted.backends.count
        return control.desired.backends.indices.dropFirst(first).map {
            (control.desired.backends[$0].name, control.seating.live($0))
        }
    }

    /// Sees to it that they do not stay longer than it takes.
    func watchStandIns() {
        let isNew = control.withLock { control in
            guard !control.standIns.isEmpty, !control.watchesStandIns else { return false }
            control.watchesStandIns = true
            return true
        }
        guard isNew else { return }
        do {
            try LoopThread.start("lb-stand-ins") { [self] in
                let pause = Signal()
                while relieve() { _ = pause.wait(past: 0, timeoutNs: Self.glanceNs) }
            }
        } catch {
            control.withLock { $0.watchesStandIns = false }
        }
    }

    /// Lets those go who are needed no longer.
    /// - Returns: whether some stay.
    private func relieve() -> Bool {
        let now = Instant(nanoseconds: clx_monotonic_ns())
        let (sequence, isGoingOn) = control.withLock { control -> (UInt64?, Bool) in
            guard !isStopping else { return (nil, false) }
            var over: [StandingIn] = []
            for index in control.standIns.indices {
                let one = control.standIns[index]
                let (serving, missing) = awaited(in: one.pool, control)
                let isLate = one.deadline <= now
                let least = max(1, control.wanted.pool(one.pool)?.minReady ?? 1)
                if missing.isEmpty || isLate && serving.count >= least {
                    over.append(one)
                    let late = missing.isEmpty ? "" : ", but not \(Self.list(missing))"
                    control.lines.append(
                        "\(words(one.pool, one.entries)) are relieved: \(Self.list(serving)) serve\(late)"
                    )
                } else if isLate, !one.isOverdue {
                    control.standIns[index].isOverdue = true
                    control.lines.append(
                        "\(words(one.pool, one.entries)) serve on: after \(Self.standInNs / 1_000_000_000) s too few of those in "
                            + "their place do (not \(Self.list(missing)))"
                    )
                    changeSignal.raise()
                }
            }
            control.standIns.removeAll { one in over.contains { $0.pool == one.pool } }
            if control.standIns.isEmpty { control.watchesStandIns = false }
            guard !over.isEmpty else { return (nil, !control.standIns.isEmpty) }
            var effective = control.wanted
            effective.appendBackends(control.standIns.flatMap(\.entries))
            return (publish(effective, &control), !control.standIns.isEmpty)
        }
        tellLines()
        // A loop that is stuck is told of by whoever writes next.
        if let sequence { try? awaitEveryone(sequence) }
        return isGoingOn
    }

    /// Those of a pool that are to serve: who does, and who does not.
    private func awaited(in pool: String, _ control: Control) -> (serving: [String], missing: [String]) {
        var (serving, missing): ([String], [String]) = ([], [])
        for entry in control.wanted.backends where entry.spec.pool == pool {
            guard entry.spec.state == .ready, entry.spec.weight > 0 else { continue }
            if mayServe(entry, control) { serving.append(entry.name) } else { missing.append(entry.name) }
        }
        return (serving, missing)
    }

    private func words(_ pool: String, _ entries: [DesiredState.Entry<BackendSpec>]) -> String {
        "pool \"\(pool)\": \(Self.list(entries.map { "\($0.name) (\($0.spec.url))" }))"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
    }
}
