import Model

/// One member of what a backend or a pool is declared to be: how it is written, and what it means.
///
/// The list of these serves `set`, `explain`, `--fields` and the shells.
struct Specification: Sendable {
    enum Kind: Sendable {
        case text
        case count
        case ratio
        case flag
        case time
        case words([String])
        /// Words between commas.
        case list
        /// A map of text by names of the user's own.
        case labels
    }

    let path: String
    let kind: Kind
    let help: String

    private init(_ path: String, _ kind: Kind, _ help: String) {
        self.path = path
        self.kind = kind
        self.help = help
    }

    static let backend: [Specification] =
        [
            Specification("url", .text, "where it listens: http://HOST:PORT or unix:/PATH"),
            Specification("pool", .text, "the pool it serves; default unless said"),
            Specification("weight", .count, "share of the pool's traffic, 0 to 1000, relative to the others'"),
            Specification(
                "state",
                .words(BackendState.allCases.map(\.rawValue)),
                "what it is meant to do: serve, finish what it has, or stay out"
            ),
            Specification("backup", .flag, "true: it serves only when no other can"),
            Specification("max_requests", .count, "requests in flight at once, the rest waits; 0: no limit"),
            Specification("slow_start", .time, "how long its share grows at first; unset: the pool's"),
            Specification("labels", .labels, "words of your own, for -l: labels.color=blue"),
        ] + healthCheck

    static let pool: [Specification] =
        [
            Specification(
                "algorithm",
                .words(Algorithm.allCases.map(\.rawValue)),
                "how the backend of a request is chosen"
            ),
            Specification("hash_by", .text, "of hash: client_ip, path, uri, header:NAME, cookie:NAME"),
            Specification("sticky.cookie", .text, "a cookie that brings clients back; sticky=off for none"),
            Specification("sticky.ttl", .time, "how long browsers keep it; 0s: until they are closed"),
            Specification("slow_start", .time, "how long a backend's share grows after it came (back)"),
            Specification("panic_threshold", .ratio, "below that share of healthy ones all serve; 0: never"),
            Specification("min_ready", .count, "a change that leaves fewer healthy ones is refused"),
            Specification("drain", .time, "how long a draining backend may finish what it has"),
            Specification("passive.errors", .count, "failed requests in a row that eject; passive=off for none"),
            Specification("passive.eject", .time, "how long the first ejection lasts"),
            Specification("passive.eject_max", .time, "how long one lasts at most"),
            Specification("passive.max_ejected", .ratio, "the share of the pool that may be ejected at once"),
            Specification("passive.http_5xx", .count, "answers of 500 and above in a row that eject; 0 is never"),
            Specification("passive.http_5xx_share", .ratio, "the share of them in 10 s that ejects; 0 is never"),
            Specification("passive.volume", .count, "answers in 10 s that the share takes"),
            Specification("retry.max", .count, "further attempts of a request, each on another backend"),
            Specification("retry.budget", .ratio, "share of the requests that may be further attempts"),
            Specification("retry.on", .list, "what else is tried again: 500,502,503,504,timeout"),
            Specification("timeouts.connect", .time, "to connect to a backend; unset: lbd's, as the others"),
            Specification("timeouts.queue", .time, "to wait for a backend with room"),
            Specification("timeouts.response_first_byte", .time, "for a backend to begin its answer"),
            Specification("timeouts.response_stall", .time, "between two reads of an answer"),
            Specification("timeouts.total", .time, "for all of it, further attempts included"),
            Specification(
                "on_client_fin",
                .words(ClientFin.allCases.map(\.rawValue)),
                "what a client's FIN means while its request runs"
            ),
        ] + healthCheck

    /// A pool's, and of a backend what differs from its pool's.
    private static let healthCheck: [Specification] = [
        Specification(
            "health_check.type",
            .words(HealthCheckSpec.Kind.allCases.map(\.rawValue)),
            "what is tried: a request, or a connection; health_check=off for none"
        ),
        Specification("health_check.path", .text, "what is asked for, with GET"),
        Specification("health_check.interval", .time, "between two checks, 100ms to 1h"),
        Specification("health_check.timeout", .time, "after which one has failed; at most the interval"),
        Specification("health_check.rise", .count, "passes in a row that bring a backend back"),
        Specification("health_check.fall", .count, "failures in a row that take one out"),
        Specification("health_check.expect", .text, "statuses that pass: 200, 200-399 or 200,204"),
        Specification("health_check.host", .text, "what Host says; unset: the backend's own"),
        Specification("health_check.headers", .labels, "further fields: health_check.headers.X-Probe=1"),
        Specification("health_check.body", .text, "what the answer must contain"),
        Specification(
            "health_check.start",
            .words(HealthCheckSpec.Start.allCases.map(\.rawValue)),
            "what a backend is before its first check"
        ),
    ]

    /// `help` with the values there are to choose from.
    var explanation: String {
        switch kind {
        case .words(let words): "\(help): \(words.joined(separator: ", "))"
        case .flag: help.contains("true") ? help : "\(help): true, false"
        case .text, .count, .ratio, .time, .list, .labels: help
        }
    }

    /// As `--fields` names it.
    private var field: String {
        if case .labels = kind { return path + ".*" }
        return path
    }

    static func all(of noun: Command.Noun) -> [Specification] {
        switch noun {
        case .backend: backend
        case .pool: pool
        }
    }

    /// The merge patch (RFC 7396) of words such as `weight=3` or `labels.color=blue`; nothing after the sign means
    /// null, which is the default again.
    static func patch(_ words: ArraySlice<String>, of noun: Command.Noun) throws(Failure) -> JSON {
        let known = all(of: noun)
        var patch = JSON.object([])
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
                throw Failure(.usage, "\"\(word)\" is not KEY=VALUE").suggesting("lbctl explain \(noun.rawValue)")
            }
            let key = String(word[..<sign])
            let value = String(word[word.index(after: sign)...])
            let path: [String]
            let kind: Kind
            if let found = known.first(where: { $0.path == key }) {
                if case .labels = found.kind, !value.isEmpty {
                    throw Failure(.usage, "\(key) are set one by one")
                        .suggesting("\(key).\(value.contains("=") ? value : "KEY=" + value)")
                }
                path = key.split(separator: ".").map(String.init)
                kind = found.kind
            } else if let found = known.first(where: { key.hasPrefix($0.path + ".") }), case .labels = found.kind {
                // A label's key may have dots itself.
                path = found.path.split(separator: ".").map(String.init) + [String(key.dropFirst(found.path.count + 1))]
                kind = .text
            } else if known.contains(where: { $0.path.hasPrefix(key + ".") }), value.isEmpty || value == "off" {
                // A whole group: its default again, or none of it.
                path = [key]
                kind = .text
            } else {
                let failure = Failure(.usage, "a \(noun.rawValue) has no \"\(key)\"")
                let tail = known.first { $0.path.hasSuffix("." + key) }?.path
                throw (tail ?? nearestWord(key, among: known.map(\.path))).map {
                    failure.suggesting("\($0)=\(shellQuoted(value))   (did you mean that?)")
                } ?? failure.adding("there", "are " + known.map(\.path).joined(separator: ", "))
            }
            let json: JSON =
                value.isEmpty || value == "null" ? .null : try Self.value(value, kind, of: key)
            patch = patch.setting(path[...], to: json)
        }
        return patch
    }

    private static func value(_ text: String, _ kind: Kind, of key: String) throws(Failure) -> JSON {
        switch kind {
        case .text, .labels:
            return .string(text)
        case .list:
            return .array(text.split(separator: ",").map { .string(String($0)) })
        case .count:
            guard let number = Int(text), number >= 0 else {
                throw Failure(.usage, "\(key): \"\(text)\" is not a whole number")
            }
            return .number(String(number))
        case .ratio:
            if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0 {
                return .number("\(percent / 100)")
            }
            guard let number = Double(text), number >= 0, number.isFinite else {
                throw Failure(.usage, "\(key): \"\(text)\" is not a share such as 0.2 or 20%")
            }
            return .number("\(number)")
        case .flag:
            switch text {
            case "true", "yes", "on": return .bool(true)
            case "false", "no", "off": return .bool(false)
            default: throw Failure(.usage, "\(key): \"\(text)\" is neither true nor false")
            }
        case .time:
            guard text == "0" || TimeSpan(text) != nil else {
                let failure = Failure(.usage, "\(key): \"\(text)\" is no length of time such as 500ms, 30s or 2m")
                throw Int(text) == nil ? failure : failure.suggesting("\(key)=\(text)s   if seconds were meant")
            }
            return .string(text == "0" ? "0s" : text)
        case .words(let words):
            guard words.contains(text) else {
                let failure = Failure(.usage, "\(key): \"\(text)\" is none of \(words.joined(separator: ", "))")
                throw nearestWord(text, among: words).map { failure.suggesting("\(key)=\($0)") } ?? failure
            }
            return .string(text)
        }
    }

    /// The labels of words such as `color=blue`, and with `mayRemove` also `color-`, as a merge patch of `labels`.
    static func labels(_ words: some Sequence<String>, mayRemove: Bool) throws(Failure) -> JSON {
        var members: [JSON.Member] = []
        for word in words {
            if let sign = word.firstIndex(of: "="), sign > word.startIndex {
                let value = String(word[word.index(after: sign)...])
                members.append(JSON.Member(name: String(word[..<sign]), value: .string(value)))
            } else if mayRemove, word.hasSuffix("-"), word.count > 1 {
                members.append(JSON.Member(name: String(word.dropLast()), value: .null))
            } else {
                throw Failure(
                    .usage,
                    "\"\(word)\" is no label: KEY=VALUE" + (mayRemove ? ", or KEY- to remove it" : "")
                )
            }
        }
        return .object(members)
    }

    /// What `--fields` can name of a backend.
    static let backendFields =
        ["name"] + backend.map { $0.field }
        + [
            "status.phase", "status.since", "status.etag", "status.live_revision", "status.operation",
            "status.health.state",
            "status.health.since", "status.health.reason", "status.health.consecutive_ok",
            "status.health.consecutive_fail", "status.health.flaps_10m", "status.health.proven",
            "status.health.last.at",
            "status.health.last.ms", "status.health.last.http", "status.health.last.error", "status.in_flight",
            "status.streams", "status.idle_connections", "status.effective_weight", "status.requests", "status.errors",
            "status.retried_away", "status.answers.1xx", "status.answers.2xx", "status.answers.3xx",
            "status.answers.4xx",
            "status.answers.5xx", "status.last_minute.answers", "status.last_minute.5xx", "status.p50_ms",
            "status.p99_ms",
        ]

    static let poolFields = ["name"] + pool.map { $0.field } + ["status.*"]
    static let healthFields = [
        "name", "state", "phase", "since", "reason", "last.at", "last.ms", "last.http", "last.error",
        "last_minute.answers", "last_minute.5xx",
    ]
}
