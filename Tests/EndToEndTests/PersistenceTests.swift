import Foundation
import Glibc
import Testing

/// What was changed at run time is there after a restart, however the process ended.
@Suite struct PersistenceTests {
    let bed = TestBed()

    @Test func killAndRestartKeepWhatWasAddedAndRemoved() throws {
        let backends = try (1...4).map { try bed.rawBackend(answering: "\($0)") }
        let yaml = """
            health_check: off
            backends: {web-1: "\(backends[0].url)", web-2: "\(backends[1].url)"}
            """
        let state = bed.path("state")
        let first = try bed.lbd(yaml: yaml, state: state)
        #expect(try bed.lbctl(first, "add", "backend", "web-3", backends[2].url, "--weight", "2").exitCode == 0)
        #expect(try bed.lbctl(first, "remove", "backend", "web-2").exitCode == 0)
        first.kill()

        let second = try bed.lbd(yaml: yaml, state: state)
        #expect(try second.backends().mapValues(\.url) == ["web-1": backends[0].url, "web-3": backends[2].url])
        #expect(try second.backends()["web-3"]?.weight == 2)
        #expect(Set(try second.bodies(6)) == ["1", "3"])
        #expect(try bed.lbctl(second, "add", "backend", "web-4", backends[3].url).exitCode == 0)
        #expect(try bed.lbctl(second, "remove", "backend", "web-3").exitCode == 0)
        second.kill()

        let third = try bed.lbd(yaml: yaml, state: state)
        #expect(try third.backends().mapValues(\.url) == ["web-1": backends[0].url, "web-4": backends[3].url])
        #expect(Set(try third.bodies(4)) == ["1", "4"])
    }

    @Test func runTimeChangeWinsOverAFileThatSaysWhatItSaid() throws {
        let backend = try bed.rawBackend(answering: "one")
        let (state, yaml) = (bed.path("state"), yaml(backend, weight: 1))
        let first = try bed.lbd(yaml: yaml, state: state)
        #expect(try reweigh(first, backend, to: 5).status == 200)
        #expect(try first.stop() == .exited(0))

        let second = try bed.lbd(yaml: yaml, state: state)
        #expect(try second.backends()["web-1"]?.weight == 5)
        #expect(!second.log.contains("conflict"))
    }

    @Test func editedFileWinsOverAnOlderRunTimeChangeAndSaysSo() throws {
        let backend = try bed.rawBackend(answering: "one")
        let state = bed.path("state")
        let first = try bed.lbd(yaml: yaml(backend, weight: 1), state: state)
        #expect(try reweigh(first, backend, to: 5).status == 200)
        #expect(try first.stop() == .exited(0))

        let second = try bed.lbd(yaml: yaml(backend, weight: 3), state: state)
        #expect(try second.backends()["web-1"]?.weight == 3)
        let line = try #require(second.log.split(separator: "\n").first { $0.contains("conflict") })
        #expect(line.contains("web-1"))
        #expect(line.contains("weight=5"))
        #expect(line.contains("weight=3"))
        #expect(line.contains("the file wins"))
        #expect(try second.stop() == .exited(0))

        let third = try bed.lbd(yaml: yaml(backend, weight: 3), state: state)
        #expect(!third.log.contains("conflict"), "what was said once is settled")
    }

    @Test func secondProcessOnTheSameStateDirectoryIsRefused() throws {
        let backend = try bed.rawBackend(answering: "one")
        let state = bed.path("state")
        let lbd = try bed.lbd(yaml: yaml(backend, weight: 1), state: state)
        let second = try bed.run(
            Programs.lbd,
            [
                "--backend", backend.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", state,
            ]
        )
        #expect(second.exitCode == 1)
        #expect(second.errors.contains("in use by another lbd"))
        #expect(second.errors.contains(state))
        #expect(second.errors.contains("\(lbd.process.processID)"), "it says who has it: \(second.errors)")
        #expect(second.errors.contains("--state"))
        #expect(try lbd.get().text == "one")
    }

    private func yaml(_ backend: RawBackend, weight: Int) -> String {
        "health_check: off\nbackends: {web-1: {url: \"\(backend.url)\", weight: \(weight)}}\n"
    }

    private func reweigh(_ lbd: LBD, _ backend: RawBackend, to weight: Int) throws -> HTTPMessage {
        try lbd.ask("PUT", "/v1/backends/web-1", body: "{\"url\": \"\(backend.url)\", \"weight\": \(weight)}")
    }
}
