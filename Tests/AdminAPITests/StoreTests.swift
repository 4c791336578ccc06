import Foundation
import Model
import Testing

@testable import AdminAPI

/// What is kept over restarts, and what is refused to be opened.
@Suite struct StoreTests {
    private func put(_ state: ConfigState, _ plane: FakePlane, _ name: String, _ url: String?, weight: Int = 1) throws {
        let spec = try url.map { BackendSpec(url: try BackendURL($0), weight: weight) }
        _ = try state.write(by: .test, at: 1, to: plane) { _ in
            Draft(backends: [(name, spec)])
        }
    }

    @Test func changesAreThereAfterARestart() throws {
        let directory = try TemporaryDirectory()
        let lineage: String
        let tag: String?
        var revision: UInt64 = 0
        do {
            let admin = try AdminHarness(directory: directory)
            lineage = admin.state.lineage
            #expect(try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://10.0.0.3:80"}"#).status == 201)
            #expect(try admin.ask("DELETE", "/v1/backends/web-1").status == 200)
            #expect(
                try admin.ask("PUT", "/v1/backends/web-2", #"{"url":"http://127.0.0.1:8082","weight":9}"#).status == 200
            )
            tag = try admin.ask("GET", "/v1/backends/web-3").field("ETag")
            revision = admin.state.revision
        }
        let admin = try AdminHarness(directory: directory)
        #expect(admin.state.lineage == lineage)
        #expect(admin.state.conflicts.isEmpty)
        let list = try admin.ask("GET", "/v1/backends")
        #expect(list["backends"] == "{web-2,web-3}")
        #expect(list["backends/web-2/weight"] == "9")
        #expect(list["revision"] == "\(revision)")
        #expect(try admin.ask("GET", "/v1/backends/web-3").field("ETag") == tag)
        #expect(admin.plane.live.backends.map(\.name) == ["web-2", "web-3"])
    }

    @Test func committedChangesSurviveACrash() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path + "/a")
        let plane = FakePlane(state.desired)
        try put(state, plane, "web-3", "http://10.0.0.3:80")
        // What a killed process leaves: the files as they are now, with the log not yet folded in.
        try FileManager.default.copyItem(atPath: directory.path + "/a", toPath: directory.path + "/b")
        #expect(FileManager.default.fileExists(atPath: directory.path + "/b/lb.sqlite3-wal"))
        let revived = try ConfigState(declared: declare(web), directory: directory.path + "/b")
        #expect(revived.desired.backends.map(\.name) == ["web-1", "web-2", "web-3"])
        #expect(revived.revision == 2)
        #expect(revived.lineage == state.lineage)
    }

    /// Member by member: what the file says of the URL is no word about the weight.
    @Test func fileThatHasChangedLeavesOtherMembersToTheRunTimeAndSaysSo() throws {
        let directory = try TemporaryDirectory()
        do {
            let admin = try AdminHarness(directory: directory)
            #expect(
                try admin.ask("PUT", "/v1/backends/web-1", #"{"url":"http://127.0.0.1:8081","weight":9}"#).status == 200
            )
            #expect(try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://10.0.0.3:80"}"#).status == 201)
        }
        let changed = [("web-1", "http://127.0.0.1:9091"), ("web-2", "http://127.0.0.1:8082")]
        do {
            let state = try ConfigState(declared: declare(changed), directory: directory.path + "/state")
            #expect(state.conflicts.isEmpty)
            #expect(state.desired.backend("web-1")?.url.description == "http://127.0.0.1:9091")
            #expect(state.desired.backend("web-1")?.weight == 9)
            #expect(state.desired.backend("web-3") != nil)
            #expect(state.revision == 4)
            #expect(state.current.sequences == ["web-1": 4, "web-2": 1, "web-3": 3])
            let note = try #require(state.history(after: 3, limit: 5).first)
            #expect(note.author.name == "file")
            #expect(
                note.summary
                    == "backend web-1 changed, run-time change of web-1 stands on what the file says now"
            )
        }
        // The next start has nothing to say any more.
        let state = try ConfigState(declared: declare(changed), directory: directory.path + "/state")
        #expect(state.conflicts.isEmpty)
        #expect(state.revision == 4)
    }

    @Test func changeOfThePoolsInTheFileIsARevision() throws {
        let directory = try TemporaryDirectory()
        do { #expect(try ConfigState(declared: declare(web), directory: directory.path).revision == 1) }
        do {
            #expect(try ConfigState(declared: declare(web, pools: ["blue"]), directory: directory.path).revision == 2)
        }
        let state = try ConfigState(declared: declare(web, pools: ["blue"]), directory: directory.path)
        #expect(state.revision == 2)
    }

    /// The live state is the one a restart would come to, whatever was done.
    @Test(arguments: 0..<20)
    func liveStateIsWhatARestartComesTo(_ seed: Int) throws {
        let directory = try TemporaryDirectory()
        var generator = Sequence(state: UInt64(seed) &+ 1)
        let names = ["web-1", "web-2", "x", "y", "z"]
        let live: DesiredState
        let sequences: [String: UInt64]
        do {
            let state = try ConfigState(declared: declare(web), directory: directory.path)
            let plane = FakePlane(state.desired)
            for _ in 0..<30 {
                let name = names[Int(generator.next() % 5)]
                let isRemoval = generator.next() % 3 == 0
                let weight = Int(generator.next() % 3) + 1
                try put(state, plane, name, isRemoval ? nil : "http://127.0.0.1:8081", weight: weight)
            }
            live = state.desired
            sequences = state.current.sequences
            #expect(plane.live == live)
        }
        let restarted = try ConfigState(declared: declare(web), directory: directory.path)
        #expect(restarted.desired == live)
        #expect(restarted.current.sequences == sequences)
        #expect(restarted.conflicts.isEmpty)
    }

    private struct Sequence {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    @Test func twoProcessesCannotShareADirectory() throws {
        let directory = try TemporaryDirectory()
        let first = try ConfigState(declared: declare(web), directory: directory.path)
        let second = Result { try ConfigState(declared: declare(web), directory: directory.path) }
        let error = #expect(throws: StoreError.self) { try second.get() }
        #expect(error?.kind == .inUse)
        #expect(error?.message.contains(directory.path + "/lb.lock") == true)
        #expect(error?.message.contains("process \(getpid())") == true)
        #expect(first.revision == 1)
    }

    @Test func directoryIsMadeForItsOwnerAlone() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/deep/er"
        let state = try ConfigState(declared: declare(web), directory: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(stat(path + "/lb.sqlite3", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(state.revision == 1)
    }

    @Test func directoryThatIsAFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        #expect(FileManager.default.createFile(atPath: path, contents: Data()))
        for place in [path, path + "/below"] {
            let result = Result { try ConfigState(declared: declare(web), directory: place) }
            let error = #expect(throws: StoreError.self) { try result.get() }
            #expect(error?.kind == .inaccessible)
            #expect(error?.message.contains(path) == true)
        }
    }

    /// Puts `contents` where the state file belongs, opens, and returns the error; the file must stay as it was.
    private func refusal(of contents: Data, in directory: TemporaryDirectory) throws -> StoreError? {
        let file = directory.path + "/lb.sqlite3"
        #expect(FileManager.default.createFile(atPath: file, contents: contents))
        let result = Result { try ConfigState(declared: declare(web), directory: directory.path) }
        let error = #expect(throws: StoreError.self) { try result.get() }
        #expect(FileManager.default.contents(atPath: file) == contents)
        #expect(error?.path == file)
        #expect(error?.message.contains(file) == true)
        return error
    }

    @Test func fileOfGarbageIsRefusedAndLeftAsItIs() throws {
        let error = try refusal(of: Data(repeating: 0x41, count: 5000), in: TemporaryDirectory())
        #expect(error?.kind == .corrupt)
    }

    @Test func databaseOfAnotherProgramIsRefusedAndLeftAsItIs() throws {
        let directory = try TemporaryDirectory()
        let other = directory.path + "/other"
        #expect(FileManager.default.createFile(atPath: other, contents: Data()))
        do { try SQLiteDatabase(path: other).run("CREATE TABLE songs (title TEXT)") }
        let error = try refusal(of: #require(FileManager.default.contents(atPath: other)), in: directory)
        #expect(error?.kind == .foreign)
    }

    @Test func newerStateIsRefusedAndLeftAsItIs() throws {
        let directory = try TemporaryDirectory()
        do { _ = try StateStore(directory: directory.path + "/a") }
        let file = directory.path + "/a/lb.sqlite3"
        do {
            let database = try SQLiteDatabase(path: file)
            try database.run("PRAGMA user_version = \(StateStore.schemaVersion + 1)")
            try database.run("PRAGMA journal_mode = DELETE")
        }
        let error = try refusal(of: #require(FileManager.default.contents(atPath: file)), in: TemporaryDirectory())
        #expect(error?.kind == .newer)
        #expect(error?.message.contains("schema \(StateStore.schemaVersion + 1)") == true)
    }

    @Test func damagedStateIsRefused() throws {
        let directory = try TemporaryDirectory()
        do {
            let state = try ConfigState(declared: declare(web), directory: directory.path + "/a")
            let plane = FakePlane(state.desired)
            for number in 1...100 { try put(state, plane, "n-\(number)", "http://10.0.0.1:\(number)") }
        }
        var contents = try #require(FileManager.default.contents(atPath: directory.path + "/a/lb.sqlite3"))
        contents.replaceSubrange(
            4096..<(contents.count - 100),
            with: Data(repeating: 0xEE, count: contents.count - 4196)
        )
        let error = try refusal(of: contents, in: TemporaryDirectory())
        #expect(error?.kind == .corrupt)
    }

    @Test func specThatCannotBeReadIsRefused() throws {
        let directory = try TemporaryDirectory()
        do { _ = try ConfigState(declared: declare(web), directory: directory.path) }
        do {
            try SQLiteDatabase(path: directory.path + "/lb.sqlite3").run(
                "INSERT INTO overlay VALUES ('backend', 'a', '{\"url\":\"nonsense\"}', NULL, 2)"
            )
        }
        let result = Result { try ConfigState(declared: declare(web), directory: directory.path) }
        let error = #expect(throws: StoreError.self) { try result.get() }
        #expect(error?.kind == .corrupt)
        #expect(error?.message.contains("\"a\"") == true)
    }

    @Test(arguments: [
        "UPDATE meta SET value = '18446744073709551615' WHERE key = 'revision'",
        "UPDATE meta SET value = '18446744073709551615' WHERE key = 'ceiling'",
        "UPDATE meta SET value = '9223372036854775807' WHERE key = 'ceiling'",
        "INSERT INTO overlay VALUES ('pool', 'default', NULL, '{}', 2)",
        "INSERT INTO overlay VALUES ('backend', 'a b', NULL, NULL, 2)",
    ])
    func stateThatCannotHaveComeAboutIsRefused(_ sql: String) throws {
        let directory = try TemporaryDirectory()
        do { _ = try ConfigState(declared: declare(web), directory: directory.path) }
        do { try SQLiteDatabase(path: directory.path + "/lb.sqlite3").run(sql) }
        let result = Result { try ConfigState(declared: declare(web), directory: directory.path) }
        let error = #expect(throws: StoreError.self) { try result.get() }
        #expect(error?.kind == .corrupt)
    }

    @Test func numbersThatNobodyGaveOutAreLivedWith() throws {
        let directory = try TemporaryDirectory()
        do { _ = try ConfigState(declared: declare(web), directory: directory.path) }
        do {
            let database = try SQLiteDatabase(path: directory.path + "/lb.sqlite3")
            try database.run("UPDATE meta SET value = '\(UInt64(1) << 62)' WHERE key = 'ceiling'")
            try database.run("INSERT INTO meta VALUES ('health_at', '-9223372036854775808')")
            try database.run("UPDATE history SET revision = -9223372036854775808, at = 9223372036854775807")
            try database.run("INSERT INTO change (revision, kind, name) VALUES (-5, 'backend', 'web-1')")
            try database.run(
                """
                WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n <= \(StateStore.historyMax))
                INSERT INTO history (revision, at, actor, summary) SELECT -n, 0, 'a', 's' FROM number
                """
            )
        }
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        #expect(state.knownHealth.isEmpty)
        let plane = FakePlane(state.desired)
        // Enough to prune.
        try put(state, plane, "web-3", "http://10.0.0.3:80")
        #expect(state.revision > 1 << 62)
        #expect(try state.history(after: 0, limit: 5).count == 1)
        _ = try state.past(at: state.revision)
    }

    @Test func emptyFileIsANewStore() throws {
        let directory = try TemporaryDirectory()
        #expect(FileManager.default.createFile(atPath: directory.path + "/lb.sqlite3", contents: Data()))
        #expect(try ConfigState(declared: declare(web), directory: directory.path).revision == 1)
    }

    @Test func lockedFileRefusesTheChangeAndNothingIsChanged() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        let plane = FakePlane(state.desired)
        let other = try SQLiteDatabase(path: directory.path + "/lb.sqlite3")
        try other.run("BEGIN IMMEDIATE")
        let error = #expect(throws: StoreError.self) { try put(state, plane, "n", "http://10.0.0.1:80") }
        #expect(error?.kind == .notDurable)
        #expect(state.revision == 1)
        #expect(plane.revisions.isEmpty)
        try other.run("ROLLBACK")
        try put(state, plane, "n", "http://10.0.0.1:80")
        #expect(plane.revisions == [2])
    }

    @Test func historyIsNewestFirstAndBounded() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        let plane = FakePlane(state.desired)
        for weight in 2...6 { try put(state, plane, "web-1", "http://127.0.0.1:8081", weight: weight) }
        #expect(try state.history(after: 2, limit: 2).map(\.revision) == [6, 5])
        #expect(try state.history(after: 0, limit: 100).map(\.revision) == [6, 5, 4, 3, 2, 1])
        let first = try #require(state.history(after: 0, limit: 100).last)
        #expect(first.summary == "pool default added, backend web-1 added, backend web-2 added")
    }

    @Test func closedStateRefusesChangesAndLetsTheDirectoryGo() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        let plane = FakePlane(state.desired)
        state.close()
        let error = #expect(throws: StoreError.self) { try put(state, plane, "n", "http://10.0.0.1:80") }
        #expect(error?.kind == .notDurable)
        #expect(plane.revisions.isEmpty)
        #expect(state.desired.backends.count == 2)
        #expect(try ConfigState(declared: declare(web), directory: directory.path).revision == 1)
    }

    /// Written out by hand, so that it has to be held against what it stands for.
    @Test func textOfABackendIsThatOfItsMembers() throws {
        var spec = BackendSpec(url: try BackendURL("unix:/run/a\"b\\c.sock"))
        #expect(SpecText.text(of: spec) == text(SpecText.members(of: spec)))
        #expect(SpecText.backend(SpecText.text(of: spec)) == spec)
        spec = BackendSpec(
            url: try BackendURL("http://[::1]:8080"),
            pool: "b.lue",
            weight: 12,
            requestsMax: 7,
            state: .drain,
            isBackup: true,
            slowStart: .milliseconds(1500),
            labels: ["z": "ü\u{7F}", "a": "\"1\""],
            healthCheck: .adjusted(HealthCheckPatch(HealthCheckSpec(path: "/\"")))
        )
        #expect(SpecText.text(of: spec) == text(SpecText.members(of: spec)))
        spec.healthCheck = .off
        #expect(SpecText.text(of: spec) == text(SpecText.members(of: spec)))
    }

    private func text(_ members: JSONObject) -> String {
        String(decoding: JSONValue.object(members).encoded(pretty: false), as: UTF8.self)
    }

    /// Whatever member differs, and nothing else, is told.
    @Test func differenceOfBackendsIsThatOfTheirMembers() throws {
        let plain = BackendSpec(url: try BackendURL("http://10.0.0.1"), labels: ["a": "1", "b": "2"])
        let others = try [
            BackendSpec(url: BackendURL("http://10.0.0.2"), labels: plain.labels),
            BackendSpec(url: plain.url, pool: "blue", weight: 5, labels: plain.labels),
            BackendSpec(url: plain.url, requestsMax: 5, state: .maint, isBackup: true, labels: ["a": "1", "c": "3"]),
            BackendSpec(url: plain.url, slowStart: .seconds(3), labels: [:], healthCheck: .off),
        ]
        for other in others {
            for (before, after) in [(plain, other), (other, plain)] {
                let told = Change.difference(Change.Resource(name: "a", before: before, after: after))
                #expect(!told.isEmpty)
                #expect(
                    told
                        == SpecDifference.between(
                            .object(SpecText.members(of: before)),
                            .object(SpecText.members(of: after))
                        )
                )
            }
        }
    }

    // MARK: Health

    private static let now: Int64 = 1_700_000_000_000_000_000

    private func known(
        _ name: String,
        _ url: String,
        _ state: HealthState,
        _ reason: String? = nil
    ) throws
        -> KnownHealth
    {
        KnownHealth(name: name, pool: "default", url: try BackendURL(url), state: state, reason: reason)
    }

    private func remembered(
        _ directory: TemporaryDirectory,
        after seconds: Int64,
        _ backends: [(String, String)] = web
    ) throws -> [KnownHealth] {
        let store = try StateStore(directory: directory.path + "/state")
        return try ConfigState(declared: declare(backends), store: store, at: Self.now + seconds * 1_000_000_000)
            .knownHealth.sorted { $0.name < $1.name }
    }

    @Test func healthThatWasKnownAShortWhileAgoIsKnownAtTheNextStart() throws {
        let directory = try TemporaryDirectory()
        let wrong = try known("web-2", web[1].1, .unhealthy, "status 500")
        do {
            let state = try ConfigState(declared: declare(web), directory: directory.path + "/state")
            #expect(state.knownHealth.isEmpty)
            let right = try known("web-1", web[0].1, .healthy)
            state.keepHealth([right, wrong], unknown: [], at: Self.now - 1)
            state.keepHealth([], unknown: ["web-1"], at: Self.now)
        }
        #expect(try remembered(directory, after: 0) == [wrong])
        #expect(try remembered(directory, after: 300) == [wrong])
        // What is older says nothing about now, and neither does what has not been yet.
        #expect(try remembered(directory, after: 301) == [])
        #expect(try remembered(directory, after: -1) == [])
        // Another address is another backend.
        #expect(try remembered(directory, after: 1, [web[0], ("web-2", "http://127.0.0.1:9999")]) == [])
    }

    @Test func healthOfBackendsThatAreGoneIsForgotten() throws {
        let directory = try TemporaryDirectory()
        let lost = try known("web-2", web[1].1, .unhealthy, "status 500")
        do {
            let state = try ConfigState(declared: declare(web), directory: directory.path + "/state")
            state.keepHealth([lost], unknown: [], at: Self.now)
            try put(state, FakePlane(state.desired), "web-2", nil)
            state.keepHealth([], unknown: [], at: Self.now)
            try put(state, FakePlane(state.desired), "web-2", web[1].1)
        }
        #expect(try remembered(directory, after: 1) == [])
    }

    @Test func whatIsToldOfHealthIsKept() throws {
        let directory = try TemporaryDirectory()
        do {
            let admin = try AdminHarness(directory: directory)
            admin.plane.setPhase("web-2", .unhealthy, reason: "status 500")
            admin.plane.tell(
                HealthTransition(
                    at: Self.now,
                    backend: "web-2",
                    pool: "default",
                    from: .serving,
                    to: .unhealthy,
                    cause: "status 500",
                    afterFailures: 2,
                    isFlapping: false
                )
            )
            let stream = try admin.client()
            stream.send(AdminHarness.request("GET", "/v1/events?type=health&after=\(admin.state.revision)"))
            var line = stream.line()
            while let text = line, !text.contains("status 500") { line = stream.line() }
            try #require(line != nil)
            // As a killed process leaves it.
            try FileManager.default.copyItem(atPath: directory.path + "/state", toPath: directory.path + "/copy")
            let killed = try ConfigState(declared: declare(web), directory: directory.path + "/copy")
            #expect(killed.knownHealth.first { $0.name == "web-2" }?.reason == "status 500")
            // The end of the server keeps all that is known, whether it was told or not.
            admin.plane.setPhase("web-1", .unhealthy, reason: "connect refused")
        }
        let state = try ConfigState(declared: declare(web), directory: directory.path + "/state")
        #expect(state.knownHealth.map(\.reason).compactMap { $0 }.sorted() == ["connect refused", "status 500"])
    }
}
