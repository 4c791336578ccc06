import Proxy
import Simulator
import Testing

@Suite struct NetworkTests {
    private func payload(_ count: Int) -> [UInt8] { BodyPattern(key: 7).bytes(from: 0, count: count) }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func bytesArriveWholeAndInOrderInFoulWeather(seed: UInt64) {
        let network = SimNetwork(seed: seed, weather: .foul)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        near.toSend = payload(200_000)[...]
        near.push()
        #expect(network.run())
        #expect(far.received == payload(200_000))
    }

    @Test func theSameSeedGivesTheSameEvents() {
        func hash(_ seed: UInt64) -> EventHash {
            let network = SimNetwork(seed: seed, weather: .foul)
            let (near, _, listener) = connectedPair(network)
            near.toSend = payload(50_000)[...]
            near.push()
            _ = network.run()
            listener.close()
            return network.hash
        }
        #expect(hash(11) == hash(11))
        #expect(hash(11) != hash(12))
        #expect(hash(11).count > 10)
    }

    @Test func aWriterStopsAtTheWindowUntilTheReaderReads() {
        var weather = Weather.fair
        weather.windowBytes = 10_000...10_000
        let network = SimNetwork(seed: 1, weather: weather)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        far.isReading = false
        near.toSend = payload(30_000)[...]
        near.push()
        #expect(network.run())
        #expect(near.toSend.count == 20_000)
        #expect(far.received.isEmpty)
        far.isReading = true
        if let end = far.end { far.readable(end) }
        #expect(network.run())
        #expect(near.toSend.isEmpty)
        #expect(far.received == payload(30_000))
    }

    @Test func aCloseSendsWhatWasWrittenAndThenTheEnd() {
        let network = SimNetwork(seed: 2, weather: .fair)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        near.toSend = payload(5_000)[...]
        near.push()
        near.end?.close()
        #expect(network.run())
        #expect(far.received.count == 5_000)
        #expect(far.hasEnded)
        #expect(!far.isReset)
    }

    @Test func aCloseWithUnreadBytesResets() {
        let network = SimNetwork(seed: 3, weather: .fair)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        far.isReading = false
        near.toSend = payload(100)[...]
        near.push()
        #expect(network.run())
        far.end?.close()
        #expect(network.run())
        #expect(near.isReset)
        #expect(!near.hasEnded)
    }

    @Test func bytesForAClosedEndAreAnsweredWithAReset() {
        let network = SimNetwork(seed: 4, weather: .fair)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        far.end?.close()
        near.toSend = payload(100)[...]
        near.push()
        #expect(near.toSend.isEmpty)
        #expect(network.run())
        #expect(near.hasEnded)
        #expect(near.end?.write([1]) == .reset)
    }

    @Test func aHalfClosedEndStillReceives() {
        let network = SimNetwork(seed: 5, weather: .fair)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        near.end?.shutdown()
        #expect(network.run())
        #expect(far.hasEnded)
        far.toSend = payload(1_000)[...]
        far.push()
        #expect(network.run())
        #expect(near.received.count == 1_000)
        #expect(!near.hasEnded)
    }

    @Test func bytesBeforeAResetAreReadBeforeIt() {
        let network = SimNetwork(seed: 6, weather: .fair)
        let (near, far, listener) = connectedPair(network)
        defer { listener.close() }
        far.toSend = payload(1_000)[...]
        far.push()
        far.end?.reset()
        near.isReading = false
        #expect(network.run())
        near.isReading = true
        if let end = near.end { near.readable(end) }
        #expect(near.received.count == 1_000)
        #expect(near.isReset)
    }

    @Test func aConnectWithoutListenerIsRefused() {
        let network = SimNetwork(seed: 7)
        let near = Peer()
        near.end = network.connect(to: address, owner: near)
        #expect(network.run())
        #expect(near.fault == .refused)
        #expect(!near.isConnected)
    }

    @Test func aBlackHoleHangsAConnectUntilItTimesOut() {
        let network = SimNetwork(seed: 8)
        let near = Peer()
        network.setBlackHole(address, true)
        near.end = network.connect(to: address, owner: near)
        let start = network.now
        #expect(network.run())
        #expect(near.fault == .timedOut)
        #expect(network.now.since(start) > 100_000_000_000)
    }

    @Test func aConnectIntoAHealedBlackHoleSucceedsOnItsNextAttempt() {
        let network = SimNetwork(seed: 9)
        let near = Peer()
        let far = Peer()
        let listener = network.listen(at: address, owner: far)
        defer { listener.close() }
        network.setBlackHole(address, true)
        near.end = network.connect(to: address, owner: near)
        network.schedule(afterNs: 500_000_000, .fault, 0) { network.setBlackHole(address, false) }
        let start = network.now
        #expect(network.run())
        #expect(near.isConnected)
        #expect(network.now.since(start) < 1_100_000_000)
    }

    @Test func aFullBacklogMakesConnectsWait() {
        let network = SimNetwork(seed: 10)
        let acceptor = Backlog()
        let listener = network.listen(at: address, backlogMax: 2, owner: acceptor)
        defer { listener.close() }
        let clients = (0..<3).map { _ in Peer() }
        for client in clients { client.end = network.connect(to: address, owner: client) }
        network.advance(to: network.now + 900_000_000)
        #expect(clients.count { $0.isConnected } == 2)
        #expect(listener.accept() != nil)
        #expect(network.run())
        #expect(clients.count { $0.isConnected } == 3)
    }

    @Test func listenersOfOneAddressShareItsConnections() {
        let network = SimNetwork(seed: 11)
        let acceptors = (0..<3).map { _ in Peer() }
        let listeners = acceptors.map { network.listen(at: address, owner: $0) }
        let clients = (0..<90).map { _ in Peer() }
        for client in clients { client.end = network.connect(to: address, owner: client) }
        #expect(network.run())
        #expect(acceptors.reduce(0) { $0 + $1.acceptedCount } == 90)
        for acceptor in acceptors { #expect(acceptor.acceptedCount > 10) }
        for listener in listeners { listener.close() }
    }

    @Test func closingAListenerResetsWhoWaits() {
        let network = SimNetwork(seed: 12)
        let acceptor = Backlog()
        let listener = network.listen(at: address, owner: acceptor)
        let near = Peer()
        near.end = network.connect(to: address, owner: near)
        #expect(network.run())
        #expect(near.isConnected)
        listener.close()
        #expect(network.run())
        if let end = near.end { near.readable(end) }
        #expect(near.isReset)
    }
}

/// Accepts nobody by itself.
private final class Backlog: SimListenerOwner {
    func acceptable(_ listener: SimListener) {}
}
