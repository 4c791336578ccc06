import HTTPWire
import Model
import Testing

@testable import Proxy

/// One worker on a scripted world, with as many backends as asked for, all serving.
final class Bench {
    let script = Script()
    let live: LiveTable
    let counters = WorkerCounters()
    let ring = LogRing()
    private let mailbox = SnapshotMailbox()
    var worker: Worker<ScriptedWorld>
    private let backends: Int
    private let endpoints: Int
    private let requestsMax: Int
    private let settings: WorkerSettings
    /// The pool's; what is changed of it is known once it is published.
    var spec: PoolSpec
    private var sequence: UInt64 = 0
    /// Added to the ports of all addresses: the names stand for others from the next `publish` on.
    var portOffset: UInt16 = 0

    /// - Parameters:
    ///   - requestsMax: of each backend; 0 is any number.
    ///   - endpoints: addresses of each backend.
    ///   - live: what it shares with other benches, of which the first makes the backends.
    ///   - number: of its worker among those.
    ///   - pool: how their pool balances; its health check is nobody's concern here.
    init(
        backends: Int = 1,
        requestsMax: Int = 0,
        endpoints: Int = 1,
        pool spec: PoolSpec = PoolSpec(),
        clientsMax: Int = 64,
        live: LiveTable = LiveTable(),
        number: Int = 0,
        trusting trusted: TrustedProxies = TrustedProxies(),
        _ adjust: (inout Limits, inout Timeouts) -> Void = { _, _ in }
    ) {
        self.live = live
        var limits = Limits()
        var timeouts = Timeouts()
        adjust(&limits, &timeouts)
        let settings = WorkerSettings(
            limits: limits,
            timeouts: timeouts,
            workers: 1,
            clientsMax: clientsMax,
            logsAccess: true,
            trustedProxies: trusted,
            sendsForwarded: !trusted.isEmpty
        )
        worker = Worker(
            world: ScriptedWorld(script: script),
            settings: settings,
            live: live,
            counters: counters,
            mailbox: mailbox,
            log: ring,
            number: number
        )
        self.backends = backends
        self.endpoints = endpoints
        self.requestsMax = requestsMax
        self.settings = settings
        self.spec = spec
        let lines = live.backends
        for index in 0..<backends where number == 0 {
            lines[index].begin(name: "b\(index)")
            let authorities = live.authorities
            authorities[index].set("127.0.0.1:\(8000 + index * endpoints)")
            live.setAvailability(UInt32(index), .serving)
        }
        publish()
        worker.listen(Socket(raw: 3))
    }

    /// Makes a new snapshot of the same backends the worker's.
    /// - Parameters:
    ///   - draining: those that take nothing new.
    ///   - cuts: those of them that are out of time.
    func publish(draining: Set<Int> = [], cuts: [UInt32] = []) {
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, spec)
        var placements: [String: Compile.Placement] = [:]
        for index in 0..<backends {
            guard let url = try? BackendURL("http://127.0.0.1:\(8000 + index * endpoints)") else {
                preconditionFailure()
            }
            let state: BackendState = draining.contains(index) ? .drain : .ready
            desired.setBackend("b\(index)", BackendSpec(url: url, requestsMax: requestsMax, state: state))
            let ports = (0..<endpoints).map { UInt16(8000 + index * endpoints + $0) + portOffset }
            placements["b\(index)"] = Compile.Placement(
                live: UInt32(index),
                epoch: 0,
                endpoints: ports.map { .ipv4(0x7F00_0001, port: $0) }
            )
        }
        sequence += 1
        mailbox.post(
            Compile.snapshot(
                desired,
                sequence: sequence,
                placements: placements,
                tickets: [DesiredState.defaultPool: 0],
                settings: settings,
                cuts: cuts
            )
        )
        worker.adopt()
    }

    /// Turns until nothing happens any more.
    func settle() {
        var quietTurns = 0
        for _ in 0..<1000 {
            _ = worker.turn()
            // A turn that reaps nothing may still fire a timer, whose send the next one reaps.
            quietTurns = script.reapedLast == 0 && script.completions.isEmpty ? quietTurns + 1 : 0
            if quietTurns == 2 { return }
        }
        Issue.record("it never settles")
    }

    /// Lets time go by, a little past `nanoseconds`: timers are as coarse as their wheel's ticks.
    func pass(_ nanoseconds: UInt64) {
        script.now = script.now + (nanoseconds + 5_000_000)
        settle()
    }

    func pass(seconds: UInt64) { pass(seconds * 1_000_000_000) }

    /// A client that sends `bytes` right away.
    func client(_ bytes: String = "") -> Int32 {
        let socket = script.accept()
        script.wires[socket]!.inbox = Array(bytes.utf8)
        settle()
        return socket
    }

    /// The socket's far end sends.
    func say(_ socket: Int32, _ bytes: String) {
        script.wires[socket]!.inbox += Array(bytes.utf8)
        settle()
    }

    /// The socket's far end closes, or resets.
    func end(_ socket: Int32, _ outcome: Completion.Outcome = .ended) {
        script.wires[socket]!.end = outcome
        settle()
    }

    func block(_ socket: Int32, _ isBlocked: Bool = true) {
        script.wires[socket]!.isBlocked = isBlocked
        settle()
    }

    /// What the socket's far end has got.
    func got(_ socket: Int32) -> String { String(decoding: script.wires[socket]!.outbox, as: UTF8.self) }
    func isClosed(_ socket: Int32) -> Bool { script.wires[socket]!.isClosed }

    /// The newest socket.
    var latest: Int32 { script.sockets.last! }
    func inFlight(_ backend: Int) -> Int { live.backends[backend].inFlight }
    var inFlight: Int { (0..<8).reduce(0) { $0 + live.backends[$1].inFlight } }

    /// The log so far.
    func log() -> String {
        var text = ""
        _ = ring.drain { text += String(decoding: $0, as: UTF8.self) }
        return text
    }

    /// Ends every connection from outside; then nothing may be held any more.
    func expectRest(_ location: SourceLocation = #_sourceLocation) {
        for socket in script.sockets where !script.wires[socket]!.isClosed {
            script.wires[socket]!.isBlocked = false
            script.wires[socket]!.inbox = []
            script.wires[socket]!.end = .failed(.reset)
            if script.wires[socket]!.connect != nil { script.finishConnect(socket, .failed(.reset)) }
        }
        settle()
        // A request may have been sent again, to wait for its time to run out.
        for _ in 0..<4 { pass(seconds: 100) }
        #expect(worker.exchangeCount == 0, sourceLocation: location)
        #expect(worker.clientCount == 0, sourceLocation: location)
        #expect(worker.buffersTaken == 0, sourceLocation: location)
        #expect(inFlight == 0, sourceLocation: location)
        #expect(worker.waiting.count == 0, sourceLocation: location)
    }
}
