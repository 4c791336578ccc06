package import Model

/// The desired state compiled for the loops: flat, immutable, and complete in itself.
///
/// Live facts are not in it; they are found by `BackendPlan.live`, the slot of a backend's identity in the `LiveTable`,
/// and so outlive every change.
package final class Snapshot: Sendable {
    /// Grows with every publication; what a loop acknowledges.
    package let sequence: UInt64
    private let backendStorage: FlatStorage<BackendPlan>
    private let endpointStorage: FlatStorage<Endpoint>
    private let rotationStorage: FlatStorage<UInt32>
    private let placeStorage: FlatStorage<UInt32>
    private let hashStorage: FlatStorage<UInt16>
    private let stickyStorage: FlatStorage<StickyEntry>
    private let textStorage: FlatStorage<UInt8>
    private let poolStorage: FlatStorage<PoolPlan>
    private let seatStorage: FlatStorage<UInt32>
    /// What the prober is to check; workers do not look at it.
    package let probes: ChunkedList<SharedProbePlan>
    /// The live slots of backends whose drain is out of time: what they still carry ends when this is adopted.
    package let cuts: [UInt32]
    /// The limits and the patience of every worker from now on; nil leaves them as they are.
    package let settings: WorkerSettings?

    package init(
        sequence: UInt64,
        _ parts: SnapshotParts,
        probes: ChunkedList<SharedProbePlan>,
        cuts: [UInt32] = [],
        settings: WorkerSettings? = nil
    ) {
        self.sequence = sequence
        self.cuts = cuts
        self.settings = settings
        backendStorage = FlatStorage(parts.backends)
        endpointStorage = FlatStorage(parts.endpoints)
        rotationStorage = FlatStorage(parts.rotation)
        placeStorage = FlatStorage(parts.places)
        hashStorage = FlatStorage(parts.hashes)
        stickyStorage = FlatStorage(parts.sticky)
        textStorage = FlatStorage(parts.text)
        poolStorage = FlatStorage(parts.pools)
        let slots = parts.backends.reduce(0) { max($0, Int($1.live) + 1) }
        var seats = [UInt32](repeating: .max, count: slots)
        for (index, plan) in parts.backends.enumerated() { seats[Int(plan.live)] = UInt32(index) }
        seatStorage = FlatStorage(seats)
        self.probes = probes
    }

    /// What a worker reads per request. It is valid as long as the snapshot is held.
    package var view: SnapshotView {
        SnapshotView(
            backends: backendStorage.view,
            endpoints: endpointStorage.view,
            rotation: rotationStorage.view,
            places: placeStorage.view,
            hashes: hashStorage.view,
            sticky: stickyStorage.view,
            text: textStorage.view,
            pools: poolStorage.view,
            seats: seatStorage.view
        )
    }
}

/// A snapshot while it is put together; see `SnapshotView` for what each part is.
package struct SnapshotParts {
    package var backends: [BackendPlan] = []
    package var endpoints: [Endpoint] = []
    package var rotation: [UInt32] = []
    package var places: [UInt32] = []
    package var hashes: [UInt16] = []
    package var sticky: [StickyEntry] = []
    package var text: [UInt8] = []
    package var pools: [PoolPlan] = []

    package init() {}
}

/// The parts of a snapshot without its reference count.
package struct SnapshotView: BitwiseCopyable, Sendable {
    package var backends = FlatArray<BackendPlan>()
    package var endpoints = FlatArray<Endpoint>()
    /// Indices into `backends`: the turns and the members of each pool's groups.
    package var rotation = FlatArray<UInt32>()
    /// Where in its group's turns a backend stands, backend after backend, for groups that are weighted.
    package var places = FlatArray<UInt32>()
    /// The hash tables of the groups that have one: indices into the pool's backends.
    package var hashes = FlatArray<UInt16>()
    /// Tables from sticky ids to backends, probed linearly, for pools with sessions.
    package var sticky = FlatArray<StickyEntry>()
    /// Names of fields and cookies.
    package var text = FlatArray<UInt8>()
    package var pools = FlatArray<PoolPlan>()
    /// By live slot: the index in `backends`, or `.max` for those that are not in this snapshot.
    package var seats = FlatArray<UInt32>()

    package init() {}

    init(
        backends: FlatArray<BackendPlan>,
        endpoints: FlatArray<Endpoint>,
        rotation: FlatArray<UInt32>,
        places: FlatArray<UInt32>,
        hashes: FlatArray<UInt16>,
        sticky: FlatArray<StickyEntry>,
        text: FlatArray<UInt8>,
        pools: FlatArray<PoolPlan>,
        seats: FlatArray<UInt32>
    ) {
        self.backends = backends
        self.endpoints = endpoints
        self.rotation = rotation
        self.places = places
        self.hashes = hashes
        self.sticky = sticky
        self.text = text
        self.pools = pools
        self.seats = seats
    }

    /// Whether the backend of a live slot is part of the desired state.
    @inline(always)
    package func isMember(_ live: UInt32) -> Bool { backend(ofLive: live) != nil }

    /// Whether it may be given new requests, as far as the user is concerned.
    package func takesNew(_ live: UInt32) -> Bool {
        guard let backend = backend(ofLive: live) else { return false }
        return backends[Int(backend)].takesNew
    }

    /// The index of the backend of a live slot; nil when it is not of this snapshot.
    @inline(always)
    package func backend(ofLive live: UInt32) -> UInt32? {
        guard Int(live) < seats.count, seats[Int(live)] != .max else { return nil }
        return seats[Int(live)]
    }

    /// Whether an address is one of those of the backend of a live slot. O(addresses of the backend).
    package func has(_ endpoint: Endpoint, of live: UInt32) -> Bool {
        guard let backend = backend(ofLive: live) else { return false }
        let plan = backends[Int(backend)]
        for place in plan.endpointStart..<plan.endpointStart + plan.endpointCount
        where endpoints[Int(place)] == endpoint { return true }
        return false
    }

    /// The indices of a pool's backends.
    func backends(ofPool pool: Int) -> Range<Int> {
        let start = Int(pools[pool].backendStart)
        return start..<start + Int(pools[pool].backendCount)
    }

    /// The least and the greatest live slot of a pool's backends; nil when it has none. O(backends).
    func slots(ofPool pool: Int) -> ClosedRange<UInt32>? {
        var (least, most) = (UInt32.max, UInt32(0))
        for backend in backends(ofPool: pool) {
            least = min(least, backends[backend].live)
            most = max(most, backends[backend].live)
        }
        return least <= most ? least...most : nil
    }

    /// The pool of a ticket; nil when this snapshot has none. O(pools).
    package func pool(ofTicket ticket: UInt32) -> PoolPlan? {
        for index in 0..<pools.count where pools[index].ticket == ticket { return pools[index] }
        return nil
    }

    /// The backend of a session.
    package func backend(ofSticky id: UInt64, in pool: PoolPlan) -> UInt32? {
        guard pool.sticky.isOn, id != 0 else { return nil }
        // At most half of the table is taken, so there is an empty place where a search ends.
        var at = id & UInt64(pool.sticky.tableMask)
        while true {
            let entry = sticky[Int(pool.sticky.tableStart) + Int(at)]
            if entry.id == id { return entry.backend }
            if entry.id == 0 { return nil }
            at = (at + 1) & UInt64(pool.sticky.tableMask)
        }
    }
}

/// A part of a snapshot's text.
package struct TextRange: BitwiseCopyable, Equatable, Sendable {
    package var start: UInt32 = 0
    package var count: UInt32 = 0

    package init(start: UInt32 = 0, count: UInt32 = 0) {
        self.start = start
        self.count = count
    }
}

/// One backend, compiled.
package struct BackendPlan: BitwiseCopyable, Sendable {
    /// Its identity's slot in the `LiveTable`.
    package var live: UInt32
    /// Its addresses in `SnapshotView.endpoints`, to be tried in order; none when its name does not resolve.
    package var endpointStart: UInt32
    package var endpointCount: UInt32
    /// 0 takes no new requests.
    package var weight: UInt32
    /// Requests in flight over all workers; 0 for any number.
    package var requestsMax: UInt32
    /// After so many failed attempts in a row, and every as many more, the prober hears of it; 0 for never.
    package var failuresMax: UInt32
    /// The same of answers of status 500 and above.
    package var serverErrorsMax: UInt32 = 0
    /// Its state is `ready`: it does not drain.
    package var takesNew = true
    /// The index of its pool.
    package var pool: UInt32 = 0
    /// It may be given what is new: its state is `ready`, and it has weight.
    package var isCandidate = false
    package var isBackup = false
    /// It drains, and goes on with the sessions it has.
    package var keepsSessions = false
    /// Its place among the members of its group.
    package var place: UInt32 = 0
    /// Its places among the turns of its group, a part of `SnapshotView.places`; none where each backend has one turn.
    package var turnStart: UInt32 = 0
    package var turnCount: UInt32 = 0
    /// How long it takes to reach its full share after it began to serve; 0 is at once.
    package var slowStartNs: UInt64 = 0
    /// What its sessions' cookies say; 0 in a pool without sessions.
    package var stickyID: UInt64 = 0

    package init(
        live: UInt32,
        endpointStart: UInt32,
        endpointCount: UInt32,
        weight: UInt32,
        requestsMax: UInt32 = 0,
        failuresMax: UInt32 = 0
    ) {
        self.live = live
        self.endpointStart = endpointStart
        self.endpointCount = endpointCount
        self.weight = weight
        self.requestsMax = requestsMax
        self.failuresMax = failuresMax
    }
}

/// Those backends of a pool that may be picked together: its primaries, or its backups.
package struct GroupPlan: BitwiseCopyable, Sendable {
    /// Its part of `SnapshotView.rotation` in which each backend stands as often as its weight says.
    package var turnStart: UInt32 = 0
    package var turnCount: UInt32 = 0
    /// Its part in which each backend stands once. The same part where that is how often they have turns.
    package var memberStart: UInt32 = 0
    package var memberCount: UInt32 = 0
    /// Its table in `SnapshotView.hashes`, if it has one.
    package var hasHashTable = false
    package var hashStart: UInt32 = 0

    package init() {}

    package var isWeighted: Bool { turnStart != memberStart }
}

/// How a pool chooses.
package enum PoolAlgorithm: UInt8, BitwiseCopyable, Sendable {
    case roundRobin
    case leastRequest
    case leastRequestExact
    case random
    case peakEWMA
    case hash

    /// Whether failures and latencies decide anything.
    package var learns: Bool {
        switch self {
        case .leastRequest, .leastRequestExact, .peakEWMA: true
        case .roundRobin, .random, .hash: false
        }
    }
}

/// What of a request a hash pool hashes.
package enum HashSource: UInt8, BitwiseCopyable, Sendable {
    case clientIP
    case path
    case uri
    case header
    case cookie
}

/// How a pool keeps sessions.
package struct StickyPlan: BitwiseCopyable, Sendable {
    package var isOn = false
    /// The cookie's name.
    package var name = TextRange()
    /// 0 is as long as the browser is open.
    package var maxAgeSeconds: UInt64 = 0
    /// Its part of `SnapshotView.sticky`, a power of two long.
    package var tableStart: UInt32 = 0
    package var tableMask: UInt32 = 0

    package init() {}
}

/// One pool, compiled.
package struct PoolPlan: BitwiseCopyable, Sendable {
    /// The pool's line among the tickets.
    package var ticket: UInt32
    package var algorithm = PoolAlgorithm.roundRobin
    package var primary = GroupPlan()
    /// Its members stand right behind those of `primary`.
    package var backup = GroupPlan()
    /// Its backends: a contiguous part of `SnapshotView.backends`.
    package var backendStart: UInt32
    package var patience = PoolPatience()
    package var backendCount: UInt32 = 0
    /// When fewer primaries than this serve, and no backup does, health is not believed; 0 is never.
    package var servingLeast: UInt32 = 0
    /// Some backend of it has a slow start.
    package var hasSlowStart = false
    /// Some backend of it has a limit of requests.
    package var hasLimits = false
    package var hashBy = HashSource.clientIP
    /// Of the field (in lower case) or the cookie that is hashed.
    package var hashName = TextRange()
    package var sticky = StickyPlan()

    package init(ticket: UInt32, backendStart: UInt32) {
        self.ticket = ticket
        self.backendStart = backendStart
    }
}

/// A plan in a box that never changes: the same box in two snapshots is the same plan, without a look into it.
package final class SharedProbePlan: Sendable {
    package let plan: ProbePlan

    package init(_ plan: ProbePlan) { self.plan = plan }
}

/// What the prober needs of one backend.
package struct ProbePlan: Equatable, Sendable {
    package var name = ""
    package var pool = ""
    /// The pool's line among the tickets.
    package var ticket: UInt32 = 0
    package var live: UInt32
    /// Its slot's epoch: another one than before, and it has come back, whatever else has changed.
    package var epoch: UInt32 = 0
    package var endpoints: [Endpoint]
    package var intent = BackendState.ready
    /// Its share is more than nothing.
    package var takesTraffic = true
    /// Nil when it is not checked.
    package var check: HealthCheckSpec?
    /// Nil when failed traffic does not eject it.
    package var passive: PassiveSpec?
    /// Where it begins when it is new.
    package var known = HealthState.unknown
    package var knownReason: String?
    /// What `Host` says in a probe.
    package var authority: String
    /// The name that did not resolve, for the reason shown.
    package var unresolved: String?

    package init(
        live: UInt32,
        endpoints: [Endpoint],
        check: HealthCheckSpec?,
        authority: String,
        unresolved: String? = nil
    ) {
        self.live = live
        self.endpoints = endpoints
        self.check = check
        self.authority = authority
        self.unresolved = unresolved
    }
}
