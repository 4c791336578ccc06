/// `lbctl stats` and `lbctl metrics`: what was counted.
enum StatsCommand {
    static let stats = Command(
        group: .daemon,
        name: "stats",
        summary: "what was counted and measured since lbd started",
        details: [
            "In all, by pool and by backend. ERRORS are attempts that failed at a backend,",
            "RETRIED those of them that another backend then answered. The times are from the",
            "end of a request's head to the last byte of its answer.",
        ],
        examples: [Command.Example("lbctl stats"), Command.Example("lbctl stats -o json | jq .totals.by_class")],
        fields: [
            .backend: [
                "name", "pool", "phase", "requests", "by_class.*", "attempts", "errors", "retried_away", "bytes_in",
                "bytes_out", "in_flight", "streams", "idle_connections", "latency.*",
            ]
        ],
        work: .exchange(
            plan: { _, _ in [AdminRequest(.get, "/v1/stats")] },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let reply = try session.ask(request)
                    guard reply.json["totals"]?.members != nil else { throw session.missing("totals", in: reply) }
                    try show(reply, session)
                }
                return .done
            }
        )
    )

    private static func show(_ reply: Session.Reply, _ session: Session) throws(Failure) {
        var items: [Listing.Item] = []
        for (prefix, member) in [("pool ", "pools"), ("", "backends")] {
            items += (Listing.items(byName: reply.json[member]) ?? []).map {
                Listing.Item(name: prefix + $0.name, json: $0.json)
            }
        }
        let total = Listing.Item(name: "total", json: reply.json["totals"] ?? .object([]))
        guard session.settings.output.isForPeople, session.settings.fields == nil else {
            Listing(columns: columns, items: [total] + items).show(session, whole: reply.answer.body)
            return
        }
        let totals = total.json
        let since = reply.json["since"]?.string.flatMap { Timestamp($0) }
        var facts: [String] = []
        if let since { facts.append("since \(since.age(at: session.now())) ago") }
        for (member, word) in [("clients", "clients"), ("accepted", "connections accepted"), ("queued", "queued")] {
            if let number = totals[member]?.int { facts.append("\(number) \(word)") }
        }
        if let bytes = totals["memory_bytes"]?.double { facts.append("\(bytesText(bytes)) of memory") }
        session.stdout.line(visible(facts.joined(separator: ", ")) + "\n")
        Listing(columns: columns, items: [total] + items).show(session, whole: nil)
    }

    private static func latency(_ quantile: String) -> @Sendable (Listing.Item, Int64) -> Table.Cell {
        { item, _ in
            Table.Cell(item.json["latency"]?["total"]?[quantile]?.double.flatMap { milliseconds($0) } ?? "-")
        }
    }

    private static let columns: [Listing.Column] = [
        Listing.Column("NAME", "name") { item, _ in Table.Cell(item.name) },
        Listing.Column("REQUESTS", "requests", .right),
        Listing.Column("2XX", "by_class.2xx", .right, isWide: true),
        Listing.Column("4XX", "by_class.4xx", .right, rank: 3),
        Listing.Column("5XX", "by_class.5xx", .right),
        Listing.Column("ERRORS", "errors", .right) { item, _ in
            let errors = item.json["errors"]?.plain ?? "-"
            return Table.Cell(errors, errors == "0" || errors == "-" ? .plain : .yellow)
        },
        Listing.Column("RETRIED", "retried_away", .right, rank: 4),
        Listing.Column("ACTIVE", "in_flight", .right),
        Listing.Column("P50", "latency.total.p50_ms", .right, cell: latency("p50_ms")),
        Listing.Column("P90", "latency.total.p90_ms", .right, isWide: true, cell: latency("p90_ms")),
        Listing.Column("P99", "latency.total.p99_ms", .right, cell: latency("p99_ms")),
        Listing.Column("IN", "bytes_in", .right, isWide: true) { item, _ in
            Table.Cell(item.json["bytes_in"]?.double.map { bytesText($0) } ?? "-")
        },
        Listing.Column("OUT", "bytes_out", .right, isWide: true) { item, _ in
            Table.Cell(item.json["bytes_out"]?.double.map { bytesText($0) } ?? "-")
        },
    ]

    static let metrics = Command(
        group: .daemon,
        name: "metrics",
        summary: "the metrics as Prometheus gets them",
        details: ["The text of /metrics as it comes. docs/METRICS.md explains each."],
        examples: [Command.Example("lbctl metrics | grep lb_backend")],
        work: .exchange(
            plan: { _, _ in
                var request = AdminRequest(.get, "/metrics")
                request.accept = "text/plain"
                return [request]
            },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests { session.show(try session.askForAnything(request).body) }
                return .done
            }
        )
    )
}

/// `612 B`, `1.8 MB`: decimal units, as network people count. `-` for what no count of bytes can be.
func bytesText(_ count: Double) -> String {
    // What 64 bits count.
    guard count >= 0, count <= 0x1p64 else { return "-" }
    guard count >= 1000 else { return "\(Int(count)) B" }
    var value = count
    var unit = ""
    for next in ["kB", "MB", "GB", "TB", "PB"] where value >= 1000 {
        value /= 1000
        unit = next
    }
    return value < 100 ? "\(oneDecimal(value)) \(unit)" : "\(Int(value.rounded())) \(unit)"
}
