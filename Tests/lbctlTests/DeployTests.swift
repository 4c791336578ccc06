import Foundation
import Testing

@testable import lbctl

/// What the commands that change things, or wait for them, send, say and return.
@Suite struct DeployTests {
    private static func backend(_ phase: String, state: String = "ready", inFlight: Int = 0) -> String {
        "{\"name\":\"web-1\",\"url\":\"http://10.0.0.1:80\",\"pool\":\"default\",\"weight\":1,\"state\":\"\(state)\","
            + "\"status\":{\"phase\":\"\(phase)\",\"in_flight\":\(inFlight),\"health\":{\"state\":\"healthy\"}}}"
    }

    private static let changed = ["LB-Revision: 1844"]

    private static func body(_ request: String) -> String {
        request.range(of: "\r\n\r\n").map { String(request[$0.upperBound...]) } ?? ""
    }

    // MARK: set, weight, label

    @Test func setSendsAMergePatch() {
        let (outcome, server) = lbctl(
            [
                "set", "web-1", "weight=3", "labels.version=1.5", "slow_start=", "backup=yes",
                "health_check.headers.x-y=1",
            ],
            [json("200 OK", Self.backend("serving"), Self.changed)]
        )
        #expect(outcome.out == "web-1 changed (revision 1844)\n")
        #expect(server.lines == ["PATCH /v1/backends/web-1"])
        #expect(server.requests[0].contains("\r\nContent-Type: application/merge-patch+json\r\n"))
        #expect(
            Self.body(server.requests[0])
                == "{\"weight\":3,\"labels\":{\"version\":\"1.5\"},\"slow_start\":null,\"backup\":true,"
                + "\"health_check\":{\"headers\":{\"x-y\":\"1\"}}}"
        )
    }

    @Test func setOfAPoolTakesSharesListsAndOff() {
        let (outcome, server) = lbctl(
            "set pool api retry.budget=20% retry.on=502,timeout sticky=off drain=0",
            [json("200 OK", "{}", ["LB-Changed: false", "LB-Revision: 9"])]
        )
        #expect(outcome.out == "pool api unchanged (revision 9)\n")
        #expect(server.lines == ["PATCH /v1/pools/api"])
        #expect(
            Self.body(server.requests[0])
                == "{\"retry\":{\"budget\":0.2,\"on\":[\"502\",\"timeout\"]},\"sticky\":\"off\",\"drain\":\"0s\"}"
        )
    }

    @Test func severalBackendsChangeInOneRequest() {
        let (outcome, server) = lbctl("weight web-1 web-2 10", [json("200 OK", "{\"revision\":1844}")])
        #expect(outcome.out == "web-1 has weight 10 (revision 1844)\nweb-2 has weight 10 (revision 1844)\n")
        #expect(server.lines == ["PATCH /v1/backends"])
        #expect(Self.body(server.requests[0]) == "{\"web-1\":{\"weight\":10},\"web-2\":{\"weight\":10}}")
    }

    @Test func aSelectorIsResolvedAndThenOneRequest() {
        let list =
            "{\"backends\":{\"b-10\":{},\"b-2\":{},\"gone\":{\"status\":{\"removed_at\":\"2026-11-21T09:00:00Z\"}}}}"
        let (_, server) = lbctl(
            "label -l color=green color=blue canary-",
            [json("200 OK", list), json("200 OK", "{\"revision\":2}")]
        )
        #expect(server.lines == ["GET /v1/backends?label=color%3Dgreen", "PATCH /v1/backends"])
        #expect(
            Self.body(server.requests[1])
                == "{\"b-2\":{\"labels\":{\"color\":\"blue\",\"canary\":null}},"
                + "\"b-10\":{\"labels\":{\"color\":\"blue\",\"canary\":null}}}"
        )
        let (nobody, _) = lbctl("ready -l color=red", [json("200 OK", "{\"backends\":{}}")])
        #expect(nobody.code == 5)
        #expect(nobody.err.hasPrefix("error: no backend has the labels color=red\n"))
    }

    @Test func everyWriteCarriesReasonTagAndForce() {
        let (_, server) = lbctl(
            ["set", "web-1", "weight=3", "--reason", "canary", "--if-match", "k7f3.12", "--force"],
            [json("200 OK", "{}")]
        )
        #expect(server.lines == ["PATCH /v1/backends/web-1?force=true"])
        #expect(server.requests[0].contains("\r\nLB-Reason: canary\r\n"))
        #expect(server.requests[0].contains("\r\nIf-Match: \"k7f3.12\"\r\n"))
    }

    // MARK: dry runs

    private static let plan = json(
        "200 OK",
        """
        {"changes":[{"op":"replace","path":"/backends/web-1/weight","from":100,"to":10,"effect":"9 % of the traffic"},
        {"op":"add","path":"/backends/web-3","from":null,"to":{"url":"http://h:1","weight":1}},
        {"op":"remove","path":"/backends/old","from":{"url":"http://o:1"},"to":null}],"warnings":["odd"],
        "probes":{"web-3":{"ms":1.5,"http":200,"error":null}}}
        """
    )

    @Test func aDryRunShowsWhatWouldChangeAndSendsNothingElse() {
        let (outcome, server) = lbctl("set web-1 weight=10 -n", [Self.plan])
        #expect(server.lines == ["PATCH /v1/backends/web-1?dry_run=plan"])
        #expect(
            outcome.out == """
                ~ backends/web-1/weight: 100 -> 10   (9 % of the traffic)
                + backends/web-3: url=http://h:1 weight=1
                - backends/old: url=http://o:1
                ? probe of web-3: 200 in 1.5ms

                """
        )
        #expect(outcome.err == "warning: odd\n")
        #expect(outcome.code == 0)
        let (_, probing) = lbctl("add web-3 http://h:1 --wait --dry-run=probe", [Self.plan])
        #expect(probing.lines == ["POST /v1/backends?dry_run=probe"])
        let (none, _) = lbctl("drain web-1 -n", [json("200 OK", "{\"changes\":[]}")])
        #expect(none.err == "nothing would change\n")
    }

    // MARK: drain, ready, maint, probe

    @Test func drainWaitsUntilNothingIsInFlight() {
        let (outcome, server) = lbctl(
            "drain web-1 --timeout 5s",
            [
                json("200 OK", Self.backend("draining", state: "drain", inFlight: 2), Self.changed),
                json("200 OK", Self.backend("draining", state: "drain", inFlight: 1)),
                json("200 OK", Self.backend("draining", state: "drain")),
            ]
        )
        #expect(
            server.lines == ["PATCH /v1/backends/web-1", "GET /v1/backends/web-1", "GET /v1/backends/web-1"]
        )
        #expect(Self.body(server.requests[0]) == "{\"state\":\"drain\"}")
        #expect(
            outcome.out.wholeMatch(of: /web-1 drained \(revision 1844, after [0-9.]+s\)\n/) != nil,
            "\(outcome.out)"
        )
        #expect(outcome.code == 0)
    }

    @Test func aDrainThatHadToCutIsEight() {
        let report =
            "\"drain\":{\"outcome\":\"cut\",\"elapsed\":\"30s\",\"in_flight_at_start\":17,\"completed\":15,\"cut\":2}"
        let ended = Self.backend("draining", state: "drain").replacing(
            "\"in_flight\":0",
            with: "\"in_flight\":0,\(report)"
        )
        let (outcome, _) = lbctl("drain web-1", [json("200 OK", ended, Self.changed), json("200 OK", ended)])
        #expect(outcome.code == 8)
        #expect(outcome.out == "web-1 drained (revision 1844, drained in 30s, 15 requests completed, 2 cut)\n")
    }

    @Test func aDrainThatTakesTooLongGoesOn() {
        let busy = json("200 OK", Self.backend("draining", state: "drain", inFlight: 3), Self.changed)
        let (outcome, _) = lbctl("drain web-1 --timeout 3s", Array(repeating: busy, count: 60))
        #expect(outcome.code == 3)
        #expect(
            outcome.err == """
                error: web-1 is not drained after 3s: 3 in flight
                  now:   the drain goes on: web-1 gets no new requests
                  try:   lbctl wait web-1 --for drained   to wait on
                  or:    lbctl ready web-1   to call it off

                """
        )
        let (quick, server) = lbctl("drain web-1 --no-wait", [busy])
        #expect(quick.out == "web-1 drains (revision 1844, still draining)\n")
        #expect(server.requests.count == 1)
    }

    @Test func aDrainThatIsCalledOffMeanwhileEndsTheWait() {
        let (outcome, _) = lbctl("drain web-1", [json("200 OK", "{}"), json("200 OK", Self.backend("serving"))])
        #expect(outcome.code == 12)
    }

    @Test func aGuardThatCanBeOverriddenSaysHow() {
        let refusal = problem(
            409,
            "last-healthy-backend",
            "\\\"web-2\\\" is the last healthy backend of the pool \\\"default\\\"",
            "\"hint\":\"add a backend and wait until it is healthy, or repeat with ?force=true: clients will get 503\""
        )
        let (outcome, _) = lbctl("drain web-2", [refusal])
        #expect(outcome.code == 6)
        #expect(
            outcome.err == """
                error: "web-2" is the last healthy backend of the pool "default" (409 last-healthy-backend)
                  try:   lbctl add backend http://HOST:PORT --wait   and then this again
                  or:    lbctl drain web-2 --force   all the same; clients will get 503

                """
        )
    }

    @Test func readyAndMaintSendStates() {
        let (ready, server) = lbctl("ready web-1 --wait", [json("200 OK", Self.backend("serving"), Self.changed)])
        #expect(server.lines == ["PATCH /v1/backends/web-1?wait=30s"])
        #expect(ready.out.hasPrefix("web-1 ready (revision 1844, serving after "))
        let (maint, other) = lbctl("maint web-1", [json("200 OK", Self.backend("maint"), Self.changed)])
        #expect(Self.body(other.requests[0]) == "{\"state\":\"maint\"}")
        #expect(maint.out == "web-1 in maintenance (revision 1844)\n")
    }

    @Test func probeSaysWhatWasSentAndWhatCameBack() {
        let report =
            "{\"name\":\"web-1\",\"passed\":true,\"ms\":3.14,\"http\":200,\"error\":null,\"address\":\"10.0.0.1:80\","
            + "\"sent\":\"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\",\"head\":\"HTTP/1.1 200 OK\\r\\n\\r\\n\",\"body\":\"ok\\n\","
            + "\"is_body_cut\":true}"
        let (good, server) = lbctl("probe web-1", [json("200 OK", report)])
        #expect(server.lines == ["POST /v1/backends/web-1/probe"])
        #expect(server.requests[0].contains("\r\nContent-Length: 0\r\n"))
        #expect(
            good.out == """
                web-1 passes: 200 in 3.1ms
                * 10.0.0.1:80
                > GET / HTTP/1.1
                > Host: h
                < HTTP/1.1 200 OK
                < ok
                < ...

                """
        )
        let bad = json("200 OK", "{\"passed\":false,\"ms\":3,\"http\":500,\"error\":\"status 500\"}")
        let (both, _) = lbctl("probe web-1 web-2", [json("200 OK", report), bad])
        #expect(both.out == "web-1 passes: 200 in 3.1ms\nweb-2 fails: status 500 in 3.0ms\n")
        #expect(both.code == 1)
    }

    // MARK: wait

    @Test func waitEndsWhenItIsSo() {
        let (outcome, server) = lbctl(
            "wait web-1 --for healthy",
            [json("200 OK", Self.backend("starting")), json("200 OK", Self.backend("serving"))]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out.hasPrefix("web-1 healthy after "))
        #expect(server.requests.count == 2)
        let (gone, _) = lbctl("wait web-1 --for removed", [problem(404, "not-found", "no")])
        #expect(gone.code == 0)
        let (drained, _) = lbctl("wait web-1 --for drained", [json("200 OK", Self.backend("draining", state: "drain"))])
        #expect(drained.code == 0)
        let (revision, other) = lbctl("wait --for revision=5", [json("200 OK", "{\"revision\":7}")])
        #expect(revision.code == 0)
        #expect(other.lines == ["GET /v1"])
    }

    @Test func waitFailsAtOnceWhenItCannotBecomeSo() {
        for (line, answer) in [
            ("wait web-1 --for healthy", problem(404, "not-found", "no")),
            ("wait web-1 --for healthy", json("200 OK", Self.backend("maint", state: "maint"))),
            ("wait web-1 --for drained", json("200 OK", Self.backend("serving"))),
        ] {
            let (outcome, server) = lbctl(line, [answer])
            #expect(outcome.code == 12, "\(line)")
            #expect(server.requests.count == 1)
        }
    }

    @Test func waitTellsWhyNotYetWhenTimeIsOver() {
        let busy = json("200 OK", Self.backend("draining", state: "drain", inFlight: 3))
        let (outcome, _) = lbctl("wait web-1 --for drained --timeout 3s", Array(repeating: busy, count: 60))
        #expect(outcome.code == 3)
        #expect(outcome.err.hasPrefix("error: web-1 is not drained after 3s: 3 in flight\n"))
    }

    @Test func waitForAllIsTheServers() {
        let (outcome, server) = lbctl(
            "wait --for healthy --timeout 9s",
            [json("200 OK", "{\"backends\":{\"a\":{},\"b\":{}}}")]
        )
        #expect(server.lines == ["GET /v1/health?until=healthy&wait=9s"])
        #expect(outcome.out.hasPrefix("2 backends healthy after "))
    }

    // MARK: history and operations

    private static let history = """
        [{"revision":1843,"at":"2026-11-21T09:59:48Z","actor":{"name":"ci-bot","via":"token"},"reason":"canary",
        "summary":"web-3 weight 100 to 10"},{"revision":1840,"at":"2026-11-21T08:00:00Z","actor":{"name":"admin"},"reason":null,
        "summary":"web-3 added"}]
        """

    @Test func historyIsATableOfRevisions() {
        let (outcome, server) = lbctl("history", [json("200 OK", Self.history)])
        #expect(server.lines == ["GET /v1/history?limit=20"])
        #expect(
            outcome.out == """
                REVISION  AGE  BY      WHAT                    WHY
                    1843  12s  ci-bot  web-3 weight 100 to 10  canary
                    1840   2h  admin   web-3 added             -

                """
        )
    }

    @Test func aNarrowTerminalShortensWhatAndKeepsWho() {
        let long = Self.history.replacing("100 to 10", with: "100 to 10 and labels.version 1.4 to 1.5")
        let (outcome, _) = lbctl("history --no-color", [json("200 OK", long)], isTerminal: true, columns: 60)
        #expect(
            outcome.out == """
                REVISION  AGE  BY      WHAT                           WHY
                    1843  12s  ci-bot  web-3 weight 100 to 10 and ..  canary
                    1840   2h  admin   web-3 added                    -

                """
        )
    }

    @Test func rollbackNamesTheRevisionOrLeavesItToTheServer() {
        let answer = json("200 OK", "{\"revision\":1844,\"to\":1840,\"changed\":[\"/backends/web-3\"]}", Self.changed)
        let (named, server) = lbctl("rollback 1840", [answer])
        #expect(Self.body(server.requests[0]) == "{\"to\":1840}")
        #expect(named.out == "rolled back to revision 1840 (as revision 1844)\n")
        let (_, other) = lbctl("rollback", [answer])
        #expect(other.lines == ["POST /v1/rollback"])
        #expect(Self.body(other.requests[0]) == "{}")
    }

    @Test func operationsAreListedWaitedForAndCancelled() {
        let drain = "{\"outcome\":\"clean\",\"elapsed\":\"3.2s\",\"in_flight_at_start\":17,\"completed\":17,\"cut\":1}"
        let operation =
            "{\"id\":\"op-91\",\"kind\":\"drain\",\"name\":\"web-1\",\"state\":\"succeeded\","
            + "\"started_at\":\"2026-11-21T09:59:48Z\",\"drain\":\(drain)}"
        let (list, _) = lbctl("operation list", [json("200 OK", "{\"operations\":{\"op-91\":\(operation)}}")])
        #expect(
            list.out == """
                ID     KIND   OF     STATE      STARTED  RESULT
                op-91  drain  web-1  succeeded      12s  drained in 3.2s, 17 requests completed, 1 cut

                """
        )
        let (one, server) = lbctl("op get op-91 --wait", [json("200 OK", operation)])
        #expect(server.lines == ["GET /v1/operations/op-91?wait=30s"])
        #expect(one.code == 8)
        let (_, cancelled) = lbctl("operation cancel op-91", [json("200 OK", operation)])
        #expect(cancelled.lines == ["DELETE /v1/operations/op-91"])
    }

    /// Only what has drained is said to have, and what was sent elsewhere is not said to have been completed.
    @Test func operationIsToldAsWhatBecameOfIt() {
        func told(_ drain: String) -> String {
            let operation =
                "{\"id\":\"op-91\",\"kind\":\"drain\",\"name\":\"web-1\",\"state\":\"running\","
                + "\"started_at\":\"2026-11-21T09:59:48Z\",\"drain\":{\(drain)}}"
            return lbctl("operation list", [json("200 OK", "{\"operations\":{\"op-91\":\(operation)}}")]).0.out
        }
        let figures = "\"elapsed\":\"1.0s\",\"in_flight_at_start\":5,\"completed\":1,\"moved\":2,\"cut\":0"
        let cancelled = told("\"outcome\":\"cancelled\",\"in_flight\":2,\(figures)")
        #expect(cancelled.contains("cancelled after 1.0s, 2 in flight, 1 request completed, 2 moved to others"))
        let running = told("\"outcome\":\"draining\",\"in_flight\":2,\(figures)")
        #expect(running.contains("draining after 1.0s, 2 in flight") && !running.contains("drained in"))
        #expect(
            told("\"outcome\":\"clean\",\"in_flight\":0,\(figures)").contains(
                "drained in 1.0s, 1 request completed, 2 moved"
            )
        )
        #expect(!told("\"outcome\":\"draining\",\"in_flight_at_start\":0,\"cut\":0").contains("nothing was in flight"))
    }

    // MARK: events

    private static func event(_ number: Int, _ more: String) -> String {
        "{\"seq\":\(number),\"at\":\"2026-11-21T09:59:48.125Z\",\(more)}\n"
    }

    private static func events(_ lines: String...) -> FakeServer.Step {
        .answer([httpText("200 OK", lines.joined(), ["Content-Type: application/x-ndjson"])])
    }

    @Test func eventsAreLinesForPeopleAndDocumentsForMachines() {
        let one = Self.event(
            7,
            "\"type\":\"change\",\"kind\":\"backend.changed\",\"name\":\"web-3\",\"actor\":{\"name\":\"ci-bot\"},"
                + "\"reason\":\"canary\",\"diff\":[{\"path\":\"/weight\",\"from\":100,\"to\":10}]"
        )
        let two = Self.event(
            8,
            "\"type\":\"health\",\"kind\":\"health.changed\",\"name\":\"web-3\",\"from\":\"healthy\",\"to\":\"unhealthy\","
                + "\"cause\":\"connect refused\""
        )
        let (outcome, server) = lbctl("events", [Self.events(one, two)])
        #expect(server.lines == ["GET /v1/events?after=0&follow=false"])
        #expect(server.requests[0].contains("\r\nAccept: application/x-ndjson\r\n"))
        #expect(
            outcome.out == """
                2026-11-21T09:59:48Z  backend.changed  web-3  weight 100 -> 10  by ci-bot ("canary")
                2026-11-21T09:59:48Z  health.changed  web-3  healthy -> unhealthy, connect refused

                """
        )
        #expect(lbctl("events -o ndjson", [Self.events(one, two)]).0.out == one + two)
        let (audit, other) = lbctl("audit web-3", [Self.events(one)])
        #expect(other.lines == ["GET /v1/events?type=change%2Cadmin&backend=web-3&after=0&follow=false"])
        #expect(audit.code == 0)
    }

    @Test func eventsOfWholeBackendsAndOfDrainsAreWords() {
        let spec =
            "{\"backup\":false,\"health_check\":null,\"labels\":{},\"max_requests\":0,\"pool\":\"default\",\"weight\":3,"
            + "\"url\":\"http://h:1\"}"
        let drain = "\"in_flight_at_start\":2,\"elapsed\":\"3.2s\",\"cut\":0"
        let (outcome, _) = lbctl(
            "events",
            [
                Self.events(
                    Self.event(
                        7,
                        "\"kind\":\"backend.added\",\"name\":\"a\",\"diff\":[{\"path\":\"/\",\"from\":null,\"to\":\(spec)}]"
                    ),
                    Self.event(
                        8,
                        "\"kind\":\"backend.removed\",\"name\":\"a\",\"diff\":[{\"path\":\"\",\"from\":\(spec),\"to\":null}]"
                    ),
                    Self.event(9, "\"kind\":\"drain.started\",\"name\":\"a\",\"drain\":{\(drain),\"in_flight\":2}"),
                    Self.event(
                        10,
                        "\"kind\":\"drain.finished\",\"name\":\"a\",\"drain\":{\(drain),\"in_flight\":0,\"completed\":2}"
                    ),
                    Self.event(
                        11,
                        "\"kind\":\"pool.degraded\",\"name\":\"p\",\"serving\":1,\"backends\":3,\"min_ready\":2"
                    )
                )
            ]
        )
        #expect(
            outcome.out == """
                2026-11-21T09:59:48Z  backend.added  a  url=http://h:1 pool=default weight=3
                2026-11-21T09:59:48Z  backend.removed  a  url=http://h:1 pool=default weight=3
                2026-11-21T09:59:48Z  drain.started  a  2 in flight
                2026-11-21T09:59:48Z  drain.finished  a  drained in 3.2s, 2 requests completed
                2026-11-21T09:59:48Z  pool.degraded  p  1 of 3 backends serve

                """
        )
    }

    @Test func eventsThatAreNotKeptAnyMoreBeginWithTheOldest() {
        let (outcome, server) = lbctl(
            "events",
            [problem(410, "event-gone", "too old", "\"oldest\":42"), Self.events(Self.event(42, "\"kind\":\"x\""))]
        )
        #expect(outcome.code == 0)
        #expect(server.lines == ["GET /v1/events?after=0&follow=false", "GET /v1/events?follow=false&after=41"])
    }

    @Test func followingTakesUpWhereItWasCut() {
        let (outcome, server) = lbctl(
            "events -f -o name --after 6",
            [
                Self.events(Self.event(7, "\"name\":\"a\"")), Self.events(Self.event(8, "\"name\":\"b\"")),
                problem(403, "forbidden", "enough"),
            ]
        )
        #expect(outcome.out == "a\nb\n")
        #expect(outcome.code == 4)
        #expect(
            server.lines.prefix(3) == ["GET /v1/events?after=6", "GET /v1/events?after=7", "GET /v1/events?after=8"]
        )
    }
}
