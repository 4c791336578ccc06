import Model

/// `/v1/events`: what happens, as it happens, and what has happened.
extension Endpoints {
    /// `GET /v1/events`
    ///
    /// Without a place to go on from it begins now. A reader that comes back says what it saw last, in `Last-Event-ID` as
    /// browsers do or in `after`; the field wins, because a browser repeats the `after` of its first request.
    func streamEvents(_ call: Call) throws -> AdminResponse {
        let parameters = call.parameters
        var filter = EventFilter(backend: parameters.text("backend"))
        if let text = parameters.text("type") { filter.kinds = try EventFilter.kinds(text) }
        let wantsSnapshot = try parameters.flag("snapshot")
        let follows = try parameters.text("follow") == nil ? true : parameters.flag("follow")
        let after =
            try call.request.field("last-event-id").map { try Self.sequence($0, "the field Last-Event-ID") }
            ?? parameters.text("after").map { try Self.sequence($0, "the query parameter \"after\"") }
        var stream = EventStream(
            log: events,
            filter: filter,
            format: Self.wantsLines(call.request) ? .lines : .serverSent,
            cursor: after ?? events.last,
            follows: follows,
            slot: try streamPlace()
        )
        if let after, let oldest = events.oldest(after: after) {
            if filter.isAudit, after < oldest {
                stream.cursor = oldest - 1
                switch try readMuch({ try state.archive.audit(after: after, before: oldest, matching: filter) }) {
                case .events(let events, let upTo):
                    stream.past = EventStream.Past(archive: state.archive, events: events, cursor: upTo, end: oldest)
                case .gone(let oldest):
                    throw Self.tooOld(after, oldest: oldest)
                }
            } else if wantsSnapshot {
                stream.cursor = events.last
            } else {
                throw Self.tooOld(after, oldest: oldest)
            }
        }
        // Read after the place it stands for: what happened in between is in it already, and is told again.
        if wantsSnapshot, after == nil || stream.cursor != after { stream.snapshot = snapshot(at: stream.cursor) }
        return AdminResponse(
            status: 200,
            fields: [revisionField(state.revision)],
            body: .stream(stream)
        )
    }

    /// All that is desired and all that is, for a reader that follows from here on.
    private func snapshot(at sequence: UInt64) -> JSONValue {
        let live = state.current
        let facts = plane.status().backends
        var listed = live.desired.backends.map { BackendView.Listed(name: $0.name, spec: $0, removedAt: nil) }
        for (name, removed) in live.draining(facts) { listed.append(removed.listed(name)) }
        var text = JSONText(reserving: listed.count * BackendView.Listed.documentBytes)
        text.object { text in
            text.add("at", time: WallClock.now())
            BackendView.write(listed, facts, plane.durations(of: nil), into: &text)
            text.add("kind", "snapshot")
            text.add("lineage", state.lineage)
            text.add("revision", counter: live.revision)
            text.add("seq", counter: sequence)
            text.add("type", "snapshot")
        }
        return .written(text.bytes)
    }

    private static func tooOld(_ after: UInt64, oldest: UInt64) -> Problem {
        var problem = Problem(
            .eventGone,
            "what came after event \(after) is not known here any more, or never was; the oldest event is \(oldest)",
            hint: "begin anew: GET /v1/events?snapshot=true"
        )
        problem.extensions["oldest"] = .counter(oldest)
        return problem
    }

    private static func sequence(_ text: String, _ place: String) throws(Problem) -> UInt64 {
        guard let sequence = UInt64(text) else {
            throw Problem(.badParameter, "\(place) must be the number of an event, not \"\(text)\"")
        }
        return sequence
    }

    private static func wantsLines(_ request: AdminRequest) -> Bool {
        let accept = request.field("accept")?.lowercased() ?? ""
        return ["ndjson", "jsonl", "json-seq", "application/json"].contains { accept.contains($0) }
    }
}
