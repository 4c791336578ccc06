import Proxy
import Simulator
import Testing

@Suite struct WorldTests {
    private func payload(_ count: Int) -> [UInt8] { BodyPattern(key: 3).bytes(from: 0, count: count) }

    /// Turns the loop whenever it has something to do, until nothing is left to happen.
    private func settle(_ network: SimNetwork, _ kernel: SimKernel, _ loop: inout EchoLoop<SimWorld>) {
        for _ in 0..<1_000_000 {
            while kernel.hasWork { loop.turn() }
            guard let next = network.nextEvent else { return }
            network.advance(to: next)
        }
        Issue.record("the loop does not come to rest")
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func anEchoLoopReturnsEveryByteInFoulWeather(seed: UInt64) {
        let network = SimNetwork(seed: seed, weather: .foul)
        let kernel = SimKernel(network, name: "echo", number: 1)
        let socket = kernel.listen(at: address)
        var loop = EchoLoop(SimWorld(kernel))
        loop.listen(socket)
        let peers = (0..<5).map { _ in Peer() }
        for (index, peer) in peers.enumerated() {
            peer.toSend = payload(1 + 9_000 * index)[...]
            peer.end = network.connect(to: address, owner: peer)
        }
        settle(network, kernel, &loop)
        for (index, peer) in peers.enumerated() {
            #expect(peer.received == payload(1 + 9_000 * index))
            peer.end?.close()
        }
        settle(network, kernel, &loop)
        #expect(loop.openConnections == 0)
        #expect(loop.buffers.taken == 0)
        #expect(kernel.openDescriptors == 1)
        #expect(kernel.pendingOperations == 0)
    }

    @Test func theSameSeedGivesTheSameTurns() {
        func run(_ seed: UInt64) -> EventHash {
            let network = SimNetwork(seed: seed, weather: .foul)
            let kernel = SimKernel(network, name: "echo", number: 1)
            var loop = EchoLoop(SimWorld(kernel))
            loop.listen(kernel.listen(at: address))
            let peer = Peer()
            peer.toSend = payload(30_000)[...]
            peer.end = network.connect(to: address, owner: peer)
            settle(network, kernel, &loop)
            return network.hash
        }
        #expect(run(1) == run(1))
        #expect(run(1) != run(2))
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyOperationCompletesOnceWhenSocketsAreClosedUnderIt(seed: UInt64) {
        var weather = Weather.foul
        weather.heldBackPerMille = 500
        let network = SimNetwork(seed: seed, weather: weather)
        let kernel = SimKernel(network, name: "echo", number: 1)
        var loop = EchoLoop(SimWorld(kernel))
        loop.listen(kernel.listen(at: address))
        let peers = (0..<20).map { _ in Peer() }
        for peer in peers {
            peer.toSend = payload(100_000)[...]
            peer.end = network.connect(to: address, owner: peer)
        }
        for _ in 0..<60 {
            while kernel.hasWork { loop.turn() }
            if let next = network.nextEvent { network.advance(to: next) }
        }
        loop.turn()
        loop.closeAll()
        settle(network, kernel, &loop)
        loop.closeAll()
        settle(network, kernel, &loop)
        #expect(loop.buffers.taken == 0)
        #expect(kernel.pendingOperations == 0)
        #expect(loop.cancelledCount > 0)
    }

    @Test func descriptorsRunOutAndAcceptIsDisarmed() {
        let network = SimNetwork(seed: 5)
        let kernel = SimKernel(network, name: "echo", number: 1)
        kernel.descriptorsMax = 3
        var loop = EchoLoop(SimWorld(kernel))
        let socket = kernel.listen(at: address)
        loop.listen(socket)
        let peers = (0..<4).map { _ in Peer() }
        for peer in peers {
            peer.toSend = payload(10)[...]
            peer.end = network.connect(to: address, owner: peer)
        }
        settle(network, kernel, &loop)
        #expect(loop.openConnections == 2)
        #expect(loop.acceptFault == .noDescriptors)
        #expect(kernel.openDescriptorsPeak == 3)
        loop.closeAll()
        loop.acceptAgain(socket)
        settle(network, kernel, &loop)
        #expect(loop.openConnections == 2)
        #expect(peers.count { $0.received.count == 10 } == 4)
    }

    @Test func aDescriptorMayComeFreeLaterThanItsSocketIsClosed() throws {
        let network = SimNetwork(seed: 5)
        network.weather.lateCloseNs = 1_000_000...1_000_000
        let kernel = SimKernel(network, name: "loop", number: 1)
        kernel.descriptorsMax = 1
        var world = SimWorld(kernel)
        let buffers = BufferPool()
        let socket = try world.open(address)
        world.submit(.close(socket), .none, buffers: buffers)
        #expect(throws: IOFault.noDescriptors) { _ = try world.open(address) }
        network.advance(to: network.now + 1_000_000)
        _ = try world.open(address)
    }

    @Test func aWorldTellsItsPeerAndItsClocks() throws {
        let network = SimNetwork(seed: 6)
        network.wallOffsetNs = 5_000
        let kernel = SimKernel(network, name: "loop", number: 1)
        var world = SimWorld(kernel)
        var buffers = BufferPool()
        var batch = CompletionBatch(capacity: 16)
        let far = Peer()
        let listener = network.listen(at: address, owner: far)
        defer { listener.close() }
        let socket = try world.open(address)
        world.submit(.connect(socket, address), .wake, buffers: buffers)
        world.reap(into: &batch, until: .never, buffers: &buffers)
        #expect(batch.count == 0)
        let before = world.now
        #expect(network.run())
        #expect(world.now == before, "the clock stands still between two reaps")
        world.reap(into: &batch, until: .never, buffers: &buffers)
        #expect(batch.count == 1)
        #expect(world.now > before)
        #expect(world.wallClock == Int64(world.now.nanoseconds) + 5_000)
        #expect(world.peer(of: socket) == address)
        #expect(world.entropy() != world.entropy())
        far.end?.reset()
        #expect(network.run())
        #expect(world.peer(of: socket) == .none)
    }

    @Test func aRefusedConnectFailsAndAClosedOneIsCancelled() throws {
        let network = SimNetwork(seed: 7)
        let kernel = SimKernel(network, name: "loop", number: 1)
        var world = SimWorld(kernel)
        var buffers = BufferPool()
        var batch = CompletionBatch(capacity: 16)
        let first = try world.open(address)
        let second = try world.open(address)
        world.submit(.connect(first, address), .init(.upstreamConnect, slot: 1, generation: 1), buffers: buffers)
        world.submit(.connect(second, address), .init(.upstreamConnect, slot: 2, generation: 1), buffers: buffers)
        world.submit(.close(second), .none, buffers: buffers)
        #expect(network.run())
        world.reap(into: &batch, until: .never, buffers: &buffers)
        var outcomes: [String] = []
        for index in 0..<batch.count { outcomes.append("\(batch[index].token.slot) \(batch[index].outcome)") }
        #expect(outcomes.sorted().count == 2)
        #expect(outcomes.contains { $0.hasPrefix("1 ") && $0.contains("refused") })
        #expect(outcomes.contains { $0.hasPrefix("2 ") && $0.contains("cancelled") })
    }

    @Test func anOpenFindsNoDescriptorAtTheLimit() {
        let network = SimNetwork(seed: 8)
        let kernel = SimKernel(network, name: "loop", number: 1)
        kernel.descriptorsMax = 0
        var world = SimWorld(kernel)
        #expect(throws: IOFault.noDescriptors) { try openOne(&world) }
    }
}

private func openOne(_ world: inout SimWorld) throws -> Socket { try world.open(address) }
