import Proxy

/// One direction of a connection: bytes under way, bytes that wait to be read, and the window over both.
final class SimStream {
    private unowned let network: SimNetwork
    private let connection: Int
    private let latencyNs: UInt64
    private let windowBytes: Int
    weak var reader: SimEnd?
    weak var writer: SimEnd?
    /// Arrived and not read.
    var arrived = ByteQueue()
    /// Bytes that have arrived where somebody could read them.
    private(set) var taken = 0
    /// Taken from the writer.
    private(set) var written = 0
    /// What the writer has said in it out of turn, from when it was written.
    var stray: StraySpeech?
    /// Written, and its room not yet given back to the writer.
    private var outstanding = 0
    private var lastArrival = Instant(nanoseconds: 0)
    private var hasSentEnd = false
    /// The reader has everything the writer sent, and knows it.
    private(set) var hasEnded = false
    /// A reset cut it: nothing travels any more.
    private(set) var isCut = false
    /// The writer found it full and wants to hear of room.
    private var isWriterWaiting = false

    init(_ network: SimNetwork, connection: Int) {
        self.network = network
        self.connection = connection
        latencyNs = network.chance.within(network.weather.latencyNs)
        windowBytes = network.chance.within(network.weather.windowBytes)
        // Nothing overtakes the handshake, which is given its own instants.
        lastArrival = network.now
    }

    var room: Int { isCut || hasSentEnd ? 0 : max(0, windowBytes - outstanding) }

    func awaitsNoRoom() -> Bool {
        if room == 0 { isWriterWaiting = true }
        return room > 0
    }

    /// Takes as many bytes as the window allows and sends them off in segments.
    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        let count = min(bytes.count, room)
        if count < bytes.count { isWriterWaiting = true }
        var start = bytes.startIndex
        let end = start + count
        outstanding += count
        written += count
        while start < end {
            let size = min(end - start, network.chance.anySize(upTo: network.weather.segmentBytesMax))
            let segment = [UInt8](bytes[start..<start + size])
            start += size
            network.schedule(at: arrival(of: size), .bytes, connection) { [self] in arrive(segment) }
        }
        return count
    }

    /// FIN, behind everything written.
    func sendEnd() {
        guard !hasSentEnd, !isCut else { return }
        hasSentEnd = true
        network.schedule(at: arrival(of: 0), .end, connection) { [self] in
            guard !isCut else { return }
            hasEnded = true
            if let reader, !reader.isClosed { reader.tellReadable() }
        }
    }

    /// RST: behind everything written, or overtaking what is still under way when segments get lost.
    func sendReset() {
        let overtakes = network.chance.perMille(network.weather.resetOvertakesPerMille)
        let due = overtakes ? network.now + latencyNs : arrival(of: 0)
        network.schedule(at: due, .reset, connection) { [self] in
            cut()
            reader?.receiveReset()
        }
    }

    func cut() {
        isCut = true
    }

    /// Runs `action` when a bare acknowledgement sent now would arrive.
    func sendSignal(_ kind: EventKind, _ action: @escaping () -> Void) {
        network.schedule(at: arrival(of: 0), kind, connection, action)
    }

    func read(_ count: Int) -> [UInt8] {
        let bytes = arrived.take(count)
        // The window opens for the writer when it has heard of the read.
        network.schedule(at: network.now + latencyNs, .credit, connection) { [self] in
            outstanding -= count
            guard isWriterWaiting, room > 0, let writer, !writer.isClosed else { return }
            isWriterWaiting = false
            writer.tellWritable()
        }
        return bytes
    }

    private func arrive(_ segment: [UInt8]) {
        guard !isCut else { return }
        guard let reader, !reader.isClosed else {
            // Nobody is there to read: the kernel answers with a reset.
            cut()
            writer?.peerIsGone()
            return
        }
        taken += segment.count
        arrived.append(segment)
        reader.tellReadable()
    }

    private func arrival(of bytes: Int) -> Instant {
        let jitter = network.weather.jitterNs == 0 ? 0 : network.chance.within(0...network.weather.jitterNs)
        let travel = latencyNs + jitter + UInt64(bytes * 1000 / network.weather.bytesPerMicrosecond)
        lastArrival = max(lastArrival, network.weather.instant(network.now + travel))
        return lastArrival
    }
}
