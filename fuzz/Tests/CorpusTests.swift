import Foundation
import Testing

/// The fuzzer's inputs, those that once broke something among them, run again without the fuzzer.
@Suite struct CorpusTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// Every input that is kept for a target.
    private func inputs(_ target: FuzzTarget) throws -> [[UInt8]] {
        try ["corpus", "crashes"].flatMap { folder -> [[UInt8]] in
            let directory = Self.root.appendingPathComponent("\(folder)/\(target.rawValue)")
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else { return [] }
            return try names.sorted().map { [UInt8](try Data(contentsOf: directory.appendingPathComponent($0))) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func everyKeptInputIsTakenWithoutATrap(target: FuzzTarget) throws {
        let kept = try inputs(target)
        #expect(!kept.isEmpty, "\(target) has no inputs")
        for bytes in kept { target.run(bytes) }
    }

    /// A target that takes anything whatever happens would find nothing.
    @Test func theConnectionTargetReachesABackend() {
        let fuzz = ConnectionFuzz(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        fuzz.run()
        #expect(fuzz.heard.contains { $0.starts(with: "GET / HTTP/1.1\r\n".utf8) })
    }

    @Test func theAdminTargetReachesTheStore() {
        let fuzz = AdminFuzz(
            Array(
                """
                PUT /v1/backends/web-3 HTTP/1.1\r
                Host: localhost\r
                Content-Type: application/json\r
                Content-Length: 31\r
                \r
                {"url":"http://127.0.0.1:8083"}DELETE /v1/backends/web-1 HTTP/1.1\r
                Host: localhost\r
                \r

                """.utf8
            )
        )
        fuzz.run()
        #expect(fuzz.statuses == [201, 200])
        #expect(fuzz.revisions == 2)
    }
}
