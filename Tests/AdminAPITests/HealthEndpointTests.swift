import Foundation
import Model
import Testing

@testable import AdminAPI

@Suite struct HealthEndpointTests {
    private let probe = ProbeResult(
        at: 1_700_000_001_000_000_000,
        nanoseconds: 3_140_600,
        status: 500,
        failure: "status 500"
    )

    @Test func healthTellsEveryBackendInOneAnswer() throws {
        let admin = try AdminHarness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "status 500", probe: probe)
        let answer = try admin.ask("GET", "/v1/health")
        #expect(answer.status == 200)
        #expect(answer["backends/web-1"] == "{last,last_minute,phase,reason,since,state}")
        #expect(answer["backends/web-1/state"] == "healthy")
        #expect(answer["backends/web-1/reason"] == "null")
        #expect(answer["backends/web-2/state"] == "unhealthy")
        #expect(answer["backends/web-2/phase"] == "unhealthy")
        #expect(answer["backends/web-2/reason"] == "status 500")
        #expect(answer["backends/web-2/last/http"] == "500")
        #expect(answer["backends/web-2/last/ms"] == "3.14")
        #expect(answer["backends/web-2/last/at"] == "2023-11-14T22:13:21.000Z")
        #expect(answer["backends/web-2/last/error"] == "status 500")
        #expect(answer["summary/healthy"] == "1")
        #expect(answer["summary/unhealthy"] == "1")
        #expect(answer["summary/unknown"] == "0")
        #expect(answer["summary/draining"] == "0")
    }

    @Test func probeRunsTheCheckAndTellsWhatCameBack() throws {
        let admin = try AdminHarness()
        var report = ProbeReport()
        report.address = "127.0.0.1:80"
        report.sent = "GET / HTTP/1.1\r\n\r\n"
        report.head = Array("HTTP/1.1 500 No\r\n\r\n".utf8)
        report.status = 500
        report.totalNs = 3_140_600
        report.failure = "status 500"
        admin.plane.setReport(report)
        let answer = try admin.ask("POST", "/v1/backends/web-1/probe")
        #expect(answer.status == 200)
        #expect(answer["passed"] == "false")
        #expect(answer["error"] == "status 500")
        #expect(answer["http"] == "500")
        #expect(answer["ms"] == "3.14")
        #expect(answer["connect_ms"] == "null")
        #expect(answer["address"] == "127.0.0.1:80")
        #expect(admin.plane.probesRun.count == 1)
        #expect(admin.plane.probesRun.first?.check == HealthCheckSpec())
        #expect(try admin.ask("POST", "/v1/backends/nobody/probe").status == 404)
        #expect(admin.plane.probesRun.count == 1)
    }

    @Test func healthOfAPoolLeavesOutTheOthers() throws {
        let admin = try AdminHarness(pools: ["blue"])
        #expect(try admin.ask("PUT", "/v1/backends/b", #"{"url":"http://b:80","pool":"blue"}"#).status == 201)
        #expect(try admin.ask("GET", "/v1/health?pool=blue")["backends"] == "{b}")
        #expect(try admin.ask("GET", "/v1/health?pool=green").status == 404)
    }

    @Test func healthWaitsUntilAllServe() throws {
        let admin = try AdminHarness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "connect refused")
        let late = try admin.ask("GET", "/v1/health?until=healthy&wait=20ms")
        #expect(late.status == 504)
        #expect(late["code"] == "wait-timeout")
        #expect(late["detail"] == "not healthy after 20ms: web-2: connect refused")
        #expect(late["backends/web-2/reason"] == "connect refused")
        #expect(try admin.ask("GET", "/v1/health?until=healthy").status == 504)

        let pending = try admin.later("GET", "/v1/health?until=healthy&wait=30s")
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-2", .serving)
        let answer = try pending.value()
        #expect(answer.status == 200)
        #expect(answer["summary/healthy"] == "2")
    }

    @Test func noBackendsAreNotHealthy() throws {
        let admin = try AdminHarness([])
        #expect(try admin.ask("GET", "/v1/health").status == 200)
        let answer = try admin.ask("GET", "/v1/health?until=healthy")
        #expect(answer.status == 504)
        #expect(answer["detail"] == "not healthy: there are no backends")
    }

    @Test func healthWaitEndsWhenTheServerStops() throws {
        let admin = try AdminHarness([])
        let pending = try admin.later("GET", "/v1/health?until=healthy&wait=1h")
        admin.plane.untilSomeoneWaits()
        admin.server.stop()
        #expect(try pending.value().status == 503)
    }

    @Test(arguments: ["until=sunny", "wait=5s", "until=healthy&wait=soon", "until=healthy&wait=2h"])
    func healthParametersAreChecked(_ query: String) throws {
        let answer = try AdminHarness().ask("GET", "/v1/health?\(query)")
        #expect(answer.status == 400)
        #expect(answer["code"] == "bad-parameter")
    }

    @Test func healthOfOneHasItsProbes() throws {
        let admin = try AdminHarness()
        admin.plane.setPhase("web-2", .unhealthy, reason: "status 500", probe: probe)
        admin.plane.setPhase("web-2", .unhealthy, reason: "status 500", probe: probe)
        let answer = try admin.ask("GET", "/v1/backends/web-2/health")
        #expect(answer.status == 200)
        #expect(answer["name"] == "web-2")
        #expect(answer["probes"] == "[2]")
        #expect(answer["probes/1"] == "{at,error,http,ms}")
        #expect(answer["consecutive_fail"] == "0")
        #expect(answer["flaps_10m"] == "0")
        #expect(try admin.ask("GET", "/v1/backends/web-1/health")["last"] == "null")
        let unknown = try admin.ask("GET", "/v1/backends/wbe-1/health")
        #expect(unknown.status == 404)
        #expect(unknown["hint"] == "did you mean \"web-1\"?")
    }

    @Test func flapsAreTold() throws {
        let admin = try AdminHarness()
        admin.plane.setFlaps("web-2", 4)
        #expect(try admin.ask("GET", "/v1/backends/web-2/health")["flaps_10m"] == "4")
        let list = try admin.ask("GET", "/v1/backends")
        #expect(list["backends/web-2/status/health/flaps_10m"] == "4")
        #expect(list["backends/web-1/status/health/flaps_10m"] == "0")
    }

    @Test func healthzFollowsTheLoops() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/healthz").status == 200)
        admin.plane.stall()
        let answer = try admin.ask("GET", "/healthz")
        #expect(answer.status == 503)
        #expect(answer["code"] == "not-ticking")
    }

    @Test func readyzNeedsListenersAndOneServingBackend() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/readyz")["ready"] == "true")
        #expect(try admin.ask("GET", "/readyz")["checks"] == nil)
        let verbose = try admin.ask("GET", "/readyz?verbose")
        #expect(verbose["checks/pool default/detail"] == "2 of 2 backends serve")
        admin.plane.setPhase("web-1", .unhealthy)
        #expect(try admin.ask("GET", "/readyz").status == 200)
        admin.plane.setPhase("web-2", .unhealthy)
        let none = try admin.ask("GET", "/readyz")
        #expect(none.status == 503)
        #expect(none["code"] == "not-ready")
        #expect(none["checks/accepting/ok"] == "true")
        #expect(none["checks/pool default/ok"] == "false")
        admin.plane.setPhase("web-1", .serving)
        admin.plane.stopAccepting()
        #expect(try admin.ask("GET", "/readyz").status == 503)
    }

    @Test func backendOfWeightZeroMakesNothingReady() throws {
        let admin = try AdminHarness([])
        #expect(try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80","weight":0}"#).status == 201)
        #expect(try admin.ask("GET", "/readyz").status == 503)
        #expect(try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80","weight":1}"#).status == 200)
        #expect(try admin.ask("GET", "/readyz").status == 200)
    }

    @Test func rootTellsWhoAnswersAndWhatThereIs() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("GET", "/v1")
        #expect(answer.status == 200)
        #expect(answer["version"] == "1.2.3")
        #expect(answer["lineage"] == admin.state.lineage)
        #expect(answer["revision"] == "1")
        #expect(answer["uptime"]?.hasSuffix("s") == true)
        #expect(answer["limits/body_bytes"] == "1048576")
        #expect(answer["links/backends"] == "/v1/backends")
    }

    @Test func drainOfTheDaemonIsToldAndServesOn() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/v1/self")["state"] == "ready")
        #expect(try admin.ask("GET", "/v1/self")["you/role"] == "admin")
        let drained = try admin.ask("PATCH", "/v1/self", #"{"state":"drain"}"#, [("LB-Reason", "new kernel")])
        #expect(drained.status == 200)
        #expect(drained["state"] == "drain")
        let unready = try admin.ask("GET", "/readyz")
        #expect(unready.status == 503)
        #expect(unready["checks/self/ok"] == "false")
        #expect(try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#).status == 201)
        // What was read may be sent back.
        #expect(try admin.ask("PATCH", "/v1/self", drained.text).status == 200)
        #expect(try admin.ask("PATCH", "/v1/self", #"{"state":"ready"}"#)["state"] == "ready")
        #expect(try admin.ask("GET", "/readyz").status == 200)
    }

    @Test(arguments: [
        (#"{"state":"drian"}"#, 422, "/state"), (#"{"state":1}"#, 422, "/state"), (#"{"sate":"drain"}"#, 400, "/sate"),
        (#"{"log_level":"trace"}"#, 422, "/log_level"), (#"{"log_level":null}"#, 422, "/log_level"),
    ])
    func daemonTakesTheStatesThereAre(_ body: String, _ status: Int, _ pointer: String) throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PATCH", "/v1/self", body)
        #expect(answer.status == status)
        #expect(answer["errors/0/pointer"] == pointer)
        #expect(try admin.ask("PATCH", "/v1/self", "[]").status == 422)
        #expect(try admin.ask("GET", "/v1/self")["state"] == "ready")
    }

    @Test func atDebugEachRequestIsLogged() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/v1/self")["log_level"] == "info")
        _ = try admin.ask("GET", "/v1/backends")
        #expect(admin.log.all == [])
        #expect(try admin.ask("PATCH", "/v1/self", #"{"log_level":"debug"}"#)["log_level"] == "debug")
        #expect(try admin.ask("GET", "/v1/backends/none?fields=url").status == 400)
        #expect(try admin.ask("PATCH", "/v1/self", #"{"log_level":"info"}"#)["state"] == "ready")
        _ = try admin.ask("GET", "/v1/backends")
        let requests = admin.log.all.filter { $0.contains(" answered ") }
        #expect(requests.count == 2)
        #expect(requests[0].hasPrefix("admin: PATCH /v1/self answered 200 in "))
        #expect(
            requests[1].hasPrefix("admin: GET /v1/backends/none answered 400 in "),
            "without what was asked behind it"
        )
    }

    @Test func strictReadinessTakesEnoughInEveryPool() throws {
        var declared = try declare(web)
        declared.setPool("other", PoolSpec(minReady: 2))
        declared.setPool("empty", PoolSpec(minReady: 5))
        for name in ["o-1", "o-2"] {
            declared.setBackend(name, BackendSpec(url: try BackendURL("http://\(name):80"), pool: "other"))
        }
        let admin = try AdminHarness(declared: declared)
        #expect(try admin.ask("GET", "/readyz?strict").status == 200)
        admin.plane.setPhase("o-1", .unhealthy)
        #expect(try admin.ask("GET", "/readyz").status == 200)
        let unready = try admin.ask("GET", "/readyz?strict")
        #expect(unready.status == 503)
        #expect(unready["checks/pool other/detail"] == "1 of 2 backends serve, and it takes 2")
        #expect(unready["checks/pool empty"] == nil)
    }
}
