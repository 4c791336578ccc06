import Proxy
import Simulator
import Testing

/// Clients and backends face to face, with no balancer between them: what the evidence says must be right here first.
@Suite struct ActorTests {
    private struct Stage {
        let network: SimNetwork
        let ledger = Ledger()
        let backend: SimBackend

        init(seed: UInt64, _ weather: Weather = .fair) {
            network = SimNetwork(seed: seed, weather: weather)
            backend = SimBackend(network, ledger, name: "one", address: address)
            backend.start()
        }

        func run(_ requests: [RequestScript], keepsAlive: Bool = true, pipelineDepth: Int = 1) -> SimClient {
            let client = SimClient(
                network,
                ledger,
                number: 1,
                to: address,
                requests: requests,
                keepsAlive: keepsAlive,
                pipelineDepth: pipelineDepth
            )
            client.start()
            #expect(network.run())
            #expect(client.isFinished)
            return client
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func everyFramingArrivesWholeInFoulWeather(seed: UInt64) {
        let stage = Stage(seed: seed, .foul)
        stage.backend.script = { _, chance in
            var answer = AnswerScript(bodyCount: chance.below(40_000))
            switch chance.below(4) {
            case 0: answer.framing = .chunked(upTo: 5_000)
            case 1: answer.framing = .untilEnd
            case 2:
                answer.minor = 0
                answer.framing = .untilEnd
            default: break
            }
            if chance.perMille(200) { answer.status = 204 }
            if chance.perMille(300) { answer.interim = [103] }
            return answer
        }
        var requests: [RequestScript] = []
        for count in 0..<12 {
            requests.append(.get())
            requests.append(RequestScript("HEAD"))
            requests.append(.post(count * 700))
            requests.append(RequestScript("PUT", body: .chunked(count * 900, upTo: 300)))
        }
        let client = stage.run(requests)
        #expect(stage.ledger.violations() == [])
        #expect(stage.ledger.outcomes.count == 48)
        #expect(stage.ledger.outcomes.allSatisfy { $0.ending == .complete })
        #expect(stage.ledger.arrivals.allSatisfy { $0.isComplete })
        #expect(client.connections > 1)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() {
        let stage = Stage(seed: 7)
        // A backend reads the second request only after it has answered the first.
        stage.backend.script = { _, _ in AnswerScript(bodyCount: 100) }
        let client = stage.run((0..<10).map { _ in .get() }, pipelineDepth: 2)
        #expect(stage.ledger.outcomes.map(\.id) == Array(0..<10))
        #expect(client.connections == 1)
    }

    @Test func aClientWithoutKeepAliveOpensAConnectionEach() {
        let stage = Stage(seed: 8)
        let client = stage.run((0..<5).map { _ in .get() }, keepsAlive: false)
        #expect(client.connections == 5)
        #expect(stage.ledger.violations() == [])
    }

    @Test func faultsOfAnswersAreSeenAsWhatTheyAre() {
        let faults: [(AnswerScript.Fault, Ledger.Ending)] = [
            (.closeBefore, .unanswered), (.resetBefore, .unanswered), (.closeInHead(20), .truncated),
            (.resetInHead(20), .truncated), (.closeInBody(10), .truncated), (.resetInBody(10), .truncated),
            (.announceMore(5), .truncated),
        ]
        for (fault, ending) in faults {
            let stage = Stage(seed: 9)
            stage.backend.script = { _, _ in
                var answer = AnswerScript(bodyCount: 100)
                answer.fault = fault
                return answer
            }
            _ = stage.run([.get()])
            #expect(stage.ledger.outcomes.map(\.ending) == [ending], "\(fault)")
            #expect(stage.ledger.violations() == [], "\(fault)")
        }
    }

    @Test func strayBytesBehindAnAnswerAreGarbage() {
        let stage = Stage(seed: 10)
        stage.backend.script = { _, _ in
            var answer = AnswerScript(bodyCount: 10)
            answer.fault = .sendMore(30)
            return answer
        }
        var second = RequestScript.get()
        second.thinkNs = 50_000_000
        _ = stage.run([.get(), second])
        #expect(!stage.ledger.violations().isEmpty)
    }

    @Test func anEarlyAnswerComesBeforeTheUploadEnds() {
        let stage = Stage(seed: 11)
        stage.backend.script = { _, _ in
            var answer = AnswerScript(bodyCount: 10)
            answer.trigger = .bodyBytes(1_000)
            return answer
        }
        var upload = RequestScript.post(50_000)
        upload.writePace = Pace(bytes: 1_000, pauseNs: 10_000_000)
        _ = stage.run([upload, .get()])
        #expect(stage.ledger.outcomes.map(\.ending) == [.complete, .complete])
        #expect(stage.ledger.violations() == [])
        #expect((stage.ledger.outcomes.first?.at).map { $0 < stage.network.now } == true)
    }

    @Test func aKilledBackendRefusesUntilItIsStarted() {
        let stage = Stage(seed: 12)
        var later = RequestScript.get()
        later.thinkNs = 1_000_000_000
        stage.backend.kill(afterNs: 500_000_000)
        stage.backend.start(afterNs: 1_500_000_000)
        _ = stage.run([.get(), later, later])
        #expect(stage.ledger.outcomes.map(\.ending) == [.complete, .connectFailed, .complete])
    }

    @Test func idleConnectionsAreClosedByTheBackend() {
        let stage = Stage(seed: 13)
        stage.backend.idleCloseNs = 10_000_000...20_000_000
        var later = RequestScript.get()
        later.thinkNs = 100_000_000
        let client = stage.run([.get(), later, later])
        #expect(client.connections == 3)
        #expect(stage.ledger.violations() == [])
    }

    @Test func slowReadersAndLeaversAreWhatTheySay() {
        let stage = Stage(seed: 14)
        stage.backend.script = { _, _ in AnswerScript(bodyCount: 200_000) }
        var slow = RequestScript.get()
        slow.readPace = Pace(bytes: 10_000, pauseNs: 50_000_000)
        var leaver = slow
        leaver.leaveAfterNs = 300_000_000
        leaver.leavesByReset = true
        let start = stage.network.now
        _ = stage.run([slow, leaver, .get()])
        #expect(stage.ledger.outcomes.map(\.ending) == [.complete, .abandoned, .complete])
        #expect(stage.network.now.since(start) > 1_000_000_000)
        #expect(stage.ledger.violations() == [])
    }

    @Test func aHalfClosingClientGetsItsAnswer() {
        let stage = Stage(seed: 15)
        stage.backend.script = { _, _ in
            var answer = AnswerScript(bodyCount: 1_000)
            answer.delayNs = 100_000_000
            return answer
        }
        var request = RequestScript.post(500)
        request.halfCloses = true
        let client = stage.run([request, .get()])
        #expect(stage.ledger.outcomes.map(\.ending) == [.complete, .complete])
        #expect(client.connections == 2)
    }

    /// Bytes of one request that are taken for another: no backend may ever be asked so.
    @Test func theJudgeSeesRequestsThatNobodySent() {
        let stage = Stage(seed: 1)
        var smuggled = RequestScript("POST")
        smuggled.body = .garbage(Array("GET /other HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        _ = stage.run([smuggled])
        #expect(stage.ledger.violations().contains("one got GET /other, which nobody sent"))
    }

    @Test func theJudgeSeesAnswersThatWereSwapped() {
        let network = SimNetwork(seed: 16)
        let ledger = Ledger()
        let liar = Liar()
        let listener = network.listen(at: address, owner: liar)
        defer { listener.close() }
        let client = SimClient(network, ledger, number: 1, to: address, requests: [.get()])
        client.start()
        #expect(network.run())
        #expect(ledger.violations() == ["GET 0: answer 5 was never given"])
    }
}

/// Answers with a claim that no backend made.
private final class Liar: SimListenerOwner, SimEndOwner {
    private var ends: [SimEnd] = []

    func acceptable(_ listener: SimListener) {
        while let end = listener.accept() {
            ends.append(end)
            end.owner = self
            let text = "HTTP/1.1 200 OK\r\nx-sim-answer: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            _ = end.write(Array(text.utf8)[...])
        }
    }

    func connected(_ end: SimEnd) {}
    func connectFailed(_ end: SimEnd, _ fault: IOFault) {}
    func readable(_ end: SimEnd) {}
    func writable(_ end: SimEnd) {}
}
