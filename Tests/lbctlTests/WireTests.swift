import Foundation
import Glibc
import Testing

@testable import lbctl

/// What is said and returned when the other side refuses, fails, is not there or is something else.
@Suite struct WireTests {
    @Test(arguments: [
        (400, "bad-json", 7), (401, "no-token", 4), (403, "cross-site", 4), (404, "not-found", 5), (405, "method", 7),
        (409, "duplicate-url", 6), (412, "stale", 6), (413, "too-large", 7), (415, "type", 7), (422, "invalid", 7),
        (500, "bug", 11), (503, "stopping", 11), (504, "other", 11), (507, "disk", 11),
    ])
    func everyRefusalHasItsCode(_ status: Int, _ code: String, _ exit: Int32) {
        let (outcome, _) = lbctl("add http://h:1", [problem(status, code, "because")])
        #expect(outcome.code == exit)
        #expect(outcome.out == "")
        #expect(outcome.err.hasPrefix("error: because (\(status) \(code))\n"))
    }

    @Test func aRefusalShowsItsErrorsAndItsHint() {
        let more =
            "\"errors\":[{\"pointer\":\"/weight\",\"detail\":\"must be 0 to 1000\",\"got\":9999},"
            + "{\"pointer\":\"\",\"detail\":\"is odd\",\"got\":\"x\"},{\"detail\":\"plain\"}],\"hint\":\"weight: 1\""
        let (outcome, _) = lbctl("add http://h:1", [problem(422, "invalid", "two values are wrong", more)])
        #expect(
            outcome.err == """
                error: two values are wrong (422 invalid)
                  at:    /weight must be 0 to 1000 (got 9999)
                  at:    is odd (got x)
                  at:    plain
                  try:   weight: 1

                """
        )
    }

    @Test func tooManyRequestsAreTriedAgain() {
        let busy = FakeServer.Step.answer([
            httpText(
                "429 Too Many Requests",
                "{\"title\":\"busy\",\"status\":429,\"code\":\"busy\"}",
                ["Content-Type: application/problem+json", "Retry-After: 0"]
            )
        ])
        let (outcome, server) = lbctl("list", [busy, busy, json("200 OK", "{\"backends\":{\"x\":{}}}")])
        #expect(outcome.code == 0)
        #expect(server.requests.count == 3)
        let (failed, again) = lbctl("list", [busy, busy, busy, busy, busy])
        #expect(failed.code == 11)
        #expect(failed.err.hasPrefix("error: busy (429 busy)"))
        #expect(again.requests.count == Session.triesMax)
    }

    @Test func nobodyListensThere() {
        let (descriptor, port) = FakeServer.boundToLoopback()
        defer { close(descriptor) }
        let outcome = lbctl("list --addr 127.0.0.1:\(port)")
        #expect(outcome.code == 10)
        #expect(outcome.out == "")
        #expect(
            outcome.err == """
                error: cannot reach the admin API at 127.0.0.1:\(port) (from --addr): Connection refused
                  try:   lbd --config FILE   if lbd is not running there
                  or:    --addr ADDRESS, or LBCTL_ADDR, if its admin API is elsewhere

                """
        )
        let variable = lbctl("list", environment: ["LBCTL_ADDR": "localhost:\(port)"])
        #expect(variable.code == 10)
        #expect(variable.err.contains("at localhost:\(port) (from LBCTL_ADDR)"))
        #expect(variable.err.contains("  tried: 127.0.0.1:\(port), [::1]:\(port)\n"))
    }

    @Test func aSocketThatIsNotThere() {
        let outcome = lbctl("list --addr unix:/nonexistent/lb.sock")
        #expect(outcome.code == 10)
        #expect(outcome.err.contains("unix:/nonexistent/lb.sock (from --addr): No such file or directory"))
    }

    @Test func aNameThatDoesNotResolve() {
        let outcome = lbctl("list --addr nosuch.invalid")
        #expect(outcome.code == 10)
        #expect(outcome.err.contains("at nosuch.invalid:9900 (from --addr): "))
    }

    @Test func theLongestSocketPathIsTriedAndALongerOneRefused() {
        let path = "/tmp/" + String(repeating: "x", count: 102)
        #expect(lbctl("list --addr unix:\(path)").code == 10)
        #expect(lbctl("list --addr unix:\(path)x").code == 2)
    }

    @Test func aUnixSocketServes() {
        let path = "/tmp/lbctl-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sock"
        let server = FakeServer([json("200 OK", "{\"backends\":{\"x\":{}}}")], unixPath: path)
        defer {
            server.stop()
            unlink(path)
        }
        let outcome = lbctl("list", server: server)
        #expect(outcome.code == 0)
        #expect(server.requests.first?.contains("\r\nHost: localhost\r\n") == true)
    }

    @Test func localhostIsTriedInBothFamilies() {
        // The fake server listens on 127.0.0.1 only.
        let server = FakeServer([json("200 OK", "{\"backends\":{\"x\":{}}}")])
        defer { server.stop() }
        let port = server.address.split(separator: ":").last.map(String.init) ?? ""
        #expect(lbctl("list --addr localhost:\(port)").code == 0)
    }

    @Test func aPeerThatDoesNotTakeTheConnectionEndsAtTheTimeout() {
        // A listener with a full queue and nobody to accept: the kernel drops further connection requests.
        let (listener, port) = FakeServer.boundToLoopback()
        listen(listener, 0)
        var fillers: [Int32] = []
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        for _ in 0..<8 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = port.bigEndian
            place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            fillers.append(filler)
        }
        let outcome = lbctl("list --timeout 200ms --addr 127.0.0.1:\(port)")
        #expect(outcome.code == 10)
        #expect(outcome.err.contains("no connection within 200ms"), "\(outcome.err)")
    }

    @Test func aReadThatIsNotAnsweredInTime() {
        let (outcome, _) = lbctl("list --timeout 1s", [.hold])
        #expect(outcome.code == 11)
        #expect(outcome.err.contains("took the connection, but gave no answer within 1s"))
        #expect(outcome.err.contains("a longer --timeout"))
    }

    @Test func aWriteThatIsNotAnsweredMayHaveBeenDone() {
        let (outcome, _) = lbctl("add web-3 http://h:1 --timeout 1s --wait", [.hold])
        #expect(outcome.code == 11)
        // What the server was asked to wait comes on top of what an answer may take.
        #expect(outcome.err.contains("gave no answer within 2s"))
        #expect(outcome.err.contains("now:   whether \"web-3\" was changed is not known\n  try:   lbctl get web-3\n"))
    }

    @Test(arguments: [FakeServer.Step.hangUp, .answer([])])
    func aPeerThatHangsUpWithoutAWord(_ step: FakeServer.Step) {
        let (outcome, _) = lbctl("remove web-1", [step])
        #expect(outcome.code == 11)
        #expect(outcome.err.contains("whether \"web-1\" was changed is not known"))
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\n", "HTTP\r\n\r\n",
        "garbage without end",
    ])
    func aPeerThatDoesNotSpeakHTTP(_ text: String) {
        let (outcome, _) = lbctl("list", [.speakFirst(text)])
        #expect(outcome.code == 10)
        #expect(outcome.err.contains("does not speak HTTP"), "\(outcome.err)")
        #expect(outcome.err.contains("  got:   \""), "\(outcome.err)")
        #expect(!outcome.err.contains("\u{15}"))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nbad field\r\n\r\n",
    ])
    func anAnswerThatBreaksItsFraming(_ text: String) {
        let (outcome, _) = lbctl("list", [.answer([text])])
        #expect(outcome.code == 11)
        #expect(outcome.err.hasPrefix("error: the answer of 127.0.0.1:"), "\(outcome.err)")
    }

    @Test func anEndlessHeadIsNotReadToItsEnd() {
        let (outcome, _) = lbctl("list", [.answer(["HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1 << 20)])])
        #expect(outcome.code == 11)
    }

    @Test func aBodyPastItsBoundIsRefusedByItsLength() {
        let length = AnswerReader.bodyBytesMax + 1
        let (outcome, _) = lbctl("list", [.answer(["HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"])])
        #expect(outcome.code == 11)
        #expect(outcome.err.contains("64 MiB"), "\(outcome.err)")
    }

    @Test(arguments: ["200 OK", "404 Not Found", "301 Moved Permanently", "204 No Content"])
    func aWebServerThatIsNotOurs(_ status: String) {
        let body = status.hasPrefix("204") ? "" : "<!DOCTYPE html><h1>It works!</h1>"
        let (outcome, server) = lbctl(
            "list",
            [.answer(["HTTP/1.1 \(status)\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\(body)"])]
        )
        #expect(outcome.code == 10)
        #expect(outcome.err.contains("what answers at \(server.address) (from LBCTL_ADDR) is not lbd's admin API"))
        #expect(outcome.err.contains("got:   HTTP \(status) (text/html)"), "\(outcome.err)")
    }

    @Test(arguments: ["[]", "1", "{}", "{\"backends\":[]}", "{\"backends\":", ""])
    func jsonThatIsNotTheListIsNotOurs(_ body: String) {
        let (outcome, _) = lbctl("list", [json("200 OK", body)])
        #expect(outcome.code == 10)
        #expect(outcome.out == "")
    }

    @Test(arguments: [("500 Oops", 11), ("502 Bad Gateway", 11), ("401 Unauthorized", 4), ("403 Forbidden", 4)])
    func anIntermediaryThatRefuses(_ status: String, _ code: Int32) {
        let (outcome, _) = lbctl("get x", [.answer([httpText(status, "<h1>no</h1>", ["Content-Type: text/html"])])])
        #expect(outcome.code == code)
        #expect(outcome.err.contains("answered \(status)"))
    }

    private static let body = "{\"backends\":{\"web-1\":{\"url\":\"http://10.0.0.1:80\"}}}"

    private static let forms = [
        httpText("200 OK", body, ["Content-Type: application/json"]),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
            + "\(String(body.utf8.count - 1, radix: 16));ext=1\r\n\(body.dropFirst())\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body,
        "HTTP/1.0 200 OK\r\n\r\n" + body,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            + httpText("200 OK", body, ["Content-Type: application/json"]),
    ]

    @Test(arguments: forms)
    func everyFramingIsReadInOnePieceAndInMany(_ text: String) {
        let (whole, _) = lbctl("list -o json", [.answer([text])])
        #expect(whole.code == 0)
        #expect(whole.out == Self.body + "\n")
        let (split, _) = lbctl("list -o json", [.answer(text.unicodeScalars.map { String($0) })])
        #expect(split.code == 0)
        #expect(split.out == Self.body + "\n")
    }

    @Test(arguments: forms)
    func everyFramingIsReadAtEverySplit(_ text: String) throws {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var reader = AnswerReader(answering: .get)
            var answer = try reader.take(Array(bytes[..<split]))
            if answer == nil { answer = try reader.take(Array(bytes[split...])) }
            if answer == nil { answer = try reader.end() }
            #expect(answer?.status == 200)
            #expect(answer?.body == Array(Self.body.utf8))
        }
    }

    @Test func aRefusalThatComesBeforeTheRequestIsReadIsHeard() {
        let text = httpText(
            "413 Too Large",
            "{\"title\":\"too large\",\"status\":413,\"code\":\"too-large\"}",
            ["Content-Type: application/problem+json"]
        )
        let (outcome, _) = lbctl("add http://h:1", [.speakFirst(text)])
        #expect(outcome.code == 7)
        #expect(outcome.err.contains("too large (413 too-large)"))
    }
}
