import Foundation
import Glibc
import Synchronization

/// A backend of raw sockets that does what its script says, and remembers what it was asked.
///
/// One thread accepts, and one serves each connection, so a script may block.
final class RawBackend: Sendable {
    /// What becomes of a connection after an answer.
    enum After: Sendable {
        case keep
        case close
        case reset
    }

    /// Answers one request. What it throws closes the connection.
    typealias Script = @Sendable (HTTPMessage, Connection) throws -> After

    let port: UInt16
    var url: String { "http://127.0.0.1:\(port)" }

    private let listener: Int32
    private let script: Script
    private let readsBodies: Bool
    private let log = Mutex(Log())

    private struct Log {
        var requests: [HTTPMessage] = []
        var probes = 0
        var connections: [Connection] = []
        var isClosed = false
        /// Whether `listener` is still the descriptor's name: a number that was closed may be another's already.
        var isListening = true
    }

    /// - Parameter readsBodies: False leaves a request's body to the script: `Connection.receiveBody`.
    init(readsBodies: Bool = true, _ script: @escaping Script) throws {
        self.script = script
        self.readsBodies = readsBodies
        (listener, port) = try Sockets.listening()
        Thread.detachNewThread { self.accept() }
    }

    /// All requests that have come, but for those of health checks.
    var requests: [HTTPMessage] { log.withLock { $0.requests } }
    var probeCount: Int { log.withLock { $0.probes } }
    /// How many connections were made to it in all.
    var connectionCount: Int { log.withLock { $0.connections.count } }
    /// Whether an answer waited because nobody took it.
    var isStalled: Bool { log.withLock { $0.connections.contains { $0.isStalled } } }

    /// Ends the listener and every connection.
    func close() {
        let connections = log.withLock { log in
            log.isClosed = true
            // The thread that accepts wakes up by this, and closes.
            if log.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
            return log.connections
        }
        for connection in connections { connection.interrupt() }
    }

    private func accept() {
        while true {
            guard let descriptor = Sockets.accepted(from: listener) else { break }
            let connection = Connection(descriptor)
            let isWanted = log.withLock { log in
                log.connections.append(connection)
                return !log.isClosed
            }
            guard isWanted else { break }
            Thread.detachNewThread { self.serve(connection) }
        }
        log.withLock { log in
            log.isListening = false
            Glibc.close(listener)
        }
    }

    private func serve(_ connection: Connection) {
        defer { connection.close() }
        do {
            while var request = try connection.receiveHead() {
                if readsBodies { try connection.receiveBody(of: &request) }
                let isProbe = request.field("user-agent") == "lb-health-check"
                log.withLock { log in
                    if isProbe { log.probes += 1 } else { log.requests.append(request) }
                }
                switch try script(request, connection) {
                case .keep: continue
                case .close: return
                case .reset: return connection.reset()
                }
            }
        } catch {
            // The peer went away or the test has ended: there is nobody left to answer.
        }
    }
}
