import Model

/// `GET /v1/stats`: the figures of `/metrics` as one JSON document, with quantiles worked out.
extension Endpoints {
    func stats(_ call: Call) -> AdminResponse {
        let snapshot = plane.metrics()
        var pools: [String: StatsSum] = [:]
        for entry in state.current.desired.pools { pools[entry.name] = StatsSum() }
        // A name that has moved to another pool: the one that drains gives way.
        var places: [String: Int] = [:]
        for (place, backend) in snapshot.backends.enumerated() {
            pools[backend.pool, default: StatsSum()].add(StatsSum(backend))
            guard !backend.isGone else { continue }
            if backend.phase != .draining || places[backend.name] == nil { places[backend.name] = place }
        }
        for (pool, figures) in snapshot.gone where !pool.isEmpty { pools[pool, default: StatsSum()].add(figures) }
        for unserved in snapshot.unserved where !unserved.pool.isEmpty {
            pools[unserved.pool, default: StatsSum()].requests.add(unserved.requests)
        }
        var all = StatsSum()
        for unserved in snapshot.unserved where unserved.pool.isEmpty { all.requests.add(unserved.requests) }
        for sum in pools.values { all.add(sum) }
        if let figures = snapshot.gone[""] { all.add(figures) }
        var text = JSONText(reserving: 4096 + 640 * (places.count + pools.count))
        text.object { text in
            text.add("at", time: snapshot.at)
            text.object("backends") { text in
                for (name, place) in places.sorted(by: { $0.key < $1.key }) {
                    let backend = snapshot.backends[place]
                    text.object(name) { text in StatsSum(backend).write(into: &text, of: backend) }
                }
            }
            text.object("pools") { text in
                for (name, sum) in pools.sorted(by: { $0.key < $1.key }) {
                    text.object(name) { text in sum.write(into: &text) }
                }
            }
            text.add("since", time: snapshot.startedAt)
            text.object("totals") { text in all.write(into: &text, totalsOf: snapshot) }
        }
        return AdminResponse(status: 200, body: .json(.written(text.bytes)))
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

    init() {}

    init(_ backend: BackendMetrics) {
        requests = backend.requests
        attempts = backend.attempts
        errors = backend.errors
        retriedAway = backend.retriedAway
        bytesIn = backend.bytesIn
        bytesOut = backend.bytesOut
        inFlight = backend.inFlight
        streams = backend.streams
        idleConnections = backend.idleConnections
        connect = backend.connect
        firstByte = backend.firstByte
        total = backend.total
    }

    mutating func add(_ gone: GoneMetrics) {
        requests.add(gone.requests)
        attempts &+= gone.attempts
        errors &+= gone.errors
        retriedAway &+= gone.retriedAway
        bytesIn &+= gone.bytesIn
        bytesOut &+= gone.bytesOut
    }

    mutating func add(_ other: StatsSum) {
        requests.add(other.requests)
        attempts &+= other.attempts
        errors &+= other.errors
        retriedAway &+= other.retriedAway
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        inFlight += other.inFlight
        streams += other.streams
        idleConnections += other.idleConnections
        connect.add(other.connect)
        firstByte.add(other.firstByte)
        total.add(other.total)
    }

    /// Adds the members, in the order of their keys, those of a backend and those of the totals among them.
    func write(
        into text: inout JSONText,
        of backend: BackendMetrics? = nil,
        totalsOf snapshot: MetricsSnapshot? = nil
    ) {
        let workers = snapshot?.workers
        if let workers { text.add("accepted", counter: workers.reduce(0) { $0 &+ $1.accepted }) }
        text.add("attempts", counter: attempts)
        text.object("by_class") { text in
            for (index, name) in ClassCounts.names.enumerated() { text.add(name, counter: requests[index]) }
        }
        text.add("bytes_in", counter: bytesIn)
        text.add("bytes_out", counter: bytesOut)
        if let workers { text.add("clients", workers.reduce(0) { $0 + $1.clients }) }
        text.add("errors", counter: errors)
        text.add("idle_connections", idleConnections)
        text.add("in_flight", inFlight)
        text.object("latency") { text in
            Self.write("connect", connect, into: &text)
            Self.write("first_byte", firstByte, into: &text)
            Self.write("total", total, into: &text)
        }
        if let snapshot {
            text.add("log_drops", counter: snapshot.logDrops)
            text.add("memory_bytes", counter: snapshot.process.residentBytes)
        }
        if let backend {
            text.add("phase", backend.phase.rawValue)
            text.add("pool", backend.pool)
        }
        if let workers { text.add("queued", workers.reduce(0) { $0 + $1.waiting }) }
        text.add("requests", counter: requests.total)
        text.add("retried_away", counter: retriedAway)
        text.add("streams", streams)
    }

    /// Quantiles of nothing are null.
    private static func write(_ key: String, _ histogram: Histogram, into text: inout JSONText) {
        let found = histogram.quantilesNs([0.5, 0.9, 0.99])
        text.object(key) { text in
            text.add("count", counter: found?.count ?? 0)
            text.add("p50_ms", milliseconds: found?.durations[0])
            text.add("p90_ms", milliseconds: found?.durations[1])
            text.add("p99_ms", milliseconds: found?.durations[2])
        }
    }
}
