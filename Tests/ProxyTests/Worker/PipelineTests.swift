import Model
import Testing

@testable import Proxy

/// What a client sends behind a long body, and every way in which the request before it can fail: the next request is
/// answered in its turn, or the connection is closed, and no byte of one is ever taken for another.
@Suite struct PipelineTests {
    private static let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

    enum Failure: CaseIterable {
        case garbage, stall, total, reset, end
    }

    /// A bench whose client has sent a body that is not kept, and whose last piece is on its way to the backend with the
    /// beginning of the next request behind it in the same buffer.
    private func uploading(_ next: String, isChunked: Bool) -> (bench: Bench, client: Int32, backend: Int32) {
        var spec = PoolSpec()
        spec.timeouts.responseStall = .seconds(2)
        spec.timeouts.total = .seconds(3)
        let bench = Bench(pool: spec)
        let length = 150_000
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(length)"
        let client = bench.client("POST /first HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
        let backend = bench.latest
        let last = 1000
        let early = String(repeating: "x", count: length - last)
        bench.say(client, isChunked ? String(length - last, radix: 16) + "\r\n\(early)\r\n" : early)
        bench.block(backend)
        let tail = String(repeating: "y", count: last)
        bench.say(client, (isChunked ? "3e8\r\n\(tail)\r\n0\r\n\r\n" : tail) + next)
        return (bench, client, backend)
    }

    @Test(arguments: Failure.allCases, [true, false])
    func theNextRequestIsAnsweredOrTheConnectionCloses(_ failure: Failure, isChunked: Bool) {
        let (bench, client, backend) = uploading(Self.next, isChunked: isChunked)
        switch failure {
        case .garbage: bench.say(backend, "this is no answer\r\n\r\n")
        case .stall: bench.pass(seconds: 2)
        case .total: bench.pass(seconds: 3)
        case .reset: bench.end(backend, .failed(.reset))
        case .end: bench.end(backend)
        }
        #expect(bench.got(client).hasPrefix("HTTP/1.1 50"))
        if bench.isClosed(client) || bench.script.wires[client]!.isShut {
            #expect(bench.got(client).contains("Connection: close\r\n"))
        } else {
            let second = bench.latest
            #expect(second != backend && bench.got(second).hasPrefix("GET /next HTTP/1.1\r\n"))
            bench.say(second, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")
            #expect(bench.got(client).hasSuffix("\r\n\r\nnext"))
        }
        bench.end(client)
        bench.expectRest()
    }

    /// The next request's head comes in two parts, the first with the last of the body: what is lost of it would make a
    /// request of the rest, which is the client's body.
    @Test(arguments: [true, false])
    func theRestOfARequestIsNeverTakenForOne(isChunked: Bool) {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        let head = "POST /next HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n"
        let (bench, client, backend) = uploading(head, isChunked: isChunked)
        bench.say(backend, "this is no answer\r\n\r\n")
        bench.say(client, smuggled)
        #expect(bench.script.sockets.allSatisfy { !bench.got($0).hasPrefix("GET /smuggled") })
        if !bench.script.wires[client]!.isShut {
            #expect(bench.got(bench.latest).hasPrefix("POST /next HTTP/1.1\r\n"))
            #expect(bench.got(bench.latest).hasSuffix(smuggled))
        }
        bench.end(client)
        bench.expectRest()
    }

    /// Each connect meets another snapshot than it began with, as when a name changes its addresses all the time.
    @Test func aSnapshotForEveryConnectEndsInAnAnswerAfterABoundedNumberOfThem() {
        for endpoints in [1, 3] {
            let bench = Bench(backends: 3, endpoints: endpoints)
            bench.script.connectsAtOnce = false
            let client = bench.client(Self.next)
            var connects = 0
            while bench.got(client).isEmpty, connects < 1000 {
                guard let socket = bench.script.sockets.last(where: { bench.script.wires[$0]!.connect != nil }) else {
                    break
                }
                connects += 1
                bench.publish()
                bench.script.finishConnect(socket, .failed(.refused))
                bench.settle()
            }
            #expect(bench.got(client).hasPrefix("HTTP/1.1 503 "))
            #expect(connects <= (Int(Exchange.connectRetriesMax) + 1) * endpoints, "\(connects)")
            bench.expectRest()
        }
    }
}
