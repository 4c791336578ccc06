import Testing

@testable import lbctl

@Suite struct HelpTests {
    @Test func overview() {
        let outcome = lbctl("help")
        #expect(outcome.code == 0)
        #expect(outcome.err == "")
        #expect(
            outcome.out == """
                lbctl looks at the backends of a running lbd, and changes them.

                usage: lbctl COMMAND [ARGUMENT...] [FLAG...]

                LOOK
                  list    the backends, what they are and what they do
                  health  who is healthy, since when, and why not
                  get     one backend: how it is set up and how it is doing

                CHANGE
                  add     add a backend; with --wait, return when it serves
                  remove  remove backends; requests in flight finish

                TOOL
                  version  the version of lbctl, and of lbd when it answers
                  help     this, one command, the exit codes, or the environment

                FLAGS (anywhere on the line)
                  --addr ADDRESS           http://HOST:PORT, HOST:PORT or unix:PATH
                  -o, --output table|json  json is the API's answer as it came
                  --timeout TIME           how long to wait, 30s unless said; 0: for ever
                  -q, --quiet              no success lines, no hints
                  -v, --verbose            the HTTP exchange on standard error
                  --no-color               no colours, on a terminal neither
                  --curl                   print the curl command that does the same, and stop
                  -h, --help               the help of the command

                lbctl help COMMAND tells more, with examples. lbctl help environment and
                lbctl help exit-codes are for scripts. The admin API is at 127.0.0.1:9900
                unless --addr or LBCTL_ADDR says otherwise.

                """
        )
    }

    @Test func ofRemove() {
        #expect(
            lbctl("help remove").out == """
                remove: remove backends; requests in flight finish

                usage: lbctl remove [backend] NAME... [FLAG...]
                also:  rm, delete, del

                A removed backend gets no new request from the moment the server has taken the
                command; what it has in flight finishes, and the command waits for that, as long
                as --timeout says for each NAME. If the time is not enough the exit code is 3:
                the removal stands, and its other requests go on. Several NAMEs are removed one
                after the other; one that fails does not keep the others.

                FLAGS
                  --no-wait           do not wait for the requests in flight
                  --ignore-not-found  a NAME that is not there is no error

                EXAMPLES
                  lbctl remove web-1
                  lbctl remove web-1 web-2 --timeout 2m
                  lbctl remove web-1 --no-wait --ignore-not-found

                The flags of all commands: lbctl help. With -o json, standard output is the
                API's answer as it came, also when it is an error.

                """
        )
    }

    @Test func exitCodesAreTheStableOnes() {
        let text = lbctl("help exit-codes").out
        for line in [
            "    0  done", "    2  usage error", "    3  timed out waiting", "    4  authentication",
            "    5  not found", "    6  conflict", "    7  input refused", "    8  finished, but requests were cut",
            "   10  cannot reach", "   11  the server failed", "   12  what was waited for", "  130  interrupted",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func everyTopicFitsInEightyColumnsAndIsASCII() {
        for topic in Command.all.map(\.name) + [HelpCommand.exitCodes, HelpCommand.environment, ""] {
            let outcome = lbctl("help " + topic)
            #expect(outcome.code == 0)
            for line in outcome.out.split(separator: "\n", omittingEmptySubsequences: false) {
                #expect(line.count <= 80, "\(line)")
                #expect(line.utf8.allSatisfy { $0 < 0x80 }, "\(line)")
            }
        }
    }

    @Test func everyExampleIsUnderstood() throws {
        for command in Command.all {
            #expect(!command.examples.isEmpty, "\(command.name)")
            for example in command.examples {
                let words = example.line.prefix { $0 != "|" }.split(separator: " ").map(String.init)
                #expect(words.first == "lbctl")
                let invocation = try Invocation(Array(words.dropFirst()))
                #expect(invocation.command.name == command.name)
            }
        }
    }

    @Test func helpFlagAndHelpCommandSayTheSame() {
        for command in Command.all where command.name != "help" {
            #expect(lbctl("\(command.name) --help").out == lbctl("help \(command.name)").out)
            for alias in command.aliases { #expect(lbctl("help \(alias)").out == lbctl("help \(command.name)").out) }
        }
    }
}
