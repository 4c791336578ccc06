/// Who may be picked, pool by pool, as one worker knows it: an index over the snapshot that is kept up to date by the
/// `AvailabilityJournal`, so that no pick looks for an available backend among those that are not.
///
/// Made anew with each snapshot; memory is taken then and at no other time. What a backend's availability means is decided
/// here alone: who serves, who only when nobody else can, and what a panic changes.
package struct Availables: ~Copyable {
    private let snapshot: SnapshotView
    private let live: ZeroedView<LiveBackend>
    private let full: FullBoard
    private let journal: AvailabilityJournal
    private var cursor: UInt64 = 0

    private let words: ZeroedTable<UInt64>
    private let sums: ZeroedTable<UInt32>
    private let records: ZeroedTable<PoolRecord>
    /// By backend: the raw availability that the sets stand for. 0 is `starting`, who is in none.
    private let seen: ZeroedTable<UInt8>

    /// - Parameters:
    ///   - snapshot: must outlive this.
    ///   - table: the facts of its backends; must outlive this.
    package init(_ snapshot: SnapshotView, of table: LiveTable) {
        self.snapshot = snapshot
        live = table.backends
        full = table.full
        journal = table.journal
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
        func reserve(_ slots: ClosedRange<UInt32>?) -> SlotRecord {
            guard let slots else { return SlotRecord(wordStart: 0, firstWord: 0, wordCount: 0) }
            let first = slots.lowerBound / 64
            let count = slots.upperBound / 64 - first + 1
            defer { wordEnd += Int(count) }
            return SlotRecord(wordStart: UInt32(wordEnd), firstWord: first, wordCount: count)
        }
        func reserve(_ group: GroupPlan, _ slots: ClosedRange<UInt32>?) -> GroupRecord {
            let members = reserve(group.memberCount)
            let turns = group.isWeighted ? reserve(group.turnCount) : members
            return GroupRecord(members: members, turns: turns, slots: reserve(slots))
        }
        for index in 0..<snapshot.pools.count {
            let pool = snapshot.pools[index]
            // Where there are no limits everybody has room.
            let slots = pool.hasLimits ? snapshot.slots(ofPool: index) : nil
            view[index].primary = reserve(pool.primary, slots)
            view[index].backup = reserve(pool.backup, pool.backup.memberCount > 0 ? slots : nil)
            view[index].ejected = reserve(pool.primary.memberCount + pool.backup.memberCount)
            view[index].ejectedSlots = reserve(slots)
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
            for set in slotSets(of: index) { set.clear() }
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

    private func slotSets(of pool: Int) -> [SlotSet] {
        let record = records.view[pool]
        return [record.primary.slots, record.backup.slots, record.ejectedSlots].map { view($0) }
    }

    /// How every backend of a pool is now.
    private func look(at pool: Int) {
        let seen = self.seen.view
        var serving: UInt32 = 0
        var backupsServing: UInt32 = 0
        for backend in snapshot.backends(ofPool: pool) {
            let plan = snapshot.backends[backend]
            guard plan.isCandidate else { continue }
            let availability = live[Int(plan.live)].availability
            seen[backend] = availability.rawValue
            if availability == .serving {
                if plan.isBackup { backupsServing += 1 } else { serving += 1 }
            }
            // It may have been noted by another limit than it has now.
            if live[Int(plan.live)].hasRoom(most: plan.requestsMax) { full.left(plan.live) }
        }
        records.view[pool].serving = serving
        records.view[pool].backupsServing = backupsServing
    }

    /// Puts the backends of a pool into the sets that they belong to, which are empty and counted later.
    private func fill(_ pool: Int) {
        let record = records.view[pool]
        let hasSlowStart = snapshot.pools[pool].hasSlowStart
        let groups = (view(record.primary.members), view(record.backup.members))
        let turns = (view(record.primary.turns), view(record.backup.turns))
        let ejected = view(record.ejected)
        let slots = (view(record.primary.slots), view(record.backup.slots), view(record.ejectedSlots))
        var weights: (UInt64, UInt64) = (0, 0)
        var (oldest, rampEnd) = (record.oldest, record.rampEnd)
        for backend in snapshot.backends(ofPool: pool) {
            let plan = snapshot.backends[backend]
            guard plan.isCandidate else { continue }
            let availability = Availability(rawValue: seen.view[backend]) ?? .starting
            let place = Int(plan.place)
            guard availability.serves(inPanic: record.isPanicking) else {
                if availability == .ejected {
                    ejected.fill(place + (plan.isBackup ? groups.0.places : 0))
                    slots.2.set(plan.live, true)
                }
                continue
            }
            if plan.isBackup {
                groups.1.fill(place)
                slots.1.set(plan.live, true)
                weights.1 &+= UInt64(plan.weight)
            } else {
                groups.0.fill(place)
                slots.0.set(plan.live, true)
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
        records[pool].rampedUntil = Instant(nanoseconds: 0)
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
    package func pool(_ index: Int, at now: Instant) -> PoolAvailability {
        let records = self.records.view
        if now < records[index].rampEnd, now >= records[index].rampedUntil { reckonShares(index, now) }
        return PoolAvailability(
            record: records[index],
            words: words.view,
            sums: sums.view,
            full: full,
            isRamping: now < records[index].rampEnd
        )
    }

    /// A request has left a backend, whatever became of it.
    @inline(always)
    package func endRequest(at live: UInt32) {
        self.live[Int(live)].endRequest()
        full.left(live)
    }

    // MARK: slow start

    /// A sum of shares is kept for so long, or for a 64th of the shortest slow start where that is longer. It costs a look at
    /// every backend of the pool.
    private static let reckonLeastNs: UInt64 = 10_000_000

    /// What the weights of a pool that hashes come to while some are in their slow start. They are taken as of the end of the
    /// time for which the sum is kept: a bound that is reckoned by them is never too high, and too low by a 64th at most.
    private func reckonShares(_ pool: Int, _ now: Instant) {
        let records = self.records.view
        let plan = snapshot.pools[pool]
        guard plan.algorithm == .hash else {
            records[pool].rampedUntil = .never
            return
        }
        let groups = (view(records[pool].primary.members), view(records[pool].backup.members))
        let oldest = records[pool].oldest
        var step = UInt64.max
        for backend in snapshot.backends(ofPool: pool) where snapshot.backends[backend].slowStartNs > 0 {
            step = min(step, snapshot.backends[backend].slowStartNs / 64)
        }
        let until = now + max(step, Self.reckonLeastNs)
        var shares: (UInt64, UInt64) = (0, 0)
        for backend in snapshot.backends(ofPool: pool) {
            let plan = snapshot.backends[backend]
            guard plan.isCandidate else { continue }
            let isMember = plan.isBackup ? groups.1.contains(Int(plan.place)) : groups.0.contains(Int(plan.place))
            guard isMember else { continue }
            let share = SlowStart.share(
                sinceNs: until.since(live[Int(plan.live)].servingSince),
                oldestNs: until.since(oldest),
                ofNs: plan.slowStartNs
            )
            if plan.isBackup {
                shares.1 &+= UInt64(plan.weight) * share
            } else {
                shares.0 &+= UInt64(plan.weight) * share
            }
        }
        records[pool].primary.shares = shares.0
        records[pool].backup.shares = shares.1
        records[pool].rampedUntil = until
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
        if plan.isBackup {
            if before == Availability.serving.rawValue { records[pool].backupsServing -= 1 }
            if availability == .serving { records[pool].backupsServing += 1 }
        } else {
            if before == Availability.serving.rawValue { records[pool].serving -= 1 }
            if availability == .serving { records[pool].serving += 1 }
        }
        let isPanicking = isBelowPanic(pool)
        guard isPanicking != records[pool].isPanicking else { return place(backend) }
        records[pool].isPanicking = isPanicking
        for member in snapshot.backends(ofPool: pool) { place(member) }
    }

    /// Too few primaries serve, and no backup does. A backup that serves is there for just this: those whose checks fail must
    /// not go ahead of it.
    private func isBelowPanic(_ pool: Int) -> Bool {
        records.view[pool].serving < snapshot.pools[pool].servingLeast && records.view[pool].backupsServing == 0
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
        view(records[pool].ejectedSlots).set(plan.live, availability == .ejected && !serves)
        view(group.slots).set(plan.live, serves)
        records[pool].rampedUntil = Instant(nanoseconds: 0)
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
    private func view(_ record: SlotRecord) -> SlotSet { SlotSet(words: words.view, record) }
}

extension Availability {
    /// Whether it is picked like any other. In a panic health is not believed, but a backend that has never passed a check,
    /// drains or is in maintenance still gets nothing.
    @inline(always)
    func serves(inPanic isPanicking: Bool) -> Bool {
        switch self {
        case .serving: true
        case .unhealthy, .ejected: isPanicking
        case .starting, .unproven, .draining, .maint: false
        }
    }
}

/// What one worker knows of one pool. It shows what is known now, also later: the sets are the `Availables`' own.
package struct PoolAvailability: BitwiseCopyable {
    private let record: PoolRecord
    private let words: ZeroedView<UInt64>
    private let sums: ZeroedView<UInt32>
    package let full: FullBoard
    /// Some backend is in its slow start.
    package let isRamping: Bool

    init(
        record: PoolRecord,
        words: ZeroedView<UInt64>,
        sums: ZeroedView<UInt32>,
        full: FullBoard,
        isRamping: Bool
    ) {
        self.record = record
        self.words = words
        self.sums = sums
        self.full = full
        self.isRamping = isRamping
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
    /// The same of as much as their slow start allows them, in 1,024ths; in a pool that hashes.
    package func shares(ofBackups: Bool) -> UInt64 {
        guard isRamping else { return weights(ofBackups: ofBackups) * 1024 }
        return ofBackups ? record.backup.shares : record.primary.shares
    }
    /// The live slots of members; in a pool with limits.
    package func slots(ofBackups: Bool) -> SlotSet {
        SlotSet(words: words, ofBackups ? record.backup.slots : record.primary.slots)
    }
    /// Of those that are ejected.
    package var ejectedSlots: SlotSet { SlotSet(words: words, record.ejectedSlots) }
    /// Primaries, then backups, that are ejected: for requests that nobody else can take.
    package var ejected: AvailableSet { view(record.ejected) }

    private func view(_ record: SetRecord) -> AvailableSet { AvailableSet(words: words, sums: sums, record) }
}

struct GroupRecord: BitwiseCopyable {
    /// Each backend once.
    var members: SetRecord
    /// Each backend as often as the rotation has it; the same set where that is once.
    var turns: SetRecord
    /// The live slots of its members.
    var slots: SlotRecord
    var weights: UInt64 = 0
    var shares: UInt64 = 0
}

struct PoolRecord: BitwiseCopyable {
    var primary: GroupRecord
    var backup: GroupRecord
    var ejected: SetRecord
    var ejectedSlots: SlotRecord
    /// Primaries that serve by their own health.
    var serving: UInt32
    var backupsServing: UInt32
    var isPanicking: Bool
    var rampEnd: Instant
    var oldest: Instant
    /// How long the sums of shares are good for.
    var rampedUntil: Instant
}
