import Foundation
import Model
import Testing

@testable import AdminAPI

/// Drains as operations: begun, watched, waited for, overdue, taken back.
@Suite struct OperationTests {
    private let lines = [("Accept", "application/x-ndjson")]

    @Test func removalWithWaitReturnsTheReportWhenTheLastRequestIsDone() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 2)
        let pending = try admin.later("DELETE", "/v1/backends/web-1?wait=30s")
        try admin.untilDraining("web-1")
        admin.plane.setInFlight("web-1", 0)
        let answer = try pending.value()
        #expect(answer.status == 200)
        #expect(answer["drain/outcome"] == "clean")
        #expect(answer["drain/in_flight_at_start"] == "2")
        #expect(answer["drain/completed"] == "2")
        #expect(answer["drain/cut"] == "0")
    }

    @Test func removalThatIsNotDoneInTimeStandsAndIsRepeated() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 2)
        let late = try admin.ask("DELETE", "/v1/backends/web-1?wait=20ms")
        #expect(late.status == 504)
        #expect(late["code"] == "wait-timeout")
        #expect(late["applied"] == "true")
        #expect(late["drain/in_flight"] == "2")
        #expect(late["detail"]?.hasSuffix("after 20ms: 2 in flight") == true)
        #expect(admin.plane.live.backend("web-1") == nil)
        let again = try admin.later("DELETE", "/v1/backends/web-1?wait=30s")
        admin.plane.setInFlight("web-1", 0)
        // Either it waited to the end, or it came when the end had been.
        #expect([200, 404].contains(try again.value().status))
    }

    /// The condition was met when it was carried out; repeated, the request goes on waiting.
    @Test func removalWithAConditionIsRepeatedAsWell() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 2)
        let tag = try #require(admin.ask("GET", "/v1/backends/web-1").field("ETag"))
        let condition = [("If-Match", tag)]
        #expect(try admin.ask("DELETE", "/v1/backends/web-1?wait=20ms", nil, condition).status == 504)
        #expect(try admin.ask("DELETE", "/v1/backends/web-1?wait=20ms", nil, condition).status == 504)
        // Of another store, or of what comes later, it is no condition that was ever met.
        let others = ["\"other.1\"", "\"\(admin.state.lineage).999999\""]
        for other in others {
            #expect(try admin.ask("DELETE", "/v1/backends/web-1", nil, [("If-Match", other)]).status == 412)
        }
        #expect(
            try admin.ask("PUT", "/v1/backends/web-1", #"{"url":"http://127.0.0.1:8081"}"#, condition).status == 412
        )
    }

    @Test func waitForARemovalEndsWhenTheBackendIsAddedAgain() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 2)
        let pending = try admin.later("DELETE", "/v1/backends/web-1?wait=30s")
        try admin.untilDraining("web-1")
        #expect(try admin.ask("PUT", "/v1/backends/web-1", #"{"url":"http://127.0.0.1:8081"}"#).status == 201)
        let answer = try pending.value()
        #expect(answer.status == 409)
        #expect(answer["code"] == "condition-unreachable")
        #expect(answer["applied"] == "true")
        #expect(try admin.ask("GET", "/v1/operations?state=cancelled")["operations"] != "{}")
    }

    @Test func whatIsLeftAtTheDeadlineIsCut() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 3)
        admin.plane.setStreams("web-1", 2)
        let answer = try admin.ask("DELETE", "/v1/backends/web-1?drain=50ms&wait=30s")
        #expect(answer.status == 200)
        #expect(answer["drain/outcome"] == "cut")
        #expect(answer["drain/cut"] == "3")
        #expect(answer["drain/streams_closed"] == "2")
        #expect(admin.plane.drainsCut == [1])
    }

    @Test func deadlineIsThePoolsUnlessTheRequestSaysOtherwise() throws {
        var declared = try declare(web)
        declared.setPool("default", PoolSpec(drain: .milliseconds(50)))
        let admin = try AdminHarness(declared: declared)
        admin.plane.setInFlight("web-1", 1)
        #expect(try admin.ask("DELETE", "/v1/backends/web-1?wait=30s")["drain/cut"] == "1")
        admin.plane.setInFlight("web-2", 1)
        let patient = try admin.ask("DELETE", "/v1/backends/web-2?drain=1h&force=true")
        #expect(patient.status == 202)
        // The one who asks again may be less patient.
        let now = try admin.ask("DELETE", "/v1/backends/web-2?drain=0s&wait=30s")
        #expect(now["drain/cut"] == "1")
        #expect(now["operation"] == patient["operation"])
        #expect(try admin.ask("DELETE", "/v1/backends/web-1?drain=25h").status == 400)
    }

    @Test func drainThatCannotBeCutHasFailed() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 1)
        let begun = try admin.ask("DELETE", "/v1/backends/web-1?drain=1h")
        let id = try #require(begun["operation"])
        admin.plane.fail(.notAdopted(workers: 1))
        let answer = try admin.ask("DELETE", "/v1/backends/web-1?drain=0s&wait=30s")
        #expect(answer.status == 409)
        #expect(answer["code"] == "condition-unreachable")
        #expect(answer["detail"]?.hasSuffix("could not be cut: 1 worker does not answer") == true)
        #expect(answer["drain/outcome"] == "failed")
        let operation = try admin.ask("GET", "/v1/operations/\(id)")
        #expect(operation["state"] == "failed")
        #expect(operation["detail"]?.hasSuffix("1 worker does not answer") == true)
        #expect(try admin.ask("GET", "/v1/operations?state=failed")["operations"] == "{\(id)}")
        #expect(try admin.ask("DELETE", "/v1/operations/\(id)").status == 409)
    }

    @Test func drainByStateWaitsAndLeavesTheBackendThere() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 1)
        let first = try admin.ask("PATCH", "/v1/backends/web-1", #"{"state":"drain"}"#)
        #expect(first.status == 200)
        let id = try #require(first.field("LB-Operation"))
        #expect(try admin.ask("GET", "/v1/operations/\(id)")["purpose"] == "rest")
        let late = try admin.ask("PATCH", "/v1/backends/web-1?wait=20ms", #"{"state":"drain"}"#)
        #expect(late.status == 504)
        #expect(late["operation"] == id)
        let pending = try admin.later("PATCH", "/v1/backends/web-1?wait=30s", #"{"state":"drain"}"#)
        admin.plane.setInFlight("web-1", 0)
        #expect(try pending.value().status == 200)
        #expect(try admin.ask("GET", "/v1/operations/\(id)")["state"] == "succeeded")
        #expect(admin.plane.live.backend("web-1")?.state == .drain)
        // Nothing is left to drain when it goes.
        let removed = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(removed.status == 200)
        #expect(removed["drain/outcome"] == "clean")
    }

    @Test func readyAgainEndsTheDrainAndItsWait() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 1)
        let pending = try admin.later("PATCH", "/v1/backends/web-1?wait=30s", #"{"state":"drain"}"#)
        try admin.untilDraining("web-1")
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"state":"ready"}"#).status == 200)
        let answer = try pending.value()
        #expect(answer.status == 409)
        #expect(answer["code"] == "condition-unreachable")
    }

    @Test func cancelledRemovalPutsTheBackendBack() throws {
        let admin = try AdminHarness()
        let before = admin.plane.live.backend("web-1")
        admin.plane.setInFlight("web-1", 1)
        let place = try #require(admin.ask("DELETE", "/v1/backends/web-1").field("Location"))
        let cancelled = try admin.ask("DELETE", place)
        #expect(cancelled.status == 200)
        #expect(cancelled["state"] == "cancelled")
        #expect(admin.plane.live.backend("web-1") == before)
        // Once more is the same; what has ended otherwise cannot be cancelled.
        #expect(try admin.ask("DELETE", place).status == 200)
        let done = try #require(admin.ask("DELETE", "/v1/backends/web-2?wait=5s")["operation"])
        let over = try admin.ask("DELETE", "/v1/operations/\(done)")
        #expect(over.status == 409)
        #expect(over["code"] == "operation-over")
        #expect(over["operation/state"] == "succeeded")
    }

    @Test func operationIsWaitedForAndToldWhenItIsNotThere() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 1)
        let place = try #require(admin.ask("DELETE", "/v1/backends/web-1").field("Location"))
        #expect(try admin.ask("GET", "\(place)?wait=20ms")["state"] == "running")
        let pending = try admin.later("GET", "\(place)?wait=30s")
        admin.plane.setInFlight("web-1", 0)
        let ended = try pending.value()
        #expect(ended["state"] == "succeeded")
        #expect(ended["ended_at"] != "null")
        for id in ["op-0", "op-", "op-x", "1", "op-99999999999999999999"] {
            #expect(try admin.ask("GET", "/v1/operations/\(id)").status == 404)
            #expect(try admin.ask("DELETE", "/v1/operations/\(id)").status == 404)
        }
        #expect(try admin.ask("GET", "/v1/operations?state=runing")["hint"] == "did you mean \"running\"?")
        #expect(try admin.ask("GET", "/v1/operations?backend=web-2")["operations"] == "{}")
    }

    @Test func drainIsToldFromItsStartToItsEnd() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 1)
        let start = admin.state.lastNumber
        let id = try #require(
            admin.ask("DELETE", "/v1/backends/web-1", nil, [("LB-Reason", "old")]).field("LB-Operation")
        )
        admin.plane.setInFlight("web-1", 0)
        #expect(try admin.ask("GET", "/v1/operations/\(id)?wait=30s")["state"] == "succeeded")
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/v1/events?follow=false&backend=web-1&after=\(start)", nil, lines))
        _ = try client.receive(hasBody: false)
        var seen: [Answer] = []
        while let line = client.line() { seen.append(Answer(status: 200, fields: [], body: Array(line.utf8))) }
        #expect(seen.map { $0["kind"] } == ["backend.removed", "drain.started", "drain.finished"])
        #expect(seen[1]["operation"] == id)
        #expect(id == "op-\(seen[1]["seq"] ?? "")")
        #expect(seen[1]["drain/in_flight"] == "1")
        #expect(seen[2]["drain/completed"] == "1")
        #expect(try admin.ask("GET", "/v1/operations/\(id)")["reason"] == "old")
    }

    @Test func manyAtOnceNameTheirOperations() throws {
        let admin = try AdminHarness(web + [("web-3", "http://127.0.0.1:8083")])
        admin.plane.setInFlight("web-1", 1)
        let answer = try admin.ask("PATCH", "/v1/backends", #"{"web-1":null,"web-2":{"state":"drain"}}"#)
        #expect(answer.status == 200)
        #expect(answer["operations"] == "{web-1,web-2}")
        let id = try #require(answer["operations/web-1"])
        #expect(try admin.ask("GET", "/v1/operations/\(id)")["state"] == "running")
    }
}

/// What the plane tells by itself, as events.
@Suite struct FollowerTests {
    private func events(_ admin: AdminHarness, _ type: String, until kind: String) throws -> [Answer] {
        let client = try admin.client()
        client.send(
            AdminHarness.request(
                "GET",
                "/v1/events?type=\(type)&after=\(start(admin))",
                nil,
                [("Accept", "application/x-ndjson")]
            )
        )
        _ = try client.receive(hasBody: false)
        var seen: [Answer] = []
        while let line = client.line() {
            if line.isEmpty { continue }
            seen.append(Answer(status: 200, fields: [], body: Array(line.utf8)))
            if seen.last?["kind"] == kind { return seen }
        }
        throw ClientError(description: "no \(kind) after \(seen.map { $0.text })")
    }

    /// The first revision, which is before anything that is told.
    private func start(_ admin: AdminHarness) -> UInt64 { 1 }

    @Test func healthThatChangesIsToldWithItsCause() throws {
        let admin = try AdminHarness()
        admin.plane.tell(
            HealthTransition(
                at: 1_700_000_000_125_000_000,
                backend: "web-1",
                pool: "default",
                from: .serving,
                to: .unhealthy,
                cause: "connect refused",
                afterFailures: 2,
                isFlapping: true
            )
        )
        let seen = try events(admin, "health", until: "health.flapping")
        #expect(seen.map { $0["kind"] } == ["health.changed", "health.flapping"])
        #expect(seen[0]["name"] == "web-1")
        #expect(seen[0]["from"] == "serving")
        #expect(seen[0]["to"] == "unhealthy")
        #expect(seen[0]["cause"] == "connect refused")
        #expect(seen[0]["after_failures"] == "2")
        #expect(seen[0]["at"] == "2023-11-14T22:13:20.125Z")
    }

    @Test func poolThatRunsDryAndRecoversIsTold() throws {
        var declared = try declare(web)
        declared.setPool("default", PoolSpec(minReady: 2))
        let admin = try AdminHarness(declared: declared)
        admin.plane.setPhase("web-1", .unhealthy)
        let degraded = try events(admin, "pool", until: "pool.degraded")
        #expect(degraded.last?["serving"] == "1")
        #expect(degraded.last?["min_ready"] == "2")
        admin.plane.setPhase("web-2", .unhealthy)
        #expect(try events(admin, "pool", until: "pool.empty").last?["name"] == "default")
        admin.plane.setPhase("web-1", .serving)
        admin.plane.setPhase("web-2", .serving)
        #expect(try events(admin, "pool", until: "pool.recovered").last?["serving"] == "2")
    }

    @Test func fileThatContradictsOrHasMistakesIsTold() throws {
        let admin = try AdminHarness()
        #expect(
            try admin.ask("PUT", "/v1/backends/web-1", #"{"url":"http://127.0.0.1:8081","weight":5}"#).status == 200
        )
        var declared = try declare(web)
        declared.setBackend("web-1", BackendSpec(url: try BackendURL("http://127.0.0.1:8081"), weight: 9))
        #expect(try admin.state.reload(declared: declared, to: admin.plane).conflicts.count == 1)
        admin.state.reject(file: "/etc/lb.yaml", mistakes: ["lb.yaml:3: no"])
        let seen = try events(admin, "change,config", until: "config.rejected")
        #expect(seen.map { $0["kind"] } == ["backend.changed", "config.applied", "config.conflict", "config.rejected"])
        #expect(seen[1]["actor/name"] == "file")
        #expect(seen[2]["name"] == "web-1")
        #expect(seen[2]["detail"]?.contains("the file wins") == true)
        #expect(seen[3]["mistakes/0"] == "lb.yaml:3: no")
    }
}
