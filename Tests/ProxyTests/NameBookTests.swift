import Foundation
import Model
import Synchronization
import Testing

@testable import Proxy

@Suite struct NameBookTests {
    private let server = NameServer()
    private let log = Lines()

    private func byName(_ book: NameBook, _ desired: DesiredState) -> [String: [Endpoint]] {
        Dictionary(zip(desired.backends.map(\.name), book.endpoints(of: desired.backends.map(\.spec.url)))) {
            first,
            _ in
            first
        }
    }

    @Test func namesBecomeAddressesWithTheBackendsPort() {
        server.set("db", ["10.0.0.1", "10.0.0.2"])
        let book = newBook()
        let desired = state("http://db:8080", "http://127.0.0.1:81")
        book.adopt(desired)
        #expect(
            byName(book, desired) == [
                "b0": endpoints("10.0.0.1", "10.0.0.2"), "b1": endpoints("127.0.0.1", port: 81),
            ]
        )
        #expect(server.count == 1)
    }

    @Test func adoptingWaitsForAllNewNamesTogetherAndNotLong() {
        server.hang("slow-1")
        server.hang("slow-2")
        server.set("quick", ["10.0.0.1"])
        let book = newBook(patienceMs: 50)
        let desired = state("http://slow-1:8080", "http://quick:8080", "http://slow-2:8080")
        let began = Date()
        book.adopt(desired)
        #expect(Date().timeIntervalSince(began) < 20)
        #expect(byName(book, desired) == ["b0": [], "b1": endpoints("10.0.0.1"), "b2": []])
        server.release()
    }

    @Test func lateAnswerIsNews() {
        server.hang("slow")
        let book = newBook(patienceMs: 20)
        let desired = state("http://slow:8080")
        book.adopt(desired)
        server.set("slow", ["10.0.0.9"])
        server.release()
        let news = watch(book)
        news.await(1)
        #expect(byName(book, desired) == ["b0": endpoints("10.0.0.9")])
    }

    @Test func changedAddressesAreNoticedAndLogged() {
        server.set("db", ["10.0.0.1", "10.0.0.2"])
        let book = newBook(intervalMs: 5)
        let desired = state("http://db:8080")
        book.adopt(desired)
        let news = watch(book)
        server.set("db", ["10.0.0.2", "10.0.0.3"])
        log.await("the name db is 10.0.0.2, 10.0.0.3 now, and was 10.0.0.1, 10.0.0.2")
        news.await(1)
        #expect(byName(book, desired) == ["b0": endpoints("10.0.0.2", "10.0.0.3")])
    }

    @Test func anotherOrderOfTheSameAddressesIsNoNews() {
        server.set("db", ["10.0.0.1", "10.0.0.2"])
        server.set("mark", ["10.1.0.1"])
        let book = newBook(intervalMs: 5)
        let desired = state("http://db:8080", "http://mark:8080")
        book.adopt(desired)
        server.set("db", ["10.0.0.2", "10.0.0.1"])
        _ = watch(book)
        // Three rounds later every name has been looked up in the new order at least once.
        server.await(calls: server.count + 6)
        #expect(byName(book, desired)["b0"] == endpoints("10.0.0.1", "10.0.0.2"))
        #expect(log.all.isEmpty)
    }

    @Test func nameThatFailsKeepsItsAddressesAndSaysSoOnce() {
        server.set("db", ["10.0.0.1"])
        let book = newBook(intervalMs: 5)
        let desired = state("http://db:8080")
        book.adopt(desired)
        server.set("db", [])
        _ = watch(book)
        log.await("the name db does not resolve any more; it keeps 10.0.0.1")
        server.await(calls: server.count + 3)
        #expect(byName(book, desired) == ["b0": endpoints("10.0.0.1")])
        server.set("db", ["10.0.0.1"])
        log.await("the name db resolves again: 10.0.0.1")
        #expect(log.all.count == 2)
    }

    @Test func nameWithoutAnAddressIsLookedUpSoonerAndTakenWhenItIsThere() {
        let book = newBook(intervalMs: 600_000, unknownMs: 5)
        let desired = state("http://db:8080")
        book.adopt(desired)
        #expect(log.all == ["the name db does not resolve; it is looked up again and again"])
        let news = watch(book)
        server.set("db", ["10.0.0.1"])
        news.await(1)
        #expect(byName(book, desired) == ["b0": endpoints("10.0.0.1")])
    }

    @Test func atMostEightAddressesCountAndIPv4ComesFirst() {
        server.set("db", (1...12).map { "10.0.0.\($0)" })
        server.set("both", ["fd00::1", "10.0.0.1"])
        let book = newBook()
        let desired = state("http://db:8080", "http://both:8080")
        book.adopt(desired)
        #expect(byName(book, desired)["b0"]?.count == 8)
        #expect(byName(book, desired)["b1"]?.map(\.addressText) == ["10.0.0.1", "fd00::1"])
    }

    @Test func forgottenNamesAreNotLookedUpAgain() {
        server.set("a", ["10.0.0.1"])
        server.set("b", ["10.0.0.2"])
        let book = newBook(intervalMs: 5)
        book.adopt(state("http://a:8080", "http://b:8080"))
        book.forget(allBut: ["b"])
        _ = watch(book)
        server.await(calls: server.count + 4)
        #expect(server.names.filter { $0 == "a" }.count == 1)
    }

    @Test func nameIsLookedUpAgainWhenItsTimeToLiveIsOver() {
        server.set("short", ["10.0.0.1"])
        server.set("long", ["10.0.0.2"])
        let server = self.server
        let times = NameBook.Times(interval: 600_000_000_000, lifetimes: 1_000_000...600_000_000_000)
        let book = NameBook(times: times, say: { _ in }, lifetime: { $0 == "short" ? 0 : nil }) { server.lookup($0) }
        _ = watch(book)
        book.adopt(state("http://short:8080", "http://long:8080"))
        // The one is due every millisecond, the other in ten minutes.
        server.await(calls: 6)
        #expect(server.names.filter { $0 == "long" }.count == 1)
    }

    @Test func timeToLiveIsTheLeastThatTheNameServerTells() throws {
        let dns = try FakeNameServer()
        #expect(Resolver.ttlNs("backend.example.", server: dns.port) == 17_000_000_000)
        dns.asked.await(2)
    }

    @Test func localhostIsNoNameServersBusiness() {
        #expect(Resolver.ttlNs("localhost", server: 1) == nil)
    }

    // MARK: the parts

    private func newBook(
        intervalMs: UInt64 = 600_000,
        unknownMs: UInt64 = 600_000,
        patienceMs: UInt64 = 30_000
    ) -> NameBook {
        let times = NameBook.Times(
            interval: intervalMs * 1_000_000,
            intervalWhileUnknown: unknownMs * 1_000_000,
            patience: patienceMs * 1_000_000
        )
        let (server, log) = (server, log)
        return NameBook(times: times, say: { log.add($0) }, lookup: { server.lookup($0) })
    }

    /// Runs the book's rounds for the rest of the process, and counts its news.
    private func watch(_ book: NameBook) -> Tally {
        let tally = Tally()
        Thread.detachNewThread { book.run { tally.add() } }
        return tally
    }

    private func state(_ urls: String...) -> DesiredState {
        var state = DesiredState()
        for (index, url) in urls.enumerated() { state.setBackend("b\(index)", BackendSpec(url: try! BackendURL(url))) }
        return state
    }

    private func endpoints(_ addresses: String..., port: UInt16 = 8080) -> [Endpoint] {
        addresses.map { Endpoint(IPAddress($0)!, port: port) }
    }
}

/// A name server on a port of its own: answers a question about A records with two of 60 and 17 seconds, any other with
/// none (RFC 1035 §4).
private final class FakeNameServer: Sendable {
    let port: UInt16
    let asked = Tally()
    private let descriptor: Int32

    init() throws {
        let opened = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        descriptor = opened
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(opened, address, size) == 0 && getsockname(opened, address, &size) == 0
            }
        }
        try #require(isBound)
        port = UInt16(bigEndian: address.sin_port)
        let asked = asked
        Thread.detachNewThread { while Self.answerOne(opened) { asked.add() } }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func answerOne(_ descriptor: Int32) -> Bool {
        var question = [UInt8](repeating: 0, count: 512)
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let length = recvfrom(descriptor, &question, question.count, 0, address, &size)
                guard length > 12 else { return false }
                // Behind the 12 bytes of the header: the name, a length before each label, then type and class.
                var end = 12
                while end < length, question[end] != 0 { end += Int(question[end]) + 1 }
                let asksForA = question[end + 1...end + 2] == [0, 1]
                var answer = Array(question[..<(end + 5)])
                answer[2...3] = [0x81, 0x80]
                answer[6...11] = [0, asksForA ? 2 : 0, 0, 0, 0, 0]
                for ttl in asksForA ? [60, 17] as [UInt8] : [] {
                    answer += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4, 10, 0, 0, ttl]
                }
                return sendto(descriptor, answer, answer.count, 0, address, size) == answer.count
            }
        }
    }
}

/// Answers as it is told, and remembers what it was asked.
private final class NameServer: Sendable {
    private let state = Mutex(State())
    private let gate = DispatchSemaphore(value: 0)

    private struct State {
        var addresses: [String: [String]] = [:]
        var hanging: Set<String> = []
        var asked: [String] = []
    }

    func set(_ name: String, _ addresses: [String]) { state.withLock { $0.addresses[name] = addresses } }
    func hang(_ name: String) { _ = state.withLock { $0.hanging.insert(name) } }

    /// Lets everybody go who hangs.
    func release() {
        let count = state.withLock { state in
            defer { state.hanging.removeAll() }
            return state.hanging.count
        }
        for _ in 0..<count { gate.signal() }
    }

    var names: [String] { state.withLock { $0.asked } }
    var count: Int { names.count }

    func lookup(_ name: String) -> [Endpoint] {
        let hangs = state.withLock { state in
            state.asked.append(name)
            return state.hanging.contains(name)
        }
        if hangs { gate.wait() }
        return (state.withLock { $0.addresses[name] } ?? []).map { Endpoint(IPAddress($0)!, port: 0) }
    }

    func await(calls: Int) { awaitTrue("\(calls) look-ups") { count >= calls } }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func await(_ line: String) { awaitTrue("\"\(line)\" was logged; there is \(all)") { all.contains(line) } }
}

private final class Tally: Sendable {
    private let count = Mutex(0)

    func add() { count.withLock { $0 += 1 } }
    func await(_ wanted: Int) { awaitTrue("\(wanted) news") { count.withLock { $0 } >= wanted } }
}

private func awaitTrue(_ what: String, _ isTrue: () -> Bool) {
    let deadline = Date(timeIntervalSinceNow: 30)
    while !isTrue() {
        guard Date() < deadline else {
            Issue.record("waited in vain for \(what)")
            return
        }
        usleep(1_000)
    }
}
