import Model
import Testing

@Suite struct SpecReaderTests {
    private func backend(_ node: Tree, ignoring: Set<String> = []) -> (spec: BackendSpec?, issues: [ConfigIssue]) {
        var reader = SpecReader()
        let spec = reader.backend(node.node, at: "", ignoring: ignoring)
        return (spec, reader.issues)
    }

    private func pool(_ node: Tree) -> (spec: PoolSpec?, issues: [ConfigIssue]) {
        var reader = SpecReader()
        let spec = reader.pool(node.node, at: "")
        return (spec, reader.issues)
    }

    private func check(_ node: Tree) -> (spec: HealthCheckSpec?, issues: [ConfigIssue]) {
        let read = pool(["health_check": node])
        return (read.spec?.healthCheck, read.issues)
    }

    // MARK: - Backends

    @Test func backendWithEveryKeyIsRead() throws {
        let (spec, issues) = backend(["url": "http://10.0.0.3:8080", "pool": "api", "weight": 100])
        #expect(spec == BackendSpec(url: try BackendURL("http://10.0.0.3:8080"), pool: "api", weight: 100))
        #expect(issues.isEmpty)
    }

    @Test func backendOfAURLAloneHasTheDefaults() throws {
        let (spec, issues) = backend(["url": "http://10.0.0.3"])
        #expect(spec == BackendSpec(url: try BackendURL("http://10.0.0.3:80"), pool: "default", weight: 1))
        #expect(issues.isEmpty)
    }

    @Test func backendWithoutAURLIsRefusedAtTheURL() {
        let (spec, issues) = backend(["weight": 1])
        #expect(spec == nil)
        #expect(issues.map(\.pointer) == ["/url"])
        #expect(issues.first?.message == "is missing")
    }

    @Test func ignoredKeysAreNotLookedAt() {
        let node: Tree = ["name": "web-1", "url": "http://a", "status": ["phase": "serving"]]
        #expect(backend(node, ignoring: ["name", "status"]).issues.isEmpty)
        #expect(backend(node).issues.map(\.pointer) == ["/name", "/status"])
    }

    @Test func unknownKeyIsMarkedAsSuchAndGetsASuggestion() {
        let (spec, issues) = backend(["url": "http://a", "weigth": 3])
        #expect(spec == nil)
        #expect(
            issues == [
                ConfigIssue(pointer: "/weigth", message: "unknown key", suggestion: "weight", isUnknownKey: true)
            ]
        )
    }

    @Test func unknownKeyThatIsLikeNoneListsWhatThereIs() {
        let issue = backend(["url": "http://a", "zebra": 3]).issues.first
        #expect(issue?.suggestion == nil)
        #expect(
            issue?.message == "unknown key; the keys here are url, pool, weight, max_requests, state, backup, "
                + "slow_start, labels, health_check"
        )
    }

    @Test func keyGivenTwiceIsAnError() {
        let (spec, issues) = backend(["url": "http://a", "url": "http://b"])
        #expect(spec == nil)
        #expect(issues.map(\.pointer) == ["/url"])
        #expect(issues.first?.message == "is given twice")
        #expect(issues.first?.isUnknownKey == false)
    }

    @Test(arguments: [0, 1, 1000]) func weightWithinItsBoundsIsTaken(weight: Int64) {
        #expect(backend(["url": "http://a", "weight": Tree(.int(weight))]).spec?.weight == Int(weight))
    }

    @Test(arguments: [-1, 1001, Int64.max, Int64.min]) func weightPastItsBoundsIsRefused(weight: Int64) {
        let (spec, issues) = backend(["url": "http://a", "weight": Tree(.int(weight))])
        #expect(spec == nil)
        #expect(issues.map(\.message) == ["must be a whole number from 0 to 1000"])
        #expect(issues.first?.got == "\(weight)")
    }

    @Test func weightOfTheWrongTypeSaysWhatWasExpectedAndGot() {
        let expected = "must be a whole number from 0 to 1000"
        let cases: [(Tree, String, String?, String?)] = [
            ("5", "\(expected), not a string", "\"5\"", "5"),
            ("much", "\(expected), not a string", "\"much\"", nil),
            (5.0, expected, "5.0", "5"),
            (1e300, expected, "1e+300", nil),
            (true, "\(expected), not a boolean", "true", nil),
            ([1], "\(expected), not a list", nil, nil),
            (["a": 1], "\(expected), not a mapping", nil, nil),
        ]
        for (node, message, got, suggestion) in cases {
            let issues = backend(["url": "http://a", "weight": node]).issues
            #expect(
                issues == [ConfigIssue(pointer: "/weight", message: message, got: got, suggestion: suggestion)]
            )
        }
        #expect(backend(["url": "http://a", "weight": nil]).issues.first?.message.contains("has no value") == true)
    }

    @Test func allMistakesOfABackendAreFoundAtOnce() {
        let (spec, issues) = backend(["url": "ftp://a", "weight": -1, "pool": "a b", "colour": "red"])
        #expect(spec == nil)
        #expect(Set(issues.map(\.pointer)) == ["/url", "/weight", "/pool", "/colour"])
    }

    @Test func urlThatIsAPortAloneGetsASuggestion() {
        #expect(backend(["url": 8080]).issues.first?.suggestion == "http://127.0.0.1:8080")
    }

    @Test func pointerOfTheCallerBeginsEveryIssue() {
        var reader = SpecReader()
        _ = reader.backend(Tree(["url": "http://a", "a/b~c": 1]).node, at: "/web-1")
        #expect(reader.issues.map(\.pointer) == ["/web-1/a~1b~0c"])
    }

    @Test func issuesOfEarlierCallsDoNotSpoilLaterOnes() {
        var reader = SpecReader()
        #expect(reader.backend(Tree(["weight": 1]).node, at: "/a") == nil)
        #expect(reader.backend(Tree(["url": "http://b"]).node, at: "/b") != nil)
        #expect(reader.issues.count == 1)
    }

    @Test func valueThatIsNoMappingIsRefused() {
        #expect(
            backend([]).issues.first?.message
                == "must be a mapping of url, pool, weight, max_requests, state, backup, slow_start, "
                + "labels, health_check, not a list"
        )
        #expect(backend("x").issues.first?.got == "x")
    }

    @Test func hugeValueIsNotRepeatedInFull() throws {
        let long = String(repeating: "x", count: 100_000)
        let got = try #require(backend(["url": Tree(.string(long))]).issues.first?.got)
        #expect(got.count < 200)
    }

    // MARK: - Pools

    @Test func emptyPoolHasTheDefaults() {
        #expect(pool([:]).spec == PoolSpec())
    }

    @Test func poolWithEveryKeyIsRead() {
        let (spec, issues) = pool([
            "algorithm": "round_robin",
            "health_check": [
                "path": "/healthz", "interval": "10s", "timeout": "1500ms", "rise": 2, "fall": 3, "expect": "200-399",
            ],
        ])
        #expect(issues.isEmpty)
        #expect(
            spec?.healthCheck
                == HealthCheckSpec(
                    path: "/healthz",
                    interval: .seconds(10),
                    timeout: .milliseconds(1500),
                    rise: 2,
                    fall: 3,
                    expect: StatusSet("200-399") ?? .ok
                )
        )
    }

    @Test(arguments: [Tree(.bool(false)), Tree(.string("off"))])
    func healthCheckCanBeSwitchedOff(node: Tree) {
        let (spec, issues) = pool(["health_check": node])
        #expect(spec == PoolSpec(healthCheck: nil))
        #expect(issues.isEmpty)
    }

    @Test func nullLeavesAHealthCheckAtItsDefault() {
        let (spec, issues) = pool(["health_check": Tree(.null)])
        #expect(spec == PoolSpec())
        #expect(issues.isEmpty)
    }

    @Test func healthCheckWithoutValueInAFileGetsAWarning() {
        var reader = SpecReader()
        let node = ConfigNode(
            .mapping([ConfigNode.Member(key: "health_check", keyLine: 3, node: ConfigNode(.null, line: 3))]),
            line: 2
        )
        #expect(reader.pool(node, at: "/pools/a") == PoolSpec())
        #expect(reader.issues.map(\.severity) == [.warning])
        #expect(reader.issues.first?.line == 3)
    }

    @Test(arguments: [Tree(.bool(true)), "on", "/healthz", 5, []])
    func healthCheckOfAnotherKindIsRefused(node: Tree) {
        #expect(pool(["health_check": node]).spec == nil)
    }

    @Test func healthCheckPathAloneIsSuggestedAsAMapping() {
        #expect(check("/healthz").issues.first?.suggestion == "{path: /healthz}")
    }

    @Test(arguments: ["100ms", "5s", "1h"]) func intervalWithinItsBoundsIsTaken(text: String) {
        #expect(check(["interval": Tree(.string(text))]).spec?.interval == TimeSpan(text))
    }

    @Test(arguments: ["99ms", "0s", "3601s", "2h"]) func intervalPastItsBoundsIsRefused(text: String) {
        #expect(check(["interval": Tree(.string(text))]).issues.map(\.message) == ["must be from 100ms to 1h"])
    }

    @Test func durationNeedsAUnit() {
        let cases: [(Tree, String?)] = [
            (10, "10s"), (1.5, "1500ms"), ("10", "10s"), (5000, "5s"), (-3, nil), (0, nil),
        ]
        for (node, suggestion) in cases {
            let issue = check(["interval": node]).issues.first
            #expect(issue?.message == "needs a unit (ms, s, m or h)")
            #expect(issue?.suggestion == suggestion)
        }
    }

    @Test func durationInOtherWordsIsSuggestedInOurs() {
        let cases = [("10 s", "10s"), ("10sec", "10s"), ("2 Minutes", "2m"), ("500 msec", "500ms"), ("5S", "5s")]
        for (text, suggestion) in cases {
            #expect(check(["interval": Tree(.string(text))]).issues.first?.suggestion == suggestion)
        }
        #expect(check(["interval": "soon"]).issues.first?.suggestion == nil)
        #expect(check(["interval": "5 fortnights"]).issues.first?.suggestion == nil)
    }

    @Test func timeoutMayBeAsLongAsTheIntervalAndNoLonger() {
        #expect(check(["interval": "3s", "timeout": "3s"]).spec?.timeout == .seconds(3))
        let (spec, issues) = check(["interval": "3s", "timeout": "3001ms"])
        #expect(spec == nil)
        #expect(issues.map(\.pointer) == ["/health_check/timeout"])
        #expect(issues.first?.suggestion == "3s")
        #expect(check(["timeout": "6s"]).spec == nil, "the default interval is 5 s")
    }

    @Test func shortIntervalAloneShortensTheDefaultTimeout() {
        #expect(check(["interval": "1s"]).spec?.timeout == .seconds(1))
        #expect(check(["interval": "1m"]).spec?.timeout == .seconds(2))
    }

    @Test func wrongIntervalDoesNotMakeTheTimeoutWrongToo() {
        #expect(check(["interval": 10, "timeout": "9s"]).issues.map(\.pointer) == ["/health_check/interval"])
    }

    @Test func timeoutOfNothingIsRefused() {
        #expect(check(["timeout": "0s"]).issues.map(\.message) == ["must be from 1ms to 1h"])
    }

    @Test func thresholdsAreFromOneToAHundred() {
        for key in ["rise", "fall"] {
            #expect(check(Tree([key: 1])).spec != nil)
            #expect(check(Tree([key: 100])).spec != nil)
            #expect(check(Tree([key: 0])).spec == nil)
            #expect(check(Tree([key: 101])).spec == nil)
        }
    }

    @Test func expectedStatusesAreANumberOrASet() {
        #expect(check(["expect": 204]).spec?.expect == StatusSet("204"))
        #expect(check(["expect": "200,204"]).spec?.expect == StatusSet("200,204"))
        #expect(check(["expect": 99]).spec == nil)
        #expect(check(["expect": 600]).spec == nil)
        #expect(check(["expect": "2xx"]).spec == nil)
        #expect(check(["expect": "200 - 399"]).issues.first?.suggestion == "200-399")
        #expect(check(["expect": [200, 204]]).spec == nil)
    }

    @Test func pathIsVisibleASCIIFromTheRoot() {
        #expect(check(["path": "/health?full=1"]).spec?.path == "/health?full=1")
        #expect(check(["path": "healthz"]).issues.first?.suggestion == "/healthz")
        #expect(check(["path": "http://a/healthz"]).issues.first?.suggestion == nil)
        for path in ["", "/a b", "/ä", "/a\r\nX: y", "/a\u{7F}", "/a#b"] {
            #expect(check(["path": Tree(.string(path))]).spec == nil)
        }
        let longest = "/" + String(repeating: "a", count: 1023)
        #expect(check(["path": Tree(.string(longest))]).spec != nil)
        #expect(check(["path": Tree(.string(longest + "a"))]).spec == nil)
    }

    @Test func unknownAlgorithmNamesThoseOfThisBuild() {
        let issue = pool(["algorithm": "magic"]).issues.first
        #expect(issue?.message.contains("round_robin") == true)
        #expect(pool(["algorithm": "Round-Robin"]).issues.first?.suggestion == "round_robin")
    }
}
