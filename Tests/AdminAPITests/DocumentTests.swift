import Foundation
import Model
import Testing

@testable import AdminAPI

/// Whole documents: as large as they can be, and judged alike with and without a server.
@Suite struct DocumentTests {
    /// As many backends as there can be, with labels, which is several megabytes.
    private static func document(_ count: Int, labels: Int) -> String {
        let text = (0..<labels).map { "\"label-\($0)\":\"\(String(repeating: "x", count: 128))\"" }.joined(
            separator: ","
        )
        let backends = (0..<count).map { number in
            "\"b\(number)\":{\"url\":\"http://10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255):80\",\"labels\":{\(text)}}"
        }
        return "{\"backends\":{\(backends.joined(separator: ","))}}"
    }

    @Test func asManyBackendsAsThereCanBeAreExportedAndPutBack() throws {
        let admin = try AdminHarness([])
        let document = Self.document(DesiredState.backendsMax, labels: 1)
        #expect(document.utf8.count > AdminLimits().bodyBytesMax)
        #expect(try admin.ask("PUT", "/v1/config", document).status == 200)
        let export = try admin.ask("GET", "/v1/config")
        #expect(export.body.count > AdminLimits().bodyBytesMax)
        let again = try admin.ask("PUT", "/v1/config", export.text)
        #expect(again.status == 200)
        #expect(again.field("LB-Changed") == "false")
    }

    @Test func onlyDocumentsMayBeLargeAndOneAtATime() throws {
        var limits = AdminLimits()
        limits.bodyBytesMax = 1000
        limits.documentBytesMax = 3000
        let admin = try AdminHarness(limits: limits)
        let blanks = { String(repeating: " ", count: $0) }
        #expect(try admin.ask("PUT", "/v1/backends/a", blanks(1001)).status == 413)
        #expect(try admin.ask("PUT", "/v1/config", blanks(3001)).status == 413)
        #expect(try admin.ask("PUT", "/v1/config", "{}" + blanks(2998)).status == 200)
        // One is on its way, and another has to wait; a small one has not.
        let slow = try admin.client()
        slow.send("PUT /v1/config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n" + blanks(2000))
        var answer = try admin.ask("PUT", "/v1/config?dry_run=plan", "{}" + blanks(2000))
        for _ in 0..<2000 where answer.status != 429 {
            answer = try admin.ask("PUT", "/v1/config?dry_run=plan", "{}" + blanks(2000))
        }
        #expect(answer.status == 429)
        #expect(answer.field("Retry-After") == "1")
        #expect(try admin.ask("PUT", "/v1/config?dry_run=plan", "{}").status == 200)
        slow.send("{}" + blanks(998))
        #expect(try slow.receive().status == 200)
    }

    @Test(arguments: [
        #"{}"#, #"{"backends":{}}"#, #"{"pools":{},"backends":{}}"#, #"{"backends":{"a":{"url":"http://a:1"}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","weight":1.0}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","weight":1.5}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","weight":1001}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","wieght":1}}}"#,
        #"{"backends":{"a":{}}}"#, #"{"backends":{"a":null}}"#, #"{"backends":{"a":"http://a:1"}}"#,
        #"{"backends":["http://a:1"]}"#, #"{"backends":null}"#, #"{"pools":null}"#, #"{"pools":{"p":null}}"#,
        #"{"pools":{"p":{}}}"#, #"{"pools":{"-p":{}}}"#, #"{"pools":{"p":{"drain":"1"}}}"#, #"{"listeners":[":80"]}"#,
        #"{"backends":{"a":{"url":"http://a:1","pool":"p"}}}"#, #"{"health_check":"off"}"#, #"[]"#, #""x""#,
        #"{"pools":{"p":{}},"backends":{"a":{"url":"http://a:1","pool":"p"}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","pool":"p"}},"pools":{"p":{}}}"#,
        #"{"backends":{"-a":{"url":"http://a:1"}}}"#, #"{"backends":{"a b":{"url":"http://a:1"}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","name":"a","status":{}}}}"#,
        #"{"backends":{"a":{"url":"http://a:1"},"b":{"url":"http://a:1"}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","health_check":{"interval":"1s","timeout":"2s"}}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","health_check":{"timeout":"1h"}}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","health_check":"off"}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","health_check":false,"slow_start":null}}}"#,
        #"{"backends":{"a":{"url":"https://a:1"}}}"#, #"{"backends":{"a":{"url":"http://a:1","labels":{"x":1}}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","labels":{"x":"\u001b"}}}}"#,
        #"{"backends":{"a":{"url":"http://a:1","labels":null}}}"#,
    ])
    func documentIsJudgedAlikeWithAndWithoutAServer(_ text: String) throws {
        for isWhole in [true, false] {
            let admin = try AdminHarness([])
            var reader = SpecReader()
            let count = reader.document(try JSONReader.read(Array(text.utf8)), isWhole: isWhole)
            let errors = reader.issues.filter { $0.severity == .error }
            // What a patch presumes is not there.
            if !count.presumed.isEmpty { continue }
            let answer = try admin.ask(isWhole ? "PUT" : "PATCH", "/v1/config?dry_run=plan", text)
            #expect((answer.status == 200) == errors.isEmpty, "\(isWhole) \(answer.status) \(answer.text) \(errors)")
        }
    }
}
