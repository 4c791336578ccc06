import Model

/// `/v1/health`, `/v1/backends/{name}/health`, `/healthz` and `/readyz`.
extension Endpoints {
    /// `GET /v1/health`
    func health(_ call: Call) throws -> AdminResponse {
        let pool = try pool(call, in: state.current)
        let until = call.parameters.text("until")
        if let until, until != "healthy" {
            throw Problem(.badParameter, "the query parameter \"until\" must be healthy, not \"\(until)\"")
        }
        if until == nil, call.parameters.text("wait") != nil {
            throw Problem(.badParameter, "the query parameter \"wait\" needs until=healthy beside it")
        }
        guard until != nil else { return AdminResponse(status: 200, body: .json(.object(healthReport(pool).members))) }
        let wait = try waitSpan(call)
        var report = healthReport(pool)
        var end = report.isHealthy ? WaitEnd.reached : .timedOut
        if let wait {
            end = self.wait(wait, call) {
                report = healthReport(pool)
                return report.isHealthy
            }
        }
        switch end {
        case .reached: return AdminResponse(status: 200, body: .json(.object(report.members)))
        case .stopping: throw Problem(.stopping, "the daemon is stopping and waits no longer")
        case .timedOut, .clientGone:
            let span = wait.map { " after \($0.span)" } ?? ""
            var problem = Problem(.waitTimeout, "not healthy\(span): \(report.complaint)")
            problem.extensions = report.members
            problem.extensions["applied"] = false
            throw problem
        }
    }

    /// `GET /v1/backends/{name}/health`
    func healthOfOne(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let name = call.name
        let facts = plane.status(of: name)
        let removed = live.draining(name, facts)
        guard live.sequences[name] != nil || removed != nil else { throw unknownBackend(name, in: live) }
        return AdminResponse(status: 200, body: .json(BackendView.health(name, facts, removedAt: removed?.at)))
    }

    /// `GET /healthz`: the event loops turn.
    func liveness() throws -> AdminResponse {
        guard plane.status().isTicking else {
            throw Problem(.notTicking, "an event loop has not turned within the last second")
        }
        return AdminResponse(status: 200, body: .json(["ok": true]))
    }

    /// `GET /readyz`: the listeners accept, nobody has asked for a drain, and the pool that serves everything can serve;
    /// with `strict` every pool that has backends has as many as its `min_ready`.
    func readiness(_ call: Call) throws -> AdminResponse {
        let isVerbose = try call.parameters.flag("verbose")
        let checks = readinessChecks(isStrict: try call.parameters.flag("strict"))
        let listed = JSONValue.object(
            JSONObject(
                checks.map { (key: $0.name, value: ["ok": .bool($0.isPassed), "detail": .string($0.detail)]) }
            )
        )
        // One who has not said who he is learns no more than yes or no.
        let isKnown = call.caller.role != nil
        if let failed = checks.first(where: { !$0.isPassed }) {
            var problem = Problem(.notReady, isKnown ? "\(failed.name): \(failed.detail)" : "a check fails")
            if isKnown { problem.extensions["checks"] = listed }
            problem.hint = "GET /v1/health tells what is wrong with each backend"
            throw problem
        }
        var document: JSONObject = ["ready": true]
        if isVerbose, isKnown { document["checks"] = listed }
        return AdminResponse(status: 200, body: .json(.object(document)))
    }

    private struct ReadinessCheck {
        let name: String
        let isPassed: Bool
        let detail: String
    }

    private func readinessChecks(isStrict: Bool) -> [ReadinessCheck] {
        let status = plane.status()
        let live = state.current
        var checks = [
            ReadinessCheck(
                name: "accepting",
                isPassed: status.isAccepting,
                detail: status.isAccepting
                    ? "the listeners accept" : "the listeners do not accept: it is starting or stopping"
            ),
            ReadinessCheck(
                name: "self",
                isPassed: !selfState.isDraining,
                detail: selfState.isDraining ? "it was told to drain: PATCH /v1/self takes that back" : "it is ready"
            ),
        ]
        for pool in live.desired.pools {
            let members = live.desired.backends.filter { $0.spec.pool == pool.name }
            // Weight 0 takes no new requests, however healthy.
            let serving = members.count { status.backends[$0.name]?.phase == .serving && $0.spec.weight > 0 }
            // Without routes everything goes to one pool.
            let isNeeded = pool.name == DesiredState.defaultPool
            guard isNeeded || isStrict && !members.isEmpty else { continue }
            let needed = isStrict ? max(pool.spec.minReady, isNeeded ? 1 : 0) : 1
            let count = members.isEmpty ? "it has no backends" : "\(serving) of \(members.count) backends serve"
            checks.append(
                ReadinessCheck(
                    name: "pool \(pool.name)",
                    isPassed: serving >= needed,
                    detail: count + (serving < needed && needed > 1 ? ", and it takes \(needed)" : "")
                )
            )
        }
        return checks
    }

    private struct HealthReport {
        let listed: [BackendView.Listed]
        let facts: [String: BackendStatus]
        let summary: JSONValue
        let isHealthy: Bool
        /// The backends that do not serve and why, for one line.
        let complaint: String

        /// Made only of the report that is told: who waits looks at many.
        var members: JSONObject { ["backends": BackendView.healthLines(listed, facts), "summary": summary] }
    }

    private func healthReport(_ pool: String?) -> HealthReport {
        let live = state.current
        let facts = plane.status().backends
        var listed: [BackendView.Listed] = []
        var counts: [HealthState: Int] = [:]
        var draining = 0
        var complaints: [String] = []
        var expected = 0
        for entry in live.desired.backends where pool == nil || entry.spec.pool == pool {
            let known = facts[entry.name]
            listed.append(BackendView.Listed(name: entry.name, spec: entry, removedAt: nil))
            counts[known?.health.state ?? .unknown, default: 0] += 1
            // What was taken out of service on purpose is not waited for.
            guard entry.spec.state == .ready else { continue }
            expected += 1
            if known?.isProven != true {
                complaints.append(
                    "\(entry.name): \(known?.health.reason ?? "no check has passed since it was changed")"
                )
            }
        }
        let isEmpty = listed.isEmpty
        for (name, removed) in live.draining(facts) where pool == nil || removed.spec.pool == pool {
            listed.append(removed.listed(name))
            draining += 1
        }
        let more = complaints.count > 4 ? ", and \(complaints.count - 4) more" : ""
        let complaint =
            isEmpty
            ? "there are no backends"
            : expected == 0
                ? "no backend is meant to serve" : complaints.prefix(4).joined(separator: ", ") + more
        return HealthReport(
            listed: listed,
            facts: facts,
            summary: [
                "healthy": .count(counts[.healthy] ?? 0), "unhealthy": .count(counts[.unhealthy] ?? 0),
                "unknown": .count(counts[.unknown] ?? 0), "draining": .count(draining),
            ],
            isHealthy: expected > 0 && complaints.isEmpty,
            complaint: complaint
        )
    }
}
