package import Proxy

/// A worker and the shell around it, which does its chores.
package final class WorkerLoop: EventLoop {
    package let kernel: SimKernel
    package let mailbox = SnapshotMailbox()
    package let counters: WorkerCounters
    /// Lines of the access log, as its thread would have written them.
    package private(set) var logText: [UInt8] = []
    package private(set) var buffersPeak = 0
    package private(set) var clientsPeak = 0
    package private(set) var exchangesPeak = 0
    package private(set) var turns = 0
    package private(set) var hasDrained = false
    package var isStuck = false
    private var worker: Worker<SimWorld>
    private let log = LogRing()
    private let network: SimNetwork
    /// Too many requests have failed at a backend.
    var wakeProber: () -> Void = {}
    /// There is room for requests of workers of these numbers.
    var wakeWorkers: (UInt64) -> Void = { _ in }

    init(
        _ network: SimNetwork,
        number: Int,
        settings: WorkerSettings,
        live: LiveTable,
        counters: WorkerCounters
    ) {
        self.network = network
        self.counters = counters
        kernel = SimKernel(network, name: "worker \(number)", number: number)
        worker = Worker(
            world: SimWorld(kernel),
            settings: settings,
            live: live,
            counters: counters,
            mailbox: mailbox,
            log: log,
            number: number
        )
    }

    package var nextDeadline: Instant { worker.nextDeadline }
    package var isAtRest: Bool { worker.isAtRest }
    package var clientCount: Int { worker.clientCount }
    package var exchangeCount: Int { worker.exchangeCount }
    package var upstreamCount: Int { worker.upstreamCount }
    package var buffersTaken: Int { worker.buffersTaken }

    func listen(at address: Endpoint, speaksProxyProtocol: Bool) {
        worker.listen(kernel.listen(at: address), speaksProxyProtocol: speaksProxyProtocol)
    }

    func stop() { worker.stop() }

    func turn() {
        turns += 1
        let chores = worker.turn()
        buffersPeak = max(buffersPeak, worker.buffersTaken)
        clientsPeak = max(clientsPeak, worker.clientCount)
        exchangesPeak = max(exchangesPeak, worker.exchangeCount)
        network.note(.turn, kernel.number, Int(chores.rawValue))
        if chores.contains(.adopt) { worker.adopt() }
        if chores.contains(.log) { drainLog() }
        if chores.contains(.suspect) { wakeProber() }
        if chores.contains(.room) { wakeWorkers(worker.takeWakes()) }
        if worker.isStopping, worker.clientCount == 0 { hasDrained = true }
    }

    private func drainLog() {
        // SAFETY: the ring's bytes are copied within the call.
        _ = unsafe log.drain { unsafe logText.append(contentsOf: $0) }
    }
}
