/// `lbctl status`: one screen about all of it, what is wrong, and what to type next.
enum StatusCommand {
    static let command = Command(
        group: .look,
        name: "status",
        flags: [Flag("check", help: "exit with 1 unless every backend that should serve does, and well")],
        summary: "one screen: pools, what is wrong, and what to type next",
        details: [
            "The first lines are of lbd itself, then one for each pool, then one for each",
            "thing that is not as it should be. A backend that was drained or taken out on",
            "purpose is no fault.",
        ],
        examples: [Command.Example("lbctl status"), Command.Example("lbctl status --check -q || page-somebody")],
        work: .exchange(
            plan: { _, _ in
                [
                    AdminRequest(.get, "/v1"), AdminRequest(.get, "/v1/backends"), AdminRequest(.get, "/v1/stats"),
                    AdminRequest(.get, "/v1/self"),
                ]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let root = try session.ask(requests[0])
                let list = try session.ask(requests[1])
                let stats = try session.ask(requests[2])
                guard let items = Listing.items(byName: list.json["backends"]) else {
                    throw session.missing("backends", in: list)
                }
                // An lbd that has none does not drain.
                let own = try? session.ask(requests[3]).json
                let report = StatusReport(
                    root: root.json,
                    items: items,
                    stats: stats.json,
                    isDraining: own?["state"]?.string == "drain",
                    standIns: own?["stand_ins"]?.elements ?? [],
                    now: session.now()
                )
                switch session.settings.output {
                case .table, .wide:
                    if !session.settings.isQuiet { report.show(session) }
                case .name:
                    for pool in report.pools where pool.isDegraded { session.stdout.line(visible(pool.name)) }
                case .tsv:
                    for pool in report.pools {
                        session.stdout.line("\(tabless(pool.name))\t\(pool.serving)\t\(pool.expected)")
                    }
                case .json, .ndjson:
                    let whole = JSON.object([
                        JSON.Member(name: "ok", value: .bool(!report.isDegraded)),
                        JSON.Member(name: "lbd", value: root.json),
                        JSON.Member(name: "backends", value: list.json["backends"] ?? .null),
                        JSON.Member(name: "stats", value: stats.json),
                    ])
                    session.stdout.line(session.settings.output == .json ? whole.laidOut : whole.text)
                }
                return invocation.has("check") && report.isDegraded ? .no : .done
            }
        )
    )
}

/// What `status` found, and how it is told.
struct StatusReport {
    struct Pool {
        let name: String
        /// Those that serve, and take new requests.
        var serving = 0
        /// Those that should.
        var expected = 0
        var active = 0
        var requests = 0
        var errors = 0
        var p99: Double?

        var isDegraded: Bool { serving < expected || serving == 0 }
    }

    private(set) var pools: [Pool] = []
    private let root: JSON
    private let items: [Listing.Item]
    private let stats: JSON
    private let now: Int64

    private let isDraining: Bool
    private let standIns: [JSON]

    init(
        root: JSON,
        items: [Listing.Item],
        stats: JSON,
        isDraining: Bool = false,
        standIns: [JSON] = [],
        now: Int64
    ) {
        self.isDraining = isDraining
        self.standIns = standIns
        self.root = root
        self.items = items
        self.stats = stats
        self.now = now
        for item in items {
            let backend = BackendView(name: item.name, item.json)
            var pool = pools.first { $0.name == backend.pool } ?? Pool(name: backend.pool)
            // One without weight serves what it has, and makes up for no other.
            if backend.phase == "serving", backend.weight != "0" { pool.serving += 1 }
            if Self.shouldServe(backend) { pool.expected += 1 }
            pools.removeAll { $0.name == pool.name }
            pools.append(pool)
        }
        for index in pools.indices {
            let figures = stats["pools"]?[pools[index].name]
            pools[index].active = figures?["in_flight"]?.int ?? 0
            pools[index].requests = figures?["requests"]?.int ?? 0
            pools[index].errors = figures?["errors"]?.int ?? 0
            pools[index].p99 = figures?["latency"]?["total"]?["p99_ms"]?.double
        }
        pools.sort { isNaturallyOrdered($0.name, before: $1.name) }
    }

    /// One that was put out of service on purpose is not missed, and one on its way out neither.
    private static func shouldServe(_ backend: BackendView) -> Bool {
        backend.intent == nil && backend.weight != "0" && !["draining", "maint"].contains(backend.phase)
    }

    /// Some backend's answers say too often that it has failed.
    private var isFailing: Bool { items.contains { BackendView(name: $0.name, $0.json).lately.worry != nil } }

    /// Changes that are kept and not in force, in words.
    private var waiting: [String] { (root["waiting"]?.elements ?? []).compactMap(\.string) }

    var isDegraded: Bool { pools.isEmpty || isDraining || isFailing || pools.contains(where: \.isDegraded) }

    func show(_ session: Session) {
        var facts = ["at \(session.settings.address)"]
        if let uptime = root["uptime"]?.string.flatMap({ Self.uptime($0) }) { facts.append("up \(uptime)") }
        if let revision = root["revision"]?.int { facts.append("revision \(revision)") }
        let totals = stats["totals"]
        if let clients = totals?["clients"]?.int { facts.append("\(clients) client\(clients == 1 ? "" : "s")") }
        let title = session.painted("lbd \(root["version"]?.string ?? "of an unknown version")", .bold)
        session.stdout.line("\(title)  \(visible(facts.joined(separator: ", ")))")
        if isDraining {
            session.stdout.line(session.painted("it drains: /readyz says no until lbctl self ready", .yellow))
        }
        session.stdout.write("\n" + table(session))
        let wrong = problems
        guard !wrong.isEmpty else {
            session.stdout.line("\n" + session.painted("everything serves", .green))
            return
        }
        session.stdout.line("")
        for line in wrong { session.stdout.line(session.painted(line.text, line.colour)) }
        for line in remedies { session.stdout.line("  " + visible(line)) }
    }

    private func table(_ session: Session) -> String {
        guard !pools.isEmpty else { return "no backends\n" }
        var table = Table([
            Table.Column("POOL"), Table.Column("SERVING"), Table.Column("ACTIVE", .right),
            Table.Column("REQUESTS", .right), Table.Column("ERRORS", .right), Table.Column("P99", .right),
        ])
        for pool in pools {
            let colour: Table.Colour = pool.serving == 0 ? .red : pool.isDegraded ? .yellow : .green
            table.rows.append([
                Table.Cell(pool.name), Table.Cell("\(pool.serving) of \(max(pool.serving, pool.expected))", colour),
                Table.Cell("\(pool.active)"), Table.Cell("\(pool.requests)"),
                Table.Cell("\(pool.errors)", pool.errors > 0 ? .yellow : .plain),
                Table.Cell(pool.p99.flatMap { milliseconds($0) } ?? "-"),
            ])
        }
        return table.text(colour: session.settings.isColoured, width: session.settings.columns)
    }

    /// What is not as it should be, the worst first.
    private var problems: [(text: String, colour: Table.Colour)] {
        var lines: [(String, Table.Colour)] = []
        for pool in pools where pool.serving == 0 {
            lines.append(("no backend of pool \"\(pool.name)\" serves: its clients get 503", .red))
        }
        for one in standIns {
            let pool = one["name"]?.string ?? "-"
            let since = (one["since"]?.string).flatMap { Timestamp($0) }.map { " for \($0.age(at: now))" } ?? ""
            let isOverdue = one["overdue"]?.bool ?? false
            func list(_ key: String) -> String {
                let names = (one[key]?.elements ?? []).compactMap(\.string)
                return names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
            }
            lines.append(
                (
                    "pool \"\(pool)\" is held by \(list("backends"))\(since), who were replaced: \(list("awaited")) do not serve yet",
                    isOverdue ? .red : .yellow
                )
            )
        }
        for item in items {
            guard let worry = BackendView(name: item.name, item.json).lately.worry else { continue }
            lines.append(("\(item.name): \(worry)", .red))
        }
        for item in items {
            let backend = BackendView(name: item.name, item.json)
            let since = backend.phaseSince.map { " for \($0.age(at: now))" } ?? ""
            if backend.phase != "serving" {
                let isDrained = backend.phase == "draining" && backend.inFlightCount == 0
                var line = "\(item.name) is \(isDrained ? "drained" : backend.phase)\(since)"
                if let reason = backend.health?.reason, backend.phase != "draining" { line += ": \(reason)" }
                if backend.phase == "draining", !isDrained { line += ", \(backend.inFlight) in flight" }
                lines.append((line, BackendView.colour(of: backend.phase)))
            } else if backend.weight == "0" {
                lines.append(("\(item.name) has weight 0: it gets no new requests", .plain))
            }
        }
        for change in waiting { lines.append(("a runtime change waits: \(change)", .yellow)) }
        if let drops = stats["totals"]?["log_drops"]?.int, drops > 0 {
            lines.append(("\(drops) lines of the access log were dropped: its reader is too slow", .yellow))
        }
        return lines
    }

    /// What to type about it.
    private var remedies: [String] {
        var lines: [String] = []
        if !waiting.isEmpty {
            lines.append("lbctl api PATCH /v1/config -d '{\"waiting\": null}'   to drop all changes that wait")
        }
        if items.isEmpty { lines.append("lbctl add backend http://HOST:PORT --wait") }
        let faulty = items.filter {
            let backend = BackendView(name: $0.name, $0.json)
            return ["unhealthy", "ejected", "starting"].contains(backend.phase) || backend.lately.worry != nil
        }
        if let first = faulty.first { lines.append("lbctl describe \(first.name)") }
        let out = items.filter { item in
            let backend = BackendView(name: item.name, item.json)
            return backend.intent != nil || backend.phase == "maint"
        }
        if let first = out.first { lines.append("lbctl ready \(first.name)   to bring it back") }
        return lines
    }

    /// `2880s` as people read it.
    static func uptime(_ text: String) -> String {
        guard text.hasSuffix("s"), let seconds = Int64(text.dropLast()) else { return text }
        let (nanoseconds, isPast) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isPast ? text : Timestamp(nanoseconds: 0).age(at: nanoseconds)
    }
}
