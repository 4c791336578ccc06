import Foundation
import Model
import Testing

@testable import lbd

@Suite struct ConfigFileTests {
    private func file(_ text: String) -> ConfigFile { ConfigFile(name: "lb.yaml", bytes: Array(text.utf8)) }

    @Test func goodFileHasNothingToReport() throws {
        let file = file("backends: [\"http://127.0.0.1:8080\", \"http://127.0.0.1:8081\"]\n")
        let config = try #require(file.config)
        #expect(file.report.isEmpty)
        #expect(
            ConfigFile.summary(of: config, name: "lb.yaml") == "lb.yaml: ok: 2 backends, 1 pool, listening on [::]:80\n"
        )
    }

    @Test func typoIsReportedWithLineKeyAndSuggestion() {
        let file = file(
            """
            listeners: [":8080"]
            backends:
              web-1:
                url: http://127.0.0.1:8080
                weigth: 3

            """
        )
        #expect(file.config == nil)
        #expect(
            file.report == """
                lb.yaml:5: backends.web-1.weigth: unknown key (did you mean "weight"?)
                    5 |     weigth: 3
                      |     ^^^^^^
                lb.yaml: 1 error

                """
        )
    }

    @Test func everyIssueIsReportedInTheOrderOfTheLines() {
        let file = file(
            """
            backends:
              web-1: {url: "http://127.0.0.1:8080", weight: 9999}
              web-2: {url: "127.0.0.1:8081", pool: defalt}
            pools:
              default: {health_check: {interval: 10}}
              api: {}
            workers: 100

            """
        )
        let heads = file.report.split(separator: "\n").filter { $0.hasPrefix("lb.yaml") }.joined(separator: "\n")
        #expect(
            heads == """
                lb.yaml:2: backends.web-1.weight: must be a whole number from 0 to 1000 (got 9999)
                lb.yaml:3: backends.web-2.url: is not a backend's URL: it has no scheme \
                (got "127.0.0.1:8081"; did you mean "http://127.0.0.1:8081"?)
                lb.yaml:3: backends.web-2.pool: no such pool; there is default, api \
                (got "defalt"; did you mean "default"?)
                lb.yaml:5: pools.default.health_check.interval: needs a unit (ms, s, m or h) \
                (got 10; did you mean "10s"?)
                lb.yaml:6: warning: pools.api: nothing routes to this pool yet: everything goes to "default"
                lb.yaml:7: workers: must be a whole number from 1 to 64 (got 100)
                lb.yaml: 5 errors, 1 warning
                """
        )
    }

    @Test func listItemsAreNamedByTheirPlace() {
        let report = file("backends:\n  - http://a\n  - {url: ftp://b}\n").report
        #expect(report.hasPrefix("lb.yaml:3: backends[1].url: "))
    }

    @Test func fileThatIsNoYAMLIsOneMessageWithItsPlace() {
        #expect(
            file("backends:\n\t- http://a\n").report == """
                lb.yaml:2:1: not valid YAML: found character that cannot start any token while scanning for the next token
                    2 |     - http://a
                      | ^
                hint: the line is indented with a tab; YAML takes spaces only

                """
        )
    }

    @Test func aThousandIssuesAreCountedAndNotAllShown() {
        let lines = (1...1000).map { "  - ftp://h\($0)\n" }.joined()
        let report = file("backends:\n" + lines).report
        #expect(report.hasSuffix("… and 950 more\nlb.yaml: 1000 errors\n"))
        #expect(report.utf8.count < 20_000)
    }

    @Test func terminalIsNotDrivenByWhatAFileHolds() {
        let report = file("\"\\e[2Jx\": 1\nbackends: [\"http://a\\r\\n\"]\n").report
        #expect(!report.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        #expect(report.contains("\\u{1b}[2Jx"))
    }

    @Test func veryLongLineIsCutInTheExcerpt() {
        let report = file("backends: [\"\(String(repeating: "x", count: 100_000))\"]\n").report
        #expect(report.utf8.count < 2_000)
    }

    @Test func unreadableFileNamesThePathAndTheReason() {
        let missing = ConfigFile(path: "/nonexistent/lb.yaml")
        #expect(missing.config == nil)
        #expect(missing.report == "/nonexistent/lb.yaml: cannot be read: No such file or directory\n")
        #expect(ConfigFile(path: "/").report == "/: cannot be read: Is a directory\n")
    }

    @Test func endlessFileIsReadNoFurtherThanTheLimit() {
        #expect(ConfigFile(path: "/dev/zero").report == "/dev/zero: is larger than 4 MiB\n")
    }

    @Test func exampleIsGoodAndSaysTheDefaults() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = ConfigFile(path: root.appendingPathComponent("examples/lb.yaml").path)
        #expect(file.report.isEmpty)
        let config = try #require(file.config)
        #expect(config.process == ProcessSettings(), "what the example spells out is the default")
        #expect(config.desired.pool("default") == PoolSpec())
        #expect(config.desired.backends.count == 3)
        #expect(Set(config.desired.backends.map(\.spec.weight)) == [1])
    }

    @Test func checkPrintsTheSummaryAndFlagsCount() throws {
        let path = NSTemporaryDirectory() + "lb-\(UUID()).yaml"
        try "backends: [\"http://a\"]\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let words = ["--check", "--config", path, "--listen", "127.0.0.1:8000"]
        guard case .run(let arguments) = Arguments.read(words), case .checked(let text) = Startup.read(arguments) else {
            Issue.record("not checked")
            return
        }
        #expect(text == "\(path): ok: 1 backend, 1 pool, listening on 127.0.0.1:8000\n")
    }

    @Test func checkOfABadFileFails() throws {
        let path = NSTemporaryDirectory() + "lb-\(UUID()).yaml"
        try "bakends: []\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard case .run(let arguments) = Arguments.read(["--check", "--config=\(path)"]),
            case .failed(let text) = Startup.read(arguments)
        else {
            Issue.record("not refused")
            return
        }
        #expect(text.hasPrefix("\(path):1: bakends: unknown key (did you mean \"backends\"?)\n"))
    }
}
