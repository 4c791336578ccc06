package import Proxy

/// What clients meant, what backends saw and said, and what clients got: the evidence of a simulation.
package final class Ledger {
    /// A request that a client has begun to send.
    package struct Intent {
        package let id: Int
        package let method: String
        /// The minor version of HTTP/1 that the client speaks.
        package let minor: Int
        package let bodyCount: Int
        package let at: Instant
        /// Not a well-formed request, so that no backend may ever see it.
        package let isGarbage: Bool
        /// Who backends are to be told that it is.
        package let client: String

        /// RFC 9110 §9.2.2.
        package var isIdempotent: Bool { method != "POST" && method != "PATCH" }
    }

    /// A request head that reached a backend's application, and what came behind it.
    package struct Arrival {
        /// The client's number for it; nil when the head does not say one.
        package let id: Int?
        package let backend: String
        /// Where the backend got it.
        package let address: Endpoint
        package let head: MessageHead
        package let at: Instant
        /// Its connection had brought a request before.
        package let isReused: Bool
        package var bodyCount = 0
        package var isBodyRight = true
        package var isComplete = false
    }

    /// What a backend sent for one arrival.
    package struct Answer {
        package let key: Int
        package let request: Int?
        package let backend: String
        package let status: Int
        /// Bytes of body that will have been sent when nothing interrupts it.
        package let bodyCount: Int
        /// It ends as its framing says.
        package let isWhole: Bool
        /// The end of the connection is to be the body's.
        package let isUntilEnd: Bool
        /// It was given to nothing that had been asked.
        var stray: StraySpeech?
        /// The backend went before all of the answer was out.
        package var isCut = false
    }

    /// How a request ended for its client.
    package enum Ending: Equatable {
        case complete
        /// The protocol was switched, and the connection ended in order.
        case tunnelled
        /// The connection ended within the answer.
        case truncated
        /// The connection ended, or was reset, before the first byte of an answer.
        case unanswered
        /// The client left.
        case abandoned
        case connectFailed
        case garbled(String)
    }

    package struct Outcome {
        package let id: Int
        package let ending: Ending
        /// Nil when no head came.
        package let head: MessageHead?
        package let bodyCount: Int
        package let isBodyRight: Bool
        /// The request was not the first of its connection.
        package let isReused: Bool
        package let at: Instant
        /// The requests whose answers were to come behind its own on a connection that was reset.
        package var behind: [Int] = []

        package var status: Int { head?.status ?? 0 }
        /// The backend's name for its answer; nil when the balancer answered.
        package var answerKey: Int? { head?.value(Ledger.answerField).flatMap { Int($0) } }
        package var backend: String? { head?.value(Ledger.backendField) }
    }

    package static let idField = "x-sim-id"
    package static let answerField = "x-sim-answer"
    package static let backendField = "x-sim-backend"

    package private(set) var intents: [Intent] = []
    package private(set) var arrivals: [Arrival] = []
    package private(set) var answers: [Answer] = []
    package private(set) var outcomes: [Outcome] = []
    /// Rules that a backend or a client saw broken as it happened.
    package private(set) var incidents: [String] = []
    /// When a backend ended its side of a tunnel, by request.
    private var tunnelEnds: [Int: Instant] = [:]

    package init() {}

    // MARK: the actors' side

    /// - Parameter client: an IPv4 address.
    func addIntent(_ script: RequestScript, from client: UInt32, at: Instant) -> Int {
        let id = intents.count
        var isGarbage = false
        if case .garbage = script.body { isGarbage = true }
        intents.append(
            Intent(
                id: id,
                method: script.method,
                minor: script.minor,
                bodyCount: script.contentCount,
                at: at,
                isGarbage: isGarbage,
                client: Self.text(of: client)
            )
        )
        return id
    }

    func addArrival(_ arrival: Arrival) -> Int {
        arrivals.append(arrival)
        return arrivals.count - 1
    }

    func addBody(_ bytes: [UInt8], to arrival: Int) {
        let pattern = BodyPattern(key: arrivals[arrival].id ?? 0)
        if !pattern.matches(bytes[...], from: arrivals[arrival].bodyCount) { arrivals[arrival].isBodyRight = false }
        arrivals[arrival].bodyCount += bytes.count
    }

    func complete(arrival: Int) { arrivals[arrival].isComplete = true }

    func addAnswer(
        to arrival: Int,
        status: Int,
        bodyCount: Int,
        isWhole: Bool,
        isUntilEnd: Bool,
        stray: StraySpeech? = nil
    ) -> Int {
        let key = answers.count
        answers.append(
            Answer(
                key: key,
                request: arrivals[arrival].id,
                backend: arrivals[arrival].backend,
                status: status,
                bodyCount: bodyCount,
                isWhole: isWhole,
                isUntilEnd: isUntilEnd,
                stray: stray
            )
        )
        return key
    }

    func cut(answer: Int) { answers[answer].isCut = true }

    func add(_ outcome: Outcome) { outcomes.append(outcome) }

    func endTunnel(of id: Int, at now: Instant) {
        if tunnelEnds[id] == nil { tunnelEnds[id] = now }
    }

    func tunnelEnd(of id: Int) -> Instant? { tunnelEnds[id] }

    func addIncident(_ what: String) { incidents.append(what) }

    package static func text(of address: UInt32) -> String {
        [24, 16, 8, 0].map { String((address >> $0) & 255) }.joined(separator: ".")
    }

    // MARK: the judge's side

    package func outcome(of id: Int) -> Outcome? { outcomes.first { $0.id == id } }
    package func arrivals(of id: Int) -> [Arrival] { arrivals.filter { $0.id == id } }

    /// Requests that backends have seen whole, by the order in which their heads came: the backends' names.
    package var servedBy: [String] { arrivals.filter(\.isComplete).map(\.backend) }

    /// Every broken rule of TESTING.md that shows in the evidence; empty when all is well.
    package func violations() -> [String] {
        var found = incidents
        var outcomeCounts = [Int](repeating: 0, count: intents.count)
        var arrivalCounts = [Int](repeating: 0, count: intents.count)
        for arrival in arrivals {
            guard let id = arrival.id, id < intents.count else { continue }
            arrivalCounts[id] += 1
            judge(arrival, of: intents[id], &found)
        }
        for outcome in outcomes {
            outcomeCounts[outcome.id] += 1
            judge(outcome, arrivals: arrivalCounts[outcome.id], &found)
        }
        for intent in intents {
            if outcomeCounts[intent.id] != 1 {
                found.append("request \(intent.id) has \(outcomeCounts[intent.id]) outcomes")
            }
            if !intent.isIdempotent, arrivalCounts[intent.id] > 1 {
                found.append("\(intent.method) \(intent.id) reached backends \(arrivalCounts[intent.id]) times")
            }
            if intent.isGarbage, arrivalCounts[intent.id] > 0 {
                found.append("garbage \(intent.id) reached a backend")
            }
        }
        return found
    }

    private func judge(_ arrival: Arrival, of intent: Intent, _ found: inout [String]) {
        let name = "\(arrival.head.method) \(intent.id) at \(arrival.backend)"
        if arrival.head.method != intent.method { found.append("\(name): the method was \(intent.method)") }
        if !arrival.isBodyRight { found.append("\(name): the body is not the client's") }
        // In a tunnel the head is the whole request.
        if arrival.isComplete, arrival.head.value("upgrade") == nil, arrival.bodyCount != intent.bodyCount {
            found.append("\(name): a complete body of \(arrival.bodyCount) bytes was one of \(intent.bodyCount)")
        }
    }

    private func judge(_ outcome: Outcome, arrivals: Int, _ found: inout [String]) {
        let intent = intents[outcome.id]
        let name = "\(intent.method) \(outcome.id)"
        if case .garbled(let why) = outcome.ending { found.append("\(name): garbled answer: \(why)") }
        guard let head = outcome.head else { return }
        guard let key = outcome.answerKey else {
            judgeOwn(head, intent, arrivals, name, &found)
            return
        }
        guard key < answers.count else { return found.append("\(name): answer \(key) was never given") }
        let answer = answers[key]
        if answer.request != outcome.id, answer.stray?.isExcusable != true {
            found.append("\(name): got the answer to request \(answer.request ?? -1)")
        }
        if answer.status != head.status { found.append("\(name): status \(answer.status) became \(head.status)") }
        if !outcome.isBodyRight { found.append("\(name): the body is not that of answer \(key)") }
        if outcome.bodyCount > answer.bodyCount {
            found.append("\(name): \(outcome.bodyCount) bytes of an answer of \(answer.bodyCount)")
        }
        let isBodiless = intent.method == "HEAD" || head.status == 204 || head.status == 304
        if outcome.ending == .complete, !isBodiless {
            // Without a length or chunks the end of the connection is the end, and cannot be told from a break.
            let isTold = head.value("content-length") != nil || head.value("transfer-encoding") != nil
            let isBroken = !answer.isWhole || (answer.isCut && !answer.isUntilEnd)
            if isBroken, isTold || intent.minor == 1 {
                found.append("\(name): a broken answer was passed on as a whole one")
            }
            if answer.isWhole, !answer.isCut, outcome.bodyCount != answer.bodyCount {
                found.append("\(name): \(outcome.bodyCount) of \(answer.bodyCount) bytes, called complete")
            }
        }
    }

    /// The answers that the balancer makes itself (SEMANTICS.md §3).
    private func judgeOwn(
        _ head: MessageHead,
        _ intent: Intent,
        _ arrivals: Int,
        _ name: String,
        _ found: inout [String]
    ) {
        let own = [400, 405, 408, 413, 414, 417, 421, 431, 501, 502, 503, 504, 505]
        if !own.contains(head.status) { found.append("\(name): an answer of \(head.status) that no backend gave") }
        if head.status == 503 {
            if head.value("retry-after") == nil { found.append("\(name): a 503 without Retry-After") }
            if arrivals > 0, !intent.isIdempotent { found.append("\(name): a 503, but a backend saw the request") }
        }
    }
}
