/// Which pool a request belongs to.
package enum RouteTable {
    /// The pool's index in the snapshot, or nil when no pool serves. Without routes, everything goes to the pool
    /// `default`, which is compiled first.
    @inline(always)
    package static func pool(in snapshot: SnapshotView) -> Int? { snapshot.pools.count > 0 ? 0 : nil }
}
