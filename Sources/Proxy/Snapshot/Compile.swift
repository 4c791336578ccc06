package import Model

/// Turns the desired state into a snapshot.
package enum Compile {
    /// What the control side knows of one backend besides its spec.
    package final class Placement: Sendable {
        package let live: UInt32
        package let endpoints: [Endpoint]
        package let known: KnownHealth?
        /// Its slot's when it came, or came back the last time (`LiveTable.readmit`).
        package let epoch: UInt32

        /// - Parameter known: Of its health when the process last ran; nil when nothing is.
        package init(live: UInt32, epoch: UInt32, endpoints: [Endpoint], known: KnownHealth? = nil) {
            self.live = live
            self.epoch = epoch
            self.endpoints = endpoints
            self.known = known
        }
    }

    /// - Parameters:
    ///   - desired: a validated state.
    ///   - seating: its backends, made.
    ///   - tickets: by pool name, its line among the tickets; every pool has one.
    ///   - settings: the process's limits and patience; nil leaves the workers those they have.
    ///   - cuts: the live slots of backends whose drain is out of time.
    ///   - tables: the hash tables made before, for those pools where nothing has changed.
    package static func snapshot(
        _ desired: DesiredState,
        sequence: UInt64,
        seating: Seating,
        tickets: [String: UInt32],
        settings: WorkerSettings? = nil,
        cuts: [UInt32] = [],
        tables: inout HashTables
    ) -> Snapshot {
        var parts = SnapshotParts()
        // The pool that serves everything comes first: RouteTable relies on it.
        let ordered =
            desired.pools.indices.filter { desired.pools[$0].name == DesiredState.defaultPool }
            + desired.pools.indices.filter { desired.pools[$0].name != DesiredState.defaultPool }
        let plans = layOut(seating, ordered, cuts, &parts)
        for (place, plan) in zip(ordered, plans) {
            let pool = desired.pools[place]
            var plan = plan
            plan.ticket = tickets[pool.name] ?? 0
            plan.algorithm = PoolAlgorithm(pool.spec.algorithm)
            plan.patience = PoolPatience(pool.spec, settings ?? WorkerSettings())
            group(&plan, &parts)
            plan.servingLeast = UInt32(Share.least(pool.spec.panicThreshold, of: Int(plan.primary.memberCount)))
            if pool.spec.algorithm == .hash {
                let members = seating.seats.indices.filter { seating.seats[$0].pool == UInt32(place) }
                hash(pool, members.map { desired.backends[$0] }, &plan, &parts, &tables)
            } else {
                tables.forget(pool.name)
            }
            if let sticky = pool.spec.sticky { stick(sticky, &plan, &parts) }
            parts.pools.append(plan)
        }
        return Snapshot(sequence: sequence, parts, probes: seating.probes, cuts: cuts, settings: settings)
    }

    /// The same for once, with placements by name, nothing kept from before and sticky ids under no secret key.
    package static func snapshot(
        _ desired: DesiredState,
        sequence: UInt64,
        placements: [String: Placement],
        tickets: [String: UInt32],
        settings: WorkerSettings? = nil,
        cuts: [UInt32] = []
    ) -> Snapshot {
        var tables = HashTables()
        var seating = Seating()
        var desired = desired
        for entry in desired.backends where placements[entry.name] == nil { desired.removeBackend(entry.name) }
        let arrivals = desired.backends.compactMap { entry in
            placements[entry.name].map { Seating.Arrival(placement: $0, before: nil, isUnchanged: false) }
        }
        seating.replace(0..<0, with: arrivals)
        seating.make(desired, tickets: tickets, StickyKey(0, 0))
        return snapshot(
            desired,
            sequence: sequence,
            seating: seating,
            tickets: tickets,
            settings: settings,
            cuts: cuts,
            tables: &tables
        )
    }

    /// Puts the backends of each pool side by side, and their addresses.
    /// - Parameter ordered: the pools' places in the desired state, in the order of the snapshot.
    /// - Returns: a plan for each, which knows its backends and nothing else.
    private static func layOut(
        _ seating: Seating,
        _ ordered: [Int],
        _ cuts: [UInt32],
        _ parts: inout SnapshotParts
    ) -> [PoolPlan] {
        let seats = seating.seats
        var counts = [UInt32](repeating: 0, count: ordered.count)
        for seat in seats where seat.pool != .max { counts[Int(seat.pool)] += 1 }
        var plans: [PoolPlan] = []
        // By the pool's place in the desired state: its index here, and where its next backend goes.
        var indices = [UInt32](repeating: 0, count: ordered.count)
        var ends = [Int](repeating: 0, count: ordered.count)
        var end = 0
        for (index, place) in ordered.enumerated() {
            var plan = PoolPlan(ticket: 0, backendStart: UInt32(end))
            plan.backendCount = counts[place]
            plans.append(plan)
            indices[place] = UInt32(index)
            ends[place] = end
            end += Int(counts[place])
        }
        let blank = BackendPlan(live: 0, endpointStart: 0, endpointCount: 0, weight: 0)
        parts.backends = [BackendPlan](repeating: blank, count: end)
        parts.endpoints.reserveCapacity(end)
        for (place, seat) in seats.enumerated() where seat.pool != .max {
            let pool = Int(seat.pool)
            var plan = seat.plan
            plan.pool = indices[pool]
            plan.endpointStart = UInt32(parts.endpoints.count)
            if plan.endpointCount > 0 { parts.endpoints.append(seat.endpoint) }
            if plan.endpointCount > 1 { parts.endpoints += seating.placements[place].endpoints.dropFirst() }
            // Sessions go on until the drain is out of time.
            plan.keepsSessions = seat.isDraining && !cuts.contains(plan.live)
            if plan.slowStartNs > 0 { plans[Int(plan.pool)].hasSlowStart = true }
            if plan.requestsMax > 0 { plans[Int(plan.pool)].hasLimits = true }
            parts.backends[ends[pool]] = plan
            ends[pool] += 1
        }
        return plans
    }

    /// Lays out the rotation of a pool: the turns of weighted groups, then the members of both.
    private static func group(_ pool: inout PoolPlan, _ parts: inout SnapshotParts) {
        var primaries: [UInt32] = []
        var backups: [UInt32] = []
        primaries.reserveCapacity(Int(pool.backendCount))
        for backend in pool.backendStart..<pool.backendStart + pool.backendCount {
            let plan = parts.backends[Int(backend)]
            guard plan.isCandidate else { continue }
            if plan.isBackup { backups.append(backend) } else { primaries.append(backend) }
        }
        let primaryTurns = turns(primaries, &parts)
        let backupTurns = turns(backups, &parts)
        pool.primary = members(primaries, primaryTurns, &parts)
        pool.backup = members(backups, backupTurns, &parts)
    }

    /// - Returns: where the turns of these backends are; nil when each has one, and they are their own turns.
    private static func turns(_ backends: [UInt32], _ parts: inout SnapshotParts) -> Range<Int>? {
        let rotation = Rotation.compile(weights: backends.map { Int(parts.backends[Int($0)].weight) })
        guard rotation.count != backends.count else { return nil }
        // Counted, then put side by side.
        for member in rotation { parts.backends[Int(backends[Int(member)])].turnCount += 1 }
        var end = parts.places.count
        var ends = backends.map { backend in
            let start = end
            parts.backends[Int(backend)].turnStart = UInt32(start)
            end += Int(parts.backends[Int(backend)].turnCount)
            return start
        }
        parts.places += repeatElement(0, count: rotation.count)
        for (place, member) in rotation.enumerated() {
            parts.places[ends[Int(member)]] = UInt32(place)
            ends[Int(member)] += 1
        }
        let start = parts.rotation.count
        parts.rotation += rotation.lazy.map { backends[Int($0)] }
        return start..<parts.rotation.count
    }

    private static func members(_ backends: [UInt32], _ turns: Range<Int>?, _ parts: inout SnapshotParts) -> GroupPlan {
        var group = GroupPlan()
        group.memberStart = UInt32(parts.rotation.count)
        group.memberCount = UInt32(backends.count)
        group.turnStart = UInt32(turns?.lowerBound ?? parts.rotation.count)
        group.turnCount = UInt32(turns?.count ?? backends.count)
        for (place, backend) in backends.enumerated() { parts.backends[Int(backend)].place = UInt32(place) }
        parts.rotation += backends
        return group
    }

    private static func hash(
        _ pool: DesiredState.Entry<PoolSpec>,
        _ members: [DesiredState.Entry<BackendSpec>],
        _ plan: inout PoolPlan,
        _ parts: inout SnapshotParts,
        _ tables: inout HashTables
    ) {
        switch pool.spec.hashBy {
        case .clientIP: plan.hashBy = .clientIP
        case .path: plan.hashBy = .path
        case .uri: plan.hashBy = .uri
        case .header(let name):
            plan.hashBy = .header
            plan.hashName = add(name.lowercased(), &parts)
        case .cookie(let name):
            plan.hashBy = .cookie
            plan.hashName = add(name, &parts)
        }
        hash(pool.name, members, ofBackups: false, plan.backendStart, &plan.primary, &parts, &tables)
        hash(pool.name, members, ofBackups: true, plan.backendStart, &plan.backup, &parts, &tables)
    }

    /// Lays out the table of one group.
    private static func hash(
        _ pool: String,
        _ members: [DesiredState.Entry<BackendSpec>],
        ofBackups: Bool,
        _ start: UInt32,
        _ group: inout GroupPlan,
        _ parts: inout SnapshotParts,
        _ tables: inout HashTables
    ) {
        let seated = members.enumerated().filter { index, _ in
            let backend = parts.backends[Int(start) + index]
            return backend.isCandidate && backend.isBackup == ofBackups
        }
        let places = tables.table(
            of: pool,
            ofBackups: ofBackups,
            seated.map { HashTable.Member(name: $1.name, weight: $1.spec.weight, seat: UInt16($0)) }
        )
        group.hasHashTable = !places.isEmpty
        group.hashStart = UInt32(parts.hashes.count)
        parts.hashes += places
    }

    private static func stick(
        _ spec: StickySpec,
        _ plan: inout PoolPlan,
        _ parts: inout SnapshotParts
    ) {
        plan.sticky.isOn = true
        plan.sticky.name = add(spec.cookie, &parts)
        plan.sticky.maxAgeSeconds = UInt64(spec.ttl.nanoseconds / 1_000_000_000)
        var size = 4
        while size < Int(plan.backendCount) * 2 { size *= 2 }
        var table = [StickyEntry](repeating: StickyEntry(), count: size)
        for backend in Int(plan.backendStart)..<Int(plan.backendStart + plan.backendCount) {
            let id = parts.backends[backend].stickyID
            var at = Int(id & UInt64(size - 1))
            while table[at].id != 0 { at = (at + 1) % size }
            table[at] = StickyEntry(id: id, backend: UInt32(backend))
        }
        plan.sticky.tableStart = UInt32(parts.sticky.count)
        plan.sticky.tableMask = UInt32(size - 1)
        parts.sticky += table
    }

    private static func add(_ text: String, _ parts: inout SnapshotParts) -> TextRange {
        let range = TextRange(start: UInt32(parts.text.count), count: UInt32(text.utf8.count))
        parts.text += Array(text.utf8)
        return range
    }

    /// The check of a backend.
    static func probe(
        _ backend: DesiredState.Entry<BackendSpec>,
        _ placement: Placement,
        _ pool: DesiredState.Entry<PoolSpec>,
        ticket: UInt32
    ) -> ProbePlan {
        let check = backend.spec.healthCheck.applied(to: pool.spec.healthCheck)
        var plan = probe(backend.spec.url, placement.endpoints, check)
        plan.name = backend.name
        plan.pool = pool.name
        plan.ticket = ticket
        plan.live = placement.live
        plan.epoch = placement.epoch
        plan.intent = backend.spec.state
        plan.takesTraffic = backend.spec.weight > 0
        plan.passive = pool.spec.passive
        plan.known = placement.known?.state ?? .unknown
        plan.knownReason = placement.known?.reason
        return plan
    }

    /// A check of what is at a URL, whether it is a backend or not.
    package static func probe(_ url: BackendURL, _ endpoints: [Endpoint], _ check: HealthCheckSpec?) -> ProbePlan {
        var unresolved: String?
        if case .network(let host, _) = url.place, endpoints.isEmpty { unresolved = host }
        return ProbePlan(
            live: .max,
            endpoints: endpoints,
            check: check,
            authority: url.authority,
            unresolved: unresolved
        )
    }
}

extension PoolAlgorithm {
    init(_ algorithm: Algorithm) {
        switch algorithm {
        case .roundRobin: self = .roundRobin
        case .leastRequest: self = .leastRequest
        case .leastRequestExact: self = .leastRequestExact
        case .random: self = .random
        case .peakEWMA: self = .peakEWMA
        case .hash: self = .hash
        }
    }
}
