import Foundation
import Model
import Testing

@testable import AdminAPI

/// Every value of the model has one form: what is stored, shown and sent back is what was read, and only that is equal to it.
@Suite struct CanonicalFormTests {
    /// JSON texts of specs as people and programs write them: every member, in spellings that differ.
    private struct Writer {
        var chance: SeededGenerator

        init(_ seed: UInt64) { chance = SeededGenerator(seed: seed) }

        mutating func one(_ words: [String]) -> String { words.randomElement(using: &chance) ?? "" }

        mutating func object(_ members: [(String, String)]) -> String {
            let kept = members.filter { _ in Bool.random(using: &chance) }.shuffled(using: &chance)
            return "{" + kept.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
        }

        /// From 100 ms to an hour, in any unit and with any digits.
        mutating func span() -> String {
            switch Int.random(in: 0..<6, using: &chance) {
            case 0:
                "\"\(Int.random(in: 100_000...3_599_000_000, using: &chance)).\(Int.random(in: 0...999, using: &chance))us\""
            case 1:
                "\"\(Int.random(in: 100...3_599_000, using: &chance)).\(Int.random(in: 0...999_999, using: &chance))ms\""
            case 2:
                "\"\(Int.random(in: 1...3599, using: &chance)).\(Int.random(in: 0...999_999_999, using: &chance))s\""
            case 3: "\"\(Int.random(in: 1...59, using: &chance)).\(Int.random(in: 0...99, using: &chance))m\""
            case 4: one([#""0.1h""#, #""0.333h""#, #""60m""#, #""1h""#, #""3600s""#])
            default: "\"\(Int.random(in: 1...3600, using: &chance))s\""
            }
        }

        mutating func share() -> String {
            one(["0", "1", "-0.0", "0.0", "1.0", "0.1", "0.30000000000000004", "1e-7", "5e-324", "0.5"])
        }

        mutating func text() -> String {
            one([
                #""\u00e9""#, #""e\u0301""#, #""Å""#, #""A\u030a""#, #""plain""#, #""\ud83d\ude00""#, #""한""#,
                #""\u1112\u1161\u11ab""#,
            ])
        }

        mutating func headers() -> String {
            object([
                ("X-B", #""1""#), ("X-A", #""2""#), ("x-a", #""3""#), ("Accept", #""a/b""#), ("Zz", #""4""#),
                ("User-Agent", #""me""#),
            ])
        }

        mutating func check() -> String {
            switch Int.random(in: 0..<6, using: &chance) {
            case 0: return #""off""#
            case 1: return "null"
            default: break
            }
            return object([
                ("type", one([#""http""#, #""tcp""#])), ("path", one([#""/""#, #""/%C3%A9?a=1""#])),
                ("interval", span()), ("rise", "3"), ("fall", "7"),
                (
                    "expect",
                    one(["204", #""200-204,203-299""#, #""301,200,201""#, #""200-200""#, #""599,100-101,102""#])
                ),
                ("host", one([#""a.example""#, "null"])), ("headers", headers()), ("body", text()),
                ("start", one([#""up""#, #""down""#])),
            ])
        }

        mutating func backend(_ pools: [String] = ["default"]) -> String {
            let url = one([
                "http://[::1]:80", "http://[0:0:0:0:0:0:0:1]", "http://[2001:DB8:0:0:1:0:0:1]:81",
                "http://EXAMPLE.com.",
                "http://[::ffff:1.2.3.4]:82", "http://[::ffff:102:304]:83", "http://10.0.0.1", "unix:/run/\\u00e9.sock",
                "unix:/run/e\\u0301.sock",
            ])
            let body = object([
                ("pool", "\"\(pools.randomElement(using: &chance) ?? "default")\""), ("weight", "7"),
                ("max_requests", "9"),
                ("state", one([#""ready""#, #""drain""#, #""maint""#])), ("backup", "true"),
                ("slow_start", one([span(), "null"])),
                ("labels", object([("b", text()), ("a/x", text()), ("A", text()), ("_", #""""#)])),
                ("health_check", check()),
            ])
            return body.dropLast() + (body == "{}" ? "" : ", ") + "\"url\": \"\(url)\"}"
        }

        mutating func pool() -> String {
            object([
                ("algorithm", one([#""hash""#, #""random""#])),
                ("hash_by", one([#""header:X-Key""#, #""header:x-key""#, #""cookie:Ab""#, #""uri""#])),
                ("sticky", one([#""off""#, "false", "null", "{}", #"{"cookie": "Ab", "ttl": "1.5h"}"#])),
                ("slow_start", span()), ("panic_threshold", share()), ("min_ready", "4"), ("drain", span()),
                ("health_check", check()),
                ("passive", one([#""off""#, "null", "{}", #"{"eject": "90s"}"#, "{\"max_ejected\": \(share())}"])),
                ("retry", one(["{}", "{\"budget\": \(share()), \"on\": [\"timeout\", 503, \"500\"]}"])),
                ("timeouts", one(["{}", #"{"connect": "1500us", "total": "off", "queue": null}"#])),
            ])
        }
    }

    @Test(arguments: 0..<20)
    func whatIsWrittenIsReadAsTheSame(_ seed: Int) throws {
        var writer = Writer(UInt64(seed))
        var backends: [BackendSpec] = []
        var pools: [PoolSpec] = []
        for _ in 0..<100 {
            let text = writer.backend()
            let backend = try SpecDocument.backend(JSONReader.read(Array(text.utf8)))
            #expect(SpecText.backend(SpecText.text(of: backend)) == backend, "\(text)")
            backends.append(backend)
            let other = writer.pool()
            let pool = try SpecDocument.pool(JSONReader.read(Array(other.utf8)))
            #expect(SpecText.pool(SpecText.text(of: pool)) == pool, "\(other)")
            pools.append(pool)
        }
        // Equal are those, and only those, whose stored texts are the same bytes.
        for one in backends {
            for other in backends {
                #expect((one == other) == SpecText.text(of: one).hasSameBytes(as: SpecText.text(of: other)))
            }
        }
        for one in pools {
            for other in pools {
                #expect((one == other) == SpecText.text(of: one).hasSameBytes(as: SpecText.text(of: other)))
            }
        }
    }

    @Test(arguments: 0..<8)
    func whatWasReadAndIsSentBackChangesNothing(_ seed: Int) throws {
        var writer = Writer(UInt64(seed) + 1000)
        let admin = try AdminHarness([])
        let pools = ["default", "blue", "green"]
        let backends = (0..<12).map { "\"b-\($0)\": \(writer.backend(pools))" }
        let document =
            "{\"pools\": {" + pools.map { "\"\($0)\": \(writer.pool())" }.joined(separator: ", ")
            + "}, \"backends\": {" + backends.joined(separator: ", ") + "}}"
        let first = try admin.ask("PUT", "/v1/config?force=true", document)
        #expect(first.status == 200, "\(first.text)")
        for path in ["/v1/config"] + pools.map({ "/v1/pools/\($0)" }) + (0..<12).map({ "/v1/backends/b-\($0)" }) {
            let shown = try admin.ask("GET", path)
            let answer = try admin.ask("PUT", path, shown.text)
            #expect(answer.status == 200, "\(path) \(answer.text)")
            #expect(answer.field("LB-Changed") == "false", "\(path) \(shown.text)")
        }
        // The document as it was written first means the same, too.
        #expect(try admin.ask("PUT", "/v1/config?force=true", document).field("LB-Changed") == "false")
    }

    /// The order in which a file writes fields of a check is no change of the file.
    @Test func headersInAnotherOrderAreTheSameCheck() throws {
        func file(_ headers: HealthCheckSpec.Headers) throws -> DesiredState {
            var state = try declare(web)
            state.setPool("default", PoolSpec(healthCheck: HealthCheckSpec(headers: headers)))
            return state
        }
        let forth: HealthCheckSpec.Headers = [.init(name: "X-A", value: "1"), .init(name: "X-B", value: "2")]
        let back: HealthCheckSpec.Headers = [.init(name: "X-B", value: "2"), .init(name: "X-A", value: "1")]
        let directory = try TemporaryDirectory()
        do {
            let admin = try AdminHarness(declared: file(back), directory: directory)
            #expect(try admin.ask("PATCH", "/v1/pools/default", #"{"min_ready": 0}"#).status == 200)
        }
        let state = try ConfigState(declared: file(back), directory: directory.path + "/state")
        #expect(state.conflicts.isEmpty)
        #expect(state.revision == 2)
        let reloaded = try state.reload(declared: file(forth), to: FakePlane(state.desired))
        #expect(reloaded.changes.isEmpty)
        #expect(state.desired.pool("default")?.minReady == 0)
    }

    /// To a person they look alike; to a backend that reads a label they are two values.
    @Test func textIsToldApartByItsBytes() throws {
        let admin = try AdminHarness()
        func label(_ text: String) throws -> Answer {
            try admin.ask("PATCH", "/v1/backends/web-1", "{\"labels\": {\"name\": \"\(text)\"}}")
        }
        #expect(try label("\u{E9}").field("LB-Changed") == "true")
        #expect(try label("\u{E9}").field("LB-Changed") == "false")
        #expect(try label("e\u{301}").field("LB-Changed") == "true")
        let change = try #require(admin.state.history(after: 0, limit: 1).first)
        #expect(change.summary.contains("labels.name"))
        #expect(try admin.ask("GET", "/v1/backends?label=name%3De%CC%81")["backends"] == "{web-1}")
        #expect(try admin.ask("GET", "/v1/backends?label=name%3D%C3%A9")["backends"] == "{}")
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
