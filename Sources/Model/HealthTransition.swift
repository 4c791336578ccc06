/// One change of a backend's phase, and why it came about.
package struct HealthTransition: Equatable, Sendable {
    /// 1 for the first since the process began; every later one is one more.
    package var sequence: UInt64
    /// Nanoseconds of the UNIX epoch.
    package var at: Int64
    package var backend: String
    package var pool: String
    package var from: BackendPhase
    package var to: BackendPhase
    /// In words: `connect refused`, `timeout after 2s`, `status 500`, `check passed`, `state is drain`.
    package var cause: String
    /// Checks, or where it is ejected requests, that had failed in a row by then.
    package var afterFailures: Int
    /// It has gone out of service again and again of late (`HealthStatus.flapsMin`).
    package var isFlapping: Bool

    package init(
        sequence: UInt64 = 0,
        at: Int64,
        backend: String,
        pool: String,
        from: BackendPhase,
        to: BackendPhase,
        cause: String,
        afterFailures: Int,
        isFlapping: Bool
    ) {
        self.sequence = sequence
        self.at = at
        self.backend = backend
        self.pool = pool
        self.from = from
        self.to = to
        self.cause = cause
        self.afterFailures = afterFailures
        self.isFlapping = isFlapping
    }
}
