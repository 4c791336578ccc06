/// How long the parts of an exchange took, for the log and the histograms: of the last attempt, where there were several.
///
/// Times are the world's `now`, which is constant within a turn; a phase that begins and ends in one turn takes 0.
package struct PhaseTimers: BitwiseCopyable, Sendable {
    /// What a phase that did not happen takes.
    package static let none = UInt64.max

    /// Waited for a backend with room, over all attempts; 0 where nothing had to be waited for.
    package var queueNs: UInt64 = 0
    /// From the connect to its success; `none` on a connection that was open already.
    package private(set) var connectNs = Self.none
    /// From the last byte of the request being handed to the kernel to the first byte of the answer; `none` without one.
    package private(set) var firstByteNs = Self.none
    /// From the first byte of its head to its end, over all attempts; 0 before that.
    package var totalNs: UInt64 = 0
    /// The attempt's connection had carried others before.
    package private(set) var isReused = false
    private var sentAt = Instant.never

    package init() {}

    /// An attempt has its connection, which may yet have to be made.
    package mutating func attach(isReused: Bool) {
        self.isReused = isReused
        connectNs = Self.none
        firstByteNs = Self.none
        sentAt = .never
    }

    package mutating func connected(afterNs nanoseconds: UInt64) { connectNs = nanoseconds }

    /// A part of the request goes to the kernel.
    package mutating func sent(_ now: Instant) { sentAt = now }

    /// Bytes of the answer have come.
    @inline(always)
    package mutating func answered(_ now: Instant) {
        if firstByteNs == Self.none { firstByteNs = now.since(sentAt) }
    }
}
