import Foundation
import Glibc
import Synchronization
import Testing

/// The scripts and pipelines of `examples/`, as they are, against a real `lbd` that clients use meanwhile.
@Suite struct LbctlDeployTests {
    let bed = TestBed()

    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("examples").path

    /// Clients that ask one request after the other, each on a connection of its own, and what they got.
    private final class Clients: Sendable {
        private struct State {
            var isEnding = false
            var left: Int
            var failures: [String] = []
        }

        private let state: Mutex<State>
        private let port: UInt16

        init(of lbd: LBD, count: Int = 2) {
            state = Mutex(State(left: count))
            port = lbd.port
            for _ in 0..<count { Thread.detachNewThread { self.ask() } }
        }

        private func ask() {
            while !state.withLock({ $0.isEnding }) {
                // There are others on this machine.
                usleep(1_000)
                do {
                    let answer = try Connection(to: port).get("/", fields: "Connection: close\r\n")
                    guard answer.status != 200 else { continue }
                    state.withLock { $0.failures.append("status \(answer.status): \(answer.text)") }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
            }
            state.withLock { $0.left -= 1 }
        }

        /// Ends them, and returns what went wrong.
        func end() throws -> [String] {
            state.withLock { $0.isEnding = true }
            try eventually("the clients have ended") { state.withLock { $0.left == 0 } }
            return state.withLock { $0.failures }
        }
    }

    private func environment(_ lbd: LBD, _ more: [String: String] = [:]) -> [String: String] {
        let directory = URL(fileURLWithPath: Programs.lbctl).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return [
            "LBCTL_ADDR": lbd.admin, "PATH": "\(directory):\(path)", "PATIENCE": "60s", "SOAK": "1",
            "RUNNER_TEMP": bed.directory,
        ].merging(more) { $1 }
    }

    private func example(
        _ name: String,
        _ lbd: LBD,
        _ arguments: [String],
        _ more: [String: String] = [:]
    ) throws -> ChildProcess.Result {
        try bed.run("sh", ["\(Self.examples)/\(name)"] + arguments, environment: environment(lbd, more), within: 120)
    }

    private func lbd(_ backends: [(name: String, url: String, more: String)]) throws -> LBD {
        let lines = backends.map { "  \($0.name): {url: \"\($0.url)\"\($0.more)}" }.joined(separator: "\n")
        return try bed.lbd(yaml: "health_check: {interval: 30s, timeout: 30s}\nbackends:\n\(lines)\n")
    }

    @Test func rollingDeployLosesNoRequest() throws {
        let backends = try (1...3).map { try bed.rawBackend(answering: "web-\($0)") }
        let lbd = try lbd(backends.enumerated().map { ("web-\($0.offset + 1)", $0.element.url, "") })
        let record = bed.path("deployed")
        let deploy = try bed.write(
            "#!/bin/sh\nlbctl get \"$1\" -o tsv --fields name,status.in_flight >>\(record)\n",
            to: "deploy-to"
        )
        chmod(deploy, 0o755)
        let clients = Clients(of: lbd)
        let result = try example("rolling-deploy.sh", lbd, [deploy, "web-1", "web-2", "web-3"])
        #expect(try clients.end() == [])
        #expect(result.exitCode == 0, "\(result)")
        // Whatever was deployed to had nothing in flight.
        let text = try String(contentsOfFile: record, encoding: .utf8)
        #expect(text == "web-1\t0\nweb-2\t0\nweb-3\t0\n")
        #expect(result.output.contains("web-2 drained (revision "))
        #expect(result.output.contains("3 of 3"))
    }

    /// The old process is gone and the new one takes its time, in the middle of a deploy: nothing is sent there, and the wait
    /// lasts until it answers.
    @Test func aBackendThatRestartsSlowlyIsReadyOnlyWhenItAnswers() throws {
        let slow = try PythonBackend("web-1", in: bed)
        let other = try bed.rawBackend(answering: "web-2")
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 2s, timeout: 2s}\n"
                + "backends:\n  web-1: {url: \"\(slow.url)\"}\n  web-2: {url: \"\(other.url)\"}\n"
        )
        let clients = Clients(of: lbd)
        #expect(try bed.lbctl(lbd, "drain", "web-1", "--timeout", "60s").exitCode == 0)
        slow.kill()
        let hasty = try bed.lbctl(lbd, "ready", "web-1", "--wait", "--timeout", "200ms")
        #expect(hasty.exitCode == 3 && hasty.errors.contains("web-1"), "\(hasty)")
        let wait = try bed.spawnLbctl(lbd, "wait", "web-1", "--for", "healthy", "--timeout", "120s")
        let ready = try bed.spawnLbctl(lbd, "ready", "web-1", "--wait", "--timeout", "120s")
        try eventually("its checks fail", hint: lbd.log) { try lbd.backends()["web-1"]?.status.phase == "unhealthy" }
        #expect(wait.isRunning && ready.isRunning)
        try slow.restart()
        #expect(try wait.result(within: 120).exitCode == 0)
        #expect(try ready.result(within: 120).exitCode == 0)
        #expect(try Set(lbd.bodies(8)) == ["web-1", "web-2"])
        #expect(try clients.end() == [])
        let errors = try bed.lbctl(lbd, "get", "web-1", "-o", "tsv", "--fields", "status.errors")
        #expect(errors.output == "0\n")
    }

    /// What was deployed does not come up: the deploy ends there, loudly, and the others have not been touched.
    @Test func rollingDeployStopsWhereTheApplicationDoesNotComeBack() throws {
        let first = try PythonBackend("web-1", in: bed)
        let others = try (2...3).map { try bed.rawBackend(answering: "web-\($0)") }
        let lbd = try bed.lbd(
            yaml: "health_check: {interval: 2s, timeout: 2s}\nbackends:\n  web-1: {url: \"\(first.url)\"}\n"
                + others.enumerated().map { "  web-\($0.offset + 2): {url: \"\($0.element.url)\"}\n" }.joined()
        )
        let clients = Clients(of: lbd)
        let deploy = try bed.write("#!/bin/sh\nkill -9 \(first.processID)\n", to: "deploy-to")
        chmod(deploy, 0o755)
        let result = try example(
            "rolling-deploy.sh",
            lbd,
            [deploy, "web-1", "web-2", "web-3"],
            ["PATIENCE": "5s"]
        )
        #expect(result.exitCode == 3, "\(result)")
        #expect(result.errors.contains("web-1"))
        #expect(try clients.end() == [])
        let states = try bed.lbctl(lbd, "list", "-o", "tsv", "--fields", "name,state,status.phase")
        #expect(states.output == "web-1\tdrain\tdraining\nweb-2\tready\tserving\nweb-3\tready\tserving\n")
    }

    @Test func rollingDeployStopsWhereItFails() throws {
        let backends = try (1...2).map { try bed.rawBackend(answering: "web-\($0)") }
        let lbd = try lbd(backends.enumerated().map { ("web-\($0.offset + 1)", $0.element.url, "") })
        let clients = Clients(of: lbd)
        let result = try example("rolling-deploy.sh", lbd, ["false", "web-1", "web-2"])
        #expect(try clients.end() == [])
        #expect(result.exitCode == 1)
        let states = try bed.lbctl(lbd, "list", "-o", "tsv", "--fields", "name,state")
        #expect(states.output == "web-1\tdrain\nweb-2\tready\n")
    }

    @Test func aReplacedBackendGoesOnlyWhenTheNewOneServes() throws {
        let old = try bed.rawBackend(answering: "old")
        let new = try bed.rawBackend(answering: "new")
        let nobody = try ReservedPort()
        let lbd = try lbd([("web-1", old.url, "")])
        let clients = Clients(of: lbd)
        let vain = try example(
            "replace-backend.sh",
            lbd,
            ["web-9", "http://127.0.0.1:\(nobody.number)", "web-1"],
            ["PATIENCE": "1s"]
        )
        #expect(vain.exitCode == 3, "\(vain)")
        #expect(Array(try lbd.backends().keys) == ["web-1"])
        let result = try example("replace-backend.sh", lbd, ["web-2", new.url, "web-1"])
        #expect(result.exitCode == 0, "\(result)")
        #expect(Array(try lbd.backends().keys) == ["web-2"])
        #expect(try lbd.bodies(3) == ["new", "new", "new"])
        #expect(try clients.end() == [])
    }

    @Test func blueGreenMovesAllTrafficAndBack() throws {
        let colors = ["blue-1", "blue-2", "green-1", "green-2"]
        let backends = try colors.map { try bed.rawBackend(answering: $0) }
        let lbd = try lbd(
            zip(colors, backends).map { name, backend in
                let color = name.prefix { $0 != "-" }
                return (name, backend.url, ", weight: \(color == "blue" ? 100 : 0), labels: {color: \(color)}")
            }
        )
        #expect(Set(try lbd.bodies(4)) == ["blue-1", "blue-2"])
        let clients = Clients(of: lbd)
        let there = try example("blue-green.sh", lbd, ["blue", "green"])
        #expect(there.exitCode == 0, "\(there)")
        // The clients take turns too, so these need not meet both.
        #expect(Set(try lbd.bodies(4)).isSubset(of: ["green-1", "green-2"]))
        let back = try example("blue-green.sh", lbd, ["green", "blue"])
        #expect(back.exitCode == 0, "\(back)")
        #expect(Set(try lbd.bodies(4)).isSubset(of: ["blue-1", "blue-2"]))
        #expect(try clients.end() == [])
        let nobody = try example("blue-green.sh", lbd, ["blue", "red"])
        #expect(nobody.exitCode == 5)
        // A slip of the pen in the color that is to go would leave both serving.
        let slip = try example("blue-green.sh", lbd, ["bleu", "green"])
        #expect(slip.exitCode == 5 && slip.errors.contains("color=bleu"), "\(slip)")
        #expect(Set(try lbd.bodies(4)).isSubset(of: ["blue-1", "blue-2"]))
    }

    /// Passes its checks, and answers everything else with 500.
    private func failingBackend() throws -> RawBackend {
        try bed.rawBackend { request, connection in
            let isProbe = request.field("user-agent") == "lb-health-check"
            try connection.send("HTTP/1.1 \(isProbe ? "200 OK" : "500 Broken")\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
    }

    /// A green check says nothing about what an application answers: every example looks at that, and takes it back.
    @Test func whatAnswersWith500IsTakenBackByEveryExample() throws {
        let (old, bad) = (try bed.rawBackend(answering: "old"), try failingBackend())
        let lbd = try lbd([("web-1", old.url, ", weight: 1, labels: {color: blue}")])
        let clients = Clients(of: lbd)
        let canary = try example("canary.sh", lbd, ["web-2", bad.url])
        #expect(canary.exitCode == 9, "\(canary)")
        let replaced = try example("replace-backend.sh", lbd, ["web-3", bad.url, "web-1"])
        #expect(replaced.exitCode == 9, "\(replaced)")
        #expect(Array(try lbd.backends().keys) == ["web-1"])
        #expect(
            try bed.lbctl(lbd, "add", "web-4", bad.url, "--weight", "0", "--label", "color=green", "--wait").exitCode
                == 0
        )
        let moved = try example("blue-green.sh", lbd, ["blue", "green"])
        #expect(moved.exitCode == 9, "\(moved)")
        #expect(try lbd.bodies(4) == ["old", "old", "old", "old"])
        #expect(try clients.end().allSatisfy { $0.hasPrefix("status 500") })
    }

    @Test func aBackendThatIsNotThereIsNoneToReplace() throws {
        let (old, new) = (try bed.rawBackend(answering: "old"), try bed.rawBackend(answering: "new"))
        let lbd = try lbd([("web-1", old.url, "")])
        let slip = try example("replace-backend.sh", lbd, ["web-2", new.url, "wbe-1"])
        #expect(slip.exitCode == 5 && slip.errors.contains("wbe-1"), "\(slip)")
        #expect(Array(try lbd.backends().keys) == ["web-1"])
        // Done, and asked for once more.
        for _ in 0..<2 { #expect(try example("replace-backend.sh", lbd, ["web-2", new.url, "web-1"]).exitCode == 0) }
        #expect(Array(try lbd.backends().keys) == ["web-2"])
    }

    @Test func aCanaryThatIsWellGetsItsShareAndOneThatIsNotGoes() throws {
        let old = try bed.rawBackend(answering: "old")
        let good = try bed.rawBackend(answering: "good")
        let bad = try bed.rawBackend { request, connection in
            guard request.field("user-agent") == "lb-health-check" else { return .reset }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return .keep
        }
        let lbd = try lbd([("web-1", old.url, ", weight: 1")])
        let clients = Clients(of: lbd)
        let passed = try example("canary.sh", lbd, ["web-2", good.url], ["SOAK": "1", "WEIGHT": "7"])
        #expect(passed.exitCode == 0, "\(passed)")
        let row = try bed.lbctl(lbd, "get", "web-2", "-o", "tsv", "--fields", "weight,labels.track")
        #expect(row.output == "7\tstable\n")
        let failed = try example("canary.sh", lbd, ["web-3", bad.url], ["SOAK": "1"])
        #expect(failed.exitCode == 9, "\(failed)")
        #expect(try lbd.backends()["web-3"] == nil)
        #expect(try clients.end() == [])
    }

    // MARK: pipelines

    private struct Step {
        let name: String
        let script: String
        let runsAfterFailure: Bool
    }

    /// The `run` steps of a workflow, as GitHub's runner would get them.
    private func steps(of file: String) throws -> [Step] {
        let lines = try String(contentsOfFile: "\(Self.examples)/\(file)", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var steps: [Step] = []
        var name = ""
        var isConditional = false
        var index = 0
        while index < lines.count {
            let text = lines[index].trimmingCharacters(in: .whitespaces)
            let indent = lines[index].prefix { $0 == " " }.count
            if text.hasPrefix("- name: ") {
                name = String(text.dropFirst(8))
                isConditional = false
            }
            if text.hasPrefix("if: failure()") { isConditional = true }
            if text.hasPrefix("run: ") {
                var script = String(text.dropFirst(5))
                if script == "|" {
                    script = ""
                    while index + 1 < lines.count, lines[index + 1].prefix(while: { $0 == " " }).count > indent {
                        index += 1
                        script += lines[index].trimmingCharacters(in: .whitespaces) + "\n"
                    }
                }
                steps.append(Step(name: name, script: script, runsAfterFailure: isConditional))
            }
            index += 1
        }
        return steps
    }

    /// The lines of a job's `script`.
    private func script(of file: String) throws -> [String] {
        try String(contentsOfFile: "\(Self.examples)/\(file)", encoding: .utf8).split(separator: "\n").map(String.init)
            .drop { $0 != "  script:" }.dropFirst().filter { $0.hasPrefix("    - ") }.map { String($0.dropFirst(6)) }
    }

    /// Runs the steps as GitHub does, each in a `bash -e` of its own; the names of those that ran, and how each ended.
    private func runWorkflow(
        in directory: String,
        _ lbd: LBD,
        patience: String,
        after: (String) throws -> Void = { _ in }
    ) throws -> [(name: String, result: ChildProcess.Result)] {
        var ran: [(String, ChildProcess.Result)] = []
        var hasFailed = false
        for step in try steps(of: "github-actions.yml") where step.runsAfterFailure == hasFailed {
            let script = try bed.write(step.script, to: "step.sh")
            let result = try bed.run(
                "bash",
                ["-c", "cd '\(directory)' && exec bash -e '\(script)'"],
                environment: environment(lbd, ["GITHUB_SHA": "5c1e0f6", "PATIENCE": patience]),
                within: 120
            )
            ran.append((step.name, result))
            try after(step.name)
            if result.exitCode != 0 { hasFailed = true }
        }
        return ran
    }

    @Test func theWorkflowAppliesTheFileAndGoesBackWhenItDoesNotServe() throws {
        let first = try bed.rawBackend(answering: "one")
        let second = try bed.rawBackend(answering: "two")
        let nobody = try ReservedPort()
        let lbd = try lbd([("web-1", first.url, "")])
        let directory = try bed.makeDirectory("checkout")
        try FileManager.default.createDirectory(atPath: "\(directory)/deploy", withIntermediateDirectories: true)
        func write(_ url: String) throws {
            let text =
                "{\"pools\":{\"default\":{\"health_check\":{\"interval\":\"30s\",\"timeout\":\"30s\"}}},"
                + "\"backends\":{\"web-1\":{\"url\":\"\(first.url)\"},\"web-2\":{\"url\":\"\(url)\"}}}"
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/deploy/lb.json"))
        }
        let clients = Clients(of: lbd)
        try write(second.url)
        let good = try runWorkflow(in: directory, lbd, patience: "60s")
        #expect(good.count == 6)
        for (name, result) in good { #expect(result.exitCode == 0, "\(name): \(result)") }
        #expect(good[1].result.output.contains("web-2"), "\(good[1])")
        #expect(try lbd.backends().keys.sorted() == ["web-1", "web-2"])

        try write("http://127.0.0.1:\(nobody.number)")
        let bad = try runWorkflow(in: directory, lbd, patience: "2s")
        #expect(bad.map(\.result.exitCode) == [0, 0, 0, 0, 3, 0], "\(bad)")
        #expect(bad.last?.name == "Go back if it does not serve")
        #expect(try lbd.backends()["web-2"]?.url == second.url)
        let history = try bed.lbctl(lbd, "history", "-o", "tsv", "--fields", "reason")
        #expect(history.output.hasPrefix("5c1e0f6 does not serve\n5c1e0f6\n"), "\(history)")
        // Somebody else is at work too: nothing of theirs is taken back.
        let disturbed = try runWorkflow(in: directory, lbd, patience: "2s") { (name: String) throws in
            guard name == "Apply it" else { return }
            #expect(try bed.lbctl(lbd, "set", "web-1", "labels.by=another", "--reason", "mine").exitCode == 0)
        }
        #expect(disturbed.map(\.result.exitCode) == [0, 0, 0, 0, 3, 1], "\(disturbed)")
        #expect(disturbed.last?.result.errors.contains("others have changed something") == true)
        let kept = try bed.lbctl(lbd, "get", "web-1", "-o", "tsv", "--fields", "labels.by")
        #expect(kept.output == "another\n")
        #expect(try clients.end() == [])
    }

    @Test func theJobReplacesABackend() throws {
        let old = try bed.rawBackend(answering: "old")
        let new = try bed.rawBackend(answering: "new")
        let lbd = try lbd([("web-1", old.url, "")])
        let clients = Clients(of: lbd)
        let lines = try script(of: "gitlab-ci.yml")
        #expect(lines.count == 6)
        let job = ["NEW_NAME": "web-2", "NEW_URL": new.url, "OLD_NAME": "web-1", "CI_PIPELINE_ID": "4711"]
        let file = try bed.write("set -eo pipefail\n" + lines.joined(separator: "\n") + "\n", to: "job.sh")
        let result = try bed.run("bash", [file], environment: environment(lbd, job), within: 120)
        #expect(result.exitCode == 0, "\(result)")
        #expect(Array(try lbd.backends().keys) == ["web-2"])
        #expect(try clients.end() == [])
    }

    // MARK: the rest of it

    @Test func everyCurlLineWorksWhenItIsPasted() throws {
        let backends = try (1...2).map { try bed.rawBackend(answering: "web-\($0)") }
        let lbd = try lbd(backends.enumerated().map { ("web-\($0.offset + 1)", $0.element.url, "") })
        let file = try bed.write("{\"backends\":{\"web-1\":{\"weight\":2}}}", to: "lb.json")
        for words in [
            ["list"], ["list", "-l", "a!=b,!c"], ["list", "pools"], ["health"], ["get", "web-1"], ["status"], ["stats"],
            ["metrics"], ["export"], ["history"], ["set", "web-1", "weight=3", "labels.it=isn't"],
            ["weight", "web-1", "web-2", "5", "--reason", "it's \"so\""], ["label", "web-2", "a=b c"],
            ["drain", "web-1"],
            ["ready", "web-1", "--wait"], ["diff", "-f", file], ["apply", "-f", file], ["rollback"],
            ["add", "web-3", "http://127.0.0.1:1", "--weight", "0"], ["remove", "web-3"], ["events"],
            ["api", "/v1/stats"], ["add", "pool", "p", "algorithm=random"], ["remove", "pool", "p"],
        ] {
            let printed = try bed.run(Programs.lbctl, words + ["--curl", "--addr", lbd.admin])
            #expect(printed.exitCode == 0, "\(words): \(printed)")
            #expect(printed.output.hasPrefix("curl "), "\(words)")
            let pasted = try bed.run("sh", ["-ec", printed.output])
            #expect(pasted.exitCode == 0, "\(printed.output)\(pasted)")
        }
        #expect(try lbd.backends()["web-1"]?.weight != nil)
    }

    @Test func eventsAreFollowedWhileTheyHappen() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try lbd([("web-1", backend.url, "")])
        let follower = try bed.spawnLbctl(lbd, "events", "-f", "--since", "1h", "-o", "ndjson")
        #expect(try bed.lbctl(lbd, "set", "web-1", "weight=7", "--reason", "seen").exitCode == 0)
        try eventually("the change is told", hint: follower.errors) {
            follower.output.contains("\"reason\":\"seen\"") && follower.output.contains("backend.changed")
        }
        follower.signal(SIGINT)
        #expect(try follower.wait() == .exited(130))
        let audit = try bed.lbctl(lbd, "audit", "web-1")
        #expect(audit.exitCode == 0)
        #expect(audit.output.contains("weight 1 -> 7"), "\(audit)")
    }

    @Test func aFileIsAppliedShownAndTakenBack() throws {
        let backends = try (1...2).map { try bed.rawBackend(answering: "web-\($0)") }
        let lbd = try lbd(backends.enumerated().map { ("web-\($0.offset + 1)", $0.element.url, "") })
        let exported = try bed.lbctl(lbd, "export")
        let file = try bed.write(exported.output, to: "lb.json")
        #expect(try bed.lbctl(lbd, "validate", "-f", file).exitCode == 0)
        #expect(try bed.lbctl(lbd, "diff", "-f", file, "--prune").exitCode == 0)
        #expect(try bed.lbctl(lbd, "remove", "web-2").exitCode == 0)
        let drift = try bed.lbctl(lbd, "diff", "-f", file)
        #expect(drift.exitCode == 1)
        #expect(drift.output.contains("+ backends/web-2"), "\(drift)")
        #expect(try bed.lbctl(lbd, "apply", "-f", file).exitCode == 0)
        #expect(try lbd.backends().count == 2)
        #expect(try bed.lbctl(lbd, "rollback", "--force").exitCode == 0)
        #expect(try lbd.backends().count == 1)
    }
}
