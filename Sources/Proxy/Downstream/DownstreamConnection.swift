package import HTTPWire

/// One client's connection: what is kept of it between and during its requests.
///
/// Idle, it holds no buffer and no exchange: this struct, its entry on the timer wheel and its descriptor's line in the
/// engine are all it costs us.
package struct DownstreamConnection: BitwiseCopyable {
    package enum State: UInt8, BitwiseCopyable, Sendable {
        /// Between requests.
        case idle
        /// A request's head has begun.
        case head
        /// An exchange is under way.
        case exchange
        /// Our last answer is out and our side closed; what the client still sends is read and dropped, so that the
        /// kernel does not answer it with a reset that would overtake the answer (RFC 9112 §9.6).
        case lingering
        /// Given up; waits for its operations to come back.
        case closing
    }

    package var state = State.idle
    package var socket = Socket.none
    package var isReceiving = false
    package var isSending = false
    /// The client has sent its FIN. It may still be reading.
    package var hasEnded = false
    /// Received and not yet part of an exchange: the beginning of a head, or a pipelined request.
    package var input = BufferSlice.none
    package var parser = H1HeadParser()
    package var exchange: UInt32 = .max
    /// The other end of the connection.
    package var peer = Endpoint.none
    /// Whose connection it is: the other end's, or of whom its PROXY header names.
    package var client = Endpoint.none
    /// That client is a proxy that is believed about the one before it.
    package var isTrusted = false
    /// The connection begins with a PROXY header, which has not come yet.
    package var awaitsProxyHeader = false
    /// A buffer that the pending send has in hand and nobody else wants any more.
    package var orphan = BufferID.none
    /// While something is expected from the client, when patience ends.
    package var receiveDeadline = Instant.never
    /// While it is sent to, when patience ends.
    package var sendDeadline = Instant.never
    /// When the exchange has to be over, whatever happens.
    package var totalDeadline = Instant.never
    /// Bytes that may still be dropped while lingering.
    package var lingerRoom = 0

    package init() {}

    package var deadline: Instant { min(receiveDeadline, sendDeadline, totalDeadline) }

    /// Whether nothing of it is with the world any more.
    package var isQuiet: Bool { !isReceiving && !isSending }

    /// What lingering reads before it gives up; SEMANTICS: up to 256 KiB or 1 s.
    package static let lingerBytesMax = 256 * 1024
    package static let lingerNs: UInt64 = 1_000_000_000
}
