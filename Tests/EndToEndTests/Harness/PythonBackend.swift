import Foundation
import Glibc

/// `python3 -m http.server` on a port that stays its own, in a directory whose `index.html` is its name.
final class PythonBackend {
    let name: String
    let directory: String
    private let bed: TestBed
    private let reserved: ReservedPort
    private var process: ChildProcess

    var port: UInt16 { reserved.number }
    var url: String { "http://127.0.0.1:\(port)" }

    /// The interpreter itself: `python3` in the path may be a script that only finds it.
    static let interpreter: String = {
        let finder = Process()
        let pipe = Pipe()
        finder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        finder.arguments = ["python3", "-c", "import sys; print(sys.executable)"]
        finder.standardOutput = pipe
        guard (try? finder.run()) != nil else { return "python3" }
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        finder.waitUntilExit()
        let path = String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return path.isEmpty ? "python3" : path
    }()

    /// Starts it, and returns when it accepts.
    init(_ name: String, in bed: TestBed) throws {
        self.name = name
        self.bed = bed
        directory = try bed.makeDirectory(name)
        reserved = try ReservedPort()
        try Data(name.utf8).write(to: URL(fileURLWithPath: "\(directory)/index.html"))
        process = try Self.spawn(directory, reserved.number, in: bed)
        try awaitAccepting()
    }

    private static func spawn(_ directory: String, _ port: UInt16, in bed: TestBed) throws -> ChildProcess {
        try bed.spawn(
            interpreter,
            ["-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", directory]
        )
    }

    private func awaitAccepting() throws {
        let process = process
        let port = port
        try eventually("python accepts on port \(port)", hint: process.errors) {
            if !process.isRunning { throw ChildProcess.Failure(description: "python ended: \(process.errors)") }
            return Sockets.accepts(port)
        }
    }

    var processID: Int32 { process.processID }

    /// `kill -9`
    func kill() { process.end() }

    func stop() { process.signal(SIGSTOP) }
    func resume() { process.signal(SIGCONT) }

    /// Starts it anew on the same port, and returns when it accepts.
    func restart() throws {
        process = try Self.spawn(directory, port, in: bed)
        try awaitAccepting()
    }
}
