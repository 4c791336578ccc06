package import Model
package import Proxy

/// A scripted HTTP/1.1 server that lives in the network.
package final class SimBackend {
    package let name: String
    package let address: Endpoint
    /// What its name stands for, when it is published next. It listens at every address that it has ever had: the machine that
    /// a name has left goes on for a while.
    package private(set) var home: Endpoint
    /// Addresses that its name has as well, where nobody listens; they are tried first.
    package var deadAddresses: [Endpoint] = []
    /// What to answer; drawn for each request but the probes.
    package var script: (MessageHead, inout Chance) -> AnswerScript = { _, _ in AnswerScript(bodyCount: 32) }
    /// What a probe (`probePath`) gets.
    package var probeScript = AnswerScript(bodyCount: 2)
    package var probePath = "/health"
    /// Closes a connection that has been idle for a time drawn from this.
    package var idleCloseNs: ClosedRange<UInt64>?
    package var readPace: Pace?
    /// What the desired state says of it, when it is published next.
    package var weight = 1
    package var isBackup = false
    package var state = BackendState.ready
    /// Requests at once; 0 is any number.
    package var requestsMax = 0
    /// It is a member at all.
    package var isListed = true
    /// Its drain is out of time, while it drains or is no member.
    package var isCut = false
    /// Where the balancer keeps what it knows of it, once it has been a member.
    var liveSlot: UInt32?
    /// When each probe's request came.
    package private(set) var probeTimes: [Instant] = []
    package var probes: Int { probeTimes.count }
    package private(set) var connectionsAccepted = 0
    let network: SimNetwork
    let ledger: Ledger
    private(set) var chance: Chance
    private var addresses: [Endpoint]
    private var listeners: [SimListener] = []
    private var connections: [BackendConnection] = []

    package init(_ network: SimNetwork, _ ledger: Ledger, name: String, address: Endpoint) {
        self.network = network
        self.ledger = ledger
        self.name = name
        self.address = address
        home = address
        addresses = [address]
        chance = network.forkChance()
    }

    package var isUp: Bool { !listeners.isEmpty }
    /// As the desired state names it.
    package var url: BackendURL {
        let octets = [24, 16, 8, 0].map { String((address.low >> UInt64($0)) & 255) }
        guard let url = try? BackendURL("http://\(octets.joined(separator: ".")):\(address.port)") else {
            preconditionFailure("an IPv4 address makes a URL")
        }
        return url
    }
    package var connectionsOpen: Int { connections.count }

    package func start() {
        guard !isUp else { return }
        listeners = addresses.map { network.listen(at: $0, owner: self) }
    }

    /// Its name stands for another address from now on, or for one that it has had before.
    package func move(to address: Endpoint) {
        home = address
        guard !addresses.contains(address) else { return }
        addresses.append(address)
        if isUp { listeners.append(network.listen(at: address, owner: self)) }
    }

    /// The process dies: the system closes all it had.
    package func kill() {
        for listener in listeners { listener.close() }
        listeners.removeAll()
        for connection in connections { connection.close() }
        connections.removeAll()
        network.note(.fault, 1, 0)
    }

    package func kill(afterNs delay: UInt64) {
        network.schedule(afterNs: delay, .fault, 0) { [weak self] in self?.kill() }
    }

    package func start(afterNs delay: UInt64) {
        network.schedule(afterNs: delay, .fault, 0) { [weak self] in self?.start() }
    }

    func countProbe() { probeTimes.append(network.now) }

    func draw(for head: MessageHead) -> AnswerScript {
        head.target == probePath ? probeScript : script(head, &chance)
    }

    func withChance<Result>(_ body: (inout Chance) -> Result) -> Result { body(&chance) }

    func forget(_ connection: BackendConnection) { connections.removeAll { $0 === connection } }
}

extension SimBackend: SimListenerOwner {
    package func acceptable(_ listener: SimListener) {
        while let end = listener.accept() {
            connectionsAccepted += 1
            let connection = BackendConnection(self, end)
            connections.append(connection)
            connection.readable(end)
        }
    }
}
