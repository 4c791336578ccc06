import HTTPWire
import Model

/// One admin connection: its requests, one after the other, each answered before the next is looked at.
struct AdminExchange: ~Copyable {
    private let connection: Connection
    private let service: AdminService
    private let limits: AdminLimits
    private let alarm: Int32
    private let enter: (ConnectionTable.Stage) -> Bool
    private let peer: String
    private let localAddress: String?
    /// Bytes received that are no part of a request handled so far.
    private var buffer: [UInt8] = []

    /// - Parameters:
    ///   - alarm: Becomes readable when the server stops.
    ///   - peer: Who asks: an address, or `uid N` on a unix socket.
    ///   - enter: Told each stage the connection comes to; answers whether it may go on.
    init(
        connection: consuming Connection,
        service: AdminService,
        limits: AdminLimits,
        alarm: Int32,
        peer: String,
        enter: @escaping (ConnectionTable.Stage) -> Bool
    ) {
        self.peer = peer
        localAddress = Sockets.localAddress(of: connection.descriptor)
        self.connection = connection
        self.service = service
        self.limits = limits
        self.alarm = alarm
        self.enter = enter
    }

    /// Answers requests until either side has had enough.
    mutating func serve() {
        while enter(.asking) {
            switch receiveHead(idle: limits.idle, head: limits.head) {
            case .closed: return
            case .refused(let problem):
                return refuse(problem, isHead: H1HeadParser.method(of: buffer.rawBytes) == .head)
            case .head(let head):
                guard answer(head) else { return }
            }
        }
    }

    /// Answers that there are too many connections.
    mutating func refuse() {
        // The request is read, because an answer to nothing is what some clients do not expect; but not for long.
        var isHead = false
        if case .head(let head) = receiveHead(idle: .seconds(1), head: .seconds(1)) {
            isHead = head.request.method == .head
        }
        var problem = Problem(
            .tooManyConnections,
            "\(limits.connectionsMax) admin connections are open, and there are no more"
        )
        problem.fields = [("Retry-After", "1")]
        refuse(problem, isHead: isHead)
    }

    /// Closes the connection after `farewell` has been called.
    consuming func close(_ farewell: () -> Void) { farewell() }

    private struct Head {
        var request: AdminRequest
        var framing: BodyFraming
        var flags: HeadFlags
        var keepsAlive: Bool
        /// An HTTP/1.0 client has to be told that the connection stays.
        var isOld: Bool
    }

    private enum HeadOutcome {
        case head(Head)
        case refused(Problem)
        case closed
    }

    private mutating func receiveHead(idle: TimeSpan, head span: TimeSpan) -> HeadOutcome {
        var parser = H1HeadParser(
            limits: HeadLimits(lineBytesMax: limits.headBytesMax, headBytesMax: limits.headBytesMax)
        )
        var head = RequestHead()
        var deadline = Deadline.after(buffer.isEmpty ? idle : span)
        while true {
            if !buffer.isEmpty {
                do throws(H1Error) {
                    if try parser.parseRequest(buffer.rawBytes, into: &head) != nil { break }
                } catch {
                    return .refused(Self.problem(error))
                }
            }
            let isFresh = buffer.isEmpty
            switch connection.receive(into: &buffer, limit: limits.headBytesMax, until: deadline, alarm: alarm) {
            case .bytes:
                if isFresh { deadline = .after(span) }
            case .timedOut:
                if isFresh { return .closed }
                return .refused(Problem(.requestTimeout, "the head was not complete within \(span)"))
            case .end, .stopped, .failed:
                return .closed
            }
        }
        let outcome = Head(
            request: request(head),
            framing: head.framing,
            flags: head.flags,
            keepsAlive: head.keepsAlive,
            isOld: head.minorVersion == 0
        )
        buffer.removeFirst(head.byteCount)
        return .head(outcome)
    }

    private func request(_ head: borrowing RequestHead) -> AdminRequest {
        var fields: [(name: String, value: String)] = []
        for index in 0..<head.fields.count {
            let line = head.fields[index]
            fields.append((text(line.name).lowercased(), text(line.value)))
        }
        let target = text(head.path)
        let mark = target.firstIndex(of: "?")
        let path = String(target[..<(mark ?? target.endIndex)])
        return AdminRequest(
            methodText: text(head.methodRange),
            path: path.isEmpty && head.targetForm == .absolute ? "/" : path,
            query: mark.map { String(target[target.index(after: $0)...]) },
            host: head.authority.isEmpty ? nil : text(head.authority),
            fields: fields,
            peer: peer,
            id: RequestID.make(),
            localAddress: localAddress
        )
    }

    private func text(_ range: ByteRange) -> String {
        String(decoding: buffer[Int(range.start)..<Int(range.end)], as: UTF8.self)
    }

    /// Answers one request. Whether the connection goes on.
    private mutating func answer(_ head: Head) -> Bool {
        var request = head.request
        let admission: Admission
        // Kept until the answer is made.
        var large: Room.Place?
        defer { withExtendedLifetime(large) {} }
        do throws(Problem) {
            admission = try service.admit(request)
            if head.flags.contains(.expectOther) {
                throw Problem(.expectationFailed, "the only expectation met here is 100-continue")
            }
            let bytesMax = admission.operation.takesDocument ? limits.documentBytesMax : limits.bodyBytesMax
            if case .length(let length) = head.framing, length > UInt64(bytesMax) { throw Self.bodyTooLarge(bytesMax) }
            // A client that waits for a word before it sends the body gets it only now that the head is admitted.
            if head.flags.contains(.expectContinue), head.framing != .none, buffer.isEmpty {
                guard connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), until: .after(limits.send)) else {
                    return false
                }
            }
            guard let body = try receiveBody(head.framing, bytesMax: bytesMax, &large) else { return false }
            request.body = body
        } catch {
            // What is left of the body cannot be told from a next request without reading it.
            let mayGoOn = head.framing == .none && head.keepsAlive
            guard send(error.response(requestID: request.id), to: request, keepsAlive: mayGoOn, isOld: head.isOld)
            else {
                return false
            }
            if !mayGoOn { linger() }
            return mayGoOn
        }
        // From here on the place is the request's. A connection that has lost it before has asked for nothing.
        guard enter(.answering) else { return false }
        let response = service.answer(request, admission, client: connection.descriptor)
        request.body = []
        guard response.isEndless || enter(.taking) else { return false }
        let isStopping = Sockets.waitForAny([alarm], until: .after(.zero)) == [true]
        let mayGoOn = head.keepsAlive && !isStopping && !response.isEndless
        guard send(response, to: request, keepsAlive: mayGoOn, isOld: head.isOld) else { return false }
        if !mayGoOn, !buffer.isEmpty { linger() }
        return mayGoOn
    }

    /// The whole body; nil when the client has gone.
    ///
    /// - Parameter large: Receives the place of a body that is larger than others may be, of which there are few at a time.
    private mutating func receiveBody(
        _ framing: BodyFraming,
        bytesMax: Int,
        _ large: inout Room.Place?
    ) throws(Problem) -> [UInt8]? {
        var decoder = H1BodyDecoder(framing)
        var trailers = FieldTable()
        var body: [UInt8] = []
        let begun = MonotonicClock.now()
        while true {
            let consumed: Int
            do throws(H1Error) {
                consumed = try Self.take(&decoder, &trailers, from: buffer, into: &body)
            } catch {
                throw Self.problem(error)
            }
            buffer.removeFirst(consumed)
            guard body.count <= bytesMax else { throw Self.bodyTooLarge(bytesMax) }
            if body.count > limits.bodyBytesMax, large == nil {
                guard let place = service.largeBodies.enter(max: limits.documentsMax) else {
                    var problem = Problem(
                        .tooManyWaits,
                        "\(limits.documentsMax) large document\(limits.documentsMax == 1 ? " is" : "s are") being read "
                            + "already; nothing was changed"
                    )
                    problem.fields = [("Retry-After", "1")]
                    throw problem
                }
                large = place
            }
            if decoder.isComplete { return body }
            // A second more for each megabyte that has come: what is as slow as that is no document on its way.
            let patience = limits.body.nanoseconds + Int64(body.count >> 20) * 1_000_000_000
            let deadline = Deadline.after(
                TimeSpan(nanoseconds: max(0, begun + patience - MonotonicClock.now()))
            )
            switch connection.receive(into: &buffer, limit: 64 * 1024, until: deadline, alarm: nil) {
            case .bytes: continue
            case .end: throw Self.problem(H1Error.prematureEnd)
            case .timedOut, .stopped:
                throw Problem(
                    .requestTimeout,
                    "the body was not complete within \(limits.body): \(body.count) bytes came"
                )
            case .failed: return nil
            }
        }
    }

    /// Moves content to `body`; returns how many bytes are done with.
    private static func take(
        _ decoder: inout H1BodyDecoder,
        _ trailers: inout FieldTable,
        from bytes: [UInt8],
        into body: inout [UInt8]
    ) throws(H1Error) -> Int {
        var at = 0
        while true {
            switch try decoder.next(bytes.rawBytes, from: at, trailers: &trailers) {
            case .needMore(let consumed): return consumed
            case .data(let range, let next):
                body.append(contentsOf: bytes[Int(range.start)..<Int(range.end)])
                at = next
            case .end(let next): return next
            }
        }
    }

    private static func bodyTooLarge(_ bytesMax: Int) -> Problem {
        Problem(.bodyTooLarge, "the body has more than \(bytesMax) bytes")
    }

    private func send(_ response: AdminResponse, to request: AdminRequest, keepsAlive: Bool, isOld: Bool) -> Bool {
        let pieces = response.serialised(
            pretty: request.isForPerson,
            requestID: request.id,
            date: WallClock.httpDate(WallClock.now()),
            connection: keepsAlive ? (isOld ? "keep-alive" : nil) : "close",
            omitsBody: request.method == .head
        )
        guard connection.send(pieces, until: .after(limits.send)) else { return false }
        if case .stream(let stream) = response.body, request.method != .head {
            stream.run(on: connection, limits: limits, alarm: alarm)
        }
        return true
    }

    /// Answers bytes that are no request, and has done with the connection.
    /// - Parameter isHead: whether it was asked with HEAD, whose answer has no content (RFC 9110 §9.3.2).
    private mutating func refuse(_ problem: Problem, isHead: Bool) {
        let id = RequestID.make()
        let pieces = problem.response(requestID: id).serialised(
            pretty: true,
            requestID: id,
            date: WallClock.httpDate(WallClock.now()),
            connection: "close",
            omitsBody: isHead
        )
        if connection.send(pieces, until: .after(limits.send)) { linger() }
    }

    /// Long enough for an answer to arrive, and no longer.
    private func linger() { connection.linger(bytesMax: 4 << 20, until: .after(.seconds(1))) }

    private static func problem(_ error: H1Error) -> Problem {
        let kind: ProblemKind
        switch error.status {
        case 414: kind = .targetTooLong
        case 431: kind = .headTooLarge
        case 501: kind = .notImplemented
        case 505: kind = .unsupportedVersion
        default: kind = .malformedRequest
        }
        return Problem(kind, "\(error.text)")
    }
}

/// Names one request in the answer and in the log.
enum RequestID {
    /// 128 random bits in hexadecimal.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let half = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - half.count) + half
        }.joined()
    }
}
