import Foundation
import Testing

/// A balancer that is its own backend.
@Suite struct LoopTests {
    let bed = TestBed()

    @Test func aRequestThatComesBackEndsAtItsSecondVisit() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n",
            state: try bed.makeDirectory("state")
        )
        let own = #"{"url":"\#(lbd.url)"}"#
        #expect(try lbd.ask("PUT", "/v1/backends/self", body: own).status == 409)
        #expect(try lbd.ask("PUT", "/v1/backends/self?force=true", body: own).status == 201)
        #expect(try lbd.ask("PATCH", "/v1/backends", body: #"{"web-1":{"weight":0}}"#).status == 200)
        let before = lbd.accessLog.count
        for _ in 0..<5 { #expect(try lbd.get().status == 508) }
        // Each was seen twice, and no more often.
        try eventually("ten lines in the log") { lbd.accessLog.count - before == 10 }
        // It lives, and serves.
        #expect(try lbd.ask("PATCH", "/v1/backends", body: #"{"web-1":{"weight":1},"self":null}"#).status == 200)
        #expect(try lbd.get().text == "one")
    }

    @Test func clientsOfTheDataPortNeverReachTheAdminPort() throws {
        let backend = try bed.rawBackend(answering: "one")
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n",
            state: try bed.makeDirectory("state")
        )
        for url in [lbd.admin, "http://localhost:\(lbd.adminPort)"] {
            let answer = try lbd.ask("PUT", "/v1/backends/own?force=true", body: #"{"url":"\#(url)"}"#)
            #expect(answer.status == 422, "\(answer.text)")
        }
        // Another balancer that does have it as a backend is not let in.
        let other = try bed.lbd(
            yaml: "health_check: off\nbackends: {own: \"\(lbd.admin)\"}\n",
            state: try bed.makeDirectory("other")
        )
        let answer = try other.connect().get(
            "/v1/backends",
            fields: "Host: 127.0.0.1:\(lbd.adminPort)\r\nConnection: close\r\n"
        )
        #expect(answer.status == 403 || answer.status == 400)
        #expect(!answer.text.contains("web-1"))
    }

    @Test func aFileWithItsOwnAddressIsRefused() throws {
        let place = try bed.makeDirectory("file") + "/lb.yaml"
        for (url, words) in [
            ("http://127.0.0.1:7999", "is where lbd itself listens"),
            ("http://localhost:9900", "is the admin API of lbd"),
        ] {
            try Data("listeners: [\":7999\"]\nbackends: {web-1: \"\(url)\"}\n".utf8).write(
                to: URL(fileURLWithPath: place)
            )
            let result = try bed.run(Programs.lbd, ["--check", "--config", place])
            #expect(result.exitCode == 1)
            #expect("\(result)".contains("backend web-1: \(url) \(words)"), "\(result)")
        }
    }
}
