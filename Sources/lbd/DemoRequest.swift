/// As much of an HTTP/1.1 request as a demo backend has to understand: where it ends, and how to answer it.
///
/// A value that is fed bytes as they come. It remembers no more than a line; what is too long is refused.
struct DemoRequest {
    enum State: Equatable {
        case head
        /// Bytes of the body still to come.
        case body(UInt64)
        case chunkSize
        /// Bytes of the chunk still to come, with the line end after it.
        case chunk(UInt64)
        case trailers
        case complete
        case malformed
    }

    private(set) var state = State.head
    /// The answer has no body.
    private(set) var isHead = false
    private(set) var mayKeepAlive = true
    /// The client waits for a 100 before it sends the body; true once, when the head has ended.
    private(set) var expectsContinue = false

    private var line: [UInt8] = []
    private var lines = 0
    private var headBytes = 0
    private var length: UInt64?
    private var isChunked = false
    private var wantsContinue = false

    static let headBytesMax = 64 * 1024

    /// Takes bytes and says how many it took.
    ///
    /// It stops at the end of the request, or at that of its head when it wants a 100 first.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> Int {
        var rest = bytes
        expectsContinue = false
        while !rest.isEmpty {
            switch state {
            case .complete, .malformed:
                return bytes.count - rest.count
            case .body(let left):
                let count = Int(min(left, UInt64(rest.count)))
                rest = rest.dropFirst(count)
                state = left == UInt64(count) ? .complete : .body(left - UInt64(count))
            case .chunk(let left):
                let count = Int(min(left, UInt64(rest.count)))
                rest = rest.dropFirst(count)
                state = left == UInt64(count) ? .chunkSize : .chunk(left - UInt64(count))
            case .head, .chunkSize, .trailers:
                let byte = rest.removeFirst()
                headBytes += 1
                guard headBytes <= Self.headBytesMax else {
                    state = .malformed
                    break
                }
                guard byte == 0x0A else {
                    line.append(byte)
                    break
                }
                guard line.last == 0x0D else {
                    state = .malformed
                    break
                }
                endLine(String(decoding: line.dropLast(), as: UTF8.self))
                line.removeAll(keepingCapacity: true)
                if expectsContinue { return bytes.count - rest.count }
            }
        }
        return bytes.count
    }

    private mutating func endLine(_ text: String) {
        switch state {
        case .head:
            lines += 1
            if lines == 1 {
                startLine(text)
            } else if text.isEmpty {
                endHead()
            } else {
                field(text)
            }
        case .chunkSize:
            // Extensions end at nothing in particular; the size is before the first semicolon.
            let digits = text.prefix { $0 != ";" && $0 != " " }
            guard (1...15).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit),
                let size = UInt64(digits, radix: 16)
            else {
                state = .malformed
                return
            }
            headBytes = 0
            state = size == 0 ? .trailers : .chunk(size + 2)
        case .trailers:
            if text.isEmpty { state = .complete }
        case .body, .chunk, .complete, .malformed:
            break
        }
    }

    private mutating func startLine(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0"
        else {
            state = .malformed
            return
        }
        isHead = parts[0] == "HEAD"
        mayKeepAlive = parts[2] == "HTTP/1.1"
    }

    private mutating func field(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            state = .malformed
            return
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }.lowercased()
        switch text[..<colon].lowercased() {
        case "content-length":
            guard let count = UInt64(value), length == nil || length == count else {
                state = .malformed
                return
            }
            length = count
        case "transfer-encoding":
            guard value == "chunked" else {
                state = .malformed
                return
            }
            isChunked = true
        case "connection":
            if value == "close" { mayKeepAlive = false }
            if value == "keep-alive" { mayKeepAlive = true }
        case "expect":
            if value == "100-continue" { wantsContinue = true }
        default:
            break
        }
    }

    private mutating func endHead() {
        let hasBody = isChunked || (length ?? 0) > 0
        expectsContinue = hasBody && wantsContinue
        if isChunked, length != nil {
            state = .malformed
        } else if isChunked {
            state = .chunkSize
        } else if let length, length > 0 {
            state = .body(length)
        } else {
            state = .complete
        }
    }
}
