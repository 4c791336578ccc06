import Model

/// `/v1/pools` and `/v1/pools/{name}`.
extension Endpoints {
    /// `GET /v1/pools`
    func pools(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let crowds = crowds(live)
        var pools: JSONObject = [:]
        for entry in live.desired.pools { pools[entry.name] = document(entry.name, entry.spec, crowds[entry.name]) }
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(live.revision)],
            body: .json(["pools": .object(pools), "revision": .counter(live.revision)])
        )
        response.tag(EntityTag.tag(lineage: state.lineage, sequence: live.revision), for: call.request)
        return response
    }

    /// `GET /v1/pools/{name}`
    func showPool(_ call: Call) throws -> AdminResponse {
        let live = state.current
        let name = call.name
        guard let spec = live.desired.pool(name) else { throw unknownPool(name, in: live) }
        var response = AdminResponse(
            status: 200,
            fields: [revisionField(live.revision)],
            body: .json(document(name, spec, crowds(live)[name]))
        )
        response.tag(
            EntityTag.tag(lineage: state.lineage, sequence: live.poolSequences[name] ?? live.revision),
            for: call.request
        )
        return response
    }

    /// `PUT /v1/pools/{name}`: adds or replaces; the same again changes nothing.
    func putPool(_ call: Call) throws -> AdminResponse {
        let name = try SpecDocument.pathName(call, of: .pool)
        let node = try JSONBody.read(call.request, example: #"{"algorithm": "round_robin"}"#)
        let spec = try SpecDocument.pool(node)
        if let given = try SpecDocument.name(in: node, of: .pool), given != name {
            throw SpecDocument.invalid("/name", "must be the name in the path, \"\(name)\", or be left out", got: given)
        }
        let wait = try waitSpan(call)
        let result = try write(call, of: .pool(name)) { _ in Draft(pools: [(name, spec)]) }
        return try poolAnswer(call, name, result, wait: wait)
    }

    /// `PATCH /v1/pools/{name}`: a merge patch (RFC 7396).
    func patchPool(_ call: Call) throws -> AdminResponse {
        let name = call.name
        let patch = try JSONBody.patch(call.request)
        let wait = try waitSpan(call)
        let result = try write(call, of: .pool(name)) { live in
            guard let existing = live.desired.pool(name) else { throw unknownPool(name, in: live) }
            let node = MergePatch.apply(patch, to: JSONValue.object(SpecText.members(of: existing)).node)
            return Draft(pools: [(name, try SpecDocument.pool(node))])
        }
        return try poolAnswer(call, name, result, wait: wait)
    }

    /// `DELETE /v1/pools/{name}`: only without backends.
    func removePool(_ call: Call) throws -> AdminResponse {
        let name = call.name
        let result = try write(call, of: .pool(name)) { live in
            guard live.desired.pool(name) != nil else { throw unknownPool(name, in: live) }
            guard name != DesiredState.defaultPool else {
                throw Problem(
                    .inUse,
                    "the pool \"\(name)\" serves every request, and cannot be removed",
                    hint: "PUT {} gives it its defaults"
                )
            }
            let tenants = live.desired.backends.filter { $0.spec.pool == name }.map(\.name)
            guard tenants.isEmpty else {
                var problem = Problem(
                    .inUse,
                    "the pool \"\(name)\" has \(tenants.count) backend\(tenants.count == 1 ? "" : "s")",
                    hint: "remove them first, or give them another pool"
                )
                problem.extensions["backends"] = .array(tenants.sorted().prefix(20).map { .string($0) })
                throw problem
            }
            return Draft(pools: [(name, nil)])
        }
        var answer = fields(result, .pool(name))
        answer.removeAll { $0.name == "ETag" }
        return AdminResponse(
            status: 200,
            fields: answer,
            body: .json(["name": .string(name), "revision": .counter(result.state.revision)])
        )
    }

    /// The answer to PUT and PATCH, after the wait for the pool's backends to serve where one is asked for.
    private func poolAnswer(_ call: Call, _ name: String, _ result: WriteResult, wait: Wait?) throws -> AdminResponse {
        let isNew = result.isChanged && result.before.desired.pool(name) == nil
        var fields = fields(result, .pool(name))
        let members = result.state.desired.backends.filter { $0.spec.pool == name }.map(\.name)
        try settle(members, after: result, call, wait, fields: fields)
        if isNew { fields.append(("Location", "/v1/pools/\(name)")) }
        return AdminResponse(
            status: isNew ? 201 : 200,
            fields: fields,
            body: .json(document(name, result.state.desired.pool(name) ?? PoolSpec(), crowds(result.state)[name]))
        )
    }

    /// How many backends a pool has, and how many of them serve.
    private struct Crowd {
        var backends = 0
        var serving = 0
    }

    private func crowds(_ live: LiveState) -> [String: Crowd] {
        let facts = plane.status().backends
        var crowds: [String: Crowd] = [:]
        for entry in live.desired.backends {
            crowds[entry.spec.pool, default: Crowd()].backends += 1
            if facts[entry.name]?.phase == .serving { crowds[entry.spec.pool, default: Crowd()].serving += 1 }
        }
        return crowds
    }

    private func document(_ name: String, _ spec: PoolSpec, _ crowd: Crowd?) -> JSONValue {
        let crowd = crowd ?? Crowd()
        var members = SpecText.members(of: spec)
        members["name"] = .string(name)
        members["status"] = ["backends": .count(crowd.backends), "serving": .count(crowd.serving)]
        return .object(members)
    }

    func unknownPool(_ name: String, in live: LiveState) -> Problem {
        let nearest = Spelling.nearest(name, among: live.desired.pools.map(\.name))
        return Problem(
            .notFound,
            "there is no pool \"\(name)\"",
            hint: nearest.map { "did you mean \"\($0)\"?" } ?? "GET /v1/pools lists the pools"
        )
    }
}
