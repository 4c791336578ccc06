import Foundation
import Testing

/// `lbctl` as scripts and people use it.
@Suite struct LbctlTests {
    let bed = TestBed()

    @Test func saysWhereItTriedWhenNothingListens() throws {
        let nobody = try ReservedPort()
        let address = "http://127.0.0.1:\(nobody.number)"
        let flag = try bed.run(Programs.lbctl, ["list", "--addr", address])
        let variable = try bed.run(Programs.lbctl, ["list"], environment: ["LBCTL_ADDR": address])
        for (result, origin) in [(flag, "--addr"), (variable, "LBCTL_ADDR")] {
            #expect(result.exitCode == 10)
            #expect(result.errors.contains("127.0.0.1:\(nobody.number)"), "\(result)")
            #expect(result.errors.contains(origin), "\(result)")
            #expect(result.errors.lowercased().contains("refused"), "\(result)")
            #expect(result.output.isEmpty)
        }
    }

    @Test func listAndGetAndHealthShowEveryBackend() throws {
        let (one, nobody) = (try bed.rawBackend(answering: "one"), try ReservedPort())
        let lbd = try bed.lbd(
            yaml: """
                health_check: {interval: 200ms}
                backends: {web-1: "\(one.url)", web-2: {url: "http://127.0.0.1:\(nobody.number)", weight: 7}}
                """,
            until: .ready
        )
        try eventually("both have a verdict") { try lbd.backends()["web-2"]?.status.phase == "unhealthy" }
        let list = try bed.lbctl(lbd, "list")
        #expect(list.exitCode == 0)
        let rows = list.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.count == 3)
        #expect(rows[1].starts(with: ["web-1", one.url, "default", "1", "serving"]), "\(list.output)")
        #expect(rows[2].starts(with: ["web-2", "http://127.0.0.1:\(nobody.number)", "default", "7", "unhealthy"]))

        let get = try bed.lbctl(lbd, "get", "web-2")
        #expect(get.exitCode == 0)
        #expect(get.output.contains("connect refused"), "\(get)")
        let health = try bed.lbctl(lbd, "health", "web-2")
        #expect(health.exitCode == 0)
        #expect(health.output.contains("connect refused"), "\(health)")
        #expect(try bed.lbctl(lbd, "get", "web-9").exitCode == 5)
    }

    @Test func jsonOutputIsTheAnswerOfTheAPI() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "one"), try bed.rawBackend(answering: "two"))
        let name = try #require(try lbd.backends().keys.first)
        for (arguments, path) in [
            (["list"], "/v1/backends"), (["get", name], "/v1/backends/\(name)"), (["health"], "/v1/health"),
        ] {
            let said = try bed.run(Programs.lbctl, arguments + ["-o", "json", "--addr", lbd.admin])
            #expect(said.exitCode == 0)
            #expect(try said.output == lbd.ask("GET", path).text, "\(arguments)")
            #expect(try JSONSerialization.jsonObject(with: Data(said.output.utf8)) is [String: Any])
        }
        let missing = try bed.lbctl(lbd, "get", "nobody", "-o", "json")
        #expect(missing.exitCode == 5)
        let problem = try JSONDecoder().decode(ProblemDocument.self, from: Data(missing.output.utf8))
        #expect(problem.code == "not-found")
    }

    @Test func mistypedCommandIsRefusedWithASuggestion() throws {
        let result = try bed.run(Programs.lbctl, ["lits"])
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("list"))
    }
}
