import Model

/// Keeps what is known of backends' health in the store, so that the next start begins there.
struct HealthMemory: Sendable {
    let state: ConfigState
    let plane: any ControlPlane

    /// How often it is noted that what is kept is still so, whatever changes or does not: a process that is killed has
    /// known it at most this much longer than is said.
    static let stampInterval = TimeSpan.seconds(30)

    /// Keeps the verdicts on these backends; nil is on all.
    func keep(_ names: Set<String>?) {
        let facts = plane.status().backends
        var known: [KnownHealth] = []
        var unknown: [String] = []
        for entry in state.current.desired.backends where names?.contains(entry.name) ?? true {
            // One that has never passed a check begins anew: whether it works at all is not known yet.
            guard let health = facts[entry.name]?.health, health.state != .unknown,
                health.state == .healthy || health.hasPassed
            else {
                unknown.append(entry.name)
                continue
            }
            known.append(
                KnownHealth(
                    name: entry.name,
                    pool: entry.spec.pool,
                    url: entry.spec.url,
                    state: health.state,
                    reason: health.state == .unhealthy ? health.reason : nil
                )
            )
        }
        state.keepHealth(known, unknown: unknown, at: WallClock.now())
    }
}
