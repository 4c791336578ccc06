import Model
import Proxy
import Simulator
import Testing

/// What is drawn from a seed, told, and made smaller.
@Suite struct PlayTests {
    @Test func everyPartIsReadByItsName() {
        for seed in UInt64(1)...20 {
            for part in Mix.play(seed: seed).parts { #expect(Play.Part(part.description[...]) == part) }
        }
        for text in ["", "c", "x1", "c1.", "c1.2.3", "weathers"] { #expect(Play.Part(text[...]) == nil) }
    }

    @Test func shrinkingLeavesWhatTheFailureTakes() {
        let play = Mix.play(seed: 3)
        let needed: [Play.Part] = [.client(1), .request(1, 1)]
        let smallest = Shrink.smallest(play) { candidate in needed.allSatisfy { candidate.parts.contains($0) } }
        #expect(play.parts.count > needed.count)
        #expect(Set(smallest.parts) == Set(needed))
    }

    @Test func whatIsLeftOutDoesNotHappen() {
        var play = Mix.play(seed: 3)
        for index in play.clients.indices.dropFirst() { play.without.insert(.client(index + 1)) }
        for index in play.strokes.indices { play.without.insert(.stroke(index + 1)) }
        let (simulation, violations) = play.run()
        #expect(violations == [])
        #expect(simulation.ledger.intents.count == play.clients[0].requests.count)
    }

    /// A client that sleeps for 40 s between two pieces of a tunnel, and had 200 of them, was once taken for a hang.
    @Test func everyTunnelThatIsDrawnEndsWithinItsPlay() {
        var tunnels = 0
        for seed in UInt64(1)...3000 {
            let play = Mix.play(seed: seed)
            for request in play.clients.flatMap(\.requests) {
                guard let bytes = request.tunnelBytes else { continue }
                for pace in play.backends.compactMap(\.readPace) + [request.writePace].compactMap(\.self) {
                    tunnels += 1
                    let pieces = (bytes + pace.bytes - 1) / pace.bytes
                    #expect(UInt64(pieces) * pace.pauseNs < 2_000_000_000_000, "seed \(seed)")
                }
            }
        }
        #expect(tunnels > 50)
    }

    /// One play with everything that is asked for: a tunnel, a body held back, a client named by a proxy before us.
    @Test func switchedProtocolsHeldBodiesAndNamedClientsArePassed() {
        var settings = Simulation.Settings(seed: 11)
        settings.speaksProxyProtocol = true
        let simulation = Simulation(settings)
        simulation.addBackends(2) { _, _ in
            var answer = AnswerScript(bodyCount: 1000)
            // An odd number: the backend keeps its side open until its client has said all.
            answer.tunnelBytes = 30_001
            return answer
        }
        simulation.publish()
        var tunnel = RequestScript("GET")
        tunnel.tunnelBytes = 50_000
        var held = RequestScript.post(20_000)
        held.expectsWithinNs = 60_000_000_000
        var origin = SimClient.Origin()
        for isBinary in [false, true] {
            origin.announced = 0xC633_6401
            origin.isBinary = isBinary
            simulation.addClient([.get(), held, tunnel], origin: origin)
        }
        simulation.runClients()
        #expect(simulation.ledger.outcomes.map(\.ending).filter { $0 == .tunnelled }.count == 2)
        #expect(simulation.ledger.outcomes.filter { $0.status == 101 }.allSatisfy { $0.bodyCount == 30_001 })
        let arrivals = simulation.ledger.arrivals
        #expect(arrivals.count == 6)
        #expect(arrivals.allSatisfy { $0.head.value("x-forwarded-for") == "198.51.100.1" })
        #expect(arrivals.filter { $0.head.value("expect") != nil }.map(\.bodyCount) == [20_000, 20_000])
        #expect(arrivals.filter { $0.head.value("upgrade") != nil }.map(\.bodyCount) == [50_000, 50_000])
        #expect(simulation.finish() == [])
    }

    /// What chance alone would not bring together has plays of its own, and each of them some seeds of every hundred.
    @Test func specialPlaysAreDrawnAndPutTogetherWhatTheyAreFor() {
        var eager = 0
        var restless = 0
        var late = 0
        var leavers = 0
        var stuck = 0
        for seed in UInt64(1)...300 {
            let play = Mix.play(seed: seed)
            let requests = play.clients.flatMap(\.requests)
            let isEager = play.clients.contains { $0.isEager && $0.pipelineDepth > 1 }
            // More than the balancer keeps of a body, and something behind it.
            if isEager, requests.contains(where: { $0.body.count > 65_536 }) { eager += 1 }
            for stroke in play.strokes where stroke.kind == .restless {
                guard let connect = play.settings.pool.timeouts.connect else { continue }
                let dials = stroke.untilNs / UInt64(connect.nanoseconds)
                if dials > 256, stroke.periodNs <= UInt64(connect.nanoseconds) { restless += 1 }
            }
            if requests.contains(where: { $0.readsLate && $0.body.count > 1_000_000 }) { late += 1 }
            if play.settings.keepsQueue, requests.contains(where: { $0.leaveAfterNs != nil }) { leavers += 1 }
            if play.strokes.contains(where: { $0.kind == .stuck }) { stuck += 1 }
        }
        #expect(eager > 15 && restless > 5 && late > 2 && leavers > 5 && stuck > 5)
    }

    /// A loop that stands still adopts nothing, and the others go on; then it catches up.
    @Test func aStuckLoopAdoptsLate() {
        var settings = Simulation.Settings(seed: 4)
        settings.workers = 2
        let simulation = Simulation(settings)
        simulation.addBackends(2, nil)
        simulation.publish()
        simulation.run(forAtMostNs: 1_000_000)
        simulation.workers[1].isStuck = true
        let before = simulation.workers.map(\.mailbox.acknowledged)
        simulation.publish([simulation.backends[0]])
        simulation.run(forAtMostNs: 1_000_000_000)
        #expect(simulation.workers.map(\.mailbox.acknowledged) == [before[0] + 1, before[1]])
        simulation.workers[1].isStuck = false
        simulation.run(forAtMostNs: 1_000_000_000)
        #expect(simulation.workers.map(\.mailbox.acknowledged) == before.map { $0 + 1 })
        #expect(simulation.finish() == [])
    }

    /// Uploads behind which nothing is lost: what the special plays do, in fair weather and with nothing that fails.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func eagerClientsAreAnsweredInOrder(seed: UInt64) {
        let simulation = Simulation(seed: seed, weather: seed % 2 == 0 ? .foul : .fair)
        simulation.addBackends(2, nil)
        simulation.publish()
        for _ in 0..<3 {
            var ornate = RequestScript("PUT", body: .chunked(70_000, upTo: 9_000))
            ornate.isOrnate = true
            simulation.addClient([.post(100_000), .get(), ornate, .post(10)], pipelineDepth: 6, isEager: true)
        }
        simulation.runClients()
        #expect(simulation.ledger.outcomes.count == 12)
        #expect(simulation.ledger.outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 })
        #expect(simulation.clients.allSatisfy { $0.connections == 1 })
        #expect(simulation.finish() == [])
    }

    @Test func theLargestValuesAFileMaySayAndClocksAtTheirEndsStopNobody() {
        for number in 0..<8 {
            var settings = Simulation.Settings(seed: UInt64(number) + 1)
            Mix.makeHuge(&settings)
            settings.answers = .mixed
            let simulation = Simulation(settings)
            simulation.addBackends(2, nil)
            for backend in simulation.backends {
                backend.weight = BackendSpec.weightMax
                backend.requestsMax = BackendSpec.requestsMaxMax
            }
            simulation.publish()
            simulation.network.wallOffsetNs = Play.wallClocks[number]
            simulation.addClient([.get(), .post(5_000), .get()])
            simulation.runClients()
            #expect(simulation.ledger.outcomes.allSatisfy { $0.ending == .complete && $0.status == 200 })
            #expect(simulation.finish() == [])
        }
    }

    /// A swarm that never comes to what it is for would find nothing there.
    @Test func playsComeToWhatTheyAreFor() {
        var coverage = Coverage()
        for seed in UInt64(1)...12 {
            let play = Mix.play(seed: seed)
            coverage.add(play, play.run().simulation)
        }
        let outcomes = Set(coverage.counts.keys.map(\.outcome))
        #expect(
            outcomes.isSuperset(of: [
                "answered", "tunnel ended", "cut short", "503 of ours", "502 of ours", "client left",
            ])
        )
        #expect(coverage.strokes["drain and cut"] ?? 0 > 0)
        #expect(coverage.table.count > 10)
    }
}
