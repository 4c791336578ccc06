import Model
import Synchronization

/// What the resources have in common: the state they change, the plane they read, and how they wait.
struct Endpoints: Sendable {
    let state: ConfigState
    let plane: any ControlPlane
    let version: String
    let limits: AdminLimits
    /// Becomes readable when the server stops.
    let alarm: Int32
    /// Where no backend may be.
    let own: OwnPlaces
    let log: @Sendable (String) -> Void
    let events: EventLog
    let denials: Denials
    let operations: Operations
    let selfState = SelfState()
    private let waits = Room()
    private let streams = Room()
    let startedAt = WallClock.now()
    let started = MonotonicClock.now()

    init(
        state: ConfigState,
        plane: any ControlPlane,
        version: String,
        limits: AdminLimits,
        alarm: Int32,
        own: OwnPlaces,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.state = state
        self.plane = plane
        self.version = version
        self.limits = limits
        self.alarm = alarm
        self.own = own
        self.log = log
        let events = EventLog(after: state.lastNumber)
        self.events = events
        denials = Denials(state: state, log: events)
        let operations = Operations(state: state, plane: plane, log: events)
        self.operations = operations
        let note: @Sendable (FileNote) -> Void = { [weak state] note in
            state?.number { events.append(EventDraft(note).numbered($0)) }
        }
        for conflict in state.conflicts { note(.conflict(conflict)) }
        state.observeFile(note)
        // Weak, because the operations hold the state.
        state.observe { [weak operations] change in
            events.append(EventDraft(change).numbered(change.revision))
            operations?.notice(change)
        }
    }

    /// `GET /v1`
    func root(_ call: Call) -> AdminResponse {
        let live = state.current
        let uptime = MonotonicClock.span(from: started)
        let document: JSONValue = [
            "version": .string(version), "lineage": .string(state.lineage), "revision": .counter(live.revision),
            "waiting": .array(live.waiting.prefix(100).map { .string("\($0.words): \($0.why)") }),
            "started_at": .string(WallClock.rfc3339(startedAt)), "uptime": .string(uptime.rounded),
            "limits": [
                "body_bytes": .count(limits.bodyBytesMax), "head_bytes": .count(limits.headBytesMax),
                "document_bytes": .count(limits.documentBytesMax), "connections": .count(limits.connectionsMax),
                "waits": .count(limits.waitsMax), "streams": .count(limits.streamsMax),
                "wait": .string(limits.waitMax.description),
            ],
            "links": [
                "backends": "/v1/backends", "backend": "/v1/backends/{name}",
                "backend_health": "/v1/backends/{name}/health", "backend_probe": "/v1/backends/{name}/probe",
                "health": "/v1/health", "events": "/v1/events", "operations": "/v1/operations",
                "operation": "/v1/operations/{id}", "self": "/v1/self",
                "pools": "/v1/pools", "pool": "/v1/pools/{name}", "config": "/v1/config",
                "history": "/v1/history", "rollback": "/v1/rollback", "openapi": "/openapi.json",
                "problem": "/v1/problems/{slug}", "stats": "/v1/stats", "metrics": "/metrics",
                "healthz": "/healthz", "readyz": "/readyz",
            ],
        ]
        return AdminResponse(status: 200, fields: [revisionField(live.revision)], body: .json(document))
    }

    func revisionField(_ revision: UInt64) -> (name: String, value: String) { ("LB-Revision", String(revision)) }

    /// The pool that the `pool` parameter names, which must exist; nil without one.
    func pool(_ call: Call, in live: LiveState) throws(Problem) -> String? {
        guard let name = call.parameters.text("pool") else { return nil }
        guard live.desired.pool(name) != nil else { throw unknownPool(name, in: live) }
        return name
    }

    func unknownBackend(_ name: String, in live: LiveState) -> Problem {
        let names = live.desired.backends.map(\.name)
        let hint = Spelling.nearest(name, among: names).map { "did you mean \"\($0)\"?" }
        return Problem(
            .notFound,
            "there is no backend \"\(name)\"",
            hint: hint ?? "GET /v1/backends lists the backends"
        )
    }

    // MARK: Writing

    /// Says what became of a change that is kept and not known to be live.
    func problem(_ failure: ApplyFailure) -> Problem {
        var problem: Problem
        switch failure.cause {
        case .stopping:
            problem = Problem(
                .stopping,
                "the change is stored as revision \(failure.revision), but the daemon is stopping: it is live from the "
                    + "next start on"
            )
        case .notAdopted(let workers):
            problem = Problem(
                .notAdopted,
                "the change is stored as revision \(failure.revision) and published, but \(workers) "
                    + "worker\(workers == 1 ? " has" : "s have") not adopted it"
            )
            problem.extensions["workers"] = .count(workers)
        case .full(let draining):
            problem = Problem(
                .notAdopted,
                "the change is stored as revision \(failure.revision), but it is not live: \(draining) backends that were "
                    + "removed still finish what they have, and no place is left for new ones",
                hint: "send it again once some of their drains have ended or were cut; lbctl list shows them"
            )
        }
        problem.extensions["stored"] = true
        problem.extensions["revision"] = .counter(failure.revision)
        problem.fields = [revisionField(failure.revision)]
        log("admin: \(problem.detail)")
        return problem
    }

    // MARK: Waiting

    enum WaitEnd {
        case reached
        case timedOut
        case clientGone
        case stopping
    }

    var isStopping: Bool { Sockets.waitForAny([alarm], until: .after(.zero)) == [true] }

    /// The `wait` parameter, with a place among those that may wait; nil without one or with `0s`.
    ///
    /// Taken before anything is changed: throws 429 when all places are taken.
    func waitSpan(_ call: Call) throws(Problem) -> Wait? {
        guard let span = try call.parameters.span("wait", longest: limits.waitMax), span > .zero else { return nil }
        return Wait(span: span, place: try waitPlace(call))
    }

    /// As `waitSpan`, and nil also when all places are taken: for what can be answered without the wait.
    func waitSpanIfRoom(_ call: Call) throws(Problem) -> Wait? {
        do {
            return try waitSpan(call)
        } catch {
            guard error.kind == .tooManyWaits else { throw error }
            return nil
        }
    }

    /// A place among those that may wait; throws 429 when all are taken. The last of them are for requests that change
    /// something.
    func waitPlace(_ call: Call) throws(Problem) -> Room.Place {
        let most = limits.waitsMax - (call.request.isRead ? limits.waitsOfWriters : 0)
        return try place(in: waits, max: most, "requests wait")
    }

    /// A place among those that may stream; throws 429 when all are taken.
    func streamPlace() throws(Problem) -> Room.Place {
        try place(in: streams, max: limits.streamsMax, "event streams are open")
    }

    private func place(in room: Room, max: Int, _ words: String) throws(Problem) -> Room.Place {
        guard let place = room.enter(max: max) else {
            var problem = Problem(.tooManyWaits, "\(max) \(words) already; nothing was changed")
            problem.fields = [("Retry-After", "1")]
            throw problem
        }
        return place
    }

    /// Blocks until `condition` holds, the time is over, the client has gone, or the server stops.
    ///
    /// - Parameter deadline: When the time is over; from now on, where this is all that is waited for.
    func wait(
        _ wait: Wait,
        _ call: Call,
        by deadline: Deadline? = nil,
        until condition: () throws -> Bool
    ) rethrows -> WaitEnd {
        let deadline = deadline ?? .after(wait.span)
        while true {
            // Read before the condition: what changes after is past it, and ends the wait below.
            let seen = plane.changes
            if try condition() { return .reached }
            if deadline.hasPassed { return .timedOut }
            if Sockets.isAbandoned(call.client) { return .clientGone }
            if isStopping { return .stopping }
            _ = plane.awaitChange(after: seen, timeout: min(deadline.remaining, Self.glance))
        }
    }

    /// How often a wait looks up from the plane to its client and to the server.
    private static let glance = TimeSpan.milliseconds(200)
}

/// A time to wait, and the place that was taken for it.
struct Wait {
    let span: TimeSpan
    fileprivate let place: Room.Place
}

extension TimeSpan {
    /// For people: whole milliseconds below a second, tenths below a minute, whole seconds from there.
    var rounded: String {
        if self < .seconds(1) { return "\(nanoseconds / 1_000_000)ms" }
        if self < .seconds(60) { return "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10)s" }
        return "\(nanoseconds / 1_000_000_000)s"
    }
}
