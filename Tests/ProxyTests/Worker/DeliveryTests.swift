import Model
import Testing

@testable import Proxy

/// What is sent again, and what is not: by what is known of what the backend has read.
@Suite struct DeliveryTests {
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

    /// A bench whose first client has just been served, over a connection that is kept.
    /// - Parameter isTold: the kernel says how much the backend's has acknowledged, which is all so far.
    private func reused(backends: Int = 1, isTold: Bool = true) -> (bench: Bench, client: Int32, backend: Int32) {
        let bench = Bench(backends: backends)
        let client = bench.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if isTold { acknowledge(bench, backend) }
        return (bench, client, backend)
    }

    /// The backend's kernel has had everything, or all but the last `lacking` bytes.
    private func acknowledge(_ bench: Bench, _ backend: Int32, lacking: Int = 0) {
        bench.script.wires[backend]!.acknowledged = UInt64(bench.script.wires[backend]!.outbox.count - lacking)
    }

    @Test func aPostThatTheBackendsKernelHasNotHadIsSentAgain() {
        let (bench, client, backend) = reused()
        bench.say(client, Self.post)
        #expect(bench.got(backend).hasSuffix("hi"))
        bench.end(backend)
        let second = bench.latest
        #expect(second != backend)
        #expect(bench.got(second).hasSuffix("hi"))
        bench.say(second, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.got(client).contains("HTTP/1.1 201 "))
        bench.expectRest()
    }

    @Test func aPostOfWhichAByteWasAcknowledgedIsNotSentAgain() {
        let (bench, client, backend) = reused()
        bench.say(client, Self.post)
        acknowledge(bench, backend, lacking: Self.post.utf8.count)
        let before = bench.script.sockets.count
        bench.end(backend)
        #expect(bench.script.sockets.count == before)
        #expect(bench.got(client).contains("HTTP/1.1 502 "))
        bench.expectRest()
    }

    @Test func aPostIsNotSentAgainAfterAResetNorWhereNothingIsKnown() {
        for (isTold, end) in [(true, .failed(.reset)), (false, .ended)] as [(Bool, Completion.Outcome)] {
            let (bench, client, backend) = reused(isTold: isTold)
            bench.say(client, Self.post)
            let before = bench.script.sockets.count
            bench.end(backend, end)
            #expect(bench.script.sockets.count == before)
            #expect(bench.got(client).contains("HTTP/1.1 502 "))
            bench.expectRest()
        }
    }

    /// The backend reads every second request of a connection and drops it: each of those is work that the budget is for.
    @Test func aRequestThatTheBackendHasHadIsRepeatedAtTheBudgetsExpense() {
        for isRead in [true, false] {
            let bench = Bench(pool: PoolSpec(retry: RetrySpec(max: 2, budget: 0)))
            let client = bench.client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
            let backend = bench.latest
            bench.say(backend, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            acknowledge(bench, backend)
            bench.say(client, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            if isRead { acknowledge(bench, backend) }
            let before = bench.script.sockets.count
            bench.end(backend, .failed(.reset))
            if isRead {
                #expect(bench.script.sockets.count == before)
                #expect(bench.got(client).contains("HTTP/1.1 502 "))
            } else {
                #expect(bench.got(bench.latest).contains("GET /2 "))
                bench.say(bench.latest, "HTTP/1.1 204 No Content\r\n\r\n")
                #expect(bench.got(client).contains("HTTP/1.1 204 "))
            }
            bench.expectRest()
        }
    }

    @Test func aByteThatCameBeforeTheRequestIsNoAnswerToIt() {
        let (bench, client, backend) = reused(isTold: false)
        // Both come out of the same reap: the byte that nobody asked for, and the request that takes its connection.
        bench.script.wires[backend]!.inbox = Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".utf8)
        bench.script.wires[client]!.inbox = Array("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        bench.settle()
        #expect(!bench.got(client).contains("poison"))
        let second = bench.latest
        #expect(second != backend)
        bench.say(second, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
        #expect(bench.got(client).hasSuffix("good"))
        bench.expectRest()
    }

    @Test func anAnswerThatBreaksOffIsResetTowardsAClientThatKnowsNoOtherEnd() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.0\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        #expect(bench.got(client).hasSuffix("half"))
        bench.end(bench.latest)
        #expect(bench.isClosed(client))
        #expect(bench.script.wires[client]!.resetsOnClose)
        bench.expectRest()
    }

    /// The kernel tells of a reset once: to the send. What comes after that looks like a clean end.
    @Test func anAnswerThatEndsByCloseIsNotWholeWhereTheUploadCouldNotBeSent() {
        let bench = Bench()
        let length = 200_000
        let client = bench.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
        let backend = bench.latest
        bench.say(backend, "HTTP/1.1 200 OK\r\n\r\nhalf")
        bench.script.wires[backend]!.failsSends = true
        bench.say(client, String(repeating: "x", count: 1000))
        bench.end(backend)
        #expect(bench.got(client).contains("half"))
        #expect(!bench.got(client).hasSuffix("0\r\n\r\n"), "the end of a whole answer")
        #expect(bench.log().contains("http_response_incomplete"))
        bench.end(client)
        bench.expectRest()
    }

    @Test func anAnswerThatIsWholeEndsWithoutAReset() {
        let bench = Bench()
        let client = bench.client("GET / HTTP/1.0\r\n\r\n")
        bench.say(bench.latest, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n\r\n")
        bench.end(client)
        #expect(!bench.script.wires[client]!.resetsOnClose)
        bench.expectRest()
    }
}
