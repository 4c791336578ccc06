import Foundation

@testable import lbctl

/// What one run of the tool said and returned.
struct Outcome {
    let code: Int32
    let out: String
    let err: String
}

private final class Memory: @unchecked Sendable {
    var bytes: [UInt8] = []
    var sink: Sink { Sink { self.bytes += $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// 2026-11-21T10:00:00Z, the moment at which all tests run.
let testNow: Int64 = 1_795_255_200 * 1_000_000_000

/// Runs a command line as `main` would.
func lbctl(
    _ line: String,
    server: FakeServer? = nil,
    environment: [String: String] = [:],
    isTerminal: Bool = false,
    columns: Int? = nil
) -> Outcome {
    lbctl(
        line.split(separator: " ").map(String.init),
        server: server,
        environment: environment,
        isTerminal: isTerminal,
        columns: columns
    )
}

func lbctl(
    _ words: [String],
    server: FakeServer? = nil,
    environment: [String: String] = [:],
    isTerminal: Bool = false,
    columns: Int? = nil
) -> Outcome {
    let out = Memory()
    let err = Memory()
    var variables = environment
    if let server { variables["LBCTL_ADDR"] = server.address }
    let code = run(
        arguments: words,
        environment: variables,
        stdout: out.sink,
        stderr: err.sink,
        console: Console(showsOutput: isTerminal, columns: columns),
        now: { testNow }
    )
    return Outcome(code: code, out: out.text, err: err.text)
}

/// Runs against a server that answers from `steps`, which is stopped after it.
func lbctl(
    _ line: String,
    _ steps: [FakeServer.Step],
    environment: [String: String] = [:],
    isTerminal: Bool = false,
    columns: Int? = nil
) -> (Outcome, FakeServer) {
    let server = FakeServer(steps)
    defer { server.stop() }
    return (
        lbctl(line, server: server, environment: environment, isTerminal: isTerminal, columns: columns), server
    )
}

/// The same for words that have spaces in them.
func lbctl(_ words: [String], _ steps: [FakeServer.Step]) -> (Outcome, FakeServer) {
    let server = FakeServer(steps)
    defer { server.stop() }
    return (lbctl(words, server: server), server)
}
