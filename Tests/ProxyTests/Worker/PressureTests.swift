import Model
import Testing

@testable import Proxy

/// Who comes when there is no room, and what makes room.
@Suite struct PressureTests {
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func clientsThatWereAcceptedBeyondTheLimitWaitForTheirTurn() {
        let bench = Bench()
        let first = (0..<64).map { _ in bench.client() }
        // The engine had these in hand when accepting paused.
        let late = (0..<3).map { _ in bench.client(Self.request) }
        #expect(bench.worker.clientCount == 67)
        for client in late { #expect(!bench.isClosed(client)) }
        for (left, client) in zip(first, late) {
            bench.end(left)
            bench.say(bench.latest, Self.answer)
            #expect(bench.got(client).hasSuffix("\r\n\r\nok"))
        }
        #expect(bench.worker.clientCount == 64)
        bench.expectRest()
    }

    @Test func aClientThatWaitsForItsTurnIsServedAlsoByAWorkerThatStops() {
        let bench = Bench()
        let first = (0..<64).map { _ in bench.client() }
        let late = bench.client(Self.request)
        bench.worker.stop()
        bench.end(first[0])
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(late).contains("Connection: close\r\n"))
        #expect(bench.got(late).hasSuffix("\r\n\r\nok"))
        bench.expectRest()
    }

    @Test func anIdleConnectionGivesItsDescriptorToAnotherBackend() {
        let bench = Bench(backends: 2)
        let client = bench.client(Self.request)
        let idle = bench.latest
        bench.say(idle, Self.answer)
        #expect(!bench.isClosed(idle))
        // The second request is the second backend's, to which there is no connection yet.
        bench.script.descriptorsLeft = 0
        bench.say(client, Self.request)
        #expect(bench.isClosed(idle))
        #expect(bench.latest != idle)
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("\r\n\r\nok"))
        #expect(!bench.got(client).contains("503"))
        bench.expectRest()
    }

    @Test func withoutAnIdleConnectionWantOfDescriptorsIsSaid() {
        let bench = Bench(backends: 2)
        bench.script.descriptorsLeft = 0
        let client = bench.client(Self.request)
        bench.pass(100_000_000)
        #expect(bench.got(client).hasPrefix("HTTP/1.1 503 "))
        #expect(
            bench.got(client)
                .contains("Proxy-Status: lb; error=proxy_internal_error; details=\"out_of_descriptors\"\r\n")
        )
        bench.expectRest()
    }

    @Test func anEmptyLineBehindABodyBeginsNoRequest() {
        let bench = Bench { _, timeouts in
            timeouts.clientHead = .seconds(10)
            timeouts.clientIdle = .seconds(75)
        }
        let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n")
        bench.say(bench.latest, Self.answer)
        let answered = bench.got(client)
        #expect(bench.worker.buffersTaken == 0)
        bench.pass(seconds: 11)
        #expect(!bench.isClosed(client))
        #expect(bench.got(client) == answered)
        bench.say(client, Self.request)
        bench.say(bench.latest, Self.answer)
        #expect(bench.got(client).hasSuffix("\r\n\r\nok"))
        #expect(bench.got(client).count > answered.count)
        bench.expectRest()
    }

    @Test(arguments: [["\r\n", "\r\n"], ["\r", "\n", "\r"], ["\r\n\r\n"]])
    func aSecondEmptyLineIsRefusedHoweverItComes(pieces: [String]) {
        let bench = Bench()
        let client = bench.client()
        for piece in pieces { bench.say(client, piece) }
        #expect(bench.got(client).hasPrefix("HTTP/1.1 400 "))
        bench.expectRest()
    }

    @Test func emptyLinesDoNotKeepAnIdleConnectionOpen() {
        let bench = Bench { _, timeouts in timeouts.clientIdle = .seconds(75) }
        let client = bench.client("\r\n")
        bench.pass(seconds: 74)
        #expect(!bench.isClosed(client))
        bench.pass(seconds: 1)
        #expect(bench.isClosed(client))
        bench.expectRest()
    }
}
