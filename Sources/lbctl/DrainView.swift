/// The report of a drain, every member optional.
struct DrainView {
    private let json: JSON?

    init(_ json: JSON?) { self.json = json }

    var cut: Int { json?["cut"]?.int ?? 0 }
    var inFlightAtStart: Int? { json?["in_flight_at_start"]?.int }
    var completed: Int? { json?["completed"]?.int }

    /// Requests that still run.
    var left: Int? {
        if let now = json?["in_flight"]?.int { return now }
        guard let inFlightAtStart, let completed else { return nil }
        return max(0, inFlightAtStart - completed - cut)
    }

    /// What became of it: `draining`, `clean`, `cut`, `cancelled` or `failed`; nil from a server that does not say.
    private var outcome: String? { json?["outcome"]?.string }

    /// `3.2s`, from the text the API sends or from a number of seconds.
    private var elapsed: String? {
        if let text = json?["elapsed"]?.string { return text }
        guard let seconds = json?["elapsed"]?.double, seconds >= 0, seconds < 1e9 else { return nil }
        return elapsedText(nanoseconds: Int64(seconds * 1e9))
    }

    var finished: [String] {
        guard json != nil else { return [] }
        var facts: [String] = []
        // What was called off, or still goes on, has drained nothing.
        let hasDrained = outcome.map { ["clean", "cut"].contains($0) } ?? true
        if hasDrained, inFlightAtStart == 0, cut == 0 { return ["nothing was in flight"] }
        if let elapsed { facts.append(hasDrained ? "drained in \(elapsed)" : "\(outcome ?? "ended") after \(elapsed)") }
        if !hasDrained, let left, left > 0 { facts.append("\(left) in flight") }
        if let completed { facts.append(requests(completed) + " completed") }
        if let moved = json?["moved"]?.int, moved > 0 { facts.append("\(moved) moved to others") }
        if cut > 0 { facts.append("\(cut) cut") }
        if let streams = json?["streams_closed"]?.int, streams > 0 { facts.append("\(streams) upgraded closed") }
        return facts
    }

    var unfinished: [String] {
        guard let left, left > 0 else { return ["still draining"] }
        return [requests(left) + " still in flight"]
    }

    private func requests(_ count: Int) -> String { count == 1 ? "1 request" : "\(count) requests" }

    /// The reports of a write that is about these backends: of one in the answer itself, of many by name.
    static func reports(in json: JSON, names: [String]) -> [String: DrainView] {
        if let one = json["drain"], names.count == 1 { return [names[0]: DrainView(one)] }
        var reports: [String: DrainView] = [:]
        for name in names {
            let report = json["drains"]?[name] ?? json["backends"]?[name]?["drain"]
            if let report { reports[name] = DrainView(report) }
        }
        return reports
    }
}
