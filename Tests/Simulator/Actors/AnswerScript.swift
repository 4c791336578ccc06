/// How a backend answers one request, and what goes wrong with it.
package struct AnswerScript {
    package enum Framing {
        case length
        /// In chunks of 1 to so many bytes.
        case chunked(upTo: Int)
        /// By the end of the connection.
        case untilEnd
    }

    package enum Trigger {
        case wholeRequest
        /// Before the request is complete, once so many bytes of its body have come.
        case bodyBytes(Int)
        /// The same, once no more than so many are to come; of a body whose length was not announced, once half so many came.
        case bodyBytesLeft(Int)
    }

    package enum Fault {
        case none
        case hang
        /// Instead of the answer.
        case closeBefore
        case resetBefore
        /// After so many bytes of the answer's head.
        case closeInHead(Int)
        case resetInHead(Int)
        /// After so many bytes of the answer's body.
        case closeInBody(Int)
        case resetInBody(Int)
        /// Says no more after so many bytes of the answer's body, and keeps the connection.
        case stallInBody(Int)
        /// Announces so many bytes more than it has, and closes.
        case announceMore(Int)
        /// Sends so many bytes behind the end of its answer.
        case sendMore(Int)
        /// Says something so long after its answer that looks like one to the next request.
        case answerAgain(afterNs: UInt64)
        /// Bytes that are no answer, of one of several kinds, and then nothing.
        case garbage(Int)
    }

    /// What is no answer of HTTP/1.
    static let garbage = [
        "HTTP/1.1 two hundred\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200\nNo: CR\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 099 What\r\n\r\n",
        "HTTP/1.1 200 OK\r\n name: folded first\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    ]

    package var status = 200
    package var framing = Framing.length
    package var minor = 1
    package var bodyCount = 0
    package var trigger = Trigger.wholeRequest
    package var delayNs: UInt64 = 0
    package var fault = Fault.none
    /// Interim answers that go ahead, such as 103.
    package var interim: [Int] = []
    /// Closes after the answer, saying so or not.
    package var closes = false
    package var saysSo = true
    /// After having said so; a request that comes meanwhile is an incident.
    package var closeDelayNs: UInt64 = 0
    package var pace: Pace?
    /// Says 100 to who waits for it.
    package var continues = true
    /// Agrees to another protocol where it is asked for one, and sends so many bytes in it.
    package var tunnelBytes: Int?
    package var fields: [(name: String, value: String)] = []
    /// Uses chunk extensions and a trailer, where it is chunked.
    package var isOrnate = false

    package init(bodyCount: Int = 0) { self.bodyCount = bodyCount }

    var isUntilEnd: Bool {
        if case .untilEnd = framing { return true }
        return false
    }

    /// It sends bytes behind its end, so that its peer may take it for over while they still come.
    var speaksOutOfTurn: Bool {
        if case .sendMore = fault { return !isUntilEnd && !closes }
        return false
    }

    /// The bytes to send, and what the ledger is to know of them.
    struct Compiled {
        var bytes: [UInt8] = []
        /// Bytes of body among them.
        var bodyCount = 0
        var isWhole = true
        var closes = false
        var resets = false
        /// It says no more, and keeps the connection.
        var stalls = false
        /// Bytes at the end that are none of the answer.
        var strayCount = 0
    }

    /// As it is given to a request that asks for another protocol: agreed to, without the faults of an answer.
    func switching() -> AnswerScript {
        guard let tunnelBytes else { return self }
        var script = self
        script.status = 101
        script.minor = 1
        script.interim = []
        script.framing = .untilEnd
        script.bodyCount = tunnelBytes
        script.trigger = .wholeRequest
        // Half of them end their side when they have said all; the others when their client has.
        script.closes = closes || tunnelBytes % 2 == 0
        switch fault {
        case .hang, .closeBefore, .resetBefore, .closeInHead, .resetInHead, .garbage: break
        case .none, .closeInBody, .resetInBody, .stallInBody, .announceMore, .sendMore, .answerAgain:
            script.fault = .none
        }
        return script
    }

    func countsFor(method: String) -> (sent: Int, isWhole: Bool) {
        let isBodiless = method == "HEAD" || status == 204 || status == 304
        if isBodiless { return (0, true) }
        switch fault {
        case .none, .sendMore, .answerAgain: return (bodyCount, true)
        case .hang, .closeBefore, .resetBefore, .closeInHead, .resetInHead, .garbage: return (0, false)
        case .closeInBody(let at):
            // The end of the connection is how such a body ends: nobody can tell the difference.
            if case .untilEnd = framing { return (min(at, bodyCount), true) }
            return (min(at, bodyCount), isFinished(at: at))
        case .resetInBody(let at): return (min(at, bodyCount), isFinished(at: at))
        case .stallInBody(let at): return (min(at, bodyCount), isUntilEnd || isFinished(at: at))
        case .announceMore:
            if case .length = framing { return (bodyCount, false) }
            return (bodyCount, true)
        }
    }

    /// A length-framed body that is cut at its very end is whole.
    private func isFinished(at cut: Int) -> Bool {
        if case .length = framing { return cut >= bodyCount }
        return false
    }

    func compile(method: String, key: Int, backend: String, request: Int?, _ chance: inout Chance) -> Compiled {
        var result = Compiled()
        for code in interim { result.bytes += Array("HTTP/1.1 \(code) Interim\r\n\r\n".utf8) }
        let isBodiless = method == "HEAD" || status == 204 || status == 304
        let (sent, isWhole) = countsFor(method: method)
        result.isWhole = isWhole
        result.bodyCount = sent
        result.closes = closes
        var head = "HTTP/1.\(minor) \(status) Simulated\r\n"
        head += "\(Ledger.backendField): \(backend)\r\n\(Ledger.answerField): \(key)\r\n"
        if let request { head += "\(Ledger.idField): \(request)\r\n" }
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if status == 101 { head += "Connection: upgrade\r\nUpgrade: \(RequestScript.protocolName)\r\n" }
        switch framing {
        case .length:
            var announced = bodyCount
            if case .announceMore(let more) = fault { announced += more }
            if status != 204 { head += "Content-Length: \(announced)\r\n" }
        case .chunked:
            if status != 204 { head += "Transfer-Encoding: chunked\r\n" }
        case .untilEnd:
            if !isBodiless, status != 101 { result.closes = true }
        }
        if result.closes, saysSo, status != 101 { head += "Connection: close\r\n" }
        if minor == 0, !result.closes, status != 101 { head += "Connection: keep-alive\r\n" }
        head += "\r\n"
        var headBytes = Array(head.utf8)
        switch fault {
        case .none, .hang, .sendMore, .answerAgain: break
        case .announceMore: result.closes = true
        case .garbage(let kind):
            result.bytes += Array(Self.garbage[kind % Self.garbage.count].utf8)
            result.stalls = true
            return result
        case .closeBefore, .resetBefore: headBytes.removeAll()
        case .closeInHead(let at), .resetInHead(let at):
            headBytes.removeLast(headBytes.count - min(at, headBytes.count - 1))
        case .closeInBody, .resetInBody, .stallInBody: break
        }
        switch fault {
        case .closeBefore, .closeInHead, .closeInBody: result.closes = true
        case .resetBefore, .resetInHead, .resetInBody: result.resets = true
        case .none, .hang, .stallInBody, .announceMore, .sendMore, .answerAgain, .garbage: break
        }
        if case .stallInBody = fault { result.stalls = !isBodiless && (isUntilEnd || !isWhole) }
        result.bytes += headBytes
        let isCutInHead = headBytes.count < head.utf8.count
        if !isBodiless, !isCutInHead {
            result.bytes += encode(BodyPattern(key: key).bytes(from: 0, count: sent), &chance)
        }
        // Behind a body that only the end of the connection ends, nothing can be too much.
        if case .sendMore(let more) = fault, !result.closes {
            result.bytes += [UInt8](repeating: 0x58, count: more)
            result.strayCount = more
        }
        return result
    }

    private func encode(_ body: [UInt8], _ chance: inout Chance) -> [UInt8] {
        guard case .chunked(let chunkMax) = framing else { return body }
        var result: [UInt8] = []
        result.reserveCapacity(body.count + 64)
        var at = 0
        while at < body.count {
            let size = min(chance.anySize(upTo: chunkMax), body.count - at)
            result += Array("\(String(size, radix: 16))\(isOrnate ? ";a=b;c" : "")\r\n".utf8)
            result.append(contentsOf: body[at..<at + size])
            result += [0x0D, 0x0A]
            at += size
        }
        switch fault {
        case .closeInBody, .resetInBody, .stallInBody: return result
        case .none, .hang, .closeBefore, .resetBefore, .closeInHead, .resetInHead, .announceMore, .sendMore,
            .answerAgain, .garbage:
            return result + Array("0\r\n\(isOrnate ? "X-Trailer: t\r\n" : "")\r\n".utf8)
        }
    }
}
