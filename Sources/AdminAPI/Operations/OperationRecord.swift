import Model

/// Something that takes time: what became of it so far.
struct OperationRecord: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        /// A backend finishes what it carries.
        case drain
    }

    /// Why a backend drains.
    enum Purpose: String, Sendable {
        /// It was removed.
        case removal
        /// Its state says so, and it stays.
        case rest
        /// Its name has another URL or pool now.
        case replacement
    }

    enum State: String, CaseIterable, Sendable {
        case running
        case succeeded
        case failed
        case cancelled
    }

    /// `op-N`, where N is the number of the event that tells of its start.
    let id: String
    let kind = Kind.drain
    let backend: String
    var purpose: Purpose
    /// The change that began it.
    let revision: UInt64
    let author: Author
    /// Nanoseconds of the UNIX epoch.
    let startedAt = WallClock.now()
    private let started = MonotonicClock.now()
    private(set) var state = State.running
    private(set) var endedAt: Int64?
    private var ended: Int64?
    /// When what is left is cut.
    var deadline: Deadline
    /// The same, in nanoseconds of the UNIX epoch.
    var deadlineAt: Int64
    var isCut = false
    var progress: DrainProgress?
    /// Not before then is its progress told again.
    var tellAgain: Deadline
    /// Why it was cancelled or failed.
    private(set) var detail: String?

    init(id: String, backend: String, purpose: Purpose, revision: UInt64, author: Author, patience: TimeSpan) {
        self.id = id
        self.backend = backend
        self.purpose = purpose
        self.revision = revision
        self.author = author
        deadline = .after(patience)
        deadlineAt = WallClock.moment(startedAt, after: patience)
        tellAgain = .after(.seconds(1))
    }

    var isOver: Bool { state != .running }
    var elapsed: TimeSpan { MonotonicClock.span(from: started, to: ended ?? MonotonicClock.now()) }

    mutating func end(_ state: State, _ detail: String?) {
        self.state = state
        self.detail = detail
        endedAt = WallClock.now()
        ended = MonotonicClock.now()
    }

    /// The resource.
    var document: JSONValue {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "state": .string(state.rawValue),
            "backend": .string(backend), "purpose": .string(purpose.rawValue), "revision": .counter(revision),
            "actor": author.document, "reason": .text(author.reason),
            "started_at": .string(WallClock.rfc3339(startedAt)), "deadline": .string(WallClock.rfc3339(deadlineAt)),
            "ended_at": endedAt.map { .string(WallClock.rfc3339($0)) } ?? .null, "detail": .text(detail),
            "drain": report,
        ]
    }

    /// What the drain came to, so far or in the end.
    var report: JSONValue {
        let outcome: String
        switch state {
        case .running: outcome = "draining"
        case .cancelled: outcome = "cancelled"
        case .failed: outcome = "failed"
        case .succeeded: outcome = (progress?.cut ?? 0) + (progress?.streamsClosed ?? 0) > 0 ? "cut" : "clean"
        }
        return Self.report(outcome, elapsed, progress)
    }

    /// Of a backend that carried nothing, without `progress`.
    static func report(_ outcome: String, _ elapsed: TimeSpan, _ progress: DrainProgress?) -> JSONValue {
        [
            "outcome": .string(outcome), "elapsed": .string(elapsed.rounded),
            "in_flight_at_start": .count(progress?.inFlightAtStart ?? 0), "in_flight": .count(progress?.inFlight ?? 0),
            "streams": .count(progress?.streams ?? 0), "completed": .count(progress?.completed ?? 0),
            "moved": .count(progress?.moved ?? 0),
            "cut": .count(progress?.cut ?? 0), "streams_closed": .count(progress?.streamsClosed ?? 0),
            "idle_closed": .count(progress?.idleClosed ?? 0), "sent_after_start": .count(progress?.sentAfterStart ?? 0),
        ]
    }
}
