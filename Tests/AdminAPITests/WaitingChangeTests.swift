import Foundation
import Model
import Testing

@testable import AdminAPI

/// Run-time changes that wait for what the file no longer declares: seen, settled by newer wishes, and never past a guard.
@Suite struct WaitingChangeTests {
    /// `web-1` was moved to a pool of the file that the file has dropped since.
    private func admin(_ directory: TemporaryDirectory? = nil) throws -> AdminHarness {
        let admin = try AdminHarness([web[0]], pools: ["blue"], directory: directory)
        #expect(try admin.ask("PATCH", "/v1/backends/web-1?force=true", #"{"pool": "blue"}"#).status == 200)
        _ = try admin.state.reload(declared: declare([web[0]]), to: admin.plane)
        #expect(admin.state.desired.backend("web-1")?.pool == "default")
        return admin
    }

    private func waiting(_ admin: AdminHarness) throws -> String? {
        try admin.ask("GET", "/v1/config")["waiting/backends"]
    }

    @Test func whatWaitsIsShown() throws {
        let admin = try admin()
        let config = try admin.ask("GET", "/v1/config")
        #expect(config["waiting/backends"] == "{web-1}")
        #expect(config["waiting/backends/web-1/spec/pool"] == "blue")
        #expect(config["waiting/backends/web-1/why"] == "there is no pool \"blue\"")
        #expect(try admin.ask("GET", "/v1")["waiting/0"] == "backend web-1: there is no pool \"blue\"")
        // As it was read, it changes nothing, and what waits waits on.
        #expect(try admin.ask("PUT", "/v1/config", config.text).field("LB-Changed") == "false")
        #expect(try waiting(admin) == "{web-1}")
        #expect(try AdminHarness().ask("GET", "/v1")["waiting"] == "[0]")
    }

    /// Whichever newer wish it contradicts, and whether that changes anything by itself.
    @Test(arguments: [
        ("PATCH", "/v1/backends/web-1", #"{"weight": 5}"#), ("PATCH", "/v1/backends/web-1", #"{"pool": "default"}"#),
        ("PUT", "/v1/backends/web-1", #"{"url": "http://127.0.0.1:8081"}"#),
        ("POST", "/v1/backends", #"{"name": "web-1", "url": "http://127.0.0.1:8081"}"#),
        ("PATCH", "/v1/backends", #"{"web-1": {"pool": "default"}}"#),
        ("PATCH", "/v1/config", #"{"backends": {"web-1": {"pool": "default"}}}"#),
        ("PATCH", "/v1/config", #"{"waiting": null}"#),
        ("PATCH", "/v1/config", #"{"waiting": {"backends": {"web-1": null}}}"#),
        ("PUT", "/v1/config", #"{"backends": {"web-1": {"url": "http://127.0.0.1:8081"}}}"#),
        ("POST", "/v1/rollback", #"{"to": 1}"#),
    ])
    func newerWishSettlesIt(_ method: String, _ path: String, _ body: String) throws {
        let directory = try TemporaryDirectory()
        do {
            let admin = try admin(directory)
            let answer = try admin.ask(method, path, body)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.field("LB-Changed") == "true")
            #expect(try waiting(admin) == nil)
            let note = try #require(admin.state.history(after: 0, limit: 1).first)
            #expect(note.summary.contains("waiting change of backend web-1 dropped"))
            // Once more there is nothing left to do.
            #expect(try admin.ask(method, path, body).field("LB-Changed") == "false")
            #expect(try admin.ask("PUT", "/v1/pools/blue", "{}").status < 300)
            #expect(admin.state.desired.backend("web-1")?.pool == "default")
        }
        let state = try ConfigState(declared: declare([web[0]]), directory: directory.path + "/state")
        #expect(state.desired.backend("web-1")?.pool == "default")
        #expect(state.current.waiting.isEmpty)
    }

    /// The pool's return would take the last backend from another pool.
    @Test func guardJudgesWhatComesTrueWithTheChange() throws {
        let admin = try admin()
        let refusal = try admin.ask("PUT", "/v1/pools/blue", "{}")
        #expect(refusal.status == 409)
        #expect(refusal["code"] == "last-healthy-backend")
        #expect(refusal["waiting/0"] == "backend web-1")
        #expect(try waiting(admin) == "{web-1}")
        let plan = try admin.ask("PUT", "/v1/pools/blue?dry_run=plan&force=true", "{}")
        #expect(plan.text.contains("/backends/web-1"))
        #expect(try admin.ask("PUT", "/v1/pools/blue?force=true", "{}").status == 201)
        #expect(admin.state.desired.backend("web-1")?.pool == "blue")
        #expect(try waiting(admin) == nil)
    }

    /// A whole document is what there is then, whatever waited.
    @Test func wholeDocumentIsWhatThereIsThen() throws {
        let admin = try admin()
        let document = #"{"pools": {"blue": {}}, "backends": {"web-1": {"url": "http://127.0.0.1:8081"}}}"#
        #expect(try admin.ask("PUT", "/v1/config", document).status == 200)
        #expect(admin.state.desired.backend("web-1")?.pool == "default")
        #expect(admin.state.desired.pool("blue") != nil)
        #expect(admin.state.current.waiting.isEmpty)
    }

    @Test func additionThatWaitsIsRemovedLikeAnyOther() throws {
        let admin = try AdminHarness(pools: ["blue"])
        #expect(try admin.ask("PUT", "/v1/backends/n", #"{"url": "http://10.0.0.9", "pool": "blue"}"#).status == 201)
        _ = try admin.state.reload(declared: declare(web), to: admin.plane)
        #expect(try admin.ask("GET", "/v1/backends/n").status == 404)
        #expect(try waiting(admin) == "{n}")
        #expect(try admin.ask("DELETE", "/v1/backends/n").status == 200)
        #expect(try waiting(admin) == nil)
        #expect(try admin.ask("DELETE", "/v1/backends/n").status == 404)
    }

    @Test func documentWithUnknownWaitersIsRefused() throws {
        let admin = try admin()
        for body in [#"{"waiting": 1}"#, #"{"waiting": {"backends": 1}}"#, #"{"waiting": {"routes": {}}}"#] {
            #expect((400...422).contains(try admin.ask("PATCH", "/v1/config", body).status), "\(body)")
        }
        #expect(try waiting(admin) == "{web-1}")
    }

    /// What the file makes forgotten of how the same document came about is no revision.
    @Test func reloadThatOnlyForgetsAChangeIsNoRevision() throws {
        let directory = try TemporaryDirectory()
        var file = try declare(web)
        let spec = BackendSpec(url: try BackendURL(web[0].1), weight: 7)
        do {
            let admin = try AdminHarness(directory: directory)
            #expect(try admin.ask("PATCH", "/v1/backends/web-1", #"{"weight": 7}"#).status == 200)
            let before = try admin.ask("GET", "/v1/config")
            file.setBackend("web-1", spec)
            let result = try admin.state.reload(declared: file, to: admin.plane)
            #expect(result.changes == ["run-time change of web-1 dropped"])
            let after = try admin.ask("GET", "/v1/config")
            #expect(after.text == before.text)
            #expect(after.field("ETag") == before.field("ETag"))
        }
        // It is forgotten all the same.
        let state = try ConfigState(declared: declare(web), directory: directory.path + "/state")
        #expect(state.desired.backend("web-1")?.weight == 1)
        #expect(state.conflicts.isEmpty)
    }

    @Test func operatorMayTakeARemovalBack() throws {
        func line(_ name: String, _ role: String) -> String {
            let digest = Digest.sha256(Array("secret-of-\(name)".utf8)).map { String(format: "%02x", $0) }.joined()
            return "\(name):\(role):\(digest)\n"
        }
        let admin = try AdminHarness(tokens: line("boss", "admin") + line("hand", "operator"))
        admin.plane.setInFlight("web-1", 1)
        let boss = [("Authorization", "Bearer secret-of-boss")]
        let hand = [("Authorization", "Bearer secret-of-hand")]
        let removal = try admin.ask("DELETE", "/v1/backends/web-1", nil, boss)
        let operation = try #require(removal["operation"])
        #expect(try admin.ask("DELETE", "/v1/operations/\(operation)", nil, hand).status == 200)
        #expect(admin.state.desired.backend("web-1") != nil)
        #expect(try admin.ask("PUT", "/v1/backends/n", #"{"url":"http://10.0.0.1"}"#, hand).status == 403)
    }
}
