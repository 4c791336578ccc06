import HTTPWire

/// Puts an answer together from the bytes of a connection, in whatever pieces they come (RFC 9112).
struct AnswerReader {
    /// Why the bytes are no answer.
    struct Refusal: Error {
        /// False when they are not even HTTP; the message is then an excerpt of them.
        let isHTTP: Bool
        /// Else a predicate: `ended in the middle`.
        let message: String
    }

    /// The most content that is kept: a list of 16,384 backends has about 10 MB.
    static let bodyBytesMax = 256 << 20

    private let method: Method
    /// What has come and is not understood yet: the head, or the part of the content's framing that is not whole.
    private var pending: [UInt8] = []
    private var parser = H1HeadParser()
    private var state = State.head
    private var body: [UInt8] = []

    private enum State {
        case head
        case content(H1BodyDecoder, Answer)
        case done
    }

    init(answering method: AdminRequest.Method) {
        self.method =
            switch method {
            case .get: .get
            case .head: .head
            case .post: .post
            case .put: .put
            case .patch: .patch
            case .delete: .delete
            }
    }

    /// Takes what has come, and returns the answer once it is whole; what follows it is not looked at.
    mutating func take(_ bytes: [UInt8]) throws(Refusal) -> Answer? {
        pending += bytes
        while true {
            switch state {
            case .head:
                guard try readHead() else { return nil }
            case .content(var decoder, let answer):
                guard try readContent(&decoder) else {
                    state = .content(decoder, answer)
                    return nil
                }
                state = .done
                return answer.with(body)
            case .done:
                return nil
            }
        }
    }

    /// The head of the answer, once it has come; its body is empty.
    var head: Answer? {
        if case .content(_, let answer) = state { return answer }
        return nil
    }

    /// Takes what has come of the content and was not taken yet: of an answer that has no end, piece by piece.
    mutating func takeContent() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// The peer has closed: the answer, if it is one that ends so.
    mutating func end() throws(Refusal) -> Answer {
        switch state {
        case .head where pending.isEmpty:
            throw Refusal(isHTTP: true, message: "never came: it closed the connection without a word")
        case .head where !looksLikeHTTP:
            throw notHTTP
        case .content(var decoder, let answer):
            do throws(H1Error) {
                try decoder.finish()
            } catch {
                throw Refusal(isHTTP: true, message: "ended in the middle")
            }
            state = .done
            return answer.with(body)
        case .head, .done:
            throw Refusal(isHTTP: true, message: "ended in the middle")
        }
    }

    /// Reads one head; true when there was a whole one.
    ///
    /// An interim answer (RFC 9110 §15.2) is passed over.
    private mutating func readHead() throws(Refusal) -> Bool {
        guard looksLikeHTTP else { throw notHTTP }
        var head = ResponseHead()
        // A span of our own bytes borrows all of us, so the parser steps out for the call.
        var parser = parser
        defer { self.parser = parser }
        let length: Int?
        do throws(H1Error) {
            length = try parser.parseResponse(pending.rawBytes, into: &head)
        } catch {
            if error == .badStatusLine || error == .badVersion || error == .unsupportedVersion { throw notHTTP }
            throw broken(error)
        }
        guard let length else { return false }
        let answer = Answer(
            status: Int(head.status),
            reason: text(head.reason),
            fields: (0..<head.fields.count).map { index in
                let line = head.fields[index]
                return Answer.Field(name: text(line.name).lowercased(), value: text(line.value))
            },
            body: []
        )
        pending.removeFirst(length)
        if head.status == 101 { throw Refusal(isHTTP: true, message: "changes to a protocol nobody asked for") }
        if head.status < 200 { return true }
        let framing = head.framing(answering: method)
        if case .length(let bytes) = framing, bytes > UInt64(Self.bodyBytesMax) { throw Self.tooLarge }
        state = .content(H1BodyDecoder(framing), answer)
        return true
    }

    /// Moves content from `pending` to `body`; true when the content has ended.
    private mutating func readContent(_ decoder: inout H1BodyDecoder) throws(Refusal) -> Bool {
        var from = 0
        defer { pending.removeFirst(from) }
        var trailers = FieldTable()
        while true {
            let step: H1BodyDecoder.Step
            do throws(H1Error) {
                step = try decoder.next(pending.rawBytes, from: from, trailers: &trailers)
            } catch {
                throw broken(error)
            }
            switch step {
            case .needMore(let consumed):
                from = consumed
                return false
            case .data(let range, let next):
                guard body.count + range.count <= Self.bodyBytesMax else { throw Self.tooLarge }
                body += pending[Int(range.start)..<Int(range.end)]
                from = next
            case .end(let next):
                from = next
                return true
            }
        }
    }

    private static let tooLarge = Refusal(isHTTP: true, message: "is larger than \(bodyBytesMax >> 20) MiB")

    /// Whether what has come so far can be the start of a status line (RFC 9112 §4).
    private var looksLikeHTTP: Bool { "HTTP/1.".utf8.starts(with: pending.prefix(7)) }

    private var notHTTP: Refusal { Refusal(isHTTP: false, message: Answer.excerpt(of: pending)) }

    private func broken(_ error: H1Error) -> Refusal {
        Refusal(isHTTP: true, message: "breaks HTTP (\(error.slug)): \(error.text)")
    }

    /// Bytes of a head as text, octet by octet where they are not UTF-8 (RFC 9110 §5.5 leaves them opaque).
    private func text(_ range: ByteRange) -> String {
        let bytes = pending[Int(range.start)..<Int(range.end)]
        return String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}

extension Answer {
    fileprivate func with(_ body: [UInt8]) -> Answer {
        Answer(status: status, reason: reason, fields: fields, body: body)
    }
}
