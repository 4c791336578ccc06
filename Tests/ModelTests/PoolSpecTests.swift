import Testing

@testable import Model

/// Every key of a pool and of a backend: what it takes, and what it says of what it does not.
@Suite struct PoolSpecTests {
    private func pool(_ tree: Tree) -> (spec: PoolSpec?, issues: [ConfigIssue]) {
        var reader = SpecReader()
        let spec = reader.pool(tree.node, at: "")
        return (spec, reader.issues)
    }

    private func backend(_ members: [(String, Tree)]) -> (spec: BackendSpec?, issues: [ConfigIssue]) {
        var reader = SpecReader()
        let nodes = ([("url", Tree(.string("http://h:1")))] + members).map {
            ConfigNode.Member(key: $0.0, node: $0.1.node)
        }
        let spec = reader.backend(ConfigNode(.mapping(nodes)), at: "")
        return (spec, reader.issues)
    }

    @Test func everyKeyOfAPoolIsRead() {
        let (spec, issues) = pool([
            "algorithm": "hash", "hash_by": "header:X-User", "sticky": ["cookie": "session", "ttl": "1h"],
            "slow_start": "30s", "panic_threshold": Tree(.double(0.4)), "min_ready": 2, "drain": "1m",
            "passive": ["errors": 5, "eject": "10s", "eject_max": "2m", "max_ejected": 1],
            "retry": ["max": 1, "budget": Tree(.double(0.5)), "on": [503, "timeout"]],
            "timeouts": [
                "connect": "1s", "queue": "2s", "response_first_byte": "3s", "response_stall": "4s", "total": "5s",
            ],
        ])
        var timeouts = PoolTimeouts()
        timeouts.connect = .seconds(1)
        timeouts.queue = .seconds(2)
        timeouts.responseFirstByte = .seconds(3)
        timeouts.responseStall = .seconds(4)
        timeouts.total = .seconds(5)
        #expect(issues.isEmpty)
        #expect(
            spec
                == PoolSpec(
                    algorithm: .hash,
                    hashBy: .header("x-user"),
                    sticky: StickySpec(cookie: "session", ttl: .seconds(3600)),
                    slowStart: .seconds(30),
                    panicThreshold: 0.4,
                    minReady: 2,
                    drain: .seconds(60),
                    passive: PassiveSpec(errors: 5, eject: .seconds(10), ejectMax: .seconds(120), maxEjected: 1),
                    retry: RetrySpec(max: 1, budget: 0.5, on: [.status503, .timeout]),
                    timeouts: timeouts
                )
        )
    }

    @Test func everyKeyOfACheckIsRead() {
        let (spec, issues) = pool([
            "health_check": [
                "type": "tcp", "path": "/x", "interval": "1s", "timeout": "500ms", "rise": 3, "fall": 4,
                "expect": "204", "host": "app.example", "headers": ["X-Check": "lb"], "body": "ok", "start": "up",
            ]
        ])
        #expect(issues.isEmpty)
        let check = HealthCheckSpec(
            kind: .tcp,
            path: "/x",
            interval: .seconds(1),
            timeout: .milliseconds(500),
            rise: 3,
            fall: 4,
            expect: StatusSet("204") ?? .ok,
            host: "app.example",
            headers: [.init(name: "X-Check", value: "lb")],
            body: "ok",
            start: .up
        )
        #expect(spec?.healthCheck == check)
    }

    @Test func everyKeyOfABackendIsRead() throws {
        let (spec, issues) = backend([
            ("state", "drain"), ("backup", Tree(.bool(true))), ("slow_start", "10s"),
            ("labels", ["color": "green", "app/version": "1.5"]), ("health_check", ["path": "/own", "interval": "1s"]),
        ])
        var patch = HealthCheckPatch()
        patch.path = "/own"
        patch.interval = .seconds(1)
        #expect(issues.isEmpty)
        #expect(
            spec
                == BackendSpec(
                    url: try BackendURL("http://h:1"),
                    state: .drain,
                    isBackup: true,
                    slowStart: .seconds(10),
                    labels: ["color": "green", "app/version": "1.5"],
                    healthCheck: .adjusted(patch)
                )
        )
    }

    @Test func ownCheckOfABackendStandsOnItsPools() {
        let base = HealthCheckSpec(path: "/pool", interval: .seconds(10), timeout: .seconds(4), fall: 7)
        var patch = HealthCheckPatch()
        patch.path = "/own"
        patch.interval = .seconds(3)
        let check = BackendCheck.adjusted(patch).applied(to: base)
        #expect(check == HealthCheckSpec(path: "/own", interval: .seconds(3), timeout: .seconds(3), fall: 7))
        #expect(BackendCheck.asPool.applied(to: base) == base)
        #expect(BackendCheck.asPool.applied(to: nil) == nil)
        #expect(BackendCheck.off.applied(to: base) == nil)
    }

    @Test func ownTimeoutPastThePoolsIntervalIsFoundInTheWholeState() throws {
        var state = DesiredState()
        var patch = HealthCheckPatch()
        patch.timeout = .seconds(9)
        state.setBackend("a", BackendSpec(url: try BackendURL("http://h:1"), healthCheck: .adjusted(patch)))
        #expect(state.validate().map(\.pointer) == ["/backends/a/health_check/timeout"])
    }

    @Test(arguments: ["sticky", "passive", "health_check"]) func isSwitchedOffByTheWord(key: String) {
        let (spec, issues) = pool(Tree(.mapping([ConfigNode.Member(key: key, node: ConfigNode(.string("off")))])))
        #expect(issues.isEmpty)
        #expect(
            spec
                == PoolSpec(
                    healthCheck: key == "health_check" ? nil : HealthCheckSpec(),
                    passive: key == "passive" ? nil : PassiveSpec()
                )
        )
    }

    private static let slips: [(key: String, value: Tree, meant: String)] = [
        ("algorithm", "least_requests", "least_request"), ("hash_by", "cilent_ip", "client_ip"),
        ("panic_threshold", 40, "0.4"), ("panic_threshold", "40%", "0.4"), ("min_ready", "2", "2"),
        ("drain", 30, "30s"), ("retry", ["budget": 20], "0.2"), ("retry", ["on": "503"], "[503]"),
        ("retry", ["on": ["timeouts"]], "timeout"), ("passive", ["eject": "20s", "eject_max": "10s"], "20s"),
    ]

    @Test(arguments: slips.indices) func wrongValueIsRefusedWithWhatWasMeant(index: Int) {
        let slip = Self.slips[index]
        let (spec, issues) = pool(Tree(.mapping([ConfigNode.Member(key: slip.key, node: slip.value.node)])))
        #expect(spec == nil)
        #expect(issues.map(\.suggestion) == [slip.meant])
    }

    @Test(arguments: ["header:", "header:a b", "cookie:;", "header", "ip", "Client_IP"])
    func whatIsNoHashKeyIsRefused(text: String) {
        #expect(HashKey(text) == nil)
    }

    @Test(arguments: ["Host", "content-length", "Transfer-Encoding", "Connection"])
    func checkCannotSetFieldsThatFrameAMessage(name: String) {
        let headers = Tree(.mapping([ConfigNode.Member(key: name, node: ConfigNode(.string("x")))]))
        #expect(pool(["health_check": ["headers": headers]]).issues.count == 1)
    }

    @Test(arguments: ["a\r\nb", " a", "a ", "", "é"]) func checkFieldValuesCannotBreakOut(value: String) {
        let headers: Tree = ["X-A": Tree(.string(value))]
        #expect(pool(["health_check": ["headers": headers]]).issues.count == 1)
        #expect(pool(["health_check": ["host": Tree(.string(value))]]).issues.count == 1)
    }

    @Test func labelsAreBounded() {
        let many = (0..<33).map { ConfigNode.Member(key: "k\($0)", node: ConfigNode(.string("v"))) }
        #expect(backend([("labels", Tree(.mapping(many)))]).spec == nil)
        #expect(backend([("labels", Tree(.mapping(Array(many.prefix(32)))))]).spec?.labels.count == 32)
        #expect(backend([("labels", ["": "x"])]).spec == nil)
        #expect(backend([("labels", ["a": Tree(.string(String(repeating: "x", count: 128)))])]).spec != nil)
        #expect(backend([("labels", ["a": Tree(.string(String(repeating: "x", count: 129)))])]).spec == nil)
        #expect(backend([("labels", ["a": "x\ny"])]).spec == nil)
    }

    @Test func stateIsAWordOfThree() {
        let (spec, issues) = backend([("state", "drained")])
        #expect(spec == nil)
        #expect(issues.map(\.suggestion) == ["drain"])
    }
}
