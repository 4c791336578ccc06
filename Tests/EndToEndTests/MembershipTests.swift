import Foundation
import Testing

/// `lbctl add` and `lbctl remove` while traffic goes on.
@Suite struct MembershipTests {
    let bed = TestBed()

    @Test func addAndRemoveTakeEffectBeforeTheyReturn() throws {
        let (one, two) = (try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let lbd = try bed.lbd(serving: one)
        for _ in 0..<5 {
            let added = try bed.lbctl(lbd, "add", "backend", "two", two.url)
            #expect(added.exitCode == 0, "\(added)")
            let answers = try lbd.bodies(4)
            #expect(answers == ["one", "two", "one", "two"] || answers == ["two", "one", "two", "one"], "\(answers)")

            let removed = try bed.lbctl(lbd, "remove", "backend", "two")
            #expect(removed.exitCode == 0, "\(removed)")
            #expect(try lbd.bodies(4) == ["one", "one", "one", "one"])
        }
        #expect(two.requests.count == 10)
    }

    @Test func addWithWaitReturnsWhenTheBackendIsHealthy() throws {
        let (one, gate) = (try bed.rawBackend(answering: "one"), bed.gate())
        // Its first probe hangs until the gate opens; only then there is a verdict.
        let late = try bed.rawBackend { _, connection in
            try gate.pass()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: """
                health_check: {interval: \(Int(patience))s, timeout: \(Int(patience))s}
                backends: ["\(one.url)"]
                """
        )
        let add = try bed.spawnLbctl(lbd, "add", "backend", "late", late.url, "--wait")
        try eventually("it is probed", hint: lbd.log) {
            try lbd.backends()["late"] != nil && late.probeOrRequestHasCome
        }
        #expect(add.isRunning)
        #expect(try lbd.bodies(3) == ["one", "one", "one"], "nothing goes to it before its first verdict")

        gate.open()
        let result = try add.result()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.output.contains("late added"))
        #expect(result.output.contains("healthy"))
        #expect(Set(try lbd.bodies(4)) == ["one", "late"])
    }

    @Test func addWithWaitEndsWithExitCode3WhenTheBackendIsNotHealthyInTime() throws {
        let (one, nobody) = (try bed.rawBackend(answering: "one"), try ReservedPort())
        let lbd = try bed.lbd(yaml: "health_check: {interval: 200ms}\nbackends: [\"\(one.url)\"]\n")
        let result = try bed.lbctl(
            lbd,
            "add",
            "backend",
            "ghost",
            "http://127.0.0.1:\(nobody.number)",
            "--wait",
            "--timeout",
            "1s"
        )
        #expect(result.exitCode == 3, "\(result)")
        #expect(result.errors.contains("connect refused"))
        #expect(result.errors.contains("ghost"))
        #expect(try lbd.backends()["ghost"] != nil, "the change stands")
        #expect(try lbd.bodies(4) == ["one", "one", "one", "one"])
    }

    @Test func removalLetsTheRequestInFlightFinish() throws {
        let (fast, gate) = (try bed.rawBackend(answering: "fast"), bed.gate())
        let slow = try bed.rawBackend { _, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
            try gate.pass()
            try connection.send("whole")
            return .keep
        }
        let lbd = try bed.lbd(
            yaml: """
                health_check: off
                backends: {slow: "\(slow.url)", fast: "\(fast.url)"}
                """
        )
        let client = try lbd.connect()
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the slow backend has a request") { slow.requests.count == 1 }

        let remove = try bed.spawnLbctl(lbd, "remove", "backend", "slow")
        try eventually("it drains", hint: lbd.log) { try lbd.backends()["slow"]?.status.phase == "draining" }
        #expect(remove.isRunning)
        #expect(try lbd.bodies(4) == ["fast", "fast", "fast", "fast"])

        gate.open()
        #expect(try client.receiveAnswer().text == "half whole")
        let result = try remove.result()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.output.contains("slow removed"))
        #expect(result.output.contains("1 request completed"))
        #expect(try lbd.backends()["slow"] == nil)
        #expect(slow.requests.count == 1)
    }

    @Test func removingWhatIsNotThereEndsWithExitCode5() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "one"))
        let result = try bed.lbctl(lbd, "remove", "backend", "nobody")
        #expect(result.exitCode == 5)
        #expect(result.errors.contains("nobody"))
    }

    @Test func addingANameThatIsTakenEndsWithExitCode6() throws {
        let (one, two) = (try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {one: \"\(one.url)\"}\n")
        let result = try bed.lbctl(lbd, "add", "backend", "one", two.url)
        #expect(result.exitCode == 6)
        #expect(try lbd.backends()["one"]?.url == one.url)
    }
}

extension RawBackend {
    /// Probes count once they are read, whatever the script does then.
    fileprivate var probeOrRequestHasCome: Bool { probeCount > 0 || !requests.isEmpty }
}
