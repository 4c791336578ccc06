import HTTPWire

/// The client's side: bytes in, heads parsed, answers out, connections ended well.
extension Worker where W: ~Copyable {
    /// Between two requests, or before the first: waits without a buffer.
    mutating func awaitRequest(_ slot: UInt32) {
        downstreams[slot].state = .idle
        setReceiveDeadline(slot, world.now + (isStopping ? Self.stopGraceNs : settings.clientIdleNs))
        receive(fromClient: slot)
    }

    /// Has a receive under way, unless there is one or the client has ended.
    mutating func receive(fromClient slot: UInt32) {
        guard !downstreams[slot].isReceiving, !downstreams[slot].hasEnded else { return }
        downstreams[slot].isReceiving = true
        let token = Token(.downstreamReceive, slot: slot, generation: downstreams.generation(slot))
        let exchange = downstreams[slot].exchange
        let isBody = exchange != .max && !exchanges[exchange].dropsUpload && downstreams[slot].state == .exchange
        let passing = isBody ? exchanges[exchange].upload.passing : 0
        world.submit(.receive(downstreams[slot].socket, passing: passing), token, buffers: buffers)
    }

    mutating func setReceiveDeadline(_ slot: UInt32, _ deadline: Instant) {
        downstreams[slot].receiveDeadline = deadline
        // Of all its deadlines the first: the one that has just fired may have stood for others behind it.
        downstreamTimers.schedule(slot, at: downstreams[slot].deadline)
    }

    mutating func received(fromClient slot: UInt32, _ outcome: Completion.Outcome) {
        downstreams[slot].isReceiving = false
        switch outcome {
        case .received(let buffer, let count):
            received(fromClient: slot, BufferSlice(received: count, in: buffer))
        case .ended:
            downstreams[slot].hasEnded = true
            clientEnded(slot)
        case .failed:
            downstreams[slot].hasEnded = true
            clientFailed(slot)
        case .cancelled, .woken, .accepted, .connected, .sent:
            freeDownstreamIfQuiet(slot)
        }
    }

    private mutating func received(fromClient slot: UInt32, _ bytes: BufferSlice) {
        switch downstreams[slot].state {
        case .idle, .head:
            downstreams[slot].input = BufferSlice.joined(downstreams[slot].input, bytes, &buffers)
            if downstreams[slot].awaitsProxyHeader {
                readProxyHeader(slot)
            } else {
                parseRequest(slot)
            }
        case .exchange:
            let exchange = downstreams[slot].exchange
            if exchanges[exchange].dropsUpload {
                buffers.give(bytes.buffer)
                receive(fromClient: slot)
            } else if exchanges[exchange].upload.hasWholeBody {
                // A pipelined request, or the first bytes of a protocol that the backend has not agreed to yet. They
                // wait their turn, and no more is read until then.
                downstreams[slot].input = BufferSlice.joined(downstreams[slot].input, bytes, &buffers)
            } else {
                downstreams[slot].receiveDeadline = .never
                exchanges[exchange].awaitsContinue = false
                exchanges[exchange].upload.supply(bytes, &buffers)
                advanceUpload(exchange)
            }
        case .lingering:
            buffers.give(bytes.buffer)
            awaitLingerer(slot)
        case .closing:
            buffers.give(bytes.buffer)
            freeDownstreamIfQuiet(slot)
        }
    }

    /// The client's FIN: it may have gone, or only have nothing more to ask.
    private mutating func clientEnded(_ slot: UInt32) {
        switch downstreams[slot].state {
        case .idle, .head, .lingering:
            closeDownstream(slot)
        case .exchange:
            let exchange = downstreams[slot].exchange
            if exchanges[exchange].isTunnel {
                endUpload(exchange)
            } else if exchanges[exchange].dropsUpload {
                // The answer is on its way, or may come, whatever has become of the request, whose end is not looked for.
            } else if !exchanges[exchange].upload.hasWholeBody || exchanges[exchange].isWaiting
                || exchanges[exchange].patience.cancelsOnFin
            {
                abandon(exchange, Fault(.clientGone, .downstream, exchanges[exchange].phase))
            }
        // Otherwise it has only nothing more to ask: it may well be reading (RFC 9112 §9.6).
        case .closing:
            freeDownstreamIfQuiet(slot)
        }
    }

    private mutating func clientFailed(_ slot: UInt32) {
        switch downstreams[slot].state {
        case .idle, .head:
            closeDownstream(slot)
        case .lingering:
            endLinger(slot, isUnread: true)
        case .exchange:
            let exchange = downstreams[slot].exchange
            abandon(exchange, Fault(.clientGone, .downstream, exchanges[exchange].phase))
        case .closing:
            freeDownstreamIfQuiet(slot)
        }
    }

    mutating func sent(toClient slot: UInt32, _ outcome: Completion.Outcome) {
        downstreams[slot].isSending = false
        guard downstreams[slot].state == .exchange else { return freeDownstreamIfQuiet(slot) }
        let exchange = downstreams[slot].exchange
        switch outcome {
        case .sent(let count):
            downstreams[slot].sendDeadline = .never
            exchanges[exchange].download.sent(count, &buffers)
            advanceDownload(exchange)
        case .failed, .cancelled, .ended, .woken, .accepted, .connected, .received:
            abandon(exchange, Fault(.clientGone, .downstream, exchanges[exchange].phase))
        }
    }

    mutating func clientTimedOut(_ slot: UInt32) {
        switch downstreams[slot].state {
        case .idle:
            closeDownstream(slot)
        case .lingering:
            endLinger(slot, isUnread: true)
        case .head:
            refuse(slot, Fault(.clientTimeout, .downstream, .parse), nil)
        case .exchange:
            let exchange = downstreams[slot].exchange
            if downstreams[slot].totalDeadline <= world.now {
                downstreams[slot].totalDeadline = .never
                fail(exchange, totalFault(exchange))
            } else if downstreams[slot].sendDeadline <= world.now || exchanges[exchange].isTunnel {
                abandon(exchange, Fault(.clientGone, .downstream, exchanges[exchange].phase))
            } else if exchanges[exchange].awaitsContinue {
                sayContinue(exchange)
            } else {
                downstreams[slot].receiveDeadline = .never
                fail(exchange, Fault(.clientTimeout, .downstream, exchanges[exchange].phase))
            }
        case .closing:
            break
        }
    }

    /// The time of the exchange as a whole is over. Whose fault that is, and what the client may make of it, depends on what
    /// was being waited for.
    private func totalFault(_ exchange: UInt32) -> Fault {
        let phase = exchanges[exchange].phase
        let slot = exchanges[exchange].upstream
        guard slot != .max else { return Fault(.queueTimeout, .proxy, phase) }
        // It may have queued for most of the time, which says nothing about the backend.
        switch upstreams[slot].state {
        case .opening, .connecting: return Fault(.connectTimeout, .proxy, phase)
        case .busy, .idle, .closing: break
        }
        let isClientReading = !downstreams[exchanges[exchange].downstream].isSending
        if exchanges[exchange].hasSentRequest {
            return Fault(.totalTimeout, isClientReading ? .upstream : .downstream, phase)
        }
        // The backend does not read, or the client does not send.
        return upstreams[slot].isSending
            ? Fault(.totalTimeout, .upstream, phase) : Fault(.clientTimeout, .downstream, phase)
    }

    // MARK: requests

    /// A trusted proxy says who its client is, before that client's first byte.
    private mutating func readProxyHeader(_ slot: UInt32) {
        let input = downstreams[slot].input
        let header: ProxyHeader?
        do {
            header = try ProxyHeader.read(buffers.bytes(input))
        } catch {
            return refuse(slot, Fault(.badRequest, .downstream, .parse), .badProxyHeader)
        }
        guard let header else {
            if downstreams[slot].state == .idle {
                downstreams[slot].state = .head
                setReceiveDeadline(slot, world.now + settings.clientHeadNs)
            }
            return receive(fromClient: slot)
        }
        downstreams[slot].awaitsProxyHeader = false
        switch header.source {
        case .peer: break
        case .ipv4(let address, let port): downstreams[slot].client = .ipv4(address, port: port)
        case .ipv6(let high, let low, let port):
            downstreams[slot].client = Endpoint(family: .ipv6, port: port, high: high, low: low).unmapped
        }
        // The client that is named may itself be a proxy that is believed, or none.
        if header.source != .peer {
            downstreams[slot].isTrusted = settings.trustedProxies.contains(downstreams[slot].client)
        }
        downstreams[slot].input.start += UInt32(header.byteCount)
        guard downstreams[slot].input.isEmpty else { return parseRequest(slot) }
        buffers.give(input.buffer)
        downstreams[slot].input = .none
        awaitRequest(slot)
    }

    /// Parses what has come of a head, and begins the exchange once it is whole.
    mutating func parseRequest(_ slot: UInt32) {
        let length: Int?
        let input = downstreams[slot].input
        var parser = downstreams[slot].parser
        do {
            length = try parser.parseRequest(buffers.bytes(input), into: &requestHead.value)
        } catch let refusal {
            return refuse(slot, Fault(.badRequest, .downstream, .parse), refusal)
        }
        guard let length else {
            if isEmptyLine(input) { return dropEmptyLine(slot) }
            downstreams[slot].parser = parser
            if downstreams[slot].state == .idle {
                downstreams[slot].state = .head
                setReceiveDeadline(slot, world.now + settings.clientHeadNs)
            }
            if downstreams[slot].hasEnded { return closeDownstream(slot) }
            return receive(fromClient: slot)
        }
        downstreams[slot].parser = H1HeadParser(limits: settings.headLimits)
        downstreams[slot].receiveDeadline = .never
        // A Host may be as long as a head, and we write it twice.
        guard Forwarding.requestBytesMax(requestHead.value) <= BufferPool.largeBytes else {
            return refuse(slot, Fault(.badRequest, .downstream, .admit), .headTooLarge)
        }
        guard let exchange = beginExchange(slot) else { return closeDownstream(slot) }
        exchanges[exchange].method = requestHead.value.method
        exchanges[exchange].clientMinorVersion = requestHead.value.minorVersion
        // A client that asks for a tunnel may not wait for the answer to use it: what follows is no request of its own.
        exchanges[exchange].keepsClient =
            requestHead.value.keepsAlive && !isStopping && requestHead.value.method != .connect
        exchanges[exchange].isLastOfClient =
            !requestHead.value.keepsAlive && requestHead.value.framing == .none && requestHead.value.method != .connect
        exchanges[exchange].awaitsContinue = requestHead.value.flags.contains(.expectContinue)
        var claim: ClientClaim?
        if downstreams[slot].isTrusted {
            let read = ClientClaim(requestHead.value, of: buffers.bytes(input), trusting: settings.trustedProxies)
            exchanges[exchange].client = read.client(of: downstreams[slot].client)
            claim = read
        }
        readWish(exchange, slot)
        var fault = Admit.refusal(requestHead.value, of: buffers.bytes(input), bodyBytesMax: settings.bodyBytesMax)
        if fault == nil, Forwarding.hasPassed(settings.instance, requestHead.value, of: buffers.bytes(input)) {
            fault = Fault(.loop, .downstream, .admit)
        }
        rewriteRequest(exchange, slot, headBytes: length, claim)
        exchanges[exchange].isParsed = true
        if let fault { return fail(exchange, fault) }
        if let most = settings.bodyBytesMax, exchanges[exchange].upload.bodyBytes > most {
            return fail(exchange, Fault(.bodyTooLarge, .downstream, .admit))
        }
        startAttempt(exchange)
    }

    private mutating func isEmptyLine(_ input: BufferSlice) -> Bool {
        guard input.count == 2 else { return false }
        let bytes = buffers.bytes(input)
        return bytes.byte(0) == 0x0D && bytes.byte(1) == 0x0A
    }

    /// Some clients end a body with an empty line that is not part of it (RFC 9112 §2.2). It begins no request: the
    /// connection stays idle, without a buffer, and there is nothing to wait 10 s for and then to answer with 408, which
    /// the client would take for the answer to its next request.
    private mutating func dropEmptyLine(_ slot: UInt32) {
        giveInput(slot)
        downstreams[slot].parser = H1HeadParser(limits: settings.headLimits, mayBeginEmpty: false)
        if downstreams[slot].hasEnded { return closeDownstream(slot) }
        awaitRequest(slot)
    }

    /// Reads what may decide the backend off the request, before its bytes are gone.
    @inline(always)
    private mutating func readWish(_ exchange: UInt32, _ slot: UInt32) {
        guard let pool = RouteTable.pool(in: snapshot) else { return }
        let plan = snapshot.pools[pool]
        guard plan.algorithm == .hash || plan.sticky.isOn else { return }
        exchanges[exchange].wish = RequestKey.wish(
            requestHead.value,
            of: buffers.bytes(downstreams[slot].input),
            client: exchanges[exchange].client,
            pool: plan,
            text: snapshot.text
        )
    }

    /// Answers what is no request we can serve, and closes: after a framing error nobody knows where the next one begins.
    private mutating func refuse(_ slot: UInt32, _ fault: Fault, _ refusal: H1Error?) {
        guard let exchange = beginExchange(slot) else { return closeDownstream(slot) }
        exchanges[exchange].refusal = refusal
        exchanges[exchange].keepsClient = false
        exchanges[exchange].request = downstreams[slot].input
        downstreams[slot].input = .none
        if !exchanges[exchange].request.buffer.isNone {
            // To HEAD the refusal has no content either.
            exchanges[exchange].method = H1HeadParser.method(of: buffers.bytes(exchanges[exchange].request)) ?? .get
        }
        fail(exchange, fault)
    }

    private mutating func beginExchange(_ slot: UInt32) -> UInt32? {
        guard let exchange = exchanges.take() else { return nil }
        exchanges[exchange].downstream = slot
        exchanges[exchange].client = downstreams[slot].client
        exchanges[exchange].startedAt = world.now
        exchanges[exchange].requestHigh = world.entropy()
        exchanges[exchange].requestLow = world.entropy()
        exchanges[exchange].answerParser = H1HeadParser(limits: settings.headLimits)
        downstreams[slot].state = .exchange
        downstreams[slot].exchange = exchange
        downstreams[slot].receiveDeadline = .never
        return exchange
    }

    /// Writes the request as backends will get it, with as much of its body as came along.
    private mutating func rewriteRequest(_ exchange: UInt32, _ slot: UInt32, headBytes: Int, _ claim: ClientClaim?) {
        let input = downstreams[slot].input
        let isLarge = Forwarding.requestBytesMax(requestHead.value) > BufferPool.smallBytes
        let target = isLarge ? buffers.takeLarge() : buffers.take()
        let lacksHost = requestHead.value.authority.isEmpty
        let start = lacksHost ? Forwarding.hostRoom : 0
        var out = buffers.room(target, from: start)
        let written = Forwarding.writeRequest(
            requestHead.value,
            of: buffers.bytes(input),
            origin: Forwarding.Origin(
                peer: downstreams[slot].client,
                claim: claim,
                sendsForwarded: settings.sendsForwarded,
                instance: settings.instance
            ),
            requestID: (exchanges[exchange].requestHigh, exchanges[exchange].requestLow),
            asksForUpgrade: Admit.passesUpgrade(requestHead.value, of: buffers.bytes(input)),
            into: &out
        )
        var end = start + out.byteCount
        exchanges[exchange].lacksHost = lacksHost
        exchanges[exchange].requestID = written.requestID.shifted(by: start)
        exchanges[exchange].upgrade = written.upgrade.shifted(by: start)
        if written.fieldsDropped > 0 { events[0].countUnderscoreFields(written.fieldsDropped) }
        switch requestHead.value.framing {
        case .length(let length): exchanges[exchange].keepsBody = length <= Exchange.keptBodyBytesMax
        case .chunked: exchanges[exchange].keepsBody = true
        case .none, .untilClose: break
        }
        exchanges[exchange].upload = Pump(
            requestHead.value.framing,
            framedAs: requestHead.value.framing == .chunked ? .chunked : .identity,
            passesTrailers: !requestHead.value.flags.contains(.connectionNamesFields)
        )
        downstreams[slot].input = .none
        let rest = BufferSlice(input.buffer, input.start + UInt32(headBytes), input.end)
        if rest.isEmpty {
            buffers.give(input.buffer)
        } else if exchanges[exchange].upload.hasWholeBody {
            downstreams[slot].input = rest
        } else {
            exchanges[exchange].upload.supply(rest, &buffers)
            do {
                end = try exchanges[exchange].upload.topUp(target, from: end, &buffers, trailers: &trailers)
            } catch {
                // The pump meets the same bytes again when it is stepped, and fails the exchange then.
            }
        }
        exchanges[exchange].request = BufferSlice(target, UInt32(start), UInt32(end))
    }

    /// No more of the request is sent. What came behind its body is the client's next request, and what came while this
    /// one was queued stands behind that; where the body has not come whole, the connection carries no other request.
    mutating func retireUpload(_ exchange: UInt32, keeping inFlight: BufferID = .none) {
        switch exchanges[exchange].upload.retire(&buffers, keeping: inFlight) {
        case .torn:
            exchanges[exchange].keepsClient = false
        case .next(let rest):
            guard !rest.isEmpty else { return }
            let slot = exchanges[exchange].downstream
            downstreams[slot].input = BufferSlice.joined(rest, downstreams[slot].input, &buffers)
        }
    }

    // MARK: ends

    /// Our side is done talking: waits for the client to have sent what it has to send, and to have read the answer.
    mutating func linger(_ slot: UInt32) {
        guard !downstreams[slot].hasEnded else { return closeDownstream(slot) }
        giveInput(slot)
        downstreams[slot].state = .lingering
        lingering.append(slot, &downstreams)
        // The one that has lingered longest makes room, so that a flood of them costs no more than this many connections.
        if lingering.count > lingerersMax { endLinger(lingering.first, isUnread: true) }
        world.submit(.shutdown(downstreams[slot].socket), .none, buffers: buffers)
        let patience = isStopping ? DownstreamConnection.lingerStopNs : DownstreamConnection.lingerNs
        downstreams[slot].totalDeadline = world.now + patience
        awaitLingerer(slot)
    }

    /// Reads on from a client that lingers, as long as it sends.
    private mutating func awaitLingerer(_ slot: UInt32) {
        let isUploading = downstreams[slot].exchange != .max
        let patience =
            isUploading ? DownstreamConnection.lingerUploadIdleNs : DownstreamConnection.lingerIdleNs
        setReceiveDeadline(slot, world.now + patience)
        receive(fromClient: slot)
    }

    /// - Parameter isUnread: the client may not have got the answer: the end did not come from it, or came as a reset.
    private mutating func endLinger(_ slot: UInt32, isUnread: Bool) {
        let exchange = downstreams[slot].exchange
        if exchange != .max { exchanges[exchange].isAnswerUnread = isUnread }
        closeDownstream(slot)
    }

    mutating func closeDownstream(_ slot: UInt32) {
        guard downstreams[slot].state != .closing else { return }
        if downstreams[slot].state == .lingering {
            lingering.remove(slot, &downstreams)
            if downstreams[slot].exchange != .max { conclude(downstreams[slot].exchange) }
        }
        giveInput(slot)
        downstreams[slot].state = .closing
        downstreams[slot].receiveDeadline = .never
        downstreams[slot].sendDeadline = .never
        downstreams[slot].totalDeadline = .never
        world.submit(.close(downstreams[slot].socket), .none, buffers: buffers)
        freeDownstreamIfQuiet(slot)
    }

    private mutating func giveInput(_ slot: UInt32) {
        if !downstreams[slot].input.buffer.isNone { buffers.give(downstreams[slot].input.buffer) }
        downstreams[slot].input = .none
    }

    private mutating func freeDownstreamIfQuiet(_ slot: UInt32) {
        guard downstreams[slot].state == .closing else { return }
        if !downstreams[slot].isSending, !downstreams[slot].orphan.isNone {
            buffers.give(downstreams[slot].orphan)
            downstreams[slot].orphan = .none
        }
        guard downstreams[slot].isQuiet else { return }
        downstreamTimers.cancel(slot)
        downstreams.give(slot)
        clientLeft()
    }
}
