import HTTPWire
import Model

/// What the worker counts, measures and logs.
extension Worker where W: ~Copyable {
    /// The attempt has its connection, which may yet have to be made.
    @inline(always)
    mutating func noteAttached(_ exchange: UInt32, _ slot: UInt32) {
        let isReused = upstreams[slot].served > 0
        exchanges[exchange].timers.attach(isReused: isReused)
        if isReused { counts[Int(upstreams[slot].backend)].countReuse() }
    }

    /// A connection to a backend has been made.
    mutating func noteConnected(_ exchange: UInt32, _ slot: UInt32) {
        let took = world.now.since(upstreams[slot].openedAt)
        let backend = Int(upstreams[slot].backend)
        exchanges[exchange].timers.connected(afterNs: took)
        counts[backend].countOpened(afterNs: took)
        latencies[backend].connect.record(took)
    }

    /// An answer has begun, which tells how its backend does.
    @inline(always)
    mutating func learn(_ exchange: UInt32, status: UInt16) {
        guard exchanges[exchange].teaches else { return }
        let backend = Int(exchanges[exchange].backend)
        if status >= 500 {
            // Fast answers that the server has failed must not make it look fast.
            return experiences.backends[backend].failed(at: world.now)
        }
        experiences.backends[backend].succeeded(at: world.now)
        let took = exchanges[exchange].timers.firstByteNs
        guard took != PhaseTimers.none else { return }
        experiences.backends[backend].answered(afterNs: took, at: world.now)
        experiences.pools[Int(exchanges[exchange].pool)].answered(afterNs: took)
    }

    /// The exchange has become a tunnel; what earlier attempts met is made good.
    mutating func noteTunnel(_ exchange: UInt32) {
        exchanges[exchange].fault = .none
        exchanges[exchange].refusal = nil
        counts[Int(exchanges[exchange].backend)].changeStreams(by: 1)
    }

    /// An attempt failed, and another one follows, at this backend or elsewhere.
    mutating func noteRetry(_ exchange: UInt32) {
        let fault = exchanges[exchange].fault
        events[0].countRetry(kind: fault.kind.rawValue)
        countFault(fault, exchanges[exchange].refusal)
        if fault.retry != .undelivered { exchanges[exchange].delivered = fault }
        exchanges[exchange].refusal = nil
    }

    /// A timer was due at `deadline`.
    @inline(always)
    mutating func noteLag(_ deadline: Instant) {
        if deadline <= world.now { events[0].recordLag(world.now.since(deadline)) }
    }

    private mutating func countFault(_ fault: Fault, _ refusal: H1Error?) {
        events[0].countFault(kind: fault.kind.rawValue, side: fault.side.rawValue)
        if let refusal { events[0].countGlitch(refusal, isUpstream: fault.side == .upstream) }
    }

    /// The exchange is over: what is counted of it.
    mutating func count(_ exchange: UInt32) {
        let fault = exchanges[exchange].fault
        let status = exchanges[exchange].status
        if fault.kind != .none { countFault(fault, exchanges[exchange].refusal) }
        guard exchanges[exchange].backend != .max else {
            let pool = min(exchanges[exchange].pool, UInt32(LiveTable.poolCapacity))
            return unserved[Int(pool)].count(status: status)
        }
        let backend = Int(exchanges[exchange].backend)
        counts[backend].countFinished(
            status: status,
            bytesIn: exchanges[exchange].upload.bodyBytes,
            bytesOut: exchanges[exchange].download.bodyBytes
        )
        let firstByteNs = exchanges[exchange].timers.firstByteNs
        if firstByteNs != PhaseTimers.none {
            counts[backend].addFirstByte(firstByteNs)
            latencies[backend].firstByte.record(firstByteNs)
        }
        if exchanges[exchange].isTunnel { counts[backend].changeStreams(by: -1) }
        // What became a tunnel lasts as long as its ends like, and says nothing about the backend.
        guard !exchanges[exchange].isTunnel else { return }
        let totalNs = exchanges[exchange].timers.totalNs
        counts[backend].addTotal(totalNs)
        latencies[backend].total.record(totalNs)
    }

    mutating func writeLogLine(_ exchange: UInt32) {
        let wallClock = world.wallClock
        date.update(wallClock)
        let record = exchanges[exchange]
        let outcome = OutcomeLetters(record.fault)
        var line = AccessLog.Line()
        line.client = record.client
        line.peer = downstreams[record.downstream].peer
        line.isParsed = record.isParsed
        line.clientMinorVersion = record.clientMinorVersion
        line.status = record.status
        line.bytesIn = record.upload.bodyBytes
        line.bytesOut = record.download.bodyBytes
        line.pool = record.pool
        line.backend = record.backend
        line.attempts = record.attempts
        line.queueNs = record.timers.queueNs
        line.connectNs = record.timers.connectNs
        line.firstByteNs = record.timers.firstByteNs
        line.totalNs = record.timers.totalNs
        line.isAnswerUnread = record.isAnswerUnread
        line.isReused = record.timers.isReused
        line.ender = outcome.ender
        line.phase = outcome.phase
        if let refusal = record.refusal {
            line.cause = refusal.slug
        } else if record.fault.kind != .none {
            line.cause = record.fault.cause
        }
        // Counted from where the request begins.
        line.requestID = record.requestID.shifted(by: -Int(record.request.start))
        line.generatedID = (record.requestHigh, record.requestLow)
        let isWritten = log.append { out in
            // An exchange whose head never came has no buffer.
            if record.request.buffer.isNone {
                AccessLog.append(
                    line,
                    as: settings.logFormat,
                    request: RawSpan(),
                    names: names,
                    date: date,
                    wallClock: wallClock,
                    to: &out
                )
            } else {
                AccessLog.append(
                    line,
                    as: settings.logFormat,
                    request: buffers.bytes(record.request),
                    names: names,
                    date: date,
                    wallClock: wallClock,
                    to: &out
                )
            }
        }
        if isWritten {
            chores.insert(.log)
        } else {
            counters.countLogDrop()
        }
    }
}
