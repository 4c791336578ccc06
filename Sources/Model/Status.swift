/// What is: the live facts of the data plane, read at one moment. They are never part of the desired state.
package struct PlaneStatus: Sendable {
    package var backends: [String: BackendStatus]
    /// Every event loop has turned within the last second.
    package var isTicking: Bool
    /// The listeners accept; false before the first health round and while stopping.
    package var isAccepting: Bool

    package init(backends: [String: BackendStatus], isTicking: Bool, isAccepting: Bool) {
        self.backends = backends
        self.isTicking = isTicking
        self.isAccepting = isAccepting
    }
}

/// Where a backend stands.
package enum BackendPhase: String, Sendable, CaseIterable {
    /// It has no verdict yet, and gets no traffic.
    case starting
    case serving
    case unhealthy
    /// Its check does not fail, but requests did: it is left alone for a while.
    case ejected
    /// It takes nothing new and finishes what it has: its state is `drain`, or it was removed.
    case draining
    /// Its state is `maint`: no traffic and no health checks.
    case maint
}

package enum HealthState: String, Sendable {
    case unknown
    case healthy
    case unhealthy
}

/// The live facts of one backend.
package struct BackendStatus: Sendable {
    package var phase: BackendPhase
    /// When `phase` was entered, in nanoseconds of the UNIX epoch; 0 when that is not known.
    package var since: Int64
    package var health: HealthStatus
    /// Requests that have picked this backend and are not finished.
    package var inFlight: Int
    package var idleConnections: Int
    /// Upgraded connections that are open; they are in flight too.
    package var streams: Int
    /// Requests given to it, and those of them that ended in a fault of the backend, since the process started.
    package var requests: UInt64
    package var errors: UInt64
    /// Attempts that failed here and went on elsewhere.
    package var retriedAway: UInt64
    /// What its requests were answered with in the end, since the process started; also where the answer was ours, because it
    /// had none.
    package var answers = ClassCounts()

    /// It has left the desired state, and serves on until those in its place do.
    package var isStandIn = false
    /// Of a backend that is not desired any more: it has not gone yet.
    package var isLeaving: Bool { phase == .draining || isStandIn }

    /// It serves, and not by a verdict from before it was last changed.
    package var isProven: Bool { phase == .serving && health.isProven }

    package init(
        phase: BackendPhase,
        since: Int64 = 0,
        health: HealthStatus,
        inFlight: Int,
        idleConnections: Int,
        streams: Int = 0,
        requests: UInt64,
        errors: UInt64,
        retriedAway: UInt64 = 0
    ) {
        self.phase = phase
        self.since = since
        self.health = health
        self.inFlight = inFlight
        self.idleConnections = idleConnections
        self.streams = streams
        self.requests = requests
        self.errors = errors
        self.retriedAway = retriedAway
    }
}

/// The verdict of the active check on one backend.
package struct HealthStatus: Sendable {
    package var state: HealthState
    /// When `state` was entered, in nanoseconds of the UNIX epoch.
    package var since: Int64
    /// Why it is not healthy, in words: `connect refused`, `timeout after 2s`, `status 500`; while it is ejected, why that.
    /// Nil while all is well.
    package var reason: String?
    package var consecutiveOK: Int
    package var consecutiveFailures: Int
    /// Some check of it has passed, so that what is known of it is worth keeping.
    package var hasPassed: Bool
    /// How often it has ceased to serve within the last `flapWindowNs`, by its checks or its traffic.
    package var flaps: Int
    /// A check has passed that began after the last change of what it takes to serve: its address, its check, its state. True
    /// where there is no check. What is waited for is that it serves and is proven.
    package var isProven: Bool
    /// What its requests were answered with within the last minute or so.
    package var lately = RecentAnswers()
    /// Newest last, at most `probesKept`.
    package var probes: [ProbeResult]

    package static let probesKept = 20
    package static let flapWindowNs: UInt64 = 600_000_000_000
    /// Who has ceased to serve so often within the window is flapping.
    package static let flapsMin = 3

    package init(
        state: HealthState,
        since: Int64,
        reason: String?,
        consecutiveOK: Int,
        consecutiveFailures: Int,
        hasPassed: Bool = true,
        flaps: Int = 0,
        isProven: Bool = true,
        probes: [ProbeResult]
    ) {
        self.state = state
        self.since = since
        self.reason = reason
        self.consecutiveOK = consecutiveOK
        self.consecutiveFailures = consecutiveFailures
        self.hasPassed = hasPassed
        self.flaps = flaps
        self.isProven = isProven
        self.probes = probes
    }
}

/// Answers of a short while, and how many of them say that the server has failed.
package struct RecentAnswers: Sendable, Equatable {
    package var all: UInt64
    /// Of status 500 and above.
    package var failed: UInt64

    package init(all: UInt64 = 0, failed: UInt64 = 0) {
        self.all = all
        self.failed = failed
    }

    /// So many answers have to be there before a share of them says anything.
    package static let volumeMin: UInt64 = 20
    /// From this share on it is worth a warning.
    package static let shareMin = 0.05

    /// 0…1; nil of nothing.
    package var failedShare: Double? { all == 0 ? nil : Double(failed) / Double(all) }
    /// So many of its requests fail that somebody should look, whatever its checks say.
    package var isWorrying: Bool { all >= Self.volumeMin && Double(failed) >= Self.shareMin * Double(all) }
}

/// One run of the active check.
package struct ProbeResult: Sendable, Equatable {
    /// When it ended, in nanoseconds of the UNIX epoch.
    package var at: Int64
    package var nanoseconds: Int64
    /// The status of the answer; nil when there was none.
    package var status: Int?
    /// Nil when it passed.
    package var failure: String?

    package init(at: Int64, nanoseconds: Int64, status: Int?, failure: String?) {
        self.at = at
        self.nanoseconds = nanoseconds
        self.status = status
        self.failure = failure
    }
}
