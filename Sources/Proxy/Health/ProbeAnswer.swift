import HTTPWire
import Model

/// What has come back on one probe, and the verdict as soon as there is one.
struct ProbeAnswer {
    /// What of a body is looked at: for its text, or for whoever asked for the check.
    static let bodyBytesMax = 64 * 1024

    private(set) var status: Int?
    private(set) var head: [UInt8] = []
    private(set) var body: [UInt8] = []
    /// What is wrong with the status; nil when that is as expected.
    private(set) var statusFailure: String?
    private var isFound = false
    private var decoder = H1BodyDecoder(.none)
    private let needle: [UInt8]
    /// So many bytes of a body are wanted whatever they say.
    private let wanted: Int
    private let expect: StatusSet

    /// - Parameter isShown: somebody wants to see the answer.
    init(_ check: HealthCheckSpec, isShown: Bool) {
        needle = Array((check.body?.string ?? "").utf8)
        wanted = isShown ? ProbeReport.bodyBytesKept : 0
        expect = check.expect
    }

    /// What is to be done next.
    enum Step: Equatable {
        case receive
        /// The check has ended; nil: it has passed.
        case verdict(failure: String?)
    }

    /// The final answer's head has come.
    mutating func begin(_ found: borrowing ResponseHead, _ bytes: RawSpan) -> Step {
        let status = Int(found.status)
        self.status = status
        if wanted > 0 {
            for index in 0..<bytes.byteCount { head.append(bytes.byte(index)) }
        }
        decoder = H1BodyDecoder(found.framing(answering: .get))
        if !expect.contains(status) { statusFailure = "status \(status)" }
        return step
    }

    /// Takes what has come of the body.
    /// - Returns: how many of `bytes` are done with, and what is next.
    mutating func take(_ bytes: RawSpan) -> (consumed: Int, step: Step) {
        var trailers = FieldTable()
        var at = 0
        while true {
            if case .verdict = step { return (at, step) }
            do {
                switch try decoder.next(bytes, from: at, trailers: &trailers) {
                case .needMore(let consumed):
                    return (consumed, .receive)
                case .data(let range, let next):
                    append(bytes, range)
                    at = next
                case .end(let next):
                    return (next, conclusion)
                }
            } catch let error {
                return (at, .verdict(failure: statusFailure ?? "not an HTTP answer (\(error.slug))"))
            }
        }
    }

    /// The backend has closed the connection within the body.
    mutating func end() -> Step {
        do {
            try decoder.finish()
            return conclusion
        } catch {
            return .verdict(failure: statusFailure ?? (isDecided ? nil : "closed within its answer"))
        }
    }

    /// What is still to come of the body cannot change the verdict, which is `statusFailure`.
    var isDecided: Bool { status != nil && (statusFailure != nil || hasNeedle) }
    /// Nothing of the body is missing in `body`.
    var isWhole: Bool { decoder.isComplete && body.count < Self.bodyBytesMax }

    private var hasNeedle: Bool { needle.isEmpty || isFound }

    private var step: Step {
        let isEnough = body.count >= wanted || decoder.isComplete
        if statusFailure != nil || hasNeedle { return isEnough ? .verdict(failure: statusFailure) : .receive }
        if body.count >= Self.bodyBytesMax || decoder.isComplete { return conclusion }
        return .receive
    }

    /// Nothing more will come.
    private var conclusion: Step {
        if let statusFailure { return .verdict(failure: statusFailure) }
        if hasNeedle { return .verdict(failure: nil) }
        let text = String(decoding: needle, as: UTF8.self)
        return .verdict(failure: "the body does not contain \"\(text)\"")
    }

    private mutating func append(_ bytes: RawSpan, _ range: ByteRange) {
        let before = body.count
        for index in Int(range.start)..<Int(range.end) {
            guard body.count < Self.bodyBytesMax else { break }
            body.append(bytes.byte(index))
        }
        guard !needle.isEmpty, !isFound else { return }
        // It may have begun in what came before.
        let from = max(0, before - needle.count + 1)
        guard body.count >= from + needle.count else { return }
        isFound = (from...(body.count - needle.count)).contains { start in
            body[start..<start + needle.count].elementsEqual(needle)
        }
    }
}
