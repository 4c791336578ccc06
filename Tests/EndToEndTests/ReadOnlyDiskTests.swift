import Foundation
import Testing

/// A start on a disk that takes no writes.
@Suite struct ReadOnlyDiskTests {
    let bed = TestBed()

    /// Runs a command line in a mount namespace of its own, with the path that stands before it read-only.
    private static let launcher = [
        "unshare", "--map-root-user", "--mount", "sh", "-c",
        "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"",
    ]

    private static let isPossible: Bool = {
        let bed = TestBed()
        let place = try? bed.makeDirectory("place")
        return (try? bed.run(launcher[0], launcher.dropFirst() + [place ?? "", "true"]))?.exitCode == 0
    }()

    @Test(.enabled(if: isPossible, "nothing can be mounted read-only here"))
    func whatIsThereIsServedAndEveryChangeIsRefused() throws {
        let backend = try bed.rawBackend(answering: "one")
        let yaml = "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n"
        let state = try bed.makeDirectory("state")
        let first = try bed.lbd(yaml: yaml, state: state)
        #expect(try first.ask("PUT", "/v1/backends/kept", body: #"{"url":"http://10.0.0.1","weight":0}"#).status == 201)
        let revision = try first.ask("GET", "/v1/history").text
        // With a log that was not folded into the file.
        first.kill()

        let second = try bed.lbd(yaml: yaml, state: state, launcher: Self.launcher + [state])
        #expect(second.log.contains("refusing every change with 507"))
        #expect(second.log.contains("Read-only file system"))
        #expect(try second.get().text == "one")
        #expect(Set(try second.backends().keys) == ["web-1", "kept"])
        #expect(try second.ask("GET", "/v1/history").text == revision)
        for (method, path, body) in [
            ("PATCH", "/v1/backends/web-1", #"{"weight":7}"#), ("DELETE", "/v1/backends/kept", ""),
            ("PUT", "/v1/pools/other", "{}"),
        ] {
            let refused = try second.ask(method, path, body: body)
            #expect(refused.status == 507, "\(method) \(path): \(refused.text)")
        }
        #expect(Set(try second.backends().keys) == ["web-1", "kept"])
        #expect(try second.stop() == .exited(0))
        // Nothing has touched it.
        let third = try bed.lbd(yaml: yaml, state: state)
        #expect(Set(try third.backends().keys) == ["web-1", "kept"])
    }
}
