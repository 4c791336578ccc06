import Foundation
import Model
import Testing

@testable import lbd

@Suite struct StartupTests {
    private func startup(_ words: String...) throws -> Startup {
        guard case .run(let arguments) = Arguments.read(words) else { throw Unexpected() }
        return Startup.read(arguments)
    }

    private struct Unexpected: Error {}

    @Test func clockThatCannotBeRightIsRefused() throws {
        #expect(Startup.refusal(ofClockAt: 0) == nil)
        #expect(Startup.refusal(ofClockAt: 1_800_000_000) == nil)
        // 1 January 2263.
        let refusal = try #require(Startup.refusal(ofClockAt: 9_246_182_400))
        #expect(refusal.contains("the year 2263"))
        #expect(Startup.refusal(ofClockAt: .max)?.contains("set the clock") == true)
    }

    @Test func backendsOfTheCommandLineAreNamedAfterTheirURLs() throws {
        let startup = try startup("--backend", "http://127.0.0.1:8080", "--backend", "http://b", "--state", "/s")
        guard case .serve(let config, let warnings) = startup else { throw Unexpected() }
        #expect(config.desired.backends.map(\.name) == ["127.0.0.1:8080", "b:80"])
        #expect(config.process.stateDirectory == "/s")
        #expect(warnings.isEmpty)
    }

    @Test(arguments: ["0.0.0.0:9900", ":9900", "192.0.2.1:9900"])
    func adminPortOnTheNetworkNeedsTokens(_ address: String) throws {
        let refused = try startup("--backend", "http://b", "--state", "/s", "--admin", address)
        guard case .failed(let text) = refused else { throw Unexpected() }
        #expect(text.contains("--admin-token-file FILE"))
        let taken = try startup(
            "--backend",
            "http://b",
            "--state",
            "/s",
            "--admin",
            address,
            "--admin-token-file",
            "/t",
            "--admin-host",
            "lb"
        )
        guard case .serve(let config, _) = taken else { throw Unexpected() }
        #expect(config.process.adminTokenFile == "/t")
        #expect(config.process.adminHosts == ["lb"])
    }

    @Test func backendsThatCannotBothBeNamedAreRefused() throws {
        let startup = try startup("--backend", "unix:/a/app.sock", "--backend", "unix:/b/app.sock", "--state", "/s")
        guard case .failed(let text) = startup else { throw Unexpected() }
        #expect(text.contains("\"app.sock\" is taken"))
    }

    @Test func demoKeepsItsStateInAFreshDirectory() throws {
        guard case .serve(let first, _) = try startup("--demo"), case .serve(let second, _) = try startup("--demo"),
            let one = first.process.stateDirectory, let two = second.process.stateDirectory
        else { throw Unexpected() }
        defer {
            try? FileManager.default.removeItem(atPath: one)
            try? FileManager.default.removeItem(atPath: two)
        }
        #expect(one != two)
        #expect(try FileManager.default.contentsOfDirectory(atPath: one).isEmpty)
    }

    @Test func demoKeepsItsStateWhereItIsTold() throws {
        guard case .serve(let config, _) = try startup("--demo", "--state", "/s") else { throw Unexpected() }
        #expect(config.process.stateDirectory == "/s")
    }

    @Test func stateDirectoryIsTheFirstOfTheCustomaryPlaces() {
        func standard(isRoot: Bool = false, _ variables: [String: String]) -> String? {
            StateDirectory.standard(isRoot: isRoot) { variables[$0] }
        }
        let all = ["STATE_DIRECTORY": "/run/one:/run/two", "XDG_STATE_HOME": "/x", "HOME": "/home/u"]
        #expect(standard(all) == "/run/one")
        #expect(standard(all.filter { $0.key != "STATE_DIRECTORY" }) == "/x/lb")
        #expect(standard(["HOME": "/home/u"]) == "/home/u/.local/state/lb")
        #expect(standard(["HOME": "/"]) == "/.local/state/lb")
        #expect(standard(isRoot: true, [:]) == "/var/lib/lb")
        #expect(standard([:]) == nil)
        #expect(standard(isRoot: true, ["XDG_STATE_HOME": "relative", "HOME": ""]) == "/var/lib/lb")
    }
}
