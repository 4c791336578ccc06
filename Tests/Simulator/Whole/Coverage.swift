import Proxy

/// What has happened in simulations, counted: faults by the phase they met and by how it ended for the client, and strokes.
package struct Coverage {
    package struct Key: Hashable, Comparable {
        /// The log's word for what went wrong; `-` for nothing.
        package let cause: String
        /// The log's letter for the phase.
        package let phase: Character
        /// How it ended for the client.
        package let outcome: String

        package init(cause: String, phase: Character, outcome: String) {
            self.cause = cause
            self.phase = phase
            self.outcome = outcome
        }

        package static func < (one: Key, other: Key) -> Bool {
            (one.cause, one.phase, one.outcome) < (other.cause, other.phase, other.outcome)
        }
    }

    /// The columns of the table, in the order of a request's life (`OutcomeLetters`).
    package static let phases: [(letter: Character, name: String)] = [
        ("H", "parse"), ("A", "admit"), ("R", "route"), ("P", "pick"), ("C", "acquire"), ("W", "wait"),
        ("D", "relay"), ("F", "finish"), ("-", "none"),
    ]

    package private(set) var counts: [Key: Int] = [:]
    package private(set) var strokes: [String: Int] = [:]
    package private(set) var requests = 0
    /// Request heads that reached backends.
    package private(set) var arrivals = 0
    package private(set) var virtualNs: UInt64 = 0

    package init() {}

    package mutating func add(_ play: Play, _ simulation: Simulation) {
        let lines = simulation.logLines()
        requests += simulation.ledger.intents.count
        arrivals += simulation.ledger.arrivals.count
        virtualNs += simulation.network.now.nanoseconds - 1_000_000_000
        for outcome in simulation.ledger.outcomes {
            // Garbage has no number in the log, and so no line that could be told from another's.
            guard let line = lines[outcome.id].last else { continue }
            add(
                Key(
                    cause: String(line.cause),
                    phase: line.letters.last ?? "-",
                    outcome: Self.word(outcome)
                ),
                1
            )
        }
        for (index, stroke) in play.strokes.enumerated() where !play.without.contains(.stroke(index + 1)) {
            add(stroke: stroke.kind.rawValue + (stroke.cutNs == nil ? "" : " and cut"), 1)
        }
    }

    package mutating func add(_ key: Key, _ count: Int) { counts[key, default: 0] += count }
    package mutating func add(stroke: String, _ count: Int) { strokes[stroke, default: 0] += count }

    package mutating func add(requests: Int, arrivals: Int, virtualNs: UInt64) {
        self.requests += requests
        self.arrivals += arrivals
        self.virtualNs += virtualNs
    }

    private static func word(_ outcome: Ledger.Outcome) -> String {
        switch outcome.ending {
        case .complete: outcome.answerKey == nil ? "\(outcome.status) of ours" : "answered"
        case .tunnelled: "tunnel ended"
        case .truncated: "cut short"
        case .unanswered: "closed on"
        case .abandoned: "client left"
        case .connectFailed: "not connected"
        case .garbled: "garbled"
        }
    }

    /// A row for each fault and outcome, a column for each phase; only what has happened.
    package var table: [String] {
        let rows = Set(counts.keys.map { [$0.cause, $0.outcome] }).sorted { $0.lexicographicallyPrecedes($1) }
        let width = 28
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count)) + text
        }
        func label(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let columns = Self.phases.filter { phase in counts.keys.contains { $0.phase == phase.letter } }
        var lines = [label("fault", width) + label("outcome", 16) + columns.map { cell($0.name, 10) }.joined()]
        for row in rows {
            let cells = columns.map { column -> String in
                let count = counts[Key(cause: row[0], phase: column.letter, outcome: row[1])] ?? 0
                return cell(count == 0 ? "." : String(count), 10)
            }
            lines.append(label(row[0], width) + label(row[1], 16) + cells.joined())
        }
        return lines
    }
}
