import Model
import Testing

@Suite struct SpecReaderConfigTests {
    private static let one: Tree = ["http://127.0.0.1:8080"]

    // MARK: - Who is believed

    @Test func peersAreTrustedByNetworkOrOnUnixSockets() throws {
        let found = Findings(["backends": Self.one, "trusted_proxies": ["10.0.0.0/8", "unix", "::1"]])
        let trusted = try #require(found.config).process.trustedProxies
        #expect(
            trusted
                == TrustedProxies(
                    [try #require(Network("10.0.0.0/8")), try #require(Network("::1"))],
                    includesUnix: true
                )
        )
        let broken = Findings(["backends": Self.one, "trusted_proxies": ["Unix"]])
        #expect(broken.error("/trusted_proxies/0")?.message.contains("unix for peers on unix sockets") == true)
    }

    /// Each listener that waits for a PROXY header has somebody who may send one.
    @Test(arguments: [
        ([":80"], ["10.0.0.0/8"], true), ([":80"], ["unix"], false), (["unix:/run/a"], ["unix"], true),
        (["unix:/run/a"], ["10.0.0.0/8"], false),
        ([":80", "unix:/run/a"], ["10.0.0.0/8"], false), ([":80", "unix:/run/a"], ["10.0.0.0/8", "unix"], true),
        ([":80"], [], false),
    ])
    func proxyProtocolNeedsATrustedPeer(_ listeners: [String], _ trusted: [String], _ isGood: Bool) throws {
        let announced: [Tree] = listeners.map { ["address": Tree(.string($0)), "proxy_protocol": true] }
        let found = Findings([
            "backends": Self.one,
            "trusted_proxies": Tree(.sequence(trusted.map { ConfigNode(.string($0)) })),
            "listeners": Tree(.sequence(announced.map(\.node))),
        ])
        #expect(found.errors.isEmpty == isGood)
        #expect(isGood || found.error("/listeners")?.message.contains("trusted_proxies") == true)
    }

    // MARK: - Backends

    @Test func listOfURLsIsTheShortForm() throws {
        let found = Findings(["backends": ["http://127.0.0.1:8080", "http://127.0.0.1:8081"]])
        let config = try #require(found.config)
        #expect(config.desired.backends.map(\.name) == ["127.0.0.1:8080", "127.0.0.1:8081"])
        #expect(
            config.desired.backends.map(\.spec.url.description) == ["http://127.0.0.1:8080", "http://127.0.0.1:8081"]
        )
        #expect(config.process == ProcessSettings())
        #expect(found.warnings.isEmpty)
    }

    @Test func listMayMixURLsAndMappings() throws {
        let found = Findings(["backends": [["name": "a", "url": "http://a"], ["url": "http://b"], "http://c"]])
        #expect(found.config?.desired.backends.map(\.name) == ["a", "b:80", "c:80"])
    }

    @Test func nameIsAKeyInAListOnly() {
        #expect(Findings(["backends": [["nmae": "a", "url": "http://a"]]]).errors.first?.suggestion == "name")
        #expect(Findings(["backends": ["a": ["name": "b", "url": "http://a"]]]).error("/backends/a/name") != nil)
        let both = Findings(["backends": [["name": "a", "name": "b", "url": "http://a"]]])
        #expect(both.error("/backends/0/name")?.message == "is given twice")
    }

    @Test func mappingByNameMayMixURLsAndMappings() throws {
        let found = Findings(["backends": ["b": "http://b", "a": ["url": "http://a", "weight": 3]]])
        let backends = try #require(found.config).desired.backends
        #expect(backends.map(\.name) == ["b", "a"], "the order is that of the file")
        #expect(backends.map(\.spec.weight) == [1, 3])
    }

    @Test func sameBackendTwiceInAListIsOneError() {
        let found = Findings(["backends": ["http://a", "http://b", "http://a:80/"]])
        #expect(found.errors.map(\.pointer) == ["/backends/2"])
        #expect(found.errors.first?.message.hasPrefix("is the same backend as") == true)
    }

    @Test func equalDefaultNamesAreRefusedWithAWayOut() {
        let found = Findings(["backends": ["unix:/run/a/app.sock", "unix:/run/b/app.sock"]])
        #expect(found.errors.map(\.pointer) == ["/backends/1"])
        #expect(found.errors.first?.message.contains("\"app.sock\" is taken") == true)
        #expect(found.errors.first?.suggestion == "name: app.sock-2")
        let named = Findings([
            "backends": ["unix:/run/a/app.sock", ["name": "b", "url": "unix:/run/b/app.sock"]]
        ])
        #expect(named.config?.desired.backends.map(\.name) == ["app.sock", "b"])
    }

    @Test func urlThatCannotNameItsBackendAsksForAName() {
        let host = String(repeating: "a", count: 60) + ".example"
        let found = Findings(["backends": [Tree(.string("http://" + host))]])
        #expect(found.errors.map(\.pointer) == ["/backends/0"])
        #expect(found.errors.first?.message.contains("name it") == true)
    }

    @Test func sameURLTwiceInOnePoolIsRefusedAndInTwoPoolsIsNot() {
        let same = Findings(["backends": ["a": "http://h:1", "b": "http://h:1"]])
        #expect(same.errors.map(\.pointer) == ["/backends/b/url"])
        #expect(same.errors.first?.message.contains("\"a\"") == true)
        let apart = Findings([
            "pools": ["api": [:]], "backends": ["a": "http://h:1", "b": ["url": "http://h:1", "pool": "api"]],
        ])
        #expect(apart.config != nil)
    }

    @Test func undeclaredPoolIsRefusedWithASuggestion() {
        let found = Findings(["pools": ["api": [:]], "backends": ["a": ["url": "http://h", "pool": "apy"]]])
        #expect(found.error("/backends/a/pool")?.suggestion == "api")
        #expect(found.error("/backends/a/pool")?.got == "apy")
    }

    @Test func undeclaredPoolIsFoundEvenWhereTheURLIsWrong() {
        let found = Findings(["backends": [["url": "nope://", "pool": "api"]]])
        #expect(Set(found.errors.map(\.pointer)) == ["/backends/0/url", "/backends/0/pool"])
    }

    @Test func poolWithAMistakeIsDeclaredAllTheSame() {
        let found = Findings([
            "pools": ["api": ["algorithm": "x"]], "backends": ["a": ["url": "http://h", "pool": "api"]],
        ])
        #expect(found.errors.map(\.pointer) == ["/pools/api/algorithm"])
    }

    @Test func crossChecksOfAListPointIntoTheList() {
        let found = Findings(["backends": ["http://a", ["name": "b", "url": "http://b", "pool": "nope"]]])
        #expect(found.errors.map(\.pointer) == ["/backends/1/pool"])
    }

    @Test(arguments: ["", "a b", ".", "..", "a/b", "ä", String(repeating: "x", count: 65)])
    func wrongNameIsRefused(name: String) {
        let backend = Findings(["backends": Tree([name: "http://a"])])
        #expect(backend.config == nil)
        #expect(backend.errors.count == 1)
        #expect(Findings(["pools": Tree([name: [:]]), "backends": Self.one]).config == nil)
        #expect(Findings(["backends": [["name": Tree(.string(name)), "url": "http://a"]]]).errors.count == 1)
    }

    @Test func longestNameIsTaken() {
        let name = String(repeating: "x", count: 64)
        #expect(Findings(["backends": Tree([name: "http://a"])]).config != nil)
    }

    @Test func backendsOfAnotherKindAreRefused() {
        #expect(Findings(["backends": "http://a"]).errors.first?.suggestion == "[\"http://a\"]")
        #expect(Findings(["backends": 5]).config == nil)
        #expect(Findings(["backends": [["http://a"]]]).config == nil)
        #expect(Findings(["backends": ["a": nil]]).error("/backends/a/url")?.message == "is missing")
    }

    @Test func noBackendsAreAWarning() {
        for node: Tree in [nil, [:], ["backends": nil], ["backends": []], ["backends": [:]]] {
            let found = Findings(node)
            #expect(found.config?.desired == DesiredState())
            #expect(found.warnings.map(\.pointer) == ["/backends"])
        }
    }

    @Test func backendsThatAreAllWrongAreNotAlsoCalledNone() {
        #expect(Findings(["backends": ["ftp://a"]]).warnings.isEmpty)
    }

    @Test func moreBackendsThanFitAreRefused() {
        let urls = (0...DesiredState.backendsMax).map { ConfigNode(.string("http://h\($0):1")) }
        let found = Findings(["backends": Tree(.sequence(urls))])
        #expect(found.errors.map(\.pointer) == ["/backends"])
        #expect(Findings(["backends": Tree(.sequence(Array(urls.dropLast())))]).config != nil)
    }

    // MARK: - Pools

    @Test func healthCheckAtTheTopIsThatOfEveryPoolWithoutItsOwn() throws {
        let found = Findings([
            "health_check": ["interval": "10s"],
            "pools": ["api": [:], "raw": ["health_check": "off"]],
            "backends": Self.one,
        ])
        let desired = try #require(found.config).desired
        #expect(desired.pool("default")?.healthCheck?.interval == .seconds(10))
        #expect(desired.pool("api")?.healthCheck?.interval == .seconds(10))
        #expect(desired.pool("raw")?.healthCheck == nil)
    }

    @Test func healthCheckSwitchedOffAtTheTopIsOffForAll() {
        let found = Findings(["health_check": "off", "pools": ["api": [:]], "backends": Self.one])
        #expect(found.config?.desired.pool("default")?.healthCheck == nil)
        #expect(found.config?.desired.pool("api")?.healthCheck == nil)
    }

    @Test func poolThatNothingRoutesToIsAWarning() {
        let found = Findings(["pools": ["default": [:], "api": [:]], "backends": Self.one])
        #expect(found.config != nil)
        #expect(found.warnings.map(\.pointer) == ["/pools/api"])
    }

    @Test func morePoolsThanFitAreRefused() {
        // The pool "default" is one of them.
        let pools = (1...DesiredState.poolsMax).map { ConfigNode.Member(key: "p\($0)", node: ConfigNode(.mapping([]))) }
        #expect(Findings(["pools": Tree(.mapping(pools)), "backends": Self.one]).error("/pools") != nil)
        let fewer = Tree(.mapping(Array(pools.dropLast())))
        #expect(Findings(["pools": fewer, "backends": Self.one]).config != nil)
    }

    @Test func routesAreRefusedUntilThereAreAny() {
        #expect(Findings(["routes": ["a": "b"], "backends": Self.one]).error("/routes") != nil)
        #expect(Findings(["routes": [:], "backends": Self.one]).config != nil)
        #expect(Findings(["routes": nil, "backends": Self.one]).config != nil)
    }

    @Test func keysOfOtherProgramsAreUnderstoodWellEnoughToSuggestOurs() {
        #expect(Findings(["servers": []]).error("/servers")?.suggestion == "backends")
        #expect(Findings(["listen": ":80"]).error("/listen")?.suggestion == "listeners")
        #expect(Findings(["healthCheck": [:]]).error("/healthCheck")?.suggestion == "health_check")
    }

    @Test func documentThatIsNoMappingIsRefused() {
        #expect(Findings("hello").error("")?.message.contains("not a string") == true)
        #expect(Findings([]).config == nil)
    }

    @Test func mergeKeyIsRefusedInItsOwnWords() {
        #expect(Findings(["<<": [:], "backends": Self.one]).error("/<<")?.message.contains("merge keys") == true)
    }

    // MARK: - The process

    private func process(_ key: String, _ node: Tree) -> ProcessSettings? {
        Findings(Tree([key: node, "backends": Self.one])).config?.process
    }

    private func suggestion(_ key: String, _ node: Tree) -> String? {
        Findings(Tree([key: node])).errors.first?.suggestion
    }

    @Test func listenersAreMappingsOrAddresses() {
        let expected = [ListenAddress.anywhere(port: 8080), .loopback(port: 8081)]
        #expect(process("listeners", [":8080", "127.0.0.1:8081"])?.listeners == expected)
        #expect(process("listeners", [["address": ":8080"], "127.0.0.1:8081"])?.listeners == expected)
        #expect(process("listeners", ":8080")?.listeners == [.anywhere(port: 8080)])
    }

    @Test func wrongListenersAreRefused() {
        let wrong: [Tree] = [
            [], nil, [":80", ":80"], ["localhost"], ["http://a:80"], [[:]], [["address": ":80", "port": 80]], [80], 80,
            [["address": nil]], ["example.com:80"],
        ]
        for node in wrong { #expect(process("listeners", node) == nil, "\(node)") }
        #expect(suggestion("listeners", 8080) == "\":8080\"")
        #expect(suggestion("listeners", ["127.0.0.1"]) == "127.0.0.1:80")
    }

    @Test func portZeroMayBeGivenTwice() {
        #expect(process("listeners", ["127.0.0.1:0", "127.0.0.1:0"])?.listeners.count == 2)
    }

    @Test func adminListensOnLoopbackOrAUnixSocketOnly() throws {
        #expect(process("admin", ["address": "127.0.0.1:9901"])?.admin == .loopback(port: 9901))
        #expect(process("admin", "unix:/run/a.sock")?.admin == ListenAddress("unix:/run/a.sock"))
        #expect(process("admin", [:])?.admin == .loopback(port: 9900))
        for address: Tree in ["0.0.0.0:9900", "[::]:9900", ":9900", "10.0.0.1:9900"] {
            let issue = try #require(Findings(["admin": ["address": address]]).error("/admin/address"))
            #expect(issue.message.contains("open to the network"))
            #expect(issue.message.contains("ssh -L 9900:127.0.0.1:9900"))
        }
    }

    @Test func adminListensAnywhereWhereItHasTokens() throws {
        let settings = try #require(process("admin", ["address": "0.0.0.0:9900", "token_file": "/etc/lb/tokens"]))
        #expect(settings.admin == ListenAddress("0.0.0.0:9900"))
        #expect(settings.adminTokenFile == "/etc/lb/tokens")
        #expect(process("admin", ["token_file": "/etc/lb/tokens"])?.admin == .loopback(port: 9900))
        #expect(Findings(["admin": ["token_file": 5]]).error("/admin/token_file") != nil)
        #expect(Findings(["admin": ["tokens": "/etc/t"]]).error("/admin/tokens")?.suggestion == "token_file")
    }

    @Test func adminCannotBeSwitchedOff() {
        #expect(Findings(["admin": "off"]).error("/admin") != nil)
    }

    @Test func changesHaveToNameTheirVersionWhereTheFileSaysSo() {
        #expect(process("admin", ["require_if_match": true])?.adminRequiresIfMatch == true)
        #expect(process("admin", ["address": "127.0.0.1:9900"])?.adminRequiresIfMatch == false)
        #expect(Findings(["admin": ["require_if_match": 1]]).error("/admin/require_if_match") != nil)
    }

    @Test func adminAnswersToTheNamesItIsGiven() throws {
        #expect(process("admin", ["hosts": ["lb.example.com", "10.0.0.1", "::1"]])?.adminHosts.count == 3)
        #expect(Findings(["admin": ["hosts": ["lb.example.com:9900"]]]).error("/admin/hosts/0") != nil)
        #expect(Findings(["admin": ["hosts": ["http://lb"]]]).error("/admin/hosts/0") != nil)
        #expect(Findings(["admin": ["hosts": "lb.example.com"]]).error("/admin/hosts") != nil)
    }

    @Test func workersAreAutoOrACount() {
        #expect(process("workers", "auto")?.workers == .some(nil))
        #expect(process("workers", 1)?.workers == 1)
        #expect(process("workers", 64)?.workers == 64)
        for node: Tree in [0, 65, -1, "4", 1.5, nil, "all"] { #expect(process("workers", node) == nil) }
    }

    @Test func engineIsAutoOrOneByName() {
        #expect(process("io", "epoll")?.io == .epoll)
        #expect(process("io", "io_uring")?.io == .ioUring)
        #expect(process("io", "auto")?.io == .auto)
        #expect(Findings(["io": "uring"]).error("/io")?.message == "must be one of auto, io_uring, epoll")
        #expect(suggestion("io", "epol") == "epoll")
    }

    @Test func stateIsAPathThatNoShellHasToExpand() {
        #expect(process("state", "/var/lib/lb")?.stateDirectory == "/var/lib/lb")
        #expect(process("state", "state")?.stateDirectory == "state")
        for node: Tree in ["", "~/lb", "$HOME/lb", "/a\0b", 5, nil] { #expect(process("state", node) == nil) }
    }

    @Test func accessLogIsOffOrAPathOrAMapping() {
        #expect(process("access_log", "off")?.accessLog == .off)
        #expect(process("access_log", false)?.accessLog == .off)
        #expect(process("access_log", "/var/log/lb")?.accessLog == .path("/var/log/lb"))
        #expect(process("access_log", ["path": "a.log", "format": "text"])?.accessLog == .path("a.log"))
        #expect(process("access_log", ["format": "text"])?.accessLog == .path("stdout"))
        let wrong: [Tree] = ["on", true, nil, "-", "stderr", ["path": "off"], ["format": "xml"], 5]
        for node in wrong { #expect(process("access_log", node) == nil, "\(node)") }
    }

    @Test func accessLogFormatIsTextOrJSON() {
        #expect(process("access_log", "a.log")?.accessLogFormat == .text)
        #expect(process("access_log", ["path": "a.log", "format": "text"])?.accessLogFormat == .text)
        #expect(process("access_log", ["path": "a.log", "format": "json"])?.accessLogFormat == .json)
        #expect(Findings(["access_log": ["format": "jsno"]]).error("/access_log/format")?.suggestion == "json")
    }

    @Test func limitsAreRead() throws {
        let limits = try #require(
            process(
                "limits",
                [
                    "request_line_bytes_max": 8192, "head_bytes_max": "32KiB", "fields_max": 64,
                    "body_bytes_max": "10MiB", "connections_max": 1000, "queue_max": 16,
                ]
            )
        ).limits
        #expect(limits.requestLineBytesMax == 8192)
        #expect(limits.headBytesMax == 32 * 1024)
        #expect(limits.fieldsMax == 64)
        #expect(limits.bodyBytesMax == 10 * 1024 * 1024)
        #expect(limits.connectionsMax == 1000)
        #expect(limits.queueMax == 16)
        #expect(process("limits", ["body_bytes_max": "off", "connections_max": "auto"])?.limits == Limits())
    }

    @Test func sizesThatAreNoneAreRefused() {
        #expect(suggestion("limits", ["head_bytes_max": "32k"]) == "32KiB")
        #expect(suggestion("limits", ["head_bytes_max": "32 KB"]) == "32KiB")
        let wrong: [Tree] = ["big", -1, 1023, 65_537, "65KiB", "99999999999999999999KiB", true, "32kiB", 1.5, "4096"]
        for node in wrong { #expect(process("limits", ["head_bytes_max": node]) == nil, "\(node)") }
        #expect(process("limits", ["head_bytes_max": 1024])?.limits.requestLineBytesMax == 1024)
        #expect(process("limits", ["head_bytes_max": 1024, "request_line_bytes_max": 1025]) == nil)
    }

    @Test func limitsDoNotExceedWhatTheDataPlaneHolds() {
        #expect(process("limits", ["head_bytes_max": "64KiB", "request_line_bytes_max": "64KiB"]) != nil)
        #expect(process("limits", ["request_line_bytes_max": 65_537]) == nil)
        for (count, isTaken) in [(7, false), (8, true), (128, true), (129, false)] {
            #expect((process("limits", ["fields_max": Tree(.int(Int64(count)))]) != nil) == isTaken)
        }
        #expect(process("limits", ["queue_max": 0])?.limits.queueMax == 0)
    }

    @Test func everyTimeoutIsReadUnderItsName() throws {
        let names: [(String, KeyPath<Timeouts, TimeSpan>)] = [
            ("connect", \.connect), ("queue", \.queue), ("tunnel_idle", \.tunnelIdle), ("tunnel_end", \.tunnelEnd),
            ("client_head", \.clientHead), ("client_idle", \.clientIdle),
            ("client_stall", \.clientStall), ("response_first_byte", \.responseFirstByte),
            ("response_stall", \.responseStall), ("upstream_idle", \.upstreamIdle), ("stop", \.stop),
        ]
        for (name, path) in names {
            let timeouts = try #require(process("timeouts", Tree([name: "17s"]))).timeouts
            #expect(timeouts[keyPath: path] == .seconds(17))
            #expect(names.allSatisfy { $0.0 == name || timeouts[keyPath: $0.1] == Timeouts()[keyPath: $0.1] })
        }
        #expect(process("timeouts", ["stop": "0s"])?.timeouts.stop == .zero)
        #expect(process("timeouts", ["connect": "0s"]) == nil)
        #expect(process("timeouts", ["connect": "25h"]) == nil)
        #expect(process("timeouts", ["connect": 2]) == nil)
    }

    // MARK: - Lines

    @Test func issuesHaveTheLineOfTheirValueAndUnknownKeysTheirOwn() {
        let node = ConfigNode(
            .mapping([
                .init(key: "wurkers", keyLine: 1, node: ConfigNode(.int(1), line: 1)),
                .init(key: "workers", keyLine: 2, node: ConfigNode(.int(99), line: 3)),
                .init(
                    key: "backends",
                    keyLine: 4,
                    node: ConfigNode(
                        .mapping([
                            .init(
                                key: "a",
                                keyLine: 5,
                                node: ConfigNode(
                                    .mapping([.init(key: "pool", keyLine: 6, node: ConfigNode(.string("x"), line: 6))]),
                                    line: 6
                                )
                            )
                        ]),
                        line: 5
                    )
                ),
            ]),
            line: 1
        )
        let found = Findings(node: node)
        #expect(found.error("/wurkers")?.line == 1)
        #expect(found.error("/workers")?.line == 3)
        #expect(found.error("/backends/a/url")?.line == 5, "what is missing is missing from the backend")
        #expect(found.error("/backends/a/pool")?.line == 6)
    }

    @Test func crossChecksHaveLinesInAFile() {
        func entry(_ line: Int, _ name: String, _ pool: String) -> ConfigNode.Member {
            .init(
                key: name,
                keyLine: line,
                node: ConfigNode(
                    .mapping([
                        .init(key: "url", keyLine: line + 1, node: ConfigNode(.string("http://h:1"), line: line + 1)),
                        .init(key: "pool", keyLine: line + 2, node: ConfigNode(.string(pool), line: line + 2)),
                    ]),
                    line: line + 1
                )
            )
        }
        let backends = ConfigNode(
            .mapping([entry(2, "a", "default"), entry(5, "b", "default"), entry(8, "c", "d")]),
            line: 2
        )
        let found = Findings(node: ConfigNode(.mapping([.init(key: "backends", keyLine: 1, node: backends)]), line: 1))
        #expect(found.error("/backends/b/url")?.line == 6)
        #expect(found.error("/backends/c/pool")?.line == 10)
    }
}
