import HTTPWire

/// What the worker tells of backends' health, and what it does when one has ceased to serve.
extension Worker where W: ~Copyable {
    /// The present attempt has failed, by the exchange's fault: too many in a row at one backend are handed to the prober,
    /// which decides what comes of it (SEMANTICS §5).
    mutating func noteFailure(_ exchange: UInt32) {
        let kind = exchanges[exchange].fault.kind
        guard kind.countsTowardsEjection else { return }
        let backend = exchanges[exchange].backend
        let failures = live[Int(backend)].countFailure(kind.rawValue)
        let most = exchanges[exchange].plan.failuresMax
        guard most > 0, failures % most == 0, live[Int(backend)].mayServe else { return }
        liveOwner.suspects.insert(backend)
        chores.insert(.suspect)
    }

    /// The backend has served the exchange to its end, with whatever status.
    @inline(always)
    mutating func noteSuccess(_ exchange: UInt32) {
        live[Int(exchanges[exchange].backend)].forgetFailures()
        if exchanges[exchange].plan.serverErrorsMax > 0 { noteStatus(exchange) }
    }

    /// As `noteFailure`, of answers that say that the server has failed.
    private mutating func noteStatus(_ exchange: UInt32) {
        let backend = exchanges[exchange].backend
        guard exchanges[exchange].status >= 500 else { return live[Int(backend)].forgetServerErrors() }
        let errors = live[Int(backend)].countServerError()
        guard errors % exchanges[exchange].plan.serverErrorsMax == 0, live[Int(backend)].mayServe else { return }
        liveOwner.suspects.insert(backend)
        chores.insert(.suspect)
    }

    /// Some backend's availability has changed.
    mutating func followHealth() {
        var hasLost = false
        while true {
            switch journal.next(&journalCursor) {
            case .none:
                if hasLost { leaveLost() }
                return
            case .slot(let backend):
                if !live[Int(backend)].mayServe { hasLost = true }
            case .overrun:
                journalCursor = journal.end
                hasLost = true
            }
        }
    }

    /// Idle connections to backends that do not serve are closed, and requests that wait at one of which nothing is heard any
    /// more go elsewhere.
    mutating func leaveLost() {
        leaveAgainAt = .never
        for slot in 0..<upstreams.walkEnd where upstreams.isTaken(slot) {
            let backend = Int(upstreams[slot].backend)
            guard !live[backend].mayServe else { continue }
            switch upstreams[slot].state {
            case .idle:
                closeUpstream(slot)
            case .busy:
                if live[backend].availability.isFailing, live[backend].isSilent { leave(upstreams[slot].exchange) }
            case .opening, .connecting, .closing:
                break
            }
        }
    }

    /// Takes a request from a backend that hangs, if it may be sent again and somebody else can serve it. With nobody else, or
    /// more of them than the retry budget allows at once, it waits on, and is looked at again soon: the backend may come
    /// back as well.
    private mutating func leave(_ exchange: UInt32) {
        guard !exchanges[exchange].isTunnel, exchanges[exchange].held.buffer.isNone, exchanges[exchange].answer.isEmpty
        else { return }
        let phase = exchanges[exchange].phase
        guard !goElsewhere(exchange, Fault(.answerTimeout, .upstream, phase, retry: .ifIdempotent)) else { return }
        let mayLeaveYet = exchanges[exchange].method.isIdempotent && !exchanges[exchange].hasSentMore
        if mayLeaveYet { leaveAgainAt = world.now + Self.leaveAgainNs }
    }
}
