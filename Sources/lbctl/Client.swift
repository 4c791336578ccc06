import Model

/// Makes one request on one connection and reads the answer, blocking, with a deadline on every step.
struct Client {
    /// How far an exchange had come when it failed.
    ///
    /// What failed in `answer` may have been done by the server.
    enum Stage: Equatable, Sendable {
        case connection
        case answer
    }

    enum Refusal: Error {
        /// With the addresses that were tried.
        case transport(TransportError, Stage, tried: [String])
        /// What came instead of HTTP, as an excerpt.
        case notHTTP(String)
        /// What is wrong with the answer, as a predicate: `ended in the middle`.
        case broken(String)
    }

    let address: AdminAddress
    let token: Token?
    /// To connect, and again from there to the end of the answer; nil is for ever.
    var timeout: TimeSpan?
    let interrupts: Interrupts
    /// Takes the lines of `-v`.
    let trace: (String) -> Void

    /// How much is read at a time.
    private static let chunkBytes = 64 * 1024

    /// How long the answer to `request` may take: what the server is asked to wait comes on top.
    func patience(for request: AdminRequest?) -> TimeSpan? {
        guard let timeout else { return nil }
        let wait = request?.wait?.nanoseconds ?? 0
        return TimeSpan(nanoseconds: min(timeout.nanoseconds + wait, TimeSpan.longest.nanoseconds))
    }

    /// Takes pieces of an answer's content as they come.
    ///
    /// False ends the exchange.
    typealias Reader = (_ head: Answer, _ content: [UInt8]) -> Bool

    /// - Parameter reader: Takes the content of a 200; the answer that is returned then has none. Such an exchange has
    ///   no end of its own and so no deadline once its head is there.
    func exchange(_ request: AdminRequest, reader take: Reader? = nil) throws(Refusal) -> Answer {
        defer { interrupts.disarm() }
        var tried: [String] = []
        let socket: Socket
        do {
            socket = try Socket.connected(to: address.place, deadline: deadline(timeout), interrupts: interrupts) {
                tried.append($0)
                trace("* connecting to \($0)")
            }
        } catch {
            throw .transport(error, .connection, tried: tried)
        }
        var deadline = deadline(patience(for: request))
        traceRequest(request)
        do {
            try socket.send(bytes(of: request), deadline: deadline, interrupts: interrupts)
        } catch {
            // A server that refuses before it has read everything has answered already: its answer says more.
            guard case .broken = error else { throw .transport(error, .answer, tried: tried) }
        }
        var reader = AnswerReader(answering: request.method)
        while true {
            let answer: Answer?
            do {
                var bytes: [UInt8] = []
                let isOpen = try socket.receive(
                    Self.chunkBytes,
                    into: &bytes,
                    deadline: deadline,
                    interrupts: interrupts
                )
                answer = isOpen ? try reader.take(bytes) : try reader.end()
            } catch let error as TransportError {
                throw .transport(error, .answer, tried: tried)
            } catch let error as AnswerReader.Refusal {
                throw error.isHTTP ? .broken(error.message) : .notHTTP(error.message)
            } catch {
                throw .broken("cannot be read")
            }
            if let take, let head = answer ?? reader.head, head.status == 200 {
                if deadline != nil { traceHead(head) }
                deadline = nil
                let content = answer?.body ?? reader.takeContent()
                if !take(head, content) || answer != nil { return head }
            } else if let answer {
                traceAnswer(answer)
                return answer
            }
        }
    }

    /// Waits between two exchanges; only an interrupt ends it earlier.
    func pause(_ span: TimeSpan) throws(TransportError) {
        interrupts.arm()
        defer { interrupts.disarm() }
        try Socket.pause(until: monotonicNanoseconds() + span.nanoseconds, interrupts: interrupts)
    }

    private func deadline(_ span: TimeSpan?) -> Deadline { span.map { monotonicNanoseconds() + $0.nanoseconds } }

    /// The bytes of a request (RFC 9112 §3): one on a connection, and the server is told so.
    private func bytes(of request: AdminRequest) -> [UInt8] {
        let lines = fieldLines(of: request, token: token?.secret)
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (request.body?.bytes ?? [])
    }

    private func fieldLines(of request: AdminRequest, token secret: String?) -> [String] {
        var lines = [
            "\(request.method.rawValue) \(request.target) HTTP/1.1",
            "Host: \(address.authority)",
            "User-Agent: lbctl/\(Release.version)",
            "Connection: close",
        ]
        if let secret { lines.append("Authorization: Bearer \(secret)") }
        lines += request.fields.map { "\($0.name): \($0.value)" }
        if let body = request.body {
            lines.append("Content-Length: \(body.bytes.count)")
        } else if !request.method.isSafe, request.method != .delete {
            // RFC 9110 §8.6: a method that expects content says that there is none.
            lines.append("Content-Length: 0")
        }
        return lines
    }

    private func traceRequest(_ request: AdminRequest) {
        // The secret stays where it is: what -v prints is pasted into tickets.
        let secret = token.map { "(the token \($0.origin.description))" }
        for line in fieldLines(of: request, token: secret) { trace("> " + line) }
        trace(">")
        if let body = request.body { trace("> " + String(decoding: body.bytes, as: UTF8.self)) }
    }

    private func traceHead(_ answer: Answer) {
        trace("< HTTP " + answer.summary)
        for field in answer.fields { trace("< \(field.name): \(field.value)") }
    }

    private func traceAnswer(_ answer: Answer) {
        traceHead(answer)
        guard !answer.body.isEmpty else { return }
        for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n") { trace("< " + line) }
    }
}
