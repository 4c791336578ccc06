import Model

/// How a backend and its live facts look in JSON.
enum BackendView {
    /// The whole resource: the spec, which may be sent back, and the status, which is read-only.
    ///
    /// - Parameters:
    ///   - facts: Nil when the plane does not know the backend yet.
    ///   - latency: How long its requests took, since it was added.
    ///   - removedAt: When it was removed, in nanoseconds of the UNIX epoch; nil while it is desired.
    static func document(
        _ name: String,
        _ spec: BackendSpec,
        _ facts: BackendStatus?,
        _ latency: Histogram?,
        removedAt: Int64? = nil
    ) -> JSONValue {
        var members = SpecText.members(of: spec)
        members["name"] = .string(name)
        members["status"] = status(facts, latency, removedAt: removedAt)
        return .object(members)
    }

    static func status(_ facts: BackendStatus?, _ latency: Histogram?, removedAt: Int64? = nil) -> JSONValue {
        guard let facts else {
            return [
                "phase": "starting", "since": nil,
                "health": [
                    "state": "unknown", "since": nil, "reason": nil, "consecutive_ok": 0, "consecutive_fail": 0,
                    "flaps_10m": 0, "last": nil,
                ],
                "in_flight": 0, "streams": 0, "idle_connections": 0, "requests": 0, "errors": 0, "retried_away": 0,
                "p50_ms": nil, "p99_ms": nil,
            ]
        }
        return [
            "phase": .string(facts.phase.rawValue),
            "since": time(removedAt ?? since(facts)),
            "health": [
                "state": .string(facts.health.state.rawValue), "since": time(facts.health.since),
                "reason": .text(facts.health.reason), "consecutive_ok": .count(facts.health.consecutiveOK),
                "consecutive_fail": .count(facts.health.consecutiveFailures), "flaps_10m": .count(facts.health.flaps),
                "last": facts.health.probes.last.map { probe($0) } ?? .null,
            ],
            "in_flight": .count(facts.inFlight), "streams": .count(facts.streams),
            "idle_connections": .count(facts.idleConnections),
            "requests": .counter(facts.requests), "errors": .counter(facts.errors),
            "retried_away": .counter(facts.retriedAway),
            "p50_ms": latency?.milliseconds(0.5) ?? .null, "p99_ms": latency?.milliseconds(0.99) ?? .null,
        ]
    }

    /// A backend's line in `GET /v1/health`.
    static func health(_ facts: BackendStatus?, removedAt: Int64? = nil) -> JSONObject {
        guard let facts else {
            return ["state": "unknown", "phase": "starting", "since": nil, "reason": nil, "last": nil]
        }
        return [
            "state": .string(facts.health.state.rawValue), "phase": .string(facts.phase.rawValue),
            "since": time(removedAt ?? since(facts)), "reason": .text(facts.health.reason),
            "last": facts.health.probes.last.map { probe($0) } ?? .null,
        ]
    }

    static func probe(_ result: ProbeResult) -> JSONValue {
        [
            "at": time(result.at),
            // Microseconds are finer than any network, and keep the number short.
            "ms": .double(Double(result.nanoseconds / 1000) / 1000), "http": .count(result.status),
            "error": .text(result.failure),
        ]
    }

    /// When it entered its phase; where that is not known, its verdict.
    private static func since(_ facts: BackendStatus) -> Int64 { facts.since == 0 ? facts.health.since : facts.since }

    /// Null for 0, which is no moment a check ever ran.
    private static func time(_ nanoseconds: Int64) -> JSONValue {
        nanoseconds == 0 ? .null : .string(WallClock.rfc3339(nanoseconds))
    }
}
