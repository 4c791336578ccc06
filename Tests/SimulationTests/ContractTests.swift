import Proxy
import Simulator
import Testing

/// A loop with one connected socket, to break rules with.
private struct Rig: ~Copyable {
    let network: SimNetwork
    let kernel: SimKernel
    let far = Peer()
    let listener: SimListener
    var world: SimWorld
    var buffers = BufferPool()
    var batch = CompletionBatch(capacity: 16)
    let socket: Socket
    let token = Token(.upstreamReceive, slot: 1, generation: 1)

    init(_ weather: Weather = .fair) throws {
        network = SimNetwork(seed: 1, weather: weather)
        kernel = SimKernel(network, name: "rig", number: 1)
        world = SimWorld(kernel)
        listener = network.listen(at: address, owner: far)
        socket = try world.open(address)
        world.submit(.connect(socket, address), token, buffers: buffers)
        _ = network.run()
        world.reap(into: &batch, until: .never, buffers: &buffers)
    }

    mutating func submit(_ operation: Operation) { world.submit(operation, token, buffers: buffers) }

    mutating func reap() {
        batch.removeAll()
        world.reap(into: &batch, until: .never, buffers: &buffers)
    }
}

@Suite struct ContractTests {
    @Test func twoReceivesOnOneSocketTrap() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            rig.submit(.receive(rig.socket))
            rig.submit(.receive(rig.socket))
        }
    }

    @Test func aSendOfNoBytesTraps() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            rig.submit(.send(rig.socket, BufferSlice(rig.buffers.take(), 5, 5), more: false))
        }
    }

    @Test func theUseOfAClosedSocketTraps() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            rig.submit(.close(rig.socket))
            rig.submit(.receive(rig.socket))
        }
    }

    @Test func aSendAfterShutdownTraps() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            rig.submit(.shutdown(rig.socket))
            rig.submit(.send(rig.socket, BufferSlice(rig.buffers.take(), 0, 1), more: false))
        }
    }

    @Test func aReceiveBeforeTheConnectIsDoneTraps() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            let socket = try rig.world.open(address)
            rig.submit(.connect(socket, address))
            rig.submit(.receive(socket))
        }
    }

    @Test func aBufferThatChangesWhileItIsBeingSentTraps() async {
        await #expect(processExitsWith: .failure) {
            var rig = try Rig()
            let buffer = rig.buffers.take()
            rig.submit(.send(rig.socket, BufferSlice(buffer, 0, 100), more: false))
            var room = rig.buffers.room(buffer)
            for value in 1...100 { room.append(UInt8(value)) }
            rig.reap()
        }
    }

    @Test func theSameStepsWithinTheRulesDoNotTrap() async {
        await #expect(processExitsWith: .success) {
            var rig = try Rig()
            let buffer = rig.buffers.take()
            rig.submit(.receive(rig.socket))
            rig.submit(.send(rig.socket, BufferSlice(buffer, 0, 100), more: false))
            rig.reap()
            rig.submit(.shutdown(rig.socket))
            rig.submit(.close(rig.socket))
            rig.reap()
            precondition(rig.batch.count == 1)
        }
    }
}
