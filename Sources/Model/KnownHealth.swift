/// What was known of a backend's health when the process last ran: where it starts from, until its first check has spoken.
package struct KnownHealth: Equatable, Sendable {
    package var name: String
    /// Pool and URL are part of the identity: what was known of another address says nothing of this one.
    package var pool: String
    package var url: BackendURL
    /// `unknown` is as if nothing had been known.
    package var state: HealthState
    /// Why it was unhealthy.
    package var reason: String?

    package init(name: String, pool: String, url: BackendURL, state: HealthState, reason: String?) {
        self.name = name
        self.pool = pool
        self.url = url
        self.state = state
        self.reason = reason
    }
}
