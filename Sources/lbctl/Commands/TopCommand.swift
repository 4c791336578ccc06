import Model

/// `lbctl top`: what the backends do right now, again and again, with keys to drain and restore them.
enum TopCommand {
    static let command = Command(
        group: .look,
        name: "top",
        flags: [
            Flag("once", help: "measure for one interval, print a table, and stop"),
            Flag("interval", value: "TIME", help: "between two looks, 1s unless said"),
            Flag("read-only", help: "no keys that change anything"),
            Flag(
                "sort",
                value: "COLUMN",
                kind: .words(TopScreen.Order.allCases.map(\.rawValue)),
                help: "name, rate, active, errors or p99"
            ),
        ],
        summary: "what the backends do right now; keys drain and restore them",
        details: [
            "REQ/S and ERR/S are of the last interval. The keys: up and down choose a",
            "backend, d drains it, r makes it ready, m takes it out for maintenance, + and -",
            "change its weight, s sorts by another column, space holds the screen, q quits.",
            "What changes something is asked about first. With --once, or where standard",
            "output is no terminal, it prints one table, which -o and --fields shape.",
        ],
        examples: [
            Command.Example("lbctl top"), Command.Example("lbctl top --once --interval 5s"),
            Command.Example("lbctl top --once -o tsv --fields name,rate,p99_ms"),
        ],
        fields: [.backend: Sample.fields],
        work: .exchange(
            plan: { _, _ in
                [AdminRequest(.get, "/v1"), AdminRequest(.get, "/v1/backends"), AdminRequest(.get, "/v1/stats")]
            },
            carryOut: { requests, invocation, session throws(Failure) in
                let interval = try interval(invocation)
                let order = try order(invocation)
                let isOnce =
                    invocation.has("once") || !session.settings.console.showsOutput
                    || !session.settings.console.takesKeys || !session.settings.output.isForPeople
                guard isOnce else {
                    var screen = try TopScreen(
                        requests,
                        session,
                        interval,
                        order,
                        isReadOnly: invocation.has("read-only")
                    )
                    return try screen.run()
                }
                let first = try Sample(requests, session)
                try session.pause(interval)
                let sample = try Sample(requests, session, after: first)
                let items = order.sorted(sample.items)
                Listing(columns: columns, items: items).show(session, whole: nil)
                return .done
            }
        )
    )

    private static func interval(_ invocation: Invocation) throws(Failure) -> TimeSpan {
        guard let text = invocation.value("interval") else { return .seconds(1) }
        let span = try Settings.span(text, "--interval")
        guard span >= .milliseconds(50), span <= .seconds(3600) else {
            throw Failure(.usage, "--interval is from 50ms to 1h, not \(text)")
        }
        return span
    }

    private static func order(_ invocation: Invocation) throws(Failure) -> TopScreen.Order {
        guard let text = invocation.value("sort") else { return .name }
        if let order = TopScreen.Order(rawValue: text) { return order }
        let names = TopScreen.Order.allCases.map(\.rawValue)
        let failure = Failure(.usage, "--sort: \"\(text)\" is none of \(names.joined(separator: ", "))")
        throw nearestWord(text, among: names).map { failure.suggesting("--sort \($0)") } ?? failure
    }

    static let columns: [Listing.Column] = [
        Listing.Column("NAME", "name", floor: 20),
        Listing.Column("POOL", "pool", rank: 3),
        Listing.Column("PHASE", "phase") { item, _ in
            let phase = item.json["phase"]?.plain ?? "-"
            return Table.Cell(phase, BackendView.colour(of: phase))
        },
        Listing.Column("WEIGHT", "weight", .right, rank: 2),
        Listing.Column("ACTIVE", "in_flight", .right),
        Listing.Column("REQ/S", "rate", .right),
        Listing.Column("ERR/S", "error_rate", .right) { item, _ in
            let rate = item.json["error_rate"]?.plain ?? "-"
            return Table.Cell(rate, rate == "0.0" || rate == "-" ? .plain : .red)
        },
        Listing.Column("P50", "p50_ms", .right) { item, _ in
            Table.Cell(item.json["p50_ms"]?.double.flatMap { milliseconds($0) } ?? "-")
        },
        Listing.Column("P99", "p99_ms", .right) { item, _ in
            Table.Cell(item.json["p99_ms"]?.double.flatMap { milliseconds($0) } ?? "-")
        },
        Listing.Column("REASON", "reason", rank: 1, floor: 16),
    ]
}

/// The figures of one moment, and the rates since the one before.
struct Sample {
    static let fields = [
        "name", "pool", "phase", "weight", "in_flight", "rate", "error_rate", "p50_ms", "p99_ms", "reason", "requests",
        "errors", "server_errors",
    ]

    let root: JSON
    let totals: JSON
    /// Nanoseconds of the monotonic clock.
    private let taken: Int64
    private(set) var items: [Listing.Item] = []
    /// Requests a second in all; nil in the first sample.
    private(set) var rate: Double?
    private(set) var errorRate: Double?

    init(_ requests: [AdminRequest], _ session: Session, after before: Sample? = nil) throws(Failure) {
        if let before { root = before.root } else { root = (try session.ask(requests[0])).json }
        let reply = try session.ask(requests[1])
        totals = (try session.ask(requests[2])).json["totals"] ?? .object([])
        taken = monotonicNanoseconds()
        guard let all = Listing.items(byName: reply.json["backends"]) else {
            throw session.missing("backends", in: reply)
        }
        let seconds = before.map { Double(taken - $0.taken) / 1e9 }
        func perSecond(_ now: Int?, _ then: Int?) -> Double? {
            guard let seconds, seconds > 0, let now, let then else { return nil }
            // A daemon that was started anew counts from zero again.
            return now >= then ? Double(now - then) / seconds : Double(now) / seconds
        }
        items = all.map { item in
            let status = item.json["status"]
            let earlier = before?.items.first { $0.name == item.name }?.json
            let members: [(String, JSON?)] = [
                ("name", .string(item.name)), ("pool", item.json["pool"]), ("phase", status?["phase"]),
                ("weight", item.json["weight"]), ("in_flight", status?["in_flight"]),
                ("rate", perSecond(status?["requests"]?.int, earlier?["requests"]?.int).map { Self.number($0) }),
                (
                    "error_rate",
                    perSecond(Self.failures(status), earlier?["failures"]?.int).map { Self.number($0) }
                ),
                ("failures", Self.failures(status).map { .number(String($0)) }),
                ("p50_ms", status?["p50_ms"]), ("p99_ms", status?["p99_ms"]),
                ("reason", status?["health"]?["reason"]), ("requests", status?["requests"]),
                ("errors", status?["errors"]), ("server_errors", status?["answers"]?["5xx"]),
            ]
            return Listing.Item(
                name: item.name,
                json: .object(members.map { JSON.Member(name: $0.0, value: $0.1 ?? .null) })
            )
        }
        rate = perSecond(totals["requests"]?.int, before?.totals["requests"]?.int)
        errorRate = perSecond(Self.failures(totals), before.flatMap { Self.failures($0.totals) })
    }

    /// What went wrong at the backends, and what they said went wrong.
    private static func failures(_ json: JSON?) -> Int? {
        guard let errors = json?["errors"]?.int else { return nil }
        // A fault that was not made good elsewhere is a 5xx of ours, and stands in both.
        let answered = (json?["answers"] ?? json?["by_class"])?["5xx"]?.int ?? 0
        return max(errors, answered + (json?["retried_away"]?.int ?? 0))
    }

    /// With one decimal, so that columns stay where they are.
    private static func number(_ value: Double) -> JSON { .number(oneDecimal(value)) }
}

/// `12.3`
func oneDecimal(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "0.0" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
}
