import Foundation
import Testing

/// `docs/ADMIN.md`: each of its lines, typed into a shell in the order of the guide.
@Suite struct AdminGuideTests {
    let bed = TestBed()

    @Test func everyLineOfTheGuideWorks() throws {
        let backends = try (1...4).map { try bed.rawBackend(answering: "\($0)") }
        let lbd = try bed.lbd(
            yaml: """
                health_check: {interval: 200ms, timeout: 200ms}
                backends: {web-1: "\(backends[0].url)", web-2: "\(backends[1].url)"}
                """
        )
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let guide = try String(contentsOf: root.appendingPathComponent("docs/ADMIN.md"), encoding: .utf8)
        let lines = Self.lines(of: guide).filter { !$0.hasPrefix("A=") }
        #expect(lines.count > 40)
        // One shell for all of them, so that what one line sets the next one has.
        var script = "set -u\ncd '\(bed.directory)'\nA=\(lbd.admin)\n"
        for line in lines {
            var typed = line
            for (number, backend) in backends.enumerated() {
                typed = typed.replacing("10.0.0.\(number + 1):8080", with: backend.url.dropFirst("http://".count))
            }
            script += "echo '>>> line'\n\(typed)\necho \">>> exit $?\"\n"
        }
        let file = try bed.write(script, to: "guide.sh")
        let result = try bed.run("bash", [file])
        // Fields end with CR LF, which is one Character here.
        let outcomes = result.output.replacing("\r\n", with: "\n").split(separator: "\n").filter {
            $0.hasPrefix(">>> exit")
        }
        #expect(outcomes.count == lines.count)
        for (line, outcome) in zip(lines, outcomes) {
            #expect(outcome == ">>> exit 0", "\(line)")
        }
        // Lines without -f are those that shall be refused: each is answered with a problem.
        let refused = lines.filter { $0.hasPrefix("curl -sS -X") }.count
        #expect(result.output.components(separatedBy: "\"status\": 409").count - 1 == 1, "\(result)")
        #expect(result.output.components(separatedBy: "\"status\": 412").count - 1 == 2)
        #expect(refused == 3)
    }

    /// What stands between ```sh and ```, a command a line.
    private static func lines(of guide: String) -> [String] {
        var lines: [String] = []
        var isShell = false
        for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isShell = line == "```sh"
            } else if isShell, !line.isEmpty {
                lines.append(String(line))
            }
        }
        return lines
    }
}
