package import Proxy

/// A scripted HTTP/1.1 client: a list of requests, sent over as few connections as it may or one each.
package final class SimClient {
    /// A request whose outcome is not known yet.
    private struct Open {
        let id: Int
        let script: RequestScript
        let isReused: Bool
        var head: MessageHead?
        var bodyCount = 0
        var isBodyRight = true
        /// Some byte of an answer came while this was the oldest request.
        var hasBytes = false
        /// What it holds back until it is told to go on.
        var heldBody: [UInt8] = []
        var isTunnel = false
        /// Has said all in a tunnel, and listens on.
        var isAwaitingEnd = false
        /// How many bytes of the connection's there are up to its end.
        var endsAt = 0
        /// When its last byte was written, and when it became the oldest of its connection.
        var sentAt: Instant?
        var oldestAt: Instant?
    }

    /// What a client is to the balancer's eyes.
    package struct Origin {
        /// Where its connections come from; nil is an address of its own.
        package var address: UInt32?
        /// The client that it names in a PROXY header; nil sends none.
        package var announced: UInt32?
        /// The header is the binary one.
        package var isBinary = false

        package init() {}
    }

    package let keepsAlive: Bool
    /// Requests that may be out at once on one connection.
    package let pipelineDepth: Int
    /// Sends the next request at once, without waiting until the last one is written; as far as `pipelineDepth` lets it.
    package let isEager: Bool
    /// Every request has its outcome, and the last connection is closed.
    package private(set) var isFinished = false
    package private(set) var bytesReceived = 0
    /// Connections opened so far.
    package private(set) var connections = 0
    private let network: SimNetwork
    private let ledger: Ledger
    private let target: Endpoint
    private let number: Int
    private let origin: Origin
    /// What it was given to send back (RFC 6265), the newest.
    private var cookie: String?
    private var chance: Chance
    private var scripts: ArraySlice<RequestScript>

    private var end: SimEnd?
    private var parser = MessageParser(.responses)
    private var open: [Open] = []
    private var output = ByteQueue()
    private var sentOnConnection = 0
    /// Bytes that were to be written on the connection, and those that were.
    private var bytesQueued = 0
    private var bytesWritten = 0
    private var isThinking = false
    private var isWritePaused = false
    private var isReadPaused = false

    package init(
        _ network: SimNetwork,
        _ ledger: Ledger,
        number: Int,
        to target: Endpoint,
        requests: [RequestScript],
        keepsAlive: Bool = true,
        pipelineDepth: Int = 1,
        isEager: Bool = false,
        origin: Origin = Origin()
    ) {
        self.origin = origin
        self.isEager = isEager
        self.network = network
        self.ledger = ledger
        self.number = number
        self.target = target
        self.keepsAlive = keepsAlive
        self.pipelineDepth = pipelineDepth
        scripts = requests[...]
        chance = network.forkChance()
    }

    package func start(afterNs delay: UInt64 = 0) {
        network.schedule(afterNs: delay, .timer, number) { [weak self] in self?.proceed() }
    }

    // MARK: requests

    private func proceed() {
        guard !isFinished, !isThinking, isEager || output.isEmpty else { return }
        guard let script = scripts.first else {
            if open.isEmpty { finish() }
            return
        }
        guard open.count < pipelineDepth, open.last?.script.isLast != true
        else { return }
        isThinking = true
        network.schedule(afterNs: script.thinkNs, .timer, number) { [weak self] in
            self?.isThinking = false
            // The connection may have gone while the client thought; then it takes a new one.
            self?.begin(script)
        }
    }

    private func begin(_ script: RequestScript) {
        guard let end else {
            connections += 1
            sentOnConnection = 0
            bytesQueued = 0
            bytesWritten = 0
            parser = MessageParser(.responses)
            isWritePaused = false
            isReadPaused = false
            let local = Endpoint.ipv4(address, port: UInt16(1024 + connections % 60_000))
            self.end = network.connect(from: local, to: target, owner: self)
            // The script comes again when the connection stands.
            return
        }
        guard end.isConnected, !end.hasShutDown else { return }
        scripts.removeFirst()
        let id = ledger.addIntent(script, from: origin.announced ?? address, at: network.now)
        parser.expect(method: script.method)
        open.append(Open(id: id, script: script, isReused: sentOnConnection > 0))
        if open.count == 1 { open[0].oldestAt = network.now }
        if sentOnConnection == 0 { queue(proxyHeader) }
        sentOnConnection += 1
        let (head, body) = script.compile(id: id, cookie: cookie, &chance)
        queue(head)
        if let patienceNs = script.expectsWithinNs, !body.isEmpty {
            open[open.count - 1].heldBody = body
            after(patienceNs) { $0.sendBody(of: id) }
        } else {
            queue(body)
        }
        open[open.count - 1].endsAt = bytesQueued
        if let delay = script.leaveAfterNs {
            network.schedule(afterNs: delay, .timer, number) { [weak self] in self?.leave(id, script) }
        }
        pump()
        if isEager { proceed() }
    }

    private func queue(_ bytes: [UInt8]) {
        output.append(bytes)
        bytesQueued += bytes.count
    }

    /// So many more bytes are out of its hands.
    private func noteWritten(_ count: Int) {
        bytesWritten += count
        for index in open.indices
        where open[index].sentAt == nil && open[index].endsAt <= bytesWritten && open[index].heldBody.isEmpty {
            open[index].sentAt = network.now
        }
    }

    /// As its connections come: from one host each.
    private var address: UInt32 { origin.address ?? 0x0A01_0000 + UInt32(number) }

    private var proxyHeader: [UInt8] {
        guard let announced = origin.announced else { return [] }
        func octets(_ address: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) } }
        if origin.isBinary {
            let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
            return signature + [0x21, 0x11, 0, 12] + octets(announced) + octets(0x0A00_0001) + [0x30, 0x39, 0, 80]
        }
        return Array("PROXY TCP4 \(Ledger.text(of: announced)) 10.0.0.1 12345 80\r\n".utf8)
    }

    /// It has been told to go on, or has waited for long enough.
    private func sendBody(of id: Int) {
        guard let index = open.firstIndex(where: { $0.id == id }), !open[index].heldBody.isEmpty else { return }
        queue(open[index].heldBody)
        open[index].heldBody = []
        open[index].endsAt = bytesQueued
        pump()
    }

    private func pump() {
        guard let end, end.isConnected else { return }
        while !isWritePaused, !output.isEmpty {
            let pace = open.last?.script.writePace
            switch end.write(output.waiting.prefix(pace?.bytes ?? .max)) {
            case .full:
                return
            case .reset:
                // What can still be read is read first; `readable` comes with every reset.
                output.removeAll()
                // One who reads only when all is sent never comes to it: its library tells it that the write failed.
                if open.first?.script.readsLate == true {
                    end.close()
                    drop(as: .unanswered, byReset: true, isByPeer: true)
                }
                return
            case .accepted(let count):
                output.drop(count)
                noteWritten(count)
                if let pace, !output.isEmpty {
                    isWritePaused = true
                    after(pace.pauseNs) { client in
                        client.isWritePaused = false
                        client.pump()
                    }
                }
            }
        }
        guard output.isEmpty, !isWritePaused else { return }
        if open.first?.script.readsLate == true { read() }
        if let last = open.last {
            if last.isTunnel {
                endTunnel(last.id, end)
            } else if last.script.halfCloses, last.heldBody.isEmpty {
                end.shutdown()
            }
        }
        proceed()
    }

    /// It has said all that it says in a tunnel.
    private func endTunnel(_ id: Int, _ end: SimEnd) {
        let last = open.count - 1
        guard open[last].script.awaitsTunnelEnd else { return end.shutdown() }
        guard !open[last].isAwaitingEnd else { return }
        open[last].isAwaitingEnd = true
        after(20_000_000_000) { client in
            guard client.open.last?.id == id else { return }
            if let ended = client.ledger.tunnelEnd(of: id), client.network.now.since(ended) > 10_000_000_000 {
                client.ledger.addIncident("client \(client.number): the end of tunnel \(id) did not come")
            }
            client.end?.shutdown()
        }
    }

    private func leave(_ id: Int, _ script: RequestScript) {
        guard open.contains(where: { $0.id == id }), let end else { return }
        if script.leavesByReset { end.reset() } else { end.close() }
        drop(as: .abandoned)
    }

    // MARK: answers

    private func read() {
        while let end, !isReadPaused {
            if open.first?.script.readsLate == true, !output.isEmpty { return }
            let pace = open.first?.script.readPace
            switch end.read(atMost: pace?.bytes ?? 65_536) {
            case .nothingYet:
                return
            case .bytes(let bytes):
                bytesReceived += bytes.count
                if !open.isEmpty { open[0].hasBytes = true }
                parser.feed(bytes)
                parse()
                if let pace, self.end != nil {
                    isReadPaused = true
                    after(pace.pauseNs) { client in
                        client.isReadPaused = false
                        client.read()
                    }
                }
            case .ended:
                if parser.end(), let event = parser.next(), case .finished = event { finishAnswer() }
                self.end?.close()
                drop(as: .unanswered, isByPeer: true)
            case .reset:
                end.close()
                drop(as: .unanswered, byReset: true, isByPeer: true)
            }
        }
    }

    private func parse() {
        while let event = parser.next() {
            switch event {
            case .head(let head):
                // Interim answers are not the answer.
                guard !open.isEmpty else { break }
                if head.status >= 200 {
                    open[0].head = head
                    keepCookie(head)
                } else if head.status == 101 {
                    switchProtocols(head)
                } else if head.status == 100 {
                    sendBody(of: open[0].id)
                }
            case .body(let bytes):
                receive(bytes)
            case .finished:
                if open.first?.head == nil { continue }
                finishAnswer()
                if end == nil { return }
            }
        }
        if let violation = parser.violation {
            if open.isEmpty { ledger.addIncident("client \(number): \(violation)") }
            end?.reset()
            drop(as: .garbled(violation))
        }
    }

    private func keepCookie(_ head: MessageHead) {
        guard let value = head.value("set-cookie") else { return }
        cookie = value.split(separator: ";").first.map(String.init)
    }

    private func switchProtocols(_ head: MessageHead) {
        guard let count = open[0].script.tunnelBytes else {
            return ledger.addIncident("client \(number): another protocol, which it has not asked for")
        }
        open[0].head = head
        open[0].isTunnel = true
        parser.becomeTunnel()
        queue(BodyPattern(key: open[0].id).bytes(from: 0, count: count))
        pump()
    }

    private func receive(_ bytes: [UInt8]) {
        guard let current = open.first else { return }
        if let key = current.head?.value(Ledger.answerField).flatMap({ Int($0) }) {
            let isRight = BodyPattern(key: key).matches(bytes[...], from: current.bodyCount)
            if !isRight { open[0].isBodyRight = false }
        }
        open[0].bodyCount += bytes.count
    }

    private func finishAnswer() {
        guard !open.isEmpty else { return }
        let done = open.removeFirst()
        record(done, done.isTunnel ? .tunnelled : .complete)
        if !open.isEmpty {
            open[0].oldestAt = network.now
            if !parser.isAtStart { open[0].hasBytes = true }
        }
        // One who has not sent its body cannot send anything else in its place.
        let mayStay =
            keepsAlive && !done.script.closes && done.head?.keepsAlive == true && !done.isTunnel
            && done.heldBody.isEmpty
        if !mayStay || (done.script.halfCloses && open.isEmpty) {
            end?.close()
            drop(as: .unanswered)
        } else {
            proceed()
        }
    }

    /// The connection is gone, and what was open on it ends so.
    /// - Parameter isByPeer: the other side ended it, without a word in its answers.
    private func drop(as ending: Ledger.Ending, byReset: Bool = false, isByPeer: Bool = false) {
        end = nil
        output.removeAll()
        isWritePaused = false
        isReadPaused = false
        let lost = open
        open.removeAll()
        for (index, request) in lost.enumerated() {
            if ending == .unanswered, index == 0, request.hasBytes {
                record(
                    request,
                    .truncated,
                    behind: byReset ? lost.dropFirst().map(\.id) : [],
                    isLost: byReset && request.sentAt == nil
                )
            } else if case .garbled = ending, index > 0 {
                record(request, .unanswered)
            } else {
                record(
                    request,
                    ending,
                    silenceNs: isByPeer && index == 0 ? silence(of: request) : nil,
                    isLost: byReset && index == 0 && request.sentAt == nil
                )
            }
        }
        proceed()
    }

    /// For how long it has been its turn, with nothing left to be sent of it.
    private func silence(of request: Open) -> UInt64? {
        guard let sent = request.sentAt, let oldest = request.oldestAt else { return nil }
        return network.now.since(max(sent, oldest))
    }

    private func record(
        _ request: Open,
        _ ending: Ledger.Ending,
        behind: [Int] = [],
        silenceNs: UInt64? = nil,
        isLost: Bool = false
    ) {
        ledger.add(
            .init(
                id: request.id,
                ending: ending,
                head: request.head,
                bodyCount: request.bodyCount,
                isBodyRight: request.isBodyRight,
                isReused: request.isReused,
                at: network.now,
                behind: behind,
                silenceNs: silenceNs,
                isLost: isLost
            )
        )
    }

    private func finish() {
        isFinished = true
        end?.close()
        end = nil
    }

    private func after(_ delayNs: UInt64, _ action: @escaping (SimClient) -> Void) {
        let connection = end
        network.schedule(afterNs: delayNs, .timer, number) { [weak self] in
            guard let self, end === connection, end != nil else { return }
            action(self)
        }
    }
}

extension SimClient: SimEndOwner {
    package func connected(_ end: SimEnd) {
        guard end === self.end else { return }
        if let script = scripts.first { begin(script) }
    }

    package func connectFailed(_ end: SimEnd, _ fault: IOFault) {
        guard end === self.end else { return }
        self.end = nil
        guard let script = scripts.popFirst() else { return }
        let id = ledger.addIntent(script, from: origin.announced ?? address, at: network.now)
        ledger.add(
            .init(
                id: id,
                ending: .connectFailed,
                head: nil,
                bodyCount: 0,
                isBodyRight: true,
                isReused: false,
                at: network.now
            )
        )
        proceed()
    }

    package func readable(_ end: SimEnd) {
        if end === self.end { read() }
    }

    package func writable(_ end: SimEnd) {
        if end === self.end { pump() }
    }
}
