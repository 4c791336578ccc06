/// Who may be picked, pool by pool, as one worker knows it: an index over the snapshot that is kept up to date by the
/// `AvailabilityJournal`, so that no pick looks for an available backend among those that are not.
///
/// Made anew with each snapshot; memory is taken then and at no other time. What a backend's availability means is decided
/// here alone: who serves, who only when nobody else can, and what a panic changes.
package struct Availables: ~Copyable {
    private let snapshot: SnapshotView
    private let live: ZeroedView<LiveBackend>
    private let journal: AvailabilityJournal
    private var cursor: UInt64 = 0

    private let words: ZeroedTable<UInt64>
    private let sums: ZeroedTable<UInt32>
    private let records: ZeroedTable<PoolRecord>
    /// By backend: the raw availability that the sets stand for. 0 is `starting`, who is in none.
    private let seen: ZeroedTable<UInt8>

    /// - Parameters:
    ///   - snapshot: must outlive this.
    ///   - live: the facts of its backends.
    package init(_ snapshot: SnapshotView, live: ZeroedView<LiveBackend>, journal: AvailabilityJournal) {
        self.snapshot = snapshot
        self.live = live
        self.journal = journal
        records = ZeroedTable(count: max(1, snapshot.pools.count))
        seen = ZeroedTable(count: max(1, snapshot.backends.count))
        let view = records.view
        var wordEnd = 0
        var sumEnd = 0
        func reserve(_ places: UInt32) -> SetRecord {
            let record = SetRecord(wordStart: UInt32(wordEnd), sumStart: UInt32(sumEnd), places: places)
            let count = AvailableSet.wordCount(places: Int(places))
            wordEnd += count
            sumEnd += count + 1
            return record
        }
        func reserve(_ group: GroupPlan) -> GroupRecord {
            let members = reserve(group.memberCount)
            return GroupRecord(members: members, turns: group.isWeighted ? reserve(group.turnCount) : members)
        }
        for index in 0..<snapshot.pools.count {
            let pool = snapshot.pools[index]
            view[index].primary = reserve(pool.primary)
            view[index].backup = reserve(pool.backup)
            view[index].ejected = reserve(pool.primary.memberCount + pool.backup.memberCount)
        }
        words = ZeroedTable(count: max(1, wordEnd))
        sums = ZeroedTable(count: max(1, sumEnd))
        rebuild()
    }

    /// Looks at every backend. O(turns), and what one costs is a few words: the sets are filled, then counted once.
    package mutating func rebuild() {
        // Before the look: what changes meanwhile is found by both.
        cursor = journal.end
        let records = self.records.view
        for index in 0..<snapshot.pools.count {
            records[index].oldest = .never
            records[index].rampEnd = Instant(nanoseconds: 0)
            for set in sets(of: index) { set.clear() }
        }
        for index in 0..<snapshot.pools.count {
            look(at: index)
            records[index].isPanicking = isBelowPanic(index)
            fill(index)
            for set in sets(of: index) { set.recount() }
        }
    }

    /// Each of them once.
    private func sets(of pool: Int) -> [AvailableSet] {
        let record = records.view[pool]
        let plan = snapshot.pools[pool]
        var sets = [view(record.primary.members), view(record.backup.members), view(record.ejected)]
        if plan.primary.isWeighted { sets.append(view(record.primary.turns)) }
        if plan.backup.isWeighted { sets.append(view(record.backup.turns)) }
        return sets
    }

    /// How every backend of a pool is now.
    private func look(at pool: Int) {
        let seen = self.seen.view
        var serving: UInt32 = 0
        for backend in snapshot.backends(ofPool: pool) {
            let plan = snapshot.backends[backend]
            guard plan.isCandidate else { continue }
            let availability = live[Int(plan.live)].availability
            seen[backend] = availability.rawValue
            if availability == .serving, !plan.isBackup { serving += 1 }
        }
        records.view[pool].serving = serving
    }

    /// Puts the backends of a pool into the sets that they belong to, which are empty and counted later.
    private func fill(_ pool: Int) {
        let record = records.view[pool]
        let hasSlowStart = snapshot.pools[pool].hasSlowStart
        let groups = (view(record.primary.members), view(record.backup.members))
        let turns = (view(record.primary.turns), view(record.backup.turns))
        let ejected = view(record.ejected)
        var weights: (UInt64, UInt64) = (0, 0)
        var (oldest, rampEnd) = (record.oldest, record.rampEnd)
        for backend in snapshot.backends(ofPool: pool) {
            let plan = snapshot.backends[backend]
            guard plan.isCandidate else { continue }
            let availability = Availability(rawValue: seen.view[backend]) ?? .starting
            let place = Int(plan.place)
            guard availability.serves(inPanic: record.isPanicking) else {
                if availability == .ejected { ejected.fill(place + (plan.isBackup ? groups.0.places : 0)) }
                continue
            }
            if plan.isBackup {
                groups.1.fill(place)
                weights.1 &+= UInt64(plan.weight)
            } else {
                groups.0.fill(place)
                weights.0 &+= UInt64(plan.weight)
            }
            for index in 0..<Int(plan.turnCount) {
                let turn = Int(snapshot.places[Int(plan.turnStart) + index])
                if plan.isBackup { turns.1.fill(turn) } else { turns.0.fill(turn) }
            }
            guard hasSlowStart else { continue }
            let since = live[Int(plan.live)].servingSince
            rampEnd = max(rampEnd, since + plan.slowStartNs)
            oldest = min(oldest, since)
        }
        let records = self.records.view
        records[pool].primary.weights = weights.0
        records[pool].backup.weights = weights.1
        records[pool].oldest = oldest
        records[pool].rampEnd = rampEnd
    }

    /// Follows what has changed since the last time; one load when nothing has.
    @inline(always)
    package mutating func sync() {
        if !journal.isRead(to: cursor) { follow() }
    }

    private mutating func follow() {
        while true {
            switch journal.next(&cursor) {
            case .none: return
            case .overrun: return rebuild()
            case .slot(let slot):
                if let backend = snapshot.backend(ofLive: slot) { update(Int(backend)) }
            }
        }
    }

    /// - Parameter index: of a pool of the snapshot.
    @inline(always)
    package func pool(_ index: Int) -> PoolAvailability {
        PoolAvailability(record: records.view[index], words: words.view, sums: sums.view)
    }

    // MARK: what a change means

    private func update(_ backend: Int) {
        let plan = snapshot.backends[backend]
        guard plan.isCandidate else { return }
        let availability = live[Int(plan.live)].availability
        let before = seen.view[backend]
        seen.view[backend] = availability.rawValue
        let records = self.records.view
        let pool = Int(plan.pool)
        if !plan.isBackup {
            if before == Availability.serving.rawValue { records[pool].serving -= 1 }
            if availability == .serving { records[pool].serving += 1 }
        }
        let isPanicking = isBelowPanic(pool)
        guard isPanicking != records[pool].isPanicking else { return place(backend) }
        records[pool].isPanicking = isPanicking
        for member in snapshot.backends(ofPool: pool) { place(member) }
    }

    private func isBelowPanic(_ pool: Int) -> Bool {
        let plan = snapshot.pools[pool]
        let serving = UInt64(records.view[pool].serving)
        return serving * 1000 < UInt64(plan.panicPerMille) * UInt64(plan.primary.memberCount)
    }

    /// Puts a backend into the sets that it belongs to, and out of the others.
    private func place(_ backend: Int) {
        let plan = snapshot.backends[backend]
        guard plan.isCandidate else { return }
        let pool = Int(plan.pool)
        let poolPlan = snapshot.pools[pool]
        let records = self.records.view
        let availability = Availability(rawValue: seen.view[backend]) ?? .starting
        let isPanicking = records[pool].isPanicking
        let serves = availability.serves(inPanic: isPanicking)
        let group = plan.isBackup ? records[pool].backup : records[pool].primary
        let primaryCount = Int(records[pool].primary.members.places)
        view(records[pool].ejected).set(
            Int(plan.place) + (plan.isBackup ? primaryCount : 0),
            availability == .ejected && !serves
        )
        let hasChanged = view(group.members).set(Int(plan.place), serves)
        if poolPlan.hasSlowStart { ramp(plan, serves: serves, hasChanged: hasChanged) }
        guard hasChanged else { return }
        let weight = UInt64(plan.weight)
        if plan.isBackup {
            records[pool].backup.weights &+= serves ? weight : 0 &- weight
        } else {
            records[pool].primary.weights &+= serves ? weight : 0 &- weight
        }
        for index in 0..<Int(plan.turnCount) {
            view(group.turns).set(Int(snapshot.places[Int(plan.turnStart) + index]), serves)
        }
    }

    private func ramp(_ plan: BackendPlan, serves: Bool, hasChanged: Bool) {
        let records = self.records.view
        let pool = Int(plan.pool)
        let since = live[Int(plan.live)].servingSince
        if serves { records[pool].rampEnd = max(records[pool].rampEnd, since + plan.slowStartNs) }
        if serves, hasChanged {
            records[pool].oldest = min(records[pool].oldest, since)
        } else if serves || (hasChanged && since <= records[pool].oldest) {
            // The oldest has gone; or this one went and came back since the last look.
            records[pool].oldest = oldest(of: snapshot.pools[pool])
        }
    }

    /// When the backend that has served longest began. O(backends), and only where slow start is on.
    private func oldest(of pool: PoolPlan) -> Instant {
        var oldest = Instant.never
        let start = Int(pool.backendStart)
        for backend in start..<start + Int(pool.backendCount)
        where snapshot.backends[backend].isCandidate && live[Int(snapshot.backends[backend].live)].mayServe {
            oldest = min(oldest, live[Int(snapshot.backends[backend].live)].servingSince)
        }
        return oldest
    }

    private func view(_ record: SetRecord) -> AvailableSet { AvailableSet(words: words.view, sums: sums.view, record) }
}

extension Availability {
    /// Whether it is picked like any other. In a panic health is not believed, but a backend that has never answered a
    /// check, drains or is in maintenance still gets nothing.
    @inline(always)
    func serves(inPanic isPanicking: Bool) -> Bool {
        switch self {
        case .serving: true
        case .unhealthy, .ejected: isPanicking
        case .starting, .draining, .maint: false
        }
    }
}

/// What one worker knows of one pool. It shows what is known now, also later: the sets are the `Availables`' own.
package struct PoolAvailability: BitwiseCopyable {
    private let record: PoolRecord
    private let words: ZeroedView<UInt64>
    private let sums: ZeroedView<UInt32>

    init(record: PoolRecord, words: ZeroedView<UInt64>, sums: ZeroedView<UInt32>) {
        self.record = record
        self.words = words
        self.sums = sums
    }

    package var isPanicking: Bool { record.isPanicking }
    /// From here on nobody is in its slow start.
    package var rampEnd: Instant { record.rampEnd }
    /// When the one that has served longest began; `never` when nobody serves.
    package var oldest: Instant { record.oldest }

    package func turns(ofBackups: Bool) -> AvailableSet { view(ofBackups ? record.backup.turns : record.primary.turns) }
    package func members(ofBackups: Bool) -> AvailableSet {
        view(ofBackups ? record.backup.members : record.primary.members)
    }
    /// The sum of the members' weights.
    package func weights(ofBackups: Bool) -> UInt64 { ofBackups ? record.backup.weights : record.primary.weights }
    /// Primaries, then backups, that are ejected: for requests that nobody else can take.
    package var ejected: AvailableSet { view(record.ejected) }

    private func view(_ record: SetRecord) -> AvailableSet { AvailableSet(words: words, sums: sums, record) }
}

struct GroupRecord: BitwiseCopyable {
    /// Each backend once.
    var members: SetRecord
    /// Each backend as often as the rotation has it; the same set where that is once.
    var turns: SetRecord
    var weights: UInt64 = 0
}

struct PoolRecord: BitwiseCopyable {
    var primary: GroupRecord
    var backup: GroupRecord
    var ejected: SetRecord
    /// Primaries that serve by their own health.
    var serving: UInt32
    var isPanicking: Bool
    var rampEnd: Instant
    var oldest: Instant
}
