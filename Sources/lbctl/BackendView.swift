/// One backend as the API tells it, with every member optional: a newer or older server may say more or less.
struct BackendView {
    let name: String
    private let spec: JSON

    init(name: String, _ json: JSON) {
        self.name = name
        spec = json
    }

    private var status: JSON? { spec["status"] }

    var url: String { spec["url"]?.string ?? "-" }
    var pool: String { spec["pool"]?.string ?? "-" }
    var weight: String { count(spec["weight"]) }
    /// Nil for a backend without a limit.
    var requestsMax: String? { spec["max_requests"].map { count($0) }.flatMap { $0 == "0" ? nil : $0 } }
    /// Nil for one that is as ready as every backend is unless said.
    var intent: String? { spec["state"]?.string.flatMap { $0 == "ready" ? nil : $0 } }
    /// It was removed and finishes what it has.
    var isRemoved: Bool { status?["removed_at"]?.string != nil }
    /// It gets no new request, because somebody wants it so.
    var takesNothing: Bool { intent != nil || isRemoved || ["draining", "maint"].contains(phase) }
    var isBackup: Bool { spec["backup"]?.bool ?? false }
    var slowStart: String? { spec["slow_start"]?.string.flatMap { $0 == "0s" ? nil : $0 } }
    /// `color=blue version=1.5`
    var labels: String {
        (spec["labels"]?.members ?? []).map { "\($0.name)=\($0.value.plain)" }.joined(separator: " ")
    }
    var phase: String { status?["phase"]?.string ?? "-" }
    var streams: Int { status?["streams"]?.int ?? 0 }
    var inFlightCount: Int? { status?["in_flight"]?.int }
    var p50: String { milliseconds(status?["p50_ms"]) }
    var p99: String { milliseconds(status?["p99_ms"]) }
    var phaseSince: Timestamp? { status?["since"]?.string.flatMap { Timestamp($0) } }
    var inFlight: String { count(status?["in_flight"]) }
    var idleConnections: String { count(status?["idle_connections"]) }
    var requests: String { count(status?["requests"]) }
    var errors: String { count(status?["errors"]) }
    /// Answers of status 500 and above; `-` from a server that does not say.
    var serverErrors: String { count(status?["answers"]?["5xx"]) }
    /// `18209 × 2xx, 3 × 5xx`
    var answers: String? {
        guard let classes = status?["answers"]?.members else { return nil }
        let told = classes.filter { ($0.value.int ?? 0) > 0 }.map { "\($0.value.plain) × \($0.name)" }
        return told.isEmpty ? nil : told.joined(separator: ", ")
    }
    var lately: LastMinute { LastMinute(status?["last_minute"]) }
    var health: HealthView? { status?["health"].map { HealthView($0) } }

    private func milliseconds(_ json: JSON?) -> String { json?.double.flatMap { lbctl.milliseconds($0) } ?? "-" }

    private func count(_ json: JSON?) -> String { json?.int.map(String.init) ?? "-" }

    /// Red is what takes no traffic and should, yellow what does not do so yet or no longer.
    static func colour(of phase: String) -> Table.Colour {
        switch phase {
        case "unhealthy", "ejected": .red
        case "starting", "draining", "unknown", "maint", "probation": .yellow
        default: .plain
        }
    }
}

/// How a backend's requests were answered within the last minute.
struct LastMinute {
    private let all: Int
    private let failed: Int

    init(_ json: JSON?) {
        all = json?["answers"]?.int ?? 0
        failed = json?["5xx"]?.int ?? 0
    }

    /// `25 % of 480 answers within the last minute are 5xx`; nil where that is too few to worry about.
    var worry: String? {
        guard all >= 20, failed * 20 >= all else { return nil }
        let share = Double(failed) / Double(all) * 100
        return
            "\(share < 10 ? oneDecimal(share) : String(Int(share.rounded()))) % of \(all) answers within the last minute are 5xx"
    }
}

/// The verdict on one backend and its last probe.
struct HealthView {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    var state: String { json["state"]?.string ?? "-" }
    var since: Timestamp? { json["since"]?.string.flatMap { Timestamp($0) } }
    var reason: String? { json["reason"]?.string }
    /// Why it deserves a look: its verdict's reason, else how it answers.
    var complaint: String? { reason ?? LastMinute(json["last_minute"]).worry }
    /// Nil from a server that does not say.
    var isProven: Bool? { json["proven"]?.bool }
    var last: ProbeView? { json["last"].flatMap { $0.members == nil ? nil : ProbeView($0) } }
    var probes: [ProbeView] { (json["probes"]?.elements ?? []).map { ProbeView($0) } }
}

/// One run of the health check.
struct ProbeView {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    var hasFailed: Bool { json["error"]?.string != nil }
    var at: Timestamp? { json["at"]?.string.flatMap { Timestamp($0) } }

    /// Why it failed, else the status it was answered with.
    var result: String {
        if let error = json["error"]?.string { return error }
        return json["http"]?.int.map(String.init) ?? "-"
    }

    /// How long it took: `3.1ms`.
    var took: String? { json["ms"]?.double.flatMap { milliseconds($0) } }

    /// `200 in 3.1ms, 2s ago`; of a failure only when it was, for its reason stands elsewhere.
    func summary(at now: Int64) -> String {
        let age = at.map { $0.age(at: now) + " ago" }
        let status = json["http"]?.int.map(String.init)
        let answer = status.map { $0 + (took.map { " in " + $0 } ?? "") } ?? "failed"
        return [answer, age].compactMap { $0 }.joined(separator: ", ")
    }
}

/// `3.1ms`, `250ms`; nil for what is no length of time.
func milliseconds(_ ms: Double) -> String? {
    guard ms >= 0, ms < 1e9 else { return nil }
    let tenths = Int((ms * 10).rounded())
    return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)ms" : "\(tenths / 10)ms"
}
