import HTTPWire

/// The backends' side: connections taken from the pool or dialled, requests out, answers in.
extension Worker where W: ~Copyable {
    /// Gives the exchange a backend and a connection to it, or fails it.
    mutating func startAttempt(_ exchange: UInt32) {
        exchanges[exchange].phase = .route
        guard let pool = RouteTable.pool(in: snapshot) else {
            return fail(exchange, Fault(.noBackend, .proxy, .route))
        }
        exchanges[exchange].phase = .pick
        exchanges[exchange].pool = snapshot.pools[pool].ticket
        exchanges[exchange].patience = snapshot.pools[pool].patience
        if exchanges[exchange].attempts == 0, exchanges[exchange].waitingSince == .never { beginPatience(exchange) }
        var picked = pick(exchange, pool)
        if picked == .none, exchanges[exchange].fault.kind == .connectTimeout {
            // Everyone was tried, and somebody only did not answer in time: once around again.
            exchanges[exchange].tried = TriedBackends()
            picked = pick(exchange, pool)
        }
        switch picked {
        case .backend(let picked):
            let plan = snapshot.backends[Int(picked)]
            // Those that came first go first, also when a backend happens to have room just now.
            if !waiters[0].isZero, exchanges[exchange].attempts == 0, standsBehind(exchange, at: plan.live) {
                available.endRequest(at: plan.live)
                return wait(exchange)
            }
            begin(exchange, with: plan)
        case .full: wait(exchange)
        case .none:
            // The last attempt's fault says more than that nobody is left.
            let fault = exchanges[exchange].fault
            fail(exchange, fault == .none ? Fault(.noBackend, .proxy, .pick) : fault)
        }
    }

    /// The first time that an exchange has a pool: its budget grows, and its time begins to run.
    private mutating func beginPatience(_ exchange: UInt32) {
        retries[Int(exchanges[exchange].pool)].deposit(
            exchanges[exchange].patience.retryPerMille,
            stock: settings.retryStock
        )
        let totalNs = exchanges[exchange].patience.totalNs
        guard totalNs > 0 else { return }
        let client = exchanges[exchange].downstream
        downstreams[client].totalDeadline = exchanges[exchange].startedAt + totalNs
        downstreamTimers.schedule(client, at: downstreams[client].deadline)
    }

    /// Picks a backend and counts the request in. Workers race for a backend's last place; who loses looks again.
    mutating func pick(_ exchange: UInt32, _ pool: Int) -> Pick {
        available.sync()
        let algorithm = snapshot.pools[pool].algorithm
        for _ in 0..<4 {
            var chooser = Chooser(
                pool,
                of: available.pool(pool, at: world.now),
                in: snapshot,
                live: live,
                tickets: tickets,
                experiences: experiences,
                tried: exchanges[exchange].tried,
                now: world.now,
                seed: algorithm == .roundRobin ? 0 : world.entropy()
            )
            let picked = chooser.pick(exchanges[exchange].wish)
            exchanges[exchange].boundTo = chooser.boundTo ?? .max
            if picked == .none, chooser.isBehind {
                available.rebuild()
                continue
            }
            guard case .backend(let index) = picked else { return picked }
            let plan = snapshot.backends[Int(index)]
            var most = plan.requestsMax
            if chooser.bound > 0 { most = most == 0 ? chooser.bound : min(most, chooser.bound) }
            guard live[Int(plan.live)].beginRequest(most: most) else { continue }
            return picked
        }
        return .full
    }

    /// Begins an attempt on a backend that the request is counted in at already, and counts it in at the pool.
    mutating func begin(_ exchange: UInt32, with plan: BackendPlan) {
        let pool = Int(plan.pool)
        let algorithm = snapshot.pools[pool].algorithm
        exchanges[exchange].pool = snapshot.pools[pool].ticket
        exchanges[exchange].teaches = algorithm.learns
        if algorithm == .hash {
            tickets[Int(exchanges[exchange].pool)].beginRequest()
            exchanges[exchange].isPoolCounted = true
        }
        exchanges[exchange].plan = plan
        exchanges[exchange].planSequence = sequence
        exchanges[exchange].endpointTried = 0
        exchanges[exchange].backend = plan.live
        exchanges[exchange].tried.insert(plan.live)
        // `mayRepeat` bounds them; no arithmetic on what peers can cause may trap.
        exchanges[exchange].attempts &+= 1
        exchanges[exchange].isCounted = true
        counts[Int(plan.live)].countRequest()
        if exchanges[exchange].lacksHost {
            exchanges[exchange].request = Forwarding.placeHost(
                of: plan.live,
                in: exchanges[exchange].request,
                names,
                buffers
            )
        }
        exchanges[exchange].phase = .acquire
        if let slot = idle.take(plan.live, &upstreams) {
            counts[Int(plan.live)].changeIdle(by: -1)
            upstreams[slot].state = .busy
            attach(exchange, slot)
            sendRequest(exchange)
        } else {
            dial(exchange)
        }
    }

    /// Connects to the next address of the attempt's backend.
    private mutating func dial(_ exchange: UInt32) {
        guard renewPlan(exchange) else {
            // Its backend takes nothing new any more. An attempt like every other, or one could follow another as long as
            // there are changes.
            let fault = exchanges[exchange].fault
            let isAboutConnecting = fault.kind.isAboutConnecting
            return attemptFailed(
                exchange,
                isAboutConnecting ? fault : Fault(.connectFailed, .proxy, .acquire, retry: .undelivered)
            )
        }
        let plan = exchanges[exchange].plan
        guard exchanges[exchange].endpointTried < plan.endpointCount else {
            let fault = exchanges[exchange].fault
            return attemptFailed(
                exchange,
                fault.kind.isAboutConnecting || fault.kind.isOurLack
                    ? fault : Fault(.connectFailed, .upstream, .acquire, retry: .undelivered)
            )
        }
        if exchanges[exchange].endpointTried == 0 {
            exchanges[exchange].endpointFirst = addresses.first(of: plan.live, among: plan.endpointCount)
            exchanges[exchange].connectBy = world.now + exchanges[exchange].patience.connectNs
        }
        guard let slot = upstreams.take() else { return fail(exchange, Fault(.overloaded, .proxy, .acquire)) }
        let index = (exchanges[exchange].endpointFirst + exchanges[exchange].endpointTried) % plan.endpointCount
        exchanges[exchange].endpointTried += 1
        upstreams[slot].backend = plan.live
        upstreams[slot].endpoint = snapshot.endpoints[Int(plan.endpointStart + index)]
        upstreams[slot].endpointIndex = index
        upstreams[slot].state = .opening
        upstreams[slot].begin(at: world.now, chance: world.entropy())
        live[Int(plan.live)].addConnection()
        attach(exchange, slot)
        open(slot)
    }

    /// Sees to it that the attempt's plan belongs to the present snapshot, as addresses are ranges of one. How far it has
    /// come among the addresses stays, so that there is an end to them however many snapshots there are.
    /// - Returns: false when the backend has left, or takes nothing new any more.
    private mutating func renewPlan(_ exchange: UInt32) -> Bool {
        guard exchanges[exchange].planSequence != sequence else { return true }
        guard let index = snapshot.backend(ofLive: exchanges[exchange].backend) else { return false }
        let plan = snapshot.backends[Int(index)]
        guard plan.takesNew else { return false }
        exchanges[exchange].plan = plan
        exchanges[exchange].planSequence = sequence
        return true
    }

    /// Gives a connection its socket and connects it. Where there is no descriptor for it, an idle connection makes way.
    ///
    /// An engine may close that one only in the turns that follow, once its operations have come back; the connection then
    /// waits for a moment.
    private mutating func open(_ slot: UInt32) {
        // Connections that wait for a descriptor already are first.
        var fault = opening.count == 0 ? connect(slot) : .noDescriptors
        if fault == .noDescriptors, closeAnIdleUpstream(), opening.count == 0 { fault = connect(slot) }
        guard let fault else { return }
        guard fault == .noDescriptors else {
            return connectFailed(upstreams[slot].exchange, Fault(connecting: fault))
        }
        opening.append(slot, &upstreams)
        makeWayAgainAt = max(makeWayAgainAt, world.now + Self.makeWayNs)
        setDeadline(slot, min(connectDeadline(upstreams[slot].exchange), world.now + Self.openNs))
    }

    /// How long a request waits for a descriptor. Closing takes a few turns; when none is free after that, they are all in
    /// use, and the client is told.
    static var openNs: UInt64 { 100_000_000 }
    /// How long what was closed may take before another idle connection is closed for the same purpose.
    private static var makeWayNs: UInt64 { 5_000_000 }
    /// How soon a loop that waits for a descriptor looks again: a close tells nobody that it is done.
    static var openPollNs: UInt64 { 1_000_000 }

    /// Opens the connections that wait for a descriptor, as far as there are any.
    mutating func openWaiting() {
        for _ in 0..<opening.count {
            let slot = opening.first
            guard slot != .max else { return }
            switch connect(slot) {
            case nil:
                continue
            case .noDescriptors:
                // Somebody else has taken what was let go: other threads of the process need descriptors too.
                guard world.now >= makeWayAgainAt else { return }
                makeWayAgainAt = world.now + Self.makeWayNs
                for _ in 0..<opening.count { guard closeAnIdleUpstream() else { return } }
                return
            case .some(let fault):
                connectFailed(upstreams[slot].exchange, Fault(connecting: fault))
            }
        }
    }

    /// Begins to connect.
    /// - Returns: why there is no socket for it; nothing has changed then.
    private mutating func connect(_ slot: UInt32) -> IOFault? {
        let endpoint = upstreams[slot].endpoint
        do {
            upstreams[slot].socket = try world.open(endpoint)
        } catch let fault {
            return fault
        }
        if upstreams[slot].isInOpeningQueue { opening.remove(slot, &upstreams) }
        upstreams[slot].state = .connecting
        upstreams[slot].isConnecting = true
        setDeadline(slot, connectDeadline(upstreams[slot].exchange))
        let token = Token(.upstreamConnect, slot: slot, generation: upstreams.generation(slot))
        world.submit(.connect(upstreams[slot].socket, endpoint), token, buffers: buffers)
        return nil
    }

    /// Until when the address that was dialled last may take: it has its share of the time that all of them have.
    private func connectDeadline(_ exchange: UInt32) -> Instant {
        let count = exchanges[exchange].plan.endpointCount
        let left = count - min(count, exchanges[exchange].endpointTried) + 1
        let connectNs = exchanges[exchange].patience.connectNs
        return world.now.share(of: connectNs, until: exchanges[exchange].connectBy, left: left, of: count)
    }

    /// Closes some idle connection, if there is one. O(slots) where the descriptors are used up and idle connections are
    /// few; the search goes on where the last one ended, so that not the same backends pay each time.
    private mutating func closeAnIdleUpstream() -> Bool {
        guard idle.count > 0 else { return false }
        let end = upstreams.walkEnd
        for step in 0..<end {
            let slot = (idleSearch &+ step) % end
            guard upstreams.isTaken(slot), upstreams[slot].state == .idle else { continue }
            idleSearch = slot &+ 1
            closeUpstream(slot)
            return true
        }
        return false
    }

    /// The address that a connection goes to is no longer one of its backend's. What has not begun to be served there starts
    /// over, and what has ends there, but nothing new follows.
    mutating func leaveAddress(_ slot: UInt32) {
        upstreams[slot].retire()
        guard upstreams[slot].state != .busy else { return }
        let exchange = upstreams[slot].exchange
        let former = exchanges[exchange].fault
        exchanges[exchange].fault = Fault(.connectFailed, .proxy, .acquire, retry: .undelivered)
        guard mayRepeat(exchange) else {
            // The old address is its last chance.
            exchanges[exchange].fault = former
            return
        }
        detach(exchange)
        // From the first of its present addresses on. It counts as an attempt, so that there is an end to it however often the
        // addresses change.
        exchanges[exchange].attempts &+= 1
        exchanges[exchange].endpointTried = 0
        dial(exchange)
    }

    private mutating func attach(_ exchange: UInt32, _ slot: UInt32) {
        upstreams[slot].exchange = exchange
        exchanges[exchange].upstream = slot
        exchanges[exchange].requestSent = 0
        exchanges[exchange].hasSentRequest = false
        exchanges[exchange].answerDueAt = .never
        upstreams[slot].attachedTurn = turnCount
        upstreams[slot].bytesBefore = upstreams[slot].bytesSent
        noteAttached(exchange, slot)
    }

    mutating func setDeadline(_ slot: UInt32, _ deadline: Instant) {
        upstreams[slot].deadline = deadline
        upstreamTimers.schedule(slot, at: deadline)
    }

    mutating func connected(_ slot: UInt32, _ outcome: Completion.Outcome) {
        upstreams[slot].isConnecting = false
        guard upstreams[slot].state == .connecting else { return freeUpstreamIfQuiet(slot) }
        let exchange = upstreams[slot].exchange
        switch outcome {
        case .connected:
            upstreams[slot].state = .busy
            addresses.note(upstreams[slot].endpointIndex, of: upstreams[slot].backend)
            noteConnected(exchange, slot)
            receive(fromBackend: slot)
            sendRequest(exchange)
        case .failed(let fault):
            connectFailed(exchange, Fault(connecting: fault))
        case .cancelled, .woken, .accepted, .received, .ended, .sent:
            connectFailed(exchange, Fault(connecting: .other))
        }
    }

    /// The next address, if there is another, or the next backend.
    private mutating func connectFailed(_ exchange: UInt32, _ fault: Fault) {
        // What no address can be connected without.
        guard fault.retry != .no else { return fail(exchange, fault) }
        exchanges[exchange].fault = fault
        detach(exchange)
        dial(exchange)
    }

    /// The attempt is over; another one where that is safe, else the client hears of it.
    /// - Parameter isUnread: the backend's kernel has not had a byte of the request, as far as is known.
    mutating func attemptFailed(_ exchange: UInt32, _ fault: Fault, isUnread: Bool = false) {
        exchanges[exchange].fault = fault
        forgetAnswer(exchange)
        // What has become of it is counted before it is counted out: a drain's report is made when nothing is left.
        let isRepeated = affordsRepeat(exchange, isUnread: isUnread)
        if isRepeated {
            noteRetry(exchange)
            counts[Int(exchanges[exchange].backend)].countRetriedAway()
        } else if fault.kind == .drainCut {
            drains[Int(exchanges[exchange].backend)].countCut()
        }
        detach(exchange)
        uncount(exchange, hasFailed: fault.side == .upstream)
        if isRepeated {
            startAttempt(exchange)
        } else {
            fail(exchange, fault)
        }
    }

    /// Whether the exchange may be sent once more after its fault: its method, its pool and its budget allow that, and its
    /// client is there to hear of it. A client that has ended its side may have gone, and gets what the attempt under way
    /// brings, but no other.
    private func mayRepeat(_ exchange: UInt32) -> Bool {
        exchanges[exchange].mayRepeat && !downstreams[exchanges[exchange].downstream].hasEnded
    }

    /// As `mayRepeat`, and the budget is asked, and charged, too: for all but what no backend can have worked on.
    private mutating func affordsRepeat(_ exchange: UInt32, isUnread: Bool) -> Bool {
        guard mayRepeat(exchange) else { return false }
        guard exchanges[exchange].fault.retry != .undelivered, !isUnread else { return true }
        let pool = Int(exchanges[exchange].pool)
        let perMille = exchanges[exchange].patience.retryPerMille
        guard !retries[pool].withdraw(perMille, floor: tickets[pool].retryFloor, at: world.now) else { return true }
        events[0].countRetryDenied()
        return false
    }

    /// The beginning of a head that this attempt has brought is no part of what the next one brings.
    private mutating func forgetAnswer(_ exchange: UInt32) {
        guard !exchanges[exchange].answer.buffer.isNone else { return }
        buffers.give(exchanges[exchange].answer.buffer)
        exchanges[exchange].answer = .none
        exchanges[exchange].answerParser = H1HeadParser(limits: settings.headLimits)
    }

    /// The backend is rid of the request.
    mutating func uncount(_ exchange: UInt32, hasFailed: Bool) {
        guard exchanges[exchange].isCounted else { return }
        exchanges[exchange].isCounted = false
        let backend = exchanges[exchange].backend
        available.endRequest(at: backend)
        if exchanges[exchange].isPoolCounted {
            exchanges[exchange].isPoolCounted = false
            tickets[Int(exchanges[exchange].pool)].endRequest()
        }
        if hasFailed {
            counts[Int(backend)].countError()
            noteFailure(exchange)
            if exchanges[exchange].teaches { experiences.backends[Int(backend)].failed(at: world.now) }
        }
        if !waiters[0].isZero { tellOfRoom(exchange) }
        // A drain may be waiting for this backend to run empty.
        if !snapshot.takesNew(backend) { chores.insert(.changed) }
    }

    /// Sends the request to another backend, where it may be repeated and somebody else can take it.
    /// - Returns: false where it stays, and nothing has changed.
    mutating func goElsewhere(_ exchange: UInt32, _ fault: Fault) -> Bool {
        let former = exchanges[exchange].fault
        exchanges[exchange].fault = fault
        guard mayRepeat(exchange), let pool = RouteTable.pool(in: snapshot),
            case .backend(let index) = pick(exchange, pool)
        else {
            exchanges[exchange].fault = former
            return false
        }
        let plan = snapshot.backends[Int(index)]
        guard affordsRepeat(exchange, isUnread: false) else {
            available.endRequest(at: plan.live)
            exchanges[exchange].fault = former
            return false
        }
        forgetAnswer(exchange)
        noteRetry(exchange)
        counts[Int(exchanges[exchange].backend)].countRetriedAway()
        detach(exchange)
        uncount(exchange, hasFailed: true)
        begin(exchange, with: plan)
        return true
    }

    /// The time that a backend had to finish this in is over. What it has not answered goes elsewhere where that is safe.
    mutating func cut(_ exchange: UInt32) {
        let phase = exchanges[exchange].phase
        if exchanges[exchange].isTunnel {
            drains[Int(exchanges[exchange].backend)].countStreamClosed()
            abandon(exchange, Fault(.drainCut, .proxy, phase))
        } else if exchanges[exchange].hasBegunAnswer {
            drains[Int(exchanges[exchange].backend)].countCut()
            fail(exchange, Fault(.drainCut, .proxy, phase))
        } else {
            let state = upstreams[exchanges[exchange].upstream].state
            let isConnecting = state == .connecting || state == .opening
            dropHeld(exchange)
            attemptFailed(exchange, Fault(.drainCut, .proxy, phase, retry: isConnecting ? .undelivered : .ifIdempotent))
        }
    }

    // MARK: sending

    private mutating func sendRequest(_ exchange: UInt32) {
        exchanges[exchange].phase = .wait
        advanceUpload(exchange)
    }

    /// Sends what there is of the request, or sees to it that there will be more.
    mutating func advanceUpload(_ exchange: UInt32) {
        let slot = exchanges[exchange].upstream
        guard slot != .max, upstreams[slot].state == .busy, !upstreams[slot].isSending else { return }
        let request = exchanges[exchange].request
        let start = request.start + exchanges[exchange].requestSent
        if start < request.end {
            let more = exchanges[exchange].upload.hasInput
            return send(toBackend: slot, BufferSlice(request.buffer, start, request.end), more: more)
        }
        guard !exchanges[exchange].hasSentRequest else { return }
        switch exchanges[exchange].upload.step(&buffers, trailers: &trailers) {
        case .send(let slice, let more):
            // What passes in a tunnel is no body.
            if let most = settings.bodyBytesMax, exchanges[exchange].upload.bodyBytes > most,
                !exchanges[exchange].isTunnel
            {
                return fail(exchange, Fault(.bodyTooLarge, .downstream, exchanges[exchange].phase))
            }
            guard keepBody(exchange, slice) else {
                exchanges[exchange].hasSentMore = true
                return send(toBackend: slot, slice, more: more)
            }
            exchanges[exchange].upload.sent(slice.count, &buffers)
            let kept = exchanges[exchange].request
            let rest = BufferSlice(kept.buffer, kept.start + exchanges[exchange].requestSent, kept.end)
            send(toBackend: slot, rest, more: more)
        case .receive:
            // Nothing is due from the backend while the client holds its request back.
            upstreams[slot].deadline = .never
            let client = exchanges[exchange].downstream
            if exchanges[exchange].isTunnel {
                touchTunnel(exchange)
            } else if exchanges[exchange].awaitsContinue {
                setReceiveDeadline(client, world.now + Exchange.continueNs)
            } else {
                setReceiveDeadline(client, world.now + settings.clientStallNs)
            }
            receive(fromClient: client)
        case .finished:
            if exchanges[exchange].isTunnel {
                exchanges[exchange].hasSentRequest = true
                world.submit(.shutdown(upstreams[slot].socket), .none, buffers: buffers)
                finishTunnelIfOver(exchange)
            } else {
                finishRequest(exchange)
            }
        case .failed(let refusal):
            exchanges[exchange].refusal = refusal
            exchanges[exchange].keepsClient = false
            fail(exchange, Fault(.badRequest, .downstream, exchanges[exchange].phase))
        }
    }

    /// Appends a piece of the body to what can be sent again; false when it is not, or no longer, to be kept.
    private mutating func keepBody(_ exchange: UInt32, _ slice: BufferSlice) -> Bool {
        guard exchanges[exchange].keepsBody else { return false }
        let request = exchanges[exchange].request
        let end = Int(request.end) + Int(slice.count)
        guard exchanges[exchange].upload.bodyBytes <= Exchange.keptBodyBytesMax, end <= BufferPool.largeBytes else {
            exchanges[exchange].keepsBody = false
            return false
        }
        var target = request.buffer
        if end > buffers.capacity(target) {
            target = buffers.takeLarge()
            buffers.copy(request, to: target, at: Int(request.start))
            buffers.give(request.buffer)
        }
        buffers.copy(slice, to: target, at: Int(request.end))
        exchanges[exchange].request = BufferSlice(target, request.start, UInt32(end))
        return true
    }

    private mutating func send(toBackend slot: UInt32, _ slice: BufferSlice, more: Bool) {
        upstreams[slot].isSending = true
        exchanges[upstreams[slot].exchange].timers.sent(world.now)
        if exchanges[upstreams[slot].exchange].isTunnel {
            touchTunnel(upstreams[slot].exchange)
        } else {
            setDeadline(slot, world.now + exchanges[upstreams[slot].exchange].patience.responseStallNs)
        }
        let token = Token(.upstreamSend, slot: slot, generation: upstreams.generation(slot))
        world.submit(.send(upstreams[slot].socket, slice, more: more), token, buffers: buffers)
    }

    mutating func sent(toBackend slot: UInt32, _ outcome: Completion.Outcome) {
        upstreams[slot].isSending = false
        guard upstreams[slot].state == .busy else { return freeUpstreamIfQuiet(slot) }
        let exchange = upstreams[slot].exchange
        switch outcome {
        case .sent(let count):
            upstreams[slot].bytesSent &+= UInt64(count)
            let request = exchanges[exchange].request
            if exchanges[exchange].requestSent < request.count {
                exchanges[exchange].requestSent += count
            } else {
                exchanges[exchange].upload.sent(count, &buffers)
            }
            advanceUpload(exchange)
        case .failed, .cancelled, .woken, .accepted, .connected, .received, .ended:
            // The backend may have answered before it closed: what it sent, or its reset, comes with the receive.
            exchanges[exchange].keepsBackend = false
            upstreams[slot].hasFailedToSend = true
            expectAnswer(exchange, slot)
            // Its answer may be there or on its way all the same, and the client may read none before it has sent all.
            if exchanges[exchange].hasSentMore { dropUpload(exchange) }
        }
    }

    /// No attempt will take what is still to come of the request: it is read and dropped, and the connection closed after
    /// the answer.
    mutating func dropUpload(_ exchange: UInt32) {
        guard !exchanges[exchange].upload.hasWholeBody, !exchanges[exchange].isTunnel else { return }
        retireUpload(exchange)
        exchanges[exchange].dropsUpload = true
        let client = exchanges[exchange].downstream
        downstreams[client].receiveDeadline = .never
        receive(fromClient: client)
    }

    /// The whole request is out: the answer is awaited, and what the client sends now belongs to its next one.
    private mutating func finishRequest(_ exchange: UInt32) {
        exchanges[exchange].hasSentRequest = true
        let client = exchanges[exchange].downstream
        retireUpload(exchange)
        if downstreams[client].input.isEmpty { receive(fromClient: client) }
        if !exchanges[exchange].hasBegunAnswer {
            expectAnswer(exchange, exchanges[exchange].upstream)
        }
    }

    /// From now on the final answer's first byte is due.
    private mutating func expectAnswer(_ exchange: UInt32, _ slot: UInt32) {
        exchanges[exchange].answerDueAt = world.now + exchanges[exchange].patience.responseFirstByteNs
        setDeadline(slot, exchanges[exchange].answerDueAt)
    }

    // MARK: receiving

    /// Has a receive under way, unless there is one.
    mutating func receive(fromBackend slot: UInt32) {
        guard !upstreams[slot].isReceiving else { return }
        upstreams[slot].isReceiving = true
        let token = Token(.upstreamReceive, slot: slot, generation: upstreams.generation(slot))
        let exchange = upstreams[slot].exchange
        let isBody = exchange != .max && exchanges[exchange].hasBegunAnswer
        let passing = isBody ? exchanges[exchange].download.passing : 0
        world.submit(.receive(upstreams[slot].socket, passing: passing), token, buffers: buffers)
    }

    mutating func received(fromBackend slot: UInt32, _ outcome: Completion.Outcome) {
        upstreams[slot].isReceiving = false
        switch upstreams[slot].state {
        case .busy:
            let exchange = upstreams[slot].exchange
            switch outcome {
            case .received(let buffer, let count):
                guard upstreams[slot].served == 0 || upstreams[slot].attachedTurn != turnCount else {
                    // It came before the request was out, so it is no answer to it, whatever it says.
                    buffers.give(buffer)
                    return backendEnded(exchange, slot, isReset: true)
                }
                answered(exchange, BufferSlice(received: count, in: buffer))
            case .ended:
                // The kernel tells of a reset once, and the send may have heard of it: what follows looks like a clean end.
                backendEnded(exchange, slot, isReset: upstreams[slot].hasFailedToSend)
            case .failed, .cancelled, .woken, .accepted, .connected, .sent:
                backendEnded(exchange, slot, isReset: true)
            }
        case .idle, .opening, .connecting:
            // A byte that nobody asked for, or the end: either way it can carry no request.
            if case .received(let buffer, _) = outcome { buffers.give(buffer) }
            closeUpstream(slot)
        case .closing:
            if case .received(let buffer, _) = outcome { buffers.give(buffer) }
            freeUpstreamIfQuiet(slot)
        }
    }

    private mutating func backendEnded(_ exchange: UInt32, _ slot: UInt32, isReset: Bool) {
        exchanges[exchange].keepsBackend = false
        let phase = exchanges[exchange].phase
        if exchanges[exchange].hasBegunAnswer {
            // What a backend that is done with us has not read of a tunnel, it will not read.
            if isReset, exchanges[exchange].isTunnel {
                return abandon(exchange, Fault(.truncatedAnswer, .upstream, phase))
            }
            do {
                guard !isReset else { throw H1Error.prematureEnd }
                try exchanges[exchange].download.end()
            } catch {
                return fail(exchange, Fault(.truncatedAnswer, .upstream, phase))
            }
            return advanceDownload(exchange)
        }
        // An answer that was held back has not reached the client: to it there was none (docs/decisions/0002).
        let wasHeld = !exchanges[exchange].held.buffer.isNone
        dropHeld(exchange)
        guard exchanges[exchange].answer.isEmpty else {
            return attemptFailed(exchange, Fault(.truncatedAnswer, .upstream, phase))
        }
        // Its kernel has had no more than what went before this request: nothing there has read any of it. A reset is no
        // proof, for it carries no acknowledgement of what came last.
        let isReused = upstreams[slot].served > 0
        let isUnread =
            isReused && world.acknowledged(upstreams[slot].socket).map { $0 <= upstreams[slot].bytesBefore } ?? false
        let fault = Fault(
            wasHeld ? .truncatedAnswer : .noAnswer,
            .upstream,
            phase,
            retry: isUnread && !isReset ? .undelivered : .ifIdempotent
        )
        guard !wasHeld, isReused else { return attemptFailed(exchange, fault, isUnread: isUnread) }
        // The keep-alive race: the backend closed an idle connection as we used it. The same backend, freshly connected,
        // is as good as any.
        exchanges[exchange].fault = fault
        guard affordsRepeat(exchange, isUnread: isUnread) else {
            return fail(exchange, fault)
        }
        noteRetry(exchange)
        detach(exchange)
        exchanges[exchange].endpointTried = 0
        dial(exchange)
    }

    mutating func backendTimedOut(_ slot: UInt32) {
        switch upstreams[slot].state {
        case .opening:
            connectFailed(upstreams[slot].exchange, Fault(connecting: .noDescriptors))
        case .connecting:
            let fault = Fault(.connectTimeout, .upstream, .acquire, retry: .undelivered)
            connectFailed(upstreams[slot].exchange, fault)
        case .busy:
            upstreams[slot].deadline = .never
            let exchange = upstreams[slot].exchange
            let phase = exchanges[exchange].phase
            if !exchanges[exchange].held.buffer.isNone {
                sendHeld(exchange)
            } else if upstreams[slot].isSending {
                fail(exchange, Fault(.sendStalled, .upstream, phase))
            } else if exchanges[exchange].hasBegunAnswer {
                fail(exchange, Fault(.answerStalled, .upstream, phase))
            } else {
                let fault = Fault(.answerTimeout, .upstream, phase, retry: .ifIdempotent)
                if exchanges[exchange].patience.retriesTimeouts, goElsewhere(exchange, fault) { return }
                fail(exchange, fault)
            }
        case .idle:
            closeUpstream(slot)
        case .closing:
            break
        }
    }

    // MARK: ends

    /// Parts the exchange from its connection, which is closed. A buffer that a send still has in hand stays with it.
    mutating func detach(_ exchange: UInt32) {
        let slot = exchanges[exchange].upstream
        guard slot != .max else { return }
        exchanges[exchange].upstream = .max
        upstreams[slot].exchange = .max
        if upstreams[slot].isSending {
            let request = exchanges[exchange].request
            if exchanges[exchange].requestSent < request.count {
                // The request is still wanted, for another attempt or for the log: it gets a copy.
                let isLarge = Int(request.end) > BufferPool.smallBytes
                let copy = isLarge ? buffers.takeLarge() : buffers.take()
                buffers.copy(request, to: copy, at: Int(request.start))
                upstreams[slot].orphan = request.buffer
                exchanges[exchange].request.buffer = copy
            } else {
                let inFlight = exchanges[exchange].upload.outgoing
                upstreams[slot].orphan = inFlight
                retireUpload(exchange, keeping: inFlight)
            }
        }
        closeUpstream(slot)
    }

    /// Files the exchange's connection for the next one, if it may be used again.
    mutating func release(_ exchange: UInt32) {
        let slot = exchanges[exchange].upstream
        guard slot != .max else { return }
        let backend = upstreams[slot].backend
        let isReusable =
            exchanges[exchange].keepsBackend && exchanges[exchange].hasSentRequest && !upstreams[slot].isSending
            && snapshot.takesNew(backend) && live[Int(backend)].mayServe && !isStopping
            && world.now < upstreams[slot].retiresAt
            && exchanges[exchange].keepAliveNs > 0
        guard isReusable else { return detach(exchange) }
        exchanges[exchange].upstream = .max
        upstreams[slot].exchange = .max
        upstreams[slot].served &+= 1
        upstreams[slot].state = .idle
        guard idle.give(slot, &upstreams) else {
            upstreams[slot].state = .busy
            return closeUpstream(slot)
        }
        counts[Int(backend)].changeIdle(by: 1)
        let idleNs = min(settings.upstreamIdleNs, exchanges[exchange].keepAliveNs)
        setDeadline(slot, min(world.now + idleNs, upstreams[slot].retiresAt))
        receive(fromBackend: slot)
    }

    mutating func closeUpstream(_ slot: UInt32) {
        guard upstreams[slot].state != .closing else { return }
        if upstreams[slot].state == .idle {
            idle.remove(slot, &upstreams)
            counts[Int(upstreams[slot].backend)].changeIdle(by: -1)
        }
        if upstreams[slot].isInOpeningQueue { opening.remove(slot, &upstreams) }
        upstreams[slot].state = .closing
        upstreams[slot].deadline = .never
        if upstreams[slot].socket != .none { world.submit(.close(upstreams[slot].socket), .none, buffers: buffers) }
        freeUpstreamIfQuiet(slot)
    }

    private mutating func freeUpstreamIfQuiet(_ slot: UInt32) {
        guard upstreams[slot].state == .closing else { return }
        if !upstreams[slot].isSending, !upstreams[slot].orphan.isNone {
            buffers.give(upstreams[slot].orphan)
            upstreams[slot].orphan = .none
        }
        guard upstreams[slot].isQuiet else { return }
        live[Int(upstreams[slot].backend)].removeConnection()
        upstreamTimers.cancel(slot)
        let backend = upstreams[slot].backend
        upstreams.give(slot)
        // The slot of a backend that left may be free for another now.
        if !snapshot.takesNew(backend) { chores.insert(.changed) }
    }
}
