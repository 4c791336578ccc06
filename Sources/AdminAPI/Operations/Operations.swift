import Model
import Synchronization

/// Everything that takes time: begun by changes, followed to its end, told as it goes.
///
/// The plane knows what drains and how far it is (`ControlPlane.drains`); what is added here is whose it is, by when it
/// has to be over, and that others can see it, wait for it and take it back. Whoever made a change looks (`look`) before
/// it answers; the `Follower` looks ever after.
final class Operations: Sendable {
    private let state: ConfigState
    private let plane: any ControlPlane
    private let log: EventLog
    private let table: Mutex<Table>
    /// Held while one looks, so that no two begin or end the same operation.
    private let turn = Mutex(())

    private struct Table {
        /// By their own numbers, which are those of the events that tell of their starts.
        var records: [UInt64: OperationRecord] = [:]
        /// Those that run, by the plane's number of the drain.
        var running: [UInt64: UInt64] = [:]
        /// The plane's drains up to this one have been seen.
        var seen: UInt64
        /// The change that last concerned a backend, until its drain is seen.
        var causes: [String: Cause] = [:]
    }

    private struct Cause {
        let revision: UInt64
        let author: Author
        let patience: TimeSpan
    }

    /// Ended ones are kept for those who ask later.
    private static let endedMax = 1000
    /// How often the progress of a drain is told.
    private static let progressInterval = TimeSpan.seconds(1)

    init(state: ConfigState, plane: any ControlPlane, log: EventLog) {
        self.state = state
        self.plane = plane
        self.log = log
        table = Mutex(Table(seen: plane.drains().last?.number ?? 0))
    }

    /// Takes note of whose the drains will be that a change begins. Called in the order of the changes; does not block.
    func notice(_ change: Change) {
        let desired = state.current.desired
        table.withLock { table in
            for backend in change.backends {
                guard let before = backend.before else { continue }
                let goesOn = backend.after.map {
                    $0.state == .ready && $0.url == before.url && $0.pool == before.pool
                }
                if goesOn ?? false { continue }
                table.causes[backend.name] = Cause(
                    revision: change.revision,
                    author: change.author,
                    patience: (desired.pool(before.pool) ?? PoolSpec()).drain
                )
            }
        }
    }

    // MARK: Going on

    /// Looks at what drains: begins, tells, cuts what is overdue, and ends.
    ///
    /// - Returns: When to look again at the latest; nil when nothing runs.
    @discardableResult
    func look() -> Deadline? {
        let overdue = turn.withLock { _ in
            let drains = plane.drains()
            for drain in drains where isNew(drain) { begin(drain) }
            var overdue: [UInt64] = []
            let progress = Dictionary(drains.map { ($0.number, $0) }) { _, last in last }
            for (drain, number) in table.withLock({ $0.running }).sorted(by: { $0.value < $1.value }) {
                if follow(number, progress[drain]) { overdue.append(drain) }
            }
            return overdue
        }
        for drain in overdue {
            do {
                try plane.cut(drain)
            } catch {
                fail(drain, error)
            }
        }
        if !overdue.isEmpty { return look() }
        return table.withLock { table in
            table.running.values.compactMap { table.records[$0] }.map { $0.isCut ? .after(.seconds(1)) : $0.deadline }
                .min()
        }
    }

    private func isNew(_ drain: DrainProgress) -> Bool { table.withLock { $0.seen < drain.number } }

    private func begin(_ drain: DrainProgress) {
        let now = state.current
        let desired = now.desired.backend(drain.name)
        let purpose: OperationRecord.Purpose =
            if let desired {
                desired.url == drain.url && desired.pool == drain.pool ? .rest : .replacement
            } else { .removal }
        let cause = table.withLock { $0.causes.removeValue(forKey: drain.name) }
        state.number { number in
            var record = OperationRecord(
                id: "op-\(number)",
                backend: drain.name,
                purpose: purpose,
                revision: cause?.revision ?? now.revision,
                author: cause?.author ?? .file,
                patience: cause?.patience ?? (now.desired.pool(drain.pool) ?? PoolSpec()).drain
            )
            record.progress = drain
            table.withLock { table in
                table.records[number] = record
                table.running[drain.number] = number
                table.seen = drain.number
                let excess = table.records.count - table.running.count - Self.endedMax
                for old in table.records.filter(\.value.isOver).keys.sorted().prefix(max(0, excess)) {
                    table.records[old] = nil
                }
            }
            log.append(Self.draft(.drainStarted, record).numbered(number))
        }
    }

    /// Whether what it still carries is to be cut now.
    private func follow(_ number: UInt64, _ progress: DrainProgress?) -> Bool {
        guard var record = table.withLock({ $0.records[number] }) else { return false }
        guard let progress else {
            // The plane has called it off, which it does for a backend that serves again.
            end(record, number, .cancelled, "the backend serves again")
            return false
        }
        if record.purpose == .rest, state.current.desired.backend(record.backend) == nil { record.purpose = .removal }
        let hasMoved = progress != record.progress
        record.progress = progress
        guard !progress.isOver else {
            end(record, number, .succeeded, nil)
            return false
        }
        let isOverdue = record.deadline.hasPassed && !record.isCut
        record.isCut = record.isCut || isOverdue
        let isToBeTold = hasMoved && record.tellAgain.hasPassed
        if isToBeTold { record.tellAgain = .after(Self.progressInterval) }
        let now = record
        table.withLock { table in
            // The deadline may have been changed meanwhile.
            let (deadline, at) =
                table.records[number].map { ($0.deadline, $0.deadlineAt) } ?? (now.deadline, now.deadlineAt)
            table.records[number] = now
            table.records[number]?.deadline = deadline
            table.records[number]?.deadlineAt = at
        }
        if isToBeTold { state.number { log.append(Self.draft(.drainProgress, now).numbered($0)) } }
        return isOverdue
    }

    /// What could not be cut is not known to end any more.
    private func fail(_ drain: UInt64, _ error: PlaneError) {
        turn.withLock { _ in
            let found = table.withLock { table in
                table.running[drain].flatMap { number in table.records[number].map { ($0, number) } }
            }
            guard let (record, number) = found else { return }
            let why =
                switch error {
                case .stopping: "the daemon is stopping"
                case .full: "there is no room for it in the daemon"
                case .notAdopted(let workers): "\(workers) worker\(workers == 1 ? " does" : "s do") not answer"
                }
            end(record, number, .failed, "what was left at the deadline could not be cut: \(why)")
        }
    }

    private func end(_ record: OperationRecord, _ number: UInt64, _ end: OperationRecord.State, _ detail: String?) {
        var record = record
        record.end(end, detail)
        table.withLock { table in
            table.records[number] = record
            table.running = table.running.filter { $0.value != number }
        }
        state.number {
            log.append(Self.draft(end == .cancelled ? .operationCancelled : .drainFinished, record).numbered($0))
        }
    }

    /// Another deadline, from now on, for the drain that runs.
    func setPatience(_ patience: TimeSpan, of id: String) {
        guard let number = Self.number(of: id) else { return }
        table.withLock { table in
            guard let record = table.records[number], !record.isOver else { return }
            table.records[number]?.deadline = .after(patience)
            table.records[number]?.deadlineAt = WallClock.moment(WallClock.now(), after: patience)
        }
        look()
    }

    // MARK: Looking up

    private static func number(of id: String) -> UInt64? { id.hasPrefix("op-") ? UInt64(id.dropFirst(3)) : nil }

    func record(_ id: String) -> OperationRecord? {
        Self.number(of: id).flatMap { number in table.withLock { $0.records[number] } }
    }

    /// The newest of a backend, whether it has ended or not.
    func latest(of backend: String) -> OperationRecord? {
        table.withLock { table in
            table.records.filter { $0.value.backend == backend }.max { $0.key < $1.key }?.value
        }
    }

    /// Those that a revision has begun, oldest first: of a backend that has several, the newest is last.
    func begun(by revision: UInt64) -> [OperationRecord] {
        table.withLock { table in
            table.records.filter { $0.value.revision == revision }.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// All that are known.
    var all: [OperationRecord] { table.withLock { Array($0.records.values) } }

    private static func draft(_ kind: Event.Kind, _ record: OperationRecord) -> EventDraft {
        var members: JSONObject = [
            "operation": .string(record.id), "purpose": .string(record.purpose.rawValue), "drain": record.report,
            "revision": .counter(record.revision), "deadline": .string(WallClock.rfc3339(record.deadlineAt)),
        ]
        if let detail = record.detail { members["detail"] = .string(detail) }
        return EventDraft(kind, names: [record.backend], members)
    }
}
