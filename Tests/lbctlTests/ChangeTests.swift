import Glibc
import Testing

@testable import lbctl

/// What `add` and `remove` send, say and return.
@Suite struct ChangeTests {
    private static func backend(_ phase: String, health: String = "unknown", reason: String? = nil) -> String {
        let why = reason.map { "\"\($0)\"" } ?? "null"
        return "{\"name\":\"web-3\",\"url\":\"http://10.0.0.3:8080\",\"pool\":\"default\",\"weight\":1,"
            + "\"status\":{\"phase\":\"\(phase)\",\"health\":{\"state\":\"\(health)\",\"reason\":\(why)}}}"
    }

    private static let revision = ["LB-Revision: 1843"]
    private static let serving = backend("serving", health: "healthy")

    @Test func addPostsAndTellsTheRevision() {
        let (outcome, server) = lbctl(
            "add backend web-3 http://10.0.0.3:8080",
            [json("201 Created", Self.backend("starting"), Self.revision)]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out == "web-3 added (revision 1843, starting)\n")
        #expect(outcome.err == "")
        #expect(server.lines == ["POST /v1/backends"])
        #expect(server.requests[0].contains("\r\nContent-Type: application/json\r\nContent-Length: 45\r\n"))
        #expect(server.requests[0].hasSuffix("\r\n\r\n{\"name\":\"web-3\",\"url\":\"http://10.0.0.3:8080\"}"))
    }

    @Test func addWithWaitTellsHowLongItTook() {
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait --timeout 5s",
            [json("201 Created", Self.serving, Self.revision)]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out.wholeMatch(of: /web-3 added \(revision 1843, healthy after [0-9.]+s\)\n/) != nil)
        #expect(server.lines == ["POST /v1/backends?wait=5s"])
    }

    @Test func aBackendWithoutHealthCheckServesAndIsNotCalledHealthy() {
        let (outcome, _) = lbctl("add http://h:1 --wait", [json("201 Created", Self.backend("serving"))])
        #expect(outcome.out.wholeMatch(of: /web-3 added \(serving after [0-9.]+s\)\n/) != nil)
    }

    @Test func addGoesOnWaitingWhereTheServerDidNot() {
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait",
            [
                json("201 Created", Self.backend("starting"), Self.revision), json("200 OK", Self.backend("unhealthy")),
                json("200 OK", Self.serving, ["LB-Revision: 1850"]),
            ]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out.hasPrefix("web-3 added (revision 1843, healthy after "))
        #expect(
            server.lines
                == ["POST /v1/backends?wait=30s", "GET /v1/backends/web-3", "GET /v1/backends/web-3"]
        )
    }

    @Test func aWaitThatTakesTooLongLeavesTheChangeAndSaysWhy() {
        let words = "the backend \\\"web-3\\\" does not serve after 30s: connect refused"
        let (outcome, _) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait",
            [problem(504, "wait-timeout", words, "\"applied\":true,\"revision\":1843")]
        )
        #expect(outcome.code == 3)
        #expect(outcome.out == "")
        #expect(
            outcome.err == """
                error: the backend "web-3" does not serve after 30s: connect refused (504 wait-timeout)
                  now:   the change stands (revision 1843): it serves as soon as its check passes
                  try:   lbctl health web-3
                  or:    lbctl remove web-3   to take it back

                """
        )
    }

    @Test func ourOwnWaitEndsAtTheTimeout() {
        let answer = json("200 OK", Self.backend("unhealthy", reason: "status 500"))
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait --timeout 3s",
            Array(repeating: answer, count: 60)
        )
        #expect(outcome.code == 3)
        #expect(outcome.err.hasPrefix("error: the backend \"web-3\" does not serve after 3s: status 500\n"))
        #expect(!server.requests.isEmpty)
    }

    @Test func anAddressThatIsThereAlreadyIsAConflictThatForceOverrides() {
        let twin = problem(409, "duplicate-url", "a has the URL already", "\"hint\":\"or repeat with ?force=true\"")
        let (outcome, _) = lbctl("add b http://h:1", [twin])
        #expect(outcome.code == 6)
        #expect(
            outcome.err == """
                error: a has the URL already (409 duplicate-url)
                  try:   lbctl add b http://h:1 --force   if the address shall have two shares

                """
        )
        let (forced, server) = lbctl("add b http://h:1 --force --wait", [json("201 Created", Self.serving)])
        #expect(forced.code == 0)
        #expect(server.lines == ["POST /v1/backends?wait=30s&force=true"])
    }

    @Test func whatAReplaceDidIsToldByItsOwnAnswerNotByTheLastLook() {
        let (outcome, _) = lbctl(
            "add web-3 http://h:1 --replace --wait",
            [json("201 Created", Self.backend("starting"), Self.revision), json("200 OK", Self.serving)]
        )
        #expect(outcome.out.hasPrefix("web-3 added (revision 1843, healthy after "))
    }

    @Test func theLogLevelIsShownAndSet() {
        let (shown, asked) = lbctl("log-level", [json("200 OK", #"{"state": "ready", "log_level": "info"}"#)])
        #expect(shown.code == 0 && shown.out == "the log level is info\n")
        #expect(asked.lines == ["GET /v1/self"])
        let (set, server) = lbctl("log-level debug", [json("200 OK", #"{"state": "ready", "log_level": "debug"}"#)])
        #expect(set.code == 0 && set.out == "the log level is debug now\n")
        #expect(server.lines == ["PATCH /v1/self"])
        #expect(server.requests[0].hasSuffix("\r\n\r\n" + #"{"log_level":"debug"}"#))
    }

    @Test func jsonHasNoLinesOfOurs() {
        let (outcome, _) = lbctl("remove a -o json --ignore-not-found", [problem(404, "not-found", "no")])
        #expect(outcome.code == 0)
        #expect(outcome.out == "")
    }

    @Test func waitingForEverOutlastsTheServersPatience() {
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait --timeout 0",
            [
                problem(504, "wait-timeout", "too slow"), json("200 OK", Self.backend("starting")),
                json("200 OK", Self.serving),
            ]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out.contains("healthy after"))
        #expect(server.lines.first == "POST /v1/backends?wait=1h")
        #expect(server.lines.count == 3)
    }

    @Test func aBackendThatIsRemovedWhileItIsWaitedForEndsTheWait() {
        let (outcome, _) = lbctl(
            "add web-3 http://10.0.0.3:8080 --wait",
            [json("201 Created", Self.backend("starting")), problem(404, "not-found", "gone")]
        )
        #expect(outcome.code == 12)
        #expect(outcome.err.contains("\"web-3\" was removed while it was waited for"))
    }

    @Test func aConditionThatCannotComeTrueIsTwelve() {
        let (outcome, _) = lbctl(
            "add web-3 http://h:1 --wait",
            [problem(409, "condition-unreachable", "it was removed")]
        )
        #expect(outcome.code == 12)
    }

    @Test func aNameThatExistsIsAConflictWithTwoWaysOut() {
        let (outcome, _) = lbctl("add web-3 http://h:1", [problem(409, "exists", "there is a web-3")])
        #expect(outcome.code == 6)
        #expect(
            outcome.err == """
                error: there is a web-3 (409 exists)
                  try:   lbctl add web-3 http://h:1 --replace     to change it
                  or:    lbctl add web-3 http://h:1 --if-absent   to take it as it is

                """
        )
    }

    @Test func ifAbsentTakesWhatIsThere() {
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --if-absent --wait",
            [problem(409, "exists", "there is one"), json("200 OK", Self.serving)]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out == "web-3 is there already, unchanged (healthy)\n")
        #expect(outcome.err == "")
        #expect(server.lines == ["POST /v1/backends?wait=30s", "GET /v1/backends/web-3"])
    }

    @Test func ifAbsentNotesThatWhatIsThereIsSomewhereElse() {
        let (outcome, _) = lbctl(
            "add web-3 http://10.9.9.9:1 --if-absent",
            [problem(409, "exists", "there is one"), json("200 OK", Self.serving)]
        )
        #expect(outcome.code == 0)
        #expect(
            outcome.err
                == "note: web-3 is at http://10.0.0.3:8080, not at http://10.9.9.9:1; --replace would change that\n"
        )
    }

    @Test(arguments: [
        ("200 OK", ["LB-Changed: true"], "replaced"), ("200 OK", ["LB-Changed: false"], "unchanged"),
        ("201 Created", ["LB-Changed: true"], "added"),
    ])
    func replacePutsAndTellsWhatItDid(_ status: String, _ fields: [String], _ word: String) {
        let (outcome, server) = lbctl(
            "add web-3 http://10.0.0.3:8080 --replace",
            [json(status, Self.serving, fields + Self.revision)]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out == "web-3 \(word) (revision 1843, serving)\n")
        #expect(server.lines == ["PUT /v1/backends/web-3"])
    }

    @Test(arguments: [
        ("add web-3 10.0.0.3:8080", ["it has no scheme", "try:   lbctl add web-3 http://10.0.0.3:8080\n"]),
        ("add https://h:1", ["TLS to backends is not available", "lbctl add http://h:1"]),
        ("add http://h:1/x", ["has no path or query", "lbctl add http://h:1"]),
        ("add http://h:0", ["the port \"0\""]),
        ("add http://h:1 web-3", ["no backend's URL", "try:   lbctl add web-3 http://h:1"]),
        ("add we!b http://h:1", ["\"we!b\" cannot be a backend's name"]),
        ("add unix:/run/a@b.sock", ["\"a@b.sock\" cannot be a backend's name: give it one", "lbctl add NAME"]),
        ("add http://h:1 --weight 1001", ["--weight: \"1001\" is not a whole number from 0 to 1000"]),
        ("add http://h:1 --weight -1", ["--weight: \"-1\""]),
        ("add http://h:1 --weight 1.5", ["--weight: \"1.5\""]),
        ("add http://h:1 --pool a/b", ["--pool: \"a/b\""]),
        ("add http://h:1 --replace --if-absent", ["exclude each other"]),
        ("remove a/b", ["\"a/b\" cannot be a backend's name"]),
        ("get http://127.0.0.1:8080", ["cannot be a backend's name", "127.0.0.1:8080   the name that URL has"]),
        ("health ..", ["cannot be a backend's name"]),
    ])
    func refusesWhatCannotBeBeforeItIsSent(_ line: String, _ words: [String]) {
        let (outcome, server) = lbctl(line, [])
        #expect(outcome.code == 2)
        for word in words { #expect(outcome.err.contains(word), "\(outcome.err)") }
        #expect(server.requests.isEmpty)
    }

    @Test func quietSaysNothingOfASuccess() {
        let (outcome, _) = lbctl("add http://h:1 -q", [json("201 Created", Self.serving)])
        #expect(outcome.code == 0)
        #expect(outcome.out == "")
        #expect(outcome.err == "")
    }

    @Test func jsonOfAWriteIsItsAnswerAndOfARefusalTheProblem() {
        let (outcome, _) = lbctl("add http://h:1 -o json", [json("201 Created", Self.serving)])
        #expect(outcome.out == Self.serving + "\n")
        let (refusal, _) = lbctl("add http://h:1 -o json", [problem(422, "invalid", "bad")])
        #expect(refusal.code == 7)
        #expect(refusal.out.hasPrefix("{\"type\":\"/v1/problems/invalid\""))
        #expect(refusal.err.hasPrefix("error: bad (422 invalid)\n"))
    }

    private static func drained(_ atStart: Int, _ completed: Int, _ cut: Int) -> String {
        "{\"name\":\"web-1\",\"drain\":{\"outcome\":\"clean\",\"elapsed\":\"3.2s\",\"in_flight_at_start\":\(atStart),"
            + "\"completed\":\(completed),\"cut\":\(cut)},\"revision\":1846}"
    }

    @Test(arguments: [
        (17, 17, 0, 0, "web-1 removed (revision 1846, drained in 3.2s, 17 requests completed)\n"),
        (1, 1, 0, 0, "web-1 removed (revision 1846, drained in 3.2s, 1 request completed)\n"),
        (0, 0, 0, 0, "web-1 removed (revision 1846, nothing was in flight)\n"),
        (17, 15, 2, 8, "web-1 removed (revision 1846, drained in 3.2s, 15 requests completed, 2 cut)\n"),
    ])
    func removeReportsTheDrain(_ atStart: Int, _ completed: Int, _ cut: Int, _ code: Int32, _ line: String) {
        let (outcome, server) = lbctl("remove web-1", [json("200 OK", Self.drained(atStart, completed, cut))])
        #expect(outcome.code == code)
        #expect(outcome.out == line)
        #expect(outcome.err == "")
        #expect(server.lines == ["DELETE /v1/backends/web-1?wait=30s"])
    }

    private static let draining =
        "{\"name\":\"web-1\",\"drain\":{\"outcome\":\"draining\",\"in_flight\":3,\"in_flight_at_start\":17,"
        + "\"completed\":14},\"revision\":1846}"

    @Test func aDrainThatTakesLongerIsThreeAndStands() {
        let (outcome, _) = lbctl("remove web-1 --timeout 2s", [json("202 Accepted", Self.draining)])
        #expect(outcome.code == 3)
        #expect(
            outcome.err == """
                error: web-1 has not finished its requests after 2s
                  now:   the removal stands (revision 1846): it gets no new requests, 3 of 17 are still in flight
                  try:   lbctl remove web-1 --timeout 5m --ignore-not-found   to wait on

                """
        )
        let (other, _) = lbctl("remove web-1", [problem(504, "wait-timeout", "draining")])
        #expect(other.code == 3)
        #expect(other.err.contains("(504 wait-timeout)"))
    }

    @Test func removeWithoutWaitingIsDoneAtOnce() {
        let (outcome, server) = lbctl("remove web-1 --no-wait", [json("202 Accepted", Self.draining)])
        #expect(outcome.code == 0)
        #expect(outcome.out == "web-1 removed (revision 1846, 3 requests still in flight)\n")
        #expect(server.lines == ["DELETE /v1/backends/web-1"])
    }

    @Test func removeForEverAsksAgainUntilItIsGone() {
        let (outcome, server) = lbctl(
            "remove web-1 --timeout 0",
            [
                json("202 Accepted", Self.draining), problem(504, "wait-timeout", "draining"),
                json("200 OK", Self.drained(17, 17, 0)),
            ]
        )
        #expect(outcome.code == 0)
        #expect(outcome.out.contains("17 requests completed"))
        #expect(server.lines == Array(repeating: "DELETE /v1/backends/web-1?wait=1h", count: 3))
        let (gone, _) = lbctl(
            "remove web-1 --timeout 0",
            [json("202 Accepted", Self.draining), problem(404, "not-found", "gone")]
        )
        #expect(gone.code == 0)
        #expect(gone.out == "web-1 removed (drained)\n")
    }

    @Test func aNameThatIsNotThereIsFiveUnlessThatIsFine() {
        let (outcome, _) = lbctl(
            "remove web-l",
            [problem(404, "not-found", "there is no backend web-l", #""hint":"did you mean \"web-1\"?""#)]
        )
        #expect(outcome.code == 5)
        #expect(
            outcome.err == """
                error: there is no backend web-l (404 not-found)
                  try:   web-1   (did you mean that?)
                  or:    lbctl list

                """
        )
        let (ignored, _) = lbctl("remove web-l --ignore-not-found", [problem(404, "not-found", "no")])
        #expect(ignored.code == 0)
        #expect(ignored.out == "web-l is not there, nothing to remove\n")
    }

    @Test func severalNamesAreRemovedEachAndTheFirstFailureCounts() {
        let (outcome, server) = lbctl(
            "remove a b a c",
            [
                json("200 OK", Self.drained(0, 0, 0)), problem(409, "in-use", "b is needed"),
                json("200 OK", Self.drained(2, 1, 1)),
            ]
        )
        #expect(outcome.code == 6)
        #expect(
            server.lines
                == [
                    "DELETE /v1/backends/a?wait=30s", "DELETE /v1/backends/b?wait=30s",
                    "DELETE /v1/backends/c?wait=30s",
                ]
        )
        #expect(outcome.out.hasPrefix("a removed ("))
        #expect(outcome.out.contains("\nc removed ("))
        #expect(outcome.err == "error: b is needed (409 in-use)\n")
    }

    @Test func aBadNameAmongSeveralKeepsAllOfThem() {
        let (outcome, server) = lbctl("remove a b/c", [])
        #expect(outcome.code == 2)
        #expect(server.requests.isEmpty)
    }
}
