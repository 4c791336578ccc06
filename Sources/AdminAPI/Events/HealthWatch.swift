import Model

/// Reads the plane's record of health changes on, and makes events of them.
struct HealthWatch {
    private let plane: any ControlPlane
    /// The newest that was read.
    private var cursor: UInt64

    /// Begins with what happens from now on.
    init(plane: any ControlPlane) {
        self.plane = plane
        cursor = plane.transitions(after: 0).last?.sequence ?? 0
    }

    /// What has changed since it was asked last.
    mutating func news() -> [EventDraft] {
        let transitions = plane.transitions(after: cursor)
        cursor = transitions.last?.sequence ?? cursor
        return transitions.flatMap { transition in
            let members: JSONObject = [
                "pool": .string(transition.pool), "from": .string(transition.from.rawValue),
                "to": .string(transition.to.rawValue), "cause": .string(transition.cause),
                "after_failures": .count(transition.afterFailures),
            ]
            let changed = EventDraft(.healthChanged, names: [transition.backend], at: transition.at, members)
            guard transition.isFlapping else { return [changed] }
            return [changed, EventDraft(.healthFlapping, names: [transition.backend], at: transition.at, members)]
        }
    }
}
