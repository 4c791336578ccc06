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
/// A value that lives for one pick and looks at a few backends, however many there are and however many are down: the
/// `Availables` index leads to available ones only, and where most are at their limit the `FullBoard` to those with room. What
/// an algorithm compares are `BackendView`s.
package struct Chooser: BitwiseCopyable {
    private let pool: PoolPlan
    private let available: PoolAvailability
    private let snapshot: SnapshotView
    private let live: ZeroedView<LiveBackend>
    private let tickets: ZeroedView<PoolTicket>
    private let experience: ZeroedView<Experience>
    private let usual: ZeroedView<PoolExperience>
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
    /// The live slot of the backend that a session has decided on, with or without room; nil where none has.
    package private(set) var boundTo: UInt32?

    /// Turns taken before the members are walked.
    private static let turnsMax = 16
    /// Members walked at most. More than an exchange can have tried, so that finding none of them free means that those
    /// left are full.
    private static let walkMax = 64
    /// Neighbours in the hash table that are tried before an available member is looked up.
    private static let hashStepsMax = 16
    /// Members drawn at most for a key whose own places are all above their bound. A fifth of the weight at least is not, so
    /// that this many draws miss it once in 10^24 times.
    private static let boundDrawsMax = 256
    /// Members drawn at most in place of one that is a bad choice. Where half of a pool is bad, all are once in 10^5 times.
    private static let betterDrawsMax = 16

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
        usual = experiences.pools
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
        boundTo = plan.live
        return hasRoom(plan) ? .backend(backend) : .full
    }

    private mutating func choose(_ wish: PickWish, ofBackups: Bool) -> UInt32? {
        guard available.members(ofBackups: ofBackups).count > 0 else { return nil }
        switch pool.algorithm {
        case .roundRobin: return inTurn(ofBackups)
        case .random: return drawn(ofBackups)
        case .leastRequest: return better(ofBackups, by: LeastRequest.self)
        case .peakEWMA: return better(ofBackups, by: PeakEWMA.self)
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
    ///
    /// Two choices alone are a trap where two backends are bad: some requests find nothing else, and whoever waits there asks
    /// nobody else any more. So where both cost far more than is usual, others are drawn.
    @inline(always)
    private mutating func better<Rule: CostRule>(_ ofBackups: Bool, by rule: Rule.Type) -> UInt32? {
        guard let first = drawn(ofBackups) else { return nil }
        let members = available.members(ofBackups: ofBackups)
        guard members.count > 1 else { return first }
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        var best = first
        var bestView = view(first)
        for _ in 0..<4 {
            // Of all but the last; where that is the first again, the last stands in for it, which leaves every other one
            // the same chance.
            var second = snapshot.rotation[start + members.select(draw(below: members.count - 1))]
            if second == first { second = snapshot.rotation[start + members.select(members.count - 1)] }
            // A newcomer that is idle would win every comparison, whatever share it may have.
            let lot = next()
            guard isRampedIn(second, by: lot), mayTake(second) else { continue }
            let secondView = view(second)
            if Rule.leaves(bestView, for: secondView) { (best, bestView) = (second, secondView) }
            break
        }
        let usual = self.usual[Int(pool.ticket)]
        if isBad(bestView, by: rule, usual) { escape(&best, &bestView, ofBackups, by: rule, usual) }
        self.usual[Int(pool.ticket)].picked(at: Rule.weighted(bestView))
        return best
    }

    @inline(always)
    private func isBad<Rule: CostRule>(_ view: BackendView, by rule: Rule.Type, _ usual: PoolExperience) -> Bool {
        view.isIdle ? Rule.isSlow(view, meanNs: usual.mean) : usual.isDear(Rule.weighted(view))
    }

    /// Draws until there is one that is no bad choice, or enough of them.
    private mutating func escape<Rule: CostRule>(
        _ best: inout UInt32,
        _ bestView: inout BackendView,
        _ ofBackups: Bool,
        by rule: Rule.Type,
        _ usual: PoolExperience
    ) {
        let turns = available.turns(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.turnStart : pool.primary.turnStart)
        for _ in 0..<Self.betterDrawsMax {
            let other = snapshot.rotation[start + turns.select(draw(below: turns.count))]
            let lot = next()
            guard other != best, isRampedIn(other, by: lot), mayTake(other) else { continue }
            let otherView = view(other)
            guard Rule.leaves(bestView, for: otherView) else { continue }
            (best, bestView) = (other, otherView)
            if !isBad(bestView, by: rule, usual) { return }
        }
    }

    /// One drawn by weight, and where that is busy the least busy of up to `walkMax` in a row from a place of chance, of
    /// several such one by chance and weight.
    private mutating func least(_ ofBackups: Bool) -> UInt32? {
        guard var best = drawn(ofBackups) else { return nil }
        let first = best
        var bestView = view(best)
        // Nobody is a better choice than one that is idle.
        guard !bestView.isIdle else { return best }
        let members = available.members(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        let from = draw(below: members.count)
        let seesAll = members.count <= Self.walkMax
        var weights = UInt64(snapshot.backends[Int(best)].weight)
        for step in 0..<min(members.count, Self.walkMax) {
            let backend = snapshot.rotation[start + members.select((from + step) % members.count)]
            let lot = next()
            guard backend != first, isRampedIn(backend, by: lot), mayTake(backend) else { continue }
            let view = view(backend)
            let weight = UInt64(snapshot.backends[Int(backend)].weight)
            if LeastRequest.prefers(view, to: bestView) {
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
            // Among many there is hardly one to be found that is less busy.
            if !seesAll, bestView.isIdle { break }
        }
        return best
    }

    /// The backend of a key, or the next of the key's that has room for it within its bound.
    private mutating func hashed(_ key: UInt64, _ ofBackups: Bool) -> UInt32? {
        let group = ofBackups ? pool.backup : pool.primary
        var search = BoundedSearch(
            inFlight: UInt64(max(0, tickets[Int(pool.ticket)].inFlight)),
            weights: max(1, available.shares(ofBackups: ofBackups))
        )
        if group.hasHashTable {
            let place = Int(key % UInt64(HashTable.size))
            for step in 0..<Self.hashStepsMax {
                let seat = snapshot.hashes[Int(group.hashStart) + (place + step) % HashTable.size]
                let backend = pool.backendStart + UInt32(seat)
                if isWithinBound(backend, &search) { return backend }
            }
        }
        // Most are down, or above their bound. Where a search begins depends on the key and on who is desired, and it goes on to
        // the next that is available: when one comes or goes, only its own keys move.
        let members = available.members(ofBackups: ofBackups)
        let start = Int(group.memberStart)
        let places = UInt64(members.places)
        if members.count <= Self.walkMax {
            let from = members.rank(Int(SplitMix.mix(key) % places))
            for step in 0..<members.count {
                let backend = snapshot.rotation[start + members.select((from + step) % members.count)]
                if isWithinBound(backend, &search) { return backend }
            }
        } else {
            for step in 0..<UInt64(Self.walkMax) {
                let place = Int(SplitMix.mix(key &+ step &* SplitMix.step) % places)
                let backend = snapshot.rotation[start + members.select(members.rank(place) % members.count)]
                if isWithinBound(backend, &search) { return backend }
            }
            if let backend = outsideOfKey(key, ofBackups, &search) { return backend }
        }
        // Those with room in their bound have been tried, or are at their own limit: better above a bound than nowhere, and best
        // where that is least above it.
        bound = 0
        return search.leastAbove
    }

    /// Any backend within its bound, for a key whose own ones are all above theirs.
    private mutating func outsideOfKey(_ key: UInt64, _ ofBackups: Bool, _ search: inout BoundedSearch) -> UInt32? {
        if !isFull {
            let turns = available.turns(ofBackups: ofBackups)
            let start = Int(ofBackups ? pool.backup.turnStart : pool.primary.turnStart)
            for _ in 0..<Self.boundDrawsMax {
                let backend = snapshot.rotation[start + turns.select(draw(below: turns.count))]
                if isWithinBound(backend, &search) { return backend }
            }
        }
        // Where some are at their own limit, those may be most of what is drawn.
        guard isFull else { return nil }
        var looks = 0
        let found = withRoom(available.slots(ofBackups: ofBackups), from: SplitMix.mix(key)) { chooser, backend in
            looks += 1
            if chooser.isWithinBound(backend, &search) { return true }
            return looks >= Self.walkMax && search.leastAbove != nil
        }
        return bound > 0 ? found : nil
    }

    /// Whether a backend may take the request and has room for it within its bounded load; `bound` is then set.
    private mutating func isWithinBound(_ backend: UInt32, _ search: inout BoundedSearch) -> Bool {
        guard mayTake(backend) else { return false }
        let plan = snapshot.backends[Int(backend)]
        let share = ramp(plan)
        let weight = UInt64(plan.weight) * share
        let most = BoundedLoad.most(inFlight: search.inFlight, weight: weight, of: search.weights, share: share)
        let inFlight = UInt64(max(0, live[Int(plan.live)].inFlight))
        guard inFlight < most else {
            search.note(backend, Double(inFlight + 1) / Double(max(weight, 1)))
            return false
        }
        bound = UInt32(clamping: most)
        return true
    }

    /// Members one after another from a place in the order, the first that may take the request. Among many of whom some are
    /// full, one that is not is found however few there are.
    private mutating func walk(_ ofBackups: Bool, from place: UInt64) -> UInt32? {
        let members = available.members(ofBackups: ofBackups)
        let start = Int(ofBackups ? pool.backup.memberStart : pool.primary.memberStart)
        let steps = isFull && members.count > Self.walkMax ? 0 : min(members.count, Self.walkMax)
        for step in 0..<steps {
            let rank = Int((place &+ UInt64(step)) % UInt64(members.count))
            let backend = snapshot.rotation[start + members.select(rank)]
            if mayTake(backend) { return backend }
        }
        guard isFull, members.count > Self.walkMax else { return nil }
        return withRoom(available.slots(ofBackups: ofBackups), from: SplitMix.mix(place)) { $0.mayTake($1) }
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
        guard isFull, ejected.count > Self.walkMax else { return nil }
        return withRoom(available.ejectedSlots, from: SplitMix.mix(from)) { $0.mayTake($1, isLastResort: true) }
    }

    /// The first member that has room and suits, from a place that `seed` says.
    ///
    /// Whoever is looked at and found full is noted, and not looked at again until a request has left it: so the looks of all
    /// picks together are not more than the requests that leave, and those of one pick not more than the pool has members.
    private mutating func withRoom(
        _ slots: SlotSet,
        from seed: UInt64,
        _ suits: (_ chooser: inout Chooser, _ backend: UInt32) -> Bool
    ) -> UInt32? {
        guard slots.wordCount > 0 else { return nil }
        let first = Int(seed % UInt64(slots.wordCount))
        let turn = seed >> 58
        for step in 0..<slots.wordCount {
            let index = first + step < slots.wordCount ? first + step : first + step - slots.wordCount
            let free = slots.word(index) & ~available.full.word(slots.firstWord + index)
            // From its middle on, and then from its beginning.
            var bits = free >> turn | free << (64 - turn)
            while bits != 0 {
                let bit = (UInt64(bits.trailingZeroBitCount) + turn) % 64
                bits &= bits - 1
                let slot = UInt32(slots.firstWord + index) * 64 + UInt32(bit)
                guard let backend = snapshot.backend(ofLive: slot), suits(&self, backend) else { continue }
                return backend
            }
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
            available.full.noteFull(plan.live, most: plan.requestsMax, live)
            isFull = true
            return false
        }
        return true
    }

    /// Whether slow start lets the backend take this one of its turns.
    @inline(always)
    private func isRampedIn(_ backend: UInt32, by ticket: UInt64) -> Bool {
        guard available.isRamping else { return true }
        return SplitMix.mix(ticket) % 1024 < ramp(snapshot.backends[Int(backend)])
    }

    private func ramp(_ plan: BackendPlan) -> UInt64 {
        guard available.isRamping, plan.slowStartNs > 0 else { return 1024 }
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
            latencyNs: met.latency(at: now, mean: usual[Int(pool.ticket)].mean)
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

/// What a search for a backend within its bound knows.
private struct BoundedSearch: BitwiseCopyable {
    /// In the whole pool.
    let inFlight: UInt64
    /// Of the group, in 1,024ths.
    let weights: UInt64
    /// Of those that could take the request but for their bound, the one that is least loaded for its weight.
    private(set) var leastAbove: UInt32?
    private var leastLoad = Double.infinity

    init(inFlight: UInt64, weights: UInt64) {
        self.inFlight = inFlight
        self.weights = weights
    }

    mutating func note(_ backend: UInt32, _ load: Double) {
        guard load < leastLoad else { return }
        (leastAbove, leastLoad) = (backend, load)
    }
}
