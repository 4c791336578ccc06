import Proxy
import Simulator

/// The smallest honest event loop: sends back what it receives, one buffer at a time, and closes after the end.
struct EchoLoop<W: World & ~Copyable>: ~Copyable {
    private struct Connection {
        var socket: Socket
        var buffer = BufferID.none
        var start: UInt32 = 0
        var end: UInt32 = 0
        var generation: UInt32
    }

    private(set) var world: W
    private(set) var buffers = BufferPool()
    private var batch = CompletionBatch(capacity: 8)
    private var connections: [Connection?] = []
    private var generation: UInt32 = 0
    /// Completions whose connection was gone: they must be harmless.
    private(set) var staleCount = 0
    /// Buffers of sends whose connection was closed, until they come back.
    private var orphans: [(token: Token, buffer: BufferID)] = []
    private(set) var cancelledCount = 0
    private(set) var acceptFault: IOFault?

    init(_ world: consuming W) { self.world = world }

    mutating func listen(_ socket: Socket) {
        world.submit(.accept(socket), .init(.accept, slot: 0, generation: 0), buffers: buffers)
    }

    var openConnections: Int { connections.count { $0 != nil } }

    mutating func turn() {
        batch.removeAll()
        world.reap(into: &batch, until: .never, buffers: &buffers)
        for index in 0..<batch.count { take(batch[index]) }
    }

    private mutating func take(_ completion: Completion) {
        if let index = orphans.firstIndex(where: { $0.token == completion.token }) {
            buffers.give(orphans.remove(at: index).buffer)
        }
        let slot = Int(completion.token.slot)
        switch completion.outcome {
        case .woken, .connected:
            return
        case .accepted(let socket):
            generation += 1
            let free = connections.firstIndex { $0 == nil } ?? connections.count
            if free == connections.count { connections.append(nil) }
            connections[free] = Connection(socket: socket, generation: generation)
            receive(free)
        case .received(let buffer, let count):
            guard isCurrent(completion.token) else { return buffers.give(buffer) }
            connections[slot]?.buffer = buffer
            connections[slot]?.start = UInt32(BufferPool.headroom)
            connections[slot]?.end = UInt32(BufferPool.headroom) + count
            send(slot)
        case .sent(let count):
            guard isCurrent(completion.token), let connection = connections[slot] else { return }
            connections[slot]?.start += count
            if connection.start + count < connection.end { return send(slot) }
            buffers.give(connection.buffer)
            connections[slot]?.buffer = .none
            receive(slot)
        case .ended:
            if isCurrent(completion.token) { close(slot) }
        case .failed(let fault):
            if completion.token.kind == .accept {
                acceptFault = fault
            } else if isCurrent(completion.token) {
                if completion.token.kind == .downstreamSend, let buffer = connections[slot]?.buffer {
                    buffers.give(buffer)
                    connections[slot]?.buffer = .none
                }
                close(slot)
            }
        case .cancelled:
            cancelledCount += 1
        }
    }

    private mutating func isCurrent(_ token: Token) -> Bool {
        let isIt = connections[Int(token.slot)]?.generation == token.generation
        if !isIt { staleCount += 1 }
        return isIt
    }

    private mutating func receive(_ slot: Int) {
        guard let connection = connections[slot] else { return }
        let token = Token(.downstreamReceive, slot: UInt32(slot), generation: connection.generation)
        world.submit(.receive(connection.socket), token, buffers: buffers)
    }

    private mutating func send(_ slot: Int) {
        guard let connection = connections[slot] else { return }
        let token = sendToken(slot, connection)
        let slice = BufferSlice(connection.buffer, connection.start, connection.end)
        world.submit(.send(connection.socket, slice, more: false), token, buffers: buffers)
    }

    private func sendToken(_ slot: Int, _ connection: Connection) -> Token {
        Token(.downstreamSend, slot: UInt32(slot), generation: connection.generation)
    }

    /// A connection that holds a buffer is sending it.
    mutating func close(_ slot: Int) {
        guard let connection = connections[slot] else { return }
        world.submit(.close(connection.socket), .none, buffers: buffers)
        if !connection.buffer.isNone { orphans.append((sendToken(slot, connection), connection.buffer)) }
        connections[slot] = nil
    }

    mutating func closeAll() {
        for slot in connections.indices { close(slot) }
    }

    mutating func acceptAgain(_ socket: Socket) {
        acceptFault = nil
        listen(socket)
    }
}
