import Foundation
import Glibc
import Model
import Testing

@testable import lbctl

/// The real program: signals, pipes and exit codes as a shell sees them.
@Suite struct ProcessTests {
    private struct Ended {
        let code: Int32
        let signal: Int32?
        let out: String
        let err: String
    }

    /// It is built beside the tests.
    static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("lbctl").path

    private func start(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> (Process, Pipe, Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        let out = Pipe()
        let err = Pipe()
        process.standardOutput = out
        process.standardError = err
        // A child inherits the mask of the thread that starts it, and the threads that run tests block signals.
        var set = sigset_t()
        var before = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &set, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        return (process, out, err)
    }

    private func end(_ started: (Process, Pipe, Pipe)) -> Ended {
        let out = started.1.fileHandleForReading.readDataToEndOfFile()
        let err = started.2.fileHandleForReading.readDataToEndOfFile()
        started.0.waitUntilExit()
        let isSignal = started.0.terminationReason == .uncaughtSignal
        return Ended(
            code: started.0.terminationStatus,
            signal: isSignal ? started.0.terminationStatus : nil,
            out: String(decoding: out, as: UTF8.self),
            err: String(decoding: err, as: UTF8.self)
        )
    }

    @Test func theProgramRuns() throws {
        let ended = end(try start(Self.binary, ["--version"]))
        #expect(ended.code == 0)
        #expect(ended.out == "lbctl  \(Release.version)\n")
        #expect(end(try start(Self.binary, ["nosuch"])).code == 2)
    }

    @Test func theEnvironmentReachesIt() throws {
        let server = FakeServer([json("200 OK", "{\"backends\":{}}")])
        defer { server.stop() }
        let ended = end(
            try start(Self.binary, ["list"], environment: ["LBCTL_ADDR": server.address, "LBCTL_OUTPUT": "json"])
        )
        #expect(ended.code == 0)
        #expect(ended.out == "{\"backends\":{}}\n")
    }

    @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func aSignalDuringAWriteSaysThatTheChangeStands(_ signal: Int32, _ code: Int32) throws {
        let held = DispatchSemaphore(value: 0)
        let server = FakeServer([.hold]) { held.signal() }
        defer { server.stop() }
        let started = try start(Self.binary, ["remove", "web-1", "web-2", "--addr", server.address])
        held.wait()
        kill(started.0.processIdentifier, signal)
        let ended = end(started)
        #expect(ended.signal == nil)
        #expect(ended.code == code)
        #expect(
            ended.err == """
                error: interrupted
                  now:   the server goes on: what was asked for "web-1" stands
                  try:   lbctl remove web-1 --ignore-not-found   to wait on
                  now:   not tried: web-2

                """
        )
    }

    @Test func aSignalDuringAReadSaysThatNothingChanged() throws {
        let held = DispatchSemaphore(value: 0)
        let server = FakeServer([.hold]) { held.signal() }
        defer { server.stop() }
        let started = try start(Self.binary, ["list", "--addr", server.address])
        held.wait()
        kill(started.0.processIdentifier, SIGINT)
        let ended = end(started)
        #expect(ended.code == 130)
        #expect(ended.err == "error: interrupted\n  now:   nothing was changed\n")
    }

    @Test(arguments: ["", "trap '' PIPE; "])
    func aReaderThatWentAwayEndsItWithoutAWord(_ before: String) throws {
        // With SIGPIPE as it is by default, and ignored, as some parents leave it. `true` may be slow to go: the
        // program is run until it has noticed, at the latest when the pipe is full.
        let script = "{ \(before)while :; do \"$0\" help || { echo $? >&2; break; }; done; } | true"
        let ended = end(try start("/bin/sh", ["-c", script, Self.binary]))
        #expect(ended.err == "141\n")
    }

    @Test func anOutputThatCannotBeWrittenIsAnError() throws {
        let ended = end(try start("/bin/sh", ["-c", "\"$0\" help > /dev/full", Self.binary]))
        #expect(ended.code == 1)
        #expect(ended.err == "error: cannot write to standard output: No space left on device\n")
    }
}
