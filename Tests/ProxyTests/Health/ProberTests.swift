import HTTPWire
import Model
import Testing

@testable import Proxy

/// One prober on a scripted world.
private final class ProbeBench {
    let script = Script()
    let live = LiveTable()
    let board = HealthBoard()
    private let mailbox = SnapshotMailbox()
    private var sequence: UInt64 = 0
    var prober: Prober<ScriptedWorld>

    init() { prober = Prober(world: ScriptedWorld(script: script), live: live, board: board, mailbox: mailbox) }

    func adopt(check: HealthCheckSpec?, endpoints: Int = 1) {
        sequence += 1
        let probe = ProbePlan(
            live: 0,
            endpoints: (0..<endpoints).map { .ipv4(1, port: UInt16(8000 + $0)) },
            check: check,
            authority: "a"
        )
        mailbox.post(
            Snapshot(
                sequence: sequence,
                backends: [BackendPlan(live: 0, endpointStart: 0, endpointCount: 0, weight: 1)],
                endpoints: [],
                rotation: [0],
                pools: [],
                liveSlots: 1,
                probes: [probe]
            )
        )
        prober.adopt()
        // What is due at once fires at the next tick of the wheel.
        pass(seconds: 0)
    }

    func settle() {
        var quietTurns = 0
        for _ in 0..<1000 {
            _ = prober.turn()
            quietTurns = script.reapedLast == 0 && script.completions.isEmpty ? quietTurns + 1 : 0
            if quietTurns == 2 { return }
        }
        Issue.record("it never settles")
    }

    func pass(seconds: UInt64) {
        script.now = script.now + (seconds * 1_000_000_000 + 5_000_000)
        settle()
    }

    func answer(_ text: String) {
        script.wires[script.sockets.last!]!.inbox = Array(text.utf8)
        settle()
    }

    var probes: Int { script.sockets.count }
    var open: Int { script.wires.values.count { !$0.isClosed } }
    var availability: Availability { live.backends[0].availability }
}

@Suite struct ProberTests {
    private let check = HealthCheckSpec()

    @Test func aBackendServesFromItsFirstPassOn() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        #expect(bench.availability == .starting && bench.probes == 1)
        bench.answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving && bench.open == 0)
        #expect(bench.board.status(0)?.state == .healthy)
        bench.pass(seconds: 6)
        #expect(bench.probes == 2)
        bench.answer("HTTP/1.1 500 No\r\n\r\n")
        #expect(bench.availability == .serving)
        bench.pass(seconds: 2)
        bench.answer("HTTP/1.1 500 No\r\n\r\n")
        #expect(bench.availability == .unhealthy && bench.board.status(0)?.reason == "status 500")
        #expect(bench.prober.buffersTaken == 0)
    }

    @Test func aProbeThatHangsTimesOutAndTheNextOneComes() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.pass(seconds: 2)
        #expect(bench.availability == .unhealthy && bench.open == 0)
        #expect(bench.board.status(0)?.reason == "timeout after 2s")
        bench.pass(seconds: 6)
        #expect(bench.probes == 2)
        #expect(bench.prober.buffersTaken <= 1)
    }

    @Test func everyAddressIsTriedAndEachSocketClosedOnce() {
        let bench = ProbeBench()
        bench.script.connectsAtOnce = false
        bench.adopt(check: check, endpoints: 3)
        bench.script.finishConnect(bench.script.sockets.last!, .failed(.refused))
        bench.settle()
        bench.script.openFault = .noDescriptors
        bench.script.finishConnect(bench.script.sockets.last!, .failed(.refused))
        bench.settle()
        #expect(bench.probes == 2 && bench.open == 0)
        #expect(bench.availability == .unhealthy)
        bench.script.openFault = nil
        bench.pass(seconds: 6)
        #expect(bench.probes == 3)
    }

    /// A check that is switched off takes its probe along, and one that is switched on again is heard of at once.
    @Test func aCheckMayComeAndGoWhileAProbeHangs() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        #expect(bench.open == 1)
        bench.adopt(check: nil)
        #expect(bench.availability == .serving)
        #expect(bench.open == 0)
        bench.pass(seconds: 60)
        #expect(bench.probes == 1)
        bench.adopt(check: check)
        #expect(bench.probes == 2)
        bench.answer("HTTP/1.1 503 No\r\n\r\n")
        #expect(bench.availability == .unhealthy)
        #expect(bench.prober.buffersTaken == 0)
    }
}
