import Foundation
import Testing

/// The guides: each of their lines, typed into a shell in the order of the page.
@Suite struct GuideTests {
    let bed = TestBed()

    private func lbd(_ backends: [RawBackend], labels: String = "") throws -> LBD {
        try bed.lbd(
            yaml: """
                health_check: {interval: 30s, timeout: 30s}
                backends:
                  web-1: {url: "\(backends[0].url)"\(labels)}
                  web-2: {url: "\(backends[1].url)"\(labels)}
                """
        )
    }

    private func check(_ guide: Guide, _ outcome: Guide.Outcome) {
        #expect(outcome.codes.count == guide.lines.count, "\(outcome.result)")
        for (line, code) in zip(guide.lines, outcome.codes) {
            #expect(code == line.exitCode, "\(line.text)\n\(outcome.result.errors)")
        }
    }

    @Test func everyLineOfTheGuideToTheAPIWorks() throws {
        let backends = try (1...4).map { try bed.rawBackend(answering: "\($0)") }
        let lbd = try lbd(backends)
        let guide = try Guide("docs/ADMIN.md") { !$0.hasPrefix("A=") }
        #expect(guide.lines.count > 40)
        let outcome = try guide.type(after: "A=\(lbd.admin)", backends: backends, in: bed)
        check(guide, outcome)
        // Lines without -f are those that shall be refused: each is answered with a problem.
        let refused = guide.lines.filter { $0.text.hasPrefix("curl -sS -X") }.count
        let output = outcome.result.output
        #expect(output.components(separatedBy: "\"status\": 409").count - 1 == 1, "\(outcome.result)")
        #expect(output.components(separatedBy: "\"status\": 412").count - 1 == 2)
        #expect(refused == 3)
    }

    @Test func everyLineOfTheGuideToLbctlWorks() throws {
        let backends = try (1...4).map { try bed.rawBackend(answering: "\($0)") }
        let lbd = try lbd(backends, labels: ", labels: {color: blue}")
        let guide = try Guide("docs/LBCTL.md")
        #expect(guide.lines.count > 80)
        let directory = URL(fileURLWithPath: Programs.lbctl).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let outcome = try guide.type(
            after: "export LBCTL_ADDR=\(lbd.admin)",
            backends: backends,
            environment: ["PATH": "\(directory):\(path)", "HOME": bed.directory, "XDG_CONFIG_HOME": ""],
            in: bed
        )
        check(guide, outcome)
        #expect(try lbd.backends().keys.sorted() == ["web-1", "web-3", "web-4"])
    }
}
