import Foundation
import Model
import Synchronization
import Testing

@testable import AdminAPI

/// The past: complete or gone, read beside the writers, and never more than there is room for.
@Suite struct ArchiveTests {
    private let lines = [("Accept", "application/x-ndjson")]

    private func put(_ state: ConfigState, _ plane: FakePlane, _ name: String, weight: Int, label: String = "") throws {
        let spec = BackendSpec(
            url: try BackendURL("http://10.0.0.1:80"),
            weight: weight,
            labels: label.isEmpty ? [:] : ["filler": ExactText(label)]
        )
        _ = try state.write(by: .test, at: 1, to: plane) { _ in Draft(backends: [(name, spec)]) }
    }

    private func fill(_ admin: AdminHarness, _ count: Int) throws {
        let label = String(repeating: "x", count: 100)
        for weight in 1...count { try put(admin.state, admin.plane, "a", weight: weight, label: label) }
    }

    private func revisions(_ admin: AdminHarness) throws -> [UInt64] {
        try admin.state.history(after: 0, limit: 1000).map(\.revision).reversed()
    }

    private func sequences(_ admin: AdminHarness, after: UInt64, _ type: String = "change") throws -> [UInt64] {
        let client = try admin.client()
        client.send(
            AdminHarness.request("GET", "/v1/events?type=\(type)&after=\(after)&follow=false", nil, lines)
        )
        var found: [UInt64] = []
        while let line = client.line() {
            guard line.hasPrefix("{"), let node = try? JSONReader.read(Array(line.utf8)) else { continue }
            guard case .mapping(let members) = node.value,
                case .int(let number)? = members.first(where: { $0.key == "seq" })?.node.value
            else { continue }
            found.append(UInt64(number))
        }
        return found
    }

    @Test func changesAreToldFromTheOldestThatIsKeptOnAndNeverWithAGap() throws {
        let directory = try TemporaryDirectory()
        do { try fill(AdminHarness(directory: directory, changeBytesMax: 40_000), 200) }
        let admin = try AdminHarness(directory: directory, changeBytesMax: 40_000)
        let newest = admin.state.revision
        let refusal = try admin.ask("GET", "/v1/events?type=change&after=50")
        #expect(refusal.status == 410)
        let oldest = try #require(refusal["oldest"].flatMap { UInt64($0) })
        #expect(oldest > 50 && oldest < newest)
        let kept = try revisions(admin)
        #expect(kept.last == newest)
        #expect(try sequences(admin, after: oldest - 1) == kept)
        #expect(try admin.ask("GET", "/v1/events?type=change&after=\(oldest - 2)").status == 410)
        // What was desired then is told from there on, too.
        #expect(try admin.ask("GET", "/v1/config?revision=\(oldest - 1)").status == 200)
        #expect(try admin.ask("GET", "/v1/config?revision=\(oldest - 2)").status == 410)
    }

    @Test func everyRowThatIsKeptIsToldAfterARestart() throws {
        let directory = try TemporaryDirectory()
        do { try fill(AdminHarness(directory: directory), 700) }
        let admin = try AdminHarness(directory: directory)
        let kept = try revisions(admin)
        #expect(kept.count == 701)
        #expect(try sequences(admin, after: 0) == kept)
        #expect(try sequences(admin, after: kept[333]) == Array(kept[334...]))
    }

    @Test func refusalsThatAreForgottenAreGone() throws {
        let directory = try TemporaryDirectory()
        do {
            let admin = try AdminHarness(directory: directory)
            #expect(try admin.ask("GET", "/v1", nil, [("Host", "evil.example")]).status == 403)
        }
        do {
            let database = try SQLiteDatabase(path: directory.path + "/state/lb.sqlite3")
            try database.run("INSERT OR REPLACE INTO meta VALUES ('denial_floor', '1')")
        }
        let admin = try AdminHarness(directory: directory)
        #expect(try admin.ask("GET", "/v1/events?type=admin.denied&after=0").status == 410)
        #expect(try admin.ask("GET", "/v1/events?type=change,admin.denied&after=0").status == 410)
        #expect(try sequences(admin, after: 0) == [1])
        #expect(try sequences(admin, after: 1, "admin.denied").count == 1)
    }

    /// Whoever reads the past long holds no writer up.
    @Test func writerDoesNotWaitForAReader() throws {
        let admin = try AdminHarness()
        try fill(admin, 3)
        let before = admin.state.revision
        var rows = 0
        let revision = try admin.state.archive.before(1, upTo: before) { _, _ in
            rows += 1
            try? put(admin.state, admin.plane, "b", weight: 5)
        }
        #expect(revision == 1)
        #expect(rows == 1)
        #expect(admin.state.revision == before + 1)
        #expect(try admin.state.past(at: before)?.desired.backend("b") == nil)
    }

    @Test func onlySoManyWaitToReadThePast() throws {
        let admin = try AdminHarness()
        try fill(admin, 2)
        let archive = admin.state.archive
        let gate = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        let revision = admin.state.revision
        for _ in 0..<StateArchive.largeReadersMax {
            Thread.detachNewThread {
                _ = try? archive.before(1, upTo: revision) { _, _ in gate.wait() }
                done.signal()
            }
        }
        while archive.readers < StateArchive.largeReadersMax { sched_yield() }
        let refusal = try admin.ask("GET", "/v1/config?revision=1")
        #expect(refusal.status == 429)
        #expect(refusal.field("Retry-After") == "1")
        // A page of the history, a write and a read of what is now are not held up.
        #expect(try admin.ask("GET", "/v1/history").status == 200)
        #expect(try admin.ask("PATCH", "/v1/backends/a", #"{"weight": 9}"#).status == 200)
        for _ in 0..<StateArchive.largeReadersMax { gate.signal() }
        for _ in 0..<StateArchive.largeReadersMax { done.wait() }
        #expect(try admin.ask("GET", "/v1/config?revision=1").status == 200)
    }

    @Test func storeForgetsTheOldestByTheirBytes() throws {
        let directory = try TemporaryDirectory()
        let most: Int64 = 60_000
        do {
            let admin = try AdminHarness(directory: directory, changeBytesMax: most)
            let label = String(repeating: "x", count: 120)
            for round in 1...60 {
                let body = (0..<10).map {
                    "\"n-\($0)\": {\"url\": \"http://10.0.0.\($0)\", \"weight\": \(round), \"labels\": {\"l\": \"\(label)\"}}"
                }
                #expect(try admin.ask("PATCH", "/v1/backends", "{\(body.joined(separator: ","))}").status == 200)
            }
            // Back to what is kept, and no farther.
            let oldest = try admin.state.oldest()
            #expect(oldest > 30)
            #expect(try admin.ask("POST", "/v1/rollback", "{\"to\": \(oldest)}").status == 200)
            #expect(try admin.ask("POST", "/v1/rollback", "{\"to\": \(oldest - 1)}").status == 410)
        }
        let database = try SQLiteDatabase(path: directory.path + "/state/lb.sqlite3")
        let bytes = try database.rows(
            "SELECT sum(ifnull(length(before), 0) + ifnull(length(after), 0)) FROM change"
        )[0][0].integer
        #expect(try #require(bytes) <= most)
        #expect(try database.rows("SELECT value FROM meta WHERE key = 'change_bytes'")[0][0].text == "\(bytes ?? 0)")
    }

    /// One change that is larger than all there may be is kept alone.
    @Test func newestRevisionIsAlwaysKept() throws {
        let admin = try AdminHarness(changeBytesMax: 1000)
        try fill(admin, 5)
        let before = admin.state.revision
        let body = (0..<50).map { "\"n-\($0)\": {\"url\": \"http://10.0.1.\($0)\"}" }
        #expect(try admin.ask("PATCH", "/v1/backends", "{\(body.joined(separator: ","))}").status == 200)
        #expect(try admin.ask("POST", "/v1/rollback", "{\"to\": \(before)}").status == 200)
        #expect(admin.state.desired.backends.count == 3)
    }

    @Test func summaryIsALine() throws {
        let admin = try AdminHarness()
        let labels = (0..<32).map { "\"l\($0)\": \"\(String(repeating: "é", count: 60))\"" }.joined(separator: ", ")
        let body = (0..<8).map { "\"n-\($0)\": {\"url\": \"http://10.0.0.\($0)\", \"labels\": {\(labels)}}" }
        #expect(try admin.ask("PATCH", "/v1/backends", "{\(body.joined(separator: ","))}").status == 200)
        let summary = try #require(admin.state.history(after: 0, limit: 1).first?.summary)
        #expect(summary.utf8.count <= Change.summaryBytesMax)
        #expect(summary.hasSuffix("…"))
        #expect(!summary.contains("\u{FFFD}"))
        #expect(Change.line("short") == "short")
    }

    /// An event names all backends and tells so many changes, live as from the archive.
    @Test func eventOfThousandsIsBoundedAndFoundByEachOfItsNames() throws {
        let directory = try TemporaryDirectory()
        let count = EventDraft.changesMax + 5
        do {
            let admin = try AdminHarness([], directory: directory)
            let body = (0..<count).map { "\"n-\($0)\": {\"url\": \"http://10.0.\($0 / 250).\($0 % 250)\"}" }
            #expect(try admin.ask("PATCH", "/v1/backends", "{\(body.joined(separator: ","))}").status == 200)
            try check(admin, count)
        }
        try check(AdminHarness([], directory: directory), count)
    }

    private func check(_ admin: AdminHarness, _ count: Int) throws {
        let client = try admin.client()
        client.send(
            AdminHarness.request(
                "GET",
                "/v1/events?type=change&backend=n-\(count - 1)&after=1&follow=false",
                nil,
                lines
            )
        )
        var found: String?
        while let line = client.line() { if line.hasPrefix("{") { found = line } }
        let line = try #require(found)
        #expect(line.contains("\"omitted\":5"))
        #expect(line.contains("\"kind\":\"config.applied\""))
    }

    // MARK: What was removed behind our back

    @Test(arguments: ["lb.sqlite3", "lb.sqlite3-wal", "lb.sqlite3-shm", "lb.lock"])
    func fileThatWasRemovedIsNotWrittenTo(_ file: String) throws {
        let admin = try AdminHarness()
        let path = admin.directory.path + "/state/" + file
        #expect(unlink(path) == 0)
        for _ in 0..<2 {
            let refusal = try admin.ask("PUT", "/v1/backends/n", #"{"url":"http://10.0.0.1"}"#)
            #expect(refusal.status == 507)
            #expect(refusal["detail"]?.contains(path) == true)
        }
        #expect(try admin.ask("GET", "/v1/backends")["backends"] == "{web-1,web-2}")
        #expect(admin.plane.live.backends.count == 2)
        // Another one in its place is not the one that is open.
        #expect(FileManager.default.createFile(atPath: path, contents: Data()))
        #expect(try admin.ask("PUT", "/v1/backends/n", #"{"url":"http://10.0.0.1"}"#).status == 507)
    }

    /// What a process that had let go of its state finds when its successor has ended: the state as that has left it.
    @Test func stateIsTakenBackAsItIs() throws {
        let directory = try TemporaryDirectory()
        let old = try ConfigState(declared: declare(web), directory: directory.path)
        try put(old, FakePlane(old.desired), "run-time", weight: 3)
        old.close()
        var file = try declare([web[0], ("web-9", "http://127.0.0.1:8089")], pools: ["blue"])
        file.setBackend("web-1", BackendSpec(url: try BackendURL(web[0].1), weight: 4))
        let left: LiveState
        do {
            let successor = try ConfigState(declared: file, directory: directory.path)
            try put(successor, FakePlane(successor.desired), "web-9", weight: 8)
            try put(successor, FakePlane(successor.desired), "later", weight: 2)
            left = successor.current
        }
        let again = try ConfigState(resuming: directory.path, known: old.desired)
        #expect(again.conflicts.isEmpty)
        #expect(again.revision == left.revision)
        #expect(Set(again.desired.backends.map(\.name)) == Set(left.desired.backends.map(\.name)))
        for entry in left.desired.backends { #expect(again.desired.backend(entry.name) == entry.spec) }
        #expect(again.desired.pools == left.desired.pools)
        #expect(again.current.sequences == left.sequences)
        // What is removed of the file's own stays removed at the successor's next start.
        _ = try again.write(by: .test, at: 1, to: FakePlane(again.desired)) { _ in Draft(backends: [("web-9", nil)]) }
        again.close()
        let next = try ConfigState(declared: file, directory: directory.path)
        #expect(next.conflicts.isEmpty)
        #expect(next.desired.backends.map(\.name) == ["web-1", "run-time", "later"])
    }

    /// Who finds the directory taken leaves no trace in it.
    @Test func tenantIsKnownAlsoAfterAnotherHasTried() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        state.announce()
        #expect(throws: StoreError.self) { try ConfigState(declared: declare(web), directory: directory.path) }
        #expect(ConfigState.tenant(of: directory.path) == .process(getpid(), isServing: true))
        withExtendedLifetime(state) {}
    }

    @Test func tenantSaysWhetherItServes() throws {
        let directory = try TemporaryDirectory()
        #expect(ConfigState.tenant(of: directory.path) == .nobody)
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        #expect(ConfigState.tenant(of: directory.path) == .process(getpid(), isServing: false))
        state.announce()
        #expect(ConfigState.tenant(of: directory.path) == .process(getpid(), isServing: true))
        state.close()
        #expect(ConfigState.tenant(of: directory.path) == .nobody)
        let next = try ConfigState(declared: declare(web), directory: directory.path)
        #expect(ConfigState.tenant(of: directory.path) == .process(getpid(), isServing: false))
        withExtendedLifetime(next) {}
    }
}
