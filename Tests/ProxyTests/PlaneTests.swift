import Foundation
import Glibc
import Model
import Synchronization
import Testing

@testable import Proxy

/// The data plane as the admin side has it, on the real kernel: one worker, the prober, and a server of one answer.
@Suite struct PlaneTests {
    /// Answers every connection with the same bytes, from a thread that ends with the process.
    private struct Server {
        let port: UInt16

        /// A socket that listens on a port of the kernel's choice.
        static func listening() throws -> (descriptor: Int32, port: UInt16) {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let (isListening, port) = PlaneTests.withLoopback(port: 0) { address, size in
                bind(listener, address, size) == 0 && getsockname(listener, address, &size) == 0
                    && listen(listener, 16) == 0
            }
            try #require(isListening)
            return (listener, port)
        }

        init(_ answer: String) throws {
            let (listener, port) = try Self.listening()
            self.port = port
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

    private static func withLoopback(
        port: UInt16,
        _ call: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Bool
    ) -> (isDone: Bool, port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isDone = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &size) }
        }
        return (isDone, UInt16(bigEndian: address.sin_port))
    }

    /// A client that has asked and waits.
    private func asking(_ plane: Proxy) throws -> Int32 {
        let text = plane.listeners[0].description
        let port = try #require(text.split(separator: ":").last.flatMap { UInt16($0) })
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(Self.withLoopback(port: port) { connect(client, $0, $1) == 0 }.isDone)
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(send(client, request, request.count, Int32(MSG_NOSIGNAL)) == request.count)
        return client
    }

    private func plane(
        _ desired: DesiredState = DesiredState(),
        known: [KnownHealth] = [],
        slots: Int = LiveTable.capacity
    ) throws -> Proxy {
        var process = ProcessSettings()
        process.listeners = [try #require(ListenAddress("127.0.0.1:0"))]
        process.workers = 1
        process.accessLog = .off
        let proxy = try Proxy(process, slots: slots)
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
    private func until(_ plane: Proxy, _ condition: (PlaneStatus) -> Bool) {
        var seen = plane.changes
        let deadline = Date(timeIntervalSinceNow: 20)
        while !condition(plane.status()), Date() < deadline {
            seen = plane.awaitChange(after: seen, timeout: .milliseconds(100))
        }
        #expect(condition(plane.status()))
    }

    /// A change may replace all backends of a pool at once, by name or by URL.
    @Test(arguments: [false, true]) func whoWasReplacedServesUntilTheNewOnesDo(keepsName: Bool) throws {
        let old = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let (nobody, port) = try Server.listening()
        close(nobody)
        var spec = old.spec
        spec.healthCheck = .adjusted(
            HealthCheckPatch(HealthCheckSpec(interval: .seconds(1), timeout: .seconds(1)))
        )
        var before = DesiredState()
        before.setBackend("web-1", spec)
        let plane = try plane(before)
        until(plane) { $0.backends["web-1"]?.phase == .serving }

        var dead = spec
        dead.url = try BackendURL("http://127.0.0.1:\(port)")
        let name = keepsName ? "web-1" : "web-2"
        var after = DesiredState()
        after.setBackend(name, dead)
        try plane.apply(after, revision: 2)
        #expect(plane.standIns().map(\.backends) == [["web-1"]] && plane.standIns().map(\.awaited) == [[name]])
        until(plane) { $0.backends[name]?.phase == .unhealthy }
        #expect(plane.status(of: name)?.phase == .unhealthy && plane.status(of: name)?.isStandIn == false)
        if !keepsName { #expect(plane.status(of: "web-1")?.isStandIn == true) }
        #expect(plane.drains().isEmpty)
        // Clients have noticed nothing.
        let client = try asking(plane)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(client, &bytes, bytes.count, 0)
        #expect(String(decoding: bytes[..<max(0, count)], as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        close(client)

        // Others come that are well: now they may go.
        let new = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var alive = spec
        alive.url = new.spec.url
        after.setBackend(name, alive)
        try plane.apply(after, revision: 3)
        until(plane) { _ in plane.standIns().isEmpty }
        #expect(plane.status(of: name)?.phase == .serving)
        // A drain begins once every loop has adopted it.
        until(plane) { _ in plane.drains().contains { $0.name == "web-1" && $0.url == spec.url } }
        #expect(plane.drains().allSatisfy { $0.url != alive.url })
        // What is wanted again is a member like any other.
        after.setBackend(name, dead)
        try plane.apply(after, revision: 4)
        #expect(plane.standIns().count == 1)
        after.setBackend(name, alive)
        try plane.apply(after, revision: 5)
        until(plane) { _ in plane.standIns().isEmpty }
        #expect(plane.status().backends.count == 1 && plane.status(of: name)?.phase == .serving)
        _ = plane.stop(patience: .zero)
    }

    /// Nobody is kept who is not missed.
    @Test func whereSomebodyStaysOrIsThereAtOnceNobodyStandsIn() throws {
        let servers = try (0..<2).map { _ in try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        let nobody = BackendSpec(url: try BackendURL("http://127.0.0.1:1"))
        var both = DesiredState()
        both.setBackend("web-1", servers[0].spec)
        both.setBackend("web-2", servers[1].spec)
        let plane = try plane(both)
        until(plane) { $0.backends.values.allSatisfy { $0.phase == .serving } }
        var one = both
        one.removeBackend("web-2")
        one.setBackend("web-3", nobody)
        try plane.apply(one, revision: 2)
        #expect(plane.standIns().isEmpty)
        var unchecked = DesiredState()
        var spec = servers[1].spec
        spec.healthCheck = .off
        unchecked.setBackend("web-4", spec)
        try plane.apply(unchecked, revision: 3)
        #expect(plane.standIns().isEmpty && plane.status(of: "web-4")?.phase == .serving)
        // A pool that is emptied is meant so.
        try plane.apply(DesiredState(), revision: 4)
        #expect(plane.standIns().isEmpty && plane.status().backends.isEmpty)
        _ = plane.stop(patience: .zero)
    }

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

    /// Backends that nobody checks, at `ports`.
    private func unchecked(_ ports: [UInt16], pool name: String = DesiredState.defaultPool) throws -> DesiredState {
        var desired = DesiredState()
        var pool = PoolSpec()
        pool.healthCheck = nil
        desired.setPool(name, pool)
        for port in ports {
            var spec = BackendSpec(url: try BackendURL("http://127.0.0.1:\(port)"))
            spec.pool = name
            desired.setBackend("web-\(port)", spec)
        }
        return desired
    }

    @Test func whoeverComesAndGoesWithoutEndFindsAPlace() throws {
        let plane = try plane(slots: 7)
        // Three at a time, and nobody collects what they counted.
        for port: UInt16 in 1...20 {
            try plane.apply(unchecked([port, 100 + port, 200 + port]), revision: UInt64(port))
        }
        #expect(Set(plane.status().backends.keys) == ["web-20", "web-120", "web-220"])
        // More pools than have tickets, a few at a time; each keeps its name.
        for number in 0..<3 * LiveTable.poolCapacity {
            let names = (number..<number + 3).map { "pool-\($0)" }
            var desired = DesiredState()
            for name in names { desired.setPool(name, PoolSpec()) }
            try plane.apply(desired, revision: 0)
            let tickets = plane.control.withLock { $0.tickets }
            #expect(Set(tickets.keys) == Set(desired.pools.map(\.name)) && Set(tickets.values).count == tickets.count)
        }
        _ = plane.stop(patience: .zero)
    }

    /// Whatever comes of those who counted.
    @Test func sumsNeverFall() throws {
        let server = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let plane = try plane(unchecked([server.port]), slots: 3)
        let client = try asking(plane)
        var bytes = [UInt8](repeating: 0, count: 4096)
        #expect(recv(client, &bytes, bytes.count, 0) > 0)
        close(client)
        func attempts() -> UInt64 {
            let snapshot = plane.metrics()
            return snapshot.backends.reduce(0) { $0 + $1.attempts }
                + snapshot.gone.values.reduce(0) { $0 + $1.attempts }
        }
        while plane.status().backends.values.contains(where: { $0.inFlight > 0 }) { sched_yield() }
        #expect(attempts() == 1)
        // Its slot is somebody else's soon.
        for port: UInt16 in 1...6 {
            try plane.apply(unchecked([port]), revision: UInt64(port))
            #expect(attempts() == 1)
        }
        #expect(plane.metrics().gone.values.reduce(0) { $0 + $1.attempts } == 1)
        // The same by name.
        try plane.apply(DesiredState(), revision: 7)
        #expect(attempts() == 1)
        _ = plane.stop(patience: .zero)
    }

    @Test func whoFindsNoPlaceIsToldWhyAndThoseWhoServeGoOn() throws {
        // The kernel takes connections, and nobody answers.
        let silent = try (0..<2).map { _ in try Server.listening() }
        let plane = try plane(unchecked(silent.map(\.port)), slots: 4)
        let clients = try silent.map { _ in try asking(plane) }
        var seen = plane.changes
        while plane.status().backends.values.contains(where: { $0.inFlight != 1 }) {
            seen = plane.awaitChange(after: seen, timeout: .milliseconds(20))
        }
        try plane.apply(unchecked([1, 2]), revision: 1)
        #expect(plane.status().backends.count == 4)
        #expect(throws: PlaneError.full(draining: 2)) { try plane.apply(unchecked([3, 4]), revision: 2) }
        #expect(plane.status().backends["web-1"]?.phase == .serving, "nothing has changed")
        for client in clients {
            // With RST: who only ends what it sends may still wait for the answer.
            var hard = linger(l_onoff: 1, l_linger: 0)
            setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
            close(client)
        }
        while plane.status().backends.count != 2 { seen = plane.awaitChange(after: seen, timeout: .milliseconds(20)) }
        // The last connection of one that nobody waits for any more may take a moment to close.
        while true {
            do {
                try plane.apply(unchecked([3, 4]), revision: 3)
                break
            } catch PlaneError.full {
                seen = plane.awaitChange(after: seen, timeout: .milliseconds(20))
            }
        }
        #expect(Set(plane.status().backends.keys) == ["web-3", "web-4"])
        for server in silent { close(server.descriptor) }
        _ = plane.stop(patience: .zero)
    }

    /// Posted to loops of which one is stuck: whoever waited for them has given up (`notAdopted`), and they adopt it later.
    private func post(_ desired: DesiredState, to plane: Proxy) {
        _ = plane.control.withLock { plane.publish(desired, &$0) }
    }

    /// One request, up to the first byte of its answer.
    private func ask(_ plane: Proxy) throws {
        let client = try asking(plane)
        var byte: UInt8 = 0
        #expect(recv(client, &byte, 1, 0) == 1)
        close(client)
    }

    /// A slot counts from zero again once it is another backend's: a drain that nobody has begun by then has nothing to count.
    @Test func aRemovalThatAStuckLoopAdoptsLateNeverCountsWhatTheSlotCarriesForAnother() async {
        await #expect(processExitsWith: .success) {
            let suite = PlaneTests()
            let former = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            let next = try Server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            // With one slot, the next backend gets that of the one before.
            let plane = try suite.plane(suite.unchecked([former.port]), slots: 1)
            try suite.ask(plane)
            let slot = plane.control.withLock { $0.slots["web-\(former.port)"] }
            suite.post(try suite.unchecked([]), to: plane)
            var seen = plane.changes
            while plane.control.withLock({ control in
                plane.reclaim(&control)
                return !control.draining.isEmpty
            }) {
                seen = plane.awaitChange(after: seen, timeout: .milliseconds(20))
            }
            #expect(plane.drains().allSatisfy { $0.inFlight == 0 && $0.sentAfterStart == 0 && $0.cut == 0 })
            try plane.apply(suite.unchecked([next.port]), revision: 1)
            #expect(plane.control.withLock { $0.slots["web-\(next.port)"] } == slot)
            _ = plane.drains()
            _ = plane.status()
            try plane.apply(suite.unchecked([next.port]), revision: 1)
            for _ in 0..<3 { try suite.ask(plane) }
            #expect(plane.drains().allSatisfy { $0.isOver && $0.sentAfterStart == 0 && $0.completed == 0 })
            #expect(plane.status().backends["web-\(next.port)"]?.requests ?? 0 > 0)
            _ = plane.stop(patience: .zero)
        }
    }
}
