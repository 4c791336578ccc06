import HTTPWire
import Testing

@testable import Proxy

/// A world in which nothing happens but what a test says, in the order it says it.
///
/// Not a simulation: no network, no chance. It is for the orders of events that a network seldom plays, one at a time.
struct ScriptedWorld: World, ~Copyable {
    let script: Script

    var now: Instant { script.now }
    var wallClock: Int64 { 1_792_000_000_000_000_000 + Int64(script.now.nanoseconds) }

    mutating func entropy() -> UInt64 { 0x0123_4567_89AB_CDEF }

    mutating func open(_ endpoint: Endpoint) throws(IOFault) -> Socket {
        if let fault = script.openFault { throw fault }
        if script.descriptorsLeft == 0 { throw .noDescriptors }
        script.descriptorsLeft -= 1
        return script.makeSocket()
    }

    func peer(of socket: Socket) -> Endpoint { .ipv4(0x7F00_0001, port: 40_000) }

    func acknowledged(_ socket: Socket) -> UInt64? { script.wires[socket.raw]?.acknowledged }

    func resetOnClose(_ socket: Socket) { script.wires[socket.raw]?.resetsOnClose = true }

    mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool) {
        script.submit(operation, token, buffers)
    }

    mutating func reap(into batch: inout CompletionBatch, until deadline: Instant, buffers: inout BufferPool) {
        script.reap(&batch, &buffers)
    }
}

/// What a test says, and what it can look at: the other side of every socket.
final class Script {
    /// The far end of one of the loop's sockets, and what is pending on it.
    struct Wire {
        var receive: Token?
        var passing: UInt32 = 0
        var send: (token: Token, slice: BufferSlice, bytes: [UInt8])?
        var connect: (token: Token, endpoint: Endpoint)?
        /// Bytes for the loop to receive, and what follows them.
        var inbox: [UInt8] = []
        var end: Completion.Outcome?
        /// What the loop has sent.
        var outbox: [UInt8] = []
        /// The far end reads nothing: sends do not complete.
        var isBlocked = false
        var isShut = false
        var isClosed = false
        var sendsWithMore = 0
        /// What the far end's kernel has acknowledged; nil where nobody can tell.
        var acknowledged: UInt64?
        var resetsOnClose = false
    }

    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wires: [Int32: Wire] = [:]
    var openFault: IOFault?
    /// Sockets that may still be opened; one that is closed counts again.
    var descriptorsLeft = Int.max / 2
    /// The kernel closes sockets later: their descriptors count again only when `freeDescriptors` is called.
    var closesLate = false
    private var descriptorsLeaving = 0
    /// Whether a connect succeeds by itself.
    var connectsAtOnce = true
    /// How connects end by themselves that go to these ports; others succeed.
    var connectFaults: [UInt16: IOFault] = [:]
    /// Ports that were connected to, oldest first.
    private(set) var dialled: [UInt16] = []
    private var nextSocket: Int32 = 100
    /// What is in pipes, by their numbers.
    private var pipes: [Int: [UInt8]] = [:]
    private(set) var completions: [Completion] = []
    private var listener: Token?
    private(set) var reapedLast = 0

    func makeSocket() -> Socket {
        nextSocket += 1
        wires[nextSocket] = Wire()
        return Socket(raw: nextSocket)
    }

    func freeDescriptors() {
        descriptorsLeft += descriptorsLeaving
        descriptorsLeaving = 0
    }

    /// The sockets made so far, oldest first.
    var sockets: [Int32] { wires.keys.sorted() }

    /// A client connects.
    func accept() -> Int32 {
        let socket = makeSocket()
        completions.append(Completion(listener!, .accepted(socket)))
        return socket.raw
    }

    /// A pending connect ends.
    func finishConnect(_ socket: Int32, _ outcome: Completion.Outcome = .connected) {
        guard let connect = wires[socket]?.connect else {
            Issue.record("socket \(socket) is not connecting")
            return
        }
        wires[socket]?.connect = nil
        completions.append(Completion(connect.token, outcome))
    }

    func submit(_ operation: Operation, _ token: Token, _ buffers: borrowing BufferPool) {
        switch operation {
        case .accept: listener = token
        case .acceptStop: break
        case .connect(let socket, let endpoint):
            #expect(wires[socket.raw]?.isClosed == false)
            wires[socket.raw]!.connect = (token, endpoint)
            dialled.append(endpoint.port)
            if let fault = connectFaults[endpoint.port] {
                finishConnect(socket.raw, .failed(fault))
            } else if connectsAtOnce {
                finishConnect(socket.raw)
            }
        case .receive(let socket, let passing):
            #expect(wires[socket.raw]!.connect == nil, "a receive on a socket that is still connecting")
            #expect(wires[socket.raw]!.receive == nil, "two receives on one socket")
            #expect(!wires[socket.raw]!.isClosed)
            wires[socket.raw]!.receive = token
            wires[socket.raw]!.passing = passing
        case .send(let socket, let slice, let more):
            #expect(wires[socket.raw]!.send == nil, "two sends on one socket")
            #expect(!wires[socket.raw]!.isClosed && !wires[socket.raw]!.isShut)
            #expect(!slice.isEmpty)
            wires[socket.raw]!.send = (token, slice, copy(slice, buffers))
            if more { wires[socket.raw]!.sendsWithMore += 1 }
        case .shutdown(let socket): wires[socket.raw]!.isShut = true
        case .close(let socket):
            // The listener is nobody's wire.
            guard var wire = wires[socket.raw] else { return }
            #expect(!wire.isClosed, "closed twice")
            wire.isClosed = true
            if closesLate { descriptorsLeaving += 1 } else { descriptorsLeft += 1 }
            for token in [wire.receive, wire.send?.token, wire.connect?.token] {
                if let token { completions.append(Completion(token, .cancelled)) }
            }
            (wire.receive, wire.send, wire.connect) = (nil, nil, nil)
            wires[socket.raw] = wire
        }
    }

    func reap(_ batch: inout CompletionBatch, _ buffers: inout BufferPool) {
        for socket in sockets {
            var wire = wires[socket]!
            if let send = wire.send, !wire.isBlocked {
                // Whoever gave the buffer away before its send was done has let others write into it.
                #expect(copy(send.slice, buffers) == send.bytes, "a send's bytes changed under way")
                wire.send = nil
                if send.slice.buffer.isPipe { pipes[send.slice.buffer.pipeNumber] = [] }
                if case .failed(let fault)? = wire.end {
                    completions.append(Completion(send.token, .failed(fault)))
                } else {
                    wire.outbox += send.bytes
                    completions.append(Completion(send.token, .sent(send.slice.count)))
                }
            }
            if let token = wire.receive {
                if !wire.inbox.isEmpty {
                    let buffer: BufferID
                    let count: Int
                    let pipe = wire.passing > 0 ? buffers.takePipe() : .none
                    if pipe.isNone {
                        buffer = buffers.take()
                        count = min(wire.inbox.count, buffers.receiveCapacity(buffer))
                        var room = buffers.room(buffer, from: BufferPool.headroom)
                        for byte in wire.inbox[..<count] { room.append(byte) }
                    } else {
                        buffer = pipe
                        count = min(wire.inbox.count, Int(wire.passing), 100_000)
                        pipes[pipe.pipeNumber] = Array(wire.inbox[..<count])
                    }
                    wire.inbox.removeFirst(count)
                    wire.receive = nil
                    completions.append(Completion(token, .received(buffer, count: UInt32(count))))
                } else if let end = wire.end {
                    wire.receive = nil
                    completions.append(Completion(token, end))
                }
            }
            wires[socket] = wire
        }
        reapedLast = 0
        while !completions.isEmpty, !batch.isFull {
            batch.append(completions.removeFirst())
            reapedLast += 1
        }
    }

    private func copy(_ slice: BufferSlice, _ buffers: borrowing BufferPool) -> [UInt8] {
        if slice.buffer.isPipe {
            let held = pipes[slice.buffer.pipeNumber, default: []]
            #expect(held.count == Int(slice.count), "a pipe's bytes are sent once, and all of them")
            return held
        }
        let bytes = buffers.bytes(slice)
        return (0..<bytes.byteCount).map { bytes.byte($0) }
    }
}
