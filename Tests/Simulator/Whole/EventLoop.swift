import Proxy

/// What the driver of a simulation asks of a worker or a prober: the shell's view of it.
protocol EventLoop: AnyObject {
    var kernel: SimKernel { get }
    /// When its next turn is due, whatever else happens.
    var nextDeadline: Instant { get }
    /// It gets no processor.
    var isHeld: Bool { get }
    /// One turn and the chores it leaves.
    func turn()
}

extension EventLoop {
    var isHeld: Bool { false }

    func isReady(at now: Instant) -> Bool { !isHeld && (kernel.hasWork || nextDeadline <= now) }
}
