package import Proxy

/// Who holds one end of a connection and hears of it.
///
/// All calls come from the network's events, never from within a call to the end.
package protocol SimEndOwner: AnyObject {
    func connected(_ end: SimEnd)
    func connectFailed(_ end: SimEnd, _ fault: IOFault)
    /// There are bytes, the end of them, or a reset.
    func readable(_ end: SimEnd)
    /// There is room again after a write that was not taken whole, or a reset.
    func writable(_ end: SimEnd)
}

/// One end of a connection, with the rules of a Linux TCP socket.
package final class SimEnd {
    package enum Reading {
        case bytes([UInt8])
        case nothingYet
        case ended
        case reset
    }

    package enum Writing: Equatable {
        case accepted(Int)
        case full
        case reset
    }

    package let connection: Int
    package let local: Endpoint
    package let remote: Endpoint
    package weak var owner: (any SimEndOwner)?
    /// A number for the owner's own use.
    package var tag = 0
    /// Loses what it has not read when a reset arrives.
    package var losesUnreadOnReset = false
    /// A reset is an error of the socket, which the kernel tells once: where a write was told, reads find an end in order.
    package var tellsResetOnce = false
    private var hasToldReset = false
    /// SO_LINGER of zero seconds.
    package var resetsOnClose = false
    /// Bytes that the loop which owns it has been told of.
    var heard = 0
    /// The loop has bytes under way that the stream has not taken.
    var isSending = false
    let incoming: SimStream
    let outgoing: SimStream
    package private(set) var isConnected = false
    package private(set) var isClosed = false
    package private(set) var isReset = false
    package private(set) var hasShutDown = false

    init(connection: Int, local: Endpoint, remote: Endpoint, incoming: SimStream, outgoing: SimStream) {
        self.connection = connection
        self.local = local
        self.remote = remote
        self.incoming = incoming
        self.outgoing = outgoing
        incoming.reader = self
        outgoing.writer = self
    }

    /// Bytes of what it wrote that the other end's kernel has taken.
    package var acknowledged: Int { outgoing.taken }
    package var hasUnread: Bool { !incoming.arrived.isEmpty }
    package var isReadable: Bool { hasUnread || isReset || incoming.hasEnded }

    /// Whether a write would not be `full`; if it would, `writable` comes when there is room.
    package func awaitsNoRoom() -> Bool { isReset || outgoing.awaitsNoRoom() }

    /// What recv(2) would say.
    package func read(atMost count: Int) -> Reading {
        precondition(!isClosed && count > 0)
        if !incoming.arrived.isEmpty { return .bytes(incoming.read(min(count, incoming.arrived.count))) }
        if isReset, tellsResetOnce, hasToldReset { return .ended }
        if isReset {
            hasToldReset = true
            return .reset
        }
        return incoming.hasEnded ? .ended : .nothingYet
    }

    /// What send(2) would say.
    package func write(_ bytes: ArraySlice<UInt8>) -> Writing {
        precondition(!isClosed && !hasShutDown && isConnected && !bytes.isEmpty)
        if isReset {
            hasToldReset = true
            return .reset
        }
        let count = outgoing.write(bytes)
        return count == 0 ? .full : .accepted(count)
    }

    /// shutdown(2) of the writing side.
    package func shutdown() {
        guard !isClosed, !hasShutDown else { return }
        hasShutDown = true
        if !isReset { outgoing.sendEnd() }
    }

    /// close(2): an end with unread bytes resets, as RFC 9293 §3.10.4 wants it; else what was written still goes out.
    package func close() {
        guard !isClosed else { return }
        if hasUnread || resetsOnClose, !isReset { return reset() }
        isClosed = true
        if !isReset, !hasShutDown, isConnected { outgoing.sendEnd() }
    }

    /// close(2) with SO_LINGER 0.
    package func reset() {
        guard !isClosed else { return }
        isClosed = true
        guard !isReset else { return }
        incoming.cut()
        if isConnected { outgoing.sendReset() }
    }

    /// The connection breaks under its owner's hands: both sides find it reset.
    func breakDown() {
        guard !isReset else { return }
        incoming.arrived.removeAll()
        outgoing.sendReset()
        receiveReset()
    }

    func establish() { isConnected = true }

    func receiveReset() {
        guard !isClosed, !isReset else { return }
        isReset = true
        incoming.cut()
        if losesUnreadOnReset { incoming.arrived.removeAll() }
        tellReadable()
        tellWritable()
    }

    /// What this end wrote met a closed one.
    func peerIsGone() {
        incoming.sendReset()
    }

    func tellReadable() { owner?.readable(self) }
    func tellWritable() { owner?.writable(self) }
}
