import Foundation
import Testing

/// What `lbd` says about a file before it serves it.
@Suite struct ConfigurationFileTests {
    let bed = TestBed()

    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let yaml: String
        let line: Int
        /// All of them are in the message.
        let words: [String]
    }

    static let mistakes = [
        Mistake(
            testDescription: "key of a backend",
            yaml: """
                backends:
                  web-1:
                    url: "http://127.0.0.1:8080"
                    wieght: 2
                """,
            line: 4,
            words: ["wieght", "did you mean", "weight"]
        ),
        Mistake(
            testDescription: "key at the top",
            yaml: """
                workers: 2
                bakends: ["http://127.0.0.1:8080"]
                """,
            line: 2,
            words: ["bakends", "did you mean", "backends"]
        ),
        Mistake(
            testDescription: "URL",
            yaml: """
                backends:
                  - "http://127.0.0.1:8080"
                  - "htp://127.0.0.1:8081"
                """,
            line: 3,
            words: ["htp", "http://127.0.0.1:8081"]
        ),
        Mistake(
            testDescription: "duration without a unit",
            yaml: """
                health_check:
                  interval: 10
                backends: ["http://127.0.0.1:8080"]
                """,
            line: 2,
            words: ["interval", "10s"]
        ),
        Mistake(
            testDescription: "no YAML",
            yaml: """
                backends:
                \t- "http://127.0.0.1:8080"
                """,
            line: 2,
            words: ["tab"]
        ),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWithItsLineAndASuggestion(_ mistake: Mistake) throws {
        let file = try bed.write(mistake.yaml, to: "lb.yaml")
        let started = try bed.run(
            Programs.lbd,
            ["--config", file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", bed.path("state")]
        )
        let checked = try bed.run(Programs.lbd, ["--check", "--config", file])
        for result in [started, checked] {
            #expect(result.exitCode == 1, "\(result)")
            #expect(result.errors.contains("lb.yaml:\(mistake.line):"), "\(result)")
            for word in mistake.words { #expect(result.errors.contains(word), "\(word): \(result)") }
            #expect(result.output.isEmpty)
        }
    }

    @Test func checkReportsEveryMistakeAtOnce() throws {
        let file = try bed.write(
            "worker: 2\nbackends:\n  - \"127.0.0.1:8080\"\nadmin: \"0.0.0.0:9900\"\n",
            to: "lb.yaml"
        )
        let result = try bed.run(Programs.lbd, ["--check", "--config", file])
        #expect(result.exitCode == 1)
        for line in [1, 3, 4] { #expect(result.errors.contains("lb.yaml:\(line):"), "\(result)") }
    }

    @Test func checkOfAGoodFileEndsWithExitCode0() throws {
        let file = try bed.write(
            """
            listeners: ["127.0.0.1:8000"]
            pools:
              default:
                algorithm: round_robin
                health_check: {path: /, interval: 5s, timeout: 2s, rise: 1, fall: 2, expect: "200"}
            backends:
              web-1: {url: "http://127.0.0.1:8080", weight: 1, pool: default}
              web-2: "http://127.0.0.1:8081"
            """,
            to: "lb.yaml"
        )
        let result = try bed.run(Programs.lbd, ["--check", "--config", file])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.output.contains("ok"))
        #expect(result.output.contains("2 backends"))
        #expect(result.errors.isEmpty)
    }

    @Test func missingFileIsNamed() throws {
        let file = bed.path("nowhere.yaml")
        let result = try bed.run(Programs.lbd, ["--config", file])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains(file))
    }
}
