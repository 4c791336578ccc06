package import Model

/// Turns the desired state into a snapshot.
package enum Compile {
    /// What the control side knows of one backend besides its spec.
    package struct Placement: Sendable {
        package var live: UInt32
        package var endpoints: [Endpoint]
        /// Of its health when the process last ran; nil when nothing is.
        package var known: KnownHealth?

        package init(live: UInt32, endpoints: [Endpoint], known: KnownHealth? = nil) {
            self.live = live
            self.endpoints = endpoints
            self.known = known
        }
    }

    /// - Parameters:
    ///   - desired: a validated state.
    ///   - placements: by backend name; every backend of `desired` has one.
    ///   - tickets: by pool name, its line among the tickets; every pool has one.
    ///   - settings: the process's limits and patience; nil leaves the workers those they have.
    ///   - cuts: the live slots of backends whose drain is out of time.
    package static func snapshot(
        _ desired: DesiredState,
        sequence: UInt64,
        placements: [String: Placement],
        tickets: [String: UInt32],
        settings: WorkerSettings? = nil,
        cuts: [UInt32] = []
    ) -> Snapshot {
        var backends: [BackendPlan] = []
        var endpoints: [Endpoint] = []
        var rotation: [UInt32] = []
        var pools: [PoolPlan] = []
        var probes: [ProbePlan] = []
        var liveEnd = 0
        // The pool that serves everything comes first: RouteTable relies on it.
        let ordered =
            desired.pools.filter { $0.name == DesiredState.defaultPool }
            + desired.pools.filter { $0.name != DesiredState.defaultPool }
        for pool in ordered {
            let members = desired.backends.filter { $0.spec.pool == pool.name }
            let backendStart = backends.count
            let rotationStart = rotation.count
            for member in members {
                guard let placement = placements[member.name] else { continue }
                var plan = BackendPlan(
                    live: placement.live,
                    endpointStart: UInt32(endpoints.count),
                    endpointCount: UInt32(placement.endpoints.count),
                    weight: UInt32(share(of: member.spec)),
                    requestsMax: UInt32(member.spec.requestsMax),
                    failuresMax: UInt32(pool.spec.passive?.errors ?? 0)
                )
                plan.takesNew = member.spec.state == .ready
                backends.append(plan)
                endpoints += placement.endpoints
                liveEnd = max(liveEnd, Int(placement.live) + 1)
                probes.append(probe(member, placement, pool, ticket: tickets[pool.name] ?? 0))
            }
            rotation += Rotation.compile(weights: members.map { share(of: $0.spec) }).map { $0 + UInt32(backendStart) }
            var plan = PoolPlan(
                ticket: tickets[pool.name] ?? 0,
                rotationStart: UInt32(rotationStart),
                rotationCount: UInt32(rotation.count - rotationStart),
                backendStart: UInt32(backendStart),
                backendCount: UInt32(backends.count - backendStart)
            )
            plan.patience = PoolPatience(pool.spec, settings ?? WorkerSettings())
            pools.append(plan)
        }
        return Snapshot(
            sequence: sequence,
            backends: backends,
            endpoints: endpoints,
            rotation: rotation,
            pools: pools,
            liveSlots: liveEnd,
            probes: probes,
            cuts: cuts,
            settings: settings
        )
    }

    /// Its weight, as long as the user wants it to serve.
    private static func share(of spec: BackendSpec) -> Int { spec.state == .ready ? spec.weight : 0 }

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
