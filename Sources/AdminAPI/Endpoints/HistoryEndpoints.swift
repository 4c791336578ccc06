import Model

/// How a revision looks in JSON: in the history, and where a stale write is told what happened meanwhile.
enum HistoryView {
    static func document(_ note: RevisionNote) -> JSONValue {
        var members: JSONObject = [
            "revision": .counter(note.revision), "at": .string(WallClock.rfc3339(note.at)),
            "actor": note.author.document,
            "reason": .text(note.author.reason), "request_id": .text(note.author.requestID),
            "forced": .bool(note.isForced), "summary": .string(note.summary), "rollback_to": .null,
        ]
        if case .rollback(let revision) = note.cause { members["rollback_to"] = .counter(revision) }
        return .object(members)
    }
}

/// `/v1/config`, `/v1/history` and `/v1/rollback`.
extension Endpoints {
    /// `GET /v1/config`: what is desired, and nothing else; with `revision`, what was then.
    func config(_ call: Call) throws -> AdminResponse {
        let live = state.current
        guard let wanted = try call.parameters.number("revision") else {
            return config(live.desired, live.revision, waiting: live.waiting, newest: live.revision, call)
        }
        let past = try past(wanted)
        return config(past.desired, past.revision, newest: live.revision, call)
    }

    private func config(
        _ desired: DesiredState,
        _ revision: UInt64,
        waiting: [Waiting] = [],
        newest: UInt64,
        _ call: Call
    ) -> AdminResponse {
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(newest)],
            body: .json(SpecDocument.text(of: desired, waiting: waiting))
        )
        response.tag(EntityTag.tag(lineage: state.lineage, sequence: revision), for: call.request)
        return response
    }

    /// `PUT /v1/config`: replaces all of it.
    func putConfig(_ call: Call) throws -> AdminResponse {
        let node = try JSONBody.read(call.request)
        let wait = try waitSpan(call)
        let result = try write(call, of: .whole) { live in
            let whole = try SpecDocument.whole(node, replacing: live.desired)
            var draft = Draft.difference(from: live.desired, to: whole.applied(to: live.desired))
            draft.waiters = whole.waiters
            return draft
        }
        try settleAll(after: result, call, wait, fields: fields(result, .whole))
        return configAnswer(result)
    }

    /// `PATCH /v1/config`: a merge patch (RFC 7396).
    func patchConfig(_ call: Call) throws -> AdminResponse {
        let node = try JSONBody.patch(call.request)
        let wait = try waitSpan(call)
        var named = Draft()
        let result = try write(call, of: .whole) { live in
            named = try SpecDocument.patch(node, onto: live)
            return named
        }
        let pools = Set(named.pools.map(\.name))
        var names = named.backends.map(\.name)
        names += result.state.desired.backends.filter { pools.contains($0.spec.pool) }.map(\.name)
        try settle(names, after: result, call, wait, fields: fields(result, .whole))
        return configAnswer(result)
    }

    private func configAnswer(_ result: WriteResult) -> AdminResponse {
        AdminResponse(
            status: 200,
            fields: fields(result, .whole),
            body: .json(SpecDocument.text(of: result.state.desired, waiting: result.state.waiting))
        )
    }

    /// `GET /v1/history`: newest first.
    func history(_ call: Call) throws -> AdminResponse {
        let limit = try call.parameters.number("limit", in: 1...1000) ?? 100
        let notes = try state.history(
            after: try call.parameters.number("after") ?? 0,
            before: try call.parameters.number("before"),
            limit: Int(limit)
        )
        return AdminResponse(
            status: 200,
            fields: [revisionField(state.current.revision)],
            body: .json(.array(notes.map { HistoryView.document($0) }))
        )
    }

    /// `POST /v1/rollback`: makes what was desired at an earlier revision desired again, as a new revision.
    func rollback(_ call: Call) throws -> AdminResponse {
        let wanted = try rollbackTarget(call)
        let wait = try waitSpan(call)
        let newest = try state.history(after: 0, limit: 2)
        guard let number = wanted ?? newest.dropFirst().first?.revision else {
            throw Problem(.notFound, "there is no revision before the newest to go back to")
        }
        let past = try past(number)
        let result = try write(call, of: .whole) { live in
            // "The one before" is meant of what was the newest when it was looked for.
            if wanted == nil, live.revision != newest.first?.revision { throw stale(.whole, in: live) }
            var draft = Draft.difference(from: live.desired, to: past.desired)
            draft.cause = .rollback(to: past.revision)
            draft.waiters = .dropped(except: [])
            return draft
        }
        try settleAll(after: result, call, wait, fields: fields(result, .whole))
        let changes = result.change.map { change in
            change.pools.map { "/pools/\($0.name)" } + change.backends.map { "/backends/\($0.name)" }
        }
        return AdminResponse(
            status: 200,
            fields: fields(result, .whole),
            body: .json([
                "revision": .counter(result.state.revision), "to": .counter(past.revision),
                "changed": .array((changes ?? []).map { .string($0) }),
            ])
        )
    }

    /// The `to` of the body; nil for the revision before the newest.
    private func rollbackTarget(_ call: Call) throws(Problem) -> UInt64? {
        let node = try JSONBody.read(call.request, example: #"{"to": 1840}"#)
        guard case .mapping(let members) = node.value else {
            throw SpecDocument.invalid("", "the body must be an object such as {\"to\": 1840}", got: nil)
        }
        if let other = members.first(where: { $0.key != "to" }) {
            throw Problem(issues: [
                ConfigIssue(
                    pointer: "/" + SpecReader.escaped(other.key),
                    message: "is not a known key",
                    suggestion: Spelling.nearest(other.key, among: ["to"]),
                    isUnknownKey: true
                )
            ])
        }
        guard let member = members.first else { return nil }
        guard case .int(let number) = member.node.value, number > 0 else {
            throw SpecDocument.invalid("/to", "must be the number of a revision", got: nil)
        }
        return UInt64(number)
    }

    /// What was desired when `number` was the newest.
    private func past(_ number: UInt64) throws -> PastState {
        guard number <= state.lastNumber else {
            throw Problem(.notFound, "there is no revision \(number): the newest is \(state.current.revision)")
        }
        if let past = try readMuch({ try state.past(at: number) }) { return past }
        let oldest = try state.oldest()
        var problem = Problem(
            .revisionGone,
            "what was desired at revision \(number) is not kept any more",
            hint: "the oldest that is kept is \(oldest)"
        )
        problem.extensions["oldest"] = .counter(oldest)
        throw problem
    }

    /// Runs a read of much of the past, or sends the client away when too many do.
    func readMuch<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch is StateArchive.Crowded {
            var problem = Problem(
                .tooManyWaits,
                "\(StateArchive.largeReadersMax) requests read the past already, one after the other"
            )
            problem.fields = [("Retry-After", "1")]
            throw problem
        }
    }
}
