import Proxy

/// One connection as a backend sees it: a request, its answer, the next request.
final class BackendConnection: SimEndOwner {
    private struct Exchange {
        let arrival: Int?
        let head: MessageHead
        let script: AnswerScript
        var bodyCount = 0
        var isRequestComplete = false
        var isAnswering = false
        /// The protocol has been switched.
        var isTunnel = false
    }

    private unowned let backend: SimBackend
    private let end: SimEnd
    private var parser = MessageParser(.requests)
    private var exchange: Exchange?
    private var output = ByteQueue()
    private var answer: AnswerScript.Compiled?
    private var answerKey: Int?
    private var isPaused = false
    private var isReadPaused = false
    private var peerHasEnded = false
    private var isGone = false
    /// Has said that it closes, and is about to.
    private var isClosing = false
    /// A request has come on it before.
    private var isReused = false
    /// Bytes that have been read.
    private var readCount = 0
    /// What it has said out of turn.
    private var stray: StraySpeech?
    /// What it has said out of turn looks like an answer: it has lost its thread.
    private var hasAnsweredAgain = false
    /// Grows with each use, so that a timer of an earlier idle time knows that it is late.
    private var idleNumber = 0

    init(_ backend: SimBackend, _ end: SimEnd) {
        self.backend = backend
        self.end = end
        end.owner = self
        becomeIdle()
    }

    func connected(_ end: SimEnd) {}
    func connectFailed(_ end: SimEnd, _ fault: IOFault) {}

    func readable(_ end: SimEnd) {
        while !isGone, !isReadPaused, !peerHasEnded {
            switch end.read(atMost: backend.readPace?.bytes ?? 65_536) {
            case .nothingYet:
                return
            case .bytes(let bytes):
                readCount += bytes.count
                parser.feed(bytes)
                parse()
                if let pace = backend.readPace, !isGone {
                    isReadPaused = true
                    after(pace.pauseNs) { connection in
                        connection.isReadPaused = false
                        connection.readable(connection.end)
                    }
                }
            case .ended:
                peerHasEnded = true
                // A half-closed peer still wants the answer to a request it finished, and what is in a tunnel.
                if exchange?.isRequestComplete != true || isClosing { leave() } else { finishAnswer() }
            case .reset:
                leave()
            }
        }
    }

    func writable(_ end: SimEnd) { pump() }

    /// As when the process dies.
    func close() {
        noteCut()
        isGone = true
        end.close()
    }

    // MARK: requests

    private func parse() {
        while !isGone, let event = parser.next() {
            switch event {
            case .head(let head): begin(head)
            case .body(let bytes): receive(bytes)
            case .finished: finishRequest()
            }
        }
        if let violation = parser.violation, !isGone {
            backend.ledger.addIncident("\(backend.name): a request that is none: \(violation)")
            leave()
        }
    }

    private func begin(_ head: MessageHead) {
        if isClosing {
            backend.ledger.addIncident("\(backend.name): a request on a connection that it had said it closes")
        }
        if let exchange, !exchange.script.speaksOutOfTurn {
            backend.ledger.addIncident("\(backend.name): a request before the answer to the last one was out")
        }
        if stray?.isIgnored == true {
            backend.ledger.addIncident("\(backend.name): a request on a connection that was heard to speak out of turn")
        }
        idleNumber += 1
        var arrival: Int?
        if head.target == backend.probePath {
            backend.countProbe()
        } else {
            let id = head.value(Ledger.idField).flatMap { Int($0) }
            arrival = backend.ledger.addArrival(
                .init(
                    id: id,
                    backend: backend.name,
                    address: end.local,
                    head: head,
                    at: backend.network.now,
                    isReused: isReused
                )
            )
        }
        isReused = true
        if hasAnsweredAgain { return leave() }
        let drawn = backend.draw(for: head)
        let script = head.value("upgrade") == nil ? drawn : drawn.switching()
        exchange = Exchange(arrival: arrival, head: head, script: script)
        if head.value("expect") != nil, script.continues {
            output.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            pump()
        }
        answerIfDue()
    }

    private func receive(_ bytes: [UInt8]) {
        guard var current = exchange else { return }
        current.bodyCount += bytes.count
        if let arrival = current.arrival { backend.ledger.addBody(bytes, to: arrival) }
        exchange = current
        answerIfDue()
    }

    private func finishRequest() {
        exchange?.isRequestComplete = true
        if let arrival = exchange?.arrival { backend.ledger.complete(arrival: arrival) }
        answerIfDue()
        finishAnswer()
    }

    // MARK: answers

    private func answerIfDue() {
        guard let current = exchange, !current.isAnswering else { return }
        switch current.script.trigger {
        case .wholeRequest: guard current.isRequestComplete else { return }
        case .bodyBytes(let count): guard current.isRequestComplete || current.bodyCount >= count else { return }
        }
        exchange?.isAnswering = true
        if case .hang = current.script.fault { return }
        if current.script.delayNs == 0 {
            send(current)
        } else {
            after(current.script.delayNs) { $0.send(current) }
        }
    }

    private func send(_ current: Exchange) {
        var key = 0
        let id = current.head.value(Ledger.idField).flatMap { Int($0) }
        if let arrival = current.arrival {
            let (count, isWhole) = current.script.countsFor(method: current.head.method)
            key = backend.ledger.addAnswer(
                to: arrival,
                status: current.script.status,
                bodyCount: count,
                isWhole: isWhole,
                isUntilEnd: current.script.isUntilEnd
            )
        }
        let compiled = backend.withChance {
            current.script.compile(
                method: current.head.method,
                key: key,
                backend: backend.name,
                request: id,
                &$0
            )
        }
        if current.script.status == 101, case .none = current.script.fault {
            exchange?.isTunnel = true
            parser.becomeTunnel()
        }
        output.append(compiled.bytes)
        if compiled.strayCount > 0 { _ = speakOutOfTurn(beginning: compiled.strayCount) }
        answer = compiled
        answerKey = current.arrival == nil ? nil : key
        pump()
    }

    /// What begins so many bytes before the end of the output is an answer to nothing.
    private func speakOutOfTurn(beginning count: Int) -> StraySpeech {
        let isAskedMore = end.incoming.writer?.isSending == true || end.incoming.written > readCount
        let speech = StraySpeech(start: end.outgoing.written + output.count - count, isExcusable: isAskedMore)
        stray = speech
        end.outgoing.stray = speech
        return speech
    }

    /// Says something that looks like the answer to a request that has not come.
    private func answerAgain(to arrival: Int, of request: Int?) {
        guard exchange == nil, parser.isAtStart, !isClosing, !peerHasEnded else { return }
        hasAnsweredAgain = true
        let key = backend.ledger.addAnswer(
            to: arrival,
            status: 200,
            bodyCount: 0,
            isWhole: true,
            isUntilEnd: false,
            stray: speakOutOfTurn(beginning: 0)
        )
        let compiled = backend.withChance {
            AnswerScript().compile(method: "GET", key: key, backend: backend.name, request: request, &$0)
        }
        output.append(compiled.bytes)
        pump()
    }

    private func pump() {
        while !isGone, !isPaused, !output.isEmpty {
            let pace = exchange?.script.pace
            let piece = output.waiting.prefix(pace?.bytes ?? .max)
            switch end.write(piece) {
            case .full:
                return
            case .reset:
                return leave()
            case .accepted(let count):
                output.drop(count)
                if let pace, !output.isEmpty {
                    isPaused = true
                    after(pace.pauseNs) { connection in
                        connection.isPaused = false
                        connection.pump()
                    }
                }
            }
        }
        finishAnswer()
    }

    private func finishAnswer() {
        guard !isGone, output.isEmpty, !isPaused, let done = answer, let current = exchange else { return }
        if done.resets {
            isGone = true
            end.reset()
            backend.forget(self)
            return
        }
        if peerHasEnded { return leave() }
        if done.stalls { return }
        if current.isTunnel {
            // It has said all; it goes when its peer has, too.
            if done.closes {
                end.shutdown()
                if let id = current.head.value(Ledger.idField).flatMap({ Int($0) }) {
                    backend.ledger.endTunnel(of: id, at: backend.network.now)
                }
            }
            return
        }
        if done.closes {
            let delay = current.script.closeDelayNs
            guard delay > 0, current.script.closes, current.script.saysSo else { return leave() }
            if !isClosing { after(delay) { $0.leave() } }
            isClosing = true
            return
        }
        // An answer that came early leaves the rest of the request to be read.
        guard current.isRequestComplete else { return }
        answer = nil
        answerKey = nil
        exchange = nil
        becomeIdle()
        if case .answerAgain(let delay) = current.script.fault, let arrival = current.arrival {
            let id = current.head.value(Ledger.idField).flatMap { Int($0) }
            after(delay) { $0.answerAgain(to: arrival, of: id) }
        }
    }

    private func becomeIdle() {
        idleNumber += 1
        guard let range = backend.idleCloseNs else { return }
        let number = idleNumber
        let delay = backend.withChance { $0.within(range) }
        after(delay) { connection in
            if connection.idleNumber == number { connection.leave() }
        }
    }

    private func noteCut() {
        guard !output.isEmpty, let answerKey, exchange?.script.speaksOutOfTurn == false else { return }
        backend.ledger.cut(answer: answerKey)
    }

    private func leave() {
        guard !isGone else { return }
        noteCut()
        isGone = true
        end.close()
        backend.forget(self)
    }

    private func after(_ delayNs: UInt64, _ action: @escaping (BackendConnection) -> Void) {
        backend.network.schedule(afterNs: delayNs, .timer, end.connection) { [weak self] in
            guard let self, !isGone else { return }
            action(self)
        }
    }
}
