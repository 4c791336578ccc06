import HTTPWire
import Testing

/// What a parser said of some bytes.
enum Answer<Head: Equatable>: Equatable {
    case more
    case head(Head)
    case error(H1Error)
}

/// A field line as text.
struct Line: Equatable {
    var name: String
    var value: String
    var id: FieldName
    var isHopByHop: Bool
    var hasUnderscore: Bool

    init(_ line: FieldLine, _ bytes: [UInt8]) {
        name = text(bytes, line.name)
        value = text(bytes, line.value)
        id = line.id
        isHopByHop = line.isHopByHop
        hasUnderscore = line.hasUnderscore
    }
}

/// A request's head as text, independent of the buffer it came from.
struct Request: Equatable {
    var method: Method
    var methodName: String
    var target: String
    var form: TargetForm
    var path: String
    var authority: String
    var minorVersion: UInt8
    var framing: BodyFraming
    var flags: HeadFlags
    var lines: [Line]
    var byteCount: Int
    var keepsAlive: Bool

    init(_ head: borrowing RequestHead, _ bytes: [UInt8]) {
        method = head.method
        methodName = text(bytes, head.methodRange)
        target = text(bytes, head.target)
        form = head.targetForm
        path = text(bytes, head.path)
        authority = text(bytes, head.authority)
        minorVersion = head.minorVersion
        framing = head.framing
        flags = head.flags
        lines = (0..<head.fields.count).map { Line(head.fields[$0], bytes) }
        byteCount = head.byteCount
        keepsAlive = head.keepsAlive
    }

    subscript(_ name: String) -> String? { lines.first { $0.name == name }?.value }
}

/// A response's head as text.
struct Response: Equatable {
    var status: UInt16
    var reason: String
    var minorVersion: UInt8
    var contentLength: UInt64?
    var isChunked: Bool
    var flags: HeadFlags
    var lines: [Line]
    var byteCount: Int
    var keepsAlive: Bool

    init(_ head: borrowing ResponseHead, _ bytes: [UInt8]) {
        status = head.status
        reason = text(bytes, head.reason)
        minorVersion = head.minorVersion
        contentLength = head.contentLength
        isChunked = head.isChunked
        flags = head.flags
        lines = (0..<head.fields.count).map { Line(head.fields[$0], bytes) }
        byteCount = head.byteCount
        keepsAlive = head.keepsAlive
    }
}

func text(_ bytes: [UInt8], _ range: ByteRange) -> String {
    String(decoding: bytes[Int(range.start)..<Int(range.end)], as: UTF8.self)
}

/// A head as another message left it, so that what a parser forgets to set shows.
private func usedRequestHead() -> RequestHead {
    var head = RequestHead()
    head.method = .trace
    head.methodRange = ByteRange(1, 2)
    head.target = ByteRange(1, 2)
    head.targetForm = .asterisk
    head.path = ByteRange(1, 2)
    head.authority = ByteRange(1, 2)
    head.framing = .untilClose
    head.flags = [.connectionClose, .expectOther]
    head.byteCount = 7
    fill(&head.fields)
    return head
}

private func fill(_ fields: inout FieldTable) {
    for _ in 0..<FieldTable.capacity { fields.append(FieldLine(id: .host, isHopByHop: true)) }
}

private func usedResponseHead() -> ResponseHead {
    var head = ResponseHead()
    head.status = 999
    head.reason = ByteRange(1, 2)
    head.contentLength = 7
    head.isChunked = true
    head.flags = [.connectionClose, .hasUpgrade]
    head.byteCount = 7
    fill(&head.fields)
    return head
}

/// One parser that is given the same message, longer and longer, with another `head` every time.
struct HeadReader {
    var parser: H1HeadParser

    init(_ limits: HeadLimits = HeadLimits()) { parser = H1HeadParser(limits: limits) }

    mutating func request(_ bytes: [UInt8]) -> Answer<Request> {
        var head = usedRequestHead()
        do throws(H1Error) {
            guard let count = try parser.parseRequest(bytes.rawBytes, into: &head) else { return .more }
            #expect(count == head.byteCount)
            return .head(Request(head, bytes))
        } catch {
            return .error(error)
        }
    }

    mutating func response(_ bytes: [UInt8]) -> Answer<Response> {
        var head = usedResponseHead()
        do throws(H1Error) {
            guard let count = try parser.parseResponse(bytes.rawBytes, into: &head) else { return .more }
            #expect(count == head.byteCount)
            return .head(Response(head, bytes))
        } catch {
            return .error(error)
        }
    }
}

/// Reads a request, and requires that every way to cut the bytes gives the same answer.
func request(
    _ message: String,
    limits: HeadLimits = HeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> Answer<Request> {
    request(Array(message.utf8), limits: limits, sourceLocation: sourceLocation)
}

func request(
    _ bytes: [UInt8],
    limits: HeadLimits = HeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> Answer<Request> {
    atEverySplit(bytes, sourceLocation) { bytes, reader in
        reader.request(bytes)
    } reader: {
        HeadReader(limits)
    }
}

/// Reads a response, and requires that every way to cut the bytes gives the same answer.
func response(
    _ message: String,
    limits: HeadLimits = HeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> Answer<Response> {
    response(Array(message.utf8), limits: limits, sourceLocation: sourceLocation)
}

func response(
    _ bytes: [UInt8],
    limits: HeadLimits = HeadLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> Answer<Response> {
    atEverySplit(bytes, sourceLocation) { bytes, reader in
        reader.response(bytes)
    } reader: {
        HeadReader(limits)
    }
}

/// The answer to all of the bytes. For every prefix, a parser that sees it at once and one that saw every shorter prefix
/// before must agree; and what they say must be "more" until it is the final answer, and the final answer from there on.
private func atEverySplit<Head>(
    _ bytes: [UInt8],
    _ sourceLocation: SourceLocation,
    read: ([UInt8], inout HeadReader) -> Answer<Head>,
    reader: () -> HeadReader
) -> Answer<Head> {
    var whole = reader()
    let final = read(bytes, &whole)
    var dribbled = reader()
    var isDecided = false
    for count in 0...bytes.count {
        let prefix = Array(bytes[..<count])
        var fresh = reader()
        let atOnce = read(prefix, &fresh)
        // A head that was returned is forgotten; an error stays.
        if case .head = final, isDecided {
            #expect(atOnce == final, "the first \(count) bytes at once", sourceLocation: sourceLocation)
            continue
        }
        let byByte = read(prefix, &dribbled)
        #expect(atOnce == byByte, "the first \(count) bytes at once and one by one", sourceLocation: sourceLocation)
        if isDecided || atOnce != .more {
            #expect(atOnce == final, "the first \(count) bytes decide", sourceLocation: sourceLocation)
            isDecided = true
        }
        if atOnce != final && isDecided { break }
    }
    return final
}

extension Answer {
    /// The head, or a failed expectation.
    func head(sourceLocation: SourceLocation = #_sourceLocation) throws -> Head {
        guard case .head(let head) = self else {
            Issue.record("no head but \(self)", sourceLocation: sourceLocation)
            throw NoHead()
        }
        return head
    }
}

struct NoHead: Error {}
