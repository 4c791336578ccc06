import Model
import Testing

@testable import lbd

@Suite struct ArgumentsTests {
    private func run(_ words: String...) -> Arguments? {
        if case .run(let arguments) = Arguments.read(words) { return arguments }
        return nil
    }

    private func refusal(_ words: String...) -> String? {
        if case .refused(let message) = Arguments.read(words) { return message }
        return nil
    }

    @Test func everyFlagIsReadInBothForms() throws {
        let apart = run(
            "--config",
            "lb.yaml",
            "--check",
            "--listen",
            ":8080",
            "--admin",
            "127.0.0.1:9901",
            "--workers",
            "4",
            "--io",
            "epoll",
            "--state",
            "/s",
            "--access-log",
            "off"
        )
        let joined = run(
            "--config=lb.yaml",
            "--check",
            "--listen=:8080",
            "--admin=127.0.0.1:9901",
            "--workers=4",
            "--io=epoll",
            "--state=/s",
            "--access-log=off"
        )
        let arguments = try #require(apart)
        #expect(arguments == joined)
        #expect(arguments.config == "lb.yaml")
        #expect(arguments.isCheck && !arguments.isDemo)
        #expect(arguments.listen == [.anywhere(port: 8080)])
        #expect(arguments.admin == .loopback(port: 9901))
        #expect(arguments.workers == .some(4))
        #expect(arguments.io == .epoll)
        #expect(arguments.state == "/s")
        #expect(arguments.accessLog == .off)
    }

    @Test func listenAndBackendRepeat() throws {
        let arguments = run(
            "--backend",
            "http://127.0.0.1:8080",
            "--backend=http://127.0.0.1:8081",
            "--listen",
            ":1",
            "--listen",
            ":2"
        )
        #expect(arguments?.backends.map(\.description) == ["http://127.0.0.1:8080", "http://127.0.0.1:8081"])
        #expect(arguments?.listen == [.anywhere(port: 1), .anywhere(port: 2)])
    }

    @Test func otherFlagsDoNotRepeat() {
        #expect(refusal("--demo", "--workers", "1", "--workers", "2") == "--workers is given twice")
        #expect(refusal("--demo", "--demo") == "--demo is given twice")
        #expect(refusal("--backend", "http://a", "--backend", "http://A:80/")?.contains("given twice") == true)
    }

    @Test func helpAndVersionWinOverEverythingAfterThem() {
        #expect(Arguments.read(["--help", "--nonsense"]) == .help)
        #expect(Arguments.read(["-h"]) == .help)
        #expect(Arguments.read(["--version"]) == .version)
    }

    @Test func unknownFlagGetsASuggestion() {
        #expect(refusal("--confg", "x") == "unknown flag --confg: did you mean --config?")
        #expect(refusal("--lsiten=:80") == "unknown flag --lsiten: did you mean --listen?")
        #expect(refusal("--verison") == "unknown flag --verison: did you mean --version?")
        #expect(refusal("--zebra") == "unknown flag --zebra; see lbd --help")
    }

    @Test func wordThatStandsAloneIsRefusedWithWhatWasMeant() {
        #expect(refusal("lb.yaml")?.contains("lbd --config lb.yaml") == true)
        #expect(refusal("http://a")?.contains("lbd --backend http://a") == true)
        #expect(refusal("start") != nil)
        #expect(refusal("--demo", "") != nil)
    }

    @Test func nothingToServeNamesTheThreeWays() {
        for words in [[], ["--listen", ":80"], ["--workers=2"]] {
            guard case .refused(let message) = Arguments.read(words) else {
                Issue.record("\(words) was taken")
                continue
            }
            for way in ["lbd --demo", "lbd --backend http://", "lbd --config lb.yaml"] {
                #expect(message.contains(way))
            }
        }
        #expect(refusal("--check")?.contains("--config") == true)
    }

    @Test func backendsComeFromOnePlaceOnly() {
        #expect(refusal("--demo", "--config", "a") != nil)
        #expect(refusal("--demo", "--backend", "http://a") != nil)
        #expect(refusal("--config", "a", "--backend", "http://a") != nil)
    }

    @Test func missingValueIsRefused() {
        for flag in ["--config", "--listen", "--admin", "--backend", "--workers", "--io", "--state", "--access-log"] {
            #expect(refusal(flag)?.hasPrefix("\(flag) needs a value: \(flag) ") == true)
            #expect(refusal(flag, "--demo")?.hasPrefix("\(flag) needs a value") == true)
            #expect(refusal("\(flag)=")?.hasPrefix("\(flag) needs a value") == true)
        }
        #expect(refusal("--demo=yes") == "--demo takes no value")
    }

    @Test(arguments: [
        ("--workers", "0"), ("--workers", "65"), ("--workers", "many"), ("--io", "uring"), ("--io", "kqueue"),
        ("--listen", "80"), ("--listen", "example.com:80"), ("--admin", "9900"), ("--admin-host", "lb:9900"),
        ("--backend", "127.0.0.1:8080"), ("--backend", "https://a"),
    ])
    func wrongValueIsRefusedWithTheFlagAndTheValue(flag: String, value: String) {
        #expect(refusal("--demo", flag, value)?.hasPrefix("\(flag) \(value): ") == true)
    }

    @Test func wrongValuesSuggestTheWholeFlag() {
        #expect(refusal("--listen", "80")?.hasSuffix("try: --listen :80") == true)
        #expect(refusal("--backend", "127.0.0.1:8080")?.hasSuffix("try: --backend http://127.0.0.1:8080") == true)
    }

    @Test func flagsBeatTheFileAndLeaveTheRest() throws {
        var config = Config()
        config.process.workers = 3
        config.process.stateDirectory = "/file"
        config.process.accessLog = .off
        let before = config
        try #require(run("--config", "x")).apply(to: &config)
        #expect(config == before)
        try #require(
            run("--config", "x", "--workers", "auto", "--state", "/flag", "--access-log", "/log", "--listen", ":1")
        ).apply(to: &config)
        #expect(config.process.workers == nil)
        #expect(config.process.stateDirectory == "/flag")
        #expect(config.process.accessLog == .path("/log"))
        #expect(config.process.listeners == [.anywhere(port: 1)])
        #expect(config.process.admin == before.process.admin)
    }

    @Test func helpNamesEveryFlagAndFitsATerminal() {
        for flag in [
            "--config", "--check", "--listen", "--admin", "--backend", "--workers", "--io", "--state", "--access-log",
            "--demo", "--version", "--help",
        ] { #expect(Arguments.help.contains(flag)) }
        for line in Arguments.help.split(separator: "\n") { #expect(line.count <= 120) }
    }
}
