/// What a client sends as one request, and how it behaves while it does.
package struct RequestScript {
    package enum Body {
        case none
        case length(Int)
        /// In chunks of 1 to so many bytes.
        case chunked(Int, upTo: Int)
        /// These bytes in place of the whole request.
        case garbage([UInt8])

        package var count: Int {
            switch self {
            case .none, .garbage: 0
            case .length(let count), .chunked(let count, _): count
            }
        }
    }

    package var method = "GET"
    /// Nil is a target of its own for each request.
    package var target: String?
    package var minor = 1
    package var body = Body.none
    package var fields: [(name: String, value: String)] = []
    /// Before the request, on top of what the client waits for anyway.
    package var thinkNs: UInt64 = 0
    /// How fast the request is written.
    package var writePace: Pace?
    /// How fast the answer is read.
    package var readPace: Pace?
    /// Reads nothing of its answer before it has sent all, and not at all when that fails: as many libraries do.
    package var readsLate = false
    /// Uses what hardly anybody does, and everybody may: an empty line before the request, chunk extensions, a trailer.
    package var isOrnate = false
    /// Leaves, by a reset or a close, when the answer is not complete after this.
    package var leaveAfterNs: UInt64?
    package var leavesByReset = false
    /// Sends its FIN behind the request.
    package var halfCloses = false
    /// Says `Connection: close`.
    package var closes = false
    /// Says `Expect: 100-continue`, and holds its body back until it is told to go on, or for so long.
    package var expectsWithinNs: UInt64?
    /// Asks for another protocol, in which it sends so many bytes and then its FIN.
    package var tunnelBytes: Int?
    /// Sends its FIN only after that of the other end, or after 20 s without it: a tunnel with one end is cut after 30 (`tunnel_end`).
    package var awaitsTunnelEnd = false

    package init(_ method: String = "GET", body: Body = .none) {
        self.method = method
        self.body = body
    }

    package static func get() -> RequestScript { RequestScript("GET") }
    package static func post(_ count: Int) -> RequestScript { RequestScript("POST", body: .length(count)) }

    /// It is the last of its connection, and the client says so: no other may be sent behind it.
    var isLast: Bool { closes || halfCloses || minor == 0 || expectsWithinNs != nil || tunnelBytes != nil }

    /// What the client means to send behind the head.
    var contentCount: Int { tunnelBytes ?? body.count }

    /// - Parameter cookie: what the client was given to send back.
    func compile(id: Int, cookie: String?, _ chance: inout Chance) -> (head: [UInt8], body: [UInt8]) {
        if case .garbage(let bytes) = body { return (bytes, []) }
        var head = isOrnate ? "\r\n" : ""
        head += "\(method) \(target ?? "/r/\(id)") HTTP/1.\(minor)\r\n"
        if let host = Self.host(minor: minor, id: id) { head += "Host: \(host)\r\n" }
        head += "\(Ledger.idField): \(id)\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if let cookie, !fields.contains(where: { $0.name == "Cookie" }) { head += "Cookie: \(cookie)\r\n" }
        if closes { head += "Connection: close\r\n" }
        if expectsWithinNs != nil { head += "Expect: 100-continue\r\n" }
        if tunnelBytes != nil { head += "Connection: upgrade\r\nUpgrade: \(Self.protocolName)\r\n" }
        switch body {
        case .none, .garbage: break
        case .length(let count): head += "Content-Length: \(count)\r\n"
        case .chunked: head += "Transfer-Encoding: chunked\r\n"
        }
        head += "\r\n"
        var bytes: [UInt8] = []
        let content = BodyPattern(key: id).bytes(from: 0, count: body.count)
        guard case .chunked(_, let chunkMax) = body else { return (Array(head.utf8), content) }
        var at = 0
        while at < content.count {
            let size = min(chance.anySize(upTo: chunkMax), content.count - at)
            // All extensions of a body may be a little longer than its content, and these are.
            let hasExtensions = isOrnate && size >= 6
            bytes += Array("\(String(size, radix: 16))\(hasExtensions ? ";a=b;c" : "")\r\n".utf8)
            bytes.append(contentsOf: content[at..<at + size])
            bytes += [0x0D, 0x0A]
            at += size
        }
        return (Array(head.utf8), bytes + Array("0\r\n\(isOrnate ? "X-Trailer: t\r\n" : "")\r\n".utf8))
    }

    /// What a request names as its host: half of those of HTTP/1.0, where it may be left out, name none.
    static func host(minor: Int, id: Int) -> String? { minor == 0 && id % 2 == 1 ? nil : "lb.test" }

    /// What is spoken in tunnels: bytes of a pattern, both ways.
    static let protocolName = "pattern"
}
