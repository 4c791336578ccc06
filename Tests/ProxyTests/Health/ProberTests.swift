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

    let desk = ProbeDesk()

    init() {
        prober = Prober(
            world: ScriptedWorld(script: script),
            live: live,
            board: board,
            mailbox: mailbox,
            desk: desk
        )
    }

    func adopt(check: HealthCheckSpec?, endpoints: Int = 1, _ adjust: (inout ProbePlan) -> Void = { _ in }) {
        var probe = ProbePlan(
            live: 0,
            endpoints: (0..<endpoints).map { .ipv4(1, port: UInt16(8000 + $0)) },
            check: check,
            authority: "a"
        )
        probe.name = "web-1"
        probe.pool = "default"
        adjust(&probe)
        adopt([probe])
    }

    /// So many backends of one pool without a check.
    func adopt(count: Int, _ adjust: (inout ProbePlan) -> Void = { _ in }) {
        adopt(
            (0..<count).map { index in
                var probe = ProbePlan(live: UInt32(index), endpoints: [], check: nil, authority: "a")
                probe.name = "web-\(index + 1)"
                probe.pool = "default"
                probe.passive = PassiveSpec()
                adjust(&probe)
                return probe
            }
        )
    }

    func adopt(_ probes: [ProbePlan]) {
        sequence += 1
        var parts = SnapshotParts()
        parts.backends = probes.map { BackendPlan(live: $0.live, endpointStart: 0, endpointCount: 0, weight: 1) }
        mailbox.post(Snapshot(sequence: sequence, parts, probes: ChunkedList(probes.map { SharedProbePlan($0) })))
        prober.adopt()
        // What is due at once fires at the next tick of the wheel.
        pass(seconds: 0)
    }

    /// So many requests in a row fail at a backend.
    func fail(_ backend: Int, times: Int, by kind: Fault.Kind = .noAnswer) {
        fail(backend..<backend + 1, times: times, by: kind)
    }

    /// The same at many at once.
    func fail(_ backends: Range<Int>, times: Int, by kind: Fault.Kind = .noAnswer) {
        for backend in backends {
            for _ in 0..<times { _ = live.backends[backend].countFailure(kind.rawValue) }
            live.suspects.insert(UInt32(backend))
        }
        settle()
    }

    func phase(_ backend: Int) -> BackendPhase? { board.entry(UInt32(backend))?.phase }

    /// What the newest socket's far end has got.
    var request: String { String(decoding: script.wires[script.sockets.last!]!.outbox, as: UTF8.self) }

    func settle() {
        var quietTurns = 0
        for _ in 0..<1000 {
            _ = prober.turn()
            quietTurns = script.reapedLast == 0 && script.completions.isEmpty ? quietTurns + 1 : 0
            if quietTurns == 2 { return }
        }
        Issue.record("it never settles")
    }

    func pass(seconds: Double) {
        script.now = script.now + (UInt64(seconds * 1e9) + 5_000_000)
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
        #expect(bench.board.entry(0)?.health.state == .healthy)
        bench.pass(seconds: 6)
        #expect(bench.probes == 2)
        bench.answer("HTTP/1.1 500 No\r\n\r\n")
        #expect(bench.availability == .serving)
        bench.pass(seconds: 2)
        bench.answer("HTTP/1.1 500 No\r\n\r\n")
        #expect(bench.availability == .unhealthy && bench.board.entry(0)?.health.reason == "status 500")
        #expect(bench.prober.buffersTaken == 0)
    }

    /// A check that was under way when the backend came back asks whoever was there before.
    @Test func whoComesBackIsCheckedAtOnceAndServesByThatCheckOnly() throws {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        bench.adopt(check: check) { $0.intent = .drain }
        bench.pass(seconds: 6)
        #expect(bench.availability == .draining && bench.probes == 2)
        let before = try #require(bench.script.sockets.last)
        let epoch = bench.live.readmit(0, keepsSessions: true)
        #expect(bench.availability == .draining)
        bench.adopt(check: check) { $0.epoch = epoch }
        #expect(bench.probes == 3 && bench.phase(0) == .starting && bench.availability == .draining)
        bench.script.wires[before]?.inbox = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        bench.settle()
        #expect(bench.phase(0) == .starting && bench.board.entry(0)?.health.isProven == false)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving && bench.board.entry(0)?.health.isProven == true)
    }

    /// Between the moment when the control side says that a backend is back and the one when the prober hears of it, and
    /// however much of what lies between it has missed.
    @Test func noVerdictOfAnEarlierEpochMakesABackendServe() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving)
        let epoch = bench.live.readmit(0, keepsSessions: false)
        #expect(bench.availability == .starting)
        bench.pass(seconds: 6)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .starting && bench.probes == 2)
        // Removed and added again: for the prober it is as it was, but for the epoch.
        bench.adopt(check: check) { $0.epoch = epoch }
        #expect(bench.probes == 3 && bench.phase(0) == .starting && bench.availability == .starting)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving)
    }

    @Test(arguments: [false, true]) func anotherCheckOrAddressIsAskedAtOnceWhileTheBackendServes(isAddress: Bool) {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        var other = check
        if !isAddress { other.path = "/other" }
        bench.adopt(check: other, endpoints: isAddress ? 2 : 1)
        #expect(bench.probes == 2 && bench.availability == .serving)
        #expect(bench.board.entry(0)?.health.isProven == false)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.board.entry(0)?.health.isProven == true)
    }

    @Test func aProbeThatHangsTimesOutAndTheNextOneComes() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.pass(seconds: 2)
        #expect(bench.availability == .unproven && bench.open == 0)
        #expect(bench.board.entry(0)?.health.reason == "timeout after 2s")
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
        bench.script.openFault = .unreachable
        bench.script.finishConnect(bench.script.sockets.last!, .failed(.refused))
        bench.settle()
        #expect(bench.probes == 2 && bench.open == 0)
        #expect(bench.availability == .unproven)
        bench.script.openFault = nil
        bench.pass(seconds: 6)
        #expect(bench.probes == 3)
    }

    @Test func anAddressThatSwallowsEverythingLeavesHalfOfTheTimeToTheOther() {
        let bench = ProbeBench()
        bench.script.connectsAtOnce = false
        bench.adopt(check: check, endpoints: 2)
        bench.pass(seconds: 0.98)
        #expect(bench.script.dialled == [8000])
        bench.pass(seconds: 0.02)
        #expect(bench.script.dialled == [8000, 8001])
        #expect(bench.open == 1)
        bench.script.finishConnect(bench.script.sockets.last!)
        bench.settle()
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving && bench.open == 0)
        // The next check begins where this one ended.
        bench.pass(seconds: 6)
        #expect(bench.script.dialled == [8000, 8001, 8001])
        bench.script.finishConnect(bench.script.sockets.last!, .failed(.refused))
        bench.settle()
        #expect(bench.script.dialled == [8000, 8001, 8001, 8000])
    }

    @Test func addressesThatAllSwallowEverythingTakeTheChecksTimeAndNoMore() {
        let bench = ProbeBench()
        bench.script.connectsAtOnce = false
        bench.adopt(check: check, endpoints: 8)
        for _ in 0..<7 { bench.pass(seconds: 0.255) }
        #expect(bench.script.dialled == Array(8000...8007))
        #expect(bench.availability == .starting)
        bench.pass(seconds: 0.2)
        #expect(bench.availability == .unproven && bench.open == 0)
        #expect(bench.board.entry(0)?.health.reason == "timeout after 2s")
        #expect(bench.prober.buffersTaken == 0)
    }

    @Test func aProbeIsOverWhenItsBackendHasMoved() {
        let bench = ProbeBench()
        bench.script.connectsAtOnce = false
        bench.adopt(check: check, endpoints: 2)
        bench.pass(seconds: 0.5)
        bench.adopt(check: check) { $0.endpoints = [.ipv4(2, port: 9000)] }
        #expect(bench.script.dialled == [8000, 9000])
        #expect(bench.open == 1)
        bench.script.finishConnect(bench.script.sockets.last!)
        bench.settle()
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving && bench.open == 0)
    }

    /// What moves while a socket is between two addresses.
    @Test func aProbeBetweenTwoAddressesMayBeStopped() {
        for next in [nil, check] {
            let bench = ProbeBench()
            bench.script.connectsAtOnce = false
            bench.adopt(check: check, endpoints: 2)
            // The close of the first socket has been asked for, and not been told yet.
            bench.script.now = bench.script.now + 1_005_000_000
            _ = bench.prober.turn()
            bench.adopt(check: next) { $0.endpoints = [.ipv4(2, port: 9000)] }
            #expect(bench.open == (next == nil ? 0 : 1))
            #expect(bench.script.dialled == (next == nil ? [8000] : [8000, 9000]))
        }
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
        // It has served until now, and has to fail as often as any that serves.
        bench.answer("HTTP/1.1 503 No\r\n\r\n")
        #expect(bench.availability == .serving)
        bench.pass(seconds: 1)
        #expect(bench.probes == 3)
        bench.answer("HTTP/1.1 503 No\r\n\r\n")
        #expect(bench.availability == .unproven)
        #expect(bench.prober.buffersTaken == 0)
    }

    // MARK: kinds of checks

    @Test func aCheckSendsWhatItIsToldTo() {
        let bench = ProbeBench()
        var check = HealthCheckSpec(path: "/up?deep=1")
        bench.adopt(check: check)
        let plain =
            "GET /up?deep=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: lb-health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        #expect(bench.request == plain)
        check.host = "shop.example"
        check.headers = [.init(name: "X-Probe", value: "1"), .init(name: "user-agent", value: "ours")]
        bench.adopt(check: check)
        #expect(
            bench.request == "GET /up?deep=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\nX-Probe: 1\r\n"
                + "user-agent: ours\r\nConnection: close\r\n\r\n"
        )
        // The one that was under way has been overtaken.
        #expect(bench.open == 1)
    }

    @Test func aConnectionIsAllThatACheckByTCPAsksFor() {
        let bench = ProbeBench()
        bench.script.connectsAtOnce = false
        bench.adopt(check: HealthCheckSpec(kind: .tcp, fall: 1))
        #expect(bench.availability == .starting)
        bench.script.finishConnect(bench.script.sockets.last!)
        bench.settle()
        #expect(bench.availability == .serving && bench.open == 0 && bench.request == "")
        #expect(bench.board.entry(0)?.health.probes.last?.status == nil)
        bench.pass(seconds: 6)
        bench.script.finishConnect(bench.script.sockets.last!, .failed(.refused))
        bench.settle()
        #expect(bench.availability == .unhealthy && bench.board.entry(0)?.health.reason == "connect refused")
    }

    /// In one piece, in two, in chunks, behind bytes of no interest, and split wherever it can be.
    @Test(arguments: [
        "Content-Length: 13\r\n\r\nall is ready.", "\r\nit is ready",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nxre\r\n3\r\nady\r\n0\r\n\r\n",
    ])
    func theBodyIsSearchedAcrossItsPieces(_ rest: String) {
        let answer = "HTTP/1.1 200 OK\r\n" + rest
        for split in stride(from: 1, to: answer.utf8.count, by: 1) {
            let bench = ProbeBench()
            bench.adopt(check: HealthCheckSpec(body: "ready"))
            let bytes = Array(answer.utf8)
            bench.answer(String(decoding: bytes[..<split], as: UTF8.self))
            if bench.open == 1 { bench.answer(String(decoding: bytes[split...], as: UTF8.self)) }
            #expect(bench.availability == .serving, "split at \(split)")
            #expect(bench.open == 0 && bench.prober.buffersTaken == 0)
        }
    }

    @Test func aBodyWithoutTheTextIsAFailure() {
        let bench = ProbeBench()
        bench.adopt(check: HealthCheckSpec(body: "ready"))
        bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nread")
        #expect(bench.availability == .unproven)
        #expect(bench.board.entry(0)?.health.reason == "the body does not contain \"ready\"")
        // A wrong status says more.
        bench.pass(seconds: 6)
        bench.answer("HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n")
        #expect(bench.board.entry(0)?.health.reason == "status 503" && bench.open == 0)
        // One that is not over when the connection is has not said it either.
        bench.pass(seconds: 6)
        bench.script.wires[bench.script.sockets.last!]!.end = .ended
        bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nre")
        #expect(bench.board.entry(0)?.health.reason == "closed within its answer")
        #expect(bench.prober.buffersTaken == 0)
    }

    @Test func noMoreOfABodyThanItsFirst64KiBIsLookedAt() {
        let bench = ProbeBench()
        bench.adopt(check: HealthCheckSpec(body: "ready"))
        bench.answer("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: ProbeAnswer.bodyBytesMax) + "ready")
        #expect(bench.availability == .unproven && bench.open == 0)
    }

    /// What this machine lacks says nothing about a backend.
    @Test(arguments: [IOFault.noDescriptors, .noMemory, .noLocalAddress])
    func aProbeThatCannotBeRunIsNoVerdict(_ fault: IOFault) {
        let bench = ProbeBench()
        bench.adopt(check: HealthCheckSpec(interval: .seconds(1), fall: 1))
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        bench.script.openFault = fault
        for _ in 0..<10 { bench.pass(seconds: 1) }
        #expect(bench.availability == .serving && bench.board.entry(0)?.health.consecutiveFailures == 0)
        #expect(bench.board.entry(0)?.health.probes.count { $0.failure != nil } == 1)
        bench.script.openFault = nil
        bench.pass(seconds: 1)
        bench.answer("HTTP/1.1 500 No\r\n\r\n")
        #expect(bench.availability == .unhealthy)
    }

    // MARK: intent

    @Test func inMaintenanceNothingIsProbed() {
        let bench = ProbeBench()
        bench.adopt(check: check)
        bench.adopt(check: check) { $0.intent = .maint }
        #expect(bench.phase(0) == .maint && bench.availability == .maint && bench.open == 0)
        bench.pass(seconds: 60)
        #expect(bench.probes == 1)
        bench.adopt(check: check)
        #expect(bench.phase(0) == .starting && bench.probes == 2)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.phase(0) == .serving)
        #expect(bench.board.transitions(after: 0).map(\.cause) == ["state is maint", "state is ready", "check passed"])
    }

    @Test func whatWasKnownHoldsUntilTheFirstCheckSpeaks() {
        let bench = ProbeBench()
        bench.adopt(check: check) { ($0.known, $0.knownReason) = (.unhealthy, "connect refused") }
        #expect(bench.availability == .unhealthy && bench.board.entry(0)?.health.reason == "connect refused")
        #expect(bench.probes == 1)
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        #expect(bench.availability == .serving && bench.board.entry(0)?.health.reason == nil)
    }

    @Test func everyTransitionIsToldWithItsCause() throws {
        let bench = ProbeBench()
        bench.adopt(check: HealthCheckSpec(interval: .seconds(1), fall: 2))
        bench.answer("HTTP/1.1 200 OK\r\n\r\n")
        for _ in 0..<3 {
            for answer in ["HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
                bench.pass(seconds: 1.2)
                bench.answer(answer)
            }
        }
        let told = bench.board.transitions(after: 0)
        #expect(told.map(\.sequence) == Array(1...7))
        #expect(told.map(\.to) == [.serving, .unhealthy, .serving, .unhealthy, .serving, .unhealthy, .serving])
        #expect(told.map(\.cause).filter { $0 == "status 500" }.count == 3)
        let down = try #require(told.first { $0.to == .unhealthy })
        #expect(down.from == .serving && down.afterFailures == 2 && down.backend == "web-1" && down.pool == "default")
        // The third time within ten minutes it is said to flap.
        #expect(told.map(\.isFlapping) == [false, false, false, false, false, true, true])
        #expect(bench.board.entry(0)?.health.flaps == 3)
        #expect(bench.board.transitions(after: 5).map(\.sequence) == [6, 7])
        #expect(bench.board.transitions(after: 7).isEmpty)
    }

    // MARK: ejection

    @Test func failedTrafficEjectsForAWhile() {
        let bench = ProbeBench()
        bench.adopt(count: 3)
        bench.fail(1, times: 2)
        #expect(bench.phase(1) == .serving)
        bench.fail(1, times: 1)
        #expect(bench.phase(1) == .ejected && bench.live.backends[1].availability == .ejected)
        #expect(bench.live.probes[1].ejections == 1)
        let told = bench.board.transitions(after: 0)
        #expect(told.map(\.cause) == ["3 requests in a row failed, the last by connection_terminated"])
        #expect(told.map(\.afterFailures) == [3])
        bench.pass(seconds: 4.9)
        #expect(bench.phase(1) == .ejected)
        bench.pass(seconds: 0.2)
        #expect(bench.phase(1) == .serving && bench.live.backends[1].failuresInRow == 0)
        #expect(bench.live.backends[1].servingSince == bench.script.now)
    }

    @Test(arguments: 1...12) func ejectionLeavesAtLeastHalfAndNeverTakesTheLast(count: Int) {
        let bench = ProbeBench()
        bench.adopt(count: count)
        for backend in 0..<count { bench.fail(backend, times: 3) }
        #expect((0..<count).count { bench.phase($0) == .ejected } == count / 2)
        #expect((0..<count).contains { bench.phase($0) == .serving })
    }

    @Test func whereEverythingFailsAtOnceEachPoolKeepsItsHalf() {
        let bench = ProbeBench()
        bench.adopt(count: 31) { plan in plan.ticket = plan.live % 3 == 0 ? 7 : 2 }
        bench.fail(0..<31, times: 3)
        let ejected = (0..<31).filter { bench.phase($0) == .ejected }
        // Half of 11, and of 20.
        #expect(ejected.count { $0 % 3 == 0 } == 5 && ejected.count { $0 % 3 > 0 } == 10)
        #expect((0..<31).count { bench.phase($0) == .serving } == 16)
    }

    /// Without weight it had nothing to do; a slow start begins when it has. One that is only heavier is not new.
    @Test func aBackendThatGetsWeightServesAnew() {
        let bench = ProbeBench()
        bench.adopt(count: 2) { plan in plan.takesTraffic = plan.live == 0 }
        let begun = bench.live.backends[0].servingSince
        #expect(bench.live.backends[1].servingSince == begun)
        bench.pass(seconds: 100)
        var cursor = bench.live.journal.end
        let before = bench.script.now
        bench.adopt(count: 2)
        #expect(bench.live.backends[0].servingSince == begun)
        #expect(bench.live.backends[1].servingSince >= before)
        #expect(bench.live.journal.next(&cursor) == .slot(1))
    }

    @Test func theLastThatServesIsNotEjectedHoweverManyThereAre() {
        let bench = ProbeBench()
        bench.adopt(count: 6) { plan in if plan.live > 0 { plan.intent = .drain } }
        bench.fail(0, times: 3)
        #expect(bench.phase(0) == .serving)
        // Those that drain, and those of no weight, are no members.
        bench.adopt(count: 6) { plan in if plan.live > 1 { plan.takesTraffic = false } }
        bench.fail(0, times: 3)
        #expect(bench.phase(0) == .ejected)
        bench.fail(1, times: 3)
        #expect(bench.phase(1) == .serving)
    }

    @Test func whoIsEjectedComesBackWhenThePoolGetsSmaller() {
        let bench = ProbeBench()
        bench.adopt(count: 6)
        for backend in 0..<3 {
            bench.fail(backend, times: 3)
            bench.pass(seconds: 0.5)
        }
        bench.adopt(count: 4)
        // Half of four: the first to be due is back.
        #expect((0..<4).map { bench.phase($0) } == [.serving, .ejected, .ejected, .serving])
        bench.adopt(count: 2)
        #expect((0..<2).map { bench.phase($0) } == [.serving, .ejected])
        bench.adopt(count: 2) { $0.passive = nil }
        #expect((0..<2).map { bench.phase($0) } == [.serving, .serving])
    }

    @Test func anEjectionHasTheCheckLookAtOnce() {
        let bench = ProbeBench()
        bench.adopt(
            (0..<2).map { index in
                var probe = ProbePlan(
                    live: UInt32(index),
                    endpoints: [.ipv4(1, port: 80)],
                    check: check,
                    authority: "a"
                )
                probe.passive = PassiveSpec()
                return probe
            }
        )
        for socket in bench.script.sockets { bench.script.wires[socket]!.inbox = Array("HTTP/1.1 200 OK\r\n\r\n".utf8) }
        bench.settle()
        #expect(bench.phase(0) == .serving && bench.phase(1) == .serving)
        let before = bench.probes
        bench.fail(0, times: 3)
        bench.pass(seconds: 0)
        #expect(bench.phase(0) == .ejected && bench.probes == before + 1)
    }

    // MARK: on demand

    @Test func aCheckOnDemandTellsWhatWasSentAndWhatCameBack() throws {
        let bench = ProbeBench()
        var plan = ProbePlan(live: .max, endpoints: [.ipv4(0x7F00_0001, port: 81)], check: check, authority: "b:81")
        plan.check?.path = "/x"
        let order = try #require(bench.desk.order(plan))
        bench.settle()
        #expect(bench.desk.collect(order) == nil && bench.open == 1)
        let body = String(repeating: "0123456789", count: 200)
        bench.script.now = bench.script.now + 7_000_000
        bench.answer("HTTP/1.1 500 No\r\nServer: s\r\n\r\n" + body)
        let report = try #require(bench.desk.collect(order))
        #expect(report.address == "127.0.0.1:81" && report.sent.hasPrefix("GET /x HTTP/1.1\r\nHost: b:81\r\n"))
        #expect(report.status == 500 && report.failure == "status 500" && !report.hasPassed)
        #expect(String(decoding: report.head, as: UTF8.self) == "HTTP/1.1 500 No\r\nServer: s\r\n\r\n")
        #expect(String(decoding: report.body, as: UTF8.self) == String(body.prefix(1024)) && report.isBodyCut)
        #expect(report.connectNs == 0 && report.firstByteNs == 7_000_000 && report.totalNs == 7_000_000)
        #expect(bench.open == 0 && bench.prober.buffersTaken == 0)
        // No backend's health has changed by it.
        #expect(bench.board.transitions(after: 0).isEmpty && bench.desk.collect(order) == nil)
    }

    @Test func aCheckOnDemandEndsWithItsTimeout() throws {
        let bench = ProbeBench()
        let order = try #require(
            bench.desk.order(ProbePlan(live: .max, endpoints: [.ipv4(1, port: 81)], check: check, authority: "b"))
        )
        let unresolved = ProbePlan(live: .max, endpoints: [], check: check, authority: "b", unresolved: "nowhere")
        let lost = try #require(bench.desk.order(unresolved))
        bench.settle()
        #expect(bench.desk.collect(lost)?.failure == "cannot resolve nowhere")
        // A head that has come in time is a verdict, whether or not its body ends.
        bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        bench.pass(seconds: 2)
        let report = try #require(bench.desk.collect(order))
        #expect(report.hasPassed && String(decoding: report.body, as: UTF8.self) == "half" && report.isBodyCut)
        let silent = try #require(
            bench.desk.order(ProbePlan(live: .max, endpoints: [.ipv4(1, port: 81)], check: check, authority: "b"))
        )
        bench.settle()
        bench.pass(seconds: 2)
        #expect(bench.desk.collect(silent)?.failure == "timeout after 2s")
        #expect(bench.open == 0 && bench.prober.buffersTaken <= 1)
    }

    @Test func noMoreChecksOnDemandAreTakenThanCanBeRunAtOnce() {
        let desk = ProbeDesk()
        let plan = ProbePlan(live: .max, endpoints: [], check: check, authority: "b")
        var orders: [UInt64] = []
        while let order = desk.order(plan) { orders.append(order) }
        #expect(orders.count == ProbeDesk.ordersMax && desk.take().count == ProbeDesk.ordersMax)
        desk.report(orders[0], ProbeReport())
        desk.withdraw(orders[1])
        desk.report(orders[1], ProbeReport())
        #expect(desk.collect(orders[0]) != nil && desk.collect(orders[1]) == nil)
        #expect(desk.order(plan) != nil && desk.order(plan) != nil && desk.order(plan) == nil)
    }
}
