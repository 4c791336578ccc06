/// What a message of HTTP/1.1 begins with, as the simulator's own parser read it.
package struct MessageHead {
    package struct Field: Equatable {
        /// In lower case.
        package let name: String
        package let value: String
    }

    /// Of a request; empty for a response.
    package var method = ""
    package var target = ""
    /// Of a response; 0 for a request.
    package var status = 0
    /// The minor version of HTTP/1.
    package var minor = 1
    package var fields: [Field] = []

    package func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    package func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Whether the connection outlives the message, as far as its head says (RFC 9112 §9.3).
    package var keepsAlive: Bool {
        let options = values("connection").joined(separator: ",").lowercased().split { $0 == "," || $0 == " " }
        if options.contains("close") { return false }
        return minor > 0 || options.contains("keep-alive")
    }
}

/// A small and strict HTTP/1 parser, written apart from the balancer's so that the two cannot agree on a mistake.
package struct MessageParser {
    package enum Role {
        case requests
        case responses
    }

    package enum Event {
        case head(MessageHead)
        case body([UInt8])
        case finished
    }

    private enum State {
        case head
        case length(Int)
        case untilEnd
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case finished
    }

    private let role: Role
    private var state = State.head
    private var waiting = ByteQueue()
    /// Methods of requests whose responses are to come: HEAD has none of the body it announces.
    private var methods: [String] = []
    /// What broke the rules; nothing is parsed after it.
    package private(set) var violation: String?

    package init(_ role: Role) { self.role = role }

    /// No message has begun and none of one has come.
    package var isAtStart: Bool {
        if case .head = state { return waiting.isEmpty }
        return false
    }

    package mutating func expect(method: String) { methods.append(method) }

    package mutating func feed(_ bytes: [UInt8]) { waiting.append(bytes) }

    /// The protocol has been switched: what comes behind the head just read is bytes up to the end.
    package mutating func becomeTunnel() { state = .untilEnd }

    /// The peer has ended: true when that ends a message as it should, or none was begun.
    package mutating func end() -> Bool {
        if case .untilEnd = state {
            state = .finished
            return true
        }
        return isAtStart
    }

    package mutating func next() -> Event? {
        while violation == nil {
            switch state {
            case .head:
                guard let head = takeHead() else { return nil }
                return .head(head)
            case .length(0):
                state = .finished
            case .length(let left):
                guard let bytes = takeBody(left) else { return nil }
                state = .length(left - bytes.count)
                return .body(bytes)
            case .untilEnd:
                guard let bytes = takeBody(.max) else { return nil }
                return .body(bytes)
            case .chunkSize:
                guard let line = takeLine() else { return nil }
                guard !line.isEmpty, line.utf8.count < 16, let size = Int(line, radix: 16), line.first != "+", size >= 0
                else {
                    fail("a chunk size of \"\(line)\"")
                    return nil
                }
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(0):
                state = .chunkEnd
            case .chunk(let left):
                guard let bytes = takeBody(left) else { return nil }
                state = .chunk(left - bytes.count)
                return .body(bytes)
            case .chunkEnd:
                guard let line = takeLine() else { return nil }
                if line.isEmpty { state = .chunkSize } else { fail("bytes past the end of a chunk") }
            case .trailers:
                guard let line = takeLine() else { return nil }
                if line.isEmpty { state = .finished }
            case .finished:
                state = .head
                return .finished
            }
        }
        return nil
    }

    private mutating func takeBody(_ atMost: Int) -> [UInt8]? {
        waiting.isEmpty ? nil : waiting.take(min(atMost, waiting.count))
    }

    private mutating func takeLine() -> String? {
        let bytes = waiting.waiting
        guard let feed = bytes.firstIndex(of: 0x0A) else { return nil }
        guard feed > bytes.startIndex, bytes[feed - 1] == 0x0D else {
            fail("a line without CR")
            return nil
        }
        let line = String(decoding: bytes[bytes.startIndex..<feed - 1], as: UTF8.self)
        waiting.drop(feed + 1 - bytes.startIndex)
        return line
    }

    private mutating func takeHead() -> MessageHead? {
        guard let end = endOfHead() else { return nil }
        let text = String(decoding: waiting.take(end), as: UTF8.self)
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        lines.removeLast(2)
        var head = MessageHead()
        guard let first = lines.first, read(first, into: &head) else {
            fail("a first line of \"\(lines.first ?? "")\"")
            return nil
        }
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, line.first != " ", line.first != "\t",
                !line[..<colon].contains(" "), !line.contains("\n"), !line.contains("\r")
            else {
                fail("a field line of \"\(line)\"")
                return nil
            }
            var value = line[line.index(after: colon)...]
            while let edge = value.first, edge == " " || edge == "\t" { value.removeFirst() }
            while let edge = value.last, edge == " " || edge == "\t" { value.removeLast() }
            head.fields.append(.init(name: line[..<colon].lowercased(), value: String(value)))
        }
        frame(head)
        return violation == nil ? head : nil
    }

    private func endOfHead() -> Int? {
        let bytes = waiting.waiting
        var at = bytes.startIndex
        while let feed = bytes[at...].firstIndex(of: 0x0A) {
            if feed - bytes.startIndex >= 3, bytes[feed - 1] == 0x0D, bytes[feed - 2] == 0x0A, bytes[feed - 3] == 0x0D {
                return feed + 1 - bytes.startIndex
            }
            at = feed + 1
        }
        return nil
    }

    private func read(_ line: String, into head: inout MessageHead) -> Bool {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || (role == .responses && parts.count == 2) else { return false }
        let version = role == .requests ? parts[2] : parts[0]
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { return false }
        head.minor = version == "HTTP/1.1" ? 1 : 0
        switch role {
        case .requests:
            head.method = parts[0]
            head.target = parts[1]
            return !head.method.isEmpty && !head.target.isEmpty
        case .responses:
            guard parts[1].utf8.count == 3, let status = Int(parts[1]), (100...599).contains(status) else {
                return false
            }
            head.status = status
            return true
        }
    }

    /// RFC 9112 §6.3.
    private mutating func frame(_ head: MessageHead) {
        let lengths = head.values("content-length")
        let codings = head.values("transfer-encoding")
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
            return fail("more than one framing: \(lengths) \(codings)")
        }
        var isBodiless = false
        if role == .responses {
            if head.status < 200 {
                isBodiless = true
            } else {
                let method = methods.isEmpty ? nil : methods.removeFirst()
                guard let method else { return fail("a response that nobody asked for") }
                isBodiless = method == "HEAD" || head.status == 204 || head.status == 304
            }
            guard codings.isEmpty || (head.status >= 200 && head.status != 204) else {
                return fail("a transfer coding where there is no body")
            }
        }
        if let length = lengths.first, length.isEmpty || !length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return fail("a length of \"\(length)\"")
        }
        if isBodiless {
            state = .finished
        } else if let coding = codings.first {
            guard coding == "chunked", head.minor == 1 else { return fail("a coding of \"\(coding)\"") }
            state = .chunkSize
        } else if let length = lengths.first {
            guard let count = Int(length) else { return fail("a length of \"\(length)\"") }
            state = .length(count)
        } else {
            state = role == .requests ? .finished : .untilEnd
        }
    }

    private mutating func fail(_ what: String) { violation = what }
}
