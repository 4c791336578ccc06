import HTTPWire
import Model

/// How one probe goes: connect, send, receive, and what came of it; a backend's, or one that was asked for.
extension Prober where W: ~Copyable {
    /// A check on demand, at once. Where there is no slot for it, its waiter's patience ends it.
    mutating func begin(_ order: ProbeDesk.Order) {
        guard let slot = take(ProbeTarget(plan: order.plan, at: world.wallClock)) else { return }
        probes[slot].order = order.number
        begin(slot)
        finishClosing(slot)
    }

    /// A probe's time has come: to begin, or to have ended.
    mutating func fire(_ slot: UInt32) {
        switch probes[slot].state {
        case .idle:
            begin(slot)
            finishClosing(slot)
        case .connecting, .sending, .receiving, .reading:
            if let answer = targets[Int(slot)]?.answer, answer.isDecided {
                // What was still awaited of the body was only to be shown.
                conclude(slot, failure: answer.statusFailure)
            } else if probes[slot].state == .connecting, hasAnotherAddress(slot) {
                moveOn(slot)
            } else {
                timeOut(slot)
            }
        case .closing where probes[slot].isMovingOn:
            timeOut(slot)
        case .closing:
            // The last probe's operations are still to come back: it begins when they are.
            probes[slot].due = .never
            probes[slot].isOverdue = true
        }
    }

    private mutating func timeOut(_ slot: UInt32) {
        let timeout = targets[Int(slot)]?.plan.check?.timeout ?? .zero
        conclude(slot, failure: "timeout after \(timeout)", isSilent: true)
    }

    private mutating func begin(_ slot: UInt32) {
        guard let target = targets[Int(slot)], let check = target.plan.check else { return }
        probes[slot].startedAt = world.now
        probes[slot].connectedAt = .never
        probes[slot].answeredAt = .never
        probes[slot].endpointsTried = 0
        probes[slot].parser = H1HeadParser()
        targets[Int(slot)]?.answer = nil
        probes[slot].deadline = world.now + UInt64(check.timeout.nanoseconds)
        schedule(slot, probes[slot].deadline)
        guard !target.plan.endpoints.isEmpty else {
            return conclude(slot, failure: "cannot resolve \(target.plan.unresolved ?? "its name")")
        }
        connect(slot)
    }

    /// Connects to the next address. All of them share the check's time, as they share the connect timeout of a request.
    private mutating func connect(_ slot: UInt32) {
        guard let target = targets[Int(slot)], let check = target.plan.check else { return }
        // A change of the addresses begins the probe anew, so it is among those that it began with.
        let count = UInt32(target.plan.endpoints.count)
        probes[slot].endpoint = (probes[slot].endpointFirst + probes[slot].endpointsTried) % count
        let left = count - min(probes[slot].endpointsTried, count - 1)
        probes[slot].endpointsTried += 1
        let endpoint = target.plan.endpoints[Int(probes[slot].endpoint)]
        do {
            probes[slot].socket = try world.open(endpoint)
        } catch let fault {
            return connectFailed(slot, fault)
        }
        let timeoutNs = UInt64(check.timeout.nanoseconds)
        let share = world.now.share(of: timeoutNs, until: probes[slot].deadline, left: left, of: count)
        schedule(slot, left == 1 ? probes[slot].deadline : min(share, probes[slot].deadline))
        probes[slot].state = .connecting
        probes[slot].pending += 1
        let token = Token(.upstreamConnect, slot: slot, generation: probes.generation(slot))
        world.submit(.connect(probes[slot].socket, endpoint), token, buffers: buffers)
    }

    mutating func dispatch(_ completion: Completion) {
        let token = completion.token
        guard token.kind != .wake, token.kind != .none else { return }
        guard probes.isCurrent(token) else {
            if case .received(let buffer, _) = completion.outcome { buffers.give(buffer) }
            return
        }
        let slot = token.slot
        probes[slot].pending -= 1
        if token.kind == .upstreamSend { giveRequest(slot, completion.outcome) }
        switch probes[slot].state {
        case .connecting: connected(slot, completion.outcome)
        case .sending: sent(slot, completion.outcome)
        case .receiving, .reading: received(slot, completion.outcome)
        case .idle, .closing:
            if case .received(let buffer, _) = completion.outcome { buffers.give(buffer) }
        }
        finishClosing(slot)
    }

    private mutating func connected(_ slot: UInt32, _ outcome: Completion.Outcome) {
        switch outcome {
        case .connected:
            probes[slot].connectedAt = world.now
            probes[slot].endpointFirst = probes[slot].endpoint
            schedule(slot, probes[slot].deadline)
            if targets[Int(slot)]?.plan.check?.kind == .tcp {
                conclude(slot, failure: nil)
            } else {
                sendRequest(slot)
            }
        case .failed(let fault):
            connectFailed(slot, fault)
        case .woken, .accepted, .received, .ended, .sent, .cancelled:
            connectFailed(slot, .other)
        }
    }

    private func hasAnotherAddress(_ slot: UInt32) -> Bool {
        Int(probes[slot].endpointsTried) < targets[Int(slot)]?.plan.endpoints.count ?? 0
    }

    /// Nothing is heard of an address: once its socket is closed, the next one is tried.
    private mutating func moveOn(_ slot: UInt32) {
        world.submit(.close(probes[slot].socket), .none, buffers: buffers)
        probes[slot].state = .closing
        probes[slot].isMovingOn = true
        schedule(slot, probes[slot].deadline)
    }

    /// The next address, if there is another.
    private mutating func connectFailed(_ slot: UInt32, _ fault: IOFault) {
        guard !fault.isOurOwn, hasAnotherAddress(slot) else {
            let isSilent = fault == .timedOut || fault == .unreachable
            return conclude(
                slot,
                failure: "connect \(fault.words)",
                isSilent: isSilent,
                isOurOwn: fault.isOurOwn
            )
        }
        if probes[slot].state == .connecting {
            world.submit(.close(probes[slot].socket), .none, buffers: buffers)
            // Between two sockets there is none to close.
            probes[slot].state = .idle
        }
        connect(slot)
    }

    private mutating func sendRequest(_ slot: UInt32) {
        guard let plan = targets[Int(slot)]?.plan, let check = plan.check else { return }
        let text = ProbeRequest.text(check, authority: plan.authority)
        // A path has at most 1 KiB, an authority 260 bytes and the fields of a check 18 KiB, by validation: it fits.
        let buffer = text.utf8.count <= BufferPool.smallBytes ? buffers.take() : buffers.takeLarge()
        var out = buffers.room(buffer)
        for byte in text.utf8 { out.append(byte) }
        probes[slot].request = BufferSlice(buffer, 0, UInt32(out.byteCount))
        probes[slot].state = .sending
        submitSend(slot)
    }

    private mutating func submitSend(_ slot: UInt32) {
        probes[slot].pending += 1
        let token = Token(.upstreamSend, slot: slot, generation: probes.generation(slot))
        world.submit(.send(probes[slot].socket, probes[slot].request, more: false), token, buffers: buffers)
    }

    /// The request's buffer goes back once nothing of it is left to send, or nobody will send it.
    private mutating func giveRequest(_ slot: UInt32, _ outcome: Completion.Outcome) {
        if case .sent(let count) = outcome { probes[slot].request.start += count }
        let isOver = probes[slot].request.isEmpty || probes[slot].state != .sending
        var hasFailed = true
        if case .sent = outcome { hasFailed = false }
        guard isOver || hasFailed, !probes[slot].request.buffer.isNone else { return }
        buffers.give(probes[slot].request.buffer)
        probes[slot].request = .none
    }

    private mutating func sent(_ slot: UInt32, _ outcome: Completion.Outcome) {
        guard case .sent = outcome else {
            return conclude(slot, failure: "connection reset")
        }
        if probes[slot].request.isEmpty {
            probes[slot].state = .receiving
            submitReceive(slot)
        } else {
            submitSend(slot)
        }
    }

    private mutating func submitReceive(_ slot: UInt32) {
        probes[slot].pending += 1
        let token = Token(.upstreamReceive, slot: slot, generation: probes.generation(slot))
        world.submit(.receive(probes[slot].socket), token, buffers: buffers)
    }

    private mutating func received(_ slot: UInt32, _ outcome: Completion.Outcome) {
        let isReading = probes[slot].state == .reading
        switch outcome {
        case .received(let buffer, let count):
            if probes[slot].answeredAt == .never { probes[slot].answeredAt = world.now }
            let answer = BufferSlice.joined(probes[slot].answer, BufferSlice(received: count, in: buffer), &buffers)
            probes[slot].answer = answer
            if isReading { read(slot) } else { parse(slot) }
        case .ended where isReading:
            step(slot, targets[Int(slot)]?.answer?.end() ?? .receive)
        case .ended:
            conclude(slot, failure: "closed without an answer")
        case .failed, .woken, .accepted, .connected, .sent, .cancelled:
            if let answer = targets[Int(slot)]?.answer, answer.isDecided {
                conclude(slot, failure: answer.statusFailure)
            } else {
                conclude(slot, failure: "connection reset")
            }
        }
    }

    private mutating func parse(_ slot: UInt32) {
        while true {
            var answer = probes[slot].answer
            var parser = probes[slot].parser
            var found = ResponseHead()
            let length: Int?
            do {
                length = try parser.parseResponse(buffers.bytes(answer), into: &found)
            } catch let error {
                return conclude(slot, failure: "not an HTTP answer (\(error.slug))")
            }
            guard let length else {
                probes[slot].parser = parser
                return submitReceive(slot)
            }
            let head = BufferSlice(answer.buffer, answer.start, answer.start + UInt32(length))
            answer.start += UInt32(length)
            probes[slot].answer = answer
            if found.status >= 200, let check = targets[Int(slot)]?.plan.check {
                var reading = ProbeAnswer(check, isShown: probes[slot].isOnDemand)
                let next = reading.begin(found, buffers.bytes(head))
                targets[Int(slot)]?.answer = reading
                probes[slot].state = .reading
                if next != .receive { return step(slot, next) }
                return read(slot)
            }
            // An interim answer; the verdict is in the next head.
            probes[slot].parser = H1HeadParser()
            if answer.isEmpty { return submitReceive(slot) }
        }
    }

    /// Looks at what there is of the body.
    private mutating func read(_ slot: UInt32) {
        guard !probes[slot].answer.isEmpty else { return submitReceive(slot) }
        guard var answer = targets[Int(slot)]?.answer else { return }
        // One owner at a time: what grows in place is not copied.
        targets[Int(slot)]?.answer = nil
        let taken = answer.take(buffers.bytes(probes[slot].answer))
        targets[Int(slot)]?.answer = answer
        probes[slot].answer.start += UInt32(taken.consumed)
        step(slot, taken.step)
    }

    private mutating func step(_ slot: UInt32, _ next: ProbeAnswer.Step) {
        switch next {
        case .receive: submitReceive(slot)
        case .verdict(let failure): conclude(slot, failure: failure)
        }
    }

    /// The probe has its result: told to whoever wants it, and its connection closed.
    /// - Parameters:
    ///   - isSilent: nothing at all was heard of the backend, as of one that hangs or whose host is gone. One that refuses
    ///     may be about to stop, and still finish what it has.
    ///   - isOurOwn: it could not be run, for want of something on this machine.
    private mutating func conclude(
        _ slot: UInt32,
        failure: String?,
        isSilent: Bool = false,
        isOurOwn: Bool = false
    ) {
        abandon(slot)
        guard !probes[slot].isOnDemand else { return report(slot, failure) }
        let result = ProbeResult(
            at: world.wallClock,
            nanoseconds: Int64(clamping: world.now.since(probes[slot].startedAt)),
            status: targets[Int(slot)]?.answer?.status,
            failure: failure
        )
        targets[Int(slot)]?.answer = nil
        if isOurOwn {
            postpone(slot, result)
        } else {
            record(slot, result, isSilent: isSilent)
        }
    }

    /// Hands what an order asked for to the desk.
    private mutating func report(_ slot: UInt32, _ failure: String?) {
        guard let target = targets[Int(slot)], let check = target.plan.check else { return }
        let probe = probes[slot]
        var report = ProbeReport()
        if Int(probe.endpoint) < target.plan.endpoints.count {
            report.address = Self.text(of: target.plan.endpoints[Int(probe.endpoint)])
        }
        if probe.connectedAt != .never {
            report.sent = ProbeRequest.text(check, authority: target.plan.authority)
            report.connectNs = Int64(clamping: probe.connectedAt.since(probe.startedAt))
        }
        if probe.answeredAt != .never { report.firstByteNs = Int64(clamping: probe.answeredAt.since(probe.startedAt)) }
        report.totalNs = Int64(clamping: world.now.since(probe.startedAt))
        report.status = target.answer?.status
        report.head = target.answer?.head ?? []
        report.body = Array((target.answer?.body ?? []).prefix(ProbeReport.bodyBytesKept))
        if let answer = target.answer { report.isBodyCut = !answer.isWhole || answer.body.count > report.body.count }
        report.failure = failure
        desk.report(probe.order, report)
        chores.insert(.reported)
        probes[slot].isRetired = true
    }

    private static func text(of endpoint: Endpoint) -> String {
        guard let address = IPAddress(endpoint) else { return "unix" }
        return endpoint.family == .ipv6 ? "[\(address)]:\(endpoint.port)" : "\(address):\(endpoint.port)"
    }

    // MARK: ends

    /// Gives up what the probe holds; its pending operations still come back.
    mutating func abandon(_ slot: UInt32) {
        probes[slot].isMovingOn = false
        if !probes[slot].answer.buffer.isNone {
            buffers.give(probes[slot].answer.buffer)
            probes[slot].answer = .none
        }
        switch probes[slot].state {
        case .connecting, .sending, .receiving, .reading:
            world.submit(.close(probes[slot].socket), .none, buffers: buffers)
            probes[slot].state = .closing
        case .idle, .closing:
            break
        }
    }

    mutating func finishClosing(_ slot: UInt32) {
        guard probes.isTaken(slot) else { return }
        if probes[slot].state == .closing, probes[slot].pending == 0 { probes[slot].state = .idle }
        guard probes[slot].state == .idle else { return }
        if probes[slot].isMovingOn {
            probes[slot].isMovingOn = false
            // It may fail at once, and then so may the next.
            connect(slot)
            return finishClosing(slot)
        }
        if freeIfRetired(slot) { return }
        if probes[slot].isOverdue {
            probes[slot].isOverdue = false
            schedule(slot, world.now)
        }
    }

    @discardableResult
    mutating func freeIfRetired(_ slot: UInt32) -> Bool {
        guard probes[slot].isRetired, probes[slot].state == .idle else { return false }
        timers.cancel(slot)
        ejectionTimers.cancel(slot)
        targets[Int(slot)] = nil
        probes.give(slot)
        return true
    }
}
