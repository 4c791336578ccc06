import Foundation
import Glibc
import Synchronization

/// One TCP connection, blocking, with a limit on every wait; both ends of the tests use it.
///
/// One thread reads and writes; any thread may call `interrupt`.
final class Connection: @unchecked Sendable {
    enum Failure: Error, Equatable {
        case timedOut
        case reset
        case endedInside(String)
        case closed
        case other(Int32)
    }

    private let descriptor: Int32
    private let isOpen = Mutex(true)
    private var unread = Data()
    /// Bytes that `send` has handed to the kernel.
    private let sentCount = Atomic<Int>(0)
    private let isStalledFlag = Atomic<Bool>(false)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        Sockets.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: Int(patience), tv_usec: 0))
        Sockets.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    }

    /// As a client of a port of this machine.
    convenience init(to port: UInt16, receiveBytes: Int32? = nil) throws {
        self.init(try Sockets.connected(to: port, receiveBytes: receiveBytes))
    }

    deinit { close() }

    // MARK: writing

    var bytesSent: Int { sentCount.load(ordering: .relaxed) }

    /// Whether a `send` has waited for a moment with nothing taken: the other end does not read.
    var isStalled: Bool { isStalledFlag.load(ordering: .relaxed) }

    func send(_ text: String) throws { try send(Data(text.utf8)) }

    func send(_ bytes: Data) throws {
        var rest = bytes
        while !rest.isEmpty {
            try awaitRoom()
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, sendFlags) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw Self.failure(errno) }
            sentCount.add(count, ordering: .relaxed)
            rest = rest.dropFirst(count)
        }
    }

    private var sendFlags: Int32 { Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT) }

    private func awaitRoom() throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if Glibc.poll(&entry, 1, 250) != 0 { return }
        isStalledFlag.store(true, ordering: .relaxed)
        guard Glibc.poll(&entry, 1, Int32(patience * 1000)) != 0 else { throw Failure.timedOut }
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: reading

    /// What has come, at most `count` bytes; waits for the first. Empty at the end.
    func receive(_ count: Int = 64 * 1024) throws -> Data {
        if !unread.isEmpty {
            let part = Data(unread.prefix(count))
            unread = Data(unread.dropFirst(count))
            return part
        }
        guard isOpen.withLock({ $0 }) else { throw Failure.closed }
        var block = Data(count: count)
        while true {
            let got = block.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Self.failure(errno) }
            return block.prefix(got)
        }
    }

    /// Everything up to the end.
    func receiveToEnd() throws -> Data {
        var all = Data()
        while true {
            let part = try receive(256 * 1024)
            if part.isEmpty { return all }
            all.append(part)
        }
    }

    /// A head and its body. Nil when the connection ended before the first byte.
    /// - Parameter method: Of the request that this answers; nil for a request. Interim answers (1xx) are passed over.
    func receiveMessage(answering method: String? = nil) throws -> HTTPMessage? {
        while true {
            guard var message = try receiveHead() else { return nil }
            if method != nil, (100..<200).contains(message.status), message.status != 101 { continue }
            try receiveBody(of: &message, answering: method)
            return message
        }
    }

    /// The answer to a request that was sent; throws when there is none.
    func receiveAnswer(to method: String = "GET") throws -> HTTPMessage {
        guard let answer = try receiveMessage(answering: method) else { throw Failure.endedInside("answer") }
        return answer
    }

    /// Sends a request without a body and reads the answer.
    func get(_ target: String, fields: String = "", method: String = "GET") throws -> HTTPMessage {
        try send("\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
        return try receiveAnswer(to: method)
    }

    func receiveHead() throws -> HTTPMessage? {
        guard let head = try receiveUpTo("\r\n\r\n", part: "head", mayEnd: true) else { return nil }
        return HTTPMessage(head: head)
    }

    func receiveBody(of message: inout HTTPMessage, answering method: String? = nil) throws {
        let status = message.status
        if let method, method == "HEAD" || (100..<200).contains(status) || status == 204 || status == 304 { return }
        if message.field("transfer-encoding")?.lowercased() == "chunked" {
            try receiveChunks(into: &message)
        } else if let text = message.field("content-length"), let count = Int(text) {
            message.body = try receiveExactly(count)
        } else if method != nil {
            message.body = try receiveToEnd()
        }
    }

    private func receiveChunks(into message: inout HTTPMessage) throws {
        while true {
            let line = try receiveUpTo("\r\n", part: "chunk size") ?? ""
            guard let count = Int(line.prefix { $0.isHexDigit }, radix: 16) else {
                throw Failure.endedInside("chunk size: \(line)")
            }
            if count == 0 { break }
            message.body.append(try receiveExactly(count))
            _ = try receiveUpTo("\r\n", part: "chunk end")
        }
        var lines: [String] = []
        while let line = try receiveUpTo("\r\n", part: "trailers"), !line.isEmpty { lines.append(line) }
        message.trailers = HTTPMessage.fields(lines)
    }

    private func receiveExactly(_ count: Int) throws -> Data {
        var all = Data()
        while all.count < count {
            let part = try receive(min(256 * 1024, count - all.count))
            if part.isEmpty { throw Failure.endedInside("body") }
            all.append(part)
        }
        return all
    }

    /// The bytes before `mark`, which is taken too.
    private func receiveUpTo(_ mark: String, part: String, mayEnd: Bool = false) throws -> String? {
        var seen = Data()
        let pattern = Data(mark.utf8)
        while true {
            let more = try receive()
            if more.isEmpty {
                if mayEnd, seen.isEmpty { return nil }
                throw Failure.endedInside(part)
            }
            seen.append(more)
            guard let range = seen.range(of: pattern) else { continue }
            unread = Data(seen[range.upperBound...]) + unread
            return String(decoding: seen[..<range.lowerBound], as: UTF8.self)
        }
    }

    // MARK: the end

    /// Whether the other end has ended the connection, in whatever way, with nothing more sent before.
    func hasEnded() throws -> Bool {
        do {
            return try receive().isEmpty
        } catch Failure.reset {
            return true
        }
    }

    func close() {
        isOpen.withLock { isOpen in
            if isOpen { Glibc.close(descriptor) }
            isOpen = false
        }
    }

    /// Ends the connection with RST.
    func reset() {
        Sockets.set(descriptor, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close()
    }

    /// Ends the waits of whoever uses it.
    func interrupt() {
        isOpen.withLock { isOpen in
            if isOpen { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private static func failure(_ code: Int32) -> Failure {
        switch code {
        case EAGAIN: .timedOut
        case ECONNRESET, EPIPE: .reset
        default: .other(code)
        }
    }
}
