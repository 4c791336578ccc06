import Glibc
import Synchronization

/// Text on its way to a descriptor that may take it slowly, or never: nobody who writes waits.
///
/// What is written stands in a queue that a thread of its own empties. When the reader of a pipe has stopped, the queue
/// fills, and further lines are dropped and counted; the next line that finds room says how many.
final class JournalWriter: Sendable {
    private let descriptor: Int32
    private let bytesMax: Int
    private let bell: System.Bell?
    private let state = Mutex(State())

    private struct State {
        var queue: [UInt8] = []
        /// Lines that found no room since the last one that did.
        var dropped: UInt64 = 0
        /// All that ever found no room.
        var droppedInAll: UInt64 = 0
        /// The thread holds what it has taken out of the queue.
        var isWriting = false
        var hasThread = false
    }

    /// Holds some thousand lines.
    static let bytesMaxDefault = 256 * 1024

    /// - Parameter descriptor: Written to until the process ends, and never closed.
    init(descriptor: Int32, bytesMax: Int = bytesMaxDefault) {
        self.descriptor = descriptor
        self.bytesMax = bytesMax
        bell = System.Bell()
    }

    /// Lines that were dropped because the queue was full.
    var dropped: UInt64 { state.withLock { $0.droppedInAll } }

    /// Takes a whole line, or several; returns at once. False when it was dropped.
    @discardableResult
    func put(_ text: String) -> Bool {
        let needsThread = state.withLock { state in
            guard bell != nil, !state.hasThread else { return false }
            state.hasThread = true
            return true
        }
        if needsThread, !Thread.start({ [self] in run() }) { state.withLock { $0.hasThread = false } }
        let isQueued: Bool? = state.withLock { state in
            // Without a thread there is nothing but to wait.
            guard state.hasThread else { return nil }
            let note = Self.note(state.dropped)
            guard state.queue.count + note.utf8.count + text.utf8.count <= bytesMax else {
                state.dropped += 1
                state.droppedInAll += 1
                return false
            }
            state.dropped = 0
            state.queue.append(contentsOf: note.utf8)
            state.queue.append(contentsOf: text.utf8)
            return true
        }
        guard let isQueued else {
            System.write(text, to: descriptor)
            return true
        }
        bell?.ring()
        return isQueued
    }

    private static func note(_ dropped: UInt64) -> String {
        dropped == 0
            ? "" : "lbd: \(dropped) line\(dropped == 1 ? " was" : "s were") dropped here: standard error took no more\n"
    }

    /// Waits until everything that was put before is written, but no longer than `milliseconds`.
    func flush(milliseconds: Int64) {
        let deadline = System.monotonicNanoseconds() + milliseconds * 1_000_000
        while state.withLock({ !$0.queue.isEmpty || $0.isWriting }), System.monotonicNanoseconds() < deadline {
            System.sleep(milliseconds: 1)
        }
    }

    private func run() {
        while true {
            let piece = state.withLock { state in
                if state.queue.isEmpty, state.dropped > 0 {
                    state.queue.append(contentsOf: Self.note(state.dropped).utf8)
                    state.dropped = 0
                }
                state.isWriting = !state.queue.isEmpty
                defer { state.queue.removeAll() }
                return state.queue
            }
            if piece.isEmpty { bell?.wait() } else { System.write(piece[...], to: descriptor) }
        }
    }
}
