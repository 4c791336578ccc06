import Foundation

/// A page of `docs/` whose command lines are typed into a shell, in their order.
struct Guide {
    /// One command.
    struct Line {
        let text: String
        /// As `# exit N` at the end of the line says; 0 unless said.
        let exitCode: Int32
    }

    let lines: [Line]

    /// Takes what stands between ```` ```sh ```` and ```` ``` ````, a command a line.
    /// - Parameters:
    ///   - page: Its path in the repository.
    ///   - isTyped: False for lines that the preamble stands for.
    init(_ page: String, where isTyped: (Substring) -> Bool = { _ in true }) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
        var lines: [Line] = []
        var isShell = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isShell = line == "```sh"
            } else if isShell, !line.isEmpty, isTyped(line) {
                let parts = line.components(separatedBy: " # exit ")
                lines.append(Line(text: parts[0], exitCode: parts.count > 1 ? Int32(parts[1]) ?? -1 : 0))
            }
        }
        self.lines = lines
    }

    /// What came of all lines.
    struct Outcome {
        /// In the order of the lines; fewer when the shell did not come to the end.
        let codes: [Int32]
        let result: ChildProcess.Result
    }

    /// Types the lines into one shell, so that what one line sets the next one has.
    /// - Parameters:
    ///   - preamble: What was set before the guide begins.
    ///   - backends: Stand for the guide's `10.0.0.1:8080`, `10.0.0.2:8080` and so on.
    func type(
        after preamble: String,
        backends: [RawBackend],
        environment: [String: String] = [:],
        in bed: TestBed
    ) throws -> Outcome {
        var script = "set -u\ncd '\(bed.directory)'\n\(preamble)\n"
        for line in lines {
            var typed = line.text
            for (number, backend) in backends.enumerated() {
                typed = typed.replacing("10.0.0.\(number + 1):8080", with: backend.url.dropFirst("http://".count))
            }
            script += "echo '>>> line'\n\(typed)\necho \">>> exit $?\"\n"
        }
        let file = try bed.write(script, to: "guide.sh")
        let result = try bed.run("bash", [file], environment: environment, within: 4 * patience)
        // Fields end with CR LF, which is one Character here.
        let codes = result.output.replacing("\r\n", with: "\n").split(separator: "\n").filter {
            $0.hasPrefix(">>> exit")
        }
        return Outcome(codes: codes.map { Int32($0.dropFirst(">>> exit ".count)) ?? -1 }, result: result)
    }
}
