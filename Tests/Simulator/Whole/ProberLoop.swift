package import Proxy

/// The prober and the shell around it.
package final class ProberLoop: EventLoop {
    package let kernel: SimKernel
    package let mailbox = SnapshotMailbox()
    package let board = HealthBoard()
    package private(set) var turns = 0
    package var isStuck = false
    private var prober: Prober<SimWorld>
    private let network: SimNetwork
    /// A backend has ceased to serve.
    var wakeWorkers: () -> Void = {}

    init(_ network: SimNetwork, number: Int, live: LiveTable, counters: [WorkerCounters]) {
        self.network = network
        kernel = SimKernel(network, name: "prober", number: number)
        prober = Prober(
            world: SimWorld(kernel),
            live: live,
            board: board,
            mailbox: mailbox,
            counters: counters
        )
    }

    package var nextDeadline: Instant { prober.nextDeadline }
    package var buffersTaken: Int { prober.buffersTaken }

    func turn() {
        turns += 1
        var chores = prober.turn()
        network.note(.turn, kernel.number, Int(chores.rawValue))
        if chores.contains(.adopt) { chores.formUnion(prober.adopt()) }
        if chores.contains(.lost) { wakeWorkers() }
    }
}
