import Testing

@testable import lbctl

/// What people see, to the last space, in narrow and wide terminals and in pipes.
@Suite struct ScreenTests {
    private static let backends = """
        {"backends":{
        "web-1":{"url":"http://10.0.0.1:8080","pool":"default","weight":100,"state":"ready","backup":false,"max_requests":0,
        "labels":{"color":"blue"},"status":{"phase":"serving","since":"2026-11-21T09:00:00Z","in_flight":12,"requests":18211,
        "errors":3,"p50_ms":1.8,"p99_ms":14.3,"health":{"state":"healthy","since":"2026-11-21T09:00:00Z","reason":null}}},
        "web-2":{"url":"http://10.0.0.2:8080","pool":"default","weight":100,"state":"ready","backup":false,"max_requests":64,
        "labels":{"color":"blue"},"status":{"phase":"unhealthy","since":"2026-11-21T09:59:18Z","in_flight":0,"requests":18190,
        "errors":40,"p50_ms":1.9,"p99_ms":250,"health":{"state":"unhealthy","since":"2026-11-21T09:59:18Z",
        "reason":"connect refused"}}},
        "a-long-name-in-another-zone":{"url":"http://backend.zone-b.internal.example.net:8080","pool":"default","weight":5,
        "state":"drain","backup":true,"max_requests":0,"labels":{"color":"green","version":"1.5"},"status":{"phase":"draining",
        "since":"2026-11-21T09:59:55Z","in_flight":1,"requests":7,"errors":0,"p50_ms":null,"p99_ms":null,
        "health":{"state":"healthy","since":"2026-11-21T09:00:00Z","reason":null}}}},"revision":1843}
        """

    private static let list = json("200 OK", backends)

    @Test func aPipeGetsEverythingInFull() {
        #expect(
            lbctl("list", [Self.list]).0.out == """
                NAME                         URL                                              POOL     WEIGHT  PHASE      ACTIVE  REQUESTS
                a-long-name-in-another-zone  http://backend.zone-b.internal.example.net:8080  default       5  draining        1         7
                web-1                        http://10.0.0.1:8080                             default     100  serving        12     18211
                web-2                        http://10.0.0.2:8080                             default     100  unhealthy       0     18190

                """
        )
    }

    @Test func aTerminalOf200ColumnsShowsTheSameInColour() {
        let (outcome, _) = lbctl("list", [Self.list], isTerminal: true, columns: 200)
        let plain = lbctl("list --no-color", [Self.list], isTerminal: true, columns: 200).0.out
        #expect(plain == lbctl("list", [Self.list]).0.out)
        #expect(outcome.out.contains("\u{1B}[31munhealthy\u{1B}[0m"))
        #expect(outcome.out.contains("\u{1B}[33mdraining\u{1B}[0m"))
        #expect(!outcome.out.contains("mserving"))
    }

    @Test func aTerminalOf80ColumnsLeavesOutWhatMattersLeast() {
        let (outcome, _) = lbctl("list --no-color", [Self.list], isTerminal: true, columns: 80)
        #expect(
            outcome.out == """
                NAME                         URL                                       PHASE
                a-long-name-in-another-zone  http://backend.zone-b.internal.example..  draining
                web-1                        http://10.0.0.1:8080                      serving
                web-2                        http://10.0.0.2:8080                      unhealthy

                """
        )
    }

    @Test(arguments: [20, 40, 60, 80, 100, 120, 200])
    func noLineIsLongerThanTheTerminal(_ columns: Int) {
        for line in ["list", "health", "status", "stats", "top --once --interval 50ms"] {
            let (outcome, _) = Self.run(line, columns: columns)
            #expect(outcome.code == 0, "\(line): \(outcome.err)")
            for row in outcome.out.split(separator: "\n") where columns >= 80 {
                #expect(displayWidth(String(row)) <= columns, "\(row)")
            }
        }
    }

    private static let health = json(
        "200 OK",
        """
        {"backends":{"web-1":{"state":"healthy","since":"2026-11-21T09:00:00Z","reason":null,"last":{"at":
        "2026-11-21T09:59:58Z","ms":3.14,"http":200,"error":null}},"web-2":{"state":"unhealthy","since":"2026-11-21T09:59:18Z",
        "reason":"connect refused","last":{"at":"2026-11-21T09:59:59Z","ms":0.2,"http":null,"error":"connect refused"}}},
        "summary":{"healthy":1,"unhealthy":1}}
        """
    )
    private static let root = json(
        "200 OK",
        "{\"version\":\"0.1.0\",\"lineage\":\"k7f3\",\"revision\":1843,\"uptime\":\"10800s\"}"
    )
    private static let figures =
        "\"requests\":36408,\"by_class\":{\"2xx\":36400,\"4xx\":8,\"5xx\":0},\"errors\":43,\"retried_away\":43,"
        + "\"in_flight\":13,\"latency\":{\"total\":{\"p50_ms\":1.8,\"p90_ms\":4.5,\"p99_ms\":14.3}}"
    private static let stats = json(
        "200 OK",
        "{\"since\":\"2026-11-21T07:00:00Z\",\"totals\":{\(figures),\"clients\":64,\"accepted\":640,\"queued\":0,"
            + "\"log_drops\":0,\"memory_bytes\":18874368},\"pools\":{\"default\":{\(figures)}},\"backends\":{}}"
    )

    private static func run(_ line: String, columns: Int? = nil) -> (Outcome, FakeServer) {
        let steps: [FakeServer.Step] =
            switch line.split(separator: " ")[0] {
            case "health": [health]
            case "status": [root, list, stats, json("200 OK", "{\"state\":\"ready\"}")]
            case "stats": [stats]
            case "top": [root, list, stats, list, stats]
            default: [list]
            }
        return lbctl(line + " --no-color", steps, isTerminal: columns != nil, columns: columns)
    }

    @Test(arguments: [nil, 80, 200])
    func statusSaysWhatIsWrongAndWhatToType(_ columns: Int?) {
        let (outcome, server) = Self.run("status", columns: columns)
        #expect(
            outcome.out == """
                lbd 0.1.0  at \(server.address), up 3h, revision 1843, 64 clients

                POOL     SERVING  ACTIVE  REQUESTS  ERRORS     P99
                default  1 of 2       13     36408      43  14.3ms

                a-long-name-in-another-zone is draining for 5s, 1 in flight
                web-2 is unhealthy for 42s: connect refused
                  lbctl describe web-2
                  lbctl ready a-long-name-in-another-zone   to bring it back

                """
        )
        #expect(outcome.code == 0)
        #expect(Self.run("status --check", columns: columns).0.code == 1)
    }

    /// A green check and answers of 500: nothing is well there.
    @Test func backendThatAnswersWith5xxIsNamedWhereverItIsShown() {
        let lately = "\"last_minute\":{\"answers\":200,\"5xx\":50},\"answers\":{\"2xx\":150,\"5xx\":50},"
        let one =
            "{\"backends\":{\"web-1\":{\"url\":\"http://10.0.0.1:8080\",\"pool\":\"default\",\"weight\":1,\"state\":\"ready\","
            + "\"status\":{\"phase\":\"serving\",\(lately)\"in_flight\":0,\"requests\":200,\"errors\":0,"
            + "\"health\":{\"state\":\"healthy\",\"reason\":null}}}},\"revision\":1843}"
        let steps = [Self.root, json("200 OK", one), Self.stats, json("200 OK", "{\"state\":\"ready\"}")]
        let status = lbctl("status --check", steps).0
        #expect(status.out.contains("web-1: 25 % of 200 answers within the last minute are 5xx\n"), "\(status.out)")
        #expect(status.out.contains("lbctl describe web-1") && status.code == 1)
        #expect(lbctl("list -o wide", [json("200 OK", one)]).0.out.contains(" 5XX "))
        let line =
            "{\"backends\":{\"web-1\":{\"state\":\"healthy\",\"reason\":null,\"last_minute\":{\"answers\":200,\"5xx\":50}}}}"
        #expect(lbctl("health", [json("200 OK", line)]).0.out.contains("25 % of 200 answers"))
        // A few say nothing yet.
        let few = one.replacing("\"answers\":200,\"5xx\":50}", with: "\"answers\":19,\"5xx\":19}")
        let calm = [Self.root, json("200 OK", few), Self.stats, json("200 OK", "{\"state\":\"ready\"}")]
        #expect(lbctl("status --check", calm).0.out.contains("everything serves"))
        // What holds a pool is told too.
        let held =
            "{\"state\":\"ready\",\"stand_ins\":[{\"name\":\"default\",\"backends\":[\"old\"],\"awaited\":[\"web-1\"],"
            + "\"since\":\"2026-11-21T09:59:55Z\",\"overdue\":false}]}"
        let holding = lbctl("status", [Self.root, json("200 OK", few), Self.stats, json("200 OK", held)]).0
        #expect(
            holding.out.contains("pool \"default\" is held by old for 5s, who were replaced: web-1 do not serve yet\n")
        )
    }

    @Test func whatHasNothingLeftIsDrained() {
        let backends = Self.backends.replacing("\"in_flight\":1,\"requests\":7", with: "\"in_flight\":0,\"requests\":7")
        let steps = [Self.root, json("200 OK", backends), Self.stats, json("200 OK", "{\"state\":\"drain\"}")]
        let out = lbctl("status", steps).0.out
        #expect(out.contains("a-long-name-in-another-zone is drained for 5s\n"), "\(out)")
        #expect(out.contains("it drains: /readyz says no until lbctl self ready\n"))
    }

    @Test(arguments: [nil, 80, 200])
    func healthSaysWhyAndSinceWhen(_ columns: Int?) {
        #expect(
            Self.run("health", columns: columns).0.out == """
                NAME   STATE      SINCE  REASON           LAST
                web-1  healthy       1h  -                200 in 3.1ms, 2s ago
                web-2  unhealthy    42s  connect refused  failed, 1s ago

                """
        )
    }

    @Test func topOnceTellsRates() {
        let later = json("200 OK", Self.backends.replacing("18211", with: "18511"))
        let steps = [Self.root, Self.list, Self.stats, later, Self.stats]
        let (outcome, _) = lbctl("top --once --interval 100ms -o tsv --fields name,rate,in_flight", steps)
        let rows = outcome.out.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        #expect(rows.map { $0[0] } == ["a-long-name-in-another-zone", "web-1", "web-2"])
        // 300 requests in 100 ms at least, and as long as it took the machine.
        let rate = Double(rows[1][1]) ?? 0
        #expect(rate > 0 && rate <= 3300, "\(rate)")
        #expect(rows[2][1] == "0.0")
        #expect(rows.map { $0[2] } == ["1", "12", "0"])
    }

    @Test func machinesChooseTheirForm() {
        #expect(lbctl("list -o name", [Self.list]).0.out == "a-long-name-in-another-zone\nweb-1\nweb-2\n")
        #expect(
            lbctl("list -o tsv --fields name,weight,labels.version", [Self.list]).0.out
                == "a-long-name-in-another-zone\t5\t1.5\nweb-1\t100\t\nweb-2\t100\t\n"
        )
        #expect(
            lbctl("list -o ndjson --fields status.phase,name", [Self.list]).0.out == """
                {"status":{"phase":"draining"},"name":"a-long-name-in-another-zone"}
                {"status":{"phase":"serving"},"name":"web-1"}
                {"status":{"phase":"unhealthy"},"name":"web-2"}

                """
        )
        #expect(lbctl("list -o json", [Self.list]).0.out == Self.backends + "\n")
        #expect(
            lbctl("list -o json --fields weight", [json("200 OK", "{\"backends\":{\"a\":{\"weight\":1}}}")]).0.out
                == """
                {
                  "backends": {
                    "a": {
                      "weight": 1
                    }
                  }
                }

                """
        )
        #expect(
            lbctl("list --fields name,status.p99_ms", [Self.list]).0.out == """
                NAME                         P99_MS
                a-long-name-in-another-zone  -
                web-1                        14.3
                web-2                        250

                """
        )
    }

    @Test func aValueCannotAddATabOrALine() {
        let body = "{\"backends\":{\"x\":{\"url\":\"a\\tb\\nc\\\\d\"}}}"
        #expect(lbctl("list -o tsv --fields url", [json("200 OK", body)]).0.out == "a\\tb\\nc\\\\d\n")
    }

    @Test func selectorsAndFiltersAreTheServersToApply() {
        let (_, server) = lbctl(
            ["list", "-l", "color==blue,version!=1.4,canary,!old", "--pool", "p", "--phase", "serving"],
            [json("200 OK", "{\"backends\":{}}")]
        )
        #expect(
            server.lines == [
                "GET /v1/backends?label=color%3Dblue%2Cversion%21%3D1.4%2Ccanary%2C%21old&pool=p&phase=serving"
            ]
        )
    }

    @Test func poolsAreListedAndShown() {
        let pool =
            "{\"algorithm\":\"round_robin\",\"min_ready\":1,\"drain\":\"30s\",\"slow_start\":\"0s\",\"health_check\":"
            + "{\"type\":\"http\",\"path\":\"/\",\"interval\":\"5s\"},\"retry\":{\"on\":[]},\"sticky\":null,"
            + "\"timeouts\":{\"total\":null}}"
        let (list, _) = lbctl("list pools", [json("200 OK", "{\"pools\":{\"default\":\(pool)}}")])
        #expect(
            list.out == """
                NAME     ALGORITHM    HEALTH CHECK  MIN READY  DRAIN  SLOW START
                default  round_robin  / every 5s            1    30s          0s

                """
        )
        let (one, server) = lbctl("get pool default", [json("200 OK", pool)])
        #expect(server.lines == ["GET /v1/pools/default"])
        #expect(one.out.contains("health_check.interval:  5s\n"))
        #expect(one.out.contains("sticky:                 off\n"))
        #expect(one.out.contains("timeouts.total:         unset\n"))
    }

    @Test func wideCharactersKeepTheColumnsStraight() {
        var table = Table([Table.Column("A"), Table.Column("B")])
        table.rows = [[Table.Cell("漢字"), Table.Cell("x")], [Table.Cell("ab"), Table.Cell("y")]]
        #expect(table.text(colour: false) == "A     B\n漢字  x\nab    y\n")
        #expect(shortened("漢字漢字", to: 6) == "漢字..")
    }
}
