import HTTPWire
import Model
import Simulator

@testable import Proxy

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
        checkKeys(head, bytes)
        for isTrusted in [false, true] {
            let claim = isTrusted ? ClientClaim(head, of: bytes.rawBytes, trusting: trusted) : nil
            let origin = Forwarding.Origin(peer: .ipv4(1, port: 1), claim: claim, sendsForwarded: isTrusted)
            let upgrades = Admit.passesUpgrade(head, of: bytes.rawBytes)
            var pool = BufferPool()
            guard Forwarding.requestBytesMax(head) <= BufferPool.largeBytes else { return }
            let buffer = pool.takeLarge()
            let start = head.authority.isEmpty ? Forwarding.hostRoom : 0
            var out = pool.room(buffer, from: start)
            Forwarding.writeRequest(
                head,
                of: bytes.rawBytes,
                origin: origin,
                requestID: (1, 2),
                asksForUpgrade: upgrades,
                into: &out
            )
            precondition(start + out.byteCount <= Forwarding.requestBytesMax(head))
            var request = BufferSlice(buffer, UInt32(start), UInt32(start + out.byteCount))
            if head.authority.isEmpty { request = Forwarding.placeHost(of: 1, in: request, LiveNames(live), pool) }
            let parsed = only(array(pool.bytes(request)), .requests)
            precondition(parsed.values("host").count == 1 && parsed.value("host") != "")
            precondition(!parsed.values("x-forwarded-host").contains("") || isTrusted)
            precondition(isTrusted || parsed.values("x-forwarded-for") == ["0.0.0.1"])
            if isTrusted { checkScheme(parsed) }
            precondition(parsed.values("transfer-encoding").isEmpty || parsed.values("content-length").isEmpty)
            pool.give(buffer)
        }
    }

    private static let trusted = TrustedProxies(["0.0.0.0/4", "::/0"].compactMap { Network($0) })

    private static let live = {
        let table = LiveTable()
        let authorities = table.authorities
        authorities[1].set("b.example:81")
        return table
    }()

    /// The two families of forwarding fields do not tell two schemes, as they are read: the first element's.
    private static func checkScheme(_ head: MessageHead) {
        let lists = head.values("forwarded")
        precondition(lists.count == 1 && head.values("x-forwarded-for").count == 1)
        guard let value = head.value("x-forwarded-proto") else { preconditionFailure("no scheme") }
        let scheme = String(trimmed(value.prefix { $0 != "," })).lowercased()
        guard let said = firstScheme(lists[0]) else { return }
        precondition(said == scheme, "\(said) and \(scheme)")
    }

    /// The first `proto` of a list (RFC 7239); nil where there is none, or one within quotes.
    private static func firstScheme(_ list: String) -> String? {
        var pair = ""
        var isQuoted = false
        for character in list + "," {
            if character == "\"" { isQuoted.toggle() }
            guard !isQuoted, character == "," || character == ";" else {
                pair.append(character)
                continue
            }
            let text = trimmed(pair[...])
            pair = ""
            guard let equals = text.firstIndex(of: "="), text[..<equals].lowercased() == "proto" else { continue }
            let value = text[text.index(after: equals)...]
            return value.isEmpty || value.contains("\"") ? nil : value.lowercased()
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
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
        if head.status >= 200 { checkProbe(head, bytes, headBytes: count) }
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

    // MARK: What is read off a head that was taken

    /// Pools whose choice of a backend depends on the request.
    private static let pools = ["client_ip", "uri", "path", "header:x-user", "cookie:id"].map {
        text in
        var pool = PoolSpec(algorithm: .hash)
        pool.hashBy = HashKey(text) ?? pool.hashBy
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, pool)
        return Compile.snapshot(desired, sequence: 1, placements: [:], tickets: [DesiredState.defaultPool: 0])
    }

    /// A key is there when what it is made of is, to who looks for that in another way.
    private static func checkKeys(_ head: borrowing RequestHead, _ bytes: [UInt8]) {
        var hasField = false
        var hasCookie = false
        for index in 0..<head.fields.count {
            let line = head.fields[index]
            let name = Array(bytes[Int(line.name.start)..<Int(line.name.end)]).map { $0 | 0x20 }
            let value = bytes[Int(line.value.start)..<Int(line.value.end)]
            if name == Array("x-user".utf8) { hasField = true }
            guard name == Array("cookie".utf8) else { continue }
            for pair in value.split(separator: UInt8(ascii: ";")) {
                let text = pair.drop { $0 == 0x20 || $0 == 0x09 }
                if text.starts(with: "id=".utf8) { hasCookie = true }
            }
        }
        for (index, snapshot) in pools.enumerated() {
            for isTrusted in [false, true] {
                let wish = RequestKey.wish(
                    head,
                    of: bytes.rawBytes,
                    client: isTrusted
                        ? ClientClaim(head, of: bytes.rawBytes, trusting: trusted).address : .ipv4(1, port: 1),
                    pool: snapshot.view.pools[0],
                    text: snapshot.view.text
                )
                precondition((wish.key != nil) == (index < 3 || (index == 3 ? hasField : hasCookie)))
            }
        }
    }

    /// What a health check makes of the answer does not depend on how the bytes come either.
    private static func checkProbe(_ head: borrowing ResponseHead, _ bytes: [UInt8], headBytes: Int) {
        for body in [nil, "ok"] as [ExactText?] {
            var check = HealthCheckSpec()
            check.body = body
            for isShown in [false, true] {
                var verdicts: [String?] = []
                for size in [Int.max, 1, 7, 64] {
                    var answer = ProbeAnswer(check, isShown: isShown)
                    var step = answer.begin(head, Array(bytes[..<headBytes]).rawBytes)
                    var at = headBytes
                    var waiting: [UInt8] = []
                    while step == .receive {
                        guard at < bytes.count else {
                            step = answer.end()
                            break
                        }
                        let end = size == .max ? bytes.count : min(bytes.count, at + size)
                        waiting += bytes[at..<end]
                        at = end
                        let taken = answer.take(waiting.rawBytes)
                        waiting.removeFirst(taken.consumed)
                        step = taken.step
                    }
                    guard case .verdict(let failure) = step else { preconditionFailure("a check without a verdict") }
                    verdicts.append(failure)
                }
                precondition(verdicts.allSatisfy { $0 == verdicts[0] }, "\(verdicts)")
            }
        }
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
