import Model

/// `/v1/backends/{name}/probe`
extension Endpoints {
    /// `POST /v1/backends/{name}/probe`: runs the backend's health check once, now, and answers with what came of it.
    ///
    /// Health does not change by it. Where the check is off, one with the defaults is tried.
    func probe(_ call: Call) throws -> AdminResponse {
        let live = state.current
        guard let spec = live.desired.backend(call.name) else { throw unknownBackend(call.name, in: live) }
        let check = spec.healthCheck.applied(to: live.desired.pool(spec.pool)?.healthCheck) ?? HealthCheckSpec()
        // It holds its thread for as long as the check takes.
        let slot = try waitPlace(call)
        defer { withExtendedLifetime(slot) {} }
        let report = plane.probe(spec, with: check)
        func milliseconds(_ nanoseconds: Int64?) -> JSONValue {
            nanoseconds.map { .double(Double($0 / 1000) / 1000) } ?? .null
        }
        var members: JSONObject = [
            "name": .string(call.name), "passed": .bool(report.hasPassed),
            "connect_ms": milliseconds(report.connectNs), "first_byte_ms": milliseconds(report.firstByteNs),
            "sent": .string(report.sent), "head": .string(String(decoding: report.head, as: UTF8.self)),
            "body": .string(String(decoding: report.body, as: UTF8.self)), "is_body_cut": .bool(report.isBodyCut),
        ]
        if case .object(let summary) = report.document { members.fill(from: summary) }
        return AdminResponse(status: 200, fields: [revisionField(live.revision)], body: .json(.object(members)))
    }
}
