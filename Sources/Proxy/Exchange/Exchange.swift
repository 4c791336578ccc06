package import HTTPWire

/// One request and its answer, from the first byte of its head to its line in the log.
///
/// A trivial value in a slot of its worker's table. It owns its buffers (`request`, `answer`, those of the pumps) and
/// gives each back exactly once.
package struct Exchange: BitwiseCopyable {
    /// Where an exchange is, in the words of the life of a request. The first letter stands in the log.
    package enum Phase: UInt8, Sendable, BitwiseCopyable {
        case parse
        case admit
        case route
        case pick
        case acquire
        /// Sending the request, the answer has not begun.
        case wait
        case relay
        case finish
    }

    package var phase = Phase.parse
    package var downstream: UInt32 = .max
    /// The connection that carries the present attempt; `.max` when there is none.
    package var upstream: UInt32 = .max

    package var method = Method.get
    package var clientMinorVersion: UInt8 = 1
    /// The client may send another request on its connection.
    package var keepsClient = false
    /// The client has said that this is its last request (RFC 9112 §9.6), and the request has no body.
    package var isLastOfClient = false
    package var fault = Fault.none
    /// Which rule the client's or the backend's message broke.
    package var refusal: H1Error?

    // Attempts.
    /// Its pool's.
    package var patience = PoolPatience()
    /// What the backend's kernel had acknowledged on a reused connection before this request; `.max` when not asked.
    package var acknowledgedBefore = UInt64.max
    package var attempts: UInt8 = 0
    package var tried = TriedBackends()
    /// What the request brings that may decide its backend.
    package var wish = PickWish()
    /// Live slot of the backend of the present or last attempt; `.max` before the first.
    package var backend: UInt32 = .max
    /// Whether the present attempt is in its backend's in-flight count.
    package var isCounted = false
    /// Whether it is in its pool's count as well.
    package var isPoolCounted = false
    /// Whether its pool's algorithm wants to know how the attempt goes.
    package var teaches = false
    /// The present attempt's addresses in the snapshot's plan, how many of them have been tried, and the place of the first.
    package var plan = BackendPlan(live: .max, endpointStart: 0, endpointCount: 0, weight: 0)
    package var endpointTried: UInt32 = 0
    package var endpointFirst: UInt32 = 0
    /// When the time is over that the addresses of the present attempt share for connecting.
    package var connectBy = Instant.never
    /// The snapshot that `plan` belongs to; a later one makes the plan stale.
    package var planSequence: UInt64 = 0

    // The queue.
    package var isWaiting = false
    package var waitingBefore: UInt32 = .max
    package var waitingAfter: UInt32 = .max
    /// When it began to wait for a backend, the first time; `never` before. How long it may is its pool's to say, and may
    /// change meanwhile.
    package var waitingSince = Instant.never

    // The request. Its rewritten head, and as much of the body as is kept, stay until the exchange ends: they are what is
    // sent again, and where the log finds the request line.
    package var request = BufferSlice.none
    /// What comes of the body is kept in `request` before it is sent.
    package var keepsBody = false
    /// More was sent than `request` has.
    package var hasSentMore = false
    /// How much of `request` has been sent on the present attempt.
    package var requestSent: UInt32 = 0
    package var upload = Pump(.none, framedAs: .identity)
    package var hasSentRequest = false
    /// The client asks for another protocol, and the request passes that on.
    package var asksForUpgrade = false
    /// The backend has agreed: both pumps now carry bytes that are not ours to read.
    package var isTunnel = false
    /// The client waits for a 100 before it sends its body, and has not had one.
    package var awaitsContinue = false

    // The answer.
    /// Received bytes of an answer's head that is not complete.
    package var answer = BufferSlice.none
    package var answerParser = H1HeadParser()
    package var download = Pump(.none, framedAs: .identity)
    /// A rewritten head, and the beginning of a short body, that wait for the rest of it. Until they are sent, a backend
    /// that dies has not answered, and the request can go elsewhere.
    package var held = BufferSlice.none
    /// When holding began; `never` before.
    package var heldSince = Instant.never
    /// The download is an interim (1xx) answer; the final one is still to come.
    package var isInterim = false
    /// When patience with the backend's final answer ends; `never` while the request is not out. Interim answers do not
    /// move it: a backend could go on saying 103 for ever.
    package var answerDueAt = Instant.never
    /// The final answer's head, the backend's or ours, is on its way to the client: nothing can be tried again.
    package var hasBegunAnswer = false
    /// A tunnel's backend has said its last byte, and the client has it.
    package var hasEndedDownload = false
    package var status: UInt16 = 0
    /// The backend lets its connection be used again.
    package var keepsBackend = false
    /// The client knows the end of the answer by the end of its connection alone.
    package var endsByClose = false
    /// How long it says that it keeps an idle connection (`Keep-Alive: timeout=`), a second less so that we end it first;
    /// `.max` when it does not say.
    package var keepAliveNs = UInt64.max

    // For the log, the counts and the timeouts.
    /// The request's head was understood, and `request` holds it as we wrote it.
    package var isParsed = false
    /// The pool's line among the tickets; `.max` before routing.
    package var pool: UInt32 = .max
    package var timers = PhaseTimers()
    /// The value of `X-Request-Id` in `request`; empty before that is written.
    package var requestID = ByteRange.empty
    package var startedAt = Instant(nanoseconds: 0)
    package var requestHigh: UInt64 = 0
    package var requestLow: UInt64 = 0

    package init() {}

    /// How long the beginning of a short answer waits for its end. A backend that writes its head and its body apart
    /// takes microseconds between them; one that means to trickle is not kept longer than a person notices.
    package static let holdNs: UInt64 = 100_000_000
    /// The longest body that is waited for: it shares the head's buffer.
    package static let holdBytesMax: UInt64 = 8 * 1024

    /// How long a backend may take to say 100 before we do (SEMANTICS §1): some never do, and the client waits.
    package static let continueNs: UInt64 = 1_000_000_000

    /// The most of a body that is kept to be sent again (SEMANTICS §3). One that announces more is not kept at all.
    package static let keptBodyBytesMax: UInt64 = 64 * 1024

    /// Attempts after the first, where any are wanted, for attempts that never had a connection: no backend has seen the
    /// request, and another look costs it nothing. A backend whose accept queue is full drops one SYN and takes the next.
    package static let connectRetriesMax: UInt8 = 5

    /// Whether the same request may go out once more after `fault`.
    package var mayRepeat: Bool {
        var most = patience.retriesMax
        // What this machine lacks is not to be had by asking often.
        if fault.retry == .undelivered, !fault.kind.isOurLack, most > 0 { most = max(most, Self.connectRetriesMax) }
        guard attempts <= most, !hasBegunAnswer, !hasSentMore else { return false }
        switch fault.retry {
        case .no: return false
        case .undelivered: return true
        case .ifIdempotent: return method.isIdempotent
        }
    }
}
