import Foundation

/// A thread that works while the test goes on.
final class BackgroundTask: @unchecked Sendable {
    private let condition = NSCondition()
    private var outcome: Result<Void, any Error>?

    init(_ work: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread {
            let outcome = Result { try work() }
            self.condition.withLock {
                self.outcome = outcome
                self.condition.broadcast()
            }
        }
    }

    /// Waits for its end, and throws what it threw.
    func finish() throws {
        try condition.withLock {
            let deadline = Date(timeIntervalSinceNow: patience)
            while outcome == nil {
                guard condition.wait(until: deadline) else {
                    throw Overdue(what: "the background task ended", seconds: patience)
                }
            }
            try outcome?.get()
        }
    }
}
