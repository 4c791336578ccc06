import Model
import Testing

@testable import AdminAPI

/// `wait` of writes that are about more than one backend.
@Suite struct WaitTests {
    private static let three = [
        ("web-1", "http://127.0.0.1:8081"), ("web-2", "http://127.0.0.1:8082"), ("web-3", "http://127.0.0.1:8083"),
    ]

    private func harness() throws -> AdminHarness { try AdminHarness(Self.three) }

    @Test func changeOfManyWaitsUntilEachServesOrHasFinished() throws {
        let admin = try harness()
        admin.plane.holdNewcomers()
        admin.plane.setInFlight("web-1", 2)
        admin.plane.setInFlight("web-2", 1)
        let body = #"{"web-1":null,"web-2":{"state":"drain"},"web-4":{"url":"http://10.0.0.4:80"}}"#
        let late = try admin.ask("PATCH", "/v1/backends?wait=20ms", body)
        #expect(late.status == 504)
        #expect(late["detail"] == "the backend \"web-1\" has not finished after 20ms: 2 in flight")
        admin.plane.setInFlight("web-1", 0)
        let later = try admin.ask("PATCH", "/v1/backends?wait=20ms", body)
        #expect(later["detail"] == "the backend \"web-2\" has not finished after 20ms: 1 in flight")
        admin.plane.setInFlight("web-2", 0)
        let pending = try admin.later("PATCH", "/v1/backends?wait=30s", body)
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-4", .serving)
        let answer = try pending.value()
        #expect(answer.status == 200)
        #expect(answer.field("LB-Changed") == "false")
    }

    @Test func changeOfManyThatTakesTooLongStandsAndNamesOneThatIsLate() throws {
        let admin = try harness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "connect refused")
        let body = #"{"web-1":{"weight":2},"web-2":{"weight":2}}"#
        let late = try admin.ask("PATCH", "/v1/backends?wait=20ms", body)
        #expect(late.status == 504)
        #expect(late["detail"] == "the backend \"web-2\" does not serve after 20ms: connect refused")
        #expect(late["applied"] == "true")
        #expect(admin.plane.live.backend("web-1")?.weight == 2)
        // The same again changes nothing, and waits on.
        let pending = try admin.later("PATCH", "/v1/backends?wait=30s", body)
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-2", .serving)
        let answer = try pending.value()
        #expect(answer.status == 200)
        #expect(answer.field("LB-Changed") == "false")
    }

    @Test func whatIsTakenOutOfServiceMeanwhileIsNotWaitedFor() throws {
        let admin = try harness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "connect refused")
        let pending = try admin.later("PATCH", "/v1/backends?wait=30s", #"{"web-2":{"weight":2},"web-1":{"weight":2}}"#)
        admin.plane.untilSomeoneWaits()
        #expect(try admin.ask("PATCH", "/v1/backends/web-2", #"{"state":"maint"}"#).status == 200)
        let answer = try pending.value()
        #expect(answer.status == 409)
        #expect(answer["code"] == "condition-unreachable")
        #expect(answer["detail"] == "the backend \"web-2\" was put to maint while the request waited")
    }

    @Test func changeOfAPoolWaitsForItsBackends() throws {
        let admin = try harness()
        admin.plane.setPhase("web-3", .unhealthy, reason: "status 500")
        let late = try admin.ask("PATCH", "/v1/pools/default?wait=20ms", #"{"health_check":{"path":"/up"}}"#)
        #expect(late.status == 504)
        #expect(late["detail"]?.hasPrefix("the backend \"web-3\" does not serve") == true)
        let pending = try admin.later("PUT", "/v1/pools/default?wait=30s", "{}")
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-3", .serving)
        #expect(try pending.value().status == 200)
        // One without backends has nothing to wait for.
        #expect(try admin.ask("PUT", "/v1/pools/empty?wait=30s", "{}").status == 201)
    }

    @Test func wholeConfigurationWaitsForAllThatIsDesiredAndForWhatLeaves() throws {
        let admin = try harness()
        admin.plane.setInFlight("web-3", 1)
        let body = #"{"backends":{"web-1":{"url":"http://127.0.0.1:8081"},"web-2":{"url":"http://127.0.0.1:8082"}}}"#
        let late = try admin.ask("PUT", "/v1/config?wait=20ms", body)
        #expect(late.status == 504)
        #expect(late["detail"] == "the backend \"web-3\" has not finished after 20ms: 1 in flight")
        let pending = try admin.later("PUT", "/v1/config?wait=30s", body)
        // Whether that comes before or after it begins to wait.
        admin.plane.setInFlight("web-3", 0)
        #expect(try pending.value().status == 200)
    }

    @Test func patchOfTheConfigurationWaitsForWhatItNames() throws {
        let admin = try harness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "connect refused")
        let one = try admin.ask("PATCH", "/v1/config?wait=30s", #"{"backends":{"web-1":{"weight":7}}}"#)
        #expect(one.status == 200)
        let all = try admin.ask("PATCH", "/v1/config?wait=20ms", #"{"pools":{"default":{"min_ready":0}}}"#)
        #expect(all.status == 504)
    }

    @Test func rollbackWaitsUntilAllIsAsItWas() throws {
        let admin = try harness()
        #expect(try admin.ask("PATCH", "/v1/backends/web-3", #"{"state":"maint"}"#).status == 200)
        admin.plane.setPhase("web-3", .maint)
        let pending = try admin.later("POST", "/v1/rollback?wait=30s", "{}")
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-3", .serving)
        let answer = try pending.value()
        #expect(answer.status == 200)
        #expect(answer["changed/0"] == "/backends/web-3")
    }

    @Test func badWaitChangesNothing() throws {
        let admin = try harness()
        let revision = try admin.ask("GET", "/v1")["revision"]
        for (method, path, body) in [
            ("PATCH", "/v1/backends", #"{"web-1":{"weight":9}}"#), ("PUT", "/v1/pools/other", "{}"),
            ("PATCH", "/v1/pools/default", #"{"min_ready":0}"#), ("PUT", "/v1/config", #"{"backends":{}}"#),
            ("PATCH", "/v1/config", #"{"backends":{"web-1":null}}"#), ("POST", "/v1/rollback", #"{"to":1}"#),
        ] {
            #expect(try admin.ask(method, path + "?wait=soon", body).status == 400, "\(method) \(path)")
        }
        #expect(try admin.ask("GET", "/v1")["revision"] == revision)
    }

    @Test func healthIsThatOfThoseWhoAreMeantToServe() throws {
        let admin = try harness()
        for (name, state) in [("web-1", "drain"), ("web-2", "maint")] {
            #expect(try admin.ask("PATCH", "/v1/backends/\(name)", "{\"state\":\"\(state)\"}").status == 200)
            admin.plane.setPhase(name, state == "drain" ? .draining : .maint)
        }
        #expect(try admin.ask("GET", "/v1/health?until=healthy").status == 200)
        #expect(try admin.ask("PATCH", "/v1/backends/web-3?force=true", #"{"state":"maint"}"#).status == 200)
        let nobody = try admin.ask("GET", "/v1/health?until=healthy")
        #expect(nobody.status == 504)
        #expect(nobody["detail"] == "not healthy: no backend is meant to serve")
    }
}
