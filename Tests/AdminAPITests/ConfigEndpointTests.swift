import Foundation
import Model
import Testing

@testable import AdminAPI

/// The whole of what is desired, its past, and the ways back.
@Suite struct ConfigEndpointTests {
    private let patchType = [("Content-Type", "application/merge-patch+json")]

    // MARK: The document

    @Test func documentIsTheSpecAloneAndTheSameStateIsTheSameBytes() throws {
        let admin = try AdminHarness()
        let first = try admin.ask("GET", "/v1/config")
        #expect(first["backends"] == "{web-1,web-2}")
        #expect(first["pools"] == "{default}")
        #expect(first["backends/web-1/status"] == nil)
        #expect(first.field("ETag") == "\"\(admin.state.lineage).1\"")
        admin.plane.setPhase("web-1", .unhealthy, reason: "connect refused")
        #expect(try admin.ask("GET", "/v1/config").body == first.body)
        let again = try admin.ask("GET", "/v1/config", nil, [("If-None-Match", first.field("ETag") ?? "")])
        #expect(again.status == 304)
    }

    @Test func documentSentBackAsItWasReadChangesNothing() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let read = try admin.ask("GET", "/v1/config")
        let written = try admin.ask("PUT", "/v1/config", read.text)
        #expect(written.status == 200)
        #expect(written.field("LB-Changed") == "false")
        #expect(written.body == read.body)
        #expect(admin.plane.revisions == [])
    }

    @Test func putReplacesAllOfIt() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let answer = try admin.ask(
            "PUT",
            "/v1/config",
            #"{"pools":{"green":{"min_ready":0}},"backends":{"web-1":{"url":"http://127.0.0.1:8081"},"#
                + #""n":{"url":"http://10.0.0.9","pool":"green"}}}"#
        )
        #expect(answer.status == 200)
        #expect(answer["pools"] == "{default,green}")
        #expect(answer["backends"] == "{n,web-1}")
        #expect(answer.field("LB-Changed") == "true")
        #expect(admin.plane.revisions == [2], "one revision for all of it")
        #expect(admin.plane.live == admin.state.desired)
        let note = try #require(admin.state.history(after: 1, limit: 1).first)
        #expect(
            note.summary == "pool blue removed: as usual, pool green added: min_ready=0, "
                + "backend n added: http://10.0.0.9:80 pool=green weight=1, "
                + "backend web-2 removed: http://127.0.0.1:8082 pool=default weight=1"
        )
    }

    @Test func patchChangesWhatItNamesAndNullRemoves() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask(
            "PATCH",
            "/v1/config",
            #"{"pools":{"blue":{}},"backends":{"web-1":{"weight":7},"web-2":null,"n":{"url":"http://10.0.0.9","pool":"blue"}}}"#,
            patchType
        )
        #expect(answer.status == 200)
        #expect(answer["backends"] == "{n,web-1}")
        #expect(answer["backends/web-1/weight"] == "7")
        #expect(answer["backends/web-1/url"] == "http://127.0.0.1:8081", "what is not named stays")
        #expect(admin.state.revision == 2)
    }

    @Test(arguments: [
        ("PUT", #"{"backend":{}}"#, 400, "unknown-field", "/backend"),
        ("PUT", "[]", 422, "invalid", ""),
        ("PUT", #"{"backends":[]}"#, 422, "invalid", "/backends"),
        ("PUT", #"{"backends":{"a b":{"url":"http://a"}}}"#, 422, "invalid", "/backends/a b"),
        ("PUT", #"{"backends":{"a":null}}"#, 422, "invalid", "/backends/a/url"),
        ("PUT", #"{"backends":{"a":{"url":"http://a","pool":"nope"}}}"#, 422, "invalid", "/backends/a/pool"),
        ("PATCH", #"{"backends":{"a":{"weight":1}}}"#, 422, "invalid", "/backends/a/url"),
        ("PATCH", #"{"backends":{"web-1":{"wieght":1}}}"#, 400, "unknown-field", "/backends/web-1/wieght"),
        ("PATCH", #"{"pools":{"default":{"min_ready":-1}}}"#, 422, "invalid", "/pools/default/min_ready"),
        ("PATCH", #"{"backends":{"web-1":{"pool":"nope"}}}"#, 422, "invalid", "/backends/web-1/pool"),
    ])
    func whatIsWrongIsNamedByItsPlaceAndNothingChanges(
        _ method: String,
        _ body: String,
        _ status: Int,
        _ code: String,
        _ pointer: String
    ) throws {
        let admin = try AdminHarness()
        let answer = try admin.ask(method, "/v1/config", body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer["code"] == code)
        #expect(answer["errors/0/pointer"] == pointer)
        #expect(admin.plane.revisions == [])
        #expect(admin.state.revision == 1)
    }

    // MARK: Many backends

    @Test func manyBackendsChangeInOneRevision() throws {
        let admin = try AdminHarness(web + [("old", "http://127.0.0.1:8083")])
        let answer = try admin.ask(
            "PATCH",
            "/v1/backends",
            #"{"web-1":{"weight":0},"web-2":{"weight":100,"labels":{"color":"green"}},"old":null,"nobody":null}"#,
            patchType
        )
        #expect(answer.status == 200)
        #expect(answer["backends"] == "{old,web-1,web-2}", "what changed, and no other")
        #expect(answer["backends/old"] == "null")
        #expect(answer["backends/web-2/weight"] == "100")
        #expect(answer["revision"] == "2")
        #expect(admin.plane.revisions == [2])
        #expect(admin.plane.live.backends.map(\.name) == ["web-1", "web-2"])
    }

    @Test func oneBadEntryOfManyChangesNothing() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PATCH", "/v1/backends", #"{"web-1":{"weight":5},"web-2":{"weight":5000}}"#)
        #expect(answer.status == 422)
        #expect(answer["errors/0/pointer"] == "/web-2/weight")
        #expect(admin.plane.revisions == [])
    }

    @Test func patchOfOneMergesAndNullGivesTheDefault() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":9,"labels":{"a":"1","b":"2"}}"#).status == 200)
        let answer = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":null,"labels":{"a":null,"c":"3"}}"#)
        #expect(answer["weight"] == "1")
        #expect(answer["labels"] == "{b,c}")
        #expect(try admin.ask("PATCH", "/v1/backends/nobody", #"{"weight":1}"#).status == 404)
        let same = try admin.ask("PATCH", "/v1/backends/web-1", "{}")
        #expect(same.field("LB-Changed") == "false")
        #expect(same.field("Server-Timing") == nil)
    }

    @Test func patchOfAnotherKindIsRefusedWithWhatIsTaken() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask(
            "PATCH",
            "/v1/backends/web-1",
            #"[{"op":"replace","path":"/weight","value":3}]"#,
            [("Content-Type", "application/json-patch+json")]
        )
        #expect(answer.status == 415)
        #expect(answer.field("Accept-Patch") == "application/merge-patch+json, application/json")
    }

    // MARK: The past

    @Test func earlierRevisionIsToldAsItWas() throws {
        let admin = try AdminHarness()
        let first = try admin.ask("GET", "/v1/config")
        #expect(try admin.ask("PATCH", "/v1/backends", #"{"web-1":{"weight":5},"web-2":null}"#).status == 200)
        #expect(try admin.ask("PUT", "/v1/pools/blue", "{}").status == 201)
        let last = try admin.ask("PUT", "/v1/backends/web-1", #"{"url":"http://127.0.0.1:8081","weight":6}"#)
        #expect(last.status == 200)
        let past = try admin.ask("GET", "/v1/config?revision=1")
        #expect(past.body == first.body)
        #expect(past.field("ETag") == first.field("ETag"))
        #expect(past.field("LB-Revision") == last.field("LB-Revision"))
        #expect(try admin.ask("GET", "/v1/config?revision=2")["backends/web-1/weight"] == "5")
        #expect(try admin.ask("GET", "/v1/config?revision=2")["pools"] == "{default}")
        #expect(try admin.ask("GET", "/v1/config?revision=99").status == 404)
        #expect(try admin.ask("GET", "/v1/config?revision=0").status == 410)
        #expect(try admin.ask("GET", "/v1/config?revision=x").status == 400)
    }

    @Test func rollbackMakesANewRevisionThatCanBeRolledBackItself() throws {
        let admin = try AdminHarness()
        let first = try admin.ask("GET", "/v1/config").body
        #expect(try admin.ask("PATCH", "/v1/backends", #"{"web-1":{"weight":5},"web-2":null}"#).status == 200)
        let second = try admin.ask("GET", "/v1/config").body
        let back = try admin.ask("POST", "/v1/rollback", #"{"to":1}"#, [("LB-Reason", "checkout is broken")])
        #expect(back.status == 200)
        // The drain of web-2 has numbers of its own in between.
        #expect(back["revision"] == back.field("LB-Revision"))
        #expect(back["changed"] == "[2]")
        #expect(try admin.ask("GET", "/v1/config").body == first)
        let undone = try admin.ask("POST", "/v1/rollback", "{}")
        #expect(undone["to"] == "2")
        #expect(try admin.ask("GET", "/v1/config").body == second)
        let history = try admin.ask("GET", "/v1/history")
        #expect(history["1/rollback_to"] == "1")
        #expect(history["1/reason"] == "checkout is broken")
        #expect(history["0/rollback_to"] == "2")
        #expect(try admin.ask("POST", "/v1/rollback", #"{"to":99}"#).status == 404)
        #expect(try admin.ask("POST", "/v1/rollback", #"{"too":1}"#)["code"] == "unknown-field")
    }

    @Test func historyIsNewestFirstAndTurnsPages() throws {
        let admin = try AdminHarness()
        for weight in 2...6 {
            _ = try admin.ask("PATCH", "/v1/backends/web-1?reason=step", #"{"weight":\#(weight)}"#)
        }
        let page = try admin.ask("GET", "/v1/history?limit=2")
        #expect(page["0/revision"] == "6")
        #expect(page["1/summary"] == "backend web-1 weight 4 → 5")
        #expect(page["0/reason"] == "step")
        #expect(page["0/actor/name"] == "127.0.0.1")
        #expect(page["0/actor/via"] == "network")
        #expect(page["2"] == nil)
        #expect(try admin.ask("GET", "/v1/history?before=5&limit=1")["0/revision"] == "4")
        #expect(try admin.ask("GET", "/v1/history?after=5")["1"] == nil)
        #expect(try admin.ask("GET", "/v1/history?limit=0").status == 400)
    }

    @Test func pastIsKeptOverARestart() throws {
        let directory = try TemporaryDirectory()
        let first: [UInt8]
        do {
            let admin = try AdminHarness(directory: directory)
            first = try admin.ask("GET", "/v1/config").body
            #expect(try admin.ask("PATCH", "/v1/backends", #"{"web-1":{"weight":5},"web-2":null}"#).status == 200)
        }
        let admin = try AdminHarness(directory: directory)
        #expect(try admin.ask("GET", "/v1/config?revision=1").body == first)
        #expect(try admin.ask("POST", "/v1/rollback", "{}").status == 200)
        #expect(try admin.ask("GET", "/v1/config").body == first)
    }

    // MARK: Plans

    @Test func planTellsWhatWouldBeAndChangesNothing() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-2", 3)
        let plan = try admin.ask(
            "PATCH",
            "/v1/backends?dry_run=plan",
            #"{"web-1":{"weight":5},"web-2":null,"n":{"url":"http://10.0.0.9"}}"#
        )
        #expect(plan.status == 200)
        #expect(plan["changes"] == "[3]")
        #expect(plan["changes/0/op"] == "add")
        #expect(plan["changes/0/path"] == "/backends/n")
        #expect(plan["changes/0/effect"] == "takes requests once a check has passed")
        #expect(plan["changes/1/op"] == "change")
        #expect(plan["changes/1/path"] == "/backends/web-1/weight")
        #expect(plan["changes/1/from"] == "1")
        #expect(plan["changes/1/to"] == "5")
        #expect(plan["changes/2/op"] == "remove")
        #expect(plan["changes/2/effect"] == "takes nothing new; 3 in flight now may finish")
        #expect(plan.field("LB-Changed") == "false")
        #expect(admin.plane.revisions == [])
        #expect(admin.state.revision == 1)
        let removal = try admin.ask("DELETE", "/v1/backends/web-1?dry_run=plan")
        #expect(removal["changes/0/op"] == "remove")
        #expect(try admin.ask("PUT", "/v1/backends/web-1?dry_run=plan", #"{"url":"ftp://x"}"#).status == 422)
        #expect(try admin.ask("PUT", "/v1/backends/web-1?dry_run=maybe", #"{"url":"http://x"}"#).status == 400)
        #expect(try admin.ask("GET", "/v1/history")["0/revision"] == "1")
    }

    @Test func probedPlanChecksWhatIsNewAndWhatIsChanged() throws {
        let admin = try AdminHarness()
        var report = ProbeReport()
        report.address = "10.0.0.9:80"
        report.status = 500
        report.totalNs = 1_250_000
        report.failure = "status 500"
        admin.plane.setReport(report)
        let plan = try admin.ask(
            "PATCH",
            "/v1/backends?dry_run=probe",
            #"{"web-1":{"weight":5},"web-2":null,"n":{"url":"http://10.0.0.9"},"m":{"url":"http://10.0.0.8","health_check":"off"}}"#
        )
        #expect(plan["probes"] == "{n,web-1}")
        #expect(plan["probes/n/error"] == "status 500")
        #expect(plan["probes/n/http"] == "500")
        #expect(plan["probes/n/ms"] == "1.25")
        #expect(
            Set(admin.plane.probesRun.map(\.spec.url.description)) == ["http://10.0.0.9:80", "http://127.0.0.1:8081"]
        )
        #expect(admin.state.revision == 1)
        #expect(try admin.ask("PATCH", "/v1/backends?dry_run=plan", "{}")["probes"] == nil)
    }

    @Test func planOfWhatAGuardRefusesIsRefusedAndForcedItIsAWarning() throws {
        let admin = try AdminHarness([("web-1", "http://127.0.0.1:8081")])
        #expect(try admin.ask("DELETE", "/v1/backends/web-1?dry_run=plan").status == 409)
        let plan = try admin.ask("DELETE", "/v1/backends/web-1?dry_run=plan&force=true")
        #expect(plan["warnings/0"] == "\"web-1\" is the last healthy backend of the pool \"default\"")
        #expect(admin.state.revision == 1)
    }

    // MARK: Preconditions

    @Test func staleTagOfTheWholeIsToldWhatHappened() throws {
        let admin = try AdminHarness()
        let tag = try #require(admin.ask("GET", "/v1/config").field("ETag"))
        _ = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":10}"#, [("LB-Reason", "canary")])
        let stale = try admin.ask("PUT", "/v1/config", "{}", [("If-Match", tag)])
        #expect(stale.status == 412)
        #expect(stale["changes/0/summary"] == "backend web-1 weight 1 → 10")
        #expect(stale["changes/0/reason"] == "canary")
        #expect(stale["current"] == "\"\(admin.state.lineage).2\"")
    }

    @Test func changesOfOthersAreNotToldOfOneBackend() throws {
        let admin = try AdminHarness()
        let tag = try #require(admin.ask("GET", "/v1/backends/web-1").field("ETag"))
        _ = try admin.ask("PATCH", "/v1/backends/web-2", #"{"weight":10}"#)
        _ = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":11}"#)
        let stale = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":2}"#, [("If-Match", tag)])
        #expect(stale.status == 412)
        #expect(stale["changes"] == "[1]")
        #expect(stale["changes/0/revision"] == "3")
    }

    @Test func changeWithoutAConditionIsRefusedWhereOneIsRequired() throws {
        var limits = AdminLimits()
        limits.requiresIfMatch = true
        let admin = try AdminHarness(limits: limits)
        let bare = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":2}"#)
        #expect(bare.status == 428)
        let tag = try #require(bare.field("ETag"))
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":2}"#, [("If-Match", tag)]).status == 200)
        let body = #"{"url":"http://10.0.0.9"}"#
        #expect(try admin.ask("PUT", "/v1/backends/n", body, [("If-None-Match", "*")]).status == 201)
        #expect(try admin.ask("PUT", "/v1/backends/n", body, [("If-None-Match", "*")]).status == 412)
    }

    /// Acceptance: of many writers with one tag, one wins.
    @Test func oneOfFiftyWritersWithOneTagWins() throws {
        let admin = try AdminHarness()
        let tag = try #require(admin.ask("GET", "/v1/backends/web-1").field("ETag"))
        let pending = try (1...50).map { number in
            try admin.later("PATCH", "/v1/backends/web-1", #"{"weight":\#(number + 1)}"#, [("If-Match", tag)])
        }
        let statuses = try pending.map { try $0.value().status }
        #expect(statuses.filter { $0 == 200 }.count == 1)
        #expect(statuses.filter { $0 == 412 }.count == 49)
        #expect(admin.state.revision == 2)
    }

    // MARK: The sequence

    @Test func changesAndEventsShareOneSequence() throws {
        let admin = try AdminHarness()
        #expect(admin.state.number { $0 } == 2)
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":2}"#).field("LB-Revision") == "3")
        #expect(admin.state.number { $0 } == 4)
        #expect(admin.state.revision == 3)
        // What was desired when an event happened.
        #expect(try admin.ask("GET", "/v1/config?revision=4")["backends/web-1/weight"] == "2")
        #expect(try admin.ask("GET", "/v1/config?revision=2")["backends/web-1/weight"] == "1")
    }

    @Test func numberIsNeverGivenTwiceAlsoAfterACrash() throws {
        let directory = try TemporaryDirectory()
        let state = try ConfigState(declared: declare(web), directory: directory.path + "/a")
        let plane = FakePlane(state.desired)
        _ = try state.write(by: .test, at: 1, to: plane) { _ in Draft(backends: [("web-2", nil)]) }
        var last: UInt64 = 0
        for _ in 0..<1500 { last = state.number { $0 } }
        #expect(last == 1502)
        // What a killed process leaves: the files as they are now.
        try FileManager.default.copyItem(atPath: directory.path + "/a", toPath: directory.path + "/b")
        let revived = try ConfigState(declared: declare(web), directory: directory.path + "/b")
        #expect(revived.revision == 2)
        #expect(revived.number { $0 } > last)
    }

    @Test func orderlyEndLeavesNoGapInTheNumbers() throws {
        let directory = try TemporaryDirectory()
        do {
            let state = try ConfigState(declared: declare(web), directory: directory.path)
            _ = state.number { $0 }
            state.close()
        }
        let state = try ConfigState(declared: declare(web), directory: directory.path)
        #expect(state.number { $0 } == 3)
    }

    @Test func observersHearOfEachChangeInOrderBeforeThePlaneHasIt() throws {
        let admin = try AdminHarness()
        let heard = Lines()
        let plane = admin.plane
        admin.state.observe { change in
            heard.append("\(change.revision) \(change.summary) after \(plane.revisions.last ?? 0)")
        }
        _ = try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight":2}"#)
        _ = try admin.ask("DELETE", "/v1/backends/web-2")
        #expect(
            heard.all == [
                "2 backend web-1 weight 1 → 2 after 0",
                "3 backend web-2 removed: http://127.0.0.1:8082 pool=default weight=1 after 2",
            ]
        )
    }
}
