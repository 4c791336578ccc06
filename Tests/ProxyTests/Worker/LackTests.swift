import Model
import Testing

@testable import Proxy

/// What happens when this machine lacks what a connection to a backend takes: it says so, and the backend is not blamed.
@Suite struct LackTests {
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func expectNoBlame(_ bench: Bench, _ location: SourceLocation = #_sourceLocation) {
        for backend in 0..<8 {
            #expect(bench.live.backends[backend].failuresInRow == 0, sourceLocation: location)
            #expect(bench.counters.backends[backend].errors == 0, sourceLocation: location)
        }
        #expect(bench.live.suspects.take() == [], sourceLocation: location)
    }

    @Test(arguments: [
        (IOFault.noLocalAddress, "out_of_local_ports", "has no local ports left"),
        (.noMemory, "out_of_memory", "has no memory left"),
        (.noDescriptors, "out_of_descriptors", "has no descriptors left"),
    ])
    func aConnectThatFailsForWantOfSomethingHereIsNotTheBackendsFault(
        fault: IOFault,
        cause: String,
        words: String
    ) {
        let bench = Bench()
        bench.script.connectFaults = [8000: fault]
        for number in 1...5 {
            let client = bench.client(Self.request)
            let answer = bench.got(client)
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("\r\nProxy-Status: lb; error=proxy_internal_error; details=\"\(cause)\"\r\n"))
            #expect(answer.contains(words))
            #expect(bench.script.dialled.count == number, "once is enough: asking often takes what is left")
        }
        #expect(bench.log().contains(" \(cause) PC "))
        expectNoBlame(bench)
        bench.expectRest()
    }

    @Test func anotherBackendHasLocalPortsOfItsOwn() {
        let bench = Bench(backends: 3)
        bench.script.connectFaults = [8000: .noLocalAddress, 8001: .noLocalAddress]
        let client = bench.client(Self.request)
        #expect(bench.script.dialled == [8000, 8001, 8002])
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        expectNoBlame(bench)
        bench.expectRest()
    }

    @Test func withoutLocalPortsNoMoreIsTriedThanThePoolsRetriesSay() {
        let bench = Bench(backends: 8)
        bench.script.connectFaults = Dictionary(uniqueKeysWithValues: (0..<8).map { (8000 + $0, .noLocalAddress) })
        let client = bench.client(Self.request)
        #expect(bench.script.dialled == [8000, 8001, 8002])
        #expect(bench.got(client).hasPrefix("HTTP/1.1 503 "))
        expectNoBlame(bench)
        bench.expectRest()
    }

    @Test func aBackendThatRefusesIsStillBlamedBesideOneWithoutPorts() {
        let bench = Bench(endpoints: 2)
        bench.script.connectFaults = [8000: .noLocalAddress, 8001: .refused]
        let client = bench.client(Self.request)
        #expect(bench.got(client).contains("error=connection_refused"))
        #expect(bench.live.backends[0].failuresInRow > 0)
        bench.expectRest()
    }

    // MARK: descriptors that come free later

    /// A bench with an idle connection to the first backend, no descriptor left, and a kernel that closes later; and a client
    /// whose request wants the second.
    private func starved() -> (bench: Bench, client: Int32, idle: Int32) {
        let bench = Bench(backends: 2)
        let client = bench.client(Self.request)
        let idle = bench.latest
        bench.say(idle, Self.answer)
        bench.script.closesLate = true
        bench.script.descriptorsLeft = 0
        bench.say(client, Self.request)
        return (bench, client, idle)
    }

    @Test func aRequestWaitsForTheDescriptorOfTheConnectionThatMakesWay() {
        let (bench, client, idle) = starved()
        #expect(bench.isClosed(idle))
        #expect(bench.script.dialled == [8000])
        #expect(bench.worker.nextDeadline <= bench.worker.now + 1_000_000)
        bench.script.freeDescriptors()
        bench.settle()
        #expect(bench.script.dialled == [8000, 8001])
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        #expect(!bench.got(client).contains("503"))
        #expect(bench.worker.opening.count == 0)
        bench.expectRest()
    }

    @Test func aDescriptorThatDoesNotComeIsNotWaitedForLong() {
        let (bench, client, _) = starved()
        bench.pass(90_000_000)
        #expect(!bench.got(client).contains("503"))
        bench.pass(10_000_000)
        #expect(bench.got(client).contains("503"))
        #expect(bench.log().contains(" out_of_descriptors PC "))
        expectNoBlame(bench)
        bench.expectRest()
    }

    @Test func aRequestThatWaitsForADescriptorLeavesABackendThatIsCut() {
        let (bench, client, _) = starved()
        bench.publish(draining: [1], cuts: [1])
        bench.settle()
        #expect(bench.inFlight(1) == 0 && bench.worker.opening.count == 1)
        bench.script.freeDescriptors()
        bench.settle()
        #expect(bench.script.dialled == [8000, 8000])
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("ok"))
        bench.expectRest()
    }

    @Test func thoseThatWaitForDescriptorsAreServedInTheirOrder() {
        let bench = Bench(backends: 1)
        let clients = (0..<3).map { _ in bench.client() }
        bench.script.descriptorsLeft = 0
        // What a connection that is over lets go of is not the next one's.
        bench.script.closesLate = true
        for client in clients { bench.say(client, Self.request) }
        #expect(bench.worker.opening.count == 3)
        for (served, client) in clients.enumerated() {
            bench.script.descriptorsLeft = 1
            bench.settle()
            #expect(bench.worker.opening.count == 2 - served)
            bench.say(bench.latest, Self.answer.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
            #expect(bench.got(client).hasSuffix("ok"))
        }
        bench.expectRest()
    }

    /// Somebody else takes what was let go: another idle connection makes way.
    @Test func anotherIdleConnectionMakesWayWhenTheFirstOnesDescriptorIsTaken() {
        let bench = Bench(backends: 3)
        let clients = (0..<3).map { _ in bench.client() }
        let idle = clients.prefix(2).map { client in
            bench.say(client, Self.request)
            return bench.latest
        }
        for connection in idle { bench.say(connection, Self.answer) }
        bench.script.closesLate = true
        bench.script.descriptorsLeft = 0
        bench.say(clients[2], Self.request)
        #expect(idle.count { bench.isClosed($0) } == 1)
        bench.pass(5_000_000)
        #expect(idle.count { bench.isClosed($0) } == 2)
        bench.script.freeDescriptors()
        bench.settle()
        #expect(bench.script.dialled == [8000, 8001, 8002])
        bench.expectRest()
    }
}
