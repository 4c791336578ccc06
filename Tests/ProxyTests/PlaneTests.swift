import Foundation
import Glibc
import Model
import Testing

@testable import Proxy

/// The data plane as the admin side has it, on the real kernel: one worker, the prober, and a server of one answer.
@Suite struct PlaneTests {
    /// Answers every connection with the same bytes, from a thread that ends with the process.
    private struct Server {
        let port: UInt16

        init(_ answer: String) throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, size) == 0 && getsockname(listener, $0, &size) == 0 && listen(listener, 16) == 0
                }
            }
            try #require(isListening)
            port = UInt16(bigEndian: address.sin_port)
            Thread.detachNewThread {
                while true {
                    let client = accept(listener, nil, nil)
                    guard client >= 0 else { return }
                    var bytes = [UInt8](repeating: 0, count: 4096)
                    _ = recv(client, &bytes, bytes.count, 0)
                    let text = Array(answer.utf8)
                    _ = send(client, text, text.count, Int32(MSG_NOSIGNAL))
                    close(client)
                }
            }
        }

        var spec: BackendSpec { BackendSpec(url: try! BackendURL("http://127.0.0.1:\(port)")) }
    }

    private func plane(_ desired: DesiredState = DesiredState(), known: [KnownHealth] = []) throws -> Proxy {
        var process = ProcessSettings()
        process.listeners = [try #require(ListenAddress("127.0.0.1:0"))]
        process.workers = 1
        process.accessLog = .off
        let proxy = try Proxy(process)
        proxy.seed(known)
        try proxy.start(desired)
        return proxy
    }

    @Test func aProposedBackendIsCheckedOnDemandAndChangesNothing() throws {
        let server = try Server("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\nready")
        let plane = try plane()
        let report = plane.probe(server.spec, with: HealthCheckSpec(path: "/up", body: "ready"))
        #expect(report.hasPassed && report.status == 200 && report.address == "127.0.0.1:\(server.port)")
        #expect(report.sent.hasPrefix("GET /up HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        #expect(String(decoding: report.head, as: UTF8.self).contains("Server: s"))
        #expect(String(decoding: report.body, as: UTF8.self) == "ready" && !report.isBodyCut)
        let connect = try #require(report.connectNs)
        let first = try #require(report.firstByteNs)
        #expect(connect <= first && first <= report.totalNs && report.totalNs > 0)
        #expect(plane.status().backends.isEmpty && plane.transitions(after: 0).isEmpty)
        let refused = plane.probe(server.spec, with: HealthCheckSpec(body: "steady"))
        #expect(refused.failure == "the body does not contain \"steady\"" && refused.status == 200)
        _ = plane.stop(patience: .zero)
    }

    @Test func whatWasKnownIsWhereABackendBeginsAndItsCheckCorrectsIt() throws {
        let server = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var desired = DesiredState()
        desired.setBackend("web-1", server.spec)
        let known = KnownHealth(
            name: "web-1",
            pool: DesiredState.defaultPool,
            url: server.spec.url,
            state: .unhealthy,
            reason: "connect refused"
        )
        let plane = try plane(desired, known: [known])
        var seen = plane.changes
        let deadline = Date(timeIntervalSinceNow: 20)
        while plane.status().backends["web-1"]?.phase != .serving, Date() < deadline {
            seen = plane.awaitChange(after: seen, timeout: .seconds(1))
        }
        let told = plane.transitions(after: 0)
        #expect(told.map(\.from) == [.unhealthy] && told.map(\.to) == [.serving])
        #expect(told.map(\.backend) == ["web-1"] && told.map(\.cause) == ["check passed"])
        // Another address is another backend: nothing is known of it.
        let other = try Server("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        desired.setBackend("web-1", other.spec)
        try plane.apply(desired, revision: 1)
        while plane.status().backends["web-1"]?.phase != .unhealthy, Date() < deadline {
            seen = plane.awaitChange(after: seen, timeout: .seconds(1))
        }
        #expect(plane.transitions(after: 1).map(\.from) == [.starting])
        _ = plane.stop(patience: .zero)
    }

    /// The answer to a write says what has become of it.
    @Test func aBackendDrainsAsSoonAsTheWriteReturns() throws {
        let server = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var desired = DesiredState()
        var pool = PoolSpec()
        pool.healthCheck = nil
        desired.setPool(DesiredState.defaultPool, pool)
        desired.setBackend("web-1", server.spec)
        let plane = try plane(desired)
        #expect(plane.status().backends["web-1"]?.phase == .serving)
        for (state, phase) in [(BackendState.drain, BackendPhase.draining), (.maint, .maint), (.ready, .serving)] {
            var spec = server.spec
            spec.state = state
            desired.setBackend("web-1", spec)
            try plane.apply(desired, revision: 1)
            #expect(plane.status().backends["web-1"]?.phase == phase)
        }
        _ = plane.stop(patience: .zero)
    }
}
