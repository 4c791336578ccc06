import Model

/// `/v1/backends` and `/v1/backends/{name}`.
extension Endpoints {
    /// `GET /v1/backends/{name}`
    func show(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let name = call.name
        let facts = plane.status(of: name)
        let document: JSONValue
        let sequence: UInt64
        if let spec = live.desired.backend(name) {
            document = BackendView.document(name, spec, facts, plane.durations(of: [name])[name])
            sequence = live.sequences[name] ?? live.revision
        } else if let removed = live.draining(name, facts) {
            document = BackendView.document(
                name,
                removed.spec,
                facts,
                plane.durations(of: [name])[name],
                removedAt: removed.at
            )
            sequence = removed.sequence
        } else {
            throw unknownBackend(name, in: live)
        }
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(live.revision)],
            body: .json(document)
        )
        response.tag(EntityTag.tag(lineage: state.lineage, sequence: sequence), for: call.request)
        return response
    }

    /// `POST /v1/backends`: adds, with a name of its own making where none is given.
    func add(_ call: Call) throws -> AdminResponse {
        let node = try JSONBody.read(call.request)
        let spec = try SpecDocument.backend(node)
        let name = try SpecDocument.name(in: node, of: .backend) ?? spec.url.defaultName
        guard BackendSpec.isName(name) else {
            throw SpecDocument.invalid(
                "/name",
                "\(spec.url) gives no name that a backend can have; give one",
                got: name
            )
        }
        let key = try IdempotencyKey(call.request, name: name, spec: spec)
        let wait = try waitSpan(call)
        let result = try write(call, of: .addition(name), receipt: key?.receipt) { live in
            guard let existing = live.desired.backend(name) else { return Draft(backends: [(name, spec)]) }
            guard existing == spec else {
                var problem = Problem(
                    .exists,
                    "the backend \"\(name)\" exists, as \(words(existing))",
                    hint: "PUT /v1/backends/\(name) replaces it; another \"name\" adds beside it"
                )
                problem.extensions["existing"] = .object(SpecText.members(of: existing))
                throw problem
            }
            // Nothing changes by it, unless another wish for it waits.
            return Draft(backends: [(name, spec)])
        }
        if let key, let known = result.receipt { try key.check(known, in: result.state) }
        let now = result.state.desired.backend(name) ?? spec
        let isNew = result.isChanged && result.before.desired.backend(name) == nil
        return try finish(call, name, now, result, wait: wait, created: isNew || result.receipt != nil)
    }

    /// `PUT /v1/backends/{name}`: adds or replaces; the same again changes nothing.
    func put(_ call: Call) throws -> AdminResponse {
        let name = try SpecDocument.pathName(call, of: .backend)
        let node = try JSONBody.read(call.request)
        let spec = try SpecDocument.backend(node)
        if let given = try SpecDocument.name(in: node, of: .backend), given != name {
            throw SpecDocument.invalid("/name", "must be the name in the path, \"\(name)\", or be left out", got: given)
        }
        let wait = try waitSpan(call)
        let result = try write(call, of: .backend(name)) { _ in Draft(backends: [(name, spec)]) }
        return try finish(
            call,
            name,
            spec,
            result,
            wait: wait,
            created: result.before.desired.backend(name) == nil
        )
    }

    /// `PATCH /v1/backends/{name}`: a merge patch (RFC 7396).
    func patch(_ call: Call) throws -> AdminResponse {
        let name = call.name
        let patch = try JSONBody.patch(call.request)
        let wait = try waitSpan(call)
        let result = try write(call, of: .backend(name)) { live in
            guard let existing = live.desired.backend(name) else { throw unknownBackend(name, in: live) }
            return Draft(backends: [(name, try SpecDocument.backend(existing, patchedBy: patch))])
        }
        guard let spec = result.state.desired.backend(name) else { throw unknownBackend(name, in: result.state) }
        return try finish(call, name, spec, result, wait: wait, created: false)
    }

    /// `PATCH /v1/backends`: many at once, in one revision or not at all.
    func patchMany(_ call: Call) throws -> AdminResponse {
        let node = try JSONBody.patch(call.request)
        let wait = try waitSpan(call)
        var named: [String] = []
        let result = try write(call, of: .backends) { live in
            let edits = try SpecDocument.backendEdits(node, onto: live.desired)
            named = edits.map(\.name)
            return Draft(backends: edits)
        }
        try settle(named, after: result, call, wait, fields: fields(result, .backends))
        let facts = plane.status().backends
        let edits = result.change?.backends ?? []
        let durations = plane.durations(of: Set(edits.map(\.name)))
        let changed: [JSONObject.Element] = edits.map { backend in
            let document = backend.after.map {
                BackendView.document(backend.name, $0, facts[backend.name], durations[backend.name])
            }
            return (backend.name, document ?? .null)
        }
        let names = Set(changed.map(\.key))
        let begun: [JSONObject.Element] = operations.begun(by: result.state.revision).compactMap { record in
            names.contains(record.backend) ? (record.backend, .string(record.id)) : nil
        }
        return AdminResponse(
            status: 200,
            fields: fields(result, .backends),
            body: .json([
                "revision": .counter(result.state.revision), "backends": .object(JSONObject(changed)),
                "operations": .object(JSONObject(begun)),
            ])
        )
    }

    // MARK: Waiting

    /// Waits, where it is asked for, until every one of the backends has come to where a change of several leads it: it
    /// serves where it is `ready`, else it has finished what it carries.
    ///
    /// Also of what the change has found as it should be: who repeats a request goes on waiting.
    func settle(
        _ names: [String],
        after result: WriteResult,
        _ call: Call,
        _ wait: Wait?,
        fields: [(name: String, value: String)]
    ) throws {
        guard let wait else { return }
        let deadline = Deadline.after(wait.span)
        let revision = result.state.revision
        // One that drains now may have ended, and another begun, when its turn comes.
        let drains = names.map { name in operations.latest(of: name).flatMap { $0.isOver ? nil : $0 } }
        for (name, drain) in zip(names, drains) {
            if let spec = result.state.desired.backend(name), spec.state == .ready {
                try awaitServing(call, name, spec, wait, by: deadline, fields: fields, revision: revision)
            } else if let drain {
                let spec = result.state.desired.backend(name) ?? result.before.desired.backend(name)
                try awaitRest(call, name, spec, drain, wait, by: deadline, fields: fields, revision: revision)
            }
        }
    }

    /// As for several, of everything: what is desired serves, and what is not any more has finished.
    func settleAll(
        after result: WriteResult,
        _ call: Call,
        _ wait: Wait?,
        fields: [(name: String, value: String)]
    ) throws {
        let desired = result.state.desired.backends.map(\.name)
        let leaving = Set(operations.all.filter { !$0.isOver }.map(\.backend)).subtracting(desired)
        try settle(desired + leaving.sorted(), after: result, call, wait, fields: fields)
    }

    // MARK: Parts

    /// The answer to POST, PUT and PATCH, after the wait for the backend to serve where one is asked for.
    private func finish(
        _ call: Call,
        _ name: String,
        _ spec: BackendSpec,
        _ result: WriteResult,
        wait: Wait?,
        created: Bool
    ) throws -> AdminResponse {
        let revision = result.state.revision
        var fields = fields(result, .backend(name))
        if created { fields.append(("Location", "/v1/backends/\(name)")) }
        let drain = operations.latest(of: name).flatMap { $0.isOver || spec.state == .ready ? nil : $0 }
        if let drain { fields.append(("LB-Operation", drain.id)) }
        if let wait {
            if spec.state == .ready {
                try awaitServing(call, name, spec, wait, fields: fields, revision: revision)
            } else if let drain {
                try awaitRest(call, name, spec, drain, wait, fields: fields, revision: revision)
            }
        }
        return AdminResponse(
            status: created ? 201 : 200,
            fields: fields,
            body: .json(BackendView.document(name, spec, plane.status(of: name), plane.durations(of: [name])[name]))
        )
    }

    /// What a wait says that did not come to its end: the change is made all the same.
    private func unfinished(
        _ kind: ProblemKind,
        _ detail: String,
        _ name: String,
        _ spec: BackendSpec?,
        fields: [(name: String, value: String)],
        revision: UInt64
    ) -> Problem {
        var problem = Problem(kind, detail)
        problem.fields = fields
        problem.extensions["applied"] = true
        problem.extensions["revision"] = .counter(revision)
        // Not "status", which RFC 9457 gives to the number.
        problem.extensions["backend"] = spec.map {
            BackendView.document(name, $0, plane.status(of: name), plane.durations(of: [name])[name])
        }
        return problem
    }

    /// Waits until a backend that is to rest has finished what it carries.
    private func awaitRest(
        _ call: Call,
        _ name: String,
        _ spec: BackendSpec?,
        _ drain: OperationRecord,
        _ wait: Wait,
        by deadline: Deadline? = nil,
        fields: [(name: String, value: String)],
        revision: UInt64
    ) throws {
        var drain = drain
        let end = until(wait, call, by: deadline) {
            drain = operations.record(drain.id) ?? drain
            return drain.isOver
        }
        if drain.state == .succeeded { return }
        let kind: ProblemKind
        let detail: String
        if drain.state == .failed {
            (kind, detail) = (
                .conditionUnreachable, "the backend \"\(name)\" rests, but \(drain.detail ?? "its drain failed")"
            )
        } else if drain.isOver {
            (kind, detail) = (.conditionUnreachable, "the backend \"\(name)\" serves again while the request waited")
        } else if end == .stopping {
            (kind, detail) = (
                .stopping, "the change is stored and live, but the daemon is stopping and waits no longer"
            )
        } else {
            let left = drain.progress.map { $0.inFlight + $0.streams } ?? 0
            (kind, detail) = (
                .waitTimeout, "the backend \"\(name)\" has not finished after \(wait.span): \(left) in flight"
            )
        }
        var problem = unfinished(kind, detail, name, spec, fields: fields, revision: revision)
        problem.extensions["operation"] = .string(drain.id)
        problem.extensions["drain"] = drain.report
        throw problem
    }

    private func awaitServing(
        _ call: Call,
        _ name: String,
        _ spec: BackendSpec,
        _ wait: Wait,
        by deadline: Deadline? = nil,
        fields: [(name: String, value: String)],
        revision: UInt64
    ) throws {
        func unfinished(_ kind: ProblemKind, _ detail: String) -> Problem {
            self.unfinished(kind, detail, name, spec, fields: fields, revision: revision)
        }
        let end = try self.wait(wait, call, by: deadline) {
            let now = state.current.desired.backend(name)
            guard let now, now.url == spec.url, now.pool == spec.pool, now.state == .ready else {
                let what =
                    now.map { $0.state == .ready ? "got another URL or pool" : "was put to \($0.state.rawValue)" }
                    ?? "was removed"
                throw unfinished(.conditionUnreachable, "the backend \"\(name)\" \(what) while the request waited")
            }
            return plane.status(of: name)?.isProven ?? false
        }
        switch end {
        case .reached: return
        case .timedOut, .clientGone:
            let reason = plane.status(of: name)?.health.reason ?? "no check has passed since it was changed"
            throw unfinished(.waitTimeout, "the backend \"\(name)\" does not serve after \(wait.span): \(reason)")
        case .stopping:
            throw unfinished(.stopping, "the change is stored and live, but the daemon is stopping and waits no longer")
        }
    }

    private func words(_ spec: BackendSpec) -> String { SpecText.words(spec) }
}

extension LiveState {
    /// What was removed and still has requests in flight.
    func draining(_ facts: [String: BackendStatus]) -> [String: Removed] {
        removed.filter { name, _ in draining(name, facts[name]) != nil }
    }

    func draining(_ name: String, _ facts: BackendStatus?) -> Removed? {
        sequences[name] == nil && facts?.isLeaving == true ? removed[name] : nil
    }
}
