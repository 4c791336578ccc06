import Model

/// Watches the plane, and tells what happens there by itself: health that changes, drains that end, pools that run dry.
struct Follower: Sendable {
    let state: ConfigState
    let plane: any ControlPlane
    let log: EventLog
    let operations: Operations
    /// Becomes readable when the server stops.
    let alarm: Int32
    /// From before the thread starts: what happens until it runs is told too.
    private let health: HealthWatch
    private let memory: HealthMemory

    init(state: ConfigState, plane: any ControlPlane, log: EventLog, operations: Operations, alarm: Int32) {
        self.state = state
        self.plane = plane
        self.log = log
        self.operations = operations
        self.alarm = alarm
        health = HealthWatch(plane: plane)
        memory = HealthMemory(state: state, plane: plane)
    }

    /// How often it looks up from the plane: to the alarm, and to what drains still carry.
    private static let glance = TimeSpan.milliseconds(500)
    private static let drainGlance = TimeSpan.milliseconds(100)
    /// How often at how requests are answered.
    private static let answersGlance = TimeSpan.seconds(5)
    /// A look at thousands of backends takes long: after one it rests so many times as long, and takes a fiftieth of a core
    /// at most.
    private static let restFactor: Int64 = 50
    private static let restMax = TimeSpan.seconds(1)

    /// Goes on until the alarm rings.
    func run() {
        var health = health
        var pools = PoolWatch()
        var standIns = StandInWatch()
        var answers = AnswerWatch()
        var answersDue = Deadline.after(Self.answersGlance)
        // Of what the pools were looked at; nil before the first look that could tell.
        var publication: UInt64?
        keepHealth()
        var stamp = Deadline.after(HealthMemory.stampInterval)
        while true {
            // Read before looking: what changes after it ends the wait below at once.
            let seen = plane.changes
            let deadline = operations.look()
            let began = MonotonicClock.now()
            let news = health.news()
            if !news.isEmpty || stamp.hasPassed {
                // What has been told of is kept.
                memory.keep(Set(news.flatMap(\.names)))
                stamp = .after(HealthMemory.stampInterval)
            }
            for draft in news { tell(draft) }
            for draft in standIns.news(plane.standIns()) { tell(draft) }
            // Every check's end is a change. Only phases and who is there make another pool.
            let newest = plane.publications
            if !news.isEmpty || publication != newest || answersDue.hasPassed {
                let status = plane.status()
                for draft in answers.news(state.current.desired, status) { tell(draft) }
                answersDue = .after(Self.answersGlance)
                for draft in pools.news(state.current.desired, status) { tell(draft) }
                publication = status.isAccepting ? newest : nil
            }
            let rest = min(MonotonicClock.now() - began, Self.restMax.nanoseconds / Self.restFactor) * Self.restFactor
            if Sockets.waitForAny([alarm], until: .after(TimeSpan(nanoseconds: max(0, rest)))) == [true] { return }
            let patience = deadline.map { min($0.remaining, Self.drainGlance) } ?? Self.glance
            _ = plane.awaitChange(after: seen, timeout: patience)
        }
    }

    /// Keeps all that is known of health, for whoever comes next.
    func keepHealth() { memory.keep(nil) }

    private func tell(_ draft: EventDraft) { state.number { log.append(draft.numbered($0)) } }
}

/// Finds the backends whose answers say too often that the server has failed.
struct AnswerWatch {
    private var failing: Set<String> = []

    /// What has changed since it was asked last.
    mutating func news(_ desired: DesiredState, _ status: PlaneStatus) -> [EventDraft] {
        var drafts: [EventDraft] = []
        var now: Set<String> = []
        for entry in desired.backends {
            guard let lately = status.backends[entry.name]?.health.lately else { continue }
            let wasFailing = failing.contains(entry.name)
            // What is hardly asked any more has not recovered.
            let isFailing = lately.isWorrying || wasFailing && lately.all < RecentAnswers.volumeMin && lately.failed > 0
            if isFailing { now.insert(entry.name) }
            guard isFailing != wasFailing else { continue }
            drafts.append(
                EventDraft(
                    isFailing ? .healthFailing : .healthAnswering,
                    names: [entry.name],
                    [
                        "pool": .string(entry.spec.pool), "answers": .counter(lately.all),
                        "5xx": .counter(lately.failed),
                    ]
                )
            )
        }
        failing = now
        return drafts
    }
}

/// Finds the pools in which some serve on in place of others.
struct StandInWatch {
    private var known: [String: StandIn] = [:]

    /// What has changed since it was asked last. That others are awaited by now is nothing new.
    mutating func news(_ standIns: [StandIn]) -> [EventDraft] {
        if known.isEmpty, standIns.isEmpty { return [] }
        let now = Dictionary(standIns.map { ($0.pool, $0) }) { first, _ in first }
        let drafts = Set(known.keys).union(now.keys).sorted().compactMap { pool -> EventDraft? in
            guard let one = now[pool] else { return known[pool].map { draft(.poolRelieved, $0) } }
            let before = known[pool]
            guard before?.backends != one.backends || before?.isOverdue != one.isOverdue else { return nil }
            return draft(.poolHeld, one)
        }
        known = now
        return drafts
    }

    private func draft(_ kind: Event.Kind, _ one: StandIn) -> EventDraft {
        EventDraft(kind, one.document)
    }
}

extension StandIn {
    /// At most so many names stand in a document.
    private static let namesMax = 20

    var document: JSONObject {
        [
            "name": .string(pool), "backends": .array(backends.prefix(Self.namesMax).map { .string($0) }),
            "awaited": .array(awaited.prefix(Self.namesMax).map { .string($0) }),
            "since": .string(WallClock.rfc3339(since)), "overdue": .bool(isOverdue),
        ]
    }
}

/// Finds the pools whose backends have become too few, or enough again.
struct PoolWatch {
    enum Standing: Equatable {
        case sound
        /// Fewer serve than `min_ready`.
        case degraded
        /// None serves.
        case empty
    }

    private var known: [String: Standing] = [:]

    /// What has changed since it was asked last. Pools that have no backends are not looked at.
    mutating func news(_ desired: DesiredState, _ status: PlaneStatus) -> [EventDraft] {
        // Before the listeners accept, the first round of checks is under way.
        guard status.isAccepting else { return [] }
        var drafts: [EventDraft] = []
        var standings: [String: Standing] = [:]
        var members: [String: (all: Int, serving: Int)] = [:]
        for entry in desired.backends {
            var count = members[entry.spec.pool] ?? (0, 0)
            count.all += 1
            if status.backends[entry.name]?.phase == .serving, entry.spec.weight > 0 { count.serving += 1 }
            members[entry.spec.pool] = count
        }
        for pool in desired.pools {
            guard let count = members[pool.name] else { continue }
            let standing: Standing =
                count.serving == 0 ? .empty : count.serving < pool.spec.minReady ? .degraded : .sound
            standings[pool.name] = standing
            guard standing != known[pool.name] ?? .sound else { continue }
            let kind: Event.Kind =
                switch standing {
                case .sound: .poolRecovered
                case .degraded: .poolDegraded
                case .empty: .poolEmpty
                }
            drafts.append(
                EventDraft(
                    kind,
                    [
                        "name": .string(pool.name), "serving": .count(count.serving), "backends": .count(count.all),
                        "min_ready": .count(pool.spec.minReady),
                    ]
                )
            )
        }
        known = standings
        return drafts
    }
}
