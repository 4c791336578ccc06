import Model
import Synchronization

/// What the log on standard error has.
enum LogLevel: String, Sendable, CaseIterable {
    /// What changes: backends' health, the configuration, the process itself.
    case info
    /// Also each request to the admin API.
    case debug
}

/// What the daemon is told about itself at run time. Not kept: a restart is ready, and logs what changes.
final class SelfState: Sendable {
    private let draining = Mutex(false)
    private let level = Mutex(LogLevel.info)

    var logLevel: LogLevel { level.withLock { $0 } }

    /// Whether that changes anything.
    func set(logLevel: LogLevel) -> Bool {
        level.withLock { current in
            defer { current = logLevel }
            return current != logLevel
        }
    }

    /// Wants to be taken out of whatever balances in front of it; serves on.
    var isDraining: Bool { draining.withLock { $0 } }

    /// Whether that changes anything.
    func set(draining: Bool) -> Bool {
        self.draining.withLock { current in
            defer { current = draining }
            return current != draining
        }
    }
}

/// `/v1/self`
extension Endpoints {
    /// `GET /v1/self`: the daemon's own state, and who asks.
    func showSelf(_ call: Call) -> AdminResponse {
        let status = plane.status()
        let uptime = MonotonicClock.span(from: started)
        let document: JSONValue = [
            "state": selfState.isDraining ? "drain" : "ready",
            "log_level": .string(selfState.logLevel.rawValue), "version": .string(version),
            "started_at": .string(WallClock.rfc3339(startedAt)), "uptime": .string(uptime.rounded),
            "accepting": .bool(status.isAccepting), "ticking": .bool(status.isTicking),
            "stand_ins": .array(plane.standIns().map { .object($0.document) }),
            "you": [
                "name": .string(call.caller.name), "via": .string(call.caller.way.rawValue),
                "ip": .text(call.caller.address), "role": .text(call.caller.role?.rawValue),
            ],
        ]
        return AdminResponse(status: 200, body: .json(document))
    }

    /// `PATCH /v1/self`: `drain` answers `/readyz` with 503 and serves on, `ready` takes that back; `log_level` says what
    /// the log has from now on.
    func patchSelf(_ call: Call) throws -> AdminResponse {
        let node = try JSONBody.read(call.request)
        guard case .mapping(let members) = node.value else {
            throw Problem(issues: [
                ConfigIssue(pointer: "", message: "the body must be an object such as {\"state\": \"drain\"}")
            ])
        }
        let author = try call.author()
        var isDraining: Bool?
        var level: LogLevel?
        var issues: [ConfigIssue] = []
        func refuse(_ key: String, _ value: ConfigNode.Value, among words: [String]) {
            let word = if case .string(let text) = value { text } else { String?.none }
            issues.append(
                ConfigIssue(
                    pointer: "/" + key,
                    message: "must be \(words.joined(separator: " or "))",
                    got: word.map { String($0.prefix(200)) },
                    suggestion: word.flatMap { Spelling.nearest($0, among: words) }
                )
            )
        }
        for member in members {
            switch (member.key, member.node.value) {
            case ("state", .string("drain")): isDraining = true
            case ("state", .string("ready")): isDraining = false
            case ("state", let value): refuse("state", value, among: ["ready", "drain"])
            case ("log_level", let value):
                if case .string(let word) = value { level = LogLevel(rawValue: word) }
                if level == nil { refuse("log_level", value, among: LogLevel.allCases.map(\.rawValue)) }
            // May be sent back as they were read.
            case ("version", _), ("started_at", _), ("uptime", _), ("accepting", _), ("ticking", _), ("stand_ins", _),
                ("you", _):
                break
            default:
                issues.append(
                    ConfigIssue(
                        pointer: "/\(member.key)",
                        message: "is not a known key",
                        suggestion: Spelling.nearest(member.key, among: ["state", "log_level"]),
                        isUnknownKey: true
                    )
                )
            }
        }
        guard issues.isEmpty else { throw Problem(issues: issues) }
        if let isDraining, selfState.set(draining: isDraining) {
            let draft = EventDraft(
                isDraining ? .selfDraining : .selfReady,
                ["actor": author.document, "reason": .text(author.reason), "request_id": .text(author.requestID)]
            )
            state.number { events.append(draft.numbered($0)) }
            log("admin: this instance is \(isDraining ? "draining: /readyz says no" : "ready") by \(author.name)")
        }
        if let level, selfState.set(logLevel: level) {
            log("admin: log_level \(level.rawValue) by \(author.name)")
        }
        return showSelf(call)
    }
}
