import Foundation
import Glibc
import Synchronization
import Testing

/// What an operator does to a running `lbd`: reload, stop, hand over.
@Suite struct OperationsTests {
    let bed = TestBed()

    // MARK: HUP

    @Test func hangUpReadsTheFileAgainAndClosesNoConnection() throws {
        let first = try bed.rawBackend(answering: "first")
        let second = try bed.rawBackend(answering: "second")
        let file = try bed.write(yaml(first), to: "lb.yaml")
        let lbd = try start(["--config", file])
        let kept = try lbd.connect()
        #expect(try kept.get("/").text == "first")

        _ = try bed.write(yaml(second), to: "lb.yaml")
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded \(file): ") }
        #expect(lbd.log.contains("backend 127.0.0.1:\(second.port) added"))
        #expect(lbd.log.contains("backend 127.0.0.1:\(first.port) removed"))
        #expect(try kept.get("/").text == "second")
        #expect(try lbd.specs().keys.sorted() == ["127.0.0.1:\(second.port)"])
    }

    @Test func fileWithMistakesChangesNothingAndEveryMistakeIsLoggedWithItsLine() throws {
        let backend = try bed.rawBackend(answering: "still here")
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let lbd = try start(["--config", file])

        _ = try bed.write("backends: [\"http://127.0.0.1:1\"]\nworkers: many\nhealth_chekc: off\n", to: "lb.yaml")
        lbd.process.signal(SIGHUP)
        try eventually("the refusal is logged", hint: lbd.log) { lbd.log.contains("lbd: reload refused: ") }
        #expect(lbd.log.contains("lb.yaml:2: workers"))
        #expect(lbd.log.contains("lb.yaml:3: "))
        #expect(try lbd.bodies(2) == ["still here", "still here"])
        #expect(try lbd.specs().count == 1)
    }

    /// An editor's temporary state, a full disk, a template that went wrong.
    @Test(arguments: ["", "# backends:\n#   - http://127.0.0.1:1\n", "workers: 2\n", "health_check: off\nbackends:\n"])
    func fileThatNamesNoBackendsIsRefusedUnlessThatIsMeant(_ text: String) throws {
        let backend = try bed.rawBackend(answering: "still here")
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let lbd = try start(["--config", file])
        _ = try bed.write(text, to: "lb.yaml")
        lbd.process.signal(SIGHUP)
        try eventually("the refusal is logged", hint: lbd.log) {
            lbd.log.contains("lbd: reload refused: \(file): it names no backends")
        }
        #expect(lbd.log.contains("backends: {}") && lbd.log.contains("--allow-empty"))
        #expect(try lbd.bodies(2) == ["still here", "still here"])
        let checked = try bed.run(Programs.lbd, ["--check", "--config", file])
        #expect(checked.exitCode == 1 && checked.errors.contains("it names no backends"), "\(checked)")
        #expect(try bed.run(Programs.lbd, ["--check", "--allow-empty", "--config", file]).exitCode == 0)

        _ = try bed.write("health_check: off\nbackends: {}\n", to: "lb.yaml")
        #expect(try bed.run(Programs.lbd, ["--check", "--config", file]).exitCode == 0)
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded ") }
        #expect(try lbd.get().status == 503)
    }

    /// A release whose new backends are not up: the old ones are all there is.
    @Test func reloadThatReplacesAllBackendsKeepsTheOldOnesUntilTheNewOnesServe() throws {
        let old = try bed.rawBackend(answering: "old")
        let new = try PythonBackend("new", in: bed)
        new.kill()
        func checked(_ name: String, _ url: String) -> String {
            "health_check: {interval: 1s, timeout: 1s}\nbackends:\n  \(name): {url: \"\(url)\"}\n"
        }
        let file = try bed.write(checked("web-1", old.url), to: "lb.yaml")
        let lbd = try start(["--config", file])
        let revision = try #require(try lbd.ask("GET", "/v1/backends").field("LB-Revision"))
        _ = try bed.write(checked("web-2", new.url), to: "lb.yaml")
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded ") }
        #expect(lbd.log.contains("pool \"default\": web-1 (\(old.url)) serve on in place of web-2"))
        try eventually("the new one's check fails") { try lbd.backends()["web-2"]?.status.phase == "unhealthy" }
        #expect(try lbd.bodies(3) == ["old", "old", "old"])
        let status = try bed.lbctl(lbd, "status")
        #expect(status.output.contains("held by web-1"), "\(status)")
        try new.restart()
        try eventually("the new one serves alone", hint: lbd.log) { try Set(lbd.bodies(3)) == ["new"] }
        try eventually("the end is logged", hint: lbd.log) { lbd.log.contains("are relieved: web-2 serve") }
        try eventually("both are events", hint: lbd.log) {
            let events = try lbd.ask("GET", "/v1/events?type=pool&after=\(revision)&follow=false").text
            return events.contains("pool.held") && events.contains("pool.relieved")
        }
    }

    @Test func reloadNamesWhatNeedsARestartAndMovesTheAccessLog() throws {
        let backend = try bed.rawBackend(answering: "x")
        let log = "\(bed.directory)/moved.log"
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let lbd = try start(["--config", file])
        _ = try bed.write(
            yaml(backend) + "workers: 7\nlimits: {connections_max: 99}\naccess_log: \(log)\n",
            to: "lb.yaml"
        )
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded ") }
        #expect(lbd.log.contains("a restart is needed for workers, limits.connections_max\n"))
        #expect(try lbd.get("/after-the-move").status == 200)
        try eventually("the line is in the new file") {
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("/after-the-move") == true
        }
    }

    @Test func limitsAndTimeoutsAreInForceOnceTheReloadIsLogged() throws {
        let backend = try bed.rawBackend(answering: "x")
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let lbd = try start(["--config", file])
        let body = String(repeating: "b", count: 2000)
        let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        #expect(try answer(request + body, from: lbd) == 200)
        let changed = "limits: {body_bytes_max: 1KiB}\ntimeouts: {client_head: 100ms}\nforwarded: on\n"
        _ = try bed.write(yaml(backend) + changed, to: "lb.yaml")
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded ") }
        #expect(lbd.log.contains("limits, timeouts, forwarded (revision"))
        #expect(!lbd.log.contains("a restart is needed"))
        #expect(try answer(request + body, from: lbd) == 413)
        // A head that does not end is waited for as long as the file says now.
        #expect(try answer("GET / HTTP/1.1\r\nHost: a\r\n", from: lbd) == 408)
    }

    private func answer(_ request: String, from lbd: LBD) throws -> Int {
        let client = try lbd.connect()
        try client.send(request)
        return try client.receiveAnswer(to: "POST").status
    }

    @Test func hangUpWithoutAFileSaysSo() throws {
        let backend = try bed.rawBackend(answering: "x")
        let lbd = try start(["--backend", backend.url])
        lbd.process.signal(SIGHUP)
        try eventually("the answer is logged", hint: lbd.log) {
            lbd.log.contains("lbd: HUP: there is no file to read again: started with --backend")
        }
        #expect(try lbd.get().status == 200)
    }

    // MARK: the service manager

    /// What a watchdog sends to a process that hangs.
    @Test func anAbortEndsItAtOnce() throws {
        let backend = try bed.rawBackend(answering: "x")
        let lbd = try start(["--backend", backend.url])
        lbd.process.signal(SIGABRT)
        #expect(try lbd.process.result().ending == .killed(signal: SIGABRT))
    }

    @Test(arguments: [false, true])
    func serviceManagerHearsOfStartReloadStatusAndStop(isAbstract: Bool) throws {
        let backend = try bed.rawBackend(answering: "x")
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let place = isAbstract ? "@lb-test-\(getpid())-\(bed.directory.suffix(6))" : "\(bed.directory)/notify"
        let notifications = try NotifySocket(place)
        let instance = try Instance(
            ["--config", file],
            environment: ["NOTIFY_SOCKET": place],
            state: bed.path("state"),
            in: bed
        )
        #expect(try notifications.await("READY=1").contains("STATUS=1 of 1 backend serve"))

        instance.process.signal(SIGHUP)
        let reloading = try notifications.await("RELOADING=1")
        let time = reloading.split(separator: "\n").compactMap { line in
            line.hasPrefix("MONOTONIC_USEC=") ? Double(line.dropFirst(15)) : nil
        }
        #expect(abs((time.first ?? 0) / 1e6 - monotonicSeconds()) < 600)
        _ = try notifications.await("READY=1")

        instance.process.signal(SIGTERM)
        #expect(try notifications.await("STOPPING=1").contains("STATUS=stopping: 0 clients connected"))
        #expect(try instance.process.wait() == .exited(0))
    }

    @Test func watchdogHearsWhileTheLoopsTurn() throws {
        let backend = try bed.rawBackend(answering: "x")
        let notifications = try NotifySocket("\(bed.directory)/notify")
        let instance = try Instance(
            ["--backend", backend.url],
            environment: ["NOTIFY_SOCKET": "\(bed.directory)/notify", "WATCHDOG_USEC": "200000"],
            state: bed.path("state"),
            in: bed
        )
        for _ in 0..<3 { _ = try notifications.await("WATCHDOG=1") }
        // Of a process that is held nothing comes.
        instance.process.signal(SIGSTOP)
        notifications.drain()
        #expect(throws: (any Error).self) { try notifications.await("WATCHDOG=1", within: 1) }
        instance.process.signal(SIGCONT)
        _ = try notifications.await("WATCHDOG=1")
    }

    @Test func inheritedSocketIsSharedByTheWorkersAndHoldsWhoCameBeforeTheStart() throws {
        let backend = try bed.rawBackend(answering: "x")
        // A listener without SO_REUSEPORT: nobody else could bind this port.
        let (listener, port) = try Sockets.listening()
        defer { close(listener) }
        let early = try Connection(to: port)
        try early.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n")
        let (unwanted, _) = try Sockets.listening()
        defer { close(unwanted) }
        let launcher = """
            import os, sys
            os.dup2(int(sys.argv[1]), 3)
            os.dup2(int(sys.argv[2]), 4)
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ["LISTEN_FDS"] = "2"
            os.execv(sys.argv[3], sys.argv[3:])
            """
        let copies = try [listener, unwanted].map { descriptor in
            let copy = fcntl(descriptor, F_DUPFD, 100)
            guard copy >= 0 else { throw Sockets.Failure("fcntl") }
            return copy
        }
        defer { for copy in copies { close(copy) } }
        let process = try bed.spawn(
            "python3",
            ["-c", launcher, "\(copies[0])", "\(copies[1])", Programs.lbd, "--backend", backend.url, "--workers", "3"]
                + ["--listen", "127.0.0.1:\(port)", "--admin", "127.0.0.1:0", "--state", bed.path("state")]
        )
        #expect(try early.receiveAnswer(to: "GET").status == 200)
        for _ in 0..<20 { #expect(try Connection(to: port).get("/").status == 200) }
        #expect(process.errors.contains("which is no listener of ours: closed"))
        process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
    }

    // MARK: stop

    @Test func secondSignalDoesNotWaitForThoseThatRun() throws {
        let gate = bed.gate()
        let backend = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try start(["--config", try bed.write(yaml(backend), to: "lb.yaml")])
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("the backend has the request") { backend.requests.count == 1 }
        lbd.process.signal(SIGTERM)
        try eventually("it says that it stops", hint: lbd.log) { lbd.log.contains("lbd: stopping: 1 client connected") }
        // The admin port tells how it goes.
        try eventually("it is not ready any more") { try lbd.ask("GET", "/readyz").status == 503 }
        #expect(try lbd.ask("GET", "/healthz").status == 200)
        #expect(lbd.process.isRunning)
        lbd.process.signal(SIGINT)
        #expect(try lbd.process.wait(within: 15) == .exited(0))
        #expect(lbd.log.contains("lbd: stopped: 1 client connection cut after "))
    }

    @Test func whoWaitsInTheQueueWhenItStopsIsServed() throws {
        let backend = try bed.rawBackend(answering: "x")
        let instance = try Instance(
            ["--config", try bed.write(yaml(backend), to: "lb.yaml"), "--workers", "1"],
            state: bed.path("state"),
            in: bed
        )
        // The kernel takes them in; the process cannot, and finds the signal and all of them together.
        instance.process.signal(SIGSTOP)
        let clients = try (0..<300).map { _ in try Connection(to: instance.port) }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        instance.process.signal(SIGTERM)
        instance.process.signal(SIGCONT)
        for client in clients { #expect(try client.receiveAnswer(to: "GET").status == 200) }
        #expect(try instance.process.wait() == .exited(0))
    }

    // MARK: hand-over

    @Test func instancesOnOnePortMayComeAndGoWithoutAnErrorForAnyClient() throws {
        let backend = try bed.rawBackend(answering: "x")
        let arguments = ["--config", try bed.write(yaml(backend), to: "lb.yaml"), "--workers", "2"]
        let first = try Instance(arguments, state: bed.path("state"), in: bed)
        let load = Load(port: first.port)
        try load.awaitMore(100)

        let second = try Instance(arguments, port: first.port, state: bed.path("state"), in: bed)
        #expect(second.log.contains("lbd: the sockets on 127.0.0.1:\(first.port) are shared with another instance"))
        first.process.signal(SIGTERM)
        #expect(try first.process.wait() == .exited(0))
        try load.awaitMore(100)

        // Of other size than the one before, and stopped before it.
        let third = try Instance(
            ["--config", arguments[1], "--workers", "3"],
            port: first.port,
            state: bed.path("state"),
            in: bed
        )
        try load.awaitMore(100)
        third.process.signal(SIGTERM)
        #expect(try third.process.wait() == .exited(0))
        try load.awaitMore(100)
        #expect(load.end() == [])
    }

    @Test func replacementTakesOverSocketsStateAndAdminPort() throws {
        let backend = try bed.rawBackend(answering: "x")
        let arguments = ["--config", try bed.write(yaml(backend), to: "lb.yaml")]
        let other = try bed.rawBackend(answering: "x")
        let state = bed.path("state")
        let old = try LBD(arguments, state: state, until: .ready, in: bed)
        #expect(try old.ask("PUT", "/v1/backends/added", body: #"{"url": "\#(other.url)"}"#).status == 201)
        let load = Load(port: old.port)
        try load.awaitMore(100)

        let new = try Instance(
            arguments + ["--replace"],
            port: old.port,
            admin: "127.0.0.1:\(old.adminPort)",
            state: state,
            in: bed
        )
        #expect(new.log.contains("lbd: replacing process \(old.process.processID)"))
        #expect(try old.process.wait() == .exited(0))
        try load.awaitMore(100)
        // The same port and another process behind it, which knows what was changed at run time.
        #expect(try old.specs().keys.sorted() == ["127.0.0.1:\(backend.port)", "added"])
        #expect(load.end() == [])
    }

    /// Whoever it was that put another instance in its place, and whether that one knows of this one.
    @Test func instanceThatHasLetGoEndsWhenAnotherServesWithTheState() throws {
        let backend = try bed.rawBackend(answering: "x")
        let arguments = ["--config", try bed.write(yaml(backend), to: "lb.yaml")]
        let state = bed.path("state")
        let old = try LBD(arguments, state: state, until: .ready, in: bed)
        old.process.signal(SIGUSR2)
        try eventually("it has let go", hint: old.log) {
            old.log.contains("lbd: USR2: the state and the admin port are free")
        }
        let load = Load(port: old.port)
        try load.awaitMore(50)
        let new = try Instance(
            arguments,
            port: old.port,
            admin: "127.0.0.1:\(old.adminPort)",
            state: state,
            in: bed
        )
        #expect(try old.process.wait() == .exited(0))
        #expect(old.log.contains("lbd: process \(new.process.processID) serves with the state: this one ends"))
        try load.awaitMore(50)
        #expect(load.end() == [])
    }

    @Test func ofSeveralThatReplaceAtOnceOneServes() throws {
        let backend = try bed.rawBackend(answering: "x")
        let arguments = ["--config", try bed.write(yaml(backend), to: "lb.yaml")]
        let state = bed.path("state")
        let old = try LBD(arguments, state: state, until: .ready, in: bed)
        let load = Load(port: old.port)
        try load.awaitMore(50)
        let rivals = try (0..<3).map { _ in
            try bed.spawn(
                Programs.lbd,
                arguments + [
                    "--replace", "--listen", "127.0.0.1:\(old.port)", "--admin", "127.0.0.1:\(old.adminPort)",
                    "--state",
                    state,
                ]
            )
        }
        let all = [old.process] + rivals
        try eventually("one is left", hint: all.map(\.errors).joined(separator: "\n")) {
            all.count { $0.isRunning } == 1 && (try? old.ask("GET", "/readyz").status) == 200
        }
        #expect(!old.process.isRunning)
        try load.awaitMore(50)
        #expect(load.end() == [])
    }

    /// What the successor has done in its short life is not undone.
    @Test func stateIsTakenBackAsTheSuccessorHasLeftIt() throws {
        let backend = try bed.rawBackend(answering: "x")
        let other = try bed.rawBackend(answering: "y")
        let state = bed.path("state")
        let old = try LBD(
            ["--config", try bed.write(yaml(backend), to: "lb.yaml")],
            state: state,
            until: .ready,
            in: bed
        )
        old.process.signal(SIGUSR2)
        try eventually("it has let go", hint: old.log) { old.log.contains("are free for the instance") }
        // Stopped, so that it sees nothing of the one that comes and goes.
        old.process.signal(SIGSTOP)
        let second = try LBD(
            ["--config", try bed.write(yaml(backend, other), to: "other.yaml")],
            state: state,
            until: .ready,
            in: bed
        )
        let added = #"{"url": "http://127.0.0.1:9", "weight": 0}"#
        #expect(try second.ask("PUT", "/v1/backends/late", body: added).status == 201)
        let specs = try second.specs()
        second.kill()
        old.process.signal(SIGCONT)
        try eventually("it has taken the state back", within: 90, hint: old.log) {
            old.log.contains("no instance has replaced this one: the state and the admin port are taken back")
        }
        #expect(try old.specs() == specs)
        #expect(specs.count == 3)
    }

    @Test func replacementOfNobodyJustStarts() throws {
        let backend = try bed.rawBackend(answering: "x")
        let instance = try Instance(["--backend", backend.url, "--replace"], state: bed.path("state"), in: bed)
        #expect(instance.log.contains("lbd: there is no instance to replace"))
        #expect(try Connection(to: instance.port).get("/").status == 200)
    }

    // MARK: the parts

    private func yaml(_ backends: RawBackend...) -> String {
        "health_check: off\nbackends: [\(backends.map { "\"\($0.url)\"" }.joined(separator: ", "))]\n"
    }

    private func start(_ arguments: [String]) throws -> LBD {
        try LBD(arguments, state: bed.path("state"), until: .ready, in: bed)
    }
}

/// An `lbd` with all flags of the test's choice.
private final class Instance {
    let process: ChildProcess
    let port: UInt16

    var log: String { process.errors }

    /// Returns when it listens.
    init(
        _ arguments: [String],
        port: UInt16 = 0,
        admin: String = "127.0.0.1:0",
        environment: [String: String] = [:],
        state: String,
        in bed: TestBed
    ) throws {
        let process = try bed.spawn(
            Programs.lbd,
            arguments + ["--listen", "127.0.0.1:\(port)", "--admin", admin, "--state", state],
            environment: environment
        )
        self.process = process
        let words = "lbd: listening on http://127.0.0.1:"
        self.port = try eventually("lbd listens", hint: process.errors) {
            let log = process.errors
            guard let range = log.range(of: words) else {
                if !process.isRunning { throw ChildProcess.Failure(description: "lbd ended: \(process.errors)") }
                return nil
            }
            let digits = log[range.upperBound...].prefix { $0.isNumber }
            return digits.endIndex < log.endIndex ? UInt16(digits) : nil
        }
    }
}

/// Clients that never stop asking, half of them on a connection each, half on a new one every time. What goes wrong for
/// any of them is kept.
private final class Load: Sendable {
    private let port: UInt16
    private let state = Mutex(State())

    private struct State {
        var answers = 0
        var failures: [String] = []
        var running = 0
        var isOver = false
    }

    init(port: UInt16) {
        self.port = port
        state.withLock { $0.running = 6 }
        for number in 0..<6 { Thread.detachNewThread { self.run(keeps: number % 2 == 0) } }
    }

    func awaitMore(_ count: Int) throws {
        let wanted = state.withLock { $0.answers } + count
        try eventually("\(count) more answers came") { state.withLock { $0.answers >= wanted || !$0.failures.isEmpty } }
    }

    /// What went wrong.
    func end() -> [String] {
        state.withLock { $0.isOver = true }
        try? eventually("the clients ended") { state.withLock { $0.running == 0 } }
        return state.withLock { $0.failures }
    }

    private func run(keeps: Bool) {
        var connection: Connection?
        while !state.withLock({ $0.isOver }) {
            do {
                let client = try connection ?? Connection(to: port)
                let answer = try client.get("/", fields: keeps ? "" : "Connection: close\r\n")
                state.withLock { state in
                    state.answers += 1
                    if answer.status != 200 { state.failures.append("status \(answer.status)") }
                }
                connection = keeps && answer.field("connection") != "close" ? client : nil
            } catch {
                state.withLock { $0.failures.append("\(keeps ? "kept" : "new") connection: \(error)") }
                connection = nil
            }
        }
        state.withLock { $0.running -= 1 }
    }
}

/// A service manager's ear: what sd_notify(3) sends to.
private final class NotifySocket {
    private let descriptor: Int32

    init(_ place: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: Array(place.utf8))
            if place.hasPrefix("@") { path[0] = 0 }
        }
        let size = socklen_t(2 + place.utf8.count + (place.hasPrefix("@") ? 0 : 1))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard result == 0 else { throw Sockets.Failure("bind") }
    }

    deinit { close(descriptor) }

    /// The next notification that has this line; others are passed over.
    func await(_ line: String, within seconds: Double = patience) throws -> String {
        let deadline = monotonicSeconds() + seconds
        while true {
            let left = Int32(max(0, (deadline - monotonicSeconds()) * 1000))
            guard let text = receive(timeout: left) else { throw Overdue(what: "\(line) was told", seconds: seconds) }
            if text.split(separator: "\n").contains(Substring(line)) { return text }
        }
    }

    /// Forgets what has come.
    func drain() { while receive(timeout: 0) != nil {} }

    private func receive(timeout: Int32) -> String? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, timeout) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
