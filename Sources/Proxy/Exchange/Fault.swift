/// What went wrong with an exchange, whose part it was, where it happened, and whether trying again is safe.
package struct Fault: Equatable, Sendable, BitwiseCopyable {
    package enum Kind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        case none
        /// The client's message broke a rule; the exchange's `refusal` says which.
        case badRequest
        case methodNotAllowed
        case expectationFailed
        case bodyTooLarge
        /// Not forwarded any further, as its `Max-Forwards` asks: it has our answer.
        case forwardsSpent
        /// It came through this process before.
        case loop
        case clientGone
        case clientTimeout
        case noBackend
        case connectFailed
        case connectTimeout
        /// Closed or reset before an answer had begun.
        case noAnswer
        case answerTimeout
        /// The backend's message broke a rule.
        case badAnswer
        /// Closed or reset inside of the answer.
        case truncatedAnswer
        case answerStalled
        case sendStalled
        /// This machine has no descriptor left for a connection to the backend.
        case outOfDescriptors
        /// Every backend is at its limit, and so is the queue.
        case queueFull
        case queueTimeout
        case overloaded
        case stopping
        /// Its backend was to be rid of it, and the time it had for that is over.
        case drainCut
        /// The exchange as a whole took longer than its pool allows.
        case totalTimeout
        /// The backend's status is one after which the pool asks another one.
        case retriedStatus
        /// This machine has no local port left for a connection to the backend's address.
        case outOfLocalPorts
        /// This machine's kernel has no memory left for a connection to the backend.
        case outOfMemory
    }

    package enum Side: UInt8, Sendable, BitwiseCopyable, CaseIterable {
        case none
        case downstream
        case proxy
        case upstream
    }

    package enum Retry: UInt8, Sendable, BitwiseCopyable {
        /// The backend may have acted on it.
        case no
        /// Nothing of the request can have reached an application.
        case undelivered
        /// Probably undelivered: an idle connection turned out dead. Safe for idempotent methods.
        case ifIdempotent
    }

    package var kind: Kind
    package var side: Side
    package var phase: Exchange.Phase
    package var retry: Retry

    package init(_ kind: Kind, _ side: Side, _ phase: Exchange.Phase, retry: Retry = .no) {
        self.kind = kind
        self.side = side
        self.phase = phase
        self.retry = retry
    }

    package static let none = Fault(.none, .none, .parse)

    /// What the client is told, while it can still be told (SEMANTICS: 503 = no backend application saw the request,
    /// 502 = delivered and then lost, 504 = delivered and no answer in time). 499 appears in logs only.
    package var status: UInt16 {
        switch kind {
        case .none, .forwardsSpent: 200
        case .badRequest: 400
        case .methodNotAllowed: 405
        case .expectationFailed: 417
        case .bodyTooLarge: 413
        case .loop: 508
        case .clientGone: 499
        case .clientTimeout: 408
        case .noBackend, .connectFailed, .connectTimeout, .outOfDescriptors, .queueFull, .queueTimeout, .overloaded,
            .stopping, .outOfLocalPorts, .outOfMemory:
            503
        case .noAnswer, .badAnswer, .truncatedAnswer, .sendStalled, .drainCut, .retriedStatus: 502
        case .answerTimeout, .answerStalled, .totalTimeout: 504
        }
    }

    /// The cause as a word, for the log and for Proxy-Status (RFC 9209 §2.3 where it has one).
    package var slug: StaticString {
        switch kind {
        case .none: "none"
        case .badRequest: "http_request_error"
        case .methodNotAllowed: "method_not_allowed"
        case .expectationFailed: "expectation_failed"
        case .bodyTooLarge: "body_too_large"
        case .forwardsSpent: "max_forwards"
        case .loop: "proxy_loop_detected"
        case .clientGone: "client_gone"
        case .clientTimeout: "client_timeout"
        case .noBackend: "destination_unavailable"
        case .connectFailed: "connection_refused"
        case .connectTimeout: "connection_timeout"
        case .noAnswer: "connection_terminated"
        case .answerTimeout: "http_response_timeout"
        case .badAnswer: "http_protocol_error"
        case .truncatedAnswer: "http_response_incomplete"
        case .answerStalled: "connection_read_timeout"
        case .sendStalled: "connection_write_timeout"
        case .outOfDescriptors: "proxy_internal_error"
        case .queueFull: "connection_limit_reached"
        case .queueTimeout: "connection_limit_reached"
        case .overloaded: "proxy_internal_error"
        case .stopping: "proxy_stopping"
        case .drainCut: "drain_deadline"
        case .totalTimeout: "http_response_timeout"
        case .retriedStatus: "retried_status"
        case .outOfLocalPorts: "proxy_internal_error"
        case .outOfMemory: "proxy_internal_error"
        }
    }

    /// The cause in the log and in metrics, a word of its own for each kind: `slug`, but where RFC 9209 has one word for
    /// several.
    package var cause: StaticString { details ?? slug }

    /// The word of its own that a kind has where RFC 9209 has one word for several; nil where `slug` says it all. It is the
    /// parameter `details` of Proxy-Status (RFC 9209 §2.1.5).
    package var details: StaticString? {
        switch kind {
        case .queueFull: "queue_full"
        case .queueTimeout: "queue_timeout"
        case .outOfDescriptors: "out_of_descriptors"
        case .outOfLocalPorts: "out_of_local_ports"
        case .outOfMemory: "out_of_memory"
        case .overloaded: "too_many_connections"
        case .totalTimeout: "total_timeout"
        default: nil
        }
    }

    /// One sentence for the person who reads the answer's body.
    package var text: StaticString {
        switch kind {
        case .none: "No error."
        case .badRequest: "The request is not valid HTTP/1.1."
        case .methodNotAllowed: "This method is not forwarded."
        case .expectationFailed: "The only expectation understood is 100-continue."
        case .bodyTooLarge: "The request body is larger than the limit."
        case .forwardsSpent: "Max-Forwards ends the request at this load balancer."
        case .loop: "The request came through this load balancer before: a backend sends it back here."
        case .clientGone: "The client closed its connection."
        case .clientTimeout: "The request did not arrive in time."
        case .noBackend: "No healthy backend can take this request."
        case .connectFailed: "No backend accepted a connection."
        case .connectTimeout: "No backend accepted a connection in time."
        case .noAnswer: "The backend closed its connection without an answer."
        case .answerTimeout: "The backend did not answer in time."
        case .badAnswer: "The backend's answer is not valid HTTP/1.1."
        case .truncatedAnswer: "The backend's answer broke off."
        case .answerStalled: "The backend's answer stalled."
        case .sendStalled: "The backend stopped reading the request."
        case .outOfDescriptors: "The load balancer has no descriptors left."
        case .outOfLocalPorts: "The load balancer has no local ports left for connections to the backend."
        case .outOfMemory: "The load balancer's kernel has no memory left for a connection to the backend."
        case .queueFull: "Every backend is at its limit, and too many requests wait already."
        case .queueTimeout: "Every backend stayed at its limit for as long as a request may wait."
        case .overloaded: "The load balancer is at its connection limit."
        case .stopping: "The load balancer is stopping."
        case .totalTimeout: "The request took longer than its pool allows."
        case .retriedStatus: "The backend answered with a status that is tried again elsewhere."
        case .drainCut: "The backend was taken out of service before it had answered."
        }
    }
}

extension Fault.Kind {
    /// Whether attempts that end so by their backend's fault, several in a row, speak against it: it refused, broke off or was
    /// late (SEMANTICS §5).
    package var countsTowardsEjection: Bool {
        switch self {
        case .connectFailed, .connectTimeout, .noAnswer, .answerTimeout, .truncatedAnswer, .answerStalled, .sendStalled,
            .totalTimeout:
            true
        case .none, .badRequest, .methodNotAllowed, .expectationFailed, .bodyTooLarge, .forwardsSpent, .loop, .clientGone,
            .clientTimeout, .noBackend, .badAnswer, .outOfDescriptors, .queueFull, .queueTimeout, .overloaded,
            .stopping, .drainCut, .retriedStatus, .outOfLocalPorts, .outOfMemory:
            false
        }
    }

    /// The backend could not be connected to.
    package var isAboutConnecting: Bool { self == .connectFailed || self == .connectTimeout }

    /// This machine lacks what a connection to a backend takes.
    package var isOurLack: Bool { self == .outOfDescriptors || self == .outOfLocalPorts || self == .outOfMemory }
}

extension Fault {
    /// No connection to a backend, by what the kernel said: whose part it was, and whether another backend may do better.
    ///
    /// What this machine lacks says nothing about the backend. Local ports run out for each destination by itself, so another
    /// one may be tried. Descriptors and memory run out for all of them.
    package init(connecting fault: IOFault) {
        switch fault {
        case .noDescriptors: self.init(.outOfDescriptors, .proxy, .acquire)
        case .noMemory: self.init(.outOfMemory, .proxy, .acquire)
        case .noLocalAddress: self.init(.outOfLocalPorts, .proxy, .acquire, retry: .undelivered)
        case .refused, .reset, .timedOut, .unreachable, .noSuchPath, .notPermitted, .acceptQueueFull, .other:
            self.init(.connectFailed, .upstream, .acquire, retry: .undelivered)
        }
    }
}
