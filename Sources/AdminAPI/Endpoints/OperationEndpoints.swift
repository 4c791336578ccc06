import Model

/// `/v1/operations` and `/v1/operations/{id}`: what takes time.
extension Endpoints {
    /// `GET /v1/operations`
    func listOperations(_ call: Call) throws -> AdminResponse {
        let backend = call.parameters.text("backend")
        var wanted: OperationRecord.State?
        if let text = call.parameters.text("state") {
            guard let state = OperationRecord.State(rawValue: text) else {
                let known = OperationRecord.State.allCases.map(\.rawValue)
                throw Problem(
                    .badParameter,
                    "the query parameter \"state\" must be one of \(known.joined(separator: ", ")), not \"\(text)\"",
                    hint: Spelling.nearest(text, among: known).map { "did you mean \"\($0)\"?" }
                )
            }
            wanted = state
        }
        let found = operations.all.filter { record in
            (wanted == nil || record.state == wanted) && (backend == nil || record.backend == backend)
        }
        let members = JSONObject(found.map { (key: $0.id, value: $0.document) })
        return AdminResponse(status: 200, body: .json(["operations": .object(members)]))
    }

    /// `GET /v1/operations/{id}`, with `wait` once it has ended, or as it is when the time is over.
    func showOperation(_ call: Call) throws -> AdminResponse {
        var record = try operation(call)
        if let wait = try waitSpan(call), !record.isOver {
            _ = until(wait, call) {
                record = operations.record(record.id) ?? record
                return record.isOver
            }
        }
        return AdminResponse(status: 200, body: .json(record.document))
    }

    /// `DELETE /v1/operations/{id}`: what it would have ended in does not happen. A backend that was removed is back as
    /// it was, one that drained is ready.
    func cancelOperation(_ call: Call) throws -> AdminResponse {
        let record = try operation(call)
        if record.state == .cancelled { return AdminResponse(status: 200, body: .json(record.document)) }
        guard !record.isOver else { throw Self.overAlready(record) }
        let name = record.backend
        let result = try write(call, of: .backend(name), isShift: true) { live in
            switch record.purpose {
            case .replacement: return nil
            case .removal:
                guard live.desired.backend(name) == nil, let removed = live.removed[name] else { return nil }
                return Draft(backends: [(name, removed.spec)])
            case .rest:
                guard var spec = live.desired.backend(name), spec.state != .ready else { return nil }
                spec.state = .ready
                return Draft(backends: [(name, spec)])
            }
        }
        operations.look()
        let now = operations.record(record.id) ?? record
        guard now.state == .cancelled else { throw Self.overAlready(now) }
        return AdminResponse(
            status: 200,
            fields: [revisionField(result.state.revision)],
            body: .json(now.document)
        )
    }

    private func operation(_ call: Call) throws(Problem) -> OperationRecord {
        guard let record = operations.record(call.name) else {
            throw Problem(
                .notFound,
                "there is no operation \"\(call.name)\"",
                hint: "GET /v1/operations lists those that run and the last that ended; a restart ends all"
            )
        }
        return record
    }

    private static func overAlready(_ record: OperationRecord) -> Problem {
        var problem = Problem(
            .operationOver,
            record.isOver
                ? "the operation \(record.id) has ended already (\(record.state.rawValue)), and there is nothing to cancel"
                : "the operation \(record.id) cannot be cancelled: what it belongs to has been changed since"
        )
        problem.extensions["operation"] = record.document
        return problem
    }

    // MARK: Waiting for one

    /// As `wait(_:_:by:until:)`, for what is told as an event when it comes true: looks at each event.
    func until(
        _ wait: Wait,
        _ call: Call,
        by deadline: Deadline? = nil,
        _ condition: () throws -> Bool
    ) rethrows -> WaitEnd {
        let deadline = deadline ?? .after(wait.span)
        let subscription = events.subscribe()
        while true {
            subscription?.bell.clear()
            if try condition() { return .reached }
            if deadline.hasPassed { return .timedOut }
            // Without a descriptor for a bell there is the clock.
            let glance = subscription == nil ? Deadline.after(min(deadline.remaining, .milliseconds(100))) : deadline
            switch Sockets.awaitNews(
                for: call.client,
                bell: subscription?.bell.descriptor ?? -1,
                alarm: alarm,
                until: glance
            ) {
            case .news, .timedOut: continue
            case .gone: return .clientGone
            case .stopped: return .stopping
            }
        }
    }
}

/// `DELETE /v1/backends/{name}`: a drain that ends in the removal.
extension Endpoints {
    func remove(_ call: Call) throws -> AdminResponse {
        let name = call.name
        let patience = try call.parameters.span("drain", longest: PoolSpec.drainMax)
        // A removal is made whether or not there is room to wait for its end: then it is answered 202.
        let wait = try waitSpanIfRoom(call)
        // What has ended by now is gone: 404.
        operations.look()
        let result = try write(call, of: .backend(name)) { live in
            guard live.desired.backend(name) != nil else {
                // Removing what drains already is the same request once more.
                if let record = operations.latest(of: name), !record.isOver { return nil }
                let key = ResourceKey(kind: .backend, name: name)
                if live.waiting.contains(where: { $0.key == key }) { return Draft(backends: [(name, nil)]) }
                throw unknownBackend(name, in: live)
            }
            return Draft(backends: [(name, nil)])
        }
        let known = operations.latest(of: name)
        guard var record = known, !record.isOver || record.revision == result.state.revision else {
            // It carried nothing that could drain: it had drained before.
            return AdminResponse(
                status: 200,
                fields: removalFields(result),
                body: .json([
                    "name": .string(name), "revision": .counter(result.state.revision), "operation": .text(known?.id),
                    "drain": OperationRecord.report("clean", .zero, nil),
                ])
            )
        }
        if let patience { operations.setPatience(patience, of: record.id) }
        record = operations.record(record.id) ?? record
        var end = WaitEnd.reached
        if let wait, !record.isOver {
            end = until(wait, call) {
                record = operations.record(record.id) ?? record
                return record.isOver
            }
        }
        return try removal(name, record, result, wait: wait, end)
    }

    /// What is gone has no version.
    private func removalFields(_ result: WriteResult) -> [(name: String, value: String)] {
        fields(result, .whole).filter { $0.name != "ETag" }
    }

    private func removal(
        _ name: String,
        _ record: OperationRecord,
        _ result: WriteResult,
        wait: Wait?,
        _ end: WaitEnd
    ) throws(Problem) -> AdminResponse {
        let revision = result.state.revision
        let place = "/v1/operations/\(record.id)"
        var fields = removalFields(result)
        let members: JSONObject = [
            "name": .string(name), "revision": .counter(revision), "drain": record.report,
            "operation": .string(record.id),
        ]
        if record.state == .succeeded {
            return AdminResponse(status: 200, fields: fields, body: .json(.object(members)))
        }
        fields += [("Location", place), ("LB-Operation", record.id)]
        guard record.isOver || wait != nil else {
            return AdminResponse(status: 202, fields: fields, body: .json(.object(members)))
        }
        var problem: Problem
        if record.state == .failed {
            problem = Problem(
                .conditionUnreachable,
                "the backend \"\(name)\" is removed, but \(record.detail ?? "its drain failed")"
            )
        } else if record.isOver {
            problem = Problem(
                .conditionUnreachable,
                "the backend \"\(name)\" was added again while it drained",
                hint: "GET /v1/backends/\(name) shows what it is now"
            )
            if let spec = state.current.desired.backend(name) {
                problem.extensions["backend"] = BackendView.document(
                    name,
                    spec,
                    plane.status().backends[name],
                    plane.durations(of: [name])[name]
                )
            }
        } else if end == .stopping {
            problem = Problem(
                .stopping,
                "the backend \"\(name)\" is removed and still drains, but the daemon is stopping and waits no longer"
            )
        } else {
            let left = record.progress.map { $0.inFlight + $0.streams } ?? 0
            problem = Problem(
                .waitTimeout,
                "the backend \"\(name)\" takes nothing new and has not finished"
                    + (wait.map { " after \($0.span)" } ?? "") + ": \(left) in flight",
                hint: "repeat the request to wait on; GET \(place) shows how it goes, DELETE \(place) takes it back"
            )
        }
        problem.fields = fields
        problem.extensions["applied"] = true
        for (key, value) in members where key != "name" { problem.extensions[key] = value }
        throw problem
    }
}
