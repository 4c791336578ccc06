package import Model

/// The backends of a desired state, each compiled for itself, in the state's order.
///
/// Kept from one snapshot to the next, so that a change costs what it changes: of each of thousands that stay as they are a
/// snapshot takes a copy of some words, and counts no references.
package struct Seating: Sendable {
    struct Seat: BitwiseCopyable {
        /// All of it but where it stands among others.
        var plan: BackendPlan
        /// The first of its addresses, if it has any.
        var endpoint = Endpoint.ipv4(0, port: 0)
        /// Its pool's place in the desired state; `.max` when that has no such pool.
        var pool = UInt32.max
        /// What is above is what its spec and its pool's say.
        var isMade = false
        /// Where it is may be news at any time: its address is a name, or not known yet.
        var isSought = true
        var isDraining = false
    }

    /// One that comes, or comes back to another place.
    struct Arrival {
        let placement: Compile.Placement
        /// Where the same backend was; nil for a new one.
        let before: Int?
        /// Nothing of its spec has changed.
        let isUnchanged: Bool
    }

    private(set) var seats: [Seat] = []
    /// What the prober is to check, in the same order.
    private(set) var probes = ChunkedList<SharedProbePlan>()
    private(set) var placements: [Compile.Placement] = []

    /// Stands for a plan that is made before anybody sees it.
    private static let noProbe = SharedProbePlan(ProbePlan(live: .max, endpoints: [], check: nil, authority: ""))

    init() {}

    func live(_ place: Int) -> UInt32 { seats[place].plan.live }

    /// Whether a change makes a backend eligible again that was not: it has to prove itself anew.
    package static func comesBack(_ before: BackendSpec, _ after: BackendSpec) -> Bool {
        before.state != .ready && after.state == .ready
    }

    /// Where the backend stands whose live slot this is.
    func place(of live: UInt32) -> Int? { seats.firstIndex { $0.plan.live == live } }

    /// Its state is not `ready`.
    func isResting(_ place: Int) -> Bool { !seats[place].plan.takesNew }

    mutating func replace(_ range: Range<Int>, with arrivals: [Arrival]) {
        let seats = arrivals.map { arrival in
            if arrival.isUnchanged, let before = arrival.before { return self.seats[before] }
            let live = arrival.placement.live
            return Seat(plan: BackendPlan(live: live, endpointStart: 0, endpointCount: 0, weight: 0))
        }
        let probes = arrivals.map { $0.before.map { self.probes[$0] } ?? Self.noProbe }
        self.seats.replaceSubrange(range, with: seats)
        self.probes.replaceSubrange(range, with: probes)
        placements.replaceSubrange(range, with: arrivals.map(\.placement))
    }

    mutating func setEndpoints(_ endpoints: [Endpoint], at place: Int) {
        let old = placements[place]
        placements[place] = Compile.Placement(
            live: old.live,
            epoch: old.epoch,
            endpoints: endpoints,
            known: old.known
        )
        seats[place].isMade = false
    }

    /// Every backend is made anew: of pools others are declared than before.
    mutating func forgetPools() {
        for place in seats.indices { seats[place].isMade = false }
    }

    /// Compiles those of whom something has changed.
    /// - Parameters:
    ///   - desired: the state whose backends these are.
    ///   - tickets: by pool name.
    mutating func make(_ desired: DesiredState, tickets: [String: UInt32], _ key: StickyKey) {
        var pools: [String: Int]?
        for place in seats.indices where !seats[place].isMade {
            let known = pools ?? Dictionary(desired.pools.enumerated().map { ($1.name, $0) }) { first, _ in first }
            pools = known
            make(place, desired.backends[place], desired, known, tickets, key)
        }
    }

    private mutating func make(
        _ place: Int,
        _ member: DesiredState.Entry<BackendSpec>,
        _ desired: DesiredState,
        _ pools: [String: Int],
        _ tickets: [String: UInt32],
        _ key: StickyKey
    ) {
        let placement = placements[place]
        let index = pools[member.spec.pool]
        let entry = index.map { desired.pools[$0] } ?? DesiredState.Entry(name: member.spec.pool, spec: PoolSpec())
        let pool = entry.spec
        var plan = BackendPlan(
            live: placement.live,
            endpointStart: 0,
            endpointCount: UInt32(placement.endpoints.count),
            weight: UInt32(member.spec.weight),
            requestsMax: UInt32(member.spec.requestsMax),
            failuresMax: UInt32(pool.passive?.errors ?? 0)
        )
        plan.isCandidate = member.spec.state == .ready && member.spec.weight > 0
        plan.isBackup = member.spec.isBackup
        plan.takesNew = member.spec.state == .ready
        plan.slowStartNs = UInt64((member.spec.slowStart ?? pool.slowStart).nanoseconds)
        plan.serverErrorsMax = UInt32(pool.passive?.serverErrors ?? 0)
        if pool.sticky != nil {
            plan.stickyID = key.id(pool: entry.name, name: member.name, url: member.spec.url.description)
        }
        let probe = Compile.probe(member, placement, entry, ticket: tickets[entry.name] ?? 0)
        // Of two equal plans one will do.
        if probes[place].plan != probe { probes.replaceSubrange(place..<place + 1, with: [SharedProbePlan(probe)]) }
        seats[place] = Seat(
            plan: plan,
            endpoint: placement.endpoints.first ?? .ipv4(0, port: 0),
            pool: index.map { UInt32($0) } ?? .max,
            isMade: true,
            isSought: member.spec.url.isName || placement.endpoints.isEmpty,
            isDraining: member.spec.state == .drain
        )
    }
}
