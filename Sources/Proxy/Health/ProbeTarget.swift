import HTTPWire
import Model

/// The trivial part of one probe slot: a backend's, or that of a check that is run on demand.
struct Probe: BitwiseCopyable {
    enum State: UInt8, BitwiseCopyable {
        case idle
        case connecting
        case sending
        /// Waits for the answer's head.
        case receiving
        /// Waits for its body.
        case reading
        /// Concluded; waits for its operations to come back.
        case closing
    }

    var state = State.idle
    /// Live slot; `.max` for a check on demand.
    var backend: UInt32 = .max
    /// Of a check on demand.
    var order: UInt64 = 0
    var socket = Socket.none
    /// The place among the backend's addresses of the one it is at, and how many of them it has tried.
    var endpoint: UInt32 = 0
    var endpointsTried: UInt32 = 0
    /// Where it begins: at the address that the last one has connected to.
    var endpointFirst: UInt32 = 0
    /// Its socket is being closed for the one to its next address.
    var isMovingOn = false
    /// When the whole of it is out of time.
    var deadline = Instant.never
    /// Operations that have not completed.
    var pending: Int32 = 0
    var request = BufferSlice.none
    var answer = BufferSlice.none
    var parser = H1HeadParser()
    var startedAt = Instant(nanoseconds: 0)
    var connectedAt = Instant.never
    var answeredAt = Instant.never
    /// When it times out, or, idle, when the next one begins.
    var due = Instant.never
    var isOverdue = false
    /// The probes of many backends have begun together; the next one is still to be moved apart from the others.
    var isAligned = true
    /// Its backend has left, or its order is done.
    var isRetired = false

    var isOnDemand: Bool { backend == .max }

    /// It will have a result, and with it the time of the next one.
    var isUnderWay: Bool {
        switch state {
        case .connecting, .sending, .receiving, .reading: true
        case .closing: isMovingOn
        case .idle: false
        }
    }
}

/// The rest of a probe slot.
struct ProbeTarget {
    var plan: ProbePlan
    var machine: BackendMachine
    /// When the verdict was entered, and the phase; nanoseconds of the UNIX epoch, 0 before there is one.
    var verdictSince: Int64 = 0
    var phaseSince: Int64 = 0
    /// What the last failed check said, and why it was ejected.
    var failure: String?
    var ejectionCause: String?
    var results: [ProbeResult] = []
    /// When it has gone out of service, of late; oldest first.
    var losses: [Instant] = []
    /// How its requests were answered of late.
    var answers = AnswerRecord()
    /// What has come back on the present probe; nil before its head has.
    var answer: ProbeAnswer?

    /// More than so many losses are not told apart.
    private static let lossesMax = 64

    init(plan: ProbePlan, at wallClock: Int64) {
        self.plan = plan
        phaseSince = wallClock
        machine = BackendMachine(
            intent: plan.intent,
            isChecked: plan.check != nil,
            startsUp: plan.check?.start == .up,
            known: plan.known
        )
        failure = plan.knownReason
        if plan.check == nil || machine.verdict != .unknown { verdictSince = wallClock }
    }

    mutating func keep(_ result: ProbeResult) {
        if results.count == HealthStatus.probesKept { results.removeFirst() }
        results.append(result)
        if let words = result.failure { failure = words }
    }

    mutating func noteLoss(at now: Instant) {
        if losses.count == Self.lossesMax { losses.removeFirst() }
        losses.append(now)
    }

    func flaps(at now: Instant) -> Int { losses.count { now.since($0) <= HealthStatus.flapWindowNs } }

    func entry(at now: Instant) -> HealthBoard.Entry {
        var entry = bareEntry(at: now)
        entry.health.lately = answers.lately
        return entry
    }

    private func bareEntry(at now: Instant) -> HealthBoard.Entry {
        let reason: String?
        switch machine.phase {
        case .ejected: reason = ejectionCause
        case .starting, .serving, .unhealthy, .draining, .maint:
            reason = machine.verdict == .unhealthy ? failure : nil
        }
        return HealthBoard.Entry(
            phase: machine.phase,
            since: phaseSince,
            health: HealthStatus(
                state: machine.verdict,
                since: verdictSince,
                reason: reason,
                consecutiveOK: machine.consecutiveOK,
                consecutiveFailures: machine.consecutiveFailures,
                hasPassed: machine.hasPassed,
                flaps: flaps(at: now),
                isProven: machine.isProven,
                probes: results
            )
        )
    }
}

extension IOFault {
    /// After `connect`: why it did not.
    var words: String {
        switch self {
        case .refused: "refused"
        case .reset: "reset"
        case .timedOut: "timed out"
        case .unreachable: "unreachable"
        case .noSuchPath: "failed: no such socket file"
        case .notPermitted: "not permitted"
        case .acceptQueueFull: "failed: its accept queue is full"
        case .noDescriptors: "failed: no descriptors left"
        case .noMemory: "failed: out of memory"
        case .noLocalAddress: "failed: no local port left"
        case .other: "failed"
        }
    }
}

extension Fault.Kind {
    /// As the log and the metrics call it.
    var words: String { "\(Fault(self, .upstream, .parse).cause)" }
}
