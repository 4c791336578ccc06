import Foundation
import Model
import Testing

@testable import AdminAPI

/// `/metrics` and `/v1/stats`.
@Suite struct MetricsTests {
    private func busy() -> MetricsSnapshot {
        var snapshot = MetricsSnapshot(at: 1_700_000_060_500_000_000, startedAt: 1_700_000_000_125_000_000)
        var web = BackendMetrics(name: "web-1", pool: "default", phase: .serving)
        web.requests[1] = 90
        web.requests[4] = 10
        web.attempts = 103
        web.errors = 3
        web.retriedAway = 3
        web.bytesIn = 1000
        web.bytesOut = 5000
        web.connectionsOpened = 7
        web.connectionsReused = 96
        web.connections = 5
        web.idleConnections = 3
        web.inFlight = 2
        web.probesPassed = 12
        web.probesFailed = 1
        web.lastCheckAgeNs = 1_250_000_000
        for index in 0..<100 { web.total.record(UInt64(index + 1) * 1_000_000) }
        web.connect.record(120_000)
        web.firstByte.record(900_000)
        var gone = BackendMetrics(name: "old", pool: "default", phase: .draining)
        gone.isGone = true
        gone.requests[1] = 5
        gone.lastCheckAgeNs = 1
        snapshot.backends = [gone, web]
        var unserved = ClassCounts()
        unserved[3] = 4
        snapshot.unserved = [UnservedMetrics(pool: "", requests: unserved)]
        snapshot.faults = [FaultCount(kind: "connection_refused", side: "upstream", count: 3)]
        snapshot.retries = [RetryCount(reason: "connection_refused", count: 3)]
        snapshot.glitches = [GlitchCount(kind: "bare-lf", side: "downstream", count: 4)]
        snapshot.underscoreFieldsDropped = 2
        var worker = WorkerMetrics()
        worker.clients = 6
        worker.accepted = 60
        worker.lag.record(70_000)
        snapshot.workers = [worker, WorkerMetrics()]
        snapshot.process.residentBytes = 4096
        return snapshot
    }

    @Test func formatIsTheOneOfPrometheus() throws {
        let admin = try AdminHarness()
        admin.plane.setMetrics(busy())
        let answer = try admin.ask("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        let page = try PrometheusPage(answer.text)
        #expect(page.problems == [])
        #expect(page.value("lb_requests_total", ["pool": "default", "backend": "web-1", "code_class": "2xx"]) == 90)
        #expect(page.value("lb_requests_total", ["pool": "default", "backend": "web-1", "code_class": "5xx"]) == 10)
        #expect(page.value("lb_requests_total", ["pool": "", "backend": "", "code_class": "4xx"]) == 4)
        let labels = ["pool": "default", "backend": "web-1"]
        #expect(page.value("lb_request_duration_seconds_count", labels) == 100)
        #expect(page.value("lb_request_duration_seconds_sum", labels) == 5.05)
        // 0.0064 s is a bound: 1 to 6 ms are within it.
        #expect(page.value("lb_request_duration_seconds_bucket", labels.merging(["le": "0.0064"]) { $1 }) == 6)
        #expect(page.value("lb_backend_connections", labels.merging(["state": "busy"]) { $1 }) == 2)
        #expect(page.value("lb_backend_last_check_age_seconds", labels) == 1.25)
        #expect(page.value("lb_backend_up", labels) == 1)
        #expect(page.value("lb_retries_total", ["reason": "connection_refused"]) == 3)
        #expect(page.value("lb_glitches_total", ["kind": "bare-lf", "side": "downstream"]) == 4)
        #expect(page.value("lb_glitches_total", ["kind": "underscore-field", "side": "downstream"]) == 2)
        #expect(page.value("lb_client_connections", ["worker": "0"]) == 6)
        #expect(page.value("lb_build_info", ["version": "1.2.3"]) == 1)
        #expect(page.value("lb_uptime_seconds", [:]) == 60.375)
    }

    @Test func backendThatHasGoneHasItsCountsAndNoAge() throws {
        let admin = try AdminHarness()
        admin.plane.setMetrics(busy())
        let page = try PrometheusPage(admin.ask("GET", "/metrics").text)
        let labels = ["pool": "default", "backend": "old"]
        #expect(page.value("lb_requests_total", labels.merging(["code_class": "2xx"]) { $1 }) == 5)
        #expect(page.value("lb_backend_up", labels) == 0)
        #expect(page.value("lb_backend_last_check_age_seconds", labels) == nil)
    }

    @Test func onlyDurationsThatAreShownAreAskedFor() throws {
        let admin = try AdminHarness()
        _ = try admin.ask("GET", "/v1/backends")
        _ = try admin.ask("GET", "/v1/backends/web-1")
        _ = try admin.ask("GET", "/v1/backends?limit=1")
        #expect(admin.plane.durationsAsked == [nil, ["web-1"], ["web-1"]])
        #expect(admin.plane.metricsTaken == 0)
    }

    @Test func emptySnapshotIsAPageToo() throws {
        let text = MetricsText.write(MetricsSnapshot(at: 0, startedAt: 0), version: "1", revision: 0)
        #expect(try PrometheusPage(String(decoding: text, as: UTF8.self)).problems == [])
    }

    @Test func everyByteOfALabelIsKeptAndBreaksNothing() throws {
        for byte in UInt8(0)..<128 {
            let name = "a" + String(UnicodeScalar(byte)) + "b"
            var snapshot = MetricsSnapshot(at: 0, startedAt: 0)
            snapshot.backends = [BackendMetrics(name: name, pool: name, phase: .serving)]
            let text = MetricsText.write(snapshot, version: name, revision: 0)
            let page = try PrometheusPage(String(decoding: text, as: UTF8.self))
            #expect(page.problems == [])
            #expect(page.value("lb_backend_up", ["pool": name, "backend": name]) == 1)
            #expect(page.value("lb_build_info", ["version": name]) == 1)
        }
    }

    @Test(arguments: [0, 1, 100_000, 999_999_999, 1_000_000_000, 52_428_800_000, 61_000_000_001] as [UInt64])
    func secondsAreExact(nanoseconds: UInt64) throws {
        let text = String(decoding: PrometheusText.seconds(nanoseconds), as: UTF8.self)
        let parts = text.split(separator: ".")
        let fraction = parts.count > 1 ? parts[1] + String(repeating: "0", count: 9 - parts[1].count) : "0"
        #expect(UInt64(parts[0])! * 1_000_000_000 + UInt64(fraction)! == nanoseconds)
    }

    /// Where Prometheus's own tool is installed, it has the last word.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
    func promtoolHasNothingToSay() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        input.fileHandleForWriting.write(Data(MetricsText.write(busy(), version: "1.2.3", revision: 7)))
        try input.fileHandleForWriting.close()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(said == "")
        #expect(process.terminationStatus == 0)
    }

    @Test func everyMetricIsInItsManual() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let manual = try String(contentsOf: root.appendingPathComponent("docs/METRICS.md"), encoding: .utf8)
        let text = MetricsText.write(busy(), version: "1", revision: 0)
        let page = try PrometheusPage(String(decoding: text, as: UTF8.self))
        #expect(page.families.count > 30)
        for name in page.families { #expect(manual.contains("`\(name)"), "\(name) is not in docs/METRICS.md") }
        // And the other way round: no metric is described that is not there.
        for found in manual.matches(of: /^\| `(lb_[a-z_]+|process_[a-z_]+)/.anchorsMatchLineEndings()) {
            #expect(page.families.contains(String(found.1)), "\(found.1) is described and not there")
        }
    }

    @Test func statsAddUp() throws {
        let admin = try AdminHarness()
        admin.plane.setMetrics(busy())
        let answer = try admin.ask("GET", "/v1/stats")
        #expect(answer.status == 200)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
        )
        let totals = try #require(document["totals"] as? [String: Any])
        #expect(totals["requests"] as? Int == 109)
        // What is told no more still counts.
        var snapshot = busy()
        var gone = GoneMetrics()
        gone.requests[1] = 30
        snapshot.gone = ["default": gone, "": gone]
        admin.plane.setMetrics(snapshot)
        let later = try admin.ask("GET", "/v1/stats")
        #expect(later["totals/requests"] == "169" && later["pools/default/requests"] == "135")
        #expect(totals["clients"] as? Int == 6)
        let backends = try #require(document["backends"] as? [String: [String: Any]])
        #expect(Set(backends.keys) == ["web-1"], "what has gone is in the totals only")
        let web = try #require(backends["web-1"])
        #expect(web["requests"] as? Int == 100)
        let latency = try #require(web["latency"] as? [String: [String: Any]])
        let p50 = try #require(latency["total"]?["p50_ms"] as? Double)
        let p99 = try #require(latency["total"]?["p99_ms"] as? Double)
        #expect(abs(p50 - 50) <= 50 / 16)
        #expect(abs(p99 - 99) <= 99 / 16)
        let pools = try #require(document["pools"] as? [String: [String: Any]])
        #expect(pools["default"]?["requests"] as? Int == 105)
    }

    @Test func backendsHaveTheirQuantiles() throws {
        let admin = try AdminHarness()
        admin.plane.setMetrics(busy())
        for path in ["/v1/backends", "/v1/backends/web-1"] {
            let text = try admin.ask("GET", path).text
            #expect(text.contains("\"p50_ms\":51.2") || text.contains("\"p50_ms\":49."), "\(text)")
            #expect(text.contains("\"p99_ms\":"))
        }
        #expect(try admin.ask("GET", "/v1/backends/web-2").text.contains("\"p50_ms\":null"))
    }
}

/// A page of the text format, read strictly: what it says, and what is wrong with it.
struct PrometheusPage {
    private(set) var families: [String] = []
    private(set) var problems: [String] = []
    private var samples: [String: Double] = [:]

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    func value(_ name: String, _ labels: [String: String]) -> Double? { samples[Self.key(name, labels)] }

    private static func key(_ name: String, _ labels: [String: String]) -> String {
        name + labels.sorted { $0.key < $1.key }.map { "|\($0.key)=\($0.value)" }.joined()
    }

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Broken(description: "no line end at the end") }
        var family = ""
        var kind = ""
        var hasHelp = false
        var buckets: [String: (bound: Double, count: Double)] = [:]
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                family = String(line.dropFirst(7).prefix { $0 != " " })
                if families.contains(family) { problems.append("\(family) begins twice") }
                if line.dropFirst(7 + family.count + 1).isEmpty { problems.append("\(family) has no help") }
                if family.wholeMatch(of: /[a-z][a-z0-9_]*/) == nil { problems.append("\(family) is no name") }
                families.append(family)
                hasHelp = true
                continue
            }
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                kind = words.count == 4 ? String(words[3]) : ""
                if !hasHelp || words.count != 4 || words[2] != family { problems.append("TYPE out of place: \(line)") }
                if !["counter", "gauge", "histogram"].contains(kind) { problems.append("no type: \(line)") }
                if (kind == "counter") != family.hasSuffix("_total") {
                    problems.append("_total and counter: \(family)")
                }
                hasHelp = false
                continue
            }
            let (name, labels, value) = try Self.sample(line)
            var own = [family]
            if kind == "histogram" { own = ["_bucket", "_sum", "_count"].map { family + $0 } }
            if !own.contains(name) { problems.append("\(name) is outside of its family") }
            let key = Self.key(name, labels)
            if samples.updateValue(value, forKey: key) != nil { problems.append("twice: \(key)") }
            if kind == "counter", value < 0 { problems.append("negative: \(key)") }
            guard name == family + "_bucket", kind == "histogram" else { continue }
            guard let le = labels["le"], let bound = le == "+Inf" ? .infinity : Double(le) else {
                problems.append("no bound: \(line)")
                continue
            }
            let series = Self.key(family, labels.filter { $0.key != "le" })
            if let before = buckets[series], before.bound >= bound || before.count > value {
                problems.append("buckets out of order: \(line)")
            }
            buckets[series] = (bound, value)
        }
        for (series, last) in buckets {
            let name = series.prefix { $0 != "|" }
            let count = samples[name + "_count" + series.dropFirst(name.count)]
            if last.bound != .infinity || count != last.count {
                problems.append("no +Inf, or not the count: \(series)")
            }
        }
    }

    /// `name{label="value",…} 1.5`
    private static func sample(_ line: Substring) throws -> (String, [String: String], Double) {
        let name = String(line.prefix { $0 != "{" && $0 != " " })
        var rest = Array(line.unicodeScalars.dropFirst(name.unicodeScalars.count))[...]
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let label = String(String.UnicodeScalarView(rest.prefix { $0 != "=" }))
                rest = rest.dropFirst(label.unicodeScalars.count + 1)
                guard rest.popFirst() == "\"" else { throw Broken(description: "no quote: \(line)") }
                var value = String.UnicodeScalarView()
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    switch rest.popFirst() {
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    case "n": value.append("\n")
                    default: throw Broken(description: "no escape: \(line)")
                    }
                }
                if labels.updateValue(String(value), forKey: label) != nil {
                    throw Broken(description: "a label twice: \(line)")
                }
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        guard rest.popFirst() == " ", let value = Double(String(String.UnicodeScalarView(rest))) else {
            throw Broken(description: "no value: \(line)")
        }
        return (name, labels, value)
    }
}
