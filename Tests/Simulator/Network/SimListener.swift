package import Proxy

package protocol SimListenerOwner: AnyObject {
    /// A connection waits in the backlog.
    func acceptable(_ listener: SimListener)
}

/// A listening socket and its backlog.
package final class SimListener {
    package let address: Endpoint
    package let backlogMax: Int
    package weak var owner: (any SimListenerOwner)?
    /// A number for the owner's own use.
    package var tag = 0
    private unowned let network: SimNetwork
    private var backlog: [SimEnd] = []
    /// Handshakes that have a place in the backlog and are not finished.
    private var reserved = 0
    package private(set) var isClosed = false

    init(_ network: SimNetwork, _ address: Endpoint, backlogMax: Int, owner: any SimListenerOwner) {
        self.network = network
        self.address = address
        self.backlogMax = backlogMax
        self.owner = owner
    }

    package var waiting: Int { backlog.count }
    var isFull: Bool { backlog.count + reserved >= backlogMax }

    package func accept() -> SimEnd? { backlog.isEmpty ? nil : backlog.removeFirst() }

    /// Who waits in the backlog is reset.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        network.forget(self)
        for end in backlog { end.reset() }
        backlog.removeAll()
    }

    func reserve() { reserved += 1 }

    func admit(_ end: SimEnd) {
        reserved -= 1
        guard !isClosed else { return end.reset() }
        backlog.append(end)
        owner?.acceptable(self)
    }
}
