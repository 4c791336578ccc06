import Glibc
import HTTPWire
import Synchronization
import Testing

@testable import Proxy

@Suite struct LogRingTests {
    private func append(_ ring: LogRing, _ line: String) -> Bool {
        ring.append { out in for byte in line.utf8 { out.append(byte) } }
    }

    private func drain(_ ring: LogRing) -> String {
        var text = ""
        _ = ring.drain { text += String(decoding: $0, as: UTF8.self) }
        return text
    }

    @Test func linesComeOutAsTheyWentInOverManyTurns() {
        let ring = LogRing(capacity: 1 << 14)
        var random = SplitMix(11)
        var expected = ""
        for number in 0..<5000 {
            let line = "\(number) " + String(repeating: "x", count: Int.random(in: 0...4000, using: &random)) + "\n"
            if append(ring, line) { expected += line }
            if Bool.random(using: &random) {
                #expect(drain(ring) == expected)
                #expect(ring.isEmpty)
                expected = ""
            }
        }
    }

    @Test func aFullRingDropsTheLineAndKeepsTheOthers() {
        let ring = LogRing(capacity: 1 << 14)
        let line = String(repeating: "y", count: 999) + "\n"
        var kept = 0
        while append(ring, line) { kept += 1 }
        #expect(kept > 8 && kept <= 16)
        #expect(!append(ring, "z"))
        #expect(drain(ring) == String(repeating: line, count: kept))
        #expect(append(ring, "z\n"))
        #expect(drain(ring) == "z\n")
    }

    @Test func anEmptyRingHasNothingToSay() {
        let ring = LogRing()
        #expect(ring.isEmpty)
        #expect(!ring.drain { _ in Issue.record("something") })
    }

    /// One thread writes, another reads, as a worker and the log thread do.
    @Test func aReaderBesideTheWriterSeesWholeLinesInOrder() {
        let ring = LogRing(capacity: 1 << 14)
        let isDone = Atomic<Bool>(false)
        let count = 30_000
        var text = ""
        withThread {
            for number in 0..<count {
                let padding = number * 7919 % 300
                while !(ring.append { out in
                    out.appendDecimal(UInt64(number))
                    out.append(" ")
                    for _ in 0..<padding { out.append(0x2E) }
                    out.append("\n")
                }) { sched_yield() }
            }
            isDone.store(true, ordering: .releasing)
        } while: {
            var next = 0
            while true {
                let isLast = isDone.load(ordering: .acquiring)
                _ = ring.drain { text += String(decoding: $0, as: UTF8.self) }
                while let end = text.utf8.firstIndex(of: 0x0A) {
                    guard
                        text.utf8[..<end].elementsEqual(
                            "\(next) \(String(repeating: ".", count: next * 7919 % 300))".utf8
                        )
                    else {
                        Issue.record("line \(next) is not itself")
                        return
                    }
                    next += 1
                    text.removeSubrange(...end)
                }
                if isLast, ring.isEmpty { break }
                if text.isEmpty { sched_yield() }
            }
            #expect(next == count)
        }
    }
}

/// Runs `other` on a thread of its own beside `body`, and waits for both.
private func withThread(_ other: @escaping @Sendable () -> Void, while body: () -> Void) {
    final class Box {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(other))
    let result = pthread_create(
        &thread,
        nil,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        },
        box.toOpaque()
    )
    precondition(result == 0)
    body()
    pthread_join(thread, nil)
}
