import Model
import Testing

@testable import AdminAPI

/// Pools at run time, the guards, and what the list of backends can be asked.
@Suite struct PoolEndpointTests {
    @Test func poolIsAddedChangedAndRemoved() throws {
        let admin = try AdminHarness()
        let added = try admin.ask("PUT", "/v1/pools/blue", #"{"algorithm":"least_request","min_ready":0}"#)
        #expect(added.status == 201)
        #expect(added.field("Location") == "/v1/pools/blue")
        #expect(added["algorithm"] == "least_request")
        #expect(added["status/backends"] == "0")
        let tag = try #require(added.field("ETag"))
        #expect(try admin.ask("GET", "/v1/pools/blue").field("ETag") == tag)
        #expect(
            try admin.ask("PUT", "/v1/pools/blue", #"{"algorithm":"least_request","min_ready":0}"#).field("LB-Changed")
                == "false"
        )
        let patched = try admin.ask(
            "PATCH",
            "/v1/pools/blue",
            #"{"health_check":{"interval":"1s","timeout":"1s"},"algorithm":null}"#
        )
        #expect(patched["algorithm"] == "round_robin")
        #expect(patched["health_check/interval"] == "1s")
        #expect(patched["min_ready"] == "0")
        #expect(admin.plane.live.pool("blue")?.healthCheck?.interval == .seconds(1))
        #expect(try admin.ask("GET", "/v1/pools")["pools"] == "{blue,default}")
        #expect(try admin.ask("DELETE", "/v1/pools/blue", nil, [("If-Match", tag)]).status == 412)
        #expect(try admin.ask("DELETE", "/v1/pools/blue").status == 200)
        #expect(try admin.ask("DELETE", "/v1/pools/blue").status == 404)
        #expect(admin.plane.live.pool("blue") == nil)
    }

    @Test func poolWithBackendsIsNotRemovedAndTheDefaultNever() throws {
        let admin = try AdminHarness(pools: ["blue"])
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"pool":"blue"}"#).status == 200)
        let used = try admin.ask("DELETE", "/v1/pools/blue")
        #expect(used.status == 409)
        #expect(used["code"] == "in-use")
        #expect(used["backends/0"] == "web-1")
        #expect(try admin.ask("DELETE", "/v1/pools/default")["code"] == "in-use")
    }

    @Test func poolsOfTheRunTimeAreThereAfterARestart() throws {
        let directory = try TemporaryDirectory()
        do {
            let admin = try AdminHarness(pools: ["green"], directory: directory)
            #expect(try admin.ask("PUT", "/v1/pools/blue", #"{"min_ready":2}"#).status == 201)
            #expect(try admin.ask("PUT", "/v1/backends/n", #"{"url":"http://10.0.0.9","pool":"blue"}"#).status == 201)
            #expect(try admin.ask("DELETE", "/v1/pools/green").status == 200)
        }
        do {
            let admin = try AdminHarness(pools: ["green"], directory: directory)
            #expect(admin.state.desired.pools.map(\.name) == ["default", "blue"])
            #expect(admin.state.desired.pool("blue")?.minReady == 2)
            #expect(admin.state.desired.backend("n")?.pool == "blue")
            #expect(admin.state.conflicts.isEmpty)
        }
        // The file puts a backend into the pool that was removed: then it stays.
        var declared = try declare(web, pools: ["green"])
        declared.setBackend("g", BackendSpec(url: try BackendURL("http://10.0.0.7"), pool: "green"))
        let state = try ConfigState(declared: declared, directory: directory.path + "/state")
        #expect(state.desired.pool("green") != nil)
        #expect(state.conflicts.map(\.cause) == [.poolInUse(by: "g")])
    }

    // MARK: Guards

    @Test func lastHealthyBackendIsNotTakenAwayUnlessForced() throws {
        let admin = try AdminHarness()
        admin.plane.setPhase("web-1", .unhealthy, reason: "connect refused")
        for (method, path, body) in [
            ("DELETE", "/v1/backends/web-2", nil), ("PATCH", "/v1/backends/web-2", #"{"weight":0}"#),
            ("PATCH", "/v1/backends/web-2", #"{"state":"drain"}"#),
            ("PATCH", "/v1/backends/web-2", #"{"state":"maint"}"#),
            ("PUT", "/v1/config", "{}"),
            ("PATCH", "/v1/backends", #"{"web-2":null}"#),
        ] {
            let answer = try admin.ask(method, path, body)
            #expect(answer.status == 409, "\(method) \(path) \(body ?? "")")
            #expect(answer["code"] == "last-healthy-backend")
            #expect(answer["healthy/0"] == "web-2")
        }
        #expect(admin.state.revision == 1)
        #expect(try admin.ask("DELETE", "/v1/backends/web-1").status == 200, "an unhealthy one may go")
        #expect(try admin.ask("DELETE", "/v1/backends/web-2?force=true").status == 200)
        #expect(try admin.ask("GET", "/v1/history")["0/forced"] == "true")
        #expect(try admin.ask("GET", "/v1/history")["1/forced"] == "false")
    }

    @Test func poolIsKeptAtItsMinimumOfHealthyBackends() throws {
        let admin = try AdminHarness(web + [("web-3", "http://127.0.0.1:8083")])
        #expect(try admin.ask("PATCH", "/v1/pools/default", #"{"min_ready":3}"#).status == 200)
        let answer = try admin.ask("DELETE", "/v1/backends/web-3")
        #expect(answer["code"] == "min-ready")
        #expect(answer["healthy_after"] == "2")
        #expect(answer["min_ready"] == "3")
        #expect(try admin.ask("PATCH", "/v1/pools/default", #"{"min_ready":0}"#).status == 200)
        #expect(try admin.ask("PATCH", "/v1/backends", #"{"web-1":null,"web-2":null,"web-3":null}"#).status == 200)
    }

    /// The plane keeps those who serve until the new ones do; who is put out of service goes at once.
    @Test func exchangeOfAllAtOnceIsMadeAndNobodyStandsInForWhoIsPutOut() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let out = #"{"web-1":{"state":"drain"},"web-2":null,"n":{"url":"http://10.0.0.9"}}"#
        #expect(try admin.ask("PATCH", "/v1/pools/default", #"{"min_ready":2}"#).status == 200)
        #expect(try admin.ask("PATCH", "/v1/backends", out)["code"] == "min-ready")
        let moved = #"{"web-1":{"pool":"blue"},"web-2":{"pool":"blue"}}"#
        #expect(try admin.ask("PATCH", "/v1/backends", moved)["code"] == "last-healthy-backend")
        let swap = #"{"web-1":null,"web-2":null,"n":{"url":"http://10.0.0.9"}}"#
        #expect(try admin.ask("PATCH", "/v1/backends", swap).status == 200)
    }

    /// Ready again is not serving yet.
    @Test func whoComesBackDoesNotCountBeforeItHasPassedACheck() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"state":"drain"}"#).status == 200)
        admin.plane.setPhase("web-1", .draining)
        admin.plane.setHealth("web-1", .healthy)
        let swap = #"{"web-1":{"state":"ready"},"web-2":{"state":"drain"}}"#
        #expect(try admin.ask("PATCH", "/v1/backends", swap)["code"] == "last-healthy-backend")
        let plan = try admin.ask("PATCH", "/v1/backends/web-1?dry_run=plan", #"{"state":"ready"}"#)
        #expect(plan["changes/0/effect"] == "takes requests again once a check has passed")
    }

    /// A backend that serves by what was known before it was changed is waited for all the same.
    @Test func waitDoesNotEndOnAVerdictFromBeforeTheChange() throws {
        let admin = try AdminHarness()
        admin.plane.setProven("web-1", false)
        let answer = try admin.ask("PATCH", "/v1/backends/web-1?wait=50ms", #"{"weight":3}"#)
        #expect(answer["code"] == "wait-timeout" && answer["applied"] == "true")
        #expect(answer["detail"]?.hasSuffix("no check has passed since it was changed") == true, "\(answer.text)")
        #expect(try admin.ask("GET", "/v1/health?until=healthy&wait=50ms")["code"] == "wait-timeout")
        #expect(try admin.ask("GET", "/v1/backends/web-1")["status/health/proven"] == "false")
        admin.plane.setProven("web-1", true)
        #expect(try admin.ask("PATCH", "/v1/backends/web-1?wait=30s", #"{"weight":4}"#).status == 200)
        #expect(try admin.ask("GET", "/v1/health?until=healthy&wait=30s").status == 200)
    }

    @Test func sameURLTwiceInAPoolIsRefusedUnlessForced() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let body = #"{"n":{"url":"http://127.0.0.1:8081"}}"#
        let answer = try admin.ask("PATCH", "/v1/backends", body)
        #expect(answer["code"] == "duplicate-url")
        #expect(answer["duplicate_of"] == "web-1")
        #expect(
            try admin.ask("PATCH", "/v1/backends", #"{"n":{"url":"http://127.0.0.1:8081","pool":"blue"}}"#).status
                == 200
        )
        #expect(try admin.ask("PATCH", "/v1/backends/n", #"{"pool":"default"}"#).status == 409)
        #expect(try admin.ask("PATCH", "/v1/backends/n?force=true", #"{"pool":"default"}"#).status == 200)
        #expect(try admin.ask("PATCH", "/v1/backends/n", #"{"weight":4}"#).status == 200, "it was overridden once")
    }

    // MARK: Sent again

    @Test func requestWithAKnownKeyIsAnsweredAgainAndAddsNothing() throws {
        let directory = try TemporaryDirectory()
        let key = [("Idempotency-Key", "\"deploy-17\"")]
        let body = #"{"url":"http://10.0.0.9"}"#
        do {
            let admin = try AdminHarness(directory: directory)
            #expect(try admin.ask("POST", "/v1/backends", body, key).status == 201)
            _ = try admin.ask("PATCH", "/v1/backends/10.0.0.9:80", #"{"weight":5}"#)
            let again = try admin.ask("POST", "/v1/backends", body, key)
            #expect(again.status == 201)
            #expect(again.field("LB-Changed") == "false")
            #expect(again["weight"] == "5", "it is as it is now")
            let other = try admin.ask("POST", "/v1/backends", #"{"url":"http://10.0.0.8"}"#, key)
            #expect(other.status == 422)
            #expect(other["code"] == "key-reused")
        }
        let admin = try AdminHarness(directory: directory)
        #expect(try admin.ask("POST", "/v1/backends", body, key).status == 201)
        #expect(admin.state.revision == 3)
        #expect(try admin.ask("DELETE", "/v1/backends/10.0.0.9:80").status == 200)
        let gone = try admin.ask("POST", "/v1/backends", body, key)
        #expect(gone["code"] == "condition-unreachable")
        #expect(admin.state.desired.backend("10.0.0.9:80") == nil, "it is not brought back")
    }

    // MARK: The list

    @Test func listIsCutByPoolLabelStateAndPhase() throws {
        let admin = try AdminHarness(web + [("web-3", "http://127.0.0.1:8083")], pools: ["blue"])
        _ = try admin.ask(
            "PATCH",
            "/v1/backends",
            #"{"web-1":{"labels":{"color":"green","v":"1"}},"web-2":{"labels":{"color":"blue"},"pool":"blue","state":"drain"}}"#
        )
        admin.plane.setPhase("web-3", .unhealthy)
        func names(_ query: String) throws -> String? { try admin.ask("GET", "/v1/backends?\(query)")["backends"] }
        #expect(try names("label=color=green") == "{web-1}")
        #expect(try names("label=color!=green") == "{web-2,web-3}")
        #expect(try names("label=color,!v") == "{web-2}")
        #expect(try names("state=drain") == "{web-2}")
        #expect(try names("phase=unhealthy") == "{web-3}")
        #expect(try names("pool=blue") == "{web-2}")
        #expect(try names("pool=default&state=ready&label=v=1") == "{web-1}")
        for query in ["label=", "label=a b", "state=dran", "phase=up", "fields=urll", "limit=0"] {
            let answer = try admin.ask("GET", "/v1/backends?" + query.replacing(" ", with: "%20"))
            #expect(answer.status == 400, "\(query)")
        }
        #expect(try admin.ask("GET", "/v1/backends?state=dran")["hint"] == "did you mean \"drain\"?")
    }

    @Test func listTurnsPagesByName() throws {
        let admin = try AdminHarness(web + [("web-3", "http://127.0.0.1:8083")])
        let first = try admin.ask("GET", "/v1/backends?limit=2")
        #expect(first["backends"] == "{web-1,web-2}")
        #expect(first["next"] == "web-2")
        let second = try admin.ask("GET", "/v1/backends?limit=2&after=web-2")
        #expect(second["backends"] == "{web-3}")
        #expect(second["next"] == "null")
    }

    @Test func listHasOnlyTheMembersAskedFor() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("GET", "/v1/backends?fields=url,status.phase,status.health.state")
        #expect(answer["backends/web-1"] == "{status,url}")
        #expect(answer["backends/web-1/status"] == "{health,phase}")
        #expect(answer["backends/web-1/status/health"] == "{state}")
    }

    @Test func reasonThatIsTooLongIsRefused() throws {
        let admin = try AdminHarness()
        let reason = String(repeating: "x", count: 501)
        #expect(try admin.ask("PATCH", "/v1/backends/web-1?reason=\(reason)", #"{"weight":2}"#).status == 400)
        let path = "/v1/backends/web-1?reason=short"
        #expect(try admin.ask("PATCH", path, #"{"weight":2}"#, [("LB-Reason", reason)]).status == 400)
        #expect(admin.state.revision == 1)
    }
}
