import Foundation
import Model
import Synchronization
import Testing

@testable import AdminAPI

@Suite struct BackendEndpointTests {
    @Test func listIsAMapByNameWithSpecAndStatus() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("GET", "/v1/backends")
        #expect(answer.status == 200)
        #expect(answer["backends"] == "{web-1,web-2}")
        #expect(
            answer["backends/web-1"]
                == "{backup,health_check,labels,max_requests,name,pool,slow_start,state,status,url,weight}"
        )
        #expect(answer["backends/web-1/url"] == "http://127.0.0.1:8081")
        #expect(answer["backends/web-1/pool"] == "default")
        #expect(answer["backends/web-1/weight"] == "1")
        #expect(
            answer["backends/web-1/status"]
                == "{answers,errors,health,idle_connections,in_flight,last_minute,p50_ms,p99_ms,phase,requests,"
                + "retried_away,since,streams}"
        )
        #expect(answer["backends/web-1/status/phase"] == "serving")
        #expect(answer["backends/web-1/status/since"] == "2023-11-14T22:13:20.125Z")
        #expect(
            answer["backends/web-1/status/health"]
                == "{consecutive_fail,consecutive_ok,flaps_10m,last,proven,reason,since,state}"
        )
        #expect(answer["backends/web-1/status/health/reason"] == "null")
        #expect(answer["revision"] == "1")
        #expect(answer.field("LB-Revision") == "1")
        #expect(answer.field("ETag") == "\"\(admin.state.lineage).1\"")
    }

    @Test func listOfOnePoolHasItsBackendsOnly() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let body = #"{"url":"http://10.0.0.9:80","pool":"blue"}"#
        #expect(try admin.ask("PUT", "/v1/backends/blue-1", body).status == 201)
        #expect(try admin.ask("GET", "/v1/backends?pool=blue")["backends"] == "{blue-1}")
        #expect(try admin.ask("GET", "/v1/backends?pool=default")["backends"] == "{web-1,web-2}")
        let unknown = try admin.ask("GET", "/v1/backends?pool=bleu")
        #expect(unknown.status == 404)
        #expect(unknown["hint"] == "did you mean \"blue\"?")
    }

    @Test func putAddsReplacesAndThenChangesNothing() throws {
        let admin = try AdminHarness()
        let body = #"{"url":"http://10.0.0.3:8080","weight":7}"#
        let added = try admin.ask("PUT", "/v1/backends/web-3", body)
        #expect(added.status == 201)
        #expect(added.field("LB-Changed") == "true")
        #expect(added.field("LB-Revision") == "2")
        #expect(added.field("ETag") == "\"\(admin.state.lineage).2\"")
        #expect(added.field("Location") == "/v1/backends/web-3")
        #expect(added["name"] == "web-3")
        #expect(added["weight"] == "7")
        #expect(admin.plane.live.backends.map(\.name) == ["web-1", "web-2", "web-3"])

        let same = try admin.ask("PUT", "/v1/backends/web-3", body)
        #expect(same.status == 200)
        #expect(same.field("LB-Changed") == "false")
        #expect(same.field("LB-Revision") == "2")
        #expect(same.field("ETag") == added.field("ETag"))

        let changed = try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://10.0.0.3:8080"}"#)
        #expect(changed.status == 200)
        #expect(changed.field("LB-Changed") == "true")
        #expect(changed.field("Location") == nil)
        #expect(changed["weight"] == "1")
        #expect(admin.plane.revisions == [2, 3])
    }

    @Test func whatIsReadCanBeSentBack() throws {
        let admin = try AdminHarness()
        let read = try admin.ask("GET", "/v1/backends/web-1")
        let back = try admin.ask("PUT", "/v1/backends/web-1", read.text)
        #expect(back.status == 200)
        #expect(back.field("LB-Changed") == "false")
    }

    @Test func nameInTheBodyMustBeTheNameInThePath() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PUT", "/v1/backends/a", #"{"name":"b","url":"http://10.0.0.3:80"}"#)
        #expect(answer.status == 422)
        #expect(answer["errors/0/pointer"] == "/name")
        #expect(answer["errors/0/got"] == "b")
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func percentEncodedNameIsTheSameName() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("PUT", "/v1/backends/a%3A80", #"{"url":"http://a:80"}"#).status == 201)
        #expect(try admin.ask("GET", "/v1/backends/a:80")["name"] == "a:80")
        #expect(try admin.ask("DELETE", "/v1/backends/%61:80").status == 200)
    }

    @Test(arguments: ["%20", "a%20b", "%C3%A9", "a~b", String(repeating: "x", count: 65)])
    func nameThatCannotBeIsRefused(_ name: String) throws {
        let admin = try AdminHarness()
        let put = try admin.ask("PUT", "/v1/backends/\(name)", #"{"url":"http://a:80"}"#)
        #expect(put.status == 422)
        #expect(put["errors/0/pointer"] == "/name")
        #expect(try admin.ask("GET", "/v1/backends/\(name)").status == 404)
        #expect(try admin.ask("DELETE", "/v1/backends/\(name)").status == 404)
    }

    @Test func postNamesTheBackendByItsAddress() throws {
        let admin = try AdminHarness()
        let added = try admin.ask("POST", "/v1/backends", #"{"url":"http://10.0.0.3:8080"}"#)
        #expect(added.status == 201)
        #expect(added["name"] == "10.0.0.3:8080")
        #expect(added.field("Location") == "/v1/backends/10.0.0.3:8080")
        let again = try admin.ask("POST", "/v1/backends", #"{"url":"http://10.0.0.3:8080"}"#)
        #expect(again.status == 200)
        #expect(again.field("LB-Changed") == "false")
        let other = try admin.ask("POST", "/v1/backends", #"{"url":"http://10.0.0.3:8080","weight":3}"#)
        #expect(other.status == 409)
        #expect(other["code"] == "exists")
        #expect(other["existing/weight"] == "1")
        let named = try admin.ask("POST", "/v1/backends", #"{"name":"n","url":"http://10.0.0.4:80"}"#)
        #expect(named.status == 201)
        #expect(named["name"] == "n")
    }

    @Test func postWithoutAUsableNameAsksForOne() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("POST", "/v1/backends", #"{"url":"unix:/run/my app.sock"}"#)
        #expect(answer.status == 422)
        #expect(answer["errors/0/pointer"] == "/name")
        #expect(try admin.ask("POST", "/v1/backends", #"{"name":7,"url":"http://a:80"}"#).status == 422)
        #expect(try admin.ask("POST", "/v1/backends", #"{"name":"a/b","url":"http://a:80"}"#).status == 422)
    }

    @Test func sameURLInThePoolNeedsForce() throws {
        let admin = try AdminHarness(pools: ["blue"])
        let body = #"{"url":"http://127.0.0.1:8081"}"#
        for refused in [try admin.ask("PUT", "/v1/backends/twin", body), try admin.ask("POST", "/v1/backends", body)] {
            #expect(refused.status == 409)
            #expect(refused["code"] == "duplicate-url")
            #expect(refused["duplicate_of"] == "web-1")
        }
        #expect(try admin.ask("PUT", "/v1/backends/twin?force=false", body).status == 409)
        #expect(try admin.ask("PUT", "/v1/backends/twin?force", body).status == 201)
        let elsewhere = #"{"url":"http://127.0.0.1:8081","pool":"blue"}"#
        #expect(try admin.ask("PUT", "/v1/backends/other", elsewhere).status == 201)
    }

    @Test func deleteOfAnIdleBackendIsDoneAtOnce() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(answer.status == 200)
        #expect(answer["name"] == "web-1")
        #expect(answer["revision"] == "2")
        #expect(answer["drain/sent_after_start"] == "0")
        #expect(answer["drain/outcome"] == "clean")
        #expect(answer["drain/cut"] == "0")
        #expect(answer.field("LB-Changed") == "true")
        #expect(admin.plane.live.backends.map(\.name) == ["web-2"])
        #expect(try admin.ask("GET", "/v1/backends/web-1").status == 404)
        let again = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(again.status == 404)
        #expect(again["hint"] == "did you mean \"web-2\"?")
    }

    @Test func busyBackendDrainsAndStaysVisible() throws {
        let admin = try AdminHarness()
        admin.plane.setInFlight("web-1", 3)
        let first = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(first.status == 202)
        #expect(first["drain/outcome"] == "draining")
        #expect(first["drain/in_flight"] == "3")
        let place = try #require(first.field("Location"))
        #expect(place == "/v1/operations/\(first["operation"] ?? "")")
        #expect(first.field("LB-Operation") == first["operation"])

        let shown = try admin.ask("GET", "/v1/backends/web-1")
        #expect(shown.status == 200)
        #expect(shown["status/phase"] == "draining")
        #expect(shown["status/in_flight"] == "3")
        #expect(try admin.ask("GET", "/v1/backends")["backends"] == "{web-1,web-2}")
        #expect(try admin.ask("GET", "/v1/health")["summary/draining"] == "1")
        #expect(try admin.ask("GET", "/v1/backends/web-1/health")["phase"] == "draining")

        let repeated = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(repeated.status == 202)
        #expect(repeated.field("LB-Changed") == "false")
        #expect(repeated.field("LB-Revision") == "2")
        #expect(repeated.field("Location") == place)

        admin.plane.setInFlight("web-1", 0)
        #expect(try admin.ask("GET", "/v1/backends/web-1").status == 404)
        #expect(try admin.ask("DELETE", "/v1/backends/web-1").status == 404)
    }

    @Test func putWithWaitReturnsWhenTheBackendServes() throws {
        let admin = try AdminHarness()
        admin.plane.holdNewcomers()
        let pending = try admin.later("PUT", "/v1/backends/web-3?wait=30s", #"{"url":"http://10.0.0.3:80"}"#)
        admin.plane.untilSomeoneWaits()
        admin.plane.setPhase("web-3", .serving)
        let answer = try pending.value()
        #expect(answer.status == 201)
        #expect(answer["status/phase"] == "serving")
    }

    @Test func putThatIsNotServingInTimeTellsTheReason() throws {
        let admin = try AdminHarness()
        admin.plane.holdNewcomers()
        let body = #"{"url":"http://10.0.0.3:80"}"#
        #expect(try admin.ask("PUT", "/v1/backends/web-3", body)["status/phase"] == "starting")
        admin.plane.setPhase("web-3", .unhealthy, reason: "connect refused")
        let answer = try admin.ask("PUT", "/v1/backends/web-3?wait=20ms", body)
        #expect(answer.status == 504)
        #expect(answer["code"] == "wait-timeout")
        #expect(answer["applied"] == "true")
        #expect(answer["status"] == "504")
        #expect(answer["backend/status/phase"] == "unhealthy")
        #expect(answer["detail"]?.hasSuffix("does not serve after 20ms: connect refused") == true)
        #expect(answer.field("LB-Changed") == "false")
        #expect(answer.field("ETag") == "\"\(admin.state.lineage).2\"")
        let post = try admin.ask("POST", "/v1/backends?wait=20ms", #"{"name":"web-4","url":"http://10.0.0.4:80"}"#)
        #expect(post.status == 504)
        #expect(admin.plane.live.backend("web-4") != nil)
    }

    @Test func putThatWaitsForARemovedBackendFailsAtOnce() throws {
        let admin = try AdminHarness()
        admin.plane.holdNewcomers()
        let pending = try admin.later("PUT", "/v1/backends/web-3?wait=30s", #"{"url":"http://10.0.0.3:80"}"#)
        admin.plane.untilSomeoneWaits()
        #expect(try admin.ask("DELETE", "/v1/backends/web-3").status == 200)
        let answer = try pending.value()
        #expect(answer.status == 409)
        #expect(answer["code"] == "condition-unreachable")
        #expect(answer["applied"] == "true")
    }

    @Test func putThatWaitsForAReplacedURLFailsAtOnce() throws {
        let admin = try AdminHarness()
        admin.plane.holdNewcomers()
        let pending = try admin.later("PUT", "/v1/backends/web-3?wait=30s", #"{"url":"http://10.0.0.3:80"}"#)
        admin.plane.untilSomeoneWaits()
        #expect(try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://10.0.0.4:80"}"#).status == 200)
        #expect(try pending.value()["code"] == "condition-unreachable")
    }

    @Test func waitEndsWhenTheClientHasGone() throws {
        var limits = AdminLimits()
        limits.waitsMax = 1
        let admin = try AdminHarness(limits: limits)
        admin.plane.holdNewcomers()
        do {
            let pending = try admin.later("PUT", "/v1/backends/web-3?wait=1h", #"{"url":"http://10.0.0.3:80"}"#)
            admin.plane.untilSomeoneWaits()
            let refused = try admin.ask("GET", "/v1/health?until=healthy&wait=1h")
            #expect(refused.status == 429)
            #expect(refused.field("Retry-After") == "1")
            let added = try admin.ask("PUT", "/v1/backends/web-4?wait=1s", #"{"url":"http://10.0.0.4:80"}"#)
            #expect(added.status == 429)
            #expect(admin.plane.live.backend("web-4") == nil)
            _ = pending
        }
        // Its place is free again once it has gone.
        var status = 429
        for _ in 0..<2000 where status == 429 {
            status = try admin.ask("GET", "/v1/health?until=healthy&wait=1ms").status
        }
        #expect(status == 504)
    }

    @Test func waitEndsWhenTheServerStops() throws {
        let admin = try AdminHarness()
        admin.plane.holdNewcomers()
        let pending = try admin.later("PUT", "/v1/backends/web-3?wait=1h", #"{"url":"http://10.0.0.3:80"}"#)
        admin.plane.untilSomeoneWaits()
        admin.server.stop()
        let answer = try pending.value()
        #expect(answer.status == 503)
        #expect(answer["code"] == "stopping")
        #expect(answer["applied"] == "true")
        #expect(answer.field("Connection") == "close")
    }

    @Test func twentyWritersWithOneTagAreOneChange() throws {
        let admin = try AdminHarness()
        let tag = try #require(admin.ask("GET", "/v1/backends/web-1").field("ETag"))
        let pending = try (1...20).map { number in
            try admin.later(
                "PUT",
                "/v1/backends/web-1",
                #"{"url":"http://127.0.0.1:8081","weight":\#(number + 1)}"#,
                [("If-Match", tag)]
            )
        }
        let statuses = try pending.map { try $0.value().status }
        #expect(statuses.count { $0 == 200 } == 1)
        #expect(statuses.count { $0 == 412 } == 19)
        #expect(admin.plane.revisions == [2])
    }

    @Test func staleTagIsToldTheCurrentOneAndWhatHappened() throws {
        let admin = try AdminHarness()
        let tag = try #require(admin.ask("GET", "/v1/backends/web-1").field("ETag"))
        let body = #"{"url":"http://127.0.0.1:8081","weight":5}"#
        #expect(try admin.ask("PUT", "/v1/backends/web-1", body, [("If-Match", tag)]).status == 200)
        let stale = try admin.ask("DELETE", "/v1/backends/web-1", nil, [("If-Match", tag)])
        #expect(stale.status == 412)
        #expect(stale.field("ETag") == "\"\(admin.state.lineage).2\"")
        #expect(stale["changes"] == "[1]")
        #expect(stale["changes/0/revision"] == "2")
        #expect(stale["changes/0/actor/name"] == "127.0.0.1")
        #expect(stale["changes/0/summary"] == "backend web-1 weight 1 → 5")
        let foreign = try admin.ask("DELETE", "/v1/backends/web-1", nil, [("If-Match", "\"other.2\"")])
        #expect(foreign.status == 412)
        #expect(foreign["changes"] == "null")
        #expect(
            try admin.ask("DELETE", "/v1/backends/web-1", nil, [("If-Match", "W/\"\(admin.state.lineage).2\"")]).status
                == 412
        )
        #expect(
            try admin.ask("DELETE", "/v1/backends/web-1", nil, [("If-Match", "\"x\", \"\(admin.state.lineage).2\"")])
                .status == 200
        )
    }

    @Test func changeOfOneBackendDoesNotChangeTheTagOfAnother() throws {
        let admin = try AdminHarness()
        let before = try admin.ask("GET", "/v1/backends/web-2").field("ETag")
        #expect(try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#).status == 201)
        admin.plane.setPhase("web-2", .unhealthy, reason: "status 500")
        #expect(try admin.ask("GET", "/v1/backends/web-2").field("ETag") == before)
    }

    @Test func preconditionsOfCreation() throws {
        let admin = try AdminHarness()
        let body = #"{"url":"http://a:80"}"#
        #expect(try admin.ask("PUT", "/v1/backends/n", body, [("If-Match", "*")]).status == 412)
        #expect(try admin.ask("PUT", "/v1/backends/n", body, [("If-None-Match", "*")]).status == 201)
        #expect(try admin.ask("PUT", "/v1/backends/n", body, [("If-None-Match", "*")]).status == 412)
        let list = try #require(admin.ask("GET", "/v1/backends").field("ETag"))
        let other = #"{"url":"http://b:80"}"#
        #expect(try admin.ask("POST", "/v1/backends", other, [("If-Match", "\"x.1\"")]).status == 412)
        #expect(try admin.ask("POST", "/v1/backends", other, [("If-Match", list)]).status == 201)
        #expect(try admin.ask("POST", "/v1/backends", #"{"url":"http://c:80"}"#, [("If-Match", list)]).status == 412)
    }

    @Test func unchangedIs304() throws {
        let admin = try AdminHarness()
        for path in ["/v1/backends", "/v1/backends/web-1"] {
            let tag = try #require(admin.ask("GET", path).field("ETag"))
            for value in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let answer = try admin.ask("GET", path, nil, [("If-None-Match", value)])
                #expect(answer.status == 304)
                #expect(answer.field("ETag") == tag)
                #expect(answer.body.isEmpty)
            }
            #expect(try admin.ask("GET", path, nil, [("If-None-Match", "\"x.9\"")]).status == 200)
        }
    }

    @Test func changeThatIsNotLiveEverywhereSaysSo() throws {
        let admin = try AdminHarness()
        admin.plane.fail(.notAdopted(workers: 2))
        let answer = try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#)
        #expect(answer.status == 500)
        #expect(answer["code"] == "not-adopted")
        #expect(answer["workers"] == "2")
        #expect(answer["stored"] == "true")
        #expect(
            answer["detail"] == "the change is stored as revision 2 and published, but 2 workers have not adopted it"
        )
        #expect(try admin.ask("GET", "/v1/backends/web-3").status == 200)
        admin.plane.fail(.full(draining: 9))
        let crowded = try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#)
        #expect(crowded.status == 500 && crowded["code"] == "not-adopted" && crowded["stored"] == "true")
        #expect(
            crowded["detail"] == "the change is stored as revision 2, but it is not live: 9 backends that were removed "
                + "still finish what they have, and no place is left for new ones"
        )
        // The same again has nothing to change, and still promises that it is live.
        #expect(try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#).status == 500)
        admin.plane.fail(nil)
        let repeated = try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#)
        #expect(repeated.status == 200)
        #expect(repeated.field("LB-Changed") == "false")
        #expect(admin.plane.live.backend("web-3") != nil)
        #expect(admin.plane.revisions == [2])
    }

    @Test func changeWhileThePlaneStopsIsKept() throws {
        let admin = try AdminHarness()
        admin.plane.fail(.stopping)
        let answer = try admin.ask("DELETE", "/v1/backends/web-1")
        #expect(answer.status == 503)
        #expect(answer["code"] == "stopping")
        #expect(answer["stored"] == "true")
        #expect(admin.state.desired.backend("web-1") == nil)
    }

    @Test func fullDiskRefusesTheChangeAndNothingElse() throws {
        // A store with next to no pages left is a disk with next to no room.
        let admin = try AdminHarness(pagesMax: 14)
        var refused: Answer?
        var added = 0
        for number in 1...2000 where refused == nil {
            let answer = try admin.ask("PUT", "/v1/backends/b-\(number)", #"{"url":"http://10.0.0.1:\#(number)"}"#)
            if answer.status == 201 { added += 1 } else { refused = answer }
        }
        let answer = try #require(refused)
        #expect(added > 0)
        #expect(answer.status == 507)
        #expect(answer["code"] == "not-durable")
        #expect(answer["detail"]?.contains("lb.sqlite3") == true)
        #expect(admin.plane.live.backends.count == 2 + added)
        #expect(admin.state.desired == admin.plane.live)
        #expect(try admin.ask("GET", "/v1")["revision"] == "\(1 + added)")
    }

    @Test func eachChangeIsALineInTheLog() throws {
        let admin = try AdminHarness()
        _ = try admin.ask("PUT", "/v1/backends/web-3", #"{"url":"http://a:80"}"#)
        _ = try admin.ask("DELETE", "/v1/backends/web-3")
        #expect(
            admin.log.all == [
                "admin: revision 2 by 127.0.0.1: backend web-3 added: http://a:80 pool=default weight=1",
                "admin: revision 3 by 127.0.0.1: backend web-3 removed: http://a:80 pool=default weight=1",
            ]
        )
    }
}
