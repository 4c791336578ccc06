import Foundation
import Glibc
import Testing

/// The start: what it says, and what stops it.
@Suite struct StartTests {
    let bed = TestBed()

    @Test func startUpLogTellsWhatIsServedAndWhere() throws {
        let (backend, nobody) = (try bed.rawBackend(answering: "one"), try ReservedPort())
        let lbd = try bed.lbd(
            yaml: "backends: {good: \"\(backend.url)\", bad: \"http://127.0.0.1:\(nobody.number)\"}\n",
            until: .ready
        )
        #expect(lbd.log.contains("lbd: listening on \(lbd.url)\n"))
        #expect(lbd.log.contains("lbd: admin API on \(lbd.admin)\n"))
        #expect(lbd.log.contains("backend good at \(backend.url): healthy"), "\(lbd.log)")
        #expect(lbd.log.contains("backend bad at http://127.0.0.1:\(nobody.number): "), "\(lbd.log)")
    }

    @Test func backendFlagsNeedNoFile() throws {
        let (one, two) = (try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let lbd = try LBD(
            ["--backend", one.url, "--backend", two.url],
            state: bed.path("state"),
            until: .healthy,
            in: bed
        )
        #expect(try lbd.bodies(4) == ["one", "two", "one", "two"])
    }

    @Test func portAloneIsEveryAddressOfBothFamilies() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.spawn(
            Programs.lbd,
            [
                "--backend", backend.url, "--listen", ":0", "--admin", "127.0.0.1:0", "--state", bed.path("state"),
            ]
        )
        let port = try eventually("it listens", hint: lbd.errors) {
            lbd.errors.firstMatch(of: /listening on http:\/\/\S+:(\d+)\n/)?.1
        }
        #expect(try bed.curl("http://127.0.0.1:\(port)").output == "one")
        let addresses = (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)) ?? ""
        if addresses.contains("00000000000000000000000000000001") {
            #expect(try bed.curl("http://[::1]:\(port)").output == "one")
        }
    }

    @Test func unixSocketsServeClientsBackendsAndLbctl() throws {
        let backend = try bed.rawBackend(answering: "one")
        let (inner, admin) = ("unix:\(bed.directory)/inner", "unix:\(bed.directory)/admin")
        let behind = try bed.spawn(
            Programs.lbd,
            ["--backend", backend.url, "--listen", inner, "--admin", admin, "--state", bed.path("state")]
        )
        try eventually("it listens", hint: behind.errors) { behind.errors.contains("listening on \(inner)\n") }
        #expect(try bed.curl("--unix-socket", "\(bed.directory)/inner", "http://localhost").output == "one")
        let list = try bed.run(Programs.lbctl, ["list", "--addr", admin])
        #expect(list.exitCode == 0)
        #expect(list.output.contains(backend.url))

        let front = try LBD(["--backend", inner], state: bed.path("state"), until: .healthy, in: bed)
        let answer = try front.get("/through-both")
        #expect(answer.text == "one")
        let request = try #require(backend.requests.last)
        #expect(request.target == "/through-both")
        let via = request.lines("via").joined(separator: ", ")
        #expect(via.wholeMatch(of: /1\.1 lb-[0-9a-f]{16}, 1\.1 lb-[0-9a-f]{16}/) != nil, "\(via)")
    }

    /// A ring that outlives its process by a moment still has the listener.
    @Test func whoeverIsKilledIsFollowedAtOnceOnTheSameAddresses() throws {
        let (listener, admin) = ("unix:\(bed.directory)/l", "unix:\(bed.directory)/admin")
        let flags = [
            "--backend", "http://127.0.0.1:1", "--listen", listener, "--admin", admin, "--state", bed.path("state"),
        ]
        for _ in 0..<10 {
            let lbd = try bed.spawn(Programs.lbd, flags)
            try eventually("it listens", hint: lbd.errors) { lbd.errors.contains("listening on \(listener)\n") }
            #expect(try bed.curl("--unix-socket", "\(bed.directory)/l", "http://localhost").output.contains("503"))
            lbd.signal(SIGKILL)
            _ = try lbd.wait()
        }
    }

    /// The data port, the admin port: whichever is taken is waited for.
    @Test(arguments: ["--listen", "--admin"]) func aPortThatComesFreeIsWaitedFor(flag: String) throws {
        let (socket, port) = try Sockets.listening()
        let other = flag == "--listen" ? "--admin" : "--listen"
        let lbd = try bed.spawn(
            Programs.lbd,
            ["--backend", "http://127.0.0.1:1", flag, "127.0.0.1:\(port)", other, "127.0.0.1:0"]
                + ["--state", bed.path("state")]
        )
        try eventually("it says that it waits", hint: lbd.errors) {
            lbd.errors.contains("127.0.0.1:\(port) is taken: trying again for up to 2s")
        }
        close(socket)
        let words = flag == "--listen" ? "listening on" : "admin API on"
        try eventually("it has the port", hint: lbd.errors) {
            lbd.errors.contains("\(words) http://127.0.0.1:\(port)\n")
        }
    }

    @Test func portThatIsTakenIsNamedWithTheWaysOut() throws {
        let (socket, port) = try Sockets.listening()
        defer { close(socket) }
        let result = try refusal(["--listen", "127.0.0.1:\(port)", "--admin", "127.0.0.1:0"])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("127.0.0.1:\(port)"), "\(result)")
        #expect(result.errors.contains("another program listens there"), "\(result)")
        #expect(result.errors.contains("--listen"))
        #expect(result.errors.contains("ss -ltnp"))
    }

    @Test func adminPortThatIsTakenIsNamedWithTheWaysOut() throws {
        let (socket, port) = try Sockets.listening()
        defer { close(socket) }
        let result = try refusal(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:\(port)"])
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("127.0.0.1:\(port)"), "\(result)")
        #expect(result.errors.contains("admin"), "\(result)")
        #expect(result.errors.contains("--admin"), "\(result)")
    }

    /// Whether the kernel keeps port 80 for those with a permission, and we can start a program without it.
    static let canBeRefusedPort80: Bool = {
        let path = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "1024"
        let first = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 1024
        return first > 80 && (getuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0)
    }()

    @Test(.enabled(if: canBeRefusedPort80, "every program may have port 80 here"))
    func portThatIsNotPermittedIsNamedWithTheThreeWaysOut() throws {
        let flags = [
            "--backend", "http://127.0.0.1:1", "--listen", "127.0.0.1:80", "--admin", "127.0.0.1:0", "--state",
            bed.path("state"),
        ]
        let result =
            getuid() == 0
            ? try bed.run("setpriv", ["--bounding-set", "-net_bind_service", "--", Programs.lbd] + flags)
            : try bed.run(Programs.lbd, flags)
        #expect(result.exitCode == 1, "\(result)")
        #expect(result.errors.contains("127.0.0.1:80"), "\(result)")
        for wayOut in ["--listen :8080", "setcap", "systemd"] { #expect(result.errors.contains(wayOut), "\(result)") }
    }

    @Test func withoutAnythingToServeItSaysHowToStartIt() throws {
        let result = try bed.run(Programs.lbd, [])
        #expect(result.exitCode == 2)
        for way in ["lbd --demo", "lbd --backend", "lbd --config"] { #expect(result.errors.contains(way)) }
    }

    @Test func mistypedFlagIsRefusedWithASuggestion() throws {
        let result = try bed.run(Programs.lbd, ["--confg", "lb.yaml"])
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("--config"))
    }

    @Test func helpAndVersionGoToStandardOutput() throws {
        for (program, name) in [(Programs.lbd, "lbd"), (Programs.lbctl, "lbctl")] {
            let help = try bed.run(program, ["--help"])
            #expect(help.exitCode == 0)
            #expect(help.output.contains(name))
            #expect(help.errors.isEmpty)
        }
        let version = try bed.run(Programs.lbd, ["--version"])
        #expect(version.exitCode == 0)
        #expect(version.output.hasPrefix("lbd "))
    }

    @Test func demoPrintsWhatToTryAndAnswers() throws {
        let lbd = try LBD(["--demo"], state: bed.path("state"), until: .healthy, in: bed)
        #expect(
            try (0..<6).map { _ in try bed.curl(lbd.url).output }
                == (0..<6).map { "hello from demo-\($0 % 3 + 1)\n" }
        )
        let guide = try eventually("the guide is printed") { lbd.log.contains("Ctrl-C") ? lbd.log : nil }
        let lines = guide.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.contains { $0.hasPrefix("curl") && $0.contains(":\(lbd.port)") }, "\(guide)")
        for command in ["list", "remove backend demo-2", "add backend demo-2"] {
            // What is typed is what works: the command as printed, without its comment.
            let line = try #require(lines.first { $0.contains("lbctl") && $0.contains(" \(command)") }, "\(guide)")
            let typed = line.split(separator: "#").first.map(String.init) ?? ""
            let result = try bed.run("sh", ["-c", "PATH=\"$1:$PATH\"; \(typed)", "sh", binaries])
            #expect(result.exitCode == 0, "\(typed)\n\(result)")
        }
        #expect(try lbd.stop() == .exited(0))
    }

    private var binaries: String { (Programs.lbctl as NSString).deletingLastPathComponent }

    private func refusal(_ flags: [String]) throws -> ChildProcess.Result {
        try bed.run(Programs.lbd, ["--backend", "http://127.0.0.1:1", "--state", bed.path("state")] + flags)
    }
}
