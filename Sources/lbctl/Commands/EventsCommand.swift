import Model

/// `lbctl events` and `lbctl audit`: what happens, and who did what.
enum EventsCommand {
    private static let flags = [
        Flag("follow", short: "f", help: "go on as things happen, until Ctrl-C"),
        Flag("since", value: "TIME", help: "what happened within that time: 1h"),
        Flag("after", value: "SEQ", help: "what happened after that event"),
    ]

    static let events = Command(
        group: .time,
        name: "events",
        nouns: [.backend],
        operands: "[NAME]",
        operandCount: 0...1,
        kind: .names,
        flags: flags + [
            Flag(
                "type",
                value: "A,B",
                kind: .words(["change", "health", "drain", "operation", "config", "pool", "admin", "self"]),
                help: "change, health, drain, operation, config, pool, admin, self"
            )
        ],
        summary: "what happened, and with -f what happens",
        details: [
            "Every change, every verdict of a health check, every drain, in one order and",
            "with its number. -f goes on for as long as it is let; when the connection breaks",
            "it takes up where it was, without a gap. lbd remembers the last 10,000 events.",
        ],
        examples: [
            Command.Example("lbctl events -f"), Command.Example("lbctl events web-1 --since 1h"),
            Command.Example("lbctl events -f -o ndjson --type health | jq -r .name"),
        ],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                let request = try request(invocation, type: invocation.value("type"))
                return [invocation.has("curl") ? try pastable(request, session) : request]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests { try show(request, invocation, session) }
                return .done
            }
        )
    )

    static let audit = Command(
        group: .time,
        name: "audit",
        nouns: [.backend],
        operands: "[NAME]",
        operandCount: 0...1,
        kind: .names,
        flags: flags,
        summary: "who changed what, when and why",
        details: [
            "The changes among the events, and the attempts that were not allowed. They are",
            "kept on disk, and so reach further back than lbctl events.",
        ],
        examples: [Command.Example("lbctl audit"), Command.Example("lbctl audit web-1 --since 24h")],
        work: .exchange(
            plan: { invocation, session throws(Failure) in
                let request = try request(invocation, type: "change,admin")
                return [invocation.has("curl") ? try pastable(request, session) : request]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                for request in requests { try show(request, invocation, session) }
                return .done
            }
        )
    )

    private static func request(_ invocation: Invocation, type: String?) throws(Failure) -> AdminRequest {
        var query: [(name: String, value: String)] = []
        if let type { query.append(("type", type)) }
        if let name = invocation.operands.first { query.append(("backend", try backendName(name))) }
        if invocation.has("since"), invocation.has("after") {
            throw Failure(.usage, "either --since or --after, not both")
        }
        if let text = invocation.value("since") { _ = try Settings.span(text, "--since") }
        if let text = invocation.value("after") {
            guard let number = UInt64(text) else {
                throw Failure(.usage, "--after: \"\(text)\" is no event's number")
            }
            query.append(("after", String(number)))
        } else if !invocation.has("follow") || invocation.has("since") {
            query.append(("after", "0"))
        }
        if !invocation.has("follow") { query.append(("follow", "false")) }
        var request = AdminRequest(.get, "/v1/events", query: query)
        request.accept = AdminRequest.lines
        return request
    }

    /// The request for a line to be pasted, which cannot begin again with the oldest event when it hears which that is.
    private static func pastable(_ request: AdminRequest, _ session: Session) throws(Failure) -> AdminRequest {
        guard request.query.contains(where: { $0.name == "after" && $0.value == "0" }) else { return request }
        var attempt = request
        attempt.set("follow", to: "false")
        do throws(Failure) {
            try session.follow(attempt) { _ in false }
            return request
        } catch {
            guard error.problem?.status == 410, let oldest = error.problem?.json["oldest"]?.int else { throw error }
            var request = request
            request.set("after", to: String(max(0, oldest - 1)))
            return request
        }
    }

    private static func show(
        _ request: AdminRequest,
        _ invocation: Invocation,
        _ session: Session
    ) throws(Failure) {
        var oldest: Int64 = 0
        if let text = invocation.value("since") {
            oldest = session.now() - (try Settings.span(text, "--since")).nanoseconds
        }
        var cursor: Int?
        var refusal: Failure?
        func take(_ line: String) -> Bool {
            guard let json = try? JSONReader.read(Array(line.utf8)), json.members != nil else { return true }
            let event = EventView(json)
            if let number = event.sequence { cursor = max(cursor ?? 0, number) }
            if event.kind == "lagged" { return false }
            if let at = event.at, at.nanoseconds < oldest { return true }
            switch session.settings.output {
            case .json, .ndjson: session.stdout.line(line)
            case .name: session.stdout.line(visible(event.name ?? event.kind))
            case .tsv: session.stdout.line(event.row.map(tabless).joined(separator: "\t"))
            case .table, .wide: session.stdout.line(event.line(session, isPast: false))
            }
            return true
        }
        var request = request
        var isFirst = true
        // What has worked once is tried again when it breaks.
        var wasOpen = false
        while true {
            do {
                try session.follow(request, open: { wasOpen = true }, line: take)
            } catch {
                // What was asked for from the beginning has one, and the server tells it.
                if isFirst, error.problem?.status == 410, invocation.value("after") == nil,
                    let oldest = error.problem?.json["oldest"]?.int
                {
                    request.set("after", to: String(max(0, oldest - 1)))
                    isFirst = false
                    continue
                }
                guard invocation.has("follow"), wasOpen, [.unreachable, .serverFailed].contains(error.code) else {
                    throw error
                }
                refusal = error
            }
            guard invocation.has("follow") else { return }
            // The connection has ended; what comes after the last event that was seen is still to be shown.
            if let refusal { session.hint("\(refusal.message); trying again") }
            refusal = nil
            isFirst = false
            if let cursor { request.set("after", to: String(cursor)) }
            try session.pause(.seconds(1))
        }
    }

    /// The events of a request that ends; none where the server has no events, or none that far back.
    static func past(_ request: AdminRequest, _ session: Session) throws(Failure) -> [JSON] {
        var events: [JSON] = []
        func take(_ line: String) -> Bool {
            if let json = try? JSONReader.read(Array(line.utf8)), json.members != nil { events.append(json) }
            return true
        }
        do {
            try session.follow(request, line: take)
        } catch {
            guard let problem = error.problem else { throw error }
            guard problem.status == 410, let oldest = problem.json["oldest"]?.int else { return [] }
            var request = request
            request.set("after", to: String(max(0, oldest - 1)))
            try session.follow(request, line: take)
        }
        return events
    }
}

extension AdminRequest {
    fileprivate mutating func set(_ name: String, to value: String) {
        query.removeAll { $0.name == name }
        query.append((name, value))
    }
}

/// One event, every member optional.
struct EventView {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    var sequence: Int? { json["seq"]?.int }
    var at: Timestamp? { json["at"]?.string.flatMap { Timestamp($0) } }
    var kind: String { json["kind"]?.string ?? json["type"]?.string ?? "event" }
    var name: String? { json["name"]?.string }

    private var actor: String? {
        guard let actor = json["actor"] else { return nil }
        return actor["name"]?.string ?? actor.string
    }

    var row: [String] {
        [json["seq"]?.plain ?? "", json["at"]?.plain ?? "", kind, name ?? "", actor ?? "", detail]
    }

    /// `weight 100 -> 10`, `healthy -> unhealthy, connect refused`.
    private var detail: String {
        var parts: [String] = []
        for change in json["diff"]?.elements ?? [] {
            let path = (change["path"]?.plain ?? "").drop { $0 == "/" }
            if path.isEmpty {
                // All of it is new, or gone: what kind of event it is says which.
                parts.append(Self.words([change["to"], change["from"]].lazy.compactMap(\.?.members).first ?? []))
            } else {
                parts.append("\(path) \(Self.text(change["from"])) -> \(Self.text(change["to"]))")
            }
        }
        if let from = json["from"]?.string, let to = json["to"]?.string { parts.append("\(from) -> \(to)") }
        if let cause = (json["cause"] ?? json["reason"])?.string, json["actor"] == nil { parts.append(cause) }
        if json["drain"] != nil {
            let drain = DrainView(json["drain"])
            parts += kind == "drain.finished" ? drain.finished : drain.left.map { ["\($0) in flight"] } ?? []
        }
        if let serving = json["serving"]?.int, let all = json["backends"]?.int {
            parts.append("\(serving) of \(all) backends serve")
        }
        parts.removeAll(where: \.isEmpty)
        if parts.isEmpty, let words = (json["detail"] ?? json["summary"])?.string { parts.append(words) }
        return parts.joined(separator: ", ")
    }

    /// The members of a spec that somebody has set to something: `url=http://10.0.0.1:8080 pool=default weight=1`.
    private static func words(_ members: [JSON.Member]) -> String {
        let told = members.filter { member in
            switch member.value {
            case .null, .bool(false), .object([]): false
            case .number("0"): member.name == "weight"
            case .string("ready"): member.name != "state"
            default: member.value.members == nil || member.name == "labels"
            }
        }
        let first = told.filter { $0.name == "url" }
        return (first + told.filter { $0.name != "url" }).map { "\($0.name)=\(text($0.value))" }.joined(separator: " ")
    }

    private static func text(_ json: JSON?) -> String {
        guard let json, json != .null else { return "unset" }
        return json.plain
    }

    private var colour: Table.Colour {
        switch kind {
        case "pool.empty", "pool.held", "admin.denied", "config.rejected", "operation.failed": .red
        case "pool.degraded", "config.conflict": .yellow
        case "health.changed": json["to"]?.string == "healthy" ? .green : .red
        case "health.flapping": .yellow
        default: .plain
        }
    }

    /// `10:17:18  web-1  health.changed  healthy -> unhealthy, connect refused`
    func line(_ session: Session, isPast: Bool) -> String {
        let time: String
        if isPast {
            time = at.map { $0.age(at: session.now()) + " ago" } ?? "-"
        } else {
            time = json["at"]?.string.map { String($0.prefix(19)) + "Z" } ?? "-"
        }
        var words = [visible(time), session.painted(kind, colour)]
        if let name { words.append(session.painted(name, .bold)) }
        if !detail.isEmpty { words.append(visible(detail)) }
        if let actor {
            let reason = json["reason"]?.string.map { " (\"\($0)\")" } ?? ""
            words.append(visible("by \(actor)\(reason)"))
        }
        return words.joined(separator: "  ")
    }
}
