import Foundation
import Glibc
import Synchronization

/// A program that runs beside the tests, its output in files, so that no pipe can fill up and nobody has to read it.
final class ChildProcess: Sendable {
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    /// What a program that has ended leaves behind.
    struct Result: Sendable, CustomStringConvertible {
        let ending: Ending
        let output: String
        let errors: String

        /// Nil when a signal ended it.
        var exitCode: Int32? {
            if case .exited(let code) = ending { return code }
            return nil
        }

        var description: String { "\(ending)\n--- output\n\(output)\n--- errors\n\(errors)" }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let processID: pid_t
    private let name: String
    private let outputPath: String
    private let errorPath: String
    /// Nil while it runs. Signals are sent under this lock, so that none can reach a later process of the same number.
    private let ending = Mutex<Ending?>(nil)

    /// - Parameters:
    ///   - program: A path, or a name to look for in `$PATH`.
    ///   - environment: On top of the tests' own, without what would steer curl, `lbd` or `lbctl` elsewhere.
    ///   - outputs: Where its output goes, without the endings `.out` and `.err`.
    init(_ program: String, _ arguments: [String], environment: [String: String], outputs: String) throws {
        name = program
        outputPath = outputs + ".out"
        errorPath = outputs + ".err"

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writes = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, writes, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, writes, 0o644)
        // Signals as a shell would leave them, whatever the test runner blocks or ignores.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let settings = Self.cleanEnvironment().merging(environment) { _, given in given }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] = settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + pairs { free(text) } }
        var child = pid_t()
        let code = Self.spawning.withLock { _ in
            posix_spawnp(&child, program, &actions, &attributes, &words, &pairs)
        }
        guard code == 0 else {
            throw Failure(description: "cannot start \(program): \(String(cString: strerror(code)))")
        }
        processID = child
    }

    /// Held while a child begins, and by who makes a descriptor that is only then marked close-on-exec: a child that
    /// inherited a connection would keep it open.
    static let spawning = Mutex(())

    private static func cleanEnvironment() -> [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            let lowered = name.lowercased()
            let steers =
                lowered.hasSuffix("_proxy") || lowered.hasPrefix("lbctl_") || lowered.hasPrefix("listen_")
                || ["state_directory", "xdg_state_home", "notify_socket", "curl_home"].contains(lowered)
            return !steers
        }
    }

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    var isRunning: Bool { poll() == nil }

    /// Sends a signal, if it still runs.
    func signal(_ number: Int32) {
        ending.withLock { ending in
            reap(into: &ending)
            if ending == nil { Glibc.kill(processID, number) }
        }
    }

    /// Waits for it to end by itself.
    func wait(within seconds: Double = patience) throws -> Ending {
        try eventually("\(name) (process \(processID)) ended", within: seconds, hint: "\(output)\(errors)") { poll() }
    }

    func result(within seconds: Double = patience) throws -> Result {
        let ending = try wait(within: seconds)
        return Result(ending: ending, output: output, errors: errors)
    }

    /// Kills it, if it still runs, and returns when it is gone.
    func end() {
        signal(SIGKILL)
        ending.withLock { ending in
            // SIGKILL cannot be held off, so this wait is short.
            while ending == nil {
                reap(into: &ending)
                if ending == nil { usleep(1_000) }
            }
        }
    }

    private func poll() -> Ending? {
        ending.withLock { ending in
            reap(into: &ending)
            return ending
        }
    }

    private func reap(into ending: inout Ending?) {
        guard ending == nil else { return }
        var status: Int32 = 0
        guard waitpid(processID, &status, WNOHANG) == processID else { return }
        // WIFEXITED and its kin of wait(2), which are macros.
        let signal = status & 0x7F
        ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }
}
