import Foundation
import Model
import Synchronization
import Testing

@testable import AdminAPI

/// The log of events, without a server.
@Suite struct EventLogTests {
    private func event(_ sequence: UInt64, _ name: String = "a", padding: Int = 0) -> Event {
        EventDraft(.backendChanged, names: [name], at: 0, ["padding": .string(String(repeating: "x", count: padding))])
            .numbered(sequence)
    }

    private func numbers(_ reading: EventLog.Reading) -> [UInt64]? {
        if case .events(let events, _) = reading { return events.map(\.sequence) }
        return nil
    }

    @Test func readerGetsWhatCameAfterAndNothingElse() {
        let log = EventLog(after: 10)
        #expect(log.read(after: 10, limit: 9, matching: EventFilter()) == .events([], upTo: 10))
        for sequence in [11, 12, 15, 16] as [UInt64] { log.append(event(sequence)) }
        #expect(numbers(log.read(after: 10, limit: 9, matching: EventFilter())) == [11, 12, 15, 16])
        #expect(numbers(log.read(after: 12, limit: 9, matching: EventFilter())) == [15, 16])
        // A number that no event has is a place all the same.
        #expect(numbers(log.read(after: 13, limit: 9, matching: EventFilter())) == [15, 16])
        #expect(numbers(log.read(after: 16, limit: 9, matching: EventFilter())) == [])
        #expect(
            log.read(after: 10, limit: 3, matching: EventFilter()) == .events([11, 12, 15].map { event($0) }, upTo: 15)
        )
    }

    @Test func placeThatIsNotKnownIsGone() {
        let log = EventLog(after: 10)
        log.append(event(11))
        #expect(log.read(after: 9, limit: 9, matching: EventFilter()) == .gone(oldest: 11))
        #expect(log.read(after: 12, limit: 9, matching: EventFilter()) == .gone(oldest: 11))
        #expect(log.oldest(after: 9) == 11)
        #expect(log.oldest(after: 10) == nil)
        #expect(log.oldest(after: 11) == nil)
    }

    @Test func newestAreKeptUpToTheirNumber() {
        let log = EventLog(after: 0, eventsMax: 4)
        for sequence in 1...4 as ClosedRange<UInt64> { log.append(event(sequence)) }
        #expect(numbers(log.read(after: 0, limit: 9, matching: EventFilter())) == [1, 2, 3, 4])
        log.append(event(5))
        #expect(log.read(after: 0, limit: 9, matching: EventFilter()) == .gone(oldest: 2))
        #expect(numbers(log.read(after: 1, limit: 9, matching: EventFilter())) == [2, 3, 4, 5])
        for sequence in 6...99 as ClosedRange<UInt64> { log.append(event(sequence)) }
        #expect(numbers(log.read(after: 95, limit: 9, matching: EventFilter())) == [96, 97, 98, 99])
        #expect(log.read(after: 94, limit: 9, matching: EventFilter()) == .gone(oldest: 96))
    }

    @Test func newestAreKeptUpToTheirBytes() {
        let log = EventLog(after: 0, bytesMax: 3000)
        for sequence in 1...9 as ClosedRange<UInt64> { log.append(event(sequence, padding: 800)) }
        #expect(numbers(log.read(after: 6, limit: 9, matching: EventFilter())) == [7, 8, 9])
        #expect(log.read(after: 5, limit: 9, matching: EventFilter()) == .gone(oldest: 7))
        // One that is larger than all there may be is kept alone.
        log.append(event(10, padding: 9000))
        #expect(numbers(log.read(after: 9, limit: 9, matching: EventFilter())) == [10])
    }

    @Test func filterPassesOverAndGoesOn() throws {
        let log = EventLog(after: 0)
        log.append(event(1, "a"))
        log.append(event(2, "b"))
        log.append(EventDraft(.adminDenied, [:]).numbered(3))
        #expect(log.read(after: 0, limit: 9, matching: EventFilter(backend: "b")) == .events([event(2, "b")], upTo: 3))
        let denied = EventFilter(kinds: try EventFilter.kinds("admin.denied"))
        #expect(numbers(log.read(after: 0, limit: 9, matching: denied)) == [3])
        #expect(denied.isAudit)
        #expect(EventFilter(kinds: try EventFilter.kinds("change,admin")).isAudit)
        #expect(!EventFilter(kinds: try EventFilter.kinds("change,health")).isAudit)
        #expect(!EventFilter().isAudit)
    }

    @Test func bellRingsForWhatIsNewAndIsSilentAfterIt() throws {
        let log = EventLog(after: 0)
        let subscription = try #require(log.subscribe())
        func rings() -> Bool { Sockets.waitForAny([subscription.bell.descriptor], until: .after(.zero)) == [true] }
        #expect(!rings())
        log.append(event(1))
        log.append(event(2))
        #expect(rings())
        subscription.bell.clear()
        #expect(!rings())
        log.append(event(3))
        #expect(rings())
    }

    // MARK: A reader

    /// Both ends of a connection: the server's, and a descriptor for the test.
    private func pair() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        Sockets.makeOwn(ends[0])
        return (ends[0], ends[1])
    }

    private func stream(_ log: EventLog, after cursor: UInt64, follows: Bool = false) throws -> EventStream {
        let slot = try #require(Room().enter(max: 1))
        return EventStream(
            log: log,
            filter: EventFilter(),
            format: .serverSent,
            cursor: cursor,
            follows: follows,
            slot: slot
        )
    }

    private func everything(_ descriptor: Int32) -> String {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            all += chunk[..<count]
        }
        close(descriptor)
        return String(decoding: all, as: UTF8.self)
    }

    @Test func readerThatFallsBehindIsToldAndLeft() throws {
        let log = EventLog(after: 0, eventsMax: 2)
        for sequence in 1...9 as ClosedRange<UInt64> { log.append(event(sequence)) }
        let alarm = try #require(Alarm())
        let (end, other) = try pair()
        let connection = Connection(descriptor: end)
        try stream(log, after: 3, follows: true).run(on: connection, limits: AdminLimits(), alarm: alarm.descriptor)
        _ = consume connection
        let text = everything(other)
        #expect(
            text.contains("event: lagged\ndata: {\"kind\":\"lagged\",\"last\":3,\"oldest\":8,\"type\":\"lagged\"}\n\n")
        )
        #expect(!text.contains("event: change"))
    }

    @Test func readerThatTakesNothingIsLeft() throws {
        let log = EventLog(after: 0)
        for sequence in 1...2000 as ClosedRange<UInt64> { log.append(event(sequence, padding: 4000)) }
        let alarm = try #require(Alarm())
        let (end, other) = try pair()
        let connection = Connection(descriptor: end)
        var limits = AdminLimits()
        limits.send = .milliseconds(50)
        // Returns by itself: eight megabytes do not fit into the socket.
        try stream(log, after: 0, follows: true).run(on: connection, limits: limits, alarm: alarm.descriptor)
        close(other)
        #expect(log.last == 2000)
    }

    @Test func streamEndsWithTheServer() throws {
        let alarm = try #require(Alarm())
        alarm.ring()
        let (end, other) = try pair()
        let connection = Connection(descriptor: end)
        let log = EventLog(after: 0)
        log.append(event(1))
        try stream(log, after: 0, follows: true).run(on: connection, limits: AdminLimits(), alarm: alarm.descriptor)
        _ = consume connection
        // What there was is told first.
        #expect(everything(other).contains("id: 1\n"))
    }
}

/// `GET /v1/events`
@Suite struct EventStreamTests {
    private func put(
        _ admin: AdminHarness,
        _ name: String,
        weight: Int,
        _ fields: [(String, String)] = []
    ) throws -> UInt64 {
        let answer = try admin.ask(
            "PUT",
            "/v1/backends/\(name)",
            #"{"url":"http://\#(name):80","weight":\#(weight)}"#,
            fields
        )
        return try #require(answer.field("LB-Revision").flatMap { UInt64($0) })
    }

    /// A stream whose head has been read.
    private func open(_ admin: AdminHarness, _ query: String, _ fields: [(String, String)] = []) throws -> RawClient {
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/v1/events\(query)", nil, fields))
        let head = try client.receive(hasBody: false)
        guard head.status == 200 else { throw ClientError(description: "status \(head.status)") }
        return client
    }

    /// The next event of a stream of lines.
    private func next(_ client: RawClient) throws -> Answer {
        while let line = client.line() {
            if !line.isEmpty { return Answer(status: 200, fields: [], body: Array(line.utf8)) }
        }
        throw ClientError(description: "the stream has ended")
    }

    private let lines = [("Accept", "application/x-ndjson")]

    @Test func changeIsToldWithWhoWhyAndWhat() throws {
        let admin = try AdminHarness()
        let client = try open(admin, "?type=change", lines)
        let added = try put(admin, "a", weight: 1, [("LB-Reason", "more room")])
        let first = try next(client)
        #expect(first["kind"] == "backend.added")
        #expect(first["type"] == "change")
        #expect(first["seq"] == "\(added)")
        #expect(first["revision"] == "\(added)")
        #expect(first["name"] == "a")
        #expect(first["reason"] == "more room")
        #expect(first["actor/name"] == "127.0.0.1")
        #expect(first["actor/via"] == "network")
        #expect(first["request_id"]?.count == 32)
        #expect(first["diff/0/from"] == "null")
        #expect(first["diff/0/to/weight"] == "1")
        _ = try put(admin, "a", weight: 7)
        let second = try next(client)
        #expect(second["kind"] == "backend.changed")
        #expect(second["diff"] == "[1]")
        #expect(second["diff/0/path"] == "/weight")
        #expect(second["diff/0/from"] == "1")
        #expect(second["diff/0/to"] == "7")
        #expect(try admin.ask("DELETE", "/v1/backends/a").status == 200)
        #expect(try next(client)["kind"] == "backend.removed")
        // What changes nothing is no event, nor is what is refused.
        _ = try put(admin, "b", weight: 1)
        #expect(try next(client)["name"] == "b")
        _ = try put(admin, "b", weight: 1)
        #expect(try admin.ask("PUT", "/v1/backends/b", "{}").status == 422)
        _ = try put(admin, "c", weight: 1)
        #expect(try next(client)["name"] == "c")
    }

    @Test func serverSentEventsAreAsTheStandardSays() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/v1/events"))
        let head = try client.receive(hasBody: false)
        #expect(head.field("Content-Type") == "text/event-stream")
        #expect(head.field("Content-Length") == nil)
        #expect(head.field("Connection") == "close")
        #expect(head.field("Cache-Control") == "no-store")
        #expect(client.line() == "retry: 1000")
        #expect(client.line() == "")
        let revision = try put(admin, "a", weight: 1)
        #expect(client.line() == "event: change")
        #expect(client.line() == "id: \(revision)")
        #expect(client.line()?.hasPrefix("data: {") == true)
        #expect(client.line() == "")
    }

    @Test func headOfTheStreamIsHadWithoutTheStream() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(AdminHarness.request("HEAD", "/v1/events"))
        #expect(try client.receive(hasBody: false).status == 200)
        #expect(client.isClosed())
        withExtendedLifetime(admin) {}
    }

    @Test func streamGoesOnAfterWhatWasSeen() throws {
        let admin = try AdminHarness()
        let revisions = try (1...5).map { try put(admin, "a", weight: $0) }
        for (query, fields) in [
            ("?after=\(revisions[2])", lines), ("", lines + [("Last-Event-ID", "\(revisions[2])")]),
            ("?after=\(revisions[0])", lines + [("Last-Event-ID", "\(revisions[2])")]),
        ] {
            let client = try open(admin, query, fields)
            #expect(try next(client)["seq"] == "\(revisions[3])")
            #expect(try next(client)["seq"] == "\(revisions[4])")
        }
    }

    @Test func streamEndsWhereItIsNotToFollow() throws {
        let admin = try AdminHarness()
        let revision = try put(admin, "a", weight: 1)
        let client = try open(admin, "?follow=false&after=\(revision - 1)", lines)
        #expect(try next(client)["seq"] == "\(revision)")
        #expect(client.line() == nil)
    }

    @Test func placeThatIsNotKeptIsGone() throws {
        let admin = try AdminHarness()
        let revision = try put(admin, "a", weight: 1)
        for after in ["0", "\(revision + 1)", "18446744073709551615"] {
            let answer = try admin.ask("GET", "/v1/events?after=\(after)")
            #expect(answer.status == 410)
            #expect(answer["code"] == "event-gone")
            #expect(answer["oldest"] == "\(revision)")
        }
        // The oldest that is told is one that can be had.
        #expect(try next(open(admin, "?after=\(revision - 1)", lines))["seq"] == "\(revision)")
        for text in ["x", "-1", "1.5", ""] {
            #expect(try admin.ask("GET", "/v1/events?after=\(text)").status == 400)
            if !text.isEmpty {
                #expect(try admin.ask("GET", "/v1/events", nil, [("Last-Event-ID", text)]).status == 400)
            }
        }
    }

    @Test func changesAndRefusalsGoBackOverRestarts() throws {
        let directory = try TemporaryDirectory()
        var revisions: [UInt64] = []
        do {
            let admin = try AdminHarness(directory: directory)
            revisions = try (1...3).map { try put(admin, "a", weight: $0, [("LB-Reason", "try \($0)")]) }
            #expect(try admin.ask("GET", "/v1", nil, [("Host", "evil.example")]).status == 403)
        }
        let admin = try AdminHarness(directory: directory)
        revisions.append(try put(admin, "a", weight: 9))
        let client = try open(admin, "?type=change,admin.denied&after=0&follow=false&backend=a", lines)
        var seen: [Answer] = []
        while let event = try? next(client) { seen.append(event) }
        #expect(seen.map { $0["seq"] } == revisions.map { "\($0)" })
        #expect(seen.first?["reason"] == "try 1")
        #expect(seen.dropFirst().first?["diff/0/path"] == "/weight")
        let denied = try next(open(admin, "?type=admin.denied&after=0&follow=false", lines))
        #expect(denied["code"] == "host-not-allowed")
        #expect(denied["path"] == "/v1")
        // With anything else among them only what is in memory can be told.
        #expect(try admin.ask("GET", "/v1/events?type=change,health&after=0").status == 410)
    }

    @Test func snapshotComesFirstAndOnlyWhereItIsNeeded() throws {
        let admin = try AdminHarness()
        let revision = try put(admin, "a", weight: 4)
        let client = try open(admin, "?snapshot=true", lines)
        let snapshot = try next(client)
        #expect(snapshot["type"] == "snapshot")
        #expect(snapshot["seq"] == "\(revision)")
        #expect(snapshot["backends/a/weight"] == "4")
        #expect(snapshot["backends/web-1/status/phase"] == "serving")
        let next = try put(admin, "a", weight: 5)
        #expect(try self.next(client)["seq"] == "\(next)")
        // One that can go on needs none; one that cannot gets it in the place of 410.
        #expect(try self.next(open(admin, "?snapshot=true&after=\(revision)", lines))["seq"] == "\(next)")
        #expect(try self.next(open(admin, "?snapshot=true", lines + [("Last-Event-ID", "0")]))["type"] == "snapshot")
    }

    @Test func streamWithoutNewsSaysThatItLives() throws {
        var limits = AdminLimits()
        limits.heartbeat = .milliseconds(20)
        let admin = try AdminHarness(limits: limits)
        let client = try open(admin, "?backend=nobody")
        #expect(client.line() == "retry: 1000")
        #expect(client.line() == "")
        #expect(client.line()?.hasPrefix(": ") == true)
        #expect(client.line() == "")
        // What it did not want moves its place on, without an event.
        let revision = try put(admin, "a", weight: 1)
        var line = client.line()
        while let text = line, !text.hasPrefix("id: ") {
            #expect(text.isEmpty || text.hasPrefix(": "))
            line = client.line()
        }
        #expect(line == "id: \(revision)")
        #expect(client.line() == "")
    }

    @Test func typesAreThoseThereAre() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/v1/events?type=chnage")["hint"] == "did you mean \"change\"?")
        for text in ["", "change,", "change,nothing", "backend.exploded"] {
            #expect(try admin.ask("GET", "/v1/events?type=\(text)").status == 400)
        }
        #expect(try open(admin, "?type=backend.added,health&follow=false").line() == "retry: 1000")
    }

    @Test func streamsAreBoundedAndLeaveRoomForOthers() throws {
        var limits = AdminLimits()
        limits.streamsMax = 2
        let admin = try AdminHarness(limits: limits)
        let streams = try (0..<2).map { _ in try open(admin, "") }
        let answer = try admin.ask("GET", "/v1/events")
        #expect(answer.status == 429)
        #expect(answer.field("Retry-After") == "1")
        #expect(try admin.ask("GET", "/v1/backends").status == 200)
        withExtendedLifetime(streams) {}
    }

    @Test func readerThatIsCutAHundredTimesMissesNothingAndSeesNothingTwice() throws {
        let admin = try AdminHarness()
        let start = try put(admin, "a", weight: 1)
        let count = 200
        let written = Mutex<[UInt64]>([])
        let hasWritten = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for weight in 0..<count {
                guard let revision = try? put(admin, "a", weight: 2 + weight) else { break }
                written.withLock { $0.append(revision) }
            }
            hasWritten.signal()
        }
        var generator = SystemRandomNumberGenerator()
        var seen: [UInt64] = []
        var cuts = 0
        while seen.count < count, cuts < 5000 {
            let client = try open(admin, "", [("Last-Event-ID", "\(seen.last ?? start)")])
            // Cut after some lines, wherever in an event that is: only a whole event counts.
            var left = cuts < 100 ? Int.random(in: 1...12, using: &generator) : .max
            var id: UInt64?
            var hasData = false
            while left > 0, seen.count < count, let line = client.line() {
                left -= 1
                if line.hasPrefix("id: ") { id = UInt64(line.dropFirst(4)) }
                if line.hasPrefix("data: ") { hasData = true }
                if line.isEmpty {
                    if let id, hasData { seen.append(id) }
                    hasData = false
                }
            }
            cuts += 1
        }
        hasWritten.wait()
        #expect(seen == written.withLock { $0 })
        #expect(seen.count == count)
        #expect(cuts >= count / 12)
    }

    @Test func refusalsAreToldAndCounted() throws {
        let admin = try AdminHarness()
        let client = try open(admin, "?type=admin", lines)
        #expect(try admin.ask("PUT", "/v1/backends/a", "{}", [("Origin", "http://evil.example")]).status == 403)
        let event = try next(client)
        #expect(event["kind"] == "admin.denied")
        #expect(event["code"] == "cross-site")
        #expect(event["method"] == "PUT")
        #expect(event["path"] == "/v1/backends/a")
        #expect(event["actor/ip"] == "127.0.0.1")
        // A flood is told in part, and the disk is not its playground.
        for _ in 0..<100 { _ = try admin.ask("GET", "/v1", nil, [("Host", "evil.example")]) }
        var told = 0
        let past = try open(admin, "?type=admin&after=0&follow=false", lines)
        while (try? next(past)) != nil { told += 1 }
        #expect((1...60).contains(told))
    }
}
