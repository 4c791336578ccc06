import Foundation
import Model

@testable import AdminAPI

struct ClientError: Error, CustomStringConvertible {
    let description: String
}

/// One answer as it came.
struct Answer {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    func field(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value at a path such as `status/health/state`: text as it is, anything else as JSON writes it; nil when
    /// there is no such member.
    subscript(_ path: String) -> String? {
        guard var node = try? JSONReader.read(body) else { return nil }
        for key in path.split(separator: "/") {
            switch node.value {
            case .mapping(let members):
                guard let member = members.first(where: { $0.key == key }) else { return nil }
                node = member.node
            case .sequence(let elements):
                guard let index = Int(key), elements.indices.contains(index) else { return nil }
                node = elements[index]
            default: return nil
            }
        }
        switch node.value {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return "\(value)"
        case .double(let value): return "\(value)"
        case .string(let value): return value
        case .sequence(let elements): return "[\(elements.count)]"
        case .mapping(let members): return "{" + members.map(\.key).joined(separator: ",") + "}"
        }
    }
}

/// A blocking client that sends the bytes it is given, right or wrong.
final class RawClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ address: ListenAddress) throws {
        switch address.place {
        case .network(.v4(let value), let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            target.sin_addr.s_addr = value.bigEndian
            try connect(&target)
        case .network(.v6(let high, let low), let port):
            descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &target.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            try connect(&target)
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &target.sun_path) { bytes in
                for (index, byte) in path.utf8.enumerated() { bytes[index] = byte }
            }
            try connect(&target)
        }
        // A server that hangs fails the test instead of hanging it too.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ target: inout Address) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        let code = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, size) }
        }
        guard code == 0 else {
            throw ClientError(description: "connect: \(String(cString: strerror(errno)))")
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends as much as the server takes.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line of an answer without an end, without its newline; nil when the server has closed before one.
    func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            if !fill() { return nil }
        }
    }

    /// Whether the server has closed, with nothing more to read.
    func isClosed() -> Bool { buffer.isEmpty && !fill() }

    /// The next answer. `hasBody` is false for the answer to HEAD.
    func receive(hasBody: Bool = true) throws -> Answer {
        var end: Int?
        while end == nil {
            end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound
            if end == nil, !fill() {
                throw ClientError(
                    description:
                        "closed without an answer after \(String(decoding: buffer, as: UTF8.self).debugDescription)"
                )
            }
        }
        let headEnd = end ?? 0
        let lines = String(decoding: buffer[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        buffer.removeFirst(headEnd + 4)
        guard let status = lines.first.flatMap({ Int($0.dropFirst(9).prefix(3)) }) else {
            throw ClientError(description: "no status line: \(lines)")
        }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (
                name: parts[0].lowercased(),
                value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            )
        }
        let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard hasBody, status != 304 else { return Answer(status: status, fields: fields, body: []) }
        while buffer.count < length {
            guard fill() else { throw ClientError(description: "closed within the body") }
        }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return Answer(status: status, fields: fields, body: body)
    }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }
}
