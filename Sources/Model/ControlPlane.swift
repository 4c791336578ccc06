/// The data plane as the admin side sees it. `AdminAPI` speaks to this; the daemon joins it to the proxy.
///
/// All calls may come from any thread. Calls of `apply` must not overlap: the admin side holds its write lock.
package protocol ControlPlane: AnyObject, Sendable {
    /// Makes `desired` the live state and returns once every worker has adopted it: a request that is accepted after
    /// the return uses the new table. Backends that are gone take nothing new and finish what they have, but where that would
    /// leave a pool to newcomers whose checks are still to come: there they stand in (`standIns`). A backend whose pool and
    /// URL stay keeps its health, counters and connections; one that is ready again passes a check before it serves. What one
    /// call could not make live, the next does.
    func apply(_ desired: DesiredState, revision: UInt64) throws(PlaneError)

    /// The live facts now. Backends that were removed and still have requests in flight are in it as `draining`.
    func status() -> PlaneStatus

    /// The live facts of one backend now; nil where `status` has none.
    func status(of name: String) -> BackendStatus?

    /// Everything that is counted and measured, now.
    func metrics() -> MetricsSnapshot

    /// How long requests took by now, of the backends of these names, nil being all; those that `status` has none of are left
    /// out.
    func durations(of names: Set<String>?) -> [String: RequestDurations]

    /// The drains that are under way, and the last ones that are over, oldest first.
    func drains() -> [DrainProgress]

    /// Ends what a drain has left: requests that no backend has seen go elsewhere, the others are cut and counted, and so are
    /// tunnels. Returns once every worker has done so. Does nothing when the drain is over.
    func cut(_ drain: UInt64) throws(PlaneError)

    /// Who serves on although it is not desired any more, pool by pool.
    func standIns() -> [StandIn]

    /// A number that grows whenever health, membership or a drain's end may have changed what `status` tells.
    var changes: UInt64 { get }

    /// A number that grows with every `apply`. While it stays the same nobody has come and nobody was removed, and phases
    /// change by `transitions` only, but for those who were removed and finish what they have: most of `changes` is checks
    /// that end as they ended before, and nothing to look at all backends for.
    var publications: UInt64 { get }

    /// Blocks until `changes` is past `seen` or `timeout` has gone by, and returns the number then.
    func awaitChange(after seen: UInt64, timeout: TimeSpan) -> UInt64

    /// The changes of backends' phases past `sequence` (0 for all), oldest first, as far as they are still kept: where the
    /// first one's number is not the next, some are lost. `changes` grows with each.
    func transitions(after sequence: UInt64) -> [HealthTransition]

    /// Runs a health check once, now, at where `spec` says, whether it is part of the desired state or only proposed. Health
    /// does not change by it. Blocks until it has ended, for at most its timeout and the look-up of a name.
    func probe(_ spec: BackendSpec, with check: HealthCheckSpec) -> ProbeReport

    /// What was known of backends' health when the process last ran: those that are new to the plane from now on begin
    /// there, and are checked at once all the same. To be called before the first `apply`.
    func seed(_ known: [KnownHealth])
}

package enum PlaneError: Error, Equatable {
    /// The process is going down and takes no changes.
    case stopping
    /// A worker did not adopt the change in time. The state is published; the worker is stuck.
    case notAdopted(workers: Int)
    /// No place is left for a new backend: so many that were removed still finish what they have. Nothing was published.
    case full(draining: Int)
}
