/// A named group of backends: how one of them is chosen, how they are checked, and how patient we are with them.
package struct PoolSpec: Equatable, Sendable {
    package var algorithm: Algorithm
    /// What `hash` hashes; the other algorithms do not look at it.
    package var hashBy: HashKey
    /// Nil: a client's requests go wherever the algorithm says.
    package var sticky: StickySpec?
    /// How long a backend that is new or has recovered takes to reach its full share; zero is at once.
    package var slowStart: TimeSpan
    /// When less than this share of the pool's backends is healthy, health is ignored and all of them serve, 0…1;
    /// 0 is never.
    package var panicThreshold: Double
    /// Changes that would leave fewer healthy backends than this are refused, unless forced.
    package var minReady: Int
    /// How long a backend that drains may take before what it still carries is cut.
    package var drain: TimeSpan
    /// Nil switches active checks off: every backend of the pool then simply serves.
    package var healthCheck: HealthCheckSpec?
    /// Nil switches the ejection of backends that fail requests off.
    package var passive: PassiveSpec?
    package var retry: RetrySpec
    package var timeouts: PoolTimeouts
    /// What a client's FIN means while its request runs.
    package var onClientFin: ClientFin

    package static let minReadyMax = 16_384
    package static let drainMax = TimeSpan.seconds(86_400)
    package static let slowStartMax = TimeSpan.seconds(3600)

    package init(
        algorithm: Algorithm = .roundRobin,
        hashBy: HashKey = .clientIP,
        sticky: StickySpec? = nil,
        slowStart: TimeSpan = .zero,
        panicThreshold: Double = 0,
        minReady: Int = 1,
        drain: TimeSpan = .seconds(30),
        healthCheck: HealthCheckSpec? = HealthCheckSpec(),
        passive: PassiveSpec? = PassiveSpec(),
        retry: RetrySpec = RetrySpec(),
        timeouts: PoolTimeouts = PoolTimeouts(),
        onClientFin: ClientFin = .finish
    ) {
        self.algorithm = algorithm
        self.hashBy = hashBy
        self.sticky = sticky
        self.slowStart = slowStart
        self.panicThreshold = panicThreshold
        self.minReady = minReady
        self.drain = drain
        self.healthCheck = healthCheck
        self.passive = passive
        self.retry = retry
        self.timeouts = timeouts
        self.onClientFin = onClientFin
    }
}

/// What becomes of a request that runs when its client ends its side of the connection (a FIN). One that is queued is
/// cancelled in any case.
package enum ClientFin: String, Sendable, CaseIterable {
    /// It is finished: a client that has nothing more to ask may well be reading (RFC 9112 §9.6), and a FIN looks the same
    /// for one that has gone.
    case finish
    /// It is cancelled, and its connection to the backend closed: the pool's clients end their side only when they leave.
    case cancel
}

/// How a pool chooses the backend of the next request.
package enum Algorithm: String, Sendable, CaseIterable {
    case roundRobin = "round_robin"
    /// The less busy of two drawn at random.
    case leastRequest = "least_request"
    /// The least busy of all.
    case leastRequestExact = "least_request_exact"
    case random
    /// The better of two by the product of recent latency and requests in flight.
    case peakEWMA = "peak_ewma"
    /// The same backend for the same key, as far as it has room.
    case hash
}

/// What of a request decides its backend under `hash`: `client_ip`, `path`, `uri`, `header:NAME` or `cookie:NAME`.
package enum HashKey: Equatable, Sendable, CustomStringConvertible {
    case clientIP
    /// The path without the query.
    case path
    /// The path with the query.
    case uri
    /// A header field's value, by its name in lower case.
    case header(String)
    case cookie(String)

    package init?(_ text: String) {
        switch text {
        case "client_ip": self = .clientIP
        case "path": self = .path
        case "uri": self = .uri
        default:
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let name = String(text[text.index(after: colon)...])
            guard FieldToken.isToken(name), name.utf8.count <= FieldToken.bytesMax else { return nil }
            switch text[..<colon] {
            case "header": self = .header(name.lowercased())
            case "cookie": self = .cookie(name)
            default: return nil
            }
        }
    }

    package var description: String {
        switch self {
        case .clientIP: "client_ip"
        case .path: "path"
        case .uri: "uri"
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        }
    }
}

/// RFC 9110 §5.6.2: the names of header fields and cookies.
package enum FieldToken {
    package static let bytesMax = 64

    package static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
                default: false
                }
            }
    }
}

/// A cookie of ours that brings a client back to the backend that has served it.
package struct StickySpec: Equatable, Sendable {
    package var cookie: String
    /// For how long browsers keep it; zero is until they are closed.
    package var ttl: TimeSpan

    package init(cookie: String = "lb", ttl: TimeSpan = .zero) {
        self.cookie = cookie
        self.ttl = ttl
    }
}

/// When requests that fail take a backend out, whatever its checks say.
package struct PassiveSpec: Equatable, Sendable {
    /// Connect errors, resets and timeouts in a row that eject, 1…1000.
    package var errors: Int
    /// The first ejection; the n-th in a row is n times as long.
    package var eject: TimeSpan
    package var ejectMax: TimeSpan
    /// The share of a pool's backends that may be ejected at once, 0…1. The last one never is.
    package var maxEjected: Double
    /// Answers of status 500 and above in a row that eject, 0…1000; 0 for never.
    package var serverErrors: Int
    /// The share of such answers among those of the last ten seconds that ejects, 0…1; 0 for never.
    package var serverErrorShare: Double
    /// So many answers there must be in ten seconds for the share to count, 1…1000000.
    package var volume: Int

    package static let errorsMax = 1000
    package static let volumeMax = 1_000_000

    package init(
        errors: Int = 3,
        eject: TimeSpan = .seconds(5),
        ejectMax: TimeSpan = .seconds(60),
        maxEjected: Double = 0.5,
        serverErrors: Int = 0,
        serverErrorShare: Double = 0,
        volume: Int = 20
    ) {
        self.errors = errors
        self.eject = eject
        self.ejectMax = ejectMax
        self.maxEjected = maxEjected
        self.serverErrors = serverErrors
        self.serverErrorShare = serverErrorShare
        self.volume = volume
    }
}

/// What is tried again on another backend. What no backend has seen always is, within `max`.
package struct RetrySpec: Equatable, Sendable {
    /// Attempts after the first, 0…5.
    package var max: Int
    /// Retries at once as a share of the requests that are active, 0…1, beyond the ten that are always allowed.
    package var budget: Double
    /// What else is retried, for idempotent methods.
    package var on: RetryCauses

    package static let maxMax = 5

    package init(max: Int = 2, budget: Double = 0.2, on: RetryCauses = []) {
        self.max = max
        self.budget = budget
        self.on = on
    }
}

/// Answers, and the want of one, after which an idempotent request goes to another backend.
package struct RetryCauses: OptionSet, Equatable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let status500 = RetryCauses(rawValue: 1)
    package static let status502 = RetryCauses(rawValue: 2)
    package static let status503 = RetryCauses(rawValue: 4)
    package static let status504 = RetryCauses(rawValue: 8)
    /// No first byte of an answer in time.
    package static let timeout = RetryCauses(rawValue: 16)

    /// In the order in which they are written.
    package static let words: [(word: String, cause: RetryCauses)] = [
        ("500", .status500), ("502", .status502), ("503", .status503), ("504", .status504), ("timeout", .timeout),
    ]

    package var words: [String] { Self.words.filter { contains($0.cause) }.map(\.word) }
}

/// A pool's own patience; nil is the process's.
package struct PoolTimeouts: Equatable, Sendable {
    package var connect: TimeSpan?
    package var queue: TimeSpan?
    package var responseFirstByte: TimeSpan?
    package var responseStall: TimeSpan?
    /// From the request's head to the last byte of its answer, all attempts included; nil has no limit.
    package var total: TimeSpan?

    package init() {}
}

/// The active health check of a pool's backends, on a fresh connection every `interval`.
package struct HealthCheckSpec: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// `GET path`, and an answer as `expect` and `body` want it.
        case http
        /// A connection is all that is asked for.
        case tcp
    }

    /// What a backend is before its first check.
    package enum Start: String, Sendable, CaseIterable {
        case up
        case down
    }

    package struct Header: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Fields that a check sends, in one canonical order: by the bytes of their names. The order in which they were
    /// written has no meaning (RFC 9110 §5.3), and would tell apart what is stored and shown alike.
    package struct Headers: Equatable, Sendable {
        private let fields: [Header]

        /// Of fields with the same spelling of a name, the first counts.
        package init(_ fields: [Header] = []) {
            var kept: [Header] = []
            for field in fields where !kept.contains(where: { $0.name == field.name }) { kept.append(field) }
            self.fields = kept.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
    }

    package var kind: Kind
    package var path: String
    package var interval: TimeSpan
    package var timeout: TimeSpan
    /// Passes in a row that bring an unhealthy backend back, 1…100. The first verdict takes one.
    package var rise: Int
    /// Failures in a row that take a healthy backend out, 1…100.
    package var fall: Int
    package var expect: StatusSet
    /// What `Host` says; nil is the backend's own authority.
    package var host: String?
    package var headers: Headers
    /// What the first 64 KiB of the answer's body must contain; nil is anything.
    package var body: ExactText?
    package var start: Start

    package static let intervalMin = TimeSpan.milliseconds(100)
    package static let headersMax = 16
    package static let bodyBytesMax = 256

    package init(
        kind: Kind = .http,
        path: String = "/",
        interval: TimeSpan = .seconds(5),
        timeout: TimeSpan = .seconds(2),
        rise: Int = 1,
        fall: Int = 2,
        expect: StatusSet = .ok,
        host: String? = nil,
        headers: Headers = Headers(),
        body: ExactText? = nil,
        start: Start = .down
    ) {
        self.kind = kind
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.expect = expect
        self.host = host
        self.headers = headers
        self.body = body
        self.start = start
    }
}

extension HealthCheckSpec.Headers: RandomAccessCollection, ExpressibleByArrayLiteral {
    package init(arrayLiteral fields: HealthCheckSpec.Header...) { self.init(fields) }

    package var startIndex: Int { 0 }
    package var endIndex: Int { fields.count }
    package subscript(_ position: Int) -> HealthCheckSpec.Header { fields[position] }
}

/// What a backend's own `health_check` says, on top of its pool's.
package enum BackendCheck: Equatable, Sendable {
    case asPool
    case off
    case adjusted(HealthCheckPatch)

    /// What the backend is checked with; nil is not at all. A backend may be checked where its pool is not.
    package func applied(to pool: HealthCheckSpec?) -> HealthCheckSpec? {
        switch self {
        case .asPool: return pool
        case .off: return nil
        case .adjusted(let patch): return patch.applied(to: pool ?? HealthCheckSpec())
        }
    }
}

/// The members of a health check that are spelled out; the others are as they were.
package struct HealthCheckPatch: Equatable, Sendable {
    package var kind: HealthCheckSpec.Kind?
    package var path: String?
    package var interval: TimeSpan?
    package var timeout: TimeSpan?
    package var rise: Int?
    package var fall: Int?
    package var expect: StatusSet?
    package var host: String?
    package var headers: HealthCheckSpec.Headers?
    package var body: ExactText?
    package var start: HealthCheckSpec.Start?

    package init() {}

    /// Everything spelled out.
    package init(_ spec: HealthCheckSpec) {
        kind = spec.kind
        path = spec.path
        interval = spec.interval
        timeout = spec.timeout
        rise = spec.rise
        fall = spec.fall
        expect = spec.expect
        host = spec.host
        headers = spec.headers
        body = spec.body
        start = spec.start
    }

    package func applied(to base: HealthCheckSpec) -> HealthCheckSpec {
        let interval = self.interval ?? base.interval
        return HealthCheckSpec(
            kind: kind ?? base.kind,
            path: path ?? base.path,
            interval: interval,
            // `interval: 1s` alone shall not be an error about a timeout that nobody wrote.
            timeout: timeout ?? min(base.timeout, interval),
            rise: rise ?? base.rise,
            fall: fall ?? base.fall,
            expect: expect ?? base.expect,
            host: host ?? base.host,
            headers: headers ?? base.headers,
            body: body ?? base.body,
            start: start ?? base.start
        )
    }
}

/// A set of response statuses, written `200`, `200-399` or `200,204,301-308`.
///
/// Equal sets are equal values and have one text: `204,200-203` is `200-204`.
package struct StatusSet: Equatable, Sendable {
    /// Within 100…599, ascending, with a gap between each two.
    package let ranges: [ClosedRange<Int>]

    package static let ok = StatusSet(ranges: [200...200])

    private init(ranges: [ClosedRange<Int>]) { self.ranges = ranges }

    package init?(_ text: String) {
        var found: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { piece in
                piece.utf8.count == 3 ? Int(piece) : nil
            }
            guard ends.count <= 2, let low = ends.first ?? nil, let high = ends.last ?? nil,
                (100...599).contains(low), (low...599).contains(high)
            else { return nil }
            found.append(low...high)
        }
        guard !found.isEmpty else { return nil }
        var merged: [ClosedRange<Int>] = []
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = merged.last, range.lowerBound <= last.upperBound + 1 else {
                merged.append(range)
                continue
            }
            merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        }
        ranges = merged
    }

    package func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }
}

extension StatusSet: CustomStringConvertible {
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
