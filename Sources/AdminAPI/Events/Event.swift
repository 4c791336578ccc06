import Model

/// One thing that happened, as every reader of the stream gets it.
struct Event: Sendable, Equatable {
    /// What it is about, by the first word of its kind or the kind itself: the `event` field of the stream, and what
    /// `type=` asks for.
    enum Topic: String, CaseIterable, Sendable {
        case change
        case health
        case drain
        case operation
        case config
        case pool
        case admin
        case `self`
    }

    enum Kind: String, CaseIterable, Sendable {
        case backendAdded = "backend.added"
        case backendChanged = "backend.changed"
        case backendRemoved = "backend.removed"
        case poolAdded = "pool.added"
        case poolChanged = "pool.changed"
        case poolRemoved = "pool.removed"
        case configApplied = "config.applied"
        case configRolledBack = "config.rolled_back"
        case configRejected = "config.rejected"
        case configConflict = "config.conflict"
        case healthChanged = "health.changed"
        case healthFlapping = "health.flapping"
        /// Too many of its answers say that the server has failed, whatever its checks say.
        case healthFailing = "health.failing"
        /// And do so no more.
        case healthAnswering = "health.answering"
        case drainStarted = "drain.started"
        case drainProgress = "drain.progress"
        case drainFinished = "drain.finished"
        case operationCancelled = "operation.cancelled"
        case operationFailed = "operation.failed"
        case poolDegraded = "pool.degraded"
        case poolEmpty = "pool.empty"
        case poolRecovered = "pool.recovered"
        /// Those who were replaced serve on, until those in their place do.
        case poolHeld = "pool.held"
        /// And do so no more.
        case poolRelieved = "pool.relieved"
        case adminDenied = "admin.denied"
        case selfDraining = "self.draining"
        case selfReady = "self.ready"

        var topic: Topic {
            switch self {
            case .backendAdded, .backendChanged, .backendRemoved, .poolAdded, .poolChanged, .poolRemoved,
                .configApplied,
                .configRolledBack:
                .change
            case .configRejected, .configConflict: .config
            case .healthChanged, .healthFlapping, .healthFailing, .healthAnswering: .health
            case .drainStarted, .drainProgress, .drainFinished: .drain
            case .operationCancelled, .operationFailed: .operation
            case .poolDegraded, .poolEmpty, .poolRecovered, .poolHeld, .poolRelieved: .pool
            case .adminDenied: .admin
            case .selfDraining, .selfReady: .self
            }
        }

        /// Whether it is kept in the store too: who changed what, and who was not let to.
        var isAudited: Bool { topic == .change || self == .adminDenied }
    }

    /// Orders it among all events and changes; its `id`.
    let sequence: UInt64
    let kind: Kind
    /// The backends it is about.
    let names: [String]
    /// The whole event as one JSON object, without a newline.
    let line: [UInt8]
}

/// What happened, before it has its place in the order.
struct EventDraft: Sendable {
    let kind: Event.Kind
    /// The backends it is about; the first is its `name`.
    var names: [String] = []
    /// Nanoseconds of the UNIX epoch.
    var at: Int64
    /// Members of this kind of event.
    var members: JSONObject = [:]

    init(_ kind: Event.Kind, names: [String] = [], at: Int64 = WallClock.now(), _ members: JSONObject = [:]) {
        self.kind = kind
        self.names = names
        self.at = at
        self.members = members
    }

    func numbered(_ sequence: UInt64) -> Event {
        var all = members
        all["seq"] = .counter(sequence)
        all["at"] = .string(WallClock.rfc3339(at))
        all["type"] = .string(kind.topic.rawValue)
        all["kind"] = .string(kind.rawValue)
        if names.count == 1 { all["name"] = .string(names[0]) }
        return Event(sequence: sequence, kind: kind, names: names, line: JSONValue.object(all).encoded(pretty: false))
    }
}

/// Which events a reader wants.
struct EventFilter: Sendable, Equatable {
    /// Nil wants all.
    var kinds: Set<Event.Kind>?
    /// Nil wants all, also those that are about no backend.
    var backend: String?

    func matches(_ event: Event) -> Bool {
        if let kinds, !kinds.contains(event.kind) { return false }
        if let backend, !event.names.contains(backend) { return false }
        return true
    }

    /// Whether it wants some kind of which that holds.
    func wants(where holds: (Event.Kind) -> Bool) -> Bool { (kinds ?? Set(Event.Kind.allCases)).contains(where: holds) }

    /// Everything it wants is in the store too.
    var isAudit: Bool { kinds?.allSatisfy(\.isAudited) ?? false }

    /// Reads the `type` parameter: topics and kinds, separated by commas.
    static func kinds(_ text: String) throws(Problem) -> Set<Event.Kind> {
        var kinds: Set<Event.Kind> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let topic = Event.Topic(rawValue: String(word)) {
                kinds.formUnion(Event.Kind.allCases.filter { $0.topic == topic })
            } else if let kind = Event.Kind(rawValue: String(word)) {
                kinds.insert(kind)
            } else {
                let known = Event.Topic.allCases.map(\.rawValue) + Event.Kind.allCases.map(\.rawValue)
                let nearest = Spelling.nearest(String(word), among: known)
                throw Problem(
                    .badParameter,
                    "there are no events of the type \"\(word)\"",
                    hint: nearest.map { "did you mean \"\($0)\"?" }
                        ?? "types: \(Event.Topic.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
        }
        return kinds
    }
}
