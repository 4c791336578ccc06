/// The names of backends and pools as a worker finds them. The live table must outlive it.
package struct LiveNames: BitwiseCopyable, Sendable {
    private let backends: ZeroedView<LiveBackend>
    private let authorities: ZeroedView<BackendAuthority>
    private let pools: ZeroedView<PoolName>

    package init(_ table: LiveTable) {
        backends = table.backends
        authorities = table.authorities
        pools = table.pools
    }

    /// - Parameter slot: a live slot.
    package func appendBackend(_ slot: UInt32, to out: inout OutputRawSpan) {
        backends[Int(slot)].appendName(to: &out)
    }

    /// What `Host` says to a backend where the client says nothing.
    /// - Parameter slot: a live slot.
    package func appendAuthority(_ slot: UInt32, to out: inout OutputRawSpan) {
        authorities[Int(slot)].append(to: &out)
    }

    /// - Parameter ticket: the pool's line among the tickets.
    package func appendPool(_ ticket: UInt32, to out: inout OutputRawSpan) { pools[Int(ticket)].append(to: &out) }
}
