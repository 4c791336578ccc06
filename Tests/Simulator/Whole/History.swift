import Proxy

extension Simulation {
    /// What requests went through, in the order of time, a line each.
    package func history() -> [String] {
        var lines: [(at: Instant, text: String)] = []
        let words = logLines()
        for intent in ledger.intents {
            lines.append((intent.at, "request \(intent.id): \(intent.method) of \(intent.bodyCount) bytes begins"))
        }
        for arrival in ledger.arrivals {
            let name = arrival.id.map { "request \($0)" } ?? "\(arrival.head.method) \(arrival.head.target)"
            let connection = arrival.isReused ? "a kept connection" : "a new connection"
            lines.append((arrival.at, "\(name): at \(arrival.backend), on \(connection)"))
        }
        for outcome in ledger.outcomes {
            let told = words[outcome.id].map { "\($0.status) \($0.cause) \($0.letters)" }.joined(separator: "; ")
            lines.append(
                (
                    outcome.at,
                    "request \(outcome.id): \(outcome.ending), status \(outcome.status), \(outcome.bodyCount) bytes, "
                        + "logged as \(told)"
                )
            )
        }
        for absence in absences { lines.append((absence.from, "\(absence.backend) gets nothing, \(absence.why)")) }
        // Of one instant in the order above: sorting alone does not keep it.
        return lines.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map {
            "\(milliseconds($0.element.at.nanoseconds - 1_000_000_000))  \($0.element.text)"
        }
    }
}
