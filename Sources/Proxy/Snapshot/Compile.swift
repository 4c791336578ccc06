package import Model

/// Turns the desired state into a snapshot.
package enum Compile {
    /// What the control side knows of one backend besides its spec.
    package struct Placement: Sendable {
        /// In a box that never changes: there is one of these for each of thousands of backends.
        private var facts: Facts
        /// What took work to compile of it, for as long as that is good.
        fileprivate var made: Made?

        private final class Facts: Sendable {
            let live: UInt32
            let endpoints: [Endpoint]
            let known: KnownHealth?

            init(live: UInt32, endpoints: [Endpoint], known: KnownHealth?) {
                self.live = live
                self.endpoints = endpoints
                self.known = known
            }
        }

        /// - Parameter known: Of its health when the process last ran; nil when nothing is.
        package init(live: UInt32, endpoints: [Endpoint], known: KnownHealth? = nil) {
            facts = Facts(live: live, endpoints: endpoints, known: known)
        }

        package var live: UInt32 { facts.live }
        package var known: KnownHealth? { facts.known }
        package var endpoints: [Endpoint] {
            get { facts.endpoints }
            set {
                guard newValue != facts.endpoints else { return }
                facts = Facts(live: facts.live, endpoints: newValue, known: facts.known)
                made = nil
            }
        }
    }

    /// What is compiled of one backend and does not depend on others, and of what it was made.
    fileprivate final class Made: Sendable {
        let backend: DesiredState.Entry<BackendSpec>
        let pool: DesiredState.Entry<PoolSpec>
        let ticket: UInt32
        let probe: SharedProbePlan
        /// 0 in a pool without sessions.
        let stickyID: UInt64

        init(
            backend: DesiredState.Entry<BackendSpec>,
            pool: DesiredState.Entry<PoolSpec>,
            ticket: UInt32,
            probe: SharedProbePlan,
            stickyID: UInt64
        ) {
            self.backend = backend
            self.pool = pool
            self.ticket = ticket
            self.probe = probe
            self.stickyID = stickyID
        }

        func isOf(
            _ backend: DesiredState.Entry<BackendSpec>,
            _ pool: DesiredState.Entry<PoolSpec>,
            _ ticket: UInt32
        ) -> Bool { self.backend === backend && self.pool === pool && self.ticket == ticket }
    }

    /// - Parameters:
    ///   - desired: a validated state.
    ///   - placements: by the backend's place in `desired`; who has none is left out. What is compiled of one is kept in
    ///     it, so that by most changes little is made anew.
    ///   - tickets: by pool name, its line among the tickets; every pool has one.
    ///   - settings: the process's limits and patience; nil leaves the workers those they have.
    ///   - cuts: the live slots of backends whose drain is out of time.
    ///   - stickyKey: what makes the ids in sticky cookies.
    ///   - tables: the hash tables made before, for those pools where nothing has changed.
    package static func snapshot(
        _ desired: DesiredState,
        sequence: UInt64,
        placements: inout [Placement?],
        tickets: [String: UInt32],
        settings: WorkerSettings? = nil,
        cuts: [UInt32] = [],
        stickyKey: StickyKey,
        tables: inout HashTables
    ) -> Snapshot {
        var parts = SnapshotParts()
        parts.backends.reserveCapacity(placements.count)
        parts.endpoints.reserveCapacity(placements.count)
        var probes: [SharedProbePlan] = []
        probes.reserveCapacity(placements.count)
        // The pool that serves everything comes first: RouteTable relies on it.
        let ordered =
            desired.pools.filter { $0.name == DesiredState.defaultPool }
            + desired.pools.filter { $0.name != DesiredState.defaultPool }
        let crowds = crowds(of: ordered, in: desired)
        for (pool, crowd) in zip(ordered, crowds) {
            var members: [DesiredState.Entry<BackendSpec>] = []
            members.reserveCapacity(crowd.count)
            // Read once: specs are large, and what is done for each of thousands is to copy words.
            let failuresMax = UInt32(pool.spec.passive?.errors ?? 0)
            let slowStart = pool.spec.slowStart
            var plan = PoolPlan(ticket: tickets[pool.name] ?? 0, backendStart: UInt32(parts.backends.count))
            for place in crowd {
                let member = desired.backends[place]
                guard let placement = placements[place] else { continue }
                members.append(member)
                var compiled = backend(member, placement, failuresMax, slowStart, inPool: parts.pools.count, &parts)
                // Sessions go on until the drain is out of time.
                compiled.keepsSessions = member.spec.state == .drain && !cuts.contains(placement.live)
                let made: Made
                if let known = placement.made, known.isOf(member, pool, plan.ticket) {
                    made = known
                } else {
                    made = make(member, placement, pool, ticket: plan.ticket, stickyKey)
                    placements[place]?.made = made
                }
                compiled.stickyID = made.stickyID
                parts.backends.append(compiled)
                probes.append(made.probe)
            }
            plan.backendCount = UInt32(members.count)
            plan.algorithm = PoolAlgorithm(pool.spec.algorithm)
            plan.panicPerMille = UInt32((pool.spec.panicThreshold * 1000).rounded())
            plan.hasSlowStart = parts.backends[Int(plan.backendStart)...].contains { $0.slowStartNs > 0 }
            plan.patience = PoolPatience(pool.spec, settings ?? WorkerSettings())
            group(&plan, &parts)
            if pool.spec.algorithm == .hash {
                hash(pool, members, &plan, &parts, &tables)
            } else {
                tables.forget(pool.name)
            }
            if let sticky = pool.spec.sticky { stick(sticky, &plan, &parts) }
            parts.pools.append(plan)
        }
        return Snapshot(sequence: sequence, parts, probes: probes, cuts: cuts, settings: settings)
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
        var placements = desired.backends.map { placements[$0.name] }
        return snapshot(
            desired,
            sequence: sequence,
            placements: &placements,
            tickets: tickets,
            settings: settings,
            cuts: cuts,
            stickyKey: StickyKey(0, 0),
            tables: &tables
        )
    }

    /// The places in `desired` of each pool's backends. Whose pool is not there is in none.
    private static func crowds(
        of pools: [DesiredState.Entry<PoolSpec>],
        in desired: DesiredState
    ) -> [[Int]] {
        var crowds = [[Int]](repeating: [], count: pools.count)
        let indices = Dictionary(pools.enumerated().map { ($1.name, $0) }) { first, _ in first }
        // Neighbours are mostly of one pool.
        var name = ""
        var index: Int?
        for (place, entry) in desired.backends.enumerated() {
            if entry.spec.pool != name || place == 0 {
                name = entry.spec.pool
                index = indices[name]
            }
            if let index { crowds[index].append(place) }
        }
        return crowds
    }

    private static func make(
        _ backend: DesiredState.Entry<BackendSpec>,
        _ placement: Placement,
        _ pool: DesiredState.Entry<PoolSpec>,
        ticket: UInt32,
        _ key: StickyKey
    ) -> Made {
        let plan = probe(backend, placement, pool, ticket: ticket)
        let isSticky = pool.spec.sticky != nil
        return Made(
            backend: backend,
            pool: pool,
            ticket: ticket,
            // Of two equal plans one will do.
            probe: placement.made.flatMap { $0.probe.plan == plan ? $0.probe : nil } ?? SharedProbePlan(plan),
            stickyID: isSticky
                ? key.id(pool: pool.name, name: backend.name, url: backend.spec.url.description) : 0
        )
    }

    @inline(always)
    private static func backend(
        _ member: DesiredState.Entry<BackendSpec>,
        _ placement: Placement,
        _ failuresMax: UInt32,
        _ slowStart: TimeSpan,
        inPool index: Int,
        _ parts: inout SnapshotParts
    ) -> BackendPlan {
        let endpoints = placement.endpoints
        var plan = BackendPlan(
            live: placement.live,
            endpointStart: UInt32(parts.endpoints.count),
            endpointCount: UInt32(endpoints.count),
            weight: UInt32(member.spec.weight),
            requestsMax: UInt32(member.spec.requestsMax),
            failuresMax: failuresMax
        )
        for endpoint in endpoints { parts.endpoints.append(endpoint) }
        plan.pool = UInt32(index)
        plan.isCandidate = member.spec.state == .ready && member.spec.weight > 0
        plan.isBackup = member.spec.isBackup
        plan.takesNew = member.spec.state == .ready
        plan.slowStartNs = UInt64((member.spec.slowStart ?? slowStart).nanoseconds)
        return plan
    }

    /// Lays out the rotation of a pool: the turns of weighted groups, then the members of both.
    private static func group(_ pool: inout PoolPlan, _ parts: inout SnapshotParts) {
        let range = Int(pool.backendStart)..<Int(pool.backendStart + pool.backendCount)
        let primaries = range.filter { parts.backends[$0].isCandidate && !parts.backends[$0].isBackup }
        let backups = range.filter { parts.backends[$0].isCandidate && parts.backends[$0].isBackup }
        let primaryTurns = turns(primaries, &parts)
        let backupTurns = turns(backups, &parts)
        pool.primary = members(primaries, primaryTurns, &parts)
        pool.backup = members(backups, backupTurns, &parts)
    }

    /// - Returns: where the turns of these backends are; nil when each has one, and they are their own turns.
    private static func turns(_ backends: [Int], _ parts: inout SnapshotParts) -> Range<Int>? {
        let rotation = Rotation.compile(weights: backends.map { Int(parts.backends[$0].weight) })
        guard rotation.count != backends.count else { return nil }
        var places = [[UInt32]](repeating: [], count: backends.count)
        for (place, member) in rotation.enumerated() { places[Int(member)].append(UInt32(place)) }
        for (member, backend) in backends.enumerated() {
            parts.backends[backend].turnStart = UInt32(parts.places.count)
            parts.backends[backend].turnCount = UInt32(places[member].count)
            parts.places += places[member]
        }
        let start = parts.rotation.count
        parts.rotation += rotation.map { UInt32(backends[Int($0)]) }
        return start..<parts.rotation.count
    }

    private static func members(_ backends: [Int], _ turns: Range<Int>?, _ parts: inout SnapshotParts) -> GroupPlan {
        var group = GroupPlan()
        group.memberStart = UInt32(parts.rotation.count)
        group.memberCount = UInt32(backends.count)
        group.turnStart = UInt32(turns?.lowerBound ?? parts.rotation.count)
        group.turnCount = UInt32(turns?.count ?? backends.count)
        for (place, backend) in backends.enumerated() {
            parts.backends[backend].place = UInt32(place)
            parts.rotation.append(UInt32(backend))
        }
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
        let seated = members.enumerated().filter { index, _ in
            let backend = parts.backends[Int(plan.backendStart) + index]
            return backend.isCandidate && !backend.isBackup
        }
        let places = tables.table(
            of: pool.name,
            seated.map { HashTable.Member(name: $1.name, weight: $1.spec.weight, seat: UInt16($0)) }
        )
        plan.hasHashTable = !places.isEmpty
        plan.hashStart = UInt32(parts.hashes.count)
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

    private static func probe(
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
        plan.intent = backend.spec.state
        plan.takesTraffic = backend.spec.weight > 0
        plan.passive = pool.spec.passive
        plan.known = placement.known?.state ?? .unknown
        plan.knownReason = placement.known?.reason
        return plan
    }

    /// A check of what is at a URL, whether it is a backend or not.
    package static func probe(_ url: BackendURL, _ endpoints: [Endpoint], _ check: HealthCheckSpec?) -> ProbePlan {
        switch url.place {
        case .network(let host, let port):
            let bracketed = host.contains(":") ? "[\(host)]" : host
            return ProbePlan(
                live: .max,
                endpoints: endpoints,
                check: check,
                authority: port == 80 ? bracketed : "\(bracketed):\(port)",
                unresolved: endpoints.isEmpty ? host : nil
            )
        case .unix:
            return ProbePlan(live: .max, endpoints: endpoints, check: check, authority: "localhost")
        }
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
