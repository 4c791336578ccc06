/// The backend of one attempt.
package enum Pick: Equatable {
    /// Its index in the snapshot.
    case backend(UInt32)
    /// Some may serve, but all of those are at their limit.
    case full
    case none
}

/// What a request brings that may decide its backend. It outlives snapshots: it names nothing in one.
package struct PickWish: BitwiseCopyable, Sendable {
    /// The hash of what the pool hashes by; nil when the request has none of it.
    package var key: UInt64?
    /// The id in the request's sticky cookie; 0 for none.
    package var sticky: UInt64 = 0

    package init(key: UInt64? = nil, sticky: UInt64 = 0) {
        self.key = key
        self.sticky = sticky
    }
}

/// Chooses the backend of one attempt, by the pool's algorithm: backends that serve first, then backups, then those that
/// are ejected.
///
/// A value that lives for one pick and looks at a bounded number of backends, however many there are and however many are
/// down: the `Availables` index leads to available ones only. What an algorithm compares are `BackendView`s.
package struct Chooser: BitwiseCopyable {
    private let pool: PoolPlan
    private let available: PoolAvailability
    private let snapshot: SnapshotView
    private let live: ZeroedView<LiveBackend>
    private let tickets: ZeroedView<PoolTicket>
    private let experience: ZeroedView<Experience>
    private let meanNs: UInt64
    private let tried: TriedBackends
    private let now: Instant
    private var chance: UInt64
    /// Backends looked at.
    package private(set) var looks = 0
    /// The index has led to a backend that is not available: it lags behind.
    package private(set) var isBehind = false
    /// What the backend that was chosen may have in flight because of its bounded load; 0 for any number.
    package private(set) var bound: UInt32 = 0
    private var isFull = false

    /// Turns taken before the members are walked.
    private static let turnsMax = 16
    /// Members walked at most. More than an exchange can have tried, so that finding none of them free means that those
    /// left are full.
    private static let walkMax = 64
    /// Neighbours in the hash table that are tried before an available member is looked up.
    private static let hashStepsMax = 16

    /// - Parameters:
    ///   - pool: its index in the snapshot.
    ///   - available: of the same pool.
    ///   - seed: chance for this pick; round robin without slow start and hashing do not look at it.
    package init(
        _ pool: Int,
        of available: PoolAvailability,
        in snapshot: SnapshotView,
        live: ZeroedView<LiveBackend>,
        tickets: ZeroedView<PoolTicket>,
        experiences: borrowing Experiences,
        tried: TriedBackends,
        now: Instant,
        seed: UInt64
    ) {
        self.pool = snapshot.pools[pool]
        self.available = available
        self.snapshot = snapshot
        self.live = live
        self.tickets = tickets
        experience = experiences.backends
        meanNs = experiences.pools[Int(self.pool.ticket)].mean
        self.tried = tried
        self.now = now
        chance = seed
    }

    package mutating func pick(_ wish: PickWish) -> Pick {
        if wish.sticky != 0, let session = session(wish.sticky) { return session }
        if let backend = choose(wish, ofBackups: false) { return .backend(backend) }
        // Who is full has its turn later; a backup is for when nobody has.
        guard !isFull else { return .full }
        if let backend = choose(wish, ofBackups: true) { return .backend(backend) }
        guard !isFull else { return .full }
        if let backend = anyEjected() { return .backend(backend) }
        return isFull ? .full : .none
    }

    /// The backend of the client's session, which a drain leaves to it, unless that has failed it.
    private mutating func session(_ id: UInt64) -> Pick? {
        guard let backend = snapshot.backend(ofSticky: id, in: pool) else { return nil }
        let plan = snapshot.backends[Int(backend)]
        looks += 1
        let availability = live[Int(plan.live)].availability
        let serves =
            plan.isCandidate
            ? availability.serves(inPanic: available.isPanicking) || availability == .draining
            : plan.keepsSessions && (availability == .draining || availability == .serving)
        guard serves, !tried.contains(plan.live) else { return nil }
        return hasRoom(plan) ? .backend(backend) : .full
    }

    private mutating func choose(_ wish: PickWish, ofBackups: Bool) -> UInt32? {
        guard available.members(ofBackups: ofBackups).count > 0 else { return nil }
        switch pool.algorithm {
        case .roundRobin: return inTurn(ofBackups)
        case .random: return drawn(ofBackups)
        case .leastRequest: return better(ofBackups) { LeastRequest.prefers($0, to: $1) }
        case .peakEWMA:
            let members = available.members(ofBackups: ofBackups).count
            let rule = PeakEWMA(meanWeight: Double(available.weights(ofBackups: ofBackups) * 1024) / Double(members))
            return better(ofBackups) { rule.prefers($0, to: $1) }
        case .leastRequestExact: return least(ofBackups)
        case .hash:
            guard let key = wish.key else { return inTurn(ofBackups) }
            return hashed(key, ofBackups)
        }
    }

    // MARK: algorithms

    /// The next in the pool's rotation, which all workers walk together.
    ///
    /// Available turns are counted, not looked for, so those who are left have equal shares whoever is down.
    private mutating func inTurn(_ ofBackups: Bool) -> UInt32? {
        let turns = available.turns(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.turnStart : pool.primary.turnStart)
        let count = UInt64(turns.count)
        var ticket: UInt64 = 0
        for _ in 0..<min(turns.count, Self.turnsMax) {
            ticket = ofBackups ? tickets[Int(pool.ticket)].takeBackup() : tickets[Int(pool.ticket)].take()
            let backend = snapshot.rotation[start + turns.select(Int(ticket % count))]
            if isRampedIn(backend, by: ticket), mayTake(backend) { return backend }
        }
        return walk(ofBackups, from: ticket)
    }

    /// One by chance, by weight.
    private mutating func drawn(_ ofBackups: Bool) -> UInt32? {
        let turns = available.turns(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.turnStart : pool.primary.turnStart)
        for _ in 0..<Self.turnsMax {
            let backend = snapshot.rotation[start + turns.select(draw(below: turns.count))]
            if isRampedIn(backend, by: chance), mayTake(backend) { return backend }
        }
        return walk(ofBackups, from: next())
    }

    /// The better of two different ones by chance (Mitzenmacher, "The power of two choices", 2001). The first is drawn by
    /// weight and wins ties, so that shares are right also where there is nothing to compare.
    @inline(always)
    private mutating func better(
        _ ofBackups: Bool,
        _ prefers: (_ one: BackendView, _ other: BackendView) -> Bool
    ) -> UInt32? {
        guard let first = drawn(ofBackups) else { return nil }
        let members = available.members(ofBackups: ofBackups)
        guard members.count > 1 else { return first }
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        for _ in 0..<4 {
            // Of all but the last; where that is the first again, the last stands in for it, which leaves every other one
            // the same chance.
            var second = snapshot.rotation[start + members.select(draw(below: members.count - 1))]
            if second == first { second = snapshot.rotation[start + members.select(members.count - 1)] }
            // A newcomer that is idle would win every comparison, whatever share it may have.
            let lot = next()
            guard isRampedIn(second, by: lot), mayTake(second) else { continue }
            return prefers(view(second), view(first)) ? second : first
        }
        return first
    }

    /// The least busy of all, and of several such one by chance and weight.
    private mutating func least(_ ofBackups: Bool) -> UInt32? {
        let members = available.members(ofBackups: ofBackups)
        guard members.count <= Self.walkMax else { return leastOfSome(ofBackups) }
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        let from = draw(below: members.count)
        var best: UInt32?
        var bestView = BackendView(inFlight: 0)
        var weights: UInt64 = 0
        for step in 0..<members.count {
            let rank = (from + step) % members.count
            let backend = snapshot.rotation[start + members.select(rank)]
            let lot = next()
            guard isRampedIn(backend, by: lot), mayTake(backend) else { continue }
            let view = view(backend)
            let weight = UInt64(snapshot.backends[Int(backend)].weight)
            if best == nil || LeastRequest.prefers(view, to: bestView) {
                weights = weight
            } else if LeastRequest.prefers(bestView, to: view) {
                continue
            } else {
                // Equally busy: it takes the others' place as often as its weight among them says.
                weights += weight
                guard next() % weights < weight else { continue }
            }
            best = backend
            bestView = view
        }
        return best ?? walk(ofBackups, from: UInt64(from))
    }

    /// One drawn by weight, unless `walkMax` in a row from a place of chance have a less busy one. Nobody is less busy than
    /// one that is idle, so that mostly few are looked at.
    private mutating func leastOfSome(_ ofBackups: Bool) -> UInt32? {
        guard var best = drawn(ofBackups) else { return nil }
        var bestView = view(best)
        let members = available.members(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        let from = draw(below: members.count)
        for step in 0..<Self.walkMax where bestView.load > 0 {
            let backend = snapshot.rotation[start + members.select((from + step) % members.count)]
            let lot = next()
            guard isRampedIn(backend, by: lot), mayTake(backend) else { continue }
            let view = view(backend)
            guard LeastRequest.prefers(view, to: bestView) else { continue }
            best = backend
            bestView = view
        }
        return best
    }

    /// The backend of a key, or the next in the table that has room for it.
    private mutating func hashed(_ key: UInt64, _ ofBackups: Bool) -> UInt32? {
        let weights = available.weights(ofBackups: ofBackups)
        let inFlight = UInt64(max(0, tickets[Int(pool.ticket)].inFlight))
        if !ofBackups, pool.hasHashTable {
            let place = Int(key % UInt64(HashTable.size))
            for step in 0..<Self.hashStepsMax {
                let seat = snapshot.hashes[Int(pool.hashStart) + (place + step) % HashTable.size]
                let backend = pool.backendStart + UInt32(seat)
                if mayTake(backend), isWithinBound(backend, inFlight, weights) { return backend }
            }
        }
        // Most are down, or above their bound: any available one will do, as long as it is the same for the same key.
        let members = available.members(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        let from = Int(SplitMix.mix(key) % UInt64(members.count))
        for step in 0..<min(members.count, Self.walkMax) {
            let backend = snapshot.rotation[start + members.select((from + step) % members.count)]
            if mayTake(backend), isWithinBound(backend, inFlight, weights) { return backend }
        }
        // Those with room in their bound have been tried, or are at their own limit: better here than nowhere.
        return walk(ofBackups, from: SplitMix.mix(key))
    }

    /// Whether a backend has room for one more within its bounded load; `bound` is then set.
    private mutating func isWithinBound(_ backend: UInt32, _ inFlight: UInt64, _ weights: UInt64) -> Bool {
        let plan = snapshot.backends[Int(backend)]
        let share = ramp(plan)
        if now < available.rampEnd, share == 1024 {
            // What a newcomer may not take yet, the others have to, whatever their bound.
            bound = 0
            return true
        }
        let weight = UInt64(plan.weight) * share
        let most = BoundedLoad.most(inFlight: inFlight, weight: weight, of: max(1, weights), share: share)
        guard UInt64(max(0, live[Int(plan.live)].inFlight)) < most else { return false }
        bound = UInt32(clamping: most)
        return true
    }

    /// Members one after another from a place in the order, the first that may take the request.
    private mutating func walk(_ ofBackups: Bool, from place: UInt64) -> UInt32? {
        let members = available.members(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        for step in 0..<min(members.count, Self.walkMax) {
            let rank = Int((place &+ UInt64(step)) % UInt64(members.count))
            let backend = snapshot.rotation[start + members.select(rank)]
            if mayTake(backend) { return backend }
        }
        return nil
    }

    /// Nobody else can take the request: one that is ejected may, from a place that changes with every pick.
    private mutating func anyEjected() -> UInt32? {
        let ejected = available.ejected
        guard ejected.count > 0 else { return nil }
        let from = tickets[Int(pool.ticket)].takeBackup()
        for step in 0..<min(ejected.count, Self.walkMax) {
            let rank = Int((from &+ UInt64(step)) % UInt64(ejected.count))
            let backend = snapshot.rotation[Int(pool.primary.memberStart) + ejected.select(rank)]
            if mayTake(backend, isLastResort: true) { return backend }
        }
        return nil
    }

    // MARK: one backend

    private mutating func mayTake(_ backend: UInt32, isLastResort: Bool = false) -> Bool {
        looks += 1
        let plan = snapshot.backends[Int(backend)]
        let availability = live[Int(plan.live)].availability
        guard availability.serves(inPanic: available.isPanicking) || (isLastResort && availability == .ejected) else {
            isBehind = true
            return false
        }
        guard !tried.contains(plan.live) else { return false }
        return hasRoom(plan)
    }

    private mutating func hasRoom(_ plan: BackendPlan) -> Bool {
        guard live[Int(plan.live)].hasRoom(most: plan.requestsMax) else {
            isFull = true
            return false
        }
        return true
    }

    /// Whether slow start lets the backend take this one of its turns.
    @inline(always)
    private func isRampedIn(_ backend: UInt32, by ticket: UInt64) -> Bool {
        guard now < available.rampEnd else { return true }
        return SplitMix.mix(ticket) % 1024 < ramp(snapshot.backends[Int(backend)])
    }

    private func ramp(_ plan: BackendPlan) -> UInt64 {
        guard now < available.rampEnd, plan.slowStartNs > 0 else { return 1024 }
        return SlowStart.share(
            sinceNs: now.since(live[Int(plan.live)].servingSince),
            oldestNs: now.since(available.oldest),
            ofNs: plan.slowStartNs
        )
    }

    @inline(always)
    private func view(_ backend: UInt32) -> BackendView {
        let plan = snapshot.backends[Int(backend)]
        let met = experience[Int(plan.live)]
        return BackendView(
            inFlight: UInt64(max(0, live[Int(plan.live)].inFlight)),
            weight: UInt64(plan.weight) * ramp(plan),
            penalty: met.penalty(at: now),
            latencyNs: met.latency(at: now, mean: meanNs)
        )
    }

    // MARK: chance

    private mutating func next() -> UInt64 {
        chance &+= SplitMix.step
        return SplitMix.mix(chance)
    }

    /// A number below a positive bound; the bias of the upper half of a product is below 2^-32 for any pool.
    private mutating func draw(below bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}
