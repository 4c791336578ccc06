/// Backends that a change has replaced all at once, and that serve on until those that came in their place do.
package struct StandIn: Equatable, Sendable {
    package var pool: String
    /// Those that serve on, by name: they were removed, or their names have other URLs or pools now.
    package var backends: [String]
    /// Those of the pool that are to serve and do not.
    package var awaited: [String]
    /// Since when, in nanoseconds of the UNIX epoch.
    package var since: Int64
    /// It has taken longer than it should: too few of the new ones serve for the old ones to go.
    package var isOverdue: Bool

    package init(pool: String, backends: [String], awaited: [String], since: Int64, isOverdue: Bool) {
        self.pool = pool
        self.backends = backends
        self.awaited = awaited
        self.since = since
        self.isOverdue = isOverdue
    }
}
