import Foundation
import Testing

@testable import lbctl

@Suite struct HelpTests {
    @Test func overviewNamesEveryCommandAndEveryFlagOfAll() {
        let outcome = lbctl("help")
        #expect(outcome.code == 0)
        #expect(outcome.err == "")
        for command in Command.all { #expect(outcome.out.contains("\n  \(command.name) "), "\(command.name)") }
        for flag in Flag.global { #expect(outcome.out.contains("  \(flag.synopsis)  "), "\(flag.name)") }
        #expect(
            outcome.out.hasPrefix(
                "lbctl looks at the backends of a running lbd, and changes them.\n\nusage: lbctl COMMAND"
            )
        )
    }

    @Test func ofHistory() {
        #expect(
            lbctl("help history").out == """
                history: the revisions: when, by whom, what and why

                usage: lbctl history [FLAG...]

                The newest first. lbctl rollback N goes back to one; nothing is lost by that.

                FLAGS
                  --limit N  that many of them, 20 unless said

                FIELDS
                  revision, at, actor, actor.*, reason, summary

                EXAMPLES
                  lbctl history
                  lbctl history -o ndjson --fields revision,actor

                The flags of all commands: lbctl help. With -o json, standard output is the
                API's answer as it came, also when it is an error.

                """
        )
    }

    @Test func exitCodesAreTheStableOnes() {
        let text = lbctl("help exit-codes").out
        for line in [
            "    0  done", "    2  usage error", "    3  timed out waiting", "    4  authentication",
            "    5  not found", "    6  conflict", "    7  input refused", "    8  finished, but requests were cut",
            "   10  cannot reach", "   11  the server failed", "   12  what was waited for", "  130  interrupted",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func everyTopicFitsInEightyColumnsAndIsASCII() {
        for topic in Command.all.map(\.name) + [HelpCommand.exitCodes, HelpCommand.environment, ""] {
            let outcome = lbctl("help " + topic)
            #expect(outcome.code == 0)
            for line in outcome.out.split(separator: "\n", omittingEmptySubsequences: false) {
                #expect(line.count <= 80, "\(line)")
                #expect(line.utf8.allSatisfy { $0 < 0x80 }, "\(line)")
            }
        }
    }

    /// What bash makes of a line: the words that `lbctl` would get, once for each time it is called.
    private func calls(in line: String) throws -> [[String]] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("lbctl-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        // Everything else of the line (jq, man, a pager's call) is there in name only.
        let stubs =
            "lbctl() { printf '%s\\0' \"$@\" >>calls; printf '\\1\\0' >>calls; }; command_not_found_handle() { :; }; "
        process.arguments = ["-c", stubs + "jq() { cat; }; man() { cat; }; source() { :; }; " + line]
        process.currentDirectoryURL = directory
        process.environment = ["HOME": directory.path, "PATH": "/usr/bin:/bin"]
        process.standardOutput = Pipe()
        process.standardError = Pipe()
        try process.run()
        process.waitUntilExit()
        let bytes = try Data(contentsOf: directory.appendingPathComponent("calls"))
        let words = String(decoding: bytes, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)
        return words.split(separator: "\u{1}").map { $0.map(String.init) }.filter { $0 != [""] }
    }

    @Test func everyExampleIsUnderstood() throws {
        for command in Command.all {
            #expect(!command.examples.isEmpty, "\(command.name)")
            for example in command.examples {
                let calls = try calls(in: example.line.replacing("~/.config/fish/completions/", with: ""))
                #expect(!calls.isEmpty, "\(example.line)")
                let names = try calls.map { try Invocation($0).command.name }
                #expect(names.contains(command.name), "\(example.line)")
            }
        }
    }

    @Test func helpFlagAndHelpCommandSayTheSame() {
        for command in Command.all where command.name != "help" {
            #expect(lbctl("\(command.name) --help").out == lbctl("help \(command.name)").out)
            for alias in command.aliases { #expect(lbctl("help \(alias)").out == lbctl("help \(command.name)").out) }
        }
    }
}
