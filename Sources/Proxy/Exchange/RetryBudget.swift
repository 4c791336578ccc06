/// How many requests may be sent a second time after a backend may have begun on the first: by default a fifth of all, so that retries
/// never become the load that keeps backends down.
///
/// A bucket that every request fills a little. It has room for a burst, because a backend that dies takes all its requests
/// at once; and it refills slowly by itself, so that a quiet worker can always repeat a few. Attempts whose connection was
/// refused do not count: no backend has worked on them, so they add nothing to anybody's load.
package struct RetryBudget: Equatable, Sendable {
    /// Thousandths of a retry.
    private var tokens: UInt32 = 100_000
    private var refilledAt = Instant(nanoseconds: 0)

    private static let perRetry: UInt32 = 1000
    /// The largest burst: 1,000 retries.
    private static let tokensMax: UInt32 = 1_000_000
    /// By time alone it comes back to 10 retries, at 10 a second.
    private static let floor: UInt32 = 10_000
    private static let nsPerToken: UInt64 = 100_000

    package init() {}

    /// A request has come, and earns so many thousandths of a retry.
    @inline(always)
    package mutating func deposit(_ perMille: UInt32 = 200) { tokens = min(tokens &+ perMille, Self.tokensMax) }

    /// - Returns: whether one more retry is affordable; it is then spent.
    package mutating func withdraw(at now: Instant) -> Bool {
        if tokens < Self.floor {
            let earned = now.since(refilledAt) / Self.nsPerToken
            tokens = min(tokens + UInt32(min(earned, UInt64(Self.floor))), Self.floor)
            // Time that has not earned a whole token yet counts the next time.
            refilledAt = refilledAt + earned * Self.nsPerToken
        } else {
            refilledAt = now
        }
        guard tokens >= Self.perRetry else { return false }
        tokens -= Self.perRetry
        return true
    }
}
