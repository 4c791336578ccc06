/// One connection to a backend.
package struct UpstreamConnection: BitwiseCopyable {
    package enum State: UInt8, BitwiseCopyable, Sendable {
        /// Waits for a descriptor; it has no socket yet.
        case opening
        case connecting
        /// Carries an exchange.
        case busy
        /// In the pool, watched: a byte or an end from the backend retires it.
        case idle
        /// Given up; waits for its operations to come back.
        case closing
    }

    package var state = State.connecting
    package var socket = Socket.none
    /// Live slot of its backend.
    package var backend: UInt32 = .max
    package var exchange: UInt32 = .max
    /// Where it goes.
    package var endpoint = Endpoint.none
    /// The place of `endpoint` among the addresses of its backend when it was dialled.
    package var endpointIndex: UInt32 = 0
    package var isConnecting = false
    package var isReceiving = false
    package var isSending = false
    /// A buffer that the pending send has in hand and nobody else wants any more.
    package var orphan = BufferID.none
    /// Exchanges it has carried to their end.
    package var served: UInt32 = 0
    /// The turn in which its exchange was given to it.
    package var attachedTurn: UInt64 = 0
    /// Neighbours among the idle connections of its backend, or among those that wait for a descriptor.
    package var next: UInt32 = .max
    package var previous: UInt32 = .max
    /// It waits in an `OpeningQueue`.
    package var isInOpeningQueue = false
    package var deadline = Instant.never
    package var openedAt = Instant(nanoseconds: 0)
    /// When it has served long enough and is not filed again (SEMANTICS §2: an hour, ± 10 % so that they do not all end
    /// at once).
    package private(set) var retiresAt = Instant.never

    package init() {}

    /// It is new: it serves from `now` on for a lifetime drawn from `chance`.
    package mutating func begin(at now: Instant, chance: UInt64) {
        openedAt = now
        retiresAt = now + Self.lifetimeNs(chance)
    }

    /// It carries what it has to its end, and nothing after that.
    package mutating func retire() { retiresAt = Instant(nanoseconds: 0) }

    /// The age at which it retires, drawn from `chance`.
    package static func lifetimeNs(_ chance: UInt64) -> UInt64 { hourNs / 10 * 9 + chance % (hourNs / 5) }
    private static let hourNs: UInt64 = 3_600_000_000_000

    package var isQuiet: Bool { !isConnecting && !isReceiving && !isSending }
}
