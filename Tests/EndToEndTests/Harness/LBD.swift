import Foundation
import Glibc

/// A running `lbd` on ports of the kernel's choice.
final class LBD: Sendable {
    /// How far it has to have come before the test goes on.
    enum Until {
        /// Both ports accept.
        case listening
        /// `/readyz` says yes.
        case ready
        /// Every backend is healthy.
        case healthy
    }

    let process: ChildProcess
    let port: UInt16
    let adminPort: UInt16

    var url: String { "http://127.0.0.1:\(port)" }
    var admin: String { "http://127.0.0.1:\(adminPort)" }

    /// What it says to people: standard error.
    var log: String { process.errors }

    /// The access log's lines: standard output.
    var accessLog: [String] { process.output.split(separator: "\n").map(String.init) }

    /// - Parameters:
    ///   - arguments: Beside those for the ports and the state directory.
    ///   - environment: On top of the tests' own.
    ///   - launcher: The words of a program that becomes `lbd`, which stands after them.
    init(
        _ arguments: [String],
        state: String,
        until: Until,
        environment: [String: String] = [:],
        launcher: [String] = [],
        in bed: TestBed
    ) throws {
        let words = launcher + [Programs.lbd]
        let process = try bed.spawn(
            words[0],
            words.dropFirst() + arguments + (arguments.contains("--io") ? [] : Self.engine) + [
                "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", state,
            ],
            environment: environment
        )
        self.process = process
        port = try Self.port(after: "lbd: listening on http://127.0.0.1:", process)
        adminPort = try Self.port(after: "lbd: admin API on http://127.0.0.1:", process)
        let ports = [port, adminPort]
        try eventually("lbd accepts", hint: process.errors) { ports.allSatisfy { Sockets.accepts($0) } }
        switch until {
        case .listening:
            break
        case .ready:
            try eventually("lbd is ready", hint: process.errors) { try ask("GET", "/readyz").status == 200 }
        case .healthy:
            let answer = try ask("GET", "/v1/health?until=healthy&wait=\(Int(patience))s")
            guard answer.status == 200 else {
                throw ChildProcess.Failure(description: "not healthy: \(answer.text)\n\(process.errors)")
            }
        }
    }

    /// `LB_TEST_IO=epoll` has every test run on that engine; without it lbd chooses.
    private static let engine = ProcessInfo.processInfo.environment["LB_TEST_IO"].map { ["--io", $0] } ?? []

    /// The number that follows `words` in the log, when it has come.
    private static func port(after words: String, _ process: ChildProcess) throws -> UInt16 {
        try eventually("lbd logs \"\(words)\"", hint: process.errors) {
            let log = process.errors
            guard let range = log.range(of: words) else {
                if !process.isRunning {
                    throw ChildProcess.Failure(description: "lbd ended: \(try process.result())")
                }
                return nil
            }
            let digits = log[range.upperBound...].prefix { $0.isNumber }
            // The line may be half written: a number is whole when something follows it.
            guard digits.endIndex < log.endIndex else { return nil }
            return UInt16(digits)
        }
    }

    // MARK: the data plane

    func connect(receiveBytes: Int32? = nil) throws -> Connection {
        try Connection(to: port, receiveBytes: receiveBytes)
    }

    /// One GET on a connection of its own.
    func get(_ target: String = "/") throws -> HTTPMessage {
        try connect().get(target, fields: "Connection: close\r\n")
    }

    /// The bodies of so many requests, one after the other, each on a connection of its own.
    func bodies(_ count: Int) throws -> [String] { try (0..<count).map { _ in try get().text } }

    // MARK: the admin API

    func connectAdmin() throws -> Connection { try Connection(to: adminPort) }

    /// One request to the admin API.
    func ask(_ method: String, _ path: String, body: String = "", fields: String = "") throws -> HTTPMessage {
        let connection = try connectAdmin()
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(adminPort)\r\nConnection: close\r\n\(fields)"
        if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        try connection.send("\(head)\r\n\(body)")
        return try connection.receiveAnswer(to: method)
    }

    func backends() throws -> [String: BackendDocument] {
        try JSONDecoder().decode(BackendList.self, from: ask("GET", "/v1/backends").body).backends
    }

    /// What the user has declared of every backend, without what changes by itself.
    func specs() throws -> [String: BackendDocument.Spec] { try backends().mapValues(\.spec) }

    // MARK: the end

    /// `kill -9`
    func kill() { process.end() }

    /// TERM, and the wait for its end.
    func stop() throws -> ChildProcess.Ending {
        process.signal(SIGTERM)
        return try process.wait()
    }
}

/// `GET /v1/backends`, as far as tests look at it.
struct BackendList: Decodable {
    var backends: [String: BackendDocument]
}

struct BackendDocument: Decodable {
    struct Spec: Equatable {
        var url: String
        var pool: String
        var weight: Int
    }

    struct Status: Decodable {
        var phase: String
        var requests: Int
        var in_flight: Int
        var health: Health
    }

    struct Health: Decodable {
        var state: String
        var reason: String?
    }

    var url: String
    var pool: String
    var weight: Int
    var status: Status

    var spec: Spec { Spec(url: url, pool: pool, weight: weight) }
}

/// An error of the admin API (RFC 9457).
struct ProblemDocument: Decodable {
    struct Detail: Decodable {
        var pointer: String
        var detail: String
        var suggestion: String?
    }

    var code: String
    var status: Int
    var title: String
    var detail: String
    var errors: [Detail]?
}

extension TestBed {
    /// `lbd` with a configuration file.
    /// - Parameters:
    ///   - state: Its state directory; a new one unless said.
    ///   - arguments: Further flags.
    ///   - environment: On top of the tests' own.
    ///   - launcher: See `LBD`.
    func lbd(
        yaml: String,
        state: String? = nil,
        arguments: [String] = [],
        until: LBD.Until = .healthy,
        environment: [String: String] = [:],
        launcher: [String] = []
    ) throws -> LBD {
        let file = path("lb.yaml")
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: file))
        return try LBD(
            ["--config", file] + arguments,
            state: state ?? path("state"),
            until: until,
            environment: environment,
            launcher: launcher,
            in: self
        )
    }

    /// `lbd` with these backends and no health checks, so that they get what the tests send and nothing else.
    func lbd(
        serving backends: RawBackend...,
        arguments: [String] = [],
        until: LBD.Until = .ready,
        environment: [String: String] = [:]
    ) throws -> LBD {
        try lbd(
            yaml: """
                health_check: off
                backends: [\(backends.map { "\"\($0.url)\"" }.joined(separator: ", "))]
                """,
            arguments: arguments,
            until: until,
            environment: environment
        )
    }
}
