import Glibc
import Testing

@testable import lbd

/// What the daemon tells, when nobody reads it.
@Suite struct JournalTests {
    /// Both ends of a pipe that holds a page.
    private func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        // F_SETPIPE_SZ, which the C library shows to GNU programs only.
        _ = fcntl(ends[1], 1031, 4096)
        return (ends[0], ends[1])
    }

    private func take(_ descriptor: Int32, until end: String) -> String {
        var text = ""
        var chunk = [UInt8](repeating: 0, count: 65536)
        while !text.contains(end) {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            text += String(decoding: chunk[..<count], as: UTF8.self)
        }
        return text
    }

    @Test func nobodyWaitsForAReaderThatHasStoppedAndWhatIsLostIsCounted() throws {
        let (reading, writing) = try pipe()
        let writer = JournalWriter(descriptor: writing, bytesMax: 64 * 1024)
        let line = String(repeating: "x", count: 999) + "\n"
        // Sixteen times what pipe and queue hold: without a queue that overflows, this would never end.
        var taken = 0
        for _ in 0..<1024 where writer.put(line) { taken += 1 }
        #expect(taken >= 64)
        #expect(taken < 1024)
        #expect(writer.dropped == UInt64(1024 - taken))
        writer.flush(milliseconds: 1)
        // It is read again: all that was taken comes, and how much was not.
        let text = take(reading, until: "standard error took no more\n")
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("x") }.count == taken)
        #expect(text.contains("lbd: \(1024 - taken) lines were dropped here"))
        writer.put("after\n")
        #expect(take(reading, until: "after\n") == "after\n")
    }

    @Test func linesComeWholeAndInTheirOrder() throws {
        let (reading, writing) = try pipe()
        let writer = JournalWriter(descriptor: writing)
        for number in 0..<2000 { writer.put("\(number)\n") }
        let text = take(reading, until: "1999\n")
        #expect(text == (0..<2000).map { "\($0)\n" }.joined())
        writer.flush(milliseconds: 10_000)
        #expect(writer.dropped == 0)
    }
}
