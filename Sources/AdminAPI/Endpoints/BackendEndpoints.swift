import Model

/// `/v1/backends` and `/v1/backends/{name}`.
extension Endpoints {
    /// `GET /v1/backends`
    func list(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let pool = try pool(call, in: live)
        let facts = plane.status().backends
        let latencies = latencies()
        var backends: [String: JSONValue] = [:]
        for entry in live.desired.backends where pool == nil || entry.spec.pool == pool {
            let name = entry.name
            backends[name] = BackendView.document(name, entry.spec, facts[name], latencies[name])
        }
        for (name, removed) in live.draining(facts) where pool == nil || removed.spec.pool == pool {
            backends[name] = BackendView.document(
                name,
                removed.spec,
                facts[name],
                latencies[name],
                removedAt: removed.at
            )
        }
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(live.revision)],
            body: .json(["backends": .object(backends), "revision": .counter(live.revision)])
        )
        response.tag(EntityTag.tag(lineage: state.lineage, sequence: live.revision), for: call.request)
        return response
    }

    /// `GET /v1/backends/{name}`
    func show(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let name = call.name
        let facts = plane.status().backends
        let document: JSONValue
        let sequence: UInt64
        if let spec = live.desired.backend(name) {
            document = BackendView.document(name, spec, facts[name], latency(of: name))
            sequence = live.sequences[name] ?? live.revision
        } else if let removed = live.draining(facts)[name] {
            document = BackendView.document(
                name,
                removed.spec,
                facts[name],
                latency(of: name),
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
        let spec = try spec(node)
        let name = try givenName(node) ?? spec.url.defaultName
        guard BackendSpec.isName(name) else {
            throw invalid(
                "/name",
                "\(spec.url) gives no name that a backend can have; give one",
                got: name
            )
        }
        let isForced = try call.parameters.flag("force")
        let wait = try waitSpan(call)
        let result = try write(call) { live in
            if let tags = call.request.field("if-match") {
                let current = EntityTag.tag(lineage: state.lineage, sequence: live.revision)
                guard EntityTag.matches(tags, current, weakly: false) else {
                    throw stale("the list of backends", current)
                }
            }
            guard let existing = live.desired.backend(name) else {
                try admit(name, spec, in: live, isForced: isForced)
                return Draft(backends: [(name, spec)], isForced: isForced)
            }
            guard existing == spec else {
                var problem = Problem(
                    .exists,
                    "the backend \"\(name)\" exists, as \(words(existing))",
                    hint: "PUT /v1/backends/\(name) replaces it; another \"name\" adds beside it"
                )
                problem.extensions["existing"] = .object(SpecText.members(of: existing))
                throw problem
            }
            return nil
        }
        return try finish(call, name, spec, result, wait: wait, created: result.isChanged)
    }

    /// `PUT /v1/backends/{name}`: adds or replaces; the same again changes nothing.
    func put(_ call: Call) throws -> AdminResponse {
        let name = call.name
        guard BackendSpec.isName(name) else {
            throw invalid("/name", "a backend's name has 1 to 64 characters of A-Z a-z 0-9 . _ : -", got: name)
        }
        let node = try JSONBody.read(call.request)
        let spec = try spec(node)
        if let given = try givenName(node), given != name {
            throw invalid("/name", "must be the name in the path, \"\(name)\", or be left out", got: given)
        }
        let isForced = try call.parameters.flag("force")
        let wait = try waitSpan(call)
        var isNew = false
        let result = try write(call) { live in
            let existing = live.desired.backend(name)
            try checkPreconditions(call, name, in: live)
            isNew = existing == nil
            if existing == spec { return nil }
            try admit(name, spec, in: live, isForced: isForced)
            return Draft(backends: [(name, spec)], isForced: isForced)
        }
        return try finish(call, name, spec, result, wait: wait, created: isNew)
    }

    /// `DELETE /v1/backends/{name}`: takes nothing new from now on, and is gone when its last request has finished.
    func remove(_ call: Call) throws -> AdminResponse {
        let name = call.name
        let wait = try waitSpan(call)
        let begun = MonotonicClock.now()
        let result = try write(call) { live in
            guard live.desired.backend(name) != nil else {
                // Removing what drains already is the same request once more.
                if live.draining(plane.status().backends)[name] != nil { return nil }
                throw unknownBackend(name, in: live)
            }
            try checkPreconditions(call, name, in: live)
            return Draft(backends: [(name, nil)])
        }
        if result.isChanged {
            log("admin: backend \(name) removed (revision \(result.state.revision)) by \(call.request.peer)")
        }
        let atStart = inFlight(name)
        if let wait, atStart > 0 {
            _ = try self.wait(wait, call) {
                let facts = plane.status().backends[name]
                let spec = state.current.desired.backend(name)
                // The plane serves it again a moment before the state says that it is desired again.
                let isBack = spec != nil || facts.map { $0.phase != .draining } ?? false
                if isBack {
                    var problem = Problem(
                        .conditionUnreachable,
                        "the backend \"\(name)\" was added again while it drained"
                    )
                    problem.extensions["applied"] = .bool(result.isChanged)
                    if let spec {
                        problem.extensions["backend"] = BackendView.document(name, spec, facts, latency(of: name))
                    }
                    throw problem
                }
                return inFlight(name) == 0
            }
        }
        let left = min(inFlight(name), atStart)
        let elapsed = TimeSpan(nanoseconds: MonotonicClock.now() - begun)
        let report: JSONValue = [
            "name": .string(name), "revision": .counter(result.state.revision),
            "drain": [
                "outcome": left == 0 ? "clean" : "draining", "elapsed": .string(elapsed.rounded),
                "in_flight_at_start": .count(atStart), "completed": .count(atStart - left), "in_flight": .count(left),
                // A drain here has no deadline: it waits for what runs, and cuts nothing.
                "cut": 0,
            ],
        ]
        var response = AdminResponse(
            status: left == 0 ? 200 : 202,
            fields: [revisionField(result.state.revision), ("LB-Changed", result.isChanged ? "true" : "false")],
            body: .json(report)
        )
        if left > 0 { response.fields.append(("Location", "/v1/backends/\(name)")) }
        return response
    }

    // MARK: Parts

    private func spec(_ node: ConfigNode) throws(Problem) -> BackendSpec {
        guard case .mapping = node.value else {
            throw invalid("", "the body must be an object such as {\"url\": \"http://HOST:PORT\"}", got: nil)
        }
        var reader = SpecReader()
        let spec = reader.backend(node, at: "", ignoring: ["name", "status"])
        let errors = reader.issues.filter { $0.severity == .error }
        guard errors.isEmpty, let spec else { throw Problem(issues: errors) }
        return spec
    }

    private func givenName(_ node: ConfigNode) throws(Problem) -> String? {
        guard case .mapping(let members) = node.value, let member = members.first(where: { $0.key == "name" }) else {
            return nil
        }
        guard case .string(let name) = member.node.value else {
            throw invalid("/name", "must be a string", got: nil)
        }
        guard BackendSpec.isName(name) else {
            throw invalid("/name", "a backend's name has 1 to 64 characters of A-Z a-z 0-9 . _ : -", got: name)
        }
        return name
    }

    private func invalid(_ pointer: String, _ message: String, got: String?) -> Problem {
        Problem(issues: [ConfigIssue(pointer: pointer, message: message, got: got.map { String($0.prefix(200)) })])
    }

    /// What must hold for a spec to be taken: its pool is there, there is room, and nobody has its URL.
    private func admit(_ name: String, _ spec: BackendSpec, in live: LiveState, isForced: Bool) throws(Problem) {
        guard live.desired.pool(spec.pool) != nil else {
            let known = live.desired.pools.map(\.name)
            throw Problem(issues: [
                ConfigIssue(
                    pointer: "/pool",
                    message: "there is no pool \"\(spec.pool)\"; pools are declared in the file",
                    got: spec.pool,
                    suggestion: Spelling.nearest(spec.pool, among: known)
                )
            ])
        }
        if live.sequences[name] == nil, live.desired.backends.count >= DesiredState.backendsMax {
            throw invalid("", "there are \(DesiredState.backendsMax) backends, and there cannot be more", got: nil)
        }
        if isForced { return }
        let twin = live.desired.backends.first { entry in
            entry.name != name && entry.spec.pool == spec.pool && entry.spec.url == spec.url
        }
        guard let twin else { return }
        var problem = Problem(
            .duplicateURL,
            "the backend \"\(twin.name)\" of pool \"\(spec.pool)\" has the URL \(spec.url) already",
            hint: "give \"\(twin.name)\" more weight, or repeat with ?force=true"
        )
        problem.extensions["duplicate_of"] = .string(twin.name)
        throw problem
    }

    /// `If-Match` and `If-None-Match` (RFC 9110 §13.1.1, §13.1.2) of a write to one backend.
    private func checkPreconditions(_ call: Call, _ name: String, in live: LiveState) throws(Problem) {
        let current = live.sequences[name].map { EntityTag.tag(lineage: state.lineage, sequence: $0) }
        if let tags = call.request.field("if-match") {
            guard let current, EntityTag.matches(tags, current, weakly: false) else {
                throw stale("the backend \"\(name)\"", current)
            }
        }
        if let tags = call.request.field("if-none-match"), let current,
            EntityTag.matches(tags, current, weakly: true)
        {
            throw stale("the backend \"\(name)\"", current)
        }
    }

    private func stale(_ what: String, _ current: String?) -> Problem {
        guard let current else { return Problem(.preconditionFailed, "\(what) does not exist") }
        var problem = Problem(.preconditionFailed, "\(what) is at version \(current)")
        problem.fields = [("ETag", current)]
        problem.extensions["current"] = .string(current)
        return problem
    }

    /// The answer to POST and PUT, after the wait for the backend to serve where one is asked for.
    private func finish(
        _ call: Call,
        _ name: String,
        _ spec: BackendSpec,
        _ result: WriteResult,
        wait: Wait?,
        created: Bool
    ) throws -> AdminResponse {
        let revision = result.state.revision
        let sequence = result.state.sequences[name] ?? revision
        var fields = [
            (name: "ETag", value: EntityTag.tag(lineage: state.lineage, sequence: sequence)),
            revisionField(revision), ("LB-Changed", result.isChanged ? "true" : "false"),
        ]
        if created { fields.append(("Location", "/v1/backends/\(name)")) }
        if result.isChanged {
            let verb = created ? "added" : "changed"
            log("admin: backend \(name) \(verb) (revision \(revision)) by \(call.request.peer): \(words(spec))")
        }
        if let wait {
            try awaitServing(call, name, spec, wait, fields: fields, revision: revision)
        }
        return AdminResponse(
            status: created ? 201 : 200,
            fields: fields,
            body: .json(BackendView.document(name, spec, plane.status().backends[name], latency(of: name)))
        )
    }

    private func awaitServing(
        _ call: Call,
        _ name: String,
        _ spec: BackendSpec,
        _ wait: Wait,
        fields: [(name: String, value: String)],
        revision: UInt64
    ) throws {
        func unfinished(_ kind: ProblemKind, _ detail: String) -> Problem {
            var problem = Problem(kind, detail)
            problem.fields = fields
            problem.extensions["applied"] = true
            problem.extensions["revision"] = .counter(revision)
            // Not "status", which RFC 9457 gives to the number.
            problem.extensions["backend"] = BackendView.document(
                name,
                spec,
                plane.status().backends[name],
                latency(of: name)
            )
            return problem
        }
        let end = try self.wait(wait, call) {
            let now = state.current.desired.backend(name)
            guard let now, now.url == spec.url, now.pool == spec.pool else {
                let what = now == nil ? "was removed" : "got another URL or pool"
                throw unfinished(.conditionUnreachable, "the backend \"\(name)\" \(what) while the request waited")
            }
            return plane.status().backends[name]?.phase == .serving
        }
        switch end {
        case .reached: return
        case .timedOut, .clientGone:
            let reason = plane.status().backends[name]?.health.reason ?? "no check has passed yet"
            throw unfinished(.waitTimeout, "the backend \"\(name)\" does not serve after \(wait.span): \(reason)")
        case .stopping:
            throw unfinished(.stopping, "the change is stored and live, but the daemon is stopping and waits no longer")
        }
    }

    private func inFlight(_ name: String) -> Int {
        guard let facts = plane.status().backends[name], facts.phase == .draining else { return 0 }
        return facts.inFlight
    }

    private func words(_ spec: BackendSpec) -> String { SpecText.words(spec) }
}

extension LiveState {
    /// What was removed and still has requests in flight.
    func draining(_ facts: [String: BackendStatus]) -> [String: Removed] {
        removed.filter { name, _ in sequences[name] == nil && facts[name]?.phase == .draining }
    }
}
