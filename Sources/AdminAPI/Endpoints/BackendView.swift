import Model

/// How a backend and its live facts look in JSON.
enum BackendView {
    /// The whole resource: the spec, which may be sent back, and the status, which is read-only.
    ///
    /// - Parameters:
    ///   - facts: Nil when the plane does not know the backend yet.
    ///   - durations: How long its requests took, since it was added.
    ///   - removedAt: When it was removed, in nanoseconds of the UNIX epoch; nil while it is desired.
    ///   - paths: Only these members of it; nil is all.
    static func document(
        _ name: String,
        _ spec: BackendSpec,
        _ facts: BackendStatus?,
        _ durations: RequestDurations?,
        removedAt: Int64? = nil,
        tag: String? = nil,
        only paths: [[Substring]]? = nil
    ) -> JSONValue {
        var text = JSONText()
        text.object { text in write(name, spec, facts, durations, removedAt: removedAt, tag: tag, into: &text) }
        return .written(text.bytes)
    }

    /// One of many.
    struct Listed {
        let name: String
        let spec: DesiredState.Entry<BackendSpec>
        /// As in `document`.
        let removedAt: Int64?
        /// Its entity tag; nil where that does not matter.
        var tag: String?

        /// About what one takes, in bytes: for the room that is made for thousands.
        static let documentBytes = 1024
        static let healthBytes = 256
    }

    /// Adds a member `backends`: the whole resources of many, by name.
    static func write(
        _ listed: [Listed],
        _ facts: [String: BackendStatus],
        _ durations: [String: RequestDurations],
        only paths: [[Substring]]? = nil,
        into text: inout JSONText
    ) {
        text.object("backends") { text in
            for one in ordered(listed) {
                text.object(one.name, only: paths) { text in
                    write(
                        one.name,
                        one.spec.spec,
                        facts[one.name],
                        durations[one.name],
                        removedAt: one.removedAt,
                        tag: one.tag,
                        into: &text
                    )
                }
            }
        }
    }

    /// The lines of many in `GET /v1/health`, by name.
    static func healthLines(_ listed: [Listed], _ facts: [String: BackendStatus]) -> JSONValue {
        var text = JSONText(reserving: listed.count * Listed.healthBytes)
        text.object { text in
            for one in ordered(listed) {
                text.object(one.name) { text in writeHealth(facts[one.name], removedAt: one.removedAt, into: &text) }
            }
        }
        return .written(text.bytes)
    }

    /// As members of an object stand.
    private static func ordered(_ listed: [Listed]) -> [Listed] { listed.sorted { $0.name < $1.name } }

    /// `GET /v1/backends/{name}/health`: its line, and the last probes.
    static func health(_ name: String, _ facts: BackendStatus?, removedAt: Int64?) -> JSONValue {
        var text = JSONText()
        text.object { text in
            text.add("consecutive_fail", facts?.health.consecutiveFailures ?? 0)
            text.add("consecutive_ok", facts?.health.consecutiveOK ?? 0)
            text.add("flaps_10m", facts?.health.flaps ?? 0)
            writeHealth(facts, removedAt: removedAt, into: &text) { text in
                text.add("name", name)
            } probes: { text in
                text.add("probes", .array((facts?.health.probes ?? []).map { probe($0) }))
                text.add("proven", facts?.health.isProven ?? false)
            }
        }
        return .written(text.bytes)
    }

    private static func write(
        _ name: String,
        _ spec: BackendSpec,
        _ facts: BackendStatus?,
        _ durations: RequestDurations?,
        removedAt: Int64?,
        tag: String?,
        into text: inout JSONText
    ) {
        SpecText.write(spec, into: &text, name: name) { text in
            text.object("status") { text in write(facts, durations, removedAt: removedAt, tag: tag, into: &text) }
        }
    }

    private static func write(
        _ facts: BackendStatus?,
        _ durations: RequestDurations?,
        removedAt: Int64?,
        tag: String?,
        into text: inout JSONText
    ) {
        let health = facts?.health
        let answers = facts?.answers ?? ClassCounts()
        text.object("answers") { text in
            for (index, name) in ClassCounts.names.enumerated() { text.add(name, counter: answers[index]) }
        }
        text.add("errors", counter: facts?.errors ?? 0)
        if let tag { text.add("etag", tag) }
        text.object("health") { text in
            text.add("consecutive_fail", health?.consecutiveFailures ?? 0)
            text.add("consecutive_ok", health?.consecutiveOK ?? 0)
            text.add("flaps_10m", health?.flaps ?? 0)
            write(last: health?.probes.last, into: &text)
            text.add("proven", health?.isProven ?? false)
            text.add("reason", health?.reason)
            text.add("since", time: health?.since)
            text.add("state", (health?.state ?? .unknown).rawValue)
        }
        text.add("idle_connections", facts?.idleConnections ?? 0)
        text.add("in_flight", facts?.inFlight ?? 0)
        write(lately: health?.lately, into: &text)
        text.add("p50_ms", milliseconds: facts == nil ? nil : durations?.p50Ns)
        text.add("p99_ms", milliseconds: facts == nil ? nil : durations?.p99Ns)
        text.add("phase", (facts?.phase ?? .starting).rawValue)
        text.add("requests", counter: facts?.requests ?? 0)
        text.add("retried_away", counter: facts?.retriedAway ?? 0)
        text.add("since", time: since(facts, removedAt))
        text.add("streams", facts?.streams ?? 0)
    }

    /// The members of a line in `GET /v1/health`; the caller adds those of its own in the places of their keys.
    private static func writeHealth(
        _ facts: BackendStatus?,
        removedAt: Int64?,
        into text: inout JSONText,
        name: (inout JSONText) -> Void = { _ in },
        probes: (inout JSONText) -> Void = { _ in }
    ) {
        write(last: facts?.health.probes.last, into: &text)
        write(lately: facts?.health.lately, into: &text)
        name(&text)
        text.add("phase", (facts?.phase ?? .starting).rawValue)
        probes(&text)
        text.add("reason", facts?.health.reason)
        text.add("since", time: since(facts, removedAt))
        text.add("state", (facts?.health.state ?? .unknown).rawValue)
    }

    private static func write(lately: RecentAnswers?, into text: inout JSONText) {
        text.object("last_minute") { text in
            text.add("5xx", counter: lately?.failed ?? 0)
            text.add("answers", counter: lately?.all ?? 0)
        }
    }

    private static func write(last result: ProbeResult?, into text: inout JSONText) {
        guard let result else { return text.add("last", String?.none) }
        text.object("last") { text in write(result, into: &text) }
    }

    /// One probe, by itself.
    static func probe(_ result: ProbeResult) -> JSONValue {
        var text = JSONText(reserving: 128)
        text.object { text in write(result, into: &text) }
        return .written(text.bytes)
    }

    private static func write(_ result: ProbeResult, into text: inout JSONText) {
        text.add("at", time: result.at)
        text.add("error", result.failure)
        text.add("http", result.status)
        text.add("ms", milliseconds: UInt64(max(0, result.nanoseconds)))
    }

    /// When it entered its phase; where that is not known, its verdict.
    private static func since(_ facts: BackendStatus?, _ removedAt: Int64?) -> Int64? {
        facts.map { removedAt ?? ($0.since == 0 ? $0.health.since : $0.since) }
    }
}
