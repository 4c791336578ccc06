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
