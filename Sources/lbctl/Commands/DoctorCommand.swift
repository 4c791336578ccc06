import Model

/// `lbctl doctor`: whatever may be wrong, looked at one after the other.
enum DoctorCommand {
    static let command = Command(
        group: .daemon,
        name: "doctor",
        summary: "look for what may be wrong, on this side and on that",
        details: [
            "From the settings of lbctl over the connection to the state of every pool. Each",
            "line is ok, warn or FAIL with what to do about it. The exit code is 1 when one",
            "of them is FAIL.",
        ],
        examples: [Command.Example("lbctl doctor")],
        work: .exchange(
            plan: { _, _ in
                [
                    AdminRequest(.get, "/v1"), AdminRequest(.get, "/readyz", query: [("verbose", "")]),
                    AdminRequest(.get, "/v1/backends"), AdminRequest(.get, "/v1/stats"),
                ]
            },
            carryOut: { requests, _, session throws(Failure) in
                var examination = Examination(session)
                try examination.run(requests)
                examination.show()
                return examination.hasFailed ? .no : .done
            }
        )
    )
}

/// What the doctor finds.
private struct Examination {
    enum Grade: String {
        case ok
        case warn
        case fail = "FAIL"

        var colour: Table.Colour {
            switch self {
            case .ok: .green
            case .warn: .yellow
            case .fail: .red
            }
        }
    }

    private let session: Session
    private var findings: [(grade: Grade, what: String, remedy: String?)] = []

    init(_ session: Session) { self.session = session }

    var hasFailed: Bool { findings.contains { $0.grade == .fail } }

    private mutating func note(_ grade: Grade, _ what: String, _ remedy: String? = nil) {
        findings.append((grade, what, remedy))
    }

    func show() {
        for finding in findings {
            switch session.settings.output {
            case .json, .ndjson:
                var members = [
                    JSON.Member(name: "grade", value: .string(finding.grade.rawValue.lowercased())),
                    JSON.Member(name: "what", value: .string(finding.what)),
                ]
                if let remedy = finding.remedy { members.append(JSON.Member(name: "remedy", value: .string(remedy))) }
                session.stdout.line(JSON.object(members).text)
            default:
                if session.settings.isQuiet, finding.grade == .ok { continue }
                let label = session.painted(finding.grade.rawValue, finding.grade.colour)
                let gap = String(repeating: " ", count: 6 - finding.grade.rawValue.count)
                session.stdout.line(label + gap + visible(finding.what))
                if let remedy = finding.remedy { session.stdout.line("      " + visible(remedy)) }
            }
        }
    }

    mutating func run(_ requests: [AdminRequest]) throws(Failure) {
        examineToken()
        let started = monotonicNanoseconds()
        let root: Session.Reply
        do {
            root = try session.ask(requests[0])
        } catch {
            if [.interrupted, .terminated, .hungUp].contains(error.code) { throw error }
            note(.fail, error.message, error.notes.first { $0.label == "try" }?.text)
            return
        }
        let took = monotonicNanoseconds() - started
        examineConnection(root, took: took)
        try examineReadiness(requests[1])
        let list = try session.ask(requests[2])
        let stats = try session.ask(requests[3])
        examineBackends(Listing.items(byName: list.json["backends"]) ?? [], root.json, stats.json)
    }

    private mutating func examineToken() {
        guard let token = session.settings.token else {
            note(.ok, "no token is sent; lbd asks for none on loopback unless it has a token_file")
            return
        }
        if case .file(let path) = token.origin, let bits = permissions(ofFile: path), bits & 0o077 != 0 {
            note(.warn, "others on this machine may read the token in \(path)", "chmod 600 \(shellQuoted(path))")
        } else {
            note(.ok, "the token \(token.origin.description) is sent")
        }
        if case .network(let host, _) = session.settings.address.place,
            !["localhost", "::1"].contains(host), !host.hasPrefix("127.")
        {
            note(.warn, "the token goes to \(host) unencrypted", "ssh -L 9900:127.0.0.1:9900 \(host)   and no --addr")
        }
    }

    private mutating func examineConnection(_ root: Session.Reply, took: Int64) {
        let version = root.json["version"]?.string ?? "of an unknown version"
        let time = milliseconds(Double(took) / 1e6) ?? "?"
        note(.ok, "lbd \(version) answers at \(session.settings.address) in \(time)")
        if version != Release.version {
            note(.warn, "lbctl is \(Release.version) and lbd is \(version)", "use the same version of both")
        }
        if took > 1_000_000_000 { note(.warn, "that is slow: the machine or the way to it is busy") }
        if let date = root.json["at"]?.string ?? root.answer.field("date"), let there = HTTPDate.nanoseconds(date) {
            let skew = abs(session.now() - there) / 1_000_000_000
            if skew > 5 {
                note(.warn, "the clocks differ by \(skew)s: ages are wrong by that", "start a time service on both")
            }
        }
    }

    private mutating func examineReadiness(_ request: AdminRequest) throws(Failure) {
        let answer = try session.patientExchange(request)
        let json = (try? JSONReader.read(answer.body)) ?? .null
        // What it says of pools is looked at more closely below.
        for check in json["checks"]?.members ?? [] where !check.name.hasPrefix("pool ") {
            let detail = check.value["detail"]?.string ?? ""
            if check.value["ok"]?.bool == true {
                note(.ok, "\(check.name): \(detail)")
            } else {
                note(.fail, "\(check.name): \(detail)", "lbctl status")
            }
        }
        if answer.status != 200, json["checks"] == nil {
            note(.fail, "/readyz answers \(answer.summary): \(json["detail"]?.string ?? "")", "lbctl status")
        }
    }

    private mutating func examineBackends(_ items: [Listing.Item], _ root: JSON, _ stats: JSON) {
        let backends = items.map { BackendView(name: $0.name, $0.json) }
        let report = StatusReport(root: root, items: items, stats: stats, now: session.now())
        if items.isEmpty {
            note(.fail, "there is no backend: every client gets 503", "lbctl add backend http://HOST:PORT --wait")
        }
        for pool in report.pools {
            if pool.serving == 0 {
                note(.fail, "no backend of pool \"\(pool.name)\" serves", "lbctl health --pool \(pool.name)")
            } else if pool.serving < pool.expected {
                note(
                    .warn,
                    "pool \"\(pool.name)\": \(pool.serving) of \(pool.expected) backends serve",
                    "lbctl health --pool \(pool.name)"
                )
            } else if pool.serving == 1 {
                note(
                    .warn,
                    "pool \"\(pool.name)\" stands on one backend: its failure is the pool's",
                    "lbctl add backend URL --pool \(pool.name)"
                )
            } else {
                note(.ok, "pool \"\(pool.name)\": \(pool.serving) of \(pool.expected) backends serve")
            }
        }
        for backend in backends where ["unhealthy", "ejected"].contains(backend.phase) {
            note(
                .warn,
                "\(backend.name) is \(backend.phase): \(backend.health?.reason ?? "no reason given")",
                "lbctl describe \(backend.name)"
            )
        }
        for backend in backends where backend.intent != nil {
            note(
                .warn,
                "\(backend.name) is meant to be in \(backend.intent ?? "")",
                "lbctl ready \(backend.name)   if that is over"
            )
        }
        let totals = stats["totals"]
        if let drops = totals?["log_drops"]?.int, drops > 0 {
            note(.warn, "\(drops) lines of the access log were dropped", "a faster reader or disk, or access_log: off")
        }
        if let queued = totals?["queued"]?.int, queued > 0 {
            note(.warn, "\(queued) requests wait for a backend with room", "more backends, or a larger max_requests")
        }
        let requests = totals?["requests"]?.int ?? 0
        let failed = totals?["by_class"]?["5xx"]?.int ?? 0
        if requests > 0, failed * 100 > requests {
            note(.warn, "\(failed) of \(requests) answers were 5xx", "lbctl stats")
        }
    }
}

/// The time of a `Date` field (RFC 9110 §5.6.7) or of RFC 3339.
private enum HTTPDate {
    static func nanoseconds(_ text: String) -> Int64? {
        if let time = Timestamp(text) { return time.nanoseconds }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, let month = months.firstIndex(of: String(words[2])) else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp("\(words[3])-\(number)-\(words[1])T\(words[4])Z")?.nanoseconds
    }
}
