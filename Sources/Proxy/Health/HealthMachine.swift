package import Model

/// The verdict on one backend, from the results of its probes: unknown → healthy ⇄ unhealthy.
///
/// A value that knows no socket and no clock. The first result decides at once; later, `fall` failures in a row take a
/// healthy backend out and `rise` passes in a row bring it back.
package struct HealthMachine: Equatable, Sendable {
    package private(set) var state = HealthState.unknown
    package private(set) var consecutiveOK = 0
    package private(set) var consecutiveFailures = 0

    package init() {}

    /// - Returns: whether the state changed.
    package mutating func record(hasPassed: Bool, rise: Int, fall: Int) -> Bool {
        if hasPassed {
            consecutiveOK += 1
            consecutiveFailures = 0
        } else {
            consecutiveFailures += 1
            consecutiveOK = 0
        }
        let before = state
        switch state {
        case .unknown: state = hasPassed ? .healthy : .unhealthy
        case .healthy: if consecutiveFailures >= fall { state = .unhealthy }
        case .unhealthy: if consecutiveOK >= rise { state = .healthy }
        }
        return state != before
    }

    /// Results have begun to speak against the state: it is about to change, and worth looking at again soon.
    package var isChanging: Bool {
        switch state {
        case .unknown: true
        case .healthy: consecutiveFailures > 0
        case .unhealthy: consecutiveOK > 0
        }
    }
}
