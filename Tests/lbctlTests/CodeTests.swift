import Foundation
import Testing

@testable import lbctl

/// Exit codes, and other points that scripts rely on.
@Suite struct CodeTests {
    private func problem(_ status: String, _ code: String, _ more: String = "") -> FakeServer.Step {
        json(status, "{\"code\":\"\(code)\",\"title\":\"t\",\"detail\":\"d\",\"status\":\(status.prefix(3))\(more)}")
    }

    @Test(arguments: [
        ("400 Bad Request", "bad-json", 7), ("404 Not Found", "unknown-path", 5), ("404 Not Found", "not-found", 5),
        ("403 Forbidden", "forbidden", 4), ("401 Unauthorized", "unauthorized", 4), ("409 Conflict", "exists", 6),
        ("412 Precondition Failed", "precondition-failed", 6), ("422 Unprocessable Content", "invalid", 7),
        ("405 Method Not Allowed", "method-not-allowed", 7), ("400 Bad Request", "unknown-parameter", 7),
        ("504 Gateway Timeout", "wait-timeout", 3), ("507 Insufficient Storage", "not-durable", 11),
    ])
    func apiExitsByTheStatus(_ status: String, _ code: String, _ exit: Int32) {
        #expect(lbctl("api GET /v1/x", [problem(status, code)]).0.code == exit)
    }

    @Test func apiExitsByTheStatusOfWhatIsNoProblemDocument() {
        #expect(
            lbctl("api GET /v1/x", [.answer(["HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"])]).0.code == 5
        )
    }

    @Test func anUnknownNameAmongSeveralIsNotFound() {
        let errors = ",\"errors\":[{\"pointer\":\"/nope/url\",\"detail\":\"is missing\"}]"
        let (outcome, server) = lbctl("drain web-1 nope", [problem("422 Unprocessable Content", "invalid", errors)])
        #expect(outcome.code == 5)
        #expect(outcome.err.hasPrefix("error: there is no backend \"nope\": nothing was changed\n"))
        #expect(server.lines == ["PATCH /v1/backends"])
        // Any other mistake is one.
        let other = ",\"errors\":[{\"pointer\":\"/web-1/weight\",\"detail\":\"must be\"}]"
        #expect(lbctl("weight web-1 web-2 5", [problem("422 Unprocessable Content", "invalid", other)]).0.code == 7)
    }

    @Test func aRemovalThatTheServerCannotWaitForIsLookedAtAgain() {
        let draining = "{\"name\":\"web-1\",\"revision\":7,\"operation\":\"op-8\",\"drain\":{\"in_flight\":1}}"
        let (outcome, server) = lbctl(
            "remove web-1 --timeout 20s",
            [json("202 Accepted", draining), json("202 Accepted", draining), problem("404 Not Found", "not-found")]
        )
        #expect(outcome.code == 0, "\(outcome.err)")
        #expect(outcome.out == "web-1 removed (drained)\n")
        #expect(server.lines.count == 3)
        #expect(server.lines[0] == "DELETE /v1/backends/web-1?wait=20s")
        // Without patience it is told what it is.
        #expect(lbctl("remove web-1 --no-wait", [json("202 Accepted", draining)]).0.code == 0)
    }

    @Test func aReasonIsAnyLineOfText() {
        let (outcome, server) = lbctl(
            ["weight", "web-1", "3", "--reason", "größer → 日本"],
            [json("200 OK", "{\"name\":\"web-1\"}")]
        )
        #expect(outcome.code == 0)
        #expect(server.requests[0].contains("\r\nLB-Reason: größer → 日本\r\n"))
        #expect(lbctl(["weight", "web-1", "3", "--reason", "a\nb"]).code == 2)
        #expect(lbctl(["weight", "web-1", "3", "--reason", "\u{9B}2J"]).code == 2)
    }

    @Test func explainListsWhatThereIsToChooseFrom() {
        #expect(lbctl("explain state").out.contains("ready, drain, maint"))
        #expect(lbctl("explain pool.algorithm").out.contains("round_robin, least_request"))
        #expect(lbctl("explain backend").out.contains("ready, drain, maint"))
    }

    @Test func getShowsTheTag() {
        let backend = "{\"name\":\"web-1\",\"url\":\"http://h:1\",\"pool\":\"default\",\"weight\":1}"
        let (outcome, _) = lbctl("get web-1", [json("200 OK", backend, ["ETag: \"abc.7\""])])
        #expect(outcome.out.contains("etag:"))
        #expect(outcome.out.contains("\"abc.7\""))
    }

    @Test(arguments: [80, 100]) func historyKeepsWhatMattersAndNeverWraps(_ columns: Int) {
        let long = String(repeating: "backend web-1 weight 1, ", count: 9)
        let history =
            "{\"history\":[{\"revision\":123456,\"at\":\"2026-11-21T06:48:00Z\",\"actor\":{\"name\":"
            + "\"a-deployment-robot-with-a-name\"},\"summary\":\"\(long)\",\"reason\":\"\(long)\"}]}"
        let server = FakeServer([json("200 OK", history)])
        defer { server.stop() }
        let outcome = lbctl("history", server: server, isTerminal: true, columns: columns)
        for line in outcome.out.split(separator: "\n") { #expect(displayWidth(String(line)) <= columns) }
        for title in ["REVISION", "AGE", "BY", "WHAT", "WHY"] { #expect(outcome.out.contains(title)) }
    }

    @Test func aCommandThatWaitsTriesARefusedConnectionAgain() throws {
        // A port that was free a moment ago, where a server comes up while lbctl tries.
        let path = FileManager.default.temporaryDirectory.path + "/lbctl-late-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let serving = "{\"name\":\"web-1\",\"url\":\"http://h:1\",\"status\":{\"phase\":\"serving\"}}"
        let lines = LateLines()
        Thread.detachNewThread {
            while lines.tries == 0 { usleep(1000) }
            lines.server = FakeServer([json("200 OK", serving)], unixPath: path)
        }
        defer { lines.server?.stop() }
        // Without the wait it is told at once.
        #expect(lbctl(["get", "web-1"], environment: ["LBCTL_ADDR": "unix:\(path)"]).code == 10)
        lines.tries = 1
        let outcome = lbctl(
            ["wait", "web-1", "--for", "healthy", "--timeout", "20s"],
            environment: ["LBCTL_ADDR": "unix:\(path)"]
        )
        #expect(outcome.code == 0, "\(outcome.err)")
        let began = Date()
        #expect(lbctl(["wait", "web-1", "--for", "healthy", "--timeout", "300ms", "--addr", "127.0.0.1:1"]).code == 10)
        #expect(Date().timeIntervalSince(began) >= 0.2)
    }
}

/// What two threads of a test tell each other.
private final class LateLines: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    private var held: FakeServer?

    var tries: Int {
        get { lock.withLock { count } }
        set { lock.withLock { count = newValue } }
    }
    var server: FakeServer? {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }
}
