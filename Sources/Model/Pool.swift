/// A named group of backends that share an algorithm and a health check.
package struct PoolSpec: Equatable, Sendable, Codable {
    package var algorithm: Algorithm
    /// Nil switches active checks off: every backend of the pool then simply serves.
    package var healthCheck: HealthCheckSpec?

    package init(algorithm: Algorithm = .roundRobin, healthCheck: HealthCheckSpec? = HealthCheckSpec()) {
        self.algorithm = algorithm
        self.healthCheck = healthCheck
    }
}

/// How a pool chooses the backend of the next request.
package enum Algorithm: String, Codable, Sendable, CaseIterable {
    case roundRobin = "round_robin"
}

/// The active health check of a pool's backends: `GET path` on a fresh connection every `interval`.
package struct HealthCheckSpec: Equatable, Sendable, Codable {
    package var path: String
    package var interval: TimeSpan
    package var timeout: TimeSpan
    /// Passes in a row that bring an unhealthy backend back, 1…100. The first verdict takes one.
    package var rise: Int
    /// Failures in a row that take a healthy backend out, 1…100.
    package var fall: Int
    package var expect: StatusSet

    package static let intervalMin = TimeSpan.milliseconds(100)

    package init(
        path: String = "/",
        interval: TimeSpan = .seconds(5),
        timeout: TimeSpan = .seconds(2),
        rise: Int = 1,
        fall: Int = 2,
        expect: StatusSet = .ok
    ) {
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.expect = expect
    }
}

/// A set of response statuses, written `200`, `200-399` or `200,204,301-308`.
package struct StatusSet: Equatable, Sendable {
    /// Ascending, within 100…599, as the user wrote them.
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
        ranges = found
    }

    package func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }
}

extension StatusSet: CustomStringConvertible {
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}

extension StatusSet: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let set = StatusSet(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is not a set such as 200 or 200-399")
            )
        }
        self = set
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
