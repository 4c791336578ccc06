import Synchronization

/// The one number that orders every change of the desired state and every event.
///
/// A number is given out once, also over restarts: `ceiling` is kept in the store with each change, a crash goes on
/// above it, and an orderly end writes down where it stopped.
final class Sequence: Sendable {
    /// How far ahead of the newest change numbers may be given out before the store is told.
    static let stride: UInt64 = 1000
    /// A store that claims a larger number than this is none of ours: numbers go on from there without overflowing, and
    /// fit into the store's signed 64 bits.
    static let startMax: UInt64 = 1 << 62

    private let newest: Mutex<UInt64>

    init(after newest: UInt64) { self.newest = Mutex(newest) }

    /// The last number that was given out.
    var last: UInt64 { newest.withLock { $0 } }

    /// Calls `body` with the next number. One call runs at a time, so that whatever `body` writes down stands in the
    /// order of the numbers. The number is used up when `body` returns, and is the next one's when it throws.
    func issue<Result>(_ body: (UInt64) throws -> Result) rethrows -> Result {
        try newest.withLock { newest in
            let result = try body(newest + 1)
            newest += 1
            return result
        }
    }
}
