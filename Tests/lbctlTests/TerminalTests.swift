import Foundation
import Testing

@testable import lbctl

/// The real program on a real (pseudo-)terminal.
@Suite struct TerminalTests {
    private static let binary = ProcessTests.binary

    private static let list = json(
        "200 OK",
        "{\"backends\":{\"web-1\":{\"url\":\"http://10.0.0.1:80\",\"pool\":\"default\",\"weight\":1,\"state\":\"ready\",\"status\":"
            + "{\"phase\":\"serving\",\"in_flight\":0,\"requests\":5,\"errors\":0}},\"web-2\":{\"url\":\"http://10.0.0.2:80\","
            + "\"pool\":\"default\",\"weight\":1,\"status\":{\"phase\":\"unhealthy\",\"in_flight\":0,\"requests\":5,"
            + "\"errors\":0,\"health\":{\"reason\":\"connect refused\"}}}}}"
    )
    private static let root = json("200 OK", "{\"version\":\"0.1.0\",\"revision\":3}")
    private static let stats = json(
        "200 OK",
        "{\"totals\":{\"requests\":10,\"errors\":0,\"in_flight\":0,\"clients\":1}}"
    )

    @Test func aTerminalGetsColourAndAPipeDoesNot() throws {
        let server = FakeServer([Self.list, Self.list])
        defer { server.stop() }
        let words = [Self.binary, "list", "--addr", server.address]
        let coloured = try PseudoTerminal.run(words, [])
        #expect(coloured.code == 0)
        #expect(coloured.screen.contains("\u{1B}[31munhealthy\u{1B}[0m"))
        let plain = try PseudoTerminal.run(words, environment: ["NO_COLOR": "1"], [])
        #expect(!plain.screen.contains("\u{1B}"))
    }

    @Test func theTableFitsTheWindow() throws {
        let server = FakeServer([Self.list, Self.list])
        defer { server.stop() }
        let words = [Self.binary, "list", "--no-color", "--addr", server.address]
        let narrow = try PseudoTerminal.run(words, columns: 40, [])
        #expect(narrow.screen.contains("NAME   URL                 PHASE\r\n"), "\(narrow.screen)")
        let wide = try PseudoTerminal.run(words, columns: 200, [])
        #expect(wide.screen.contains("REQUESTS"))
    }

    @Test func whoWaitsSeesThatItGoesOnAndTheLineIsGoneAfterwards() throws {
        let server = FakeServer([.hold, Self.list, .hold])
        defer { server.stop() }
        let ended = try PseudoTerminal.run(
            [Self.binary, "remove", "web-1", "--addr", server.address],
            [.expect("removing web-1.*  [0-9.]+s"), .type("\u{3}"), .expect("error: interrupted")]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(ended.code == 130)
        #expect(ended.screen.contains("\r\u{1B}[Kerror: interrupted"))
        #expect(ended.screen.contains("the server goes on"))
    }

    private func top(
        _ more: [String] = [],
        _ further: [FakeServer.Step] = [],
        _ steps: [PseudoTerminal.Step]
    ) throws
        -> (PseudoTerminal.Ended, FakeServer)
    {
        let looks = Array(repeating: [Self.list, Self.stats], count: 40).flatMap { $0 }
        let server = FakeServer([Self.root, Self.list, Self.stats] + further + looks)
        defer { server.stop() }
        let words = [Self.binary, "top", "--interval", "30s", "--addr", server.address] + more
        return (try PseudoTerminal.run(words, columns: 100, steps), server)
    }

    @Test func topShowsTheScreenAndGivesTheOldOneBack() throws {
        let (ended, _) = try top([], [], [.expect("lbd 0.1.0 at"), .expect("web-2.*connect refused"), .type("q")])
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(ended.code == 0)
        #expect(ended.screen.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
        #expect(ended.screen.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
    }

    @Test func topDrainsTheChosenBackendWhenThatIsConfirmed() throws {
        let (ended, server) = try top(
            [],
            [Self.list, Self.stats, json("200 OK", "{}", ["LB-Revision: 4"])],
            [
                .expect("web-2"), .expect("held|q quit"), .expect("lbd 0.1.0"), .type("j"), .expect("> web-1"),
                .type("d"),
                .expect("drain web-1\\? y/n"), .type("n"), .expect("left as it is"), .type("d"),
                .expect("drain web-1\\? y/n"), .type("y"), .expect("Drain web-1: done \\(revision 4\\)"), .type("q"),
            ]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        let writes = server.requests.filter { $0.hasPrefix("PATCH") }
        #expect(writes.count == 1)
        #expect(writes.first?.hasPrefix("PATCH /v1/backends/web-1 ") == true)
        #expect(writes.first?.hasSuffix("{\"state\":\"drain\"}") == true)
    }

    @Test func topForLookingOnlyChangesNothing() throws {
        let (ended, server) = try top(
            ["--read-only"],
            [],
            [
                .expect("q quit"), .type("\u{1B}[B"), .expect("> web-1"), .type("d"),
                .expect("nothing is changed from here"), .type("q"),
            ]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(!server.requests.contains { $0.hasPrefix("PATCH") })
    }

    @Test func topGoesOnWhenTheServerDoesNot() throws {
        let server = FakeServer([Self.root, Self.list, Self.stats, .hangUp])
        defer { server.stop() }
        let ended = try PseudoTerminal.run(
            [Self.binary, "top", "--interval", "50ms", "--addr", server.address],
            [.expect("web-1"), .expect("no answer: "), .type("q")]
        )
        #expect(ended.missed == nil, "\(ended.screen)")
        #expect(ended.code == 0)
    }

    @Test func topEndsWithItsTerminalAndByCtrlC() throws {
        #expect(try top([], [], [.expect("q quit"), .type("\u{3}")]).0.code == 130)
        #expect(try top([], [], [.expect("q quit"), .hangUp]).0.code == 129)
    }

    @Test func aSevereChangeIsAskedAboutAndNoIsNo() throws {
        let plan = json("200 OK", "{\"changes\":[{\"op\":\"remove\",\"path\":\"/backends/web-2\"}]}")
        let server = FakeServer([plan, plan, json("200 OK", "{\"to\":2}")])
        defer { server.stop() }
        let words = [Self.binary, "rollback", "2", "--addr", server.address]
        let no = try PseudoTerminal.run(words, [.expect("go back to that\\? \\[y/N\\] "), .type("\r")])
        #expect(no.code == 2)
        #expect(no.screen.contains("- backends/web-2"))
        #expect(no.screen.contains("nothing was changed"))
        let yes = try PseudoTerminal.run(words, [.expect("go back to that\\? "), .type("y\r")])
        #expect(yes.code == 0, "\(yes.screen)")
        #expect(server.lines.map { $0.hasSuffix("dry_run=plan") } == [true, true, false])
    }
}
