import Foundation
import Glibc
import Testing

@testable import lbctl

/// Files in and out: `validate`, `diff`, `apply`, `edit`, `export`, contexts and tokens.
@Suite final class FileTests {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("lbctl-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")), as: UTF8.self)
    }

    private static let good = """
        {
          "pools": {"default": {"algorithm": "round_robin"}},
          "backends": {
            "web-1": {"url": "http://10.0.0.1:80"},
            "web-2": {"url": "http://10.0.0.2:80", "weight": 3}
          }
        }
        """

    @Test func validateNeedsNoServerAndNamesTheLine() throws {
        let path = try file("lb.json", Self.good)
        let nowhere = ["LBCTL_ADDR": "127.0.0.1:1"]
        #expect(lbctl(["validate", "-f", path], environment: nowhere).out == "\(path) is good: 2 backends, 1 pool\n")
        let bad = try file("bad.json", Self.good.replacing("\"weight\": 3", with: "\"wieght\": 3"))
        let outcome = lbctl(["validate", "-f", bad])
        #expect(outcome.code == 7)
        #expect(outcome.out.hasPrefix("\(bad):5: /backends/web-2/wieght "), "\(outcome.out)")
        #expect(outcome.out.contains("did you mean weight?"))
        #expect(outcome.err.hasSuffix("bad.json: 1 mistake\n"))
    }

    @Test func whatIsNoJSONIsNamedByLineAndColumn() throws {
        let path = try file("lb.json", "{\n  \"backends\": {,}\n}")
        let outcome = lbctl(["apply", "-f", path])
        #expect(outcome.code == 2)
        #expect(outcome.err.hasPrefix("error: \(path):2:16: this is no JSON: a member's name should stand here\n"))
        let yaml = try file("lb.yaml", "backends: {}\n")
        #expect(lbctl(["diff", "-f", yaml]).err.contains("YAML is what lbd --config reads"))
    }

    @Test func diffIsApplyWithoutTheChange() throws {
        let path = try file("lb.json", Self.good)
        let some = json("200 OK", "{\"changes\":[{\"op\":\"add\",\"path\":\"/backends/web-2\",\"to\":{\"weight\":3}}]}")
        let none = json("200 OK", "{\"changes\":[]}")
        let (drift, server) = lbctl(["diff", "-f", path], [some])
        #expect(drift.code == 1)
        #expect(drift.out == "+ backends/web-2: weight=3\n")
        #expect(server.lines == ["PATCH /v1/config?dry_run=plan"])
        #expect(server.requests[0].hasSuffix("\r\n\r\n" + Self.good))
        let (same, pruning) = lbctl(["diff", "-f", path, "--prune"], [none])
        #expect(same.code == 0)
        #expect(same.out == "")
        #expect(pruning.lines == ["PUT /v1/config?dry_run=plan"])
        let unreachable = lbctl(["diff", "-f", path, "--addr", "127.0.0.1:1"])
        #expect(unreachable.code == 10)
    }

    @Test func applyAddsAndChangesAndTellsWhatItLeft() throws {
        let path = try file("lb.json", Self.good)
        let now = "{\"backends\":{\"web-1\":{},\"web-2\":{},\"old-7\":{}}}"
        let (outcome, server) = lbctl(["apply", "-f", path], [json("200 OK", now, ["LB-Revision: 12"])])
        #expect(server.lines == ["PATCH /v1/config"])
        #expect(outcome.out == "\(path) applied (revision 12)\n")
        #expect(outcome.err == "note: not in \(path), and left as it is: old-7 (--prune removes)\n")
        let (pruned, other) = lbctl(["apply", "-f", path, "--prune"], [json("200 OK", now, ["LB-Changed: false"])])
        #expect(other.lines == ["PUT /v1/config"])
        #expect(pruned.out == "\(path) unchanged\n")
        #expect(pruned.err == "")
    }

    @Test func aManagerRemovesOnlyWhatItMarked() throws {
        let path = try file("shop.json", "{\"backends\":{\"web-1\":{\"url\":\"http://h:1\"}}}")
        let config =
            "{\"backends\":{\"web-1\":{},\"web-9\":{\"labels\":{\"manager\":\"shop\"}},\"x\":{\"labels\":{\"manager\":\"y\"}}}}"
        let (_, server) = lbctl(
            ["apply", "-f", path, "--prune", "--manager", "shop"],
            [json("200 OK", config), json("200 OK", "{}")]
        )
        #expect(server.lines == ["GET /v1/config", "PATCH /v1/config"])
        #expect(
            server.requests[1].hasSuffix(
                "{\"backends\":{\"web-1\":{\"url\":\"http://h:1\",\"labels\":{\"manager\":\"shop\"}},\"web-9\":null}}"
            )
        )
    }

    /// `require_if_match`: what there is now is what the change is made to.
    @Test func anLbdThatWantsAVersionGetsTheOneThatItTells() throws {
        let wanted = json("428 Precondition Required", "{\"status\":428}", ["ETag: \"k7f3.9\""])
        let done = json("200 OK", "{\"name\":\"web-1\"}", ["LB-Revision: 10"])
        let (outcome, server) = lbctl(["set", "web-1", "weight=3"], [wanted, done])
        #expect(outcome.code == 0, "\(outcome.err)")
        #expect(!server.requests[0].contains("If-Match"))
        #expect(server.requests[1].contains("\r\nIf-Match: \"k7f3.9\"\r\n"))
        // The version is asked for once: a second refusal is told.
        let refusing = problem(428, "if-match", "because")
        let (refused, asking) = lbctl("add http://h:1", [refusing, refusing])
        #expect(refused.code == 6)
        #expect(refused.err.hasPrefix("error: because (428 if-match)\n"))
        #expect(asking.requests.count == 2)
        // Of what is not there it tells no version.
        let (_, adding) = lbctl(["add", "http://h:1"], [json("428 Precondition Required", "{\"status\":428}"), done])
        #expect(adding.requests[1].contains("\r\nIf-None-Match: *\r\n"))
    }

    @Test func aRevisionThatHasMovedSaysByWhomAndWhatToType() throws {
        let path = try file("lb.json", Self.good)
        let refusal = problem(
            412,
            "precondition-failed",
            "revision moved from 1840 to 1843 since you read it",
            "\"current\":\"\\\"k7f3.1843\\\"\",\"changes\":[{\"revision\":1843,\"at\":\"2026-11-21T09:59:48Z\","
                + "\"actor\":{\"name\":\"ci-bot\"},\"reason\":\"canary\",\"summary\":\"web-3 weight 100 to 10\"}]"
        )
        let (outcome, server) = lbctl(
            ["apply", "-f", path, "--if-revision", "1840"],
            [json("200 OK", "{\"lineage\":\"k7f3\",\"revision\":1843}"), refusal]
        )
        #expect(outcome.code == 6)
        #expect(server.requests[1].contains("\r\nIf-Match: \"k7f3.1840\"\r\n"))
        #expect(
            outcome.err == """
                error: revision moved from 1840 to 1843 since you read it (412 precondition-failed)
                  by:    ci-bot, 12s ago: web-3 weight 100 to 10 ("canary")
                  try:   lbctl diff -f \(path) && lbctl apply -f \(path) --if-revision 1843

                """
        )
    }

    @Test func exportIsLaidOutAndTakenBack() throws {
        let (outcome, server) = lbctl("export --revision 3", [json("200 OK", "{\"backends\":{\"a\":{\"weight\":1}}}")])
        #expect(server.lines == ["GET /v1/config?revision=3"])
        #expect(outcome.out == "{\n  \"backends\": {\n    \"a\": {\n      \"weight\": 1\n    }\n  }\n}\n")
    }

    @Test func editPutsWhatTheEditorMade() throws {
        let before = json("200 OK", "{\"backends\":{\"a\":{\"weight\":1}}}", ["ETag: \"k.7\""])
        let server = FakeServer([before, json("200 OK", "{}", ["LB-Revision: 8"]), before])
        defer { server.stop() }
        let edited = lbctl("edit", server: server, environment: ["EDITOR": "sed -i s/1/5/"])
        #expect(edited.out == "configuration applied (revision 8)\n")
        #expect(server.lines == ["GET /v1/config", "PUT /v1/config"])
        #expect(server.requests[1].contains("\r\nIf-Match: \"k.7\"\r\n"))
        #expect(server.requests[1].hasSuffix("{\"backends\":{\"a\":{\"weight\":5}}}"))
        let same = lbctl("edit", server: server, environment: ["EDITOR": "true"])
        #expect(same.code == 0)
        #expect(same.err == "nothing was changed\n")
    }

    @Test func anEditorThatFailsChangesNothing() {
        let server = FakeServer([json("200 OK", "{}")])
        defer { server.stop() }
        let outcome = lbctl("edit", server: server, environment: ["VISUAL": "false"])
        #expect(outcome.code == 1)
        #expect(outcome.err.contains("  now:   nothing was changed\n"))
        #expect(server.requests.count == 1)
    }

    // MARK: contexts

    @Test func contextsAreKeptUsedAndForgotten() throws {
        let home = ["HOME": directory]
        let token = try file("t", "secret\n")
        let set = ["context", "set", "prod", "--addr", "10.9.9.9:1", "--token-file", token]
        #expect(lbctl(set, environment: home).code == 0)
        #expect(lbctl("context set dev --addr :2", environment: home).out == "context dev set\n")
        let path = "\(directory)/.config/lbctl/config.json"
        #expect(permissions(ofFile: path) == 0o600)
        #expect(
            lbctl("context list", environment: home).out == """
                   NAME  ADDRESS     TOKEN
                *  prod  10.9.9.9:1  \(token)
                   dev   :2          -

                """
        )
        #expect(lbctl("context use dev", environment: home).code == 0)
        #expect(lbctl("list --curl", environment: home).out.contains("http://127.0.0.1:2/v1/backends"))
        #expect(lbctl("list --curl --addr :3", environment: home).out.contains("http://127.0.0.1:3/"))
        let wrong = lbctl("list --context prdo", environment: home)
        #expect(wrong.code == 2)
        #expect(wrong.err.contains("prod   (did you mean that?)"))
        #expect(lbctl("context rm dev", environment: home).code == 0)
        #expect(lbctl("list --curl", environment: home).out.contains("http://127.0.0.1:9900/"))
        _ = try file(".config/lbctl/config.json", "{")
        #expect(lbctl("list --curl", environment: home).code == 0, "a broken file does not stop who names no context")
        #expect(lbctl("list --curl --context dev", environment: home).code == 2)
    }

    // MARK: tokens

    @Test func aTokenIsMadeWithItsLineAndTheLineIsItsHash() throws {
        let made = lbctl("token create ci --role operator -o json")
        #expect(made.code == 0)
        let json = try JSONReader.read(Array(made.out.utf8))
        let token = try #require(json["token"]?.string)
        #expect(token.hasPrefix("lb_") && token.utf8.count == 67)
        #expect(json["line"]?.string == "ci:operator:\(try sha256(token))")
        #expect(try sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func tokensAreAddedListedAndRevoked() throws {
        let tokens = try file("tokens", "# who may\nme:admin:\(String(repeating: "0", count: 64))\n")
        chmod(tokens, 0o640)
        let secret = "\(directory)/ci.token"
        let made = lbctl(["token", "create", "a:b", "--role", "viewer", "--tokens", tokens, "--out", secret])
        #expect(made.code == 0, "\(made.err)")
        #expect(!made.out.contains("lb_"))
        #expect(permissions(ofFile: secret) == 0o600)
        #expect(permissions(ofFile: tokens) == 0o640)
        #expect(lbctl(["token", "list", "--tokens", tokens, "-o", "tsv"]).out == "me\tadmin\na:b\tviewer\n")
        #expect(lbctl(["token", "create", "me", "--tokens", tokens]).code == 6)
        #expect(lbctl(["token", "revoke", "a", "--tokens", tokens]).code == 5)
        #expect(lbctl(["token", "revoke", "me", "--tokens", tokens]).code == 0)
        let left = try text("tokens")
        #expect(left.hasPrefix("# who may\na:b:viewer:"))
        #expect(!left.contains("me:admin"))
    }

    @Test func theTokenIsSentAndNeverShown() throws {
        let path = try file("token", "s3cr3t\n")
        let server = FakeServer([json("200 OK", "{\"backends\":{}}"), json("200 OK", "{\"backends\":{}}")])
        defer { server.stop() }
        let outcome = lbctl(["list", "-v", "--token-file", path], server: server)
        #expect(server.requests[0].contains("\r\nAuthorization: Bearer s3cr3t\r\n"))
        #expect(outcome.err.contains("> Authorization: Bearer (the token in \(path))\n"))
        #expect(!outcome.err.contains("s3cr3t"))
        let curl = lbctl(["list", "--curl", "--token-file", path], server: server)
        #expect(curl.out.contains("-H \"Authorization: Bearer $(cat \(path))\""))
        #expect(!curl.out.contains("s3cr3t"))
        let variable = lbctl("list", server: server, environment: ["LBCTL_TOKEN": "other"])
        #expect(variable.code == 0)
        #expect(server.requests[1].contains("\r\nAuthorization: Bearer other\r\n"))
        #expect(
            lbctl("list --curl", environment: ["LBCTL_TOKEN": "other"]).out
                .contains("-H \"Authorization: Bearer $LBCTL_TOKEN\"")
        )
    }

    @Test func aTokenAtItsStandardPlaceIsFoundByItself() throws {
        try FileManager.default.createDirectory(atPath: "\(directory)/.config/lbctl", withIntermediateDirectories: true)
        _ = try file(".config/lbctl/token", "home\n")
        let server = FakeServer([json("200 OK", "{\"backends\":{}}")])
        defer { server.stop() }
        #expect(lbctl("list", server: server, environment: ["HOME": directory]).code == 0)
        #expect(server.requests[0].contains("\r\nAuthorization: Bearer home\r\n"))
    }

    @Test func aTokenThatIsNotGoodSaysWhichItWas() throws {
        let path = try file("token", "old\n")
        let (without, _) = lbctl(
            "list",
            [
                problem(
                    401,
                    "unauthorized",
                    "the request has no token",
                    #""hint":"send \"Authorization: Bearer TOKEN\"""#
                )
            ]
        )
        #expect(without.code == 4)
        #expect(
            without.err == """
                error: the request has no token (401 unauthorized)
                  now:   no token was sent
                  try:   --token-file FILE, or LBCTL_TOKEN=...

                """
        )
        let (expired, _) = lbctl(["list", "--token-file", path], [problem(401, "bad-token", "the token is not known")])
        #expect(expired.code == 4)
        #expect(expired.err.contains("  now:   the token in \(path) was sent\n"))
        #expect(expired.err.contains("mistyped, expired or revoked"))
        let missing = lbctl(["list", "--token-file", "/nonexistent/token"])
        #expect(missing.code == 2)
        #expect(missing.err.contains("--token-file: /nonexistent/token: No such file or directory"))
    }

    // MARK: api, explain, doctor, an old server

    @Test func apiSendsWhatItIsToldAndPrintsWhatComes() throws {
        let body = try file("body.json", "{\"weight\":3}")
        let (outcome, server) = lbctl(
            [
                "api", "patch", "/v1/backends/a?wait=1s", "-d", "@" + body, "-H", "If-Match: \"k.1\"", "-H",
                "Accept: text/x",
            ],
            [.answer([httpText("200 OK", "plain\n", [])])]
        )
        #expect(outcome.out == "plain\n")
        #expect(server.lines == ["PATCH /v1/backends/a?wait=1s"])
        #expect(
            server.requests[0].contains("\r\nAccept: text/x\r\nIf-Match: \"k.1\"\r\n")
                || server.requests[0].contains("\r\nIf-Match: \"k.1\"\r\nAccept: text/x\r\n")
        )
        #expect(!server.requests[0].contains("application/json\r\nIf"))
        #expect(server.requests[0].hasSuffix("{\"weight\":3}"))
        let (refused, _) = lbctl("api /v1/x", [problem(404, "unknown-path", "nothing")])
        #expect(refused.code == 11)
        #expect(refused.out.contains("\"code\":\"unknown-path\""))
    }

    @Test func explainKnowsFieldsCodesAndProblems() {
        #expect(
            lbctl("explain pool.health_check.rise").out
                == "  health_check.rise  passes in a row that bring a backend back\n"
        )
        #expect(lbctl("explain 8").out.hasPrefix("exit code 8: finished, but requests were cut"))
        let page =
            "{\"title\":\"Twice\",\"status\":409,\"code\":\"duplicate-url\",\"meaning\":\"It is.\",\"remedy\":\"Do.\"}"
        let (outcome, server) = lbctl("explain duplicate-url", [json("200 OK", page)])
        #expect(server.lines == ["GET /v1/problems/duplicate-url"])
        #expect(outcome.out == "Twice (409 duplicate-url)\n\nIt is.\n\nWhat to do: Do.\n")
        let (unknown, _) = lbctl("explain wieght", [problem(404, "not-found", "no")])
        #expect(unknown.code == 5)
        #expect(unknown.err.contains("lbctl explain weight   (did you mean that?)"))
    }

    @Test func anOldServerIsCalledOne() {
        let (outcome, _) = lbctl("history", [problem(404, "unknown-path", "there is nothing at /v1/history")])
        #expect(outcome.code == 11)
        #expect(outcome.err.hasPrefix("error: this lbd does not know GET /v1/history (404 unknown-path)\n"))
        #expect(outcome.err.contains("lbctl version"))
    }

    @Test func doctorFailsWhereNobodyListens() {
        let outcome = lbctl("doctor --addr 127.0.0.1:1")
        #expect(outcome.code == 1)
        #expect(outcome.out.contains("FAIL  cannot reach the admin API at 127.0.0.1:1"))
    }
}
