import Model

/// `GET /v1/stats`: the figures of `/metrics` as one JSON document, with quantiles worked out.
extension Endpoints {
    func stats(_ call: Call) -> AdminResponse {
        let snapshot = plane.metrics(.look)
        var all = StatsSum()
        var pools: [String: StatsSum] = [:]
        for entry in state.current.desired.pools { pools[entry.name] = StatsSum() }
        var backends: [String: JSONValue] = [:]
        for backend in snapshot.backends {
            all.add(backend)
            pools[backend.pool, default: StatsSum()].add(backend)
            guard !backend.isGone else { continue }
            var one = StatsSum()
            one.add(backend)
            var members = one.members
            members["pool"] = .string(backend.pool)
            members["phase"] = .string(backend.phase.rawValue)
            // A name that has moved to another pool: the one that drains gives way.
            if backend.phase != .draining || backends[backend.name] == nil { backends[backend.name] = .object(members) }
        }
        for unserved in snapshot.unserved {
            all.requests.add(unserved.requests)
            if !unserved.pool.isEmpty { pools[unserved.pool, default: StatsSum()].requests.add(unserved.requests) }
        }
        var totals = all.members
        totals["clients"] = .count(snapshot.workers.reduce(0) { $0 + $1.clients })
        totals["accepted"] = .counter(snapshot.workers.reduce(0) { $0 &+ $1.accepted })
        totals["queued"] = .count(snapshot.workers.reduce(0) { $0 + $1.waiting })
        totals["log_drops"] = .counter(snapshot.logDrops)
        totals["memory_bytes"] = .counter(snapshot.process.residentBytes)
        let document: JSONValue = [
            "at": .string(WallClock.rfc3339(snapshot.at)), "since": .string(WallClock.rfc3339(snapshot.startedAt)),
            "totals": .object(totals),
            "pools": .object(JSONObject(pools.map { (key: $0.key, value: .object($0.value.members)) })),
            "backends": .object(JSONObject(backends.map { (key: $0.key, value: $0.value) })),
        ]
        return AdminResponse(status: 200, body: .json(document))
    }

    /// How long the requests of one backend took; nil where the plane does not know it.
    func latency(of name: String) -> Histogram? {
        plane.metrics(.backends([name])).backends.last { $0.phase != .draining || !$0.isGone }?.total
    }

    /// The same of the backends of these names; nil is all.
    func latencies(of names: Set<String>? = nil) -> [String: Histogram] {
        var found: [String: Histogram] = [:]
        for backend in plane.metrics(names.map { .backends($0) } ?? .look).backends where !backend.isGone {
            if backend.phase != .draining || found[backend.name] == nil { found[backend.name] = backend.total }
        }
        return found
    }
}

/// Figures that add up over backends.
private struct StatsSum {
    var requests = ClassCounts()
    private var attempts: UInt64 = 0
    private var errors: UInt64 = 0
    private var retriedAway: UInt64 = 0
    private var bytesIn: UInt64 = 0
    private var bytesOut: UInt64 = 0
    private var inFlight = 0
    private var streams = 0
    private var idleConnections = 0
    private var connect = Histogram()
    private var firstByte = Histogram()
    private var total = Histogram()

    mutating func add(_ backend: BackendMetrics) {
        requests.add(backend.requests)
        attempts &+= backend.attempts
        errors &+= backend.errors
        retriedAway &+= backend.retriedAway
        bytesIn &+= backend.bytesIn
        bytesOut &+= backend.bytesOut
        inFlight += backend.inFlight
        streams += backend.streams
        idleConnections += backend.idleConnections
        connect.add(backend.connect)
        firstByte.add(backend.firstByte)
        total.add(backend.total)
    }

    var members: JSONObject {
        var classes: JSONObject = [:]
        for (index, name) in ClassCounts.names.enumerated() { classes[name] = .counter(requests[index]) }
        return [
            "requests": .counter(requests.total), "by_class": .object(classes), "attempts": .counter(attempts),
            "errors": .counter(errors), "retried_away": .counter(retriedAway), "bytes_in": .counter(bytesIn),
            "bytes_out": .counter(bytesOut), "in_flight": .count(inFlight), "streams": .count(streams),
            "idle_connections": .count(idleConnections),
            "latency": [
                "connect": Self.quantiles(connect), "first_byte": Self.quantiles(firstByte),
                "total": Self.quantiles(total),
            ],
        ]
    }

    private static func quantiles(_ histogram: Histogram) -> JSONValue {
        [
            "count": .counter(histogram.count), "p50_ms": histogram.milliseconds(0.5),
            "p90_ms": histogram.milliseconds(0.9), "p99_ms": histogram.milliseconds(0.99),
        ]
    }
}

extension Histogram {
    /// A quantile in milliseconds, to the microsecond; null where nothing was measured.
    func milliseconds(_ quantile: Double) -> JSONValue {
        quantileNs(quantile).map { .double(Double($0 / 1000) / 1000) } ?? .null
    }
}
