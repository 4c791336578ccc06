/// Everything that is counted and measured, read at one moment: what `/metrics` and `/v1/stats` are written from.
///
/// Counters only grow, from the start of the process on, or from when their backend was added.
package struct MetricsSnapshot: Sendable {
    /// The moment, and that of the process's start, in nanoseconds of the UNIX epoch.
    package var at: Int64
    package var startedAt: Int64
    package var process = ProcessMetrics()
    /// One for each worker, in their order.
    package var workers: [WorkerMetrics] = []
    /// By pool, and then by name.
    package var backends: [BackendMetrics] = []
    /// What those have counted who are in `backends` no more, by pool; the pool is empty where that has gone too.
    package var gone: [String: GoneMetrics] = [:]
    /// Places that backends take in the plane's tables: of those that are there, of those that drain, and of those that have gone
    /// within the last five minutes.
    package var slots = 0
    /// Requests that ended before they had a backend, by pool; the pool is empty where there was none yet.
    package var unserved: [UnservedMetrics] = []
    /// Faults that ended an attempt or a request.
    package var faults: [FaultCount] = []
    /// Attempts that were followed by another one, by the kind of fault that ended them.
    package var retries: [RetryCount] = []
    /// Attempts that were not followed by another one only because the retry budget was used up.
    package var retriesDenied: UInt64 = 0
    /// Broken rules of HTTP, by who broke them.
    package var glitches: [GlitchCount] = []
    /// Request fields that were dropped because their name has an underscore.
    package var underscoreFieldsDropped: UInt64 = 0
    /// Access log lines that met a full ring, and lines or parts of lines that could not be written.
    package var logDrops: UInt64 = 0
    package var logWriteErrors: UInt64 = 0

    package init(at: Int64, startedAt: Int64) {
        self.at = at
        self.startedAt = startedAt
    }
}

/// How long the requests of one backend took: what `BackendMetrics.total` counts.
package struct RequestDurations: Equatable, Sendable {
    /// Nil where nothing was measured.
    package let p50Ns: UInt64?
    package let p99Ns: UInt64?

    package init(_ total: Histogram) {
        let found = total.quantilesNs([0.5, 0.99])
        p50Ns = found?.durations[0]
        p99Ns = found?.durations[1]
    }
}

/// Requests by the class of the status that ended them.
package struct ClassCounts: Equatable, Sendable {
    /// From 1xx to 5xx. 1xx are those that became something else than HTTP (101); 499, a client that went away, is a 4xx.
    package private(set) var counts: [5 of UInt64] = .init(repeating: 0)

    package init() {}

    /// - Parameter index: 0 for 1xx … 4 for 5xx; traps outside.
    package subscript(_ index: Int) -> UInt64 {
        get { counts[index] }
        set { counts[index] = newValue }
    }

    package static let names = ["1xx", "2xx", "3xx", "4xx", "5xx"]

    package var total: UInt64 { (0..<5).reduce(0) { $0 &+ counts[$1] } }

    package static func == (left: ClassCounts, right: ClassCounts) -> Bool {
        (0..<5).allSatisfy { left.counts[$0] == right.counts[$0] }
    }

    package mutating func add(_ other: ClassCounts) {
        for index in 0..<5 { counts[index] &+= other.counts[index] }
    }
}

/// One backend's figures, over all workers.
package struct BackendMetrics: Sendable {
    package var name: String
    package var pool: String
    package var phase: BackendPhase
    /// It has been removed and has nothing in flight: these are its last figures, and nothing is added to them.
    package var isGone = false
    /// Finished requests whose last attempt was its own.
    package var requests = ClassCounts()
    /// Attempts: requests given to it, including those that were then tried elsewhere.
    package var attempts: UInt64 = 0
    /// Attempts that ended in a fault of its own.
    package var errors: UInt64 = 0
    /// Attempts that another one followed.
    package var retriedAway: UInt64 = 0
    /// Body bytes from clients, and to them.
    package var bytesIn: UInt64 = 0
    package var bytesOut: UInt64 = 0
    package var connectionsOpened: UInt64 = 0
    package var connectionsReused: UInt64 = 0
    /// Connections that are open now, idle ones included, and idle ones.
    package var connections = 0
    package var idleConnections = 0
    package var inFlight = 0
    /// Those of them that have become tunnels.
    package var streams = 0
    package var probesPassed: UInt64 = 0
    package var probesFailed: UInt64 = 0
    /// Times that failed traffic took it out of service.
    package var ejections: UInt64 = 0
    /// Since the last probe ended; nil before the first.
    package var lastCheckAgeNs: UInt64?
    package var connect = Histogram()
    package var firstByte = Histogram()
    package var total = Histogram()

    package init(name: String, pool: String, phase: BackendPhase) {
        self.name = name
        self.pool = pool
        self.phase = phase
    }
}

/// What backends have counted that are gone for good: sums go on with it.
package struct GoneMetrics: Equatable, Sendable {
    package var requests = ClassCounts()
    package var attempts: UInt64 = 0
    package var errors: UInt64 = 0
    package var retriedAway: UInt64 = 0
    package var bytesIn: UInt64 = 0
    package var bytesOut: UInt64 = 0

    package init() {}

    package mutating func add(_ other: GoneMetrics) {
        requests.add(other.requests)
        attempts &+= other.attempts
        errors &+= other.errors
        retriedAway &+= other.retriedAway
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
    }
}

/// Requests that no backend has seen.
package struct UnservedMetrics: Sendable {
    package var pool: String
    package var requests: ClassCounts

    package init(pool: String, requests: ClassCounts) {
        self.pool = pool
        self.requests = requests
    }
}

/// One event loop's figures.
package struct WorkerMetrics: Sendable {
    /// Client connections that are open now, and all that were accepted.
    package var clients = 0
    package var accepted: UInt64 = 0
    /// Connections closed at the door because the limit of connections was met.
    package var shed: UInt64 = 0
    /// Times that accepting stopped for a while for want of descriptors or memory.
    package var acceptPauses: UInt64 = 0
    /// Requests under way.
    package var exchanges = 0
    /// Those of them that wait for a backend with room.
    package var waiting = 0
    /// From when a timer was due to the turn that fired it.
    package var lag = Histogram()

    package init() {}
}

package struct FaultCount: Equatable, Sendable {
    package var kind: String
    /// `downstream`, `proxy` or `upstream`.
    package var side: String
    package var count: UInt64

    package init(kind: String, side: String, count: UInt64) {
        self.kind = kind
        self.side = side
        self.count = count
    }
}

package struct RetryCount: Equatable, Sendable {
    package var reason: String
    package var count: UInt64

    package init(reason: String, count: UInt64) {
        self.reason = reason
        self.count = count
    }
}

package struct GlitchCount: Equatable, Sendable {
    package var kind: String
    /// `downstream` or `upstream`.
    package var side: String
    package var count: UInt64

    package init(kind: String, side: String, count: UInt64) {
        self.kind = kind
        self.side = side
        self.count = count
    }
}

/// What the kernel says of the process; 0 where it does not.
package struct ProcessMetrics: Equatable, Sendable {
    package var residentBytes: UInt64 = 0
    package var virtualBytes: UInt64 = 0
    /// User and system time of all threads.
    package var cpuNs: UInt64 = 0
    package var descriptors: UInt64 = 0
    package var descriptorsMax: UInt64 = 0
    package var threads: UInt64 = 0

    package init() {}
}
