import Foundation
import Glibc

/// An admin API that answers from a script, one step a connection, and remembers what it was asked.
final class FakeServer: @unchecked Sendable {
    enum Step {
        /// Reads the request, sends the pieces one after the other, closes.
        case answer([String])
        /// Reads the request and then does nothing until the server stops; says so through `onHold`.
        case hold
        /// Sends without having read anything, and closes.
        case speakFirst(String)
        /// Closes at once.
        case hangUp
    }

    let address: String
    private let listener: Int32
    private let lock = NSLock()
    private var steps: [Step]
    private var held: [Int32] = []
    /// Whether `listener` is still open: a number that was closed may be another's already.
    private var isListening = true
    private var recorded: [String] = []
    private let onHold: @Sendable () -> Void

    /// The requests so far, whole.
    var requests: [String] { lock.withLock { recorded } }
    /// The first line of each, without its version.
    var lines: [String] {
        requests.map { request in
            let line = request.prefix { $0 != "\r\n" }
            return line.split(separator: " ").prefix(2).joined(separator: " ")
        }
    }

    init(_ steps: [Step], unixPath: String? = nil, onHold: @escaping @Sendable () -> Void = {}) {
        self.steps = steps
        self.onHold = onHold
        if let unixPath {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var place = sockaddr_un()
            place.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: Array(unixPath.utf8)) }
            let result = withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            precondition(result == 0)
            listener = descriptor
            address = "unix:" + unixPath
        } else {
            let (descriptor, port) = Self.boundToLoopback()
            listener = descriptor
            address = "127.0.0.1:\(port)"
        }
        precondition(listen(listener, 16) == 0)
        Thread { [self] in serve() }.start()
    }

    /// Ends the thread and closes everything.
    func stop() {
        lock.withLock {
            if isListening { shutdown(listener, Int32(SHUT_RDWR)) }
        }
    }

    static func boundToLoopback() -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, length) == 0)
                precondition(getsockname(descriptor, $0, &length) == 0)
            }
        }
        return (descriptor, UInt16(bigEndian: place.sin_port))
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            let step = lock.withLock { steps.isEmpty ? nil : steps.removeFirst() }
            switch step {
            case .answer(let pieces)?:
                read(from: connection)
                for piece in pieces { send(piece, on: connection) }
                close(connection)
            case .hold?:
                read(from: connection)
                lock.withLock { held.append(connection) }
                onHold()
            case .speakFirst(let text)?:
                send(text, on: connection)
                shutdown(connection, Int32(SHUT_WR))
                // Closing with unread bytes would reset the connection under what was just sent.
                read(from: connection)
                close(connection)
            case .hangUp?:
                close(connection)
            case nil:
                read(from: connection)
                close(connection)
            }
        }
        lock.withLock {
            isListening = false
            close(listener)
            for connection in held { close(connection) }
            held = []
        }
    }

    private func send(_ text: String, on connection: Int32) {
        var one: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func read(from connection: Int32) {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = text.range(of: "\r\n\r\n") {
                let length = text[..<end.lowerBound].split(separator: "\r\n").first {
                    $0.lowercased().hasPrefix("content-length:")
                }.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
                if text[end.upperBound...].utf8.count >= length ?? 0 { break }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        lock.withLock { recorded.append(text) }
    }
}

/// A whole answer with its length, as the admin API sends it.
func json(_ status: String, _ body: String, _ fields: [String] = []) -> FakeServer.Step {
    .answer([httpText(status, body, ["Content-Type: application/json"] + fields)])
}

/// A refusal of the admin API.
func problem(_ status: Int, _ code: String, _ detail: String, _ more: String = "") -> FakeServer.Step {
    let body =
        "{\"type\":\"/v1/problems/\(code)\",\"title\":\"A title\",\"status\":\(status),\"detail\":\"\(detail)\","
        + "\"code\":\"\(code)\"\(more.isEmpty ? "" : "," + more)}"
    return .answer([httpText("\(status) Whatever", body, ["Content-Type: application/problem+json"])])
}

func httpText(_ status: String, _ body: String, _ fields: [String]) -> String {
    (["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.utf8.count)", "Connection: close"])
        .joined(separator: "\r\n") + "\r\n\r\n" + body
}
