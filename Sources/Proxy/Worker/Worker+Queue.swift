/// Requests that wait for a backend with room. The one that has waited longest of all workers is next.
extension Worker where W: ~Copyable {
    /// How many waiting requests a turn looks at.
    private static var waitersPerTurn: Int { 256 }

    /// How long an older request of another worker may leave room unused before it is passed: that worker is stuck.
    private static var passedOverNs: UInt64 { 20_000_000 }

    /// Queues the exchange for a backend with room.
    mutating func wait(_ exchange: UInt32) {
        guard waiting.count < settings.waitingMax else {
            return fail(exchange, Fault(.queueFull, .proxy, .pick))
        }
        // What it has waited before counts: towards its place, and towards how long it may.
        let waited = min(exchanges[exchange].timers.queueNs, world.now.nanoseconds)
        exchanges[exchange].waitingSince = Instant(nanoseconds: world.now.nanoseconds - waited)
        waiters[0].add(1)
        stand(exchange, in: line(of: exchange))
        // What came behind a body that ended beside its head is the next request's beginning. It is taken over before more is
        // read: if it stayed where it is, each request that is queued would add a buffer to what the client has here.
        if exchanges[exchange].upload.isSettled { retireUpload(exchange) }
        // A client that leaves the queue leaves it for good; with its whole request here, what it sends next can wait.
        let client = exchanges[exchange].downstream
        if exchanges[exchange].upload.hasWholeBody, downstreams[client].input.isEmpty { receive(fromClient: client) }
    }

    /// It waits no longer, for whatever reason.
    mutating func leaveQueue(_ exchange: UInt32) {
        exchanges[exchange].timers.queueNs = world.now.since(exchanges[exchange].waitingSince)
        leaveLine(exchange)
        waiters[0].add(-1)
    }

    /// Gives waiting requests a backend, in order, as far as there is room; and ends waits that took too long.
    mutating func serveWaiting() {
        var looks = 0
        var linesLeft = waiting.lineCount
        while linesLeft > 0, looks < Self.waitersPerTurn, let key = waiting.nextLine() {
            linesLeft -= 1
            serve(key, &looks)
        }
    }

    /// A request at a backend has ended: the worker whose request has waited longest for that is to hear of it.
    mutating func tellOfRoom(_ exchange: UInt32) {
        wakeOwner(of: tickets[Int(exchanges[exchange].pool)].oldestWaiter.claim)
        wakeOwner(of: live[Int(exchanges[exchange].backend)].oldestWaiter.claim)
    }

    /// Whether others have waited before a request that comes now, for this backend or for any of its pool.
    func standsBehind(_ exchange: UInt32, at backend: UInt32) -> Bool {
        poolStanding(exchange, at: backend) != 0 || standing(.backend(backend)) != 0
    }

    // MARK: lines

    private func line(of exchange: UInt32) -> WaitLines.Key {
        let bound = exchanges[exchange].boundTo
        return bound == .max ? .pool(exchanges[exchange].pool) : .backend(bound)
    }

    private mutating func stand(_ exchange: UInt32, in key: WaitLines.Key) {
        let former = waiting.first(key)
        waiting.insert(exchange, key, &exchanges)
        guard waiting.first(key) == exchange else { return }
        if let former { retract(claim(former), next: 0, key) }
        assert(claim(exchange), key)
    }

    private mutating func leaveLine(_ exchange: UInt32) {
        let key = exchanges[exchange].waitsIn
        let wasFirst = waiting.first(key) == exchange
        waiting.remove(exchange, &exchanges)
        guard wasFirst else { return }
        retract(claim(exchange), next: waiting.first(key).map { claim($0) } ?? 0, key)
    }

    /// Serves a line from its oldest on. A request that has been tried elsewhere may wait for other backends than those
    /// behind it, which it does not hold up.
    private mutating func serve(_ key: WaitLines.Key, _ looks: inout Int) {
        var next = waiting.first(key)
        if let next { assert(claim(next), key) }
        // The claim of a request that has been looked at in this pass and stands aside.
        var excused: UInt64 = 0
        while let exchange = next, looks < Self.waitersPerTurn {
            looks += 1
            let after = exchanges[exchange].waitingAfter
            let mayStandAside = exchanges[exchange].tried.count > 0
            if !serve(exchange, in: key, excusing: excused) {
                guard mayStandAside else { return }
                if let first = waiting.first(key) { excused = claim(first) }
            }
            next = after == .max ? nil : after
        }
    }

    /// Gives one waiting request a backend, or ends its wait.
    /// - Returns: false when it waits on where it was.
    private mutating func serve(_ exchange: UInt32, in key: WaitLines.Key, excusing excused: UInt64) -> Bool {
        guard let pool = RouteTable.pool(in: snapshot) else {
            leaveQueue(exchange)
            fail(exchange, Fault(.noBackend, .proxy, .route))
            return true
        }
        let isLate = world.now.since(exchanges[exchange].waitingSince) >= exchanges[exchange].patience.queueNs
        switch pick(exchange, pool) {
        case .backend(let picked):
            let plan = snapshot.backends[Int(picked)]
            guard isLate || isNext(exchange, in: key, at: plan.live, excusing: excused) else {
                available.endRequest(at: plan.live)
                return false
            }
            leaveQueue(exchange)
            begin(exchange, with: plan)
        case .full:
            // What is full for one that has been tried elsewhere says nothing about those behind it.
            if exchanges[exchange].tried.count == 0 { waiting.setPatience(key, since: .never, before: 0) }
            if isLate {
                leaveQueue(exchange)
                fail(exchange, Fault(.queueTimeout, .proxy, .pick))
                return true
            }
            // Its session has ended, or begun to count again.
            exchanges[exchange].pool = snapshot.pools[pool].ticket
            let rightful = line(of: exchange)
            guard rightful != key else { return false }
            leaveLine(exchange)
            stand(exchange, in: rightful)
        case .none:
            leaveQueue(exchange)
            fail(exchange, Fault(.noBackend, .proxy, .pick))
        }
        return true
    }

    /// Whether nothing has waited longer for the room that was found at a backend. What has is told of it; where that does
    /// not take it for a while, it is passed.
    private mutating func isNext(
        _ exchange: UInt32,
        in key: WaitLines.Key,
        at backend: UInt32,
        excusing excused: UInt64
    ) -> Bool {
        let own = claim(exchange)
        // 0 is none, and so later than any when one is taken from it.
        var inPool = poolStanding(exchange, at: backend)
        if inPool == excused { inPool = 0 }
        let first = min(inPool &- 1, standing(.backend(backend)) &- 1)
        guard first < own &- 1 else { return true }
        let ahead = first + 1
        let patience = waiting.patience(key)
        if patience.before == ahead, world.now.since(patience.since) >= Self.passedOverNs { return true }
        // Told once: two workers that told each other with every look would have no rest.
        if patience.before != ahead {
            waiting.setPatience(key, since: world.now, before: ahead)
            wakeOwner(of: ahead)
        }
        return false
    }

    // MARK: claims

    private func claim(_ exchange: UInt32) -> UInt64 {
        OldestWaiter.claim(exchanges[exchange].waitingSince, worker: number)
    }

    private func standing(_ key: WaitLines.Key) -> UInt64 {
        if let backend = key.backend { return live[Int(backend)].oldestWaiter.claim }
        return tickets[key.ticket].oldestWaiter.claim
    }

    /// The pool's claim, where a backend is one that those who wait for any of the pool can have: sessions of one that drains
    /// do not wait for them, nor do those of a backup while there are primaries.
    private func poolStanding(_ exchange: UInt32, at backend: UInt32) -> UInt64 {
        guard let index = snapshot.backend(ofLive: backend) else { return 0 }
        let plan = snapshot.backends[Int(index)]
        guard plan.isCandidate else { return 0 }
        let claim = standing(.pool(exchanges[exchange].pool))
        guard claim != 0, plan.isBackup else { return claim }
        return available.pool(Int(plan.pool), at: world.now).members(ofBackups: false).count == 0 ? claim : 0
    }

    private func assert(_ claim: UInt64, _ key: WaitLines.Key) {
        if let backend = key.backend {
            live[Int(backend)].oldestWaiter.assert(claim)
        } else {
            tickets[key.ticket].oldestWaiter.assert(claim)
        }
    }

    private func retract(_ claim: UInt64, next: UInt64, _ key: WaitLines.Key) {
        if let backend = key.backend {
            live[Int(backend)].oldestWaiter.retract(claim, next: next)
        } else {
            tickets[key.ticket].oldestWaiter.retract(claim, next: next)
        }
    }

    private mutating func wakeOwner(of claim: UInt64) {
        guard claim != 0 else { return }
        let owner = OldestWaiter.worker(of: claim)
        guard owner != number else { return }
        wakes |= 1 << UInt64(owner % 64)
        chores.insert(.room)
    }
}
