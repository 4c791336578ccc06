import Model

/// How a backend and its live facts look in JSON.
enum BackendView {
    /// The whole resource: the spec, which may be sent back, and the status, which is read-only.
    ///
    /// - Parameters:
    ///   - facts: Nil when the plane does not know the backend yet.
    ///   - latency: How long its requests took, since it was added.
    ///   - removedAt: When it was removed, in nanoseconds of the UNIX epoch; nil while it is desired.
    ///   - paths: Only these members of it; nil is all.
    static func document(
        _ name: String,
        _ spec: BackendSpec,
        _ facts: BackendStatus?,
        _ latency: Histogram?,
        removedAt: Int64? = nil,
        only paths: [[Substring]]? = nil
    ) -> JSONValue {
        var text = JSONText(only: paths)
        text.object { text in
            SpecText.write(spec, into: &text, name: name) { text in
                text.object("status") { text in write(facts, latency, removedAt: removedAt, into: &text) }
            }
        }
        return .written(text.bytes)
    }

    private static func write(
        _ facts: BackendStatus?,
        _ latency: Histogram?,
        removedAt: Int64?,
        into text: inout JSONText
    ) {
        let health = facts?.health
        text.add("errors", .counter(facts?.errors ?? 0))
        text.object("health") { text in
            text.add("consecutive_fail", .count(health?.consecutiveFailures ?? 0))
            text.add("consecutive_ok", .count(health?.consecutiveOK ?? 0))
            text.add("flaps_10m", .count(health?.flaps ?? 0))
            text.add("last", health?.probes.last.map { probe($0) } ?? .null)
            text.add("reason", .text(health?.reason))
            text.add("since", time(health?.since ?? 0))
            text.add("state", (health?.state ?? .unknown).rawValue)
        }
        text.add("idle_connections", .count(facts?.idleConnections ?? 0))
        text.add("in_flight", .count(facts?.inFlight ?? 0))
        text.add("p50_ms", facts == nil ? .null : latency?.milliseconds(0.5) ?? .null)
        text.add("p99_ms", facts == nil ? .null : latency?.milliseconds(0.99) ?? .null)
        text.add("phase", (facts?.phase ?? .starting).rawValue)
        text.add("requests", .counter(facts?.requests ?? 0))
        text.add("retried_away", .counter(facts?.retriedAway ?? 0))
        text.add("since", facts.map { time(removedAt ?? since($0)) } ?? .null)
        text.add("streams", .count(facts?.streams ?? 0))
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
