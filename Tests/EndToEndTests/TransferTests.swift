import Foundation
import Testing

/// Large bodies, both ways, in both framings, with a reader that holds everything up.
@Suite struct TransferTests {
    let bed = TestBed()

    /// 20 MB in which no part is like another.
    private static let load: Data = {
        let random = FileHandle(forReadingAtPath: "/dev/urandom")
        return (try? random?.read(upToCount: 20_000_000)) ?? Data()
    }()

    /// What `lbd` may need on top while a body waits: buffers, not bodies.
    private static let growthMax = 8_000_000

    enum Framing: String, CaseIterable, Sendable {
        case length
        case chunked

        var field: String {
            switch self {
            case .length: "Content-Length: \(TransferTests.load.count)\r\n"
            case .chunked: "Transfer-Encoding: chunked\r\n"
            }
        }
    }

    private static func send(_ framing: Framing, on connection: Connection) throws {
        switch framing {
        case .length:
            try connection.send(load)
        case .chunked:
            var rest = load
            while !rest.isEmpty {
                let chunk = rest.prefix(300_000)
                try connection.send(Data("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Data("\r\n".utf8))
                rest = rest.dropFirst(chunk.count)
            }
            try connection.send("0\r\n\r\n")
        }
    }

    @Test(arguments: Framing.allCases) func downloadArrivesUnchangedAndWaitsForItsReader(_ framing: Framing) throws {
        let backend = try bed.rawBackend { _, connection in
            try connection.send("HTTP/1.1 200 OK\r\n\(framing.field)\r\n")
            try Self.send(framing, on: connection)
            return .keep
        }
        let lbd = try bed.lbd(serving: backend)
        let before = try residentBytes(lbd)
        let client = try lbd.connect(receiveBytes: 64 * 1024)
        try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        try eventually("the backend has nowhere to send to") { backend.isStalled }
        #expect(try Sanitizer.isOn || residentBytes(lbd) - before < Self.growthMax)

        let answer = try client.receiveAnswer()
        #expect(answer.body == Self.load)
        #expect(try Sanitizer.isOn || residentBytes(lbd) - before < Self.growthMax)
    }

    @Test(arguments: Framing.allCases) func uploadArrivesUnchangedAndWaitsForItsReader(_ framing: Framing) throws {
        let gate = bed.gate()
        let received = Received()
        let backend = try bed.rawBackend(readsBodies: false) { request, connection in
            try gate.pass()
            var request = request
            try connection.receiveBody(of: &request)
            received.set(request.body)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks")
            return .keep
        }
        let lbd = try bed.lbd(serving: backend)
        let before = try residentBytes(lbd)
        let client = try lbd.connect()
        try client.send("PUT / HTTP/1.1\r\nHost: test\r\n\(framing.field)\r\n")
        let sender = BackgroundTask { try Self.send(framing, on: client) }
        try eventually("the client has nowhere to send to") { client.isStalled }
        #expect(try Sanitizer.isOn || residentBytes(lbd) - before < Self.growthMax)

        gate.open()
        #expect(try client.receiveAnswer(to: "PUT").text == "thanks")
        try sender.finish()
        #expect(received.body == Self.load)
        #expect(try Sanitizer.isOn || residentBytes(lbd) - before < Self.growthMax)
    }

    @Test func curlMovesAFileBothWays() throws {
        let python = try PythonBackend("python", in: bed)
        try Self.load.write(to: URL(fileURLWithPath: "\(python.directory)/load"))
        let lbd = try bed.lbd(yaml: "backends: [\"\(python.url)\"]\n")
        let file = bed.path("downloaded")
        let result = try bed.curl("--fail", "--output", file, "\(lbd.url)/load")
        #expect(result.exitCode == 0, "\(result)")
        #expect(FileManager.default.contents(atPath: file) == Self.load)
    }

    /// Memory of the process that is in use now.
    private func residentBytes(_ lbd: LBD) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(lbd.process.processID)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return (Int(line.filter(\.isNumber)) ?? 0) * 1024
    }
}

/// What a script received, for the test to look at.
private final class Received: @unchecked Sendable {
    private let lock = NSLock()
    private var bytes = Data()

    func set(_ bytes: Data) { lock.withLock { self.bytes = bytes } }
    var body: Data { lock.withLock { bytes } }
}
