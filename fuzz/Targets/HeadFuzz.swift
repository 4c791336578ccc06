import HTTPWire
import Proxy
import Simulator

/// Heads of requests and responses: the verdict does not depend on how the bytes come, and what is written from a head
/// that was taken has one meaning for a parser that was written apart from ours.
enum HeadFuzz {
    static func request(_ bytes: [UInt8]) {
        let whole = read(bytes, inPiecesOf: .max, isRequest: true)
        for size in [1, 7, 64] { precondition(read(bytes, inPiecesOf: size, isRequest: true) == whole) }
        var head = RequestHead()
        var parser = H1HeadParser()
        guard case .head(let count) = whole, let got = try? parser.parseRequest(bytes.rawBytes, into: &head) else {
            return
        }
        precondition(got == count)
        for isTrusted in [false, true] {
            let origin = Forwarding.Origin(peer: .ipv4(1, port: 1), isTrusted: isTrusted, sendsForwarded: isTrusted)
            let upgrades = Admit.passesUpgrade(head, of: bytes.rawBytes)
            var pool = BufferPool()
            guard Forwarding.requestBytesMax(head) <= BufferPool.largeBytes else { return }
            let buffer = pool.takeLarge()
            var out = pool.room(buffer)
            Forwarding.writeRequest(
                head,
                of: bytes.rawBytes,
                origin: origin,
                requestID: (1, 2),
                asksForUpgrade: upgrades,
                into: &out
            )
            precondition(out.byteCount <= Forwarding.requestBytesMax(head))
            let written = array(pool.bytes(BufferSlice(buffer, 0, UInt32(out.byteCount))))
            let parsed = only(written, .requests)
            precondition(parsed.values("host").count == 1)
            precondition(parsed.values("transfer-encoding").isEmpty || parsed.values("content-length").isEmpty)
            pool.give(buffer)
        }
    }

    static func response(_ bytes: [UInt8]) {
        let whole = read(bytes, inPiecesOf: .max, isRequest: false)
        for size in [1, 7, 64] { precondition(read(bytes, inPiecesOf: size, isRequest: false) == whole) }
        var head = ResponseHead()
        var parser = H1HeadParser()
        guard case .head(let count) = whole, let got = try? parser.parseResponse(bytes.rawBytes, into: &head) else {
            return
        }
        precondition(got == count)
        var pool = BufferPool()
        let buffer = pool.takeLarge()
        for minor in [UInt8(0), 1] {
            var date = DateText()
            date.update(1_792_000_000_000_000_000)
            var framing = head.framing(answering: .get)
            if framing == .untilClose, minor == 1 { framing = .chunked }
            if framing == .chunked, minor == 0 { framing = .untilClose }
            var out = pool.room(buffer)
            Forwarding.writeAnswer(
                head,
                of: bytes.rawBytes,
                framing: framing,
                announcedLength: head.status == 204 ? nil : head.contentLength,
                keepsClient: minor == 1,
                clientMinorVersion: minor,
                date: date,
                into: &out
            )
            precondition(out.byteCount <= Forwarding.answerBytesMax(head))
            let parsed = only(array(pool.bytes(BufferSlice(buffer, 0, UInt32(out.byteCount)))), .responses)
            precondition(parsed.status == Int(head.status))
            precondition(parsed.values("transfer-encoding").isEmpty || parsed.values("content-length").isEmpty)
        }
        pool.give(buffer)
    }

    private enum Verdict: Equatable {
        case head(Int)
        case refused(H1Error)
        case short
    }

    private static func read(_ bytes: [UInt8], inPiecesOf size: Int, isRequest: Bool) -> Verdict {
        var parser = H1HeadParser()
        var request = RequestHead()
        var response = ResponseHead()
        var end = 0
        while true {
            end = size == .max ? bytes.count : min(bytes.count, end + size)
            let seen = Array(bytes[..<end])
            do {
                let found =
                    isRequest
                    ? try parser.parseRequest(seen.rawBytes, into: &request)
                    : try parser.parseResponse(seen.rawBytes, into: &response)
                if let found { return .head(found) }
            } catch {
                return .refused(error)
            }
            if end == bytes.count { return .short }
        }
    }

    /// The one head in `bytes`.
    private static func only(_ bytes: [UInt8], _ role: MessageParser.Role) -> MessageHead {
        var parser = MessageParser(role)
        if role == .responses { parser.expect(method: "GET") }
        parser.feed(bytes)
        guard case .head(let head)? = parser.next() else {
            preconditionFailure("\(parser.violation ?? "no head") in \(String(decoding: bytes, as: UTF8.self))")
        }
        return head
    }
}

func array(_ bytes: RawSpan) -> [UInt8] { (0..<bytes.byteCount).map { bytes.byte($0) } }
