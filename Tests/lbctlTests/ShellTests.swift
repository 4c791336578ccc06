import Foundation
import Glibc
import Testing

@testable import lbctl

/// What shells complete, and how `man` renders the manual: the real ones of this machine.
@Suite struct ShellTests {
    private static let directory = URL(fileURLWithPath: ProcessTests.binary).deletingLastPathComponent().path

    private static let list = json(
        "200 OK",
        "{\"backends\":{\"web-1\":{\"url\":\"http://h:1\"},\"web-2\":{\"url\":\"http://h:2\"},\"10.0.0.1:80\":{\"url\":\"u\"}}}"
    )

    private func words(_ line: String) -> [String] {
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        words.insert(contentsOf: ["completion", "words", "--"], at: 0)
        let outcome = lbctl(words, environment: ["LBCTL_TIMEOUT": "30s"])
        return outcome.out.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    @Test func commandsFlagsAndValuesAreCompleted() {
        #expect(words("re") == ["ready", "remove"])
        #expect(words("").count == Command.all.count)
        #expect(words("list --ph") == ["--phase"])
        #expect(words("list --phase un") == ["unhealthy"])
        #expect(words("list --phase=un") == ["--phase=unhealthy"])
        #expect(words("-o nd") == ["ndjson"])
        #expect(words("apply -f ") == [":files"])
        #expect(words("operation ca") == ["cancel"])
        #expect(words("set web-1 health_check.r") == ["health_check.rise="])
        #expect(words("set web-1 state=m") == ["state=maint"])
        #expect(words("set pool p algorithm=peak") == ["algorithm=peak_ewma"])
        #expect(words("list --fields name,status.ph") == ["name,status.phase"])
        #expect(words("explain health_check.ri") == ["health_check.rise"])
        #expect(words("help dr") == ["drain"])
        #expect(words("completion ") == ["bash", "zsh", "fish", "words"])
        #expect(words("frobnicate ") == [])
    }

    @Test func namesComeFromTheServerThatTheLineNames() {
        let server = FakeServer([Self.list, Self.list])
        defer { server.stop() }
        let there = words("drain --addr \(server.address) web")
        #expect(there == ["web-1", "web-2"])
        let others = words("remove --addr=\(server.address) web-1 web")
        #expect(others == ["web-2"])
        #expect(server.lines == ["GET /v1/backends", "GET /v1/backends"])
        // Without a server there is nothing to offer, and no word about it.
        #expect(words("drain --addr 127.0.0.1:1 web") == [])
    }

    @Test func everyFlagWithAKnownValueOffersIt() {
        for command in Command.all {
            for flag in command.flags + Flag.global {
                guard case .words(let expected) = flag.kind, flag.standing == nil else { continue }
                #expect(words("\(command.name) --\(flag.name) ") == expected, "\(command.name) --\(flag.name)")
            }
        }
    }

    private func environment(_ server: FakeServer) -> [String: String] {
        [
            "LBCTL_ADDR": server.address, "PATH": "\(Self.directory):/usr/local/bin:/usr/bin:/bin", "PS1": "$ ",
            "HOME": NSTemporaryDirectory(), "LC_ALL": "C.UTF-8", "LBCTL_TIMEOUT": "30s",
        ]
    }

    @Test func bashCompletesWordsNamesAndWhatFollowsAColon() throws {
        let server = FakeServer(Array(repeating: Self.list, count: 8))
        defer { server.stop() }
        let ended = try PseudoTerminal.run(
            ["bash", "--norc", "--noprofile", "-i"],
            environment: environment(server),
            [
                .type("source <(lbctl completion bash); PS1='go''> '\r"), .expect("go> "),
                .type("echo lbctl; lbctl remo\t"), .expect("lbctl remove "), .type("web-\t\t"), .expect("web-1 +web-2"),
                .type("\u{15}lbctl drain 10.0.0.1:\t"), .expect("10.0.0.1:80 "), .type("--no-w\t"),
                .expect("--no-wait "),
                .type("\u{15}exit 7\r"),
            ]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(ended.code == 7)
    }

    /// Installed by `scripts/deps.sh`, where that can be done.
    private static func has(_ program: String) -> Bool {
        ["/usr/local/bin", "/usr/bin", "/bin"].contains { access("\($0)/\(program)", X_OK) == 0 }
    }

    @Test(.enabled(if: has("zsh"), "there is no zsh here"))
    func zshCompletesWordsNamesAndDescribesThem() throws {
        let server = FakeServer(Array(repeating: Self.list, count: 8))
        defer { server.stop() }
        let ended = try PseudoTerminal.run(
            ["zsh", "-f", "-i"],
            environment: environment(server),
            [
                .type(
                    "autoload -U compinit && compinit -u -D && source <(lbctl completion zsh); PS1='go''> '\r"
                ),
                .expect("go> "), .type("lbctl remo\t"), .expect("lbctl remo[^a-z]*ve"), .type("10\t"),
                .expect("0.0.1:80|10.0.0.1:80"),
                .type("\u{15}lbctl drain web-\t"), .expect("web-1 +-- http://h:1"),
                .type("\u{15}exit 7\r"),
            ]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(ended.code == 7)
    }

    @Test(.enabled(if: has("fish"), "there is no fish here"))
    func fishCompletesWordsNamesAndDescribesThem() throws {
        let server = FakeServer(Array(repeating: Self.list, count: 8))
        defer { server.stop() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "fish", "--no-config", "-c",
            "lbctl completion fish | source; for line in 'lbctl remo' 'lbctl drain web' 'lbctl list --pha' 'lbctl set x state='; "
                + "complete -C \"$line\"; end",
        ]
        process.environment = environment(server)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = said.split(separator: "\n").map(String.init)
        #expect(lines.first == "remove\tremove backends; requests in flight finish", "\(said)")
        #expect(lines.contains("web-1\thttp://h:1"))
        #expect(lines.contains { $0.hasPrefix("--phase\t") })
        #expect(lines.contains { $0.hasPrefix("state=drain") })
    }

    @Test(.enabled(if: has("man"), "there is no man here"))
    func everyManualPageIsRenderedWithoutAWarning() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("lbctl-man-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(lbctl(["man", "--out", directory]).code == 0)
        let pages = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(pages.count == Command.all.count + 1)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "for page in *.1; do man --warnings -E UTF-8 -l -Tutf8 \"$page\" | cat; done"]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "TERM": "dumb"]
        let out = Pipe()
        let err = Pipe()
        process.standardOutput = out
        process.standardError = err
        try process.run()
        let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let warnings = String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(warnings == "")
        // Lines are filled with spaces to their full length.
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for command in Command.all {
            #expect(words.contains("lbctl-\(command.name) - \(command.summary.prefix(20))"), "\(command.name)")
        }
        #expect(text.contains("lbctl add http://10.0.0.3:8080"))
    }
}
