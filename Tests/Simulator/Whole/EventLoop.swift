import Proxy

/// What the driver of a simulation asks of a worker or a prober: the shell's view of it.
protocol EventLoop: AnyObject {
    var kernel: SimKernel { get }
    /// When its next turn is due, whatever else happens.
    var nextDeadline: Instant { get }
    /// Its thread does not run: no turn, whatever is ready.
    var isStuck: Bool { get }
    /// One turn and the chores it leaves.
    func turn()
}

extension EventLoop {
    func isReady(at now: Instant) -> Bool { !isStuck && (kernel.hasWork || nextDeadline <= now) }
    /// When it would turn by itself; never while it is stuck.
    var nextTurn: Instant { isStuck ? .never : nextDeadline }
}
