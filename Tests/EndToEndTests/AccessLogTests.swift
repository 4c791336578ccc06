import Foundation
import Glibc
import Testing

/// One line per request:
/// `2026-11-21T10:17:18.123Z 127.0.0.1 "GET /path HTTP/1.1" 200 612 web-1 3.214ms - -- pool=default in=0 tries=1
/// queue=0.000ms connect=0.120ms first=2.951ms reused=no id=5c1e…`
@Suite struct AccessLogTests {
    let bed = TestBed()

    private let line =
        /(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?<client>\S+) "(?<request>[^"]*)" (?<status>\d{3}) (?<bytes>\d+) (?<backend>\S+) (?<duration>\d+\.\d{3}ms) (?<cause>\S+) (?<outcome>[-A-Za-z]{2}) pool=(?<pool>\S+) in=(?<in>\d+) tries=(?<tries>\d+) queue=(?<queue>\d+\.\d{3}ms) connect=(?<connect>-|\d+\.\d{3}ms) first=(?<first>-|\d+\.\d{3}ms) reused=(?<reused>yes|no) id=(?<id>\S+)/

    /// The newest `count` lines, once there are as many.
    private func lines(_ count: Int, of lbd: LBD) throws -> [String] {
        try eventually("there are \(count) lines in the access log", hint: lbd.accessLog.joined(separator: "\n")) {
            lbd.accessLog.count >= count ? lbd.accessLog : nil
        }
    }

    @Test func everyRequestHasOneLineWithItsFacts() throws {
        let backend = try bed.rawBackend { request, connection in
            let answer =
                request.target == "/empty"
                ? "HTTP/1.1 204 No Content\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
            try connection.send(answer)
            return .keep
        }
        let lbd = try bed.lbd(yaml: "health_check: off\nbackends: {web-1: \"\(backend.url)\"}\n")
        let client = try lbd.connect()
        let began = Date()
        _ = try client.get("/path?query=1")
        _ = try client.get("/empty")
        try client.send("POST /form HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nab")
        _ = try client.receiveAnswer(to: "POST")
        let ended = Date()
        let lines = try lines(3, of: lbd)
        #expect(lines.count == 3)

        let facts = try lines.map { try #require($0.wholeMatch(of: line), "\($0)") }
        #expect(
            facts.map { String($0.request) } == [
                "GET /path?query=1 HTTP/1.1", "GET /empty HTTP/1.1", "POST /form HTTP/1.1",
            ]
        )
        #expect(facts.map { String($0.status) } == ["200", "204", "200"])
        #expect(facts.map { String($0.bytes) } == ["5", "0", "5"])
        #expect(facts.allSatisfy { $0.client == "127.0.0.1" })
        #expect(facts.allSatisfy { $0.backend == "web-1" })
        #expect(facts.allSatisfy { $0.cause == "-" })
        let times = ISO8601DateFormatter()
        times.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        for fact in facts {
            let time = try #require(times.date(from: String(fact.time)))
            #expect(time > began.addingTimeInterval(-1) && time < ended.addingTimeInterval(1))
        }
    }

    @Test func whatWentWrongIsNamed() throws {
        let nobody = try ReservedPort()
        let lbd = try bed.lbd(
            yaml: "health_check: off\nbackends: {gone: \"http://127.0.0.1:\(nobody.number)\"}\n",
            until: .listening
        )
        let refused = try lbd.get("/refused")
        #expect(refused.status == 503)
        // Lines of different workers may change places, so the first is waited for.
        _ = try lines(1, of: lbd)
        let garbage = try lbd.connect()
        try garbage.send("no such thing\r\n\r\n")
        #expect(try garbage.receiveAnswer().status == 400)
        let facts = try lines(2, of: lbd).map { try #require($0.wholeMatch(of: line), "\($0)") }
        #expect(facts.map { String($0.status) } == ["503", "400"])
        #expect(facts[0].request == "GET /refused HTTP/1.1")
        #expect(Int(facts[0].bytes) == refused.body.count, "our own answers have bodies, too")
        #expect(facts.allSatisfy { $0.cause != "-" })
    }

    @Test func clientCannotForgeALine() throws {
        let lbd = try bed.lbd(serving: try bed.rawBackend(answering: "one"))
        let client = try lbd.connect()
        try client.send(Data("GET /\"x\\y\u{1b}[31m\u{e9} HTTP/1.1\r\nHost: test\r\n\r\n".utf8))
        _ = try client.receiveAnswer()
        let lines = try lines(1, of: lbd)
        #expect(lines.count == 1)
        #expect(lines[0].wholeMatch(of: line) != nil, "\(lines[0])")
        #expect(lines[0].unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
    }

    @Test func fileIsOpenedAnewAfterUSR1() throws {
        let log = bed.path("access.log")
        let lbd = try bed.lbd(
            serving: try bed.rawBackend(answering: "one"),
            arguments: ["--access-log", log]
        )
        func count(_ path: String) -> Int {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n")
                .count
        }
        _ = try lbd.get()
        try eventually("the line is there") { count(log) == 1 }
        try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
        lbd.process.signal(SIGUSR1)
        try eventually("the new file is there", hint: lbd.log) { FileManager.default.fileExists(atPath: log) }
        _ = try lbd.get()
        try eventually("the line is in the new file") { count(log) == 1 }
        #expect(count(log + ".1") == 1)
        #expect(lbd.accessLog.isEmpty, "standard output has nothing")
    }
}
