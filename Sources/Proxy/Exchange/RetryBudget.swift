/// How many of a pool's requests one worker may send again after a backend may have begun on the first: by default a fifth of
/// all, so that retries never become the load that keeps backends down.
///
/// A bucket that every request fills a little, with room for a burst, because a backend that dies takes all its requests
/// at once. When it is empty, the pool has ten retries a second for all workers together (`RetryFloor`), so that a quiet
/// pool can always repeat a few. Attempts of which no backend has seen anything do not count: they add nothing to a
/// backend's load. A zeroed value is that of a pool that has had no request.
package struct RetryBudget: Equatable, BitwiseCopyable, Sendable {
    /// Thousandths of a retry.
    private var tokens: UInt32 = 0
    private var hasBegun = false

    private static let perRetry: UInt32 = 1000
    /// The largest burst: 1,000 retries.
    private static let tokensMax: UInt32 = 1_000_000

    package init() {}

    /// A request has come, and earns so many thousandths of a retry.
    /// - Parameter stock: this worker's part of what the pool has to begin with, in retries.
    @inline(always)
    package mutating func deposit(_ perMille: UInt32, stock: UInt32) {
        if !hasBegun {
            hasBegun = true
            tokens = min(stock &* Self.perRetry, Self.tokensMax)
        }
        tokens = min(tokens &+ perMille, Self.tokensMax)
    }

    /// - Parameters:
    ///   - perMille: what a request of the pool earns at present; a pool whose requests earn nothing has no retries.
    ///   - floor: the pool's.
    /// - Returns: whether one more retry is affordable; it is then spent.
    package mutating func withdraw(_ perMille: UInt32, floor: borrowing RetryFloor, at now: Instant) -> Bool {
        guard perMille > 0 else { return false }
        guard tokens < Self.perRetry else {
            tokens -= Self.perRetry
            return true
        }
        return floor.take(at: now)
    }
}
