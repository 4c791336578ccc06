import CLinux
import Model

/// The shells around the loops: a thread each, which turns its loop and does the chores that a turn returns.
enum LinuxWorker {
    /// What one worker's thread is given.
    struct Parts: Sendable {
        let number: Int
        /// Of all workers, by their numbers.
        let workers: [Waker]
        let settings: WorkerSettings
        let live: LiveTable
        let counters: WorkerCounters
        let mailbox: SnapshotMailbox
        let orders: LoopOrders
        let log: LogRing
        let logSignal: Signal
        let adoptions: Signal
        let changes: Signal
        let proberWaker: Waker
        /// This worker's socket of each listener, and whether trusted proxies begin with a PROXY header there.
        let listeners: [(socket: Socket, speaksProxyProtocol: Bool)]
    }

    /// Runs a worker until the process ends.
    static func run(_ parts: Parts, on engine: IOEngine) throws(IOFault) {
        switch engine {
        case .ioUring: try run(parts, in: uringWorld(parts.workers[parts.number]))
        case .epoll, .auto: try run(parts, in: LinuxWorld<EpollEngine>(waker: parts.workers[parts.number]))
        }
    }

    /// The kernel takes its time to give the memory back that the start has tried io_uring with.
    private static func uringWorld(_ waker: Waker) throws(IOFault) -> LinuxWorld<UringEngine> {
        for _ in 0..<100 {
            do {
                return try LinuxWorld<UringEngine>(waker: waker)
            } catch {
                guard error == .noMemory else { throw error }
                clx_sleep_ns(20_000_000)
            }
        }
        throw .noMemory
    }

    private static func run<E: Engine & ~Copyable>(_ parts: Parts, in world: consuming LinuxWorld<E>) {
        var worker = Worker(
            world: world,
            settings: parts.settings,
            live: parts.live,
            counters: parts.counters,
            mailbox: parts.mailbox,
            log: parts.log,
            number: parts.number
        )
        var isListening = false
        while true {
            let chores = worker.turn()
            if chores.contains(.adopt) {
                worker.adopt()
                parts.adoptions.raise()
            }
            if chores.contains(.log) { parts.logSignal.raise() }
            if chores.contains(.changed) { parts.changes.raise() }
            if chores.contains(.suspect) { parts.proberWaker.wake() }
            if chores.contains(.room) {
                let wakes = worker.takeWakes()
                for (number, waker) in parts.workers.enumerated() where wakes >> UInt64(number % 64) & 1 == 1 {
                    if number != parts.number { waker.wake() }
                }
            }
            if !isListening, parts.orders.wantsAccept {
                isListening = true
                for listener in parts.listeners {
                    worker.listen(listener.socket, speaksProxyProtocol: listener.speaksProxyProtocol)
                }
            }
            if parts.orders.wantsStop {
                worker.stop()
                // Who waited in a listener's queue when it was closed is still to be served.
                if worker.clientCount == 0, worker.world.isQuiet, !parts.orders.hasDrained {
                    parts.orders.setDrained()
                    parts.changes.raise()
                }
            }
        }
    }

    /// What the prober's thread is given.
    struct ProberParts: Sendable {
        let waker: Waker
        let live: LiveTable
        let board: HealthBoard
        let mailbox: SnapshotMailbox
        let desk: ProbeDesk
        let counters: [WorkerCounters]
        let adoptions: Signal
        let changes: Signal
        let reports: Signal
        let workers: [Waker]
    }

    /// Runs the prober until the process ends. A few connections a second are no matter for io_uring.
    static func runProber(_ parts: ProberParts) throws(IOFault) {
        let world = try LinuxWorld<EpollEngine>(waker: parts.waker)
        var prober = Prober(
            world: world,
            live: parts.live,
            board: parts.board,
            mailbox: parts.mailbox,
            desk: parts.desk,
            counters: parts.counters
        )
        while true {
            var chores = prober.turn()
            if chores.contains(.adopt) {
                // What adopting leaves to do adds to what the turn left.
                chores.formUnion(prober.adopt())
                parts.adoptions.raise()
                parts.changes.raise()
            }
            if chores.contains(.lost) { for worker in parts.workers { worker.wake() } }
            if chores.contains(.changed) { parts.changes.raise() }
            if chores.contains(.reported) { parts.reports.raise() }
        }
    }
}
