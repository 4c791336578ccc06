import Testing

@testable import lbctl

@Suite struct InvocationTests {
    struct Line: Sendable, CustomStringConvertible {
        let words: String
        let command: String
        var operands: [String] = []
        var flags: [String: String] = [:]
        var description: String { words }
    }

    @Test(arguments: [
        Line(words: "list", command: "list"),
        Line(words: "ls", command: "list"),
        Line(words: "list backends", command: "list"),
        Line(words: "health", command: "health"),
        Line(words: "health web-1", command: "health", operands: ["web-1"]),
        Line(words: "health backend web-1", command: "health", operands: ["web-1"]),
        Line(words: "get backend web-1", command: "get", operands: ["web-1"]),
        Line(words: "get -- backend", command: "get", operands: ["backend"]),
        Line(words: "get backend backend", command: "get", operands: ["backend"]),
        Line(words: "add web-1 http://h:1", command: "add", operands: ["web-1", "http://h:1"]),
        Line(words: "add backend http://h:1", command: "add", operands: ["http://h:1"]),
        Line(
            words: "add backend web-1 --wait http://h:1 --weight=3",
            command: "add",
            operands: ["web-1", "http://h:1"],
            flags: ["wait": "", "weight": "3"]
        ),
        Line(words: "--weight 3 add http://h:1", command: "add", operands: ["http://h:1"], flags: ["weight": "3"]),
        Line(words: "add --weight 3 --weight 4 u", command: "add", operands: ["u"], flags: ["weight": "4"]),
        Line(words: "rm a b c", command: "remove", operands: ["a", "b", "c"]),
        Line(words: "delete backend a", command: "remove", operands: ["a"]),
        Line(words: "remove -- --wait", command: "remove", operands: ["--wait"]),
        Line(words: "remove backend pool", command: "remove", operands: ["pool"]),
        Line(words: "-o json list", command: "list", flags: ["output": "json"]),
        Line(words: "list -ojson", command: "list", flags: ["output": "json"]),
        Line(words: "list -o=json", command: "list", flags: ["output": "json"]),
        Line(words: "list --output=json", command: "list", flags: ["output": "json"]),
        Line(words: "list --addr=", command: "list", flags: ["addr": ""]),
        Line(words: "list --addr a=b", command: "list", flags: ["addr": "a=b"]),
        Line(words: "list -qv", command: "list", flags: ["quiet": "", "verbose": ""]),
        Line(words: "list -qvojson", command: "list", flags: ["quiet": "", "verbose": "", "output": "json"]),
        Line(words: "--version", command: "version", flags: ["client": ""]),
        Line(words: "--version -o json", command: "version", flags: ["client": "", "output": "json"]),
        Line(words: "--help", command: "help"),
        Line(words: "-h", command: "help"),
        Line(words: "add --weigth x --help", command: "help", operands: ["add"]),
        Line(words: "help rm -h", command: "help", operands: ["rm"]),
        Line(words: "help exit-codes", command: "help", operands: ["exit-codes"]),
    ])
    func understandsTheLine(_ line: Line) throws {
        let invocation = try Invocation(line.words.split(separator: " ").map(String.init))
        #expect(invocation.command.name == line.command)
        #expect(invocation.operands == line.operands)
        for flag in Flag.global.map(\.name) + invocation.command.flags.map(\.name) {
            #expect(invocation.value(flag) == line.flags[flag], "\(flag)")
        }
    }

    @Test(arguments: [
        ("lst", ["no command \"lst\"", "lbctl list", "did you mean"]),
        ("hlep", ["no command \"hlep\"", "lbctl help", "did you mean"]),
        ("frobnicate", ["no command \"frobnicate\"", "lbctl help"]),
        ("-q", ["no command"]),
        ("list now", ["list takes no \"now\""]),
        ("list --wieght 3", ["no flag --wieght of lbctl list"]),
        ("add u --wieght 3", ["no flag --wieght of lbctl add", "--weight", "did you mean"]),
        ("list --weight 3", ["list has no flag --weight", "it belongs to lbctl add"]),
        ("list -x", ["no flag -x"]),
        ("list -qx", ["no flag -x"]),
        ("add u --wait=30s", ["--wait takes no value", "--wait --timeout 30s"]),
        ("list -q=1", ["-q takes no value"]),
        ("list -o", ["-o needs a value", "-o FORM"]),
        ("list --addr", ["--addr needs a value"]),
        ("get", ["get needs NAME", "usage: lbctl get [backend|pool] NAME"]),
        ("get backend", ["get needs NAME"]),
        ("get a b", ["get takes NAME, and nothing like \"b\""]),
        ("add", ["add needs [NAME] URL"]),
        ("add a u wait", ["(a flag is written --wait)"]),
        ("remove", ["remove needs a NAME, or -l with labels"]),
        ("add pool http://h:1", ["cannot be a pool's name"]),
        ("health pool x", ["health knows backends only", "lbctl health backend pool"]),
        ("remove routes", ["there are no routes yet", "lbctl remove backend routes"]),
        ("self drian", ["self knows no \"drian\"", "lbctl self drain"]),
        ("log-level debgu", ["\"debgu\" is none of info, debug", "lbctl log-level debug"]),
        ("operation", ["operation needs one of list, get, cancel"]),
        ("operation get", ["operation get needs ID", "usage: lbctl operation get ID"]),
        ("list -n", ["list changes nothing"]),
        ("drain a -n=prob", ["--dry-run: \"prob\"", "--dry-run=probe"]),
        ("remove a b --if-match x", ["--if-match is for one write"]),
        ("set a wieght=3", ["a backend has no \"wieght\"", "weight=3"]),
        ("set pool p interval=1s", ["health_check.interval=1s"]),
        ("set a weight=x", ["weight: \"x\" is not a whole number"]),
        ("set a state=drained", ["state: \"drained\" is none of"]),
        ("set a slow_start=30", ["slow_start=30s   if seconds"]),
        ("weight a 2000", ["\"2000\" is no weight"]),
        ("label a", ["label needs KEY=VALUE"]),
        ("drain", ["drain needs a NAME, or -l with labels"]),
        ("drain a -l x=y", ["either names or -l, not both"]),
        ("drain -l =x", ["is no condition on a label"]),
        ("list --phase unhealty", ["--phase unhealthy"]),
        ("list --fields phase", ["no field \"phase\"", "status.phase"]),
        ("remove a --fields name", ["remove has no fields"]),
        ("wait a", ["wait needs --for"]),
        ("wait a --for heathy", ["--for healthy"]),
        ("wait --for drained", ["wait --for drained needs a NAME"]),
        ("apply", ["apply needs a file: -f FILE"]),
        ("apply -f /nonexistent/lb.json", ["/nonexistent/lb.json: No such file"]),
        ("apply -f /dev/null --manager x", ["is no JSON"]),
        ("api v1", ["a path begins with /", "try:   /v1\n"]),
        ("api backends", ["a path begins with /", "try:   /v1/backends"]),
        ("api FETCH /v1", ["\"FETCH\" is none of"]),
        ("top --interval 1ms --once", ["--interval is from 50ms"]),
        ("token create x --role opperator", ["--role operator"]),
        ("list --context prod", ["no file of contexts without HOME"]),
        ("events --since 1h --after 3", ["either --since or --after"]),
        ("rollback x", ["\"x\" is no revision"]),
        ("help lsit", ["no help about \"lsit\""]),
        ("version 2", ["version takes no \"2\""]),
    ])
    func refusesTheLineBeforeAnythingIsSent(_ line: String, _ words: [String]) {
        let server = FakeServer([])
        defer { server.stop() }
        let outcome = lbctl(line, server: server)
        #expect(outcome.code == 2)
        #expect(outcome.out == "")
        #expect(outcome.err.hasPrefix("error: "))
        for word in words { #expect(outcome.err.contains(word), "\(outcome.err)") }
        #expect(server.requests.isEmpty)
    }

    @Test func noArgumentsAtAllIsAUsageErrorWithTheHelp() {
        let outcome = lbctl([])
        #expect(outcome.code == 2)
        #expect(outcome.out == "")
        #expect(outcome.err.contains("usage: lbctl COMMAND"))
    }

    @Test func aFlagTakesAValueInAllCommandsOrInNone() {
        // It may stand before the command, where nobody knows yet which command it will be.
        var takesValue: [String: Bool] = [:]
        for flag in Command.all.flatMap(\.flags) + Flag.global {
            #expect(takesValue[flag.name] == nil || takesValue[flag.name] == (flag.value != nil), "\(flag.name)")
            takesValue[flag.name] = flag.value != nil
        }
    }

    @Test func noCommandHasTwoFlagsOfOneNameOrLetter() {
        for command in Command.all {
            let flags = command.flags + Flag.global
            #expect(Set(flags.map(\.name)).count == flags.count, "\(command.name)")
            let shorts = flags.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.name)")
        }
    }

    @Test func aLetterThatCommandsUseDifferentlyWaitsForItsCommand() throws {
        #expect(try Invocation(["apply", "-f", "x"]).value("file") == "x")
        #expect(try Invocation(["events", "-f"]).has("follow"))
        #expect(throws: Failure.self) { try Invocation(["-f", "events"]) }
    }

    @Test func noTwoCommandsShareAWord() {
        let words = Command.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(words).count == words.count)
    }
}
