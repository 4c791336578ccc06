import Glibc
import Model
import Testing

@testable import lbd

@Suite struct DemoTests {
    // MARK: - Requests

    private func state(after text: String) -> DemoRequest.State {
        var request = DemoRequest()
        _ = request.take(Array(text.utf8)[...])
        return request.state
    }

    private static let complete = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
        "DELETE / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ]

    @Test(arguments: complete) func requestEndsWhereItEndsHoweverItIsSplit(text: String) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var request = DemoRequest()
            var taken = request.take(bytes[..<split])
            #expect(taken == split)
            #expect((request.state == .complete) == (split == bytes.count))
            taken += request.take((bytes[split...] + Array("GET".utf8))[...])
            #expect(request.state == .complete)
            #expect(taken == bytes.count, "the next request is not touched")
        }
    }

    @Test(arguments: [
        "\r\n", "GET /\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/2\r\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\n: x\r\n",
        "GET / HTTP/1.1\r\nnocolon\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n", "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\n", "\u{16}\u{3}\u{1}\n",
    ])
    func whatIsNoRequestIsMalformed(text: String) {
        #expect(state(after: text) == .malformed)
    }

    @Test func endlessHeadIsMalformedAtItsBound() {
        let start = "GET / HTTP/1.1\r\nX: "
        let bound = DemoRequest.headBytesMax
        #expect(state(after: start + String(repeating: "x", count: bound - start.utf8.count)) == .head)
        #expect(state(after: start + String(repeating: "x", count: bound - start.utf8.count + 1)) == .malformed)
    }

    @Test func connectionIsKeptAsTheVersionAndTheFieldSay() {
        func keeps(_ text: String) -> Bool {
            var request = DemoRequest()
            _ = request.take(Array(text.utf8)[...])
            return request.state == .complete && request.mayKeepAlive
        }
        #expect(keeps("GET / HTTP/1.1\r\n\r\n"))
        #expect(!keeps("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))
        #expect(!keeps("GET / HTTP/1.0\r\n\r\n"))
        #expect(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"))
    }

    @Test func waitForA100IsToldOnceAndOnlyBeforeABody() {
        var request = DemoRequest()
        let head = Array("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8)
        #expect(request.take((head + Array("hi".utf8))[...]) == head.count)
        #expect(request.expectsContinue)
        #expect(request.take(Array("hi".utf8)[...]) == 2)
        #expect(!request.expectsContinue && request.state == .complete)
        var bodiless = DemoRequest()
        _ = bodiless.take(Array("GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n".utf8)[...])
        #expect(!bodiless.expectsContinue && bodiless.state == .complete)
    }

    // MARK: - Backends

    /// A blocking connection to a backend, with what it answers.
    private final class Client {
        let descriptor: Int32

        init(_ url: BackendURL) throws {
            guard case .network(_, let port) = url.place else { throw Unreachable() }
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            // A test that would hang says so instead.
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            guard code == 0 else { throw Unreachable() }
        }

        deinit { close(descriptor) }

        struct Unreachable: Error {}

        func write(_ text: String) {
            let bytes = Array(text.utf8)
            #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }

        /// Reads until what came ends in `end`, or the connection does.
        func read(until end: String) -> String {
            var text = ""
            var byte: UInt8 = 0
            while !text.hasSuffix(end), recv(descriptor, &byte, 1, 0) == 1 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
            return text
        }

        /// Whether the other side closes without another byte.
        func isClosed() -> Bool {
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, 0) == 0
        }
    }

    @Test func eachBackendAnswersWithItsOwnName() throws {
        let backends = try DemoBackends.start(firstPort: 0) { Issue.record("\($0)") }
        #expect(backends.map(\.name) == ["demo-1", "demo-2", "demo-3"])
        for (name, url) in backends {
            let client = try Client(url)
            for _ in 0..<3 {
                client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(client.read(until: "\(name)\n").hasSuffix("\r\n\r\nhello from \(name)\n"))
            }
        }
    }

    @Test func answersAreWhatHTTPSaysTheyAre() throws {
        let url = try #require(try DemoBackends.start(firstPort: 0).first).url
        let full = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nhello from demo-1\n"
        let client = try Client(url)
        // A HEAD has no body: the answer to the pipelined GET follows at once.
        client.write("HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        #expect(client.read(until: "demo-1\n") == full.replacing("hello from demo-1\n", with: "") + full)
        client.write("POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        client.write("abc")
        #expect(client.read(until: "demo-1\n") == full)
        client.write("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        #expect(client.read(until: "demo-1\n") == full)
        #expect(client.isClosed())
    }

    @Test func garbageIsRefusedAndTheBackendGoesOn() throws {
        let url = try #require(try DemoBackends.start(firstPort: 0).last).url
        let bad = try Client(url)
        bad.write("\u{16}\u{3}\u{1}rubbish\r\n")
        #expect(bad.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        #expect(bad.isClosed())
        let good = try Client(url)
        good.write("GET / HTTP/1.0\r\n\r\n")
        #expect(good.read(until: "\n\n").hasSuffix("hello from demo-3\n"))
    }

    @Test func takenPortIsPassedOverAndSaid() throws {
        // The kernel's choice is a port that is taken now, with some above it that most likely are not.
        let first = try #require(try DemoBackends.start(firstPort: 0).first)
        guard case .network(_, let taken) = first.url.place, taken < 65_000 else { return }
        var said: [String] = []
        let backends = try DemoBackends.start(firstPort: taken) { said.append($0) }
        let ports = backends.map(\.url.defaultName)
        #expect(Set(ports).count == 3 && !ports.contains("127.0.0.1:\(taken)"))
        #expect(said.first?.hasPrefix("port \(taken) is taken, so demo-1 is on ") == true)
    }

    // MARK: - What to try next

    private func guide(_ listener: String, _ admin: String = "127.0.0.1:9900", lbctl: String = "lbctl") throws -> String
    {
        DemoGuide.text(
            listener: try ListenAddress(reading: listener),
            admin: try ListenAddress(reading: admin),
            lbctl: lbctl,
            backends: [
                ("demo-1", try BackendURL("http://127.0.0.1:8080")),
                ("demo-2", try BackendURL("http://127.0.0.1:8083")),
            ]
        )
    }

    @Test func guideIsWhatCanBeTypedHere() throws {
        let plain = try guide(":80")
        #expect(plain.contains("  curl localhost  "))
        #expect(plain.contains("  lbctl list "))
        #expect(plain.contains("  lbctl remove backend demo-2 "))
        #expect(plain.contains("  lbctl add backend demo-2 http://127.0.0.1:8083 --wait "))
        #expect(try guide(":8000").contains("  curl localhost:8000 "))
        #expect(try guide("10.0.0.1:80").contains("  curl 10.0.0.1 "))
        #expect(try guide("[fe80::1]:81").contains("  curl 'http://[fe80::1]:81' "))
        #expect(try guide("unix:/a.sock").contains("  curl --unix-socket /a.sock http://localhost "))
        #expect(try guide(":80", "127.0.0.1:9901").contains("  lbctl --addr http://127.0.0.1:9901 list "))
        #expect(try guide(":80", "unix:/a.sock").contains("  lbctl --addr unix:/a.sock list "))
    }

    @Test func lbctlIsNamedByItsPathWhenTheShellWouldNotFindIt() {
        func command(_ program: String, _ path: String, _ executables: Set<String>) -> String {
            DemoGuide.lbctl(program: program, path: path) { executables.contains($0) }
        }
        #expect(command(".build/release/lbd", "/bin", [".build/release/lbctl"]) == ".build/release/lbctl")
        #expect(command(".build/release/lbd", "/bin:/x", [".build/release/lbctl", "/x/lbctl"]) == "lbctl")
        #expect(command("/a b/lbd", "/bin", ["/a b/lbctl"]) == "\"/a b/lbctl\"")
        #expect(command("/usr/bin/lbd", "/bin", []) == "lbctl")
        #expect(command("lbd", "/bin", []) == "lbctl")
    }
}
