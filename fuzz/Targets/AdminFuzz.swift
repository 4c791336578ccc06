import Foundation
import Glibc
import Model
import Simulator
import Synchronization

@testable import AdminAPI

/// A whole connection to the admin port, over a state directory of its own.
///
/// What the client says is answered by messages that a parser written apart from ours takes, with JSON that `lbctl` reads; and
/// what was changed is there after a restart.
final class AdminFuzz {
    private let bytes: [UInt8]
    /// Of the answers, in their order.
    private(set) var statuses: [Int] = []
    private(set) var revisions: UInt64 = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func run() {
        let directory = "\(FileManager.default.temporaryDirectory.path)/lb-fuzz-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        do {
            let declared = try Self.declared()
            let state = try ConfigState(declared: declared, directory: directory)
            let begun = state.current.revision
            let answered = try Self.serve(bytes, state)
            check(answered)
            revisions = state.current.revision - begun
            let desired = state.desired
            state.close()
            guard revisions > 0 else { return }
            let again = try ConfigState(declared: declared, directory: directory)
            precondition(again.desired == desired, "what was changed is not what is there after a restart")
            again.close()
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static func declared() throws -> DesiredState {
        var state = DesiredState()
        state.setPool("api", PoolSpec())
        state.setBackend("web-1", BackendSpec(url: try BackendURL("http://127.0.0.1:8081")))
        state.setBackend("web-2", BackendSpec(url: try BackendURL("http://127.0.0.1:8082")))
        return state
    }

    /// What the port answers a client that says `bytes` and ends its side.
    private static func serve(_ bytes: [UInt8], _ state: ConfigState) throws -> [UInt8] {
        guard let alarm = Alarm() else { preconditionFailure("no descriptor is left") }
        var limits = AdminLimits()
        limits.send = .milliseconds(50)
        limits.waitMax = .milliseconds(50)
        let plane = StillPlane(state.desired)
        let service = AdminService(
            endpoints: Endpoints(
                state: state,
                plane: plane,
                version: "0",
                limits: limits,
                alarm: alarm.descriptor,
                own: OwnPlaces(
                    listeners: [.anywhere(port: 80)],
                    admin: [.loopback(port: 9900)],
                    isLocal: { _ in false }
                ),
                log: { _ in }
            ),
            gate: OriginGate(listening: .loopback(port: 9900), extra: []),
            authentication: Authentication(book: nil),
            limits: limits
        )
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            preconditionFailure("no descriptor is left")
        }
        Sockets.makeOwn(ends[0])
        // Neither side has to wait for the other: input and answers are there as a whole.
        for end in ends { Sockets.setOption(end, SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20) }
        defer { close(ends[1]) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(ends[1], $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
            guard count > 0 else { break }
            sent += count
        }
        shutdown(ends[1], Int32(SHUT_WR))
        var exchange = AdminExchange(
            connection: Connection(descriptor: ends[0]),
            service: service,
            limits: limits,
            alarm: alarm.descriptor,
            peer: "unknown",
            enter: { _ in true }
        )
        exchange.serve()
        exchange.close {}
        var answered: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(ends[1], &chunk, chunk.count, 0)
            guard count > 0 else { return answered }
            answered += chunk[..<count]
        }
    }

    private func check(_ answered: [UInt8]) {
        // Which of the answers are to HEAD, and have no body, is for the port to say: those are looked at no further.
        guard !bytes.contains(text: "HEAD") else { return }
        var parser = MessageParser(.responses)
        parser.feed(answered)
        parser.expect(method: "GET")
        var isJSON = false
        var body: [UInt8] = []
        while let event = parser.next() {
            switch event {
            case .head(let head):
                body = []
                statuses.append(head.status)
                let type = head.value("content-type") ?? ""
                isJSON = type.hasPrefix("application/json") || type.hasPrefix("application/problem+json")
                if head.status >= 200 { parser.expect(method: "GET") }
            case .body(let bytes): body += bytes
            case .finished:
                precondition(!isJSON || body.isEmpty || AnswerFuzz.isJSON(body), "an answer's JSON is none")
            }
        }
        precondition(parser.violation == nil, parser.violation ?? "")
    }
}

/// A plane on which everything that is desired serves at once, and nothing is ever in flight.
private final class StillPlane: ControlPlane {
    private struct Facts {
        var desired: DesiredState
        var revision: UInt64 = 1
        var drains: [DrainProgress] = []
    }

    private let facts: Mutex<Facts>

    init(_ desired: DesiredState) { facts = Mutex(Facts(desired: desired)) }

    func apply(_ desired: DesiredState, revision: UInt64) {
        facts.withLock { facts in
            for entry in facts.desired.backends where entry.spec.state == .ready {
                let after = desired.backend(entry.name)
                if after?.state == .ready, after?.url == entry.spec.url, after?.pool == entry.spec.pool { continue }
                var drain = DrainProgress(
                    number: UInt64(facts.drains.count) + 1,
                    name: entry.name,
                    pool: entry.spec.pool,
                    url: entry.spec.url
                )
                drain.isOver = true
                facts.drains.append(drain)
            }
            facts.desired = desired
            facts.revision = revision
        }
    }

    func status() -> PlaneStatus {
        let desired = facts.withLock { $0.desired }
        let backends = desired.backends.map { ($0.name, Self.status(of: $0.spec)) }
        return PlaneStatus(backends: Dictionary(uniqueKeysWithValues: backends), isTicking: true, isAccepting: true)
    }

    func status(of name: String) -> BackendStatus? {
        facts.withLock { $0.desired.backend(name) }.map { Self.status(of: $0) }
    }

    private static func status(of spec: BackendSpec) -> BackendStatus {
        let health = HealthStatus(
            state: .healthy,
            since: 1_700_000_000_000_000_000,
            reason: nil,
            consecutiveOK: 1,
            consecutiveFailures: 0,
            probes: []
        )
        let phase: BackendPhase =
            switch spec.state {
            case .ready: .serving
            case .drain: .draining
            case .maint: .maint
            }
        return BackendStatus(phase: phase, health: health, inFlight: 0, idleConnections: 0, requests: 0, errors: 0)
    }

    func standIns() -> [StandIn] { [] }
    func metrics() -> MetricsSnapshot {
        MetricsSnapshot(at: 1_700_000_060_000_000_000, startedAt: 1_700_000_000_000_000_000)
    }

    func durations(of names: Set<String>?) -> [String: RequestDurations] { [:] }
    func drains() -> [DrainProgress] { facts.withLock { $0.drains } }
    func cut(_ drain: UInt64) {}
    var changes: UInt64 { facts.withLock { $0.revision } }
    var publications: UInt64 { changes }

    func awaitChange(after seen: UInt64, timeout: TimeSpan) -> UInt64 {
        usleep(1000)
        return changes
    }

    func transitions(after sequence: UInt64) -> [HealthTransition] { [] }
    func probe(_ spec: BackendSpec, with check: HealthCheckSpec) -> ProbeReport { ProbeReport() }
    func seed(_ known: [KnownHealth]) {}
}

extension [UInt8] {
    fileprivate func contains(text: String) -> Bool {
        let wanted = Array(text.utf8)
        return indices.contains { self[$0...].starts(with: wanted) }
    }
}
