import Foundation
import Glibc
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

    @Test func reloadNamesWhatNeedsARestartAndMovesTheAccessLog() throws {
        let backend = try bed.rawBackend(answering: "x")
        let log = "\(bed.directory)/moved.log"
        let file = try bed.write(yaml(backend), to: "lb.yaml")
        let lbd = try start(["--config", file])
        _ = try bed.write(
            yaml(backend) + "workers: 7\ntimeouts: {connect: 9s, stop: 3s}\naccess_log: \(log)\n",
            to: "lb.yaml"
        )
        lbd.process.signal(SIGHUP)
        try eventually("the reload is logged", hint: lbd.log) { lbd.log.contains("lbd: reloaded ") }
        #expect(lbd.log.contains("a restart is needed for workers, timeouts.connect\n"))
        #expect(lbd.log.contains("timeouts.stop is 3s"))
        #expect(try lbd.get("/after-the-move").status == 200)
        try eventually("the line is in the new file") {
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("/after-the-move") == true
        }
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

    // MARK: the parts

    private func yaml(_ backends: RawBackend...) -> String {
        "health_check: off\nbackends: [\(backends.map { "\"\($0.url)\"" }.joined(separator: ", "))]\n"
    }

    private func start(_ arguments: [String]) throws -> LBD {
        try LBD(arguments, state: bed.path("state"), until: .ready, in: bed)
    }
}
