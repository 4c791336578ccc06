import Model

/// What a write is held against: one resource, or everything.
enum WriteScope {
    case backend(String)
    case pool(String)
    case whole
    /// Everything, by a body that is one new backend.
    case addition(String)
    /// Everything, by a body of backends by name.
    case backends

    var words: String {
        switch self {
        case .backend(let name): "the backend \"\(name)\""
        case .pool(let name): "the pool \"\(name)\""
        case .whole: "the configuration"
        case .addition, .backends: "the list of backends"
        }
    }

    /// Nil when it is not there.
    func sequence(in live: LiveState) -> UInt64? {
        switch self {
        case .backend(let name): live.sequences[name]
        case .pool(let name): live.poolSequences[name]
        case .whole, .addition, .backends: live.revision
        }
    }
}

/// The answer to a write that was only to be planned. Thrown, so that no endpoint can take it for a change.
struct Planned: Error {
    let response: AdminResponse
}

/// The way of every write: preconditions, decision, validity, guards, store, plane.
extension Endpoints {
    /// The query parameters that every write takes.
    static let writeParameters = ["dry_run", "force", "reason"]

    /// Makes a change, or finds that there is none to make.
    ///
    /// `decide` sees the newest state, under the write lock; nil leaves it as it is. With `dry_run` this throws
    /// `Planned`, and nothing is changed.
    ///
    /// - Parameters:
    ///   - scope: What `If-Match` and `If-None-Match` are held against.
    ///   - receipt: See `ConfigState.write`.
    ///   - isShift: It is for operators, whatever it changes.
    func write(
        _ call: Call,
        of scope: WriteScope,
        receipt: IdempotencyReceipt? = nil,
        isShift: Bool = false,
        decide: (LiveState) throws -> Draft?
    ) throws -> WriteResult {
        guard !isStopping else { throw Problem(.stopping, "the daemon is stopping, and nothing was changed") }
        let isForced = try call.parameters.flag("force")
        let dryRun = try dryRun(call)
        let isPlan = dryRun != nil
        var overridden: [Problem] = []
        let result: WriteResult
        // Also when the change is kept and not live everywhere: what it has stopped drains all the same.
        defer { if !isPlan { operations.look() } }
        do {
            result = try state.write(
                by: try call.author(),
                at: WallClock.now(),
                to: plane,
                isPlan: isPlan,
                receipt: receipt,
                review: { live, proposal in
                    overridden = try review(proposal, on: live, scope, isForced: isForced)
                    return !overridden.isEmpty
                }
            ) { live in
                try checkPreconditions(call, scope, in: live)
                guard let draft = try decide(live) else { return nil }
                let known = live.desired.backends(Set(draft.backends.map(\.name)))
                if !isShift, !isPlan || dryRun == .probe { try checkRole(call, draft, known) }
                try validate(draft, on: live.desired, known, own.claims(in: draft, known), scope)
                return draft
            }
        } catch var problem as Problem where problem.kind == .preconditionFailed {
            problem.extensions["changes"] = changes(of: scope, since: call.request.field("if-match"))
            throw problem
        }
        if let dryRun {
            throw Planned(response: plan(result, overridden, dryRun, call.request.method == .delete ? nil : scope))
        }
        if let change = result.change {
            let why = change.author.reason.map { " (\($0))" } ?? ""
            log("admin: revision \(change.revision) by \(change.author.name)\(why): \(change.summary)")
        }
        return result
    }

    /// What speaks against what a draft comes to, with the changes that waited for it; thrown unless it is forced.
    private func review(
        _ proposal: Proposal,
        on live: LiveState,
        _ scope: WriteScope,
        isForced: Bool
    ) throws(Problem) -> [Problem] {
        guard proposal.unmet.isEmpty else {
            throw Problem(issues: [
                ConfigIssue(
                    pointer: "",
                    message:
                        "there is no room for \(proposal.unmet.joined(separator: ", ")): other changes have waited "
                        + "for it longer. Drop those that GET /v1/config shows as waiting, or remove more"
                )
            ])
        }
        let known = live.desired.backends(Set(proposal.merged.backends.map(\.name)))
        let claims = own.claims(in: proposal.merged, known)
        if !proposal.awaited.isEmpty { try validate(proposal.merged, on: live.desired, known, claims, scope) }
        let speaksAgainst =
            Guards.objections(claims) + Guards.objections(from: live.desired, proposal.merged, known, plane)
        let objections = speaksAgainst.map { objection in
            guard !proposal.awaited.isEmpty else { return objection }
            var objection = objection
            objection.detail += "; it makes changes come true that have waited: \(Self.shortened(proposal.awaited))"
            objection.extensions["waiting"] = .array(proposal.awaited.map { .string($0) })
            return objection
        }
        if let objection = objections.first, !isForced { throw objection }
        return objections
    }

    private static func shortened(_ words: [String]) -> String {
        let more = words.count > 8 ? ", and \(words.count - 8) more" : ""
        return words.prefix(8).joined(separator: ", ") + more
    }

    /// The fields that every answer to a write has.
    func fields(_ result: WriteResult, _ scope: WriteScope) -> [(name: String, value: String)] {
        let sequence = scope.sequence(in: result.state) ?? result.state.revision
        var fields = [
            (name: "ETag", value: EntityTag.tag(lineage: state.lineage, sequence: sequence)),
            revisionField(result.state.revision), ("LB-Changed", result.isChanged ? "true" : "false"),
        ]
        if result.isChanged {
            fields.append(
                (
                    "Server-Timing",
                    "persist;dur=\(Self.milliseconds(result.persisting)), apply;dur=\(Self.milliseconds(result.applying))"
                )
            )
        }
        return fields
    }

    /// In microsecond steps, as `Server-Timing` has it.
    private static func milliseconds(_ span: TimeSpan) -> String { "\(Double(span.nanoseconds / 1000) / 1000)" }

    private enum DryRun {
        case plan
        /// With a health check of every backend that is new or changed.
        case probe
    }

    private func dryRun(_ call: Call) throws(Problem) -> DryRun? {
        switch call.parameters.text("dry_run") {
        case nil: return nil
        case "plan"?, ""?: return .plan
        case "probe"?: return .probe
        case let other?:
            throw Problem(.badParameter, "the query parameter \"dry_run\" must be plan or probe, not \"\(other)\"")
        }
    }

    // MARK: Preconditions

    /// `If-Match` and `If-None-Match` (RFC 9110 §13.1.1, §13.1.2) of a write.
    private func checkPreconditions(_ call: Call, _ scope: WriteScope, in live: LiveState) throws(Problem) {
        let current = scope.sequence(in: live).map { EntityTag.tag(lineage: state.lineage, sequence: $0) }
        let wanted = call.request.field("if-match")
        let unwanted = call.request.field("if-none-match")
        if let wanted, !isDone(call, wanted, scope, in: live) {
            guard let current, EntityTag.matches(wanted, current, weakly: false) else { throw stale(scope, current) }
        }
        if let unwanted, let current, EntityTag.matches(unwanted, current, weakly: true) {
            throw stale(scope, current)
        }
        if limits.requiresIfMatch, wanted == nil, unwanted == nil {
            var problem = Problem(
                .preconditionRequired,
                "a change of \(scope.words) has to say which version it is made to",
                hint: "send the ETag you have read as If-Match, or If-None-Match: * for what shall be new"
            )
            if let current {
                problem.fields = [("ETag", current)]
                problem.extensions["current"] = .string(current)
            }
            throw problem
        }
    }

    /// Whether this removes, once more, what was removed after the client had read it and drains still: such a request goes on
    /// waiting (RFC 9110 §13.1.1: a condition that fails because the request has been carried out already).
    private func isDone(_ call: Call, _ tags: String, _ scope: WriteScope, in live: LiveState) -> Bool {
        guard call.request.method == .delete, case .backend(let name) = scope, live.sequences[name] == nil,
            let removed = live.removed[name], let seen = EntityTag.sequence(in: tags, lineage: state.lineage)
        else { return false }
        return seen < removed.sequence
    }

    /// What the client has read is not what is there.
    func stale(_ scope: WriteScope, in live: LiveState) -> Problem {
        stale(scope, scope.sequence(in: live).map { EntityTag.tag(lineage: state.lineage, sequence: $0) })
    }

    private func stale(_ scope: WriteScope, _ current: String?) -> Problem {
        guard let current else { return Problem(.preconditionFailed, "\(scope.words) does not exist") }
        var problem = Problem(.preconditionFailed, "\(scope.words) is at version \(current)")
        problem.fields = [("ETag", current)]
        problem.extensions["current"] = .string(current)
        return problem
    }

    /// What happened to it after the version that the client has, newest first; null when that cannot be told.
    private func changes(of scope: WriteScope, since tags: String?) -> JSONValue {
        guard let tags, let seen = EntityTag.sequence(in: tags, lineage: state.lineage),
            let notes = try? state.archive.history(of: scope.key, after: seen, limit: 20)
        else { return .null }
        return .array(notes.map { HistoryView.document($0) })
    }

    // MARK: Permission

    /// An operator shifts traffic between the backends there are: their state and their weight are all it may change.
    ///
    /// - Parameter known: The backends that the draft is about, as they are.
    private func checkRole(_ call: Call, _ draft: Draft, _ known: [String: BackendSpec]) throws(Problem) {
        guard let role = call.caller.role, role < .admin else { return }
        let isShift =
            draft.pools.isEmpty
            && draft.backends.allSatisfy { name, spec in
                guard let spec, var allowed = known[name] else { return spec == nil && known[name] == nil }
                allowed.state = spec.state
                allowed.weight = spec.weight
                return allowed == spec
            }
        guard isShift else {
            throw Problem.forbidden(call.caller, "a change of more than state and weight", takes: .admin)
        }
    }

    // MARK: Validity

    /// What no single spec can know of itself. The pointers are those of the document that was sent.
    private func validate(
        _ draft: Draft,
        on before: DesiredState,
        _ known: [String: BackendSpec],
        _ claims: [(name: String, url: BackendURL, port: OwnAddresses.Port)],
        _ scope: WriteScope
    ) throws(Problem) {
        // That a URL stands twice is the guards' to say: they can be overridden.
        var issues = Self.issues(draft, on: before, known).filter { !$0.pointer.hasSuffix("/url") }
        for claim in claims where claim.port == .admin {
            issues.append(
                ConfigIssue(
                    pointer: "/backends/\(claim.name)/url",
                    message: OwnAddresses.sentence(claim.url, .admin),
                    got: claim.url.description
                )
            )
        }
        if issues.isEmpty { return }
        let own: String
        switch scope {
        case .backend(let name), .addition(let name): own = "/backends/\(name)"
        case .backends: own = "/backends"
        case .pool(let name): own = "/pools/\(name)"
        case .whole: own = ""
        }
        for index in issues.indices where issues[index].pointer.hasPrefix(own) {
            issues[index].pointer.removeFirst(own.count)
        }
        throw Problem(issues: issues)
    }

    private static func issues(
        _ draft: Draft,
        on before: DesiredState,
        _ known: [String: BackendSpec]
    ) -> [ConfigIssue] {
        // Another pool is another rule for those that are in it.
        guard draft.pools.isEmpty else { return draft.applied(to: before).validate() }
        var changed: [(name: String, spec: BackendSpec)] = []
        var count = before.backends.count
        for (name, spec) in draft.backends {
            count += (spec == nil ? 0 : 1) - (known[name] == nil ? 0 : 1)
            if let spec { changed.append((name, spec)) }
        }
        return before.validate(changed, count: count)
    }

    // MARK: Plans

    /// `{changes: [{op, path, from, to, effect}], warnings: […], probes: {…}}`
    private func plan(
        _ result: WriteResult,
        _ overridden: [Problem],
        _ dryRun: DryRun,
        _ scope: WriteScope?
    ) -> AdminResponse {
        let facts = plane.status().backends
        var changes: [JSONValue] = []
        for pool in result.change?.pools ?? [] {
            changes += Change.difference(pool).map { difference in
                Self.step("/pools/\(pool.name)", difference, added: pool.before == nil, gone: pool.after == nil, nil)
            }
        }
        for backend in result.change?.backends ?? [] {
            let effect = Self.effect(backend, facts[backend.name], in: result.state.desired)
            changes += Change.difference(backend).map { difference in
                Self.step(
                    "/backends/\(backend.name)",
                    difference,
                    added: backend.before == nil,
                    gone: backend.after == nil,
                    effect
                )
            }
        }
        var warnings = overridden.map(\.detail)
        var document: JSONObject = [
            "changes": .array(changes), "revision": .counter(result.before.revision),
        ]
        if dryRun == .probe {
            let jobs = Self.jobs(result)
            if jobs.count > ProbeRound.jobsMax {
                warnings.append("\(jobs.count - ProbeRound.jobsMax) of \(jobs.count) backends were not probed")
            }
            let reports = ProbeRound.run(Array(jobs.prefix(ProbeRound.jobsMax)), on: plane)
            document["probes"] = .object(JSONObject(reports.map { (key: $0.key, value: $0.value.document) }))
        }
        document["warnings"] = .array(warnings.map { .string($0) })
        var fields = [revisionField(result.before.revision), ("LB-Changed", "false")]
        // Of what the plan was made on: with it as If-Match, what was planned is what is done.
        if let sequence = scope?.sequence(in: result.before) {
            fields.append(("ETag", EntityTag.tag(lineage: state.lineage, sequence: sequence)))
        }
        return AdminResponse(status: 200, fields: fields, body: .json(.object(document)))
    }

    /// The checks of what is new or changed; without a check there is nothing to run.
    private static func jobs(_ result: WriteResult) -> [ProbeRound.Job] {
        (result.change?.backends ?? []).compactMap { backend in
            guard let spec = backend.after, let check = result.state.desired.check(of: spec) else { return nil }
            return ProbeRound.Job(name: backend.name, spec: spec, check: check)
        }
    }

    private static func step(
        _ path: String,
        _ difference: SpecDifference,
        added: Bool,
        gone: Bool,
        _ effect: String?
    ) -> JSONValue {
        [
            "op": added ? "add" : gone ? "remove" : "change", "path": .string(path + difference.path),
            "from": difference.before, "to": difference.after, "effect": .text(effect),
        ]
    }

    /// What the change of a backend does to traffic, in words; nil for nothing.
    private static func effect(
        _ backend: Change.Resource<BackendSpec>,
        _ facts: BackendStatus?,
        in desired: DesiredState
    ) -> String? {
        let drains = "takes nothing new; \(facts?.inFlight ?? 0) in flight now may finish"
        guard let after = backend.after else { return drains }
        let takes = after.state == .ready && after.weight > 0
        let check = desired.check(of: after)
        let hasToPass = check != nil && check?.start != .up
        guard let before = backend.before else {
            if !takes { return "takes no requests" }
            return hasToPass ? "takes requests once a check has passed" : "takes requests at once"
        }
        if before.url != after.url || before.pool != after.pool {
            return "counts as a new backend; \(facts?.inFlight ?? 0) in flight at the old one may finish"
        }
        let took = before.state == .ready && before.weight > 0
        if took != takes {
            let isAsked = hasToPass && before.state != .ready
            return takes ? "takes requests again" + (isAsked ? " once a check has passed" : "") : drains
        }
        return before.weight == after.weight ? nil : "gets another share"
    }
}

extension Draft {
    /// The state with what is drafted in it.
    func applied(to desired: DesiredState) -> DesiredState {
        var after = desired
        for (name, spec) in pools {
            if let spec { after.setPool(name, spec) } else { after.removePool(name) }
        }
        after.editBackends(backends)
        return after
    }

    /// How to come from one state to another.
    static func difference(from before: DesiredState, to after: DesiredState) -> Draft {
        Draft(
            pools: Change.Resource.difference(before.pools, after.pools).map { ($0.name, $0.after) },
            backends: Change.Resource.difference(before.backends, after.backends).map { ($0.name, $0.after) }
        )
    }
}

extension WriteScope {
    /// Nil for everything.
    fileprivate var key: ResourceKey? {
        switch self {
        case .backend(let name): ResourceKey(kind: .backend, name: name)
        case .pool(let name): ResourceKey(kind: .pool, name: name)
        case .whole, .addition, .backends: nil
        }
    }
}
