import HTTPWire

/// The answer's way back, and how exchanges end: finished, failed or abandoned.
extension Worker where W: ~Copyable {
    // MARK: answers

    /// Bytes from the backend that carries the exchange.
    mutating func answered(_ exchange: UInt32, _ bytes: BufferSlice) {
        exchanges[exchange].timers.answered(world.now)
        if exchanges[exchange].hasBegunAnswer {
            exchanges[exchange].download.supply(bytes, &buffers)
            advanceDownload(exchange)
        } else if !exchanges[exchange].held.buffer.isNone {
            exchanges[exchange].download.supply(bytes, &buffers)
            topUpHeld(exchange)
            holdOrSend(exchange)
        } else {
            exchanges[exchange].answer = BufferSlice.joined(exchanges[exchange].answer, bytes, &buffers)
            // While an interim answer is on its way out, the next head waits behind it.
            if !exchanges[exchange].isInterim { parseAnswer(exchange) }
        }
    }

    /// A loop and no recursion: a backend may fill a buffer with interim answers that go no further.
    private mutating func parseAnswer(_ exchange: UInt32) {
        while parseHead(exchange) {}
    }

    /// True when the head was one that goes no further, and more bytes are there.
    private mutating func parseHead(_ exchange: UInt32) -> Bool {
        let length: Int?
        let answer = exchanges[exchange].answer
        var parser = exchanges[exchange].answerParser
        do {
            length = try parser.parseResponse(buffers.bytes(answer), into: &responseHead.value)
        } catch let refusal {
            exchanges[exchange].refusal = refusal
            attemptFailed(exchange, Fault(.badAnswer, .upstream, exchanges[exchange].phase))
            return false
        }
        guard let length else {
            exchanges[exchange].answerParser = parser
            receive(fromBackend: exchanges[exchange].upstream)
            return false
        }
        exchanges[exchange].answerParser = H1HeadParser(limits: settings.headLimits)
        let status = responseHead.value.status
        if status == 101 {
            guard exchanges[exchange].hasSentRequest, isAsked(exchange) else {
                // Nobody asked for this.
                attemptFailed(exchange, Fault(.badAnswer, .upstream, exchanges[exchange].phase))
                return false
            }
            openTunnel(exchange, headBytes: length)
        } else if status < 200 {
            return passInterim(exchange, headBytes: length)
        } else {
            passAnswer(exchange, headBytes: length)
        }
        return false
    }

    /// Whether the 101 that was just parsed is to a protocol that the request has asked for.
    private func isAsked(_ exchange: UInt32) -> Bool {
        let asked = exchanges[exchange].upgrade
        guard !asked.isEmpty else { return false }
        let value = BufferSlice(exchanges[exchange].request.buffer, asked.start, asked.end)
        return Admit.isAsked(
            responseHead.value,
            of: buffers.bytes(exchanges[exchange].answer),
            by: buffers.bytes(value)
        )
    }

    /// The bytes behind the head that was just parsed; the buffer goes back when there are none.
    private mutating func takeAnswerRest(_ exchange: UInt32, headBytes: Int) -> BufferSlice {
        var rest = exchanges[exchange].answer
        exchanges[exchange].answer = .none
        rest.start += UInt32(headBytes)
        guard rest.isEmpty else { return rest }
        buffers.give(rest.buffer)
        return .none
    }

    /// Writes the answer's head as the client gets it into a buffer of its own.
    private mutating func rewriteAnswer(
        _ exchange: UInt32,
        framing: BodyFraming,
        announcedLength: UInt64?
    ) -> BufferSlice {
        let isLarge = Forwarding.answerBytesMax(responseHead.value) > BufferPool.smallBytes
        let target = isLarge ? buffers.takeLarge() : buffers.take()
        date.update(world.wallClock)
        var out = buffers.room(target)
        Forwarding.writeAnswer(
            responseHead.value,
            of: buffers.bytes(exchanges[exchange].answer),
            framing: framing,
            announcedLength: announcedLength,
            keepsClient: exchanges[exchange].keepsClient,
            clientMinorVersion: exchanges[exchange].clientMinorVersion,
            date: date,
            cookie: stickyCookie(exchange),
            into: &out
        )
        return BufferSlice(target, 0, UInt32(out.byteCount))
    }

    /// What binds the client to the backend that answers; nil where it is bound to it already, or the pool does not bind.
    @inline(always)
    private func stickyCookie(_ exchange: UInt32) -> StickyCookie? {
        let id = exchanges[exchange].plan.stickyID
        guard id != 0, id != exchanges[exchange].wish.sticky else { return nil }
        guard let pool = snapshot.pool(ofTicket: exchanges[exchange].pool), pool.sticky.isOn else { return nil }
        return StickyCookie(pool.sticky, id: id, text: snapshot.text)
    }

    /// A 1xx answer: passed to HTTP/1.1 clients, dropped for others (RFC 9110 §15.2). True when it was dropped, and the next
    /// one is there to be parsed.
    private mutating func passInterim(_ exchange: UInt32, headBytes: Int) -> Bool {
        let isLate = responseHead.value.status == 100 && !exchanges[exchange].awaitsContinue
        guard exchanges[exchange].clientMinorVersion >= 1, !isLate else {
            exchanges[exchange].answer = takeAnswerRest(exchange, headBytes: headBytes)
            if exchanges[exchange].answer.isEmpty { receive(fromBackend: exchanges[exchange].upstream) }
            return !exchanges[exchange].answer.isEmpty
        }
        let head = rewriteAnswer(exchange, framing: .none, announcedLength: nil)
        exchanges[exchange].answer = takeAnswerRest(exchange, headBytes: headBytes)
        if responseHead.value.status == 100 { heardContinue(exchange) }
        exchanges[exchange].isInterim = true
        exchanges[exchange].download = Pump(.none, framedAs: .identity)
        exchanges[exchange].download.begin(with: head)
        advanceDownload(exchange)
        return false
    }

    /// The client has been told to go on: from here on its body is due.
    private mutating func heardContinue(_ exchange: UInt32) {
        guard exchanges[exchange].awaitsContinue else { return }
        exchanges[exchange].awaitsContinue = false
        if !exchanges[exchange].upload.hasWholeBody {
            setReceiveDeadline(exchanges[exchange].downstream, world.now + settings.clientStallNs)
        }
    }

    /// The backend has not said 100 in time: we do, so that a client that insists gets on.
    mutating func sayContinue(_ exchange: UInt32) {
        heardContinue(exchange)
        guard !exchanges[exchange].hasBegunAnswer, !exchanges[exchange].isInterim,
            exchanges[exchange].held.buffer.isNone
        else { return }
        let buffer = buffers.take()
        var out = buffers.room(buffer)
        out.append("HTTP/1.1 100 Continue\r\n\r\n")
        let count = out.byteCount
        exchanges[exchange].isInterim = true
        exchanges[exchange].download = Pump(.none, framedAs: .identity)
        exchanges[exchange].download.begin(with: BufferSlice(buffer, 0, UInt32(count)))
        advanceDownload(exchange)
    }

    // MARK: tunnels

    /// The backend has switched protocols (RFC 9110 §15.2.2): from here on bytes pass as they come, both ways, until
    /// both sides have ended.
    private mutating func openTunnel(_ exchange: UInt32, headBytes: Int) {
        let client = exchanges[exchange].downstream
        let slot = exchanges[exchange].upstream
        let head = rewriteAnswer(exchange, framing: .none, announcedLength: nil)
        let rest = takeAnswerRest(exchange, headBytes: headBytes)
        exchanges[exchange].status = 101
        exchanges[exchange].hasBegunAnswer = true
        exchanges[exchange].isTunnel = true
        noteTunnel(exchange)
        noteSuccess(exchange)
        downstreams[client].totalDeadline = .never
        exchanges[exchange].keepsClient = false
        exchanges[exchange].keepsBackend = false
        exchanges[exchange].phase = .relay
        upstreams[slot].deadline = .never
        exchanges[exchange].download = Pump(.untilClose, framedAs: .identity)
        if !rest.isEmpty { exchanges[exchange].download.supply(rest, &buffers) }
        exchanges[exchange].download.begin(with: head)
        exchanges[exchange].hasSentRequest = false
        exchanges[exchange].keepsBody = false
        exchanges[exchange].upload = Pump(.untilClose, framedAs: .identity)
        // What the client sent ahead has waited for this (CVE-2026-2833: never before the 101).
        let early = downstreams[client].input
        downstreams[client].input = .none
        if !early.isEmpty { exchanges[exchange].upload.supply(early, &buffers) }
        touchTunnel(exchange)
        advanceDownload(exchange)
        advanceUpload(exchange)
        if downstreams[client].state == .exchange, downstreams[client].exchange == exchange,
            downstreams[client].hasEnded
        {
            endUpload(exchange)
        }
    }

    /// Something has moved in a tunnel: it has its idle time before it again.
    mutating func touchTunnel(_ exchange: UInt32) {
        let client = exchanges[exchange].downstream
        let isHalf = exchanges[exchange].hasSentRequest || exchanges[exchange].hasEndedDownload
        let patience = isHalf ? settings.tunnelEndNs : settings.tunnelIdleNs
        setReceiveDeadline(client, world.now + patience)
    }

    /// The client has said its last byte in a tunnel; the backend is told once all before it is out.
    mutating func endUpload(_ exchange: UInt32) {
        do {
            try exchanges[exchange].upload.end()
        } catch {
            return abandon(exchange, Fault(.clientGone, .downstream, exchanges[exchange].phase))
        }
        advanceUpload(exchange)
    }

    mutating func finishTunnelIfOver(_ exchange: UInt32) {
        if exchanges[exchange].hasSentRequest, exchanges[exchange].hasEndedDownload {
            finish(exchange)
        } else {
            touchTunnel(exchange)
        }
    }

    private mutating func parseNextAnswer(_ exchange: UInt32) {
        if exchanges[exchange].answer.isEmpty {
            receive(fromBackend: exchanges[exchange].upstream)
        } else {
            parseAnswer(exchange)
        }
    }

    /// The final answer: its head rewritten, its body set flowing.
    private mutating func passAnswer(_ exchange: UInt32, headBytes: Int) {
        let status = responseHead.value.status
        let framing = responseHead.value.framing(answering: exchanges[exchange].method)
        if exchanges[exchange].patience.retries(status) {
            let fault = Fault(.retriedStatus, .upstream, exchanges[exchange].phase, retry: .ifIdempotent)
            if goElsewhere(exchange, fault) { return }
        }
        learn(exchange, status: status)
        // What went wrong with earlier attempts is made good.
        exchanges[exchange].fault = .none
        exchanges[exchange].refusal = nil
        exchanges[exchange].keepsBackend = responseHead.value.keepsAlive && framing != .untilClose
        let answer = exchanges[exchange].answer
        exchanges[exchange].keepAliveNs = KeepAlive.idleNs(responseHead.value, of: buffers.bytes(answer))
        // An answer that comes before the whole request does leaves the client's connection in the middle of it.
        if !exchanges[exchange].hasSentRequest || isStopping { exchanges[exchange].keepsClient = false }
        var framingOut = framing
        var pumpFraming = Pump.Framing.identity
        if framing == .chunked || framing == .untilClose {
            if exchanges[exchange].clientMinorVersion >= 1 {
                framingOut = .chunked
                pumpFraming = .chunked
            } else {
                // RFC 9112 §7.1: an HTTP/1.0 client knows the end of the connection only.
                framingOut = .untilClose
                exchanges[exchange].keepsClient = false
                exchanges[exchange].endsByClose = true
            }
        }
        // HEAD and 304 announce the length of what a GET would bring; 204 has none (RFC 9110 §8.6).
        let announced = status == 204 ? nil : responseHead.value.contentLength
        let head = rewriteAnswer(exchange, framing: framingOut, announcedLength: announced)
        let rest = takeAnswerRest(exchange, headBytes: headBytes)
        exchanges[exchange].status = status
        exchanges[exchange].download = Pump(
            framing,
            framedAs: pumpFraming,
            passesTrailers: !responseHead.value.flags.contains(.connectionNamesFields)
        )
        exchanges[exchange].held = head
        if !rest.isEmpty {
            exchanges[exchange].download.supply(rest, &buffers)
            topUpHeld(exchange)
        }
        var isShort = false
        if case .length(let length) = framing {
            isShort = length <= Exchange.holdBytesMax && Int(length) + Int(head.count) <= buffers.capacity(head.buffer)
        }
        if isShort {
            holdOrSend(exchange)
        } else {
            sendHeld(exchange)
        }
    }

    private mutating func topUpHeld(_ exchange: UInt32) {
        let held = exchanges[exchange].held
        do {
            let end = try exchanges[exchange].download.topUp(
                held.buffer,
                from: Int(held.end),
                &buffers,
                trailers: &trailers
            )
            exchanges[exchange].held.end = UInt32(end)
        } catch {
            // The pump meets the same bytes again when it is stepped, and fails the exchange then.
        }
    }

    /// A short answer goes out whole, while trying again may still be possible and worth it.
    private mutating func holdOrSend(_ exchange: UInt32) {
        let isWorthIt =
            exchanges[exchange].method.isIdempotent && !exchanges[exchange].hasSentMore
            && !exchanges[exchange].download.hasWholeBody && !exchanges[exchange].download.hasInput
        guard isWorthIt else { return sendHeld(exchange) }
        let slot = exchanges[exchange].upstream
        if exchanges[exchange].heldSince == .never { exchanges[exchange].heldSince = world.now }
        setDeadline(slot, exchanges[exchange].heldSince + Exchange.holdNs)
        receive(fromBackend: slot)
    }

    /// From here on the client has the answer's beginning, and nothing can be tried again.
    mutating func sendHeld(_ exchange: UInt32) {
        exchanges[exchange].hasBegunAnswer = true
        exchanges[exchange].phase = .relay
        exchanges[exchange].download.begin(with: exchanges[exchange].held, joining: &buffers)
        exchanges[exchange].held = .none
        advanceDownload(exchange)
    }

    /// What was held of an answer is not one: its backend died.
    mutating func dropHeld(_ exchange: UInt32) {
        guard !exchanges[exchange].held.buffer.isNone else { return }
        buffers.give(exchanges[exchange].held.buffer)
        exchanges[exchange].held = .none
        exchanges[exchange].heldSince = .never
        exchanges[exchange].status = 0
        retireDownload(exchange)
        exchanges[exchange].download = Pump(.none, framedAs: .identity)
    }

    /// Sends what there is of the answer, or sees to it that there will be more.
    mutating func advanceDownload(_ exchange: UInt32) {
        let client = exchanges[exchange].downstream
        guard !downstreams[client].isSending, !exchanges[exchange].hasEndedDownload else { return }
        switch exchanges[exchange].download.step(&buffers, trailers: &trailers) {
        case .send(let slice, let more):
            send(toClient: client, slice, more: more)
            // Nothing is due from the backend while the client is slow to read; a connection is.
            let slot = exchanges[exchange].upstream
            // Behind an interim answer the backend still owes the final one, and to read on.
            if slot != .max, upstreams[slot].state == .busy, !exchanges[exchange].isInterim {
                upstreams[slot].deadline = .never
            }
        case .receive:
            let slot = exchanges[exchange].upstream
            if exchanges[exchange].isTunnel {
                touchTunnel(exchange)
            } else {
                setDeadline(slot, world.now + exchanges[exchange].patience.responseStallNs)
            }
            receive(fromBackend: slot)
        case .finished:
            if exchanges[exchange].isTunnel {
                exchanges[exchange].hasEndedDownload = true
                world.submit(.shutdown(downstreams[client].socket), .none, buffers: buffers)
                finishTunnelIfOver(exchange)
            } else if exchanges[exchange].isInterim {
                exchanges[exchange].isInterim = false
                let slot = exchanges[exchange].upstream
                // The attempt may have failed meanwhile, and the next one be queued or connecting still.
                guard slot != .max, upstreams[slot].state == .busy else { return }
                if exchanges[exchange].answerDueAt != .never { setDeadline(slot, exchanges[exchange].answerDueAt) }
                parseNextAnswer(exchange)
            } else {
                finish(exchange)
            }
        case .failed(let refusal):
            exchanges[exchange].refusal = refusal
            fail(exchange, Fault(.badAnswer, .upstream, exchanges[exchange].phase))
        }
    }

    private mutating func send(toClient slot: UInt32, _ slice: BufferSlice, more: Bool) {
        downstreams[slot].isSending = true
        let isTunnel = exchanges[downstreams[slot].exchange].isTunnel
        downstreams[slot].sendDeadline = world.now + (isTunnel ? settings.tunnelIdleNs : settings.clientStallNs)
        downstreamTimers.schedule(slot, at: downstreams[slot].deadline)
        let token = Token(.downstreamSend, slot: slot, generation: downstreams.generation(slot))
        world.submit(.send(downstreams[slot].socket, slice, more: more), token, buffers: buffers)
    }

    // MARK: ends

    /// The answer is out, whole.
    private mutating func finish(_ exchange: UInt32) {
        let client = exchanges[exchange].downstream
        let isServed = exchanges[exchange].upstream != .max
        retireDownload(exchange)
        // Closing with unread bytes would make the kernel reset what is still on its way. Who has said that it will send no
        // more, and has sent no body for an empty line to follow, has none.
        let isSilent = exchanges[exchange].isLastOfClient && downstreams[client].input.isEmpty
        let mayClose = exchanges[exchange].isTunnel || isSilent
        if isServed {
            noteSuccess(exchange)
            release(exchange)
        }
        // Also while stopping, when the answer has not said that it is the last: the next one will.
        let keepsClient = exchanges[exchange].keepsClient
        downstreams[client].sendDeadline = .never
        downstreams[client].totalDeadline = .never
        // A request that is not whole yet: its client may read the answer only when it has sent all of it.
        let isEarly = !keepsClient && !mayClose && !exchanges[exchange].upload.hasWholeBody
        if isEarly, !downstreams[client].hasEnded { settle(exchange) } else { end(exchange) }
        guard keepsClient else {
            return mayClose ? closeDownstream(client) : linger(client)
        }
        if !downstreams[client].input.isEmpty {
            downstreams[client].state = .idle
            parseRequest(client)
        } else if downstreams[client].hasEnded {
            closeDownstream(client)
        } else {
            awaitRequest(client)
        }
    }

    /// No more of the answer is sent. A byte behind it means that the backend speaks out of turn, and a torn one that its
    /// rest may still come: either way the connection carries no other request.
    private mutating func retireDownload(_ exchange: UInt32, keeping inFlight: BufferID = .none) {
        switch exchanges[exchange].download.retire(&buffers, keeping: inFlight) {
        case .torn:
            exchanges[exchange].keepsBackend = false
        case .next(let rest):
            guard !rest.isEmpty else { return }
            exchanges[exchange].keepsBackend = false
            buffers.give(rest.buffer)
        }
    }

    /// Ends the exchange with an answer of our own, or, where the client has part of one already, by cutting it off.
    mutating func fail(_ exchange: UInt32, _ fault: Fault) {
        let client = exchanges[exchange].downstream
        guard !exchanges[exchange].hasBegunAnswer, downstreams[client].state == .exchange else {
            return abandon(exchange, fault)
        }
        exchanges[exchange].fault = fault
        if exchanges[exchange].isWaiting { leaveQueue(exchange) }
        dropHeld(exchange)
        detach(exchange)
        uncount(exchange, hasFailed: fault.side == .upstream)
        retireUpload(exchange)
        dropUpload(exchange)
        if isStopping { exchanges[exchange].keepsClient = false }
        if exchanges[exchange].isInterim {
            // Behind an interim answer that is not out yet there is no place for ours.
            return abandon(exchange, fault)
        }
        // What is left to wait for is the client, which has a deadline of its own.
        downstreams[client].totalDeadline = .never
        // 503 promises that no application has seen the request (SEMANTICS §3), whatever the last attempt met.
        let isPromise = fault.status == 503 && exchanges[exchange].delivered != .none
        let fault = isPromise ? exchanges[exchange].delivered : fault
        exchanges[exchange].fault = fault
        let answer = buffers.take()
        date.update(world.wallClock)
        let record = exchanges[exchange]
        var out = buffers.room(answer)
        var requestID = BufferSlice(record.request.buffer, record.requestID.start, record.requestID.end)
        // Any buffer will do to find no bytes in.
        if requestID.isEmpty { requestID = BufferSlice(answer, 0, 0) }
        let asJSON = prefersJSON(record)
        let bodyBytes = LocalAnswer.write(
            fault,
            refusal: record.refusal,
            isHead: record.method == .head,
            keepsClient: record.keepsClient,
            clientMinorVersion: record.clientMinorVersion,
            requestID: (record.requestHigh, record.requestLow),
            givenID: buffers.bytes(requestID),
            asJSON: asJSON,
            date: date,
            into: &out
        )
        let count = out.byteCount
        let isRefusal = fault.kind == .badRequest
        exchanges[exchange].status = isRefusal ? exchanges[exchange].refusal?.status ?? 400 : fault.status
        exchanges[exchange].hasBegunAnswer = true
        exchanges[exchange].download = Pump(.none, framedAs: .identity)
        exchanges[exchange].download.begin(
            with: BufferSlice(answer, 0, UInt32(count)),
            bodyBytes: bodyBytes
        )
        advanceDownload(exchange)
    }

    /// Whether the client would rather have an answer of ours as JSON: asked of the request that is kept, because only
    /// exchanges that fail need to know.
    private func prefersJSON(_ record: Exchange) -> Bool {
        guard record.isParsed else { return false }
        var parser = H1HeadParser(limits: settings.headLimits)
        let bytes = buffers.bytes(record.request)
        // A head that is past the limits with what we have added to it is answered in text.
        guard let length = try? parser.parseRequest(bytes, into: &requestHead.value), length > 0 else { return false }
        return LocalAnswer.prefersJSON(requestHead.value, of: bytes)
    }

    /// Ends the exchange without another byte to the client, and the client's connection with it.
    mutating func abandon(_ exchange: UInt32, _ fault: Fault) {
        let client = exchanges[exchange].downstream
        exchanges[exchange].fault = fault
        if !exchanges[exchange].hasBegunAnswer { exchanges[exchange].status = fault.status }
        // An end of the connection would be taken for the end of the answer.
        if exchanges[exchange].endsByClose { world.resetOnClose(downstreams[client].socket) }
        detach(exchange)
        uncount(exchange, hasFailed: fault.side == .upstream)
        if downstreams[client].isSending {
            downstreams[client].orphan = exchanges[exchange].download.outgoing
            retireDownload(exchange, keeping: downstreams[client].orphan)
        }
        end(exchange)
        closeDownstream(client)
    }

    /// The end of every exchange: its counts, its buffers, its log line, its slot.
    private mutating func end(_ exchange: UInt32) {
        settle(exchange)
        conclude(exchange)
    }

    /// The exchange is over, but for its line in the log. It keeps no buffer but that of the request, for the line.
    private mutating func settle(_ exchange: UInt32) {
        uncount(exchange, hasFailed: false)
        if exchanges[exchange].isWaiting { leaveQueue(exchange) }
        exchanges[exchange].timers.totalNs = world.now.since(exchanges[exchange].startedAt)
        count(exchange)
        retireUpload(exchange)
        retireDownload(exchange)
        if !exchanges[exchange].answer.buffer.isNone { buffers.give(exchanges[exchange].answer.buffer) }
        if !exchanges[exchange].held.buffer.isNone { buffers.give(exchanges[exchange].held.buffer) }
        exchanges[exchange].answer = .none
        exchanges[exchange].held = .none
    }

    /// The last of an exchange that is settled.
    mutating func conclude(_ exchange: UInt32) {
        if settings.logsAccess { writeLogLine(exchange) }
        if !exchanges[exchange].request.buffer.isNone { buffers.give(exchanges[exchange].request.buffer) }
        let client = exchanges[exchange].downstream
        downstreams[client].exchange = .max
        exchanges.give(exchange)
    }
}
