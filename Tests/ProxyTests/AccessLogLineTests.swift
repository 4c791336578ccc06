import Foundation
import HTTPWire
import Model
import Proxy
import Testing

/// What an access log line looks like, and that nobody who has a say in it can make it look like another.
@Suite struct AccessLogLineTests {
    private let live = LiveTable()

    /// 2026-11-21T10:17:18.123Z.
    private let wallClock: Int64 = 1_795_256_238_123_000_000

    private func written(
        _ line: AccessLog.Line,
        _ format: AccessLog.Format,
        _ request: [UInt8]
    ) -> String {
        var date = DateText()
        date.update(wallClock)
        var room = [UInt8](repeating: 0, count: LogRing.lineBytesMax)
        let count = room.withUnsafeMutableBytes { bytes in
            var out = OutputRawSpan(buffer: bytes, initializedCount: 0)
            request.withUnsafeBytes { source in
                AccessLog.append(
                    line,
                    as: format,
                    request: RawSpan(_unsafeBytes: source),
                    names: LiveNames(live),
                    date: date,
                    wallClock: wallClock,
                    to: &out
                )
            }
            return out.finalize(for: bytes)
        }
        return String(decoding: room[..<count], as: UTF8.self)
    }

    private func served() -> AccessLog.Line {
        var line = AccessLog.Line()
        line.client = .ipv4(0x7F00_0001, port: 5)
        line.peer = line.client
        line.status = 200
        line.bytesIn = 3
        line.bytesOut = 612
        line.pool = 2
        line.backend = 7
        line.attempts = 2
        line.connectNs = 120_000
        line.firstByteNs = 2_951_000
        line.totalNs = 3_214_999
        line.generatedID = (0x5C1E_0F6B_2A7D_4C3E, 1)
        return line
    }

    private func name() {
        let (backends, pools) = (live.backends, live.pools)
        backends[7].begin(name: "web-1")
        pools[2].set("default")
    }

    @Test func textHasItsFieldsInOrder() {
        name()
        let text = written(served(), .text, Array("GET /path HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(
            text
                == "2026-11-21T10:17:18.123Z 127.0.0.1 \"GET /path HTTP/1.1\" 200 612 web-1 3.214ms - -- pool=default in=3 "
                + "tries=2 queue=0.000ms connect=0.120ms first=2.951ms reused=no id=5c1e0f6b2a7d4c3e0000000000000001\n"
        )
    }

    /// Behind a trusted proxy the client is who the proxy names, and the proxy is told besides.
    @Test func theProxyIsToldBesideItsClient() {
        name()
        var line = served()
        line.client = .ipv4(0xCB00_7109, port: 0)
        let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        let text = written(line, .text, request)
        #expect(text.contains("Z 203.0.113.9 \"GET") && text.contains(" reused=no peer=127.0.0.1 id=5c1e"))
        #expect(
            written(line, .json, request).contains("\"client\":\"203.0.113.9\",\"peer\":\"127.0.0.1\",\"request_id\"")
        )
        #expect(
            !written(served(), .text, request).contains("peer=")
                && !written(served(), .json, request).contains("\"peer\"")
        )
    }

    @Test func theVersionIsTheOneThatCame() {
        name()
        for minor in [UInt8(0), 1, 2, 9] {
            var line = served()
            line.clientMinorVersion = minor
            let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
            #expect(written(line, .text, request).contains("\"GET / HTTP/1.\(minor)\""))
            #expect(written(line, .json, request).contains("\"version\":\"HTTP/1.\(minor)\""))
        }
    }

    @Test func textOfWhatNeverMetABackendHasDashes() {
        var line = AccessLog.Line()
        line.isParsed = false
        line.status = 400
        line.cause = "bare-lf"
        line.ender = UInt8(ascii: "C")
        line.phase = UInt8(ascii: "H")
        let text = written(line, .text, Array("GET / HTTP/9.9\nno".utf8))
        #expect(
            text
                == "2026-11-21T10:17:18.123Z unknown \"GET / HTTP/9.9\" 400 0 - 0.000ms bare-lf CH pool=- in=0 tries=0 "
                + "queue=0.000ms connect=- first=- reused=no id=00000000000000000000000000000000\n"
        )
    }

    @Test func versionIsTheClients() {
        var line = served()
        line.clientMinorVersion = 0
        let request = Array("GET /a b HTTP/1.1\r\n\r\n".utf8)
        #expect(written(line, .text, request).contains("\"GET /a b HTTP/1.0\""))
        #expect(written(line, .json, request).contains("\"version\":\"HTTP/1.0\",\"target\":\"/a b\""))
    }

    @Test func jsonIsOneObjectOfAllFields() throws {
        name()
        var line = served()
        line.isReused = true
        line.connectNs = .max
        line.cause = "client_gone"
        line.ender = UInt8(ascii: "C")
        line.phase = UInt8(ascii: "D")
        let text = written(line, .json, Array("POST /p?q=1 HTTP/1.1\r\n\r\n".utf8))
        #expect(text.hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "time", "client", "request_id", "method", "version", "target", "status", "bytes_in", "bytes_out",
                "pool", "backend", "attempts", "queue_ms", "connect_ms", "first_byte_ms", "total_ms", "reused",
                "outcome", "cause",
            ]
        )
        #expect(object["time"] as? String == "2026-11-21T10:17:18.123Z")
        #expect(object["method"] as? String == "POST")
        #expect(object["target"] as? String == "/p?q=1")
        #expect(object["backend"] as? String == "web-1")
        #expect(object["connect_ms"] is NSNull)
        #expect(object["first_byte_ms"] as? Double == 2.951)
        #expect(object["reused"] as? Bool == true)
        #expect(object["outcome"] as? String == "CD")
        #expect(object["cause"] as? String == "client_gone")
    }

    @Test(arguments: [AccessLog.Format.text, .json])
    func everyByteValueIsHarmlessEverywhere(format: AccessLog.Format) throws {
        for byte in UInt8.min...UInt8.max {
            let wild = [byte, 0x61, byte]
            let (backends, pools) = (live.backends, live.pools)
            // Names are of a safe alphabet by validation; here a byte that is in it and one that is not.
            backends[7].begin(name: "web-1")
            pools[2].set("default")
            for isParsed in [true, false] {
                var line = served()
                line.isParsed = isParsed
                let head = Array("GET /".utf8) + wild + Array(" HTTP/1.1".utf8)
                let request = head + Array("\r\nX-Request-Id: ".utf8) + wild + Array("\r\n\r\n".utf8)
                line.requestID = ByteRange(head.count + 16, head.count + 16 + wild.count)
                try check(written(line, format, request), format, byte)
            }
        }
    }

    private func check(_ text: String, _ format: AccessLog.Format, _ byte: UInt8) throws {
        #expect(text.utf8.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "byte \(byte): \(text)")
        #expect(text.hasSuffix("\n"))
        switch format {
        case .text:
            #expect(text.utf8.count { $0 == 0x22 } == 2, "byte \(byte): \(text)")
            // 14 words behind the quoted line.
            let quoted = text.split(separator: "\"")
            #expect(quoted.count == 3 && quoted[2].split(separator: " ").count == 14, "byte \(byte): \(text)")
        case .json:
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let id = try #require(object["request_id"] as? String)
            #expect(id.unicodeScalars.map(\.value) == [UInt32(byte), 0x61, UInt32(byte)])
        }
    }

    @Test(arguments: [AccessLog.Format.text, .json])
    func longestLineFits(format: AccessLog.Format) throws {
        let (backends, pools) = (live.backends, live.pools)
        backends[7].begin(name: String(repeating: "b", count: 64))
        pools[2].set(String(repeating: "p", count: 64))
        for filler in [0x61, 0xFF, 0x22] as [UInt8] {
            for isParsed in [true, false] {
                var line = served()
                line.isParsed = isParsed
                line.client = Endpoint(family: .ipv6, port: 0, high: .max, low: .max)
                line.peer = Endpoint(family: .ipv6, port: 0, high: .max, low: .max - 1)
                line.bytesIn = .max
                line.bytesOut = .max
                line.attempts = .max
                line.queueNs = .max - 1
                line.connectNs = .max - 1
                line.firstByteNs = .max - 1
                line.totalNs = .max
                line.status = .max
                line.cause = "connection_limit_reached_by_everybody"
                let head = Array("GET /".utf8) + [UInt8](repeating: filler, count: 9000) + Array(" HTTP/1.1\r\n".utf8)
                line.requestID = ByteRange(5, 9000)
                let text = written(line, format, head)
                #expect(text.utf8.count <= AccessLog.lineBytesMax)
                #expect(text.contains("..."), "what was cut says so")
                if format == .json {
                    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
                }
            }
        }
        #expect(AccessLog.lineBytesMax <= LogRing.lineBytesMax)
    }
}

@Suite struct OutcomeLettersTests {
    private func letters(_ fault: Fault) -> String {
        let outcome = OutcomeLetters(fault)
        return String(decoding: [outcome.ender, outcome.phase], as: UTF8.self)
    }

    @Test func wholeAnswerHasNoLetters() { #expect(letters(.none) == "--") }

    @Test func lettersTellWhoAndWhere() {
        #expect(letters(Fault(.badRequest, .downstream, .parse)) == "CH")
        #expect(letters(Fault(.clientTimeout, .downstream, .parse)) == "cH")
        #expect(letters(Fault(.methodNotAllowed, .downstream, .admit)) == "CA")
        #expect(letters(Fault(.noBackend, .proxy, .pick)) == "PP")
        #expect(letters(Fault(.queueTimeout, .proxy, .pick)) == "pP")
        #expect(letters(Fault(.connectFailed, .upstream, .acquire)) == "BC")
        #expect(letters(Fault(.connectTimeout, .upstream, .acquire)) == "bC")
        #expect(letters(Fault(.answerTimeout, .upstream, .wait)) == "bW")
        #expect(letters(Fault(.truncatedAnswer, .upstream, .relay)) == "BD")
        #expect(letters(Fault(.clientGone, .downstream, .relay)) == "CD")
    }

    @Test func everyFaultHasTwoLettersAndAWordForMetrics() {
        for kind in Fault.Kind.allCases {
            #expect(Int(kind.rawValue) < EventCounters.kindsMax)
            #expect("\(Fault(kind, .none, .parse).cause)".wholeMatch(of: /[a-z_]+/) != nil)
        }
        #expect(H1Error.allCases.allSatisfy { Int($0.rawValue) < EventCounters.kindsMax })
        let words = Fault.Kind.allCases.map { "\(Fault($0, .none, .parse).cause)" }
        #expect(Set(words).count == words.count, "no two kinds share a series")
    }
}

@Suite struct CountersTests {
    @Test func latenciesOfABackendFillOnePage() {
        #expect(MemoryLayout<BackendLatency>.stride == 4096)
        #expect(MemoryLayout<BackendCounters>.stride == 128)
    }

    @Test func clearedSlotStartsAtZero() {
        let counters = WorkerCounters()
        let (lines, pages) = (counters.backends, counters.latencies)
        lines[3].countRequest()
        lines[3].countFinished(status: 200, bytesIn: 1, bytesOut: 2)
        lines[3].countFinished(status: 404, bytesIn: 0, bytesOut: 2)
        pages[3].total.record(1_000_000)
        #expect(lines[3].classes[1] == 1)
        #expect(lines[3].classes[3] == 1)
        #expect(lines[3].bytesOut == 4)
        var histogram = Histogram()
        pages[3].total.add(to: &histogram)
        #expect(histogram.count == 1)
        counters.clear(3)
        #expect(lines[3].requests == 0)
        #expect(lines[3].classes.total == 0)
        histogram = Histogram()
        pages[3].total.add(to: &histogram)
        #expect(histogram.isEmpty)
    }

    @Test func statusesGoToTheirClass() {
        let counters = WorkerCounters()
        let lines = counters.backends
        for status in [101, 200, 299, 301, 404, 499, 500, 599] as [UInt16] {
            lines[0].countFinished(status: status, bytesIn: 0, bytesOut: 0)
        }
        #expect((0..<5).map { lines[0].classes[$0] } == [1, 2, 1, 2, 2])
    }

    @Test func phasesThatDidNotHappenHaveNoTime() {
        var timers = PhaseTimers()
        #expect(timers.connectNs == PhaseTimers.none)
        timers.attach(isReused: false)
        timers.connected(afterNs: 5)
        timers.sent(Instant(nanoseconds: 100))
        timers.answered(Instant(nanoseconds: 130))
        timers.answered(Instant(nanoseconds: 990))
        #expect(timers.connectNs == 5)
        #expect(timers.firstByteNs == 30, "the first byte counts, not the later ones")
        // Another attempt starts over.
        timers.attach(isReused: true)
        #expect(timers.isReused)
        #expect(timers.connectNs == PhaseTimers.none)
        #expect(timers.firstByteNs == PhaseTimers.none)
    }
}
