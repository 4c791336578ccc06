import Foundation
import Glibc

/// What one test has running: a directory of its own, and every process and socket that has to end with it.
///
/// A suite is a struct that holds one. Swift Testing makes the struct anew for each test and lets go of it after the
/// test, however it ended, and that is when everything here is ended.
final class TestBed {
    let directory: String
    private var processes: [ChildProcess] = []
    private var backends: [RawBackend] = []
    private var gates: [Gate] = []
    private var fileCount = 0

    init() {
        var template = Array("\(NSTemporaryDirectory())/lb-e2e.XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
        precondition(made != nil, "no temporary directory: \(String(cString: strerror(errno)))")
        directory = String(cString: made!)
    }

    deinit {
        // Scripts that wait at a gate shall see it open, not hold their threads until it is overdue.
        for gate in gates { gate.open() }
        for process in processes.reversed() { process.end() }
        for backend in backends { backend.close() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A path in the test's directory that nothing else has.
    func path(_ name: String) -> String {
        fileCount += 1
        return "\(directory)/\(fileCount)-\(name)"
    }

    func write(_ text: String, to name: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    func makeDirectory(_ name: String) throws -> String {
        let path = path(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Starts a program that ends with the test at the latest.
    func spawn(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let name = program.split(separator: "/").last.map(String.init) ?? "program"
        let process = try ChildProcess(
            program,
            arguments,
            environment: environment.merging(["HOME": directory]) { given, _ in given },
            outputs: path(name)
        )
        processes.append(process)
        return process
    }

    /// Runs a program to its end.
    func run(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        within seconds: Double = patience
    ) throws -> ChildProcess.Result {
        try spawn(program, arguments, environment: environment).result(within: seconds)
    }

    func gate() -> Gate {
        let gate = Gate()
        gates.append(gate)
        return gate
    }

    /// A scripted backend; see `RawBackend`.
    func rawBackend(readsBodies: Bool = true, _ script: @escaping RawBackend.Script) throws -> RawBackend {
        let backend = try RawBackend(readsBodies: readsBodies, script)
        backends.append(backend)
        return backend
    }

    /// A backend that answers every request with 200 and `text`, and keeps its connections.
    func rawBackend(answering text: String) throws -> RawBackend {
        try rawBackend { _, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            return .keep
        }
    }
}
