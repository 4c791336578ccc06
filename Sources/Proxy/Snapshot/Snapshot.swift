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
    private let poolStorage: FlatStorage<PoolPlan>
    private let memberStorage: FlatStorage<UInt8>
    /// What the prober is to check; workers do not look at it.
    package let probes: [ProbePlan]
    /// The live slots of backends whose drain is out of time: what they still carry ends when this is adopted.
    package let cuts: [UInt32]
    /// The limits and the patience of every worker from now on; nil leaves them as they are.
    package let settings: WorkerSettings?

    package init(
        sequence: UInt64,
        backends: [BackendPlan],
        endpoints: [Endpoint],
        rotation: [UInt32],
        pools: [PoolPlan],
        liveSlots: Int,
        probes: [ProbePlan],
        cuts: [UInt32] = [],
        settings: WorkerSettings? = nil
    ) {
        self.sequence = sequence
        self.cuts = cuts
        self.settings = settings
        backendStorage = FlatStorage(backends)
        endpointStorage = FlatStorage(endpoints)
        rotationStorage = FlatStorage(rotation)
        poolStorage = FlatStorage(pools)
        var members = [UInt8](repeating: 0, count: liveSlots)
        for plan in backends { members[Int(plan.live)] = plan.takesNew ? 1 : 2 }
        memberStorage = FlatStorage(members)
        self.probes = probes
    }

    /// What a worker reads per request. It is valid as long as the snapshot is held.
    package var view: SnapshotView {
        SnapshotView(
            backends: backendStorage.view,
            endpoints: endpointStorage.view,
            rotation: rotationStorage.view,
            pools: poolStorage.view,
            members: memberStorage.view
        )
    }
}

/// The parts of a snapshot without its reference count.
package struct SnapshotView: BitwiseCopyable, Sendable {
    package var backends = FlatArray<BackendPlan>()
    package var endpoints = FlatArray<Endpoint>()
    /// Indices into `backends`, pool after pool.
    package var rotation = FlatArray<UInt32>()
    package var pools = FlatArray<PoolPlan>()
    /// By live slot: 0 for who is not of this snapshot, 1 for who is, 2 for who is and takes nothing new.
    package var members = FlatArray<UInt8>()

    package init() {}

    init(
        backends: FlatArray<BackendPlan>,
        endpoints: FlatArray<Endpoint>,
        rotation: FlatArray<UInt32>,
        pools: FlatArray<PoolPlan>,
        members: FlatArray<UInt8>
    ) {
        self.backends = backends
        self.endpoints = endpoints
        self.rotation = rotation
        self.pools = pools
        self.members = members
    }

    /// Whether the backend of a live slot is part of the desired state.
    @inline(always)
    package func isMember(_ live: UInt32) -> Bool { Int(live) < members.count && members[Int(live)] != 0 }

    /// Whether it may be given new requests, as far as the user is concerned.
    @inline(always)
    package func takesNew(_ live: UInt32) -> Bool { Int(live) < members.count && members[Int(live)] == 1 }
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
    /// Its state is `ready`: it does not drain.
    package var takesNew = true

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

/// One pool, compiled.
package struct PoolPlan: BitwiseCopyable, Sendable {
    /// The pool's line among the tickets.
    package var ticket: UInt32
    /// Its part of `SnapshotView.rotation`.
    package var rotationStart: UInt32
    package var rotationCount: UInt32
    /// Its backends: a contiguous part of `SnapshotView.backends`.
    package var backendStart: UInt32
    package var backendCount: UInt32
    package var patience = PoolPatience()

    package init(
        ticket: UInt32,
        rotationStart: UInt32,
        rotationCount: UInt32,
        backendStart: UInt32,
        backendCount: UInt32
    ) {
        self.ticket = ticket
        self.rotationStart = rotationStart
        self.rotationCount = rotationCount
        self.backendStart = backendStart
        self.backendCount = backendCount
    }
}

/// What the prober needs of one backend.
package struct ProbePlan: Sendable {
    package var name = ""
    package var pool = ""
    /// The pool's line among the tickets.
    package var ticket: UInt32 = 0
    package var live: UInt32
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
