/// The answer to one operation.
package struct Completion: Sendable {
    package enum Outcome: Sendable {
        case woken
        case accepted(Socket)
        case connected
        /// The buffer is the receiver's from here on, and has the bytes behind its headroom (`BufferSlice(received:in:)`).
        case received(BufferID, count: UInt32)
        /// The peer will send nothing more.
        case ended
        case sent(UInt32)
        case failed(IOFault)
        /// Its socket was closed by us.
        case cancelled
    }

    package var token: Token
    package var outcome: Outcome

    @inline(always)
    package init(_ token: Token, _ outcome: Outcome) {
        self.token = token
        self.outcome = outcome
    }
}

/// Why the kernel could not do an operation, as far as anybody acts on the difference.
package enum IOFault: UInt8, Error, Sendable {
    case refused
    case reset
    case timedOut
    case unreachable
    /// No such socket file.
    case noSuchPath
    case notPermitted
    /// Nobody has taken the connections that wait at a unix socket, and there are as many as it holds.
    case acceptQueueFull
    case noDescriptors
    case noMemory
    /// No local port left for this destination.
    case noLocalAddress
    case other

    /// This machine lacks something; the fault says nothing about the peer.
    package var isOurOwn: Bool {
        switch self {
        case .noDescriptors, .noMemory, .noLocalAddress: true
        case .refused, .reset, .timedOut, .unreachable, .noSuchPath, .notPermitted, .acceptQueueFull, .other: false
        }
    }
}
