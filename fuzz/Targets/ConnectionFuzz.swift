import Model
import Proxy
import Simulator

/// A whole worker between a client and a backend that both say what the input says.
///
/// The input is text for the client; 0xFF and one more byte, modulo eight, switch: 0 the client speaks, 1 the backend
/// speaks, 2 and 3 they end their side, 4 and 5 reset, 6 a second goes by, 7 a minute. The backend speaks on the newest
/// connection that it has.
///
/// Whatever they say, the worker is at rest behind it with nothing held, and what a backend got is a sequence of requests
/// with one meaning.
final class ConnectionFuzz {
    private let bytes: [UInt8]
    private let simulation: Simulation
    private let client = RawPeer()
    private let server = RawServer()

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var settings = Simulation.Settings(seed: 1)
        settings.workers = 1
        settings.clientsMax = 4
        simulation = Simulation(settings)
    }

    func run() {
        let backend = simulation.addBackend()
        backend.kill()
        let listener = simulation.network.listen(at: backend.address, owner: server)
        simulation.publish([backend])
        simulation.run(forAtMostNs: 10_000_000)
        client.end = simulation.network.connect(to: Simulation.address, owner: client)
        simulation.run(forAtMostNs: 10_000_000)

        var text: [UInt8] = []
        var isClient = true
        var at = 0
        while at <= bytes.count {
            guard at < bytes.count, bytes[at] != 0xFF || at + 1 == bytes.count else {
                say(text, asClient: isClient)
                text = []
                if at < bytes.count { act(bytes[at + 1] % 8, &isClient) }
                at += 2
                continue
            }
            text.append(bytes[at])
            at += 1
        }
        client.end?.close()
        for peer in server.peers { peer.end?.close() }
        listener.close()
        let violations = simulation.finish()
        precondition(violations.isEmpty, "\(violations)")
        for peer in server.peers where !peer.hasSwitched { checkRequests(peer.received) }
    }

    /// What the backend got, by connection.
    var heard: [[UInt8]] { server.peers.map(\.received) }

    private func act(_ action: UInt8, _ isClient: inout Bool) {
        let backend = server.peers.last?.end
        switch action {
        case 0: isClient = true
        case 1: isClient = false
        case 2: if client.isOpen { client.end?.shutdown() }
        case 3: if server.peers.last?.isOpen == true { backend?.shutdown() }
        case 4: client.end?.reset()
        case 5: backend?.reset()
        case 6: simulation.run(forAtMostNs: 1_000_000_000)
        default: simulation.run(forAtMostNs: 60_000_000_000)
        }
        simulation.run(forAtMostNs: 10_000_000)
    }

    private func say(_ text: [UInt8], asClient: Bool) {
        guard !text.isEmpty else { return }
        guard let peer = asClient ? client : server.peers.last else { return }
        if !asClient, String(decoding: text, as: UTF8.self).contains(" 101") { peer.hasSwitched = true }
        peer.toSend += text
        peer.push()
        simulation.run(forAtMostNs: 10_000_000)
    }

    private func checkRequests(_ received: [UInt8]) {
        var parser = MessageParser(.requests)
        parser.feed(received)
        while parser.next() != nil {}
        precondition(
            parser.violation == nil,
            "\(parser.violation ?? "") in \(String(decoding: received, as: UTF8.self))"
        )
    }
}

/// One end of a connection that says what it is told and keeps what it hears.
final class RawPeer: SimEndOwner {
    var end: SimEnd?
    var received: [UInt8] = []
    var toSend: ArraySlice<UInt8> = []
    /// It may have answered with 101: what it hears from then on is no HTTP.
    var hasSwitched = false

    var isOpen: Bool {
        guard let end else { return false }
        return end.isConnected && !end.isClosed && !end.isReset && !end.hasShutDown
    }

    func connected(_ end: SimEnd) { push() }
    func connectFailed(_ end: SimEnd, _ fault: IOFault) {}

    func readable(_ end: SimEnd) {
        while !end.isClosed {
            guard case .bytes(let bytes) = end.read(atMost: 65_536) else { return }
            received += bytes
        }
    }

    func writable(_ end: SimEnd) { push() }

    func push() {
        while let end, isOpen, !toSend.isEmpty {
            guard case .accepted(let count) = end.write(toSend) else { return }
            toSend = toSend.dropFirst(count)
        }
    }
}

final class RawServer: SimListenerOwner {
    private(set) var peers: [RawPeer] = []

    func acceptable(_ listener: SimListener) {
        while let accepted = listener.accept() {
            let peer = RawPeer()
            peer.end = accepted
            accepted.owner = peer
            peers.append(peer)
            peer.readable(accepted)
        }
    }
}
