import Glibc
import Model
import Synchronization

/// The sockets of the admin port and the loop that accepts on them, for a thread of its own.
struct Acceptor: ~Copyable {
    private let first: ListeningSocket
    private let second: ListeningSocket?

    /// Where it listens.
    let addresses: [ListenAddress]
    private let descriptors: [Int32]

    init(first: consuming ListeningSocket, second: consuming ListeningSocket?) {
        var addresses = [first.address]
        var descriptors = [first.descriptor]
        self.first = first
        if let other = consume second {
            addresses.append(other.address)
            descriptors.append(other.descriptor)
            self.second = consume other
        } else {
            self.second = nil
        }
        self.addresses = addresses
        self.descriptors = descriptors
    }

    /// Hands each connection to `admit` until the alarm rings; then the sockets are closed, and it returns.
    consuming func run(alarm: Int32, admit: (Int32) -> Void, complain: (String) -> Void) {
        var hasComplained = false
        while true {
            let ready = Sockets.waitForAny([alarm] + descriptors, until: nil)
            if ready[0] { return }
            for (index, listener) in descriptors.enumerated() where ready[index + 1] {
                switch Sockets.accept(listener) {
                case .connection(let descriptor):
                    hasComplained = false
                    admit(descriptor)
                case .error(EMFILE), .error(ENFILE), .error(ENOBUFS), .error(ENOMEM):
                    // The connection stays in the backlog, and poll would return for it at once: wait a little instead.
                    if !hasComplained { complain("admin: no descriptor left to accept a connection with") }
                    hasComplained = true
                    if Sockets.waitForAny([alarm], until: .after(Self.pause)) == [true] { return }
                case .error:
                    continue
                }
            }
        }
    }

    private static let pause = TimeSpan.milliseconds(100)
}

/// Carries an acceptor to its thread, which takes it out.
final class AcceptorHandover: Sendable {
    private let slot: Mutex<Acceptor?>

    init(_ acceptor: consuming sending Acceptor) { slot = Mutex(acceptor) }

    func take() -> Acceptor? { slot.withLock { $0.take() } }
}
