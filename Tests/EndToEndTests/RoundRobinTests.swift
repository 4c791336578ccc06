import Foundation
import Glibc
import Testing

/// The main job, with backends and clients as a user has them.
@Suite struct RoundRobinTests {
    let bed = TestBed()

    /// The short form of the file.
    private func yaml(_ backends: [PythonBackend], interval: String? = nil) -> String {
        let check = interval.map { "health_check: {interval: \($0)}\n" } ?? ""
        return check + "backends: [\(backends.map { "\"\($0.url)\"" }.joined(separator: ", "))]\n"
    }

    @Test func threePythonBackendsAnswerInTurnWithTheDefaultNumberOfWorkers() throws {
        let backends = try ["1", "2", "3"].map { try PythonBackend($0, in: bed) }
        let lbd = try bed.lbd(yaml: yaml(backends))
        let answers = try (0..<9).map { _ in try bed.curl(lbd.url).output }
        #expect(answers == ["1", "2", "3", "1", "2", "3", "1", "2", "3"])
    }

    @Test func parallelRequestsAreSharedEvenlyByAllWorkers() throws {
        let backends = try (1...3).map { try bed.rawBackend(answering: "\($0)") }
        let lbd = try bed.lbd(serving: backends[0], backends[1], backends[2], arguments: ["--workers", "4"])
        let result = try ParallelLoad(600, of: lbd, in: bed).result()
        #expect(result.codes == ["200": 600], "\(result)")
        #expect(backends.map(\.requests.count) == [200, 200, 200])
    }

    @Test func threeThousandParallelRequestsHaveNoError() throws {
        let backends = try ["1", "2", "3"].map { try PythonBackend($0, in: bed) }
        let lbd = try bed.lbd(yaml: yaml(backends))
        let result = try ParallelLoad(3000, of: lbd, in: bed).result()
        #expect(result.codes == ["200": 3000], "\(result)")
        #expect(result.exitCode == 0)
    }

    @Test func killedBackendCostsNoClientAnErrorAndServesAgainAfterItsRestart() throws {
        let backends = try ["1", "2", "3"].map { try PythonBackend($0, in: bed) }
        let lbd = try bed.lbd(yaml: yaml(backends, interval: "1s"))
        let victim = backends[1]
        let name = "127.0.0.1:\(victim.port)"

        let load = try ParallelLoad(3000, of: lbd, in: bed)
        try eventually("the load is on", hint: lbd.log) {
            try lbd.backends().values.reduce(0) { $0 + $1.status.requests } > 600
        }
        victim.kill()
        let requestsBefore = try load.result()
        #expect(requestsBefore.codes == ["200": 3000], "\(requestsBefore)\n\(faults(in: lbd))")
        #expect(requestsBefore.exitCode == 0)

        let row = try eventually("lbctl health names the reason") {
            let health = try bed.lbctl(lbd, "health")
            #expect(health.exitCode == 0)
            return health.output.split(separator: "\n").first { $0.hasPrefix(name) && $0.contains("unhealthy") }
        }
        #expect(row.contains("connect refused"))
        #expect(try !lbd.bodies(6).contains("2"))
        // Under such a load one of them may have refused connections often enough to be left alone for a few seconds.
        try eventually("the others carry on, and only they") { Set(try lbd.bodies(6)) == ["1", "3"] }

        try victim.restart()
        let restarted = monotonicSeconds()
        try eventually("the restarted backend serves again") { try lbd.get().text == "2" }
        // The interval of 1 s and a second; and another one for a machine that is busy with other tests.
        #expect(monotonicSeconds() - restarted < 3)
        try eventually("all of them serve") { Set(try lbd.bodies(6)) == ["1", "2", "3"] }
    }

    @Test func hungBackendIsTakenOutForItsTimeoutAndComesBack() throws {
        let backends = try ["1", "2"].map { try PythonBackend($0, in: bed) }
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 300ms, timeout: 300ms}\n" + yaml(backends)
        )
        backends[0].stop()
        let name = "127.0.0.1:\(backends[0].port)"
        let reason = try eventually("the hung backend is taken out") {
            let health = try lbd.backends()[name]?.status.health
            return health?.state == "unhealthy" ? health?.reason ?? "" : nil
        }
        #expect(reason.contains("timeout"), "\(reason)")
        #expect(Set(try lbd.bodies(4)) == ["2"])
        backends[0].resume()
        try eventually("it serves again") { try lbd.get().text == "1" }
    }

    /// The access log's lines about what did not go well.
    private func faults(in lbd: LBD) -> String {
        lbd.accessLog.filter { !$0.contains("\" 200 ") }.prefix(20).joined(separator: "\n")
    }
}

/// `curl --parallel` over a list of URLs, fifty at a time, as fast as it goes.
struct ParallelLoad {
    private let curl: ChildProcess

    struct Result: CustomStringConvertible {
        /// How many answers of each status; "000" is for none at all.
        var codes: [String: Int]
        var exitCode: Int32?
        var errors: String

        var description: String { "\(codes), exit code \(exitCode ?? -1)\n\(errors.prefix(2000))" }
    }

    /// Starts it.
    init(_ count: Int, of lbd: LBD, in bed: TestBed) throws {
        let list = (0..<count).map { "url = \"\(lbd.url)/?\($0)\"\noutput = \"/dev/null\"\n" }.joined()
        curl = try bed.spawn(
            "curl",
            [
                "-q", "--silent", "--show-error", "--parallel", "--parallel-immediate", "--parallel-max", "50",
                "--max-time", "60", "--write-out", "%{http_code}\\n", "--config", bed.write(list, to: "urls"),
            ]
        )
    }

    /// Waits for its end.
    func result() throws -> Result {
        let result = try curl.result(within: 90)
        let codes = result.output.split(separator: "\n").reduce(into: [:]) { $0[String($1), default: 0] += 1 }
        return Result(codes: codes, exitCode: result.exitCode, errors: result.errors)
    }
}
