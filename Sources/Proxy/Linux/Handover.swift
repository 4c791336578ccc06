import CLinux
import Model
import Synchronization

/// Shares the listening sockets with other instances of the same user on this machine.
///
/// Closing a socket resets the connections that wait in its queue, and those whose handshake is under way, even while
/// another socket listens on the same port (SO_REUSEPORT gives each socket a queue of its own). So an instance that is
/// started beside another has no sockets of its own: it gets the other's, and whichever of the two ends, nothing is
/// closed as long as one of them lives. No kernel setting and no privilege is needed for that.
///
/// They meet at a name of the abstract namespace that tells the user and the address. The meeting place is shared like
/// the sockets, so it outlives whoever opened it.
final class Handover: Sendable {
    /// One listener's sockets, and where others may ask for them.
    struct Offer: Sendable {
        let meeting: Int32
        let sockets: [Int32]
    }

    /// What was got of another instance.
    struct Claim {
        let meeting: Int32
        let sockets: [InheritedListener]
    }

    /// What came of asking.
    enum Answer {
        case got(Claim)
        /// Nobody has sockets of this address to share.
        case nobody
        /// Another user's process has the name: it is neither asked nor waited for.
        case stranger
    }

    private let offers: [Offer]
    private let alarm: Waker
    private let ended = Signal()

    /// With the meeting place, what one message can carry (SCM_MAX_FD).
    private static let descriptorsMax = 253
    private static let endNs: UInt64 = 1_000_000_000

    init(_ offers: [Offer]) throws(IOFault) {
        self.offers = offers
        alarm = try Waker()
        let handover = self
        try LoopThread.start("lb-handover") { handover.run() }
    }

    /// How often the queue of a meeting place is tried that is full, and how long after each. An instance of ours empties
    /// it at once; a process that never accepts delays a start by a quarter of a second and no more.
    private static let triesMax = 25
    private static let tryPauseNs: Int64 = 10_000_000

    /// Asks another instance for its sockets of this address.
    static func claim(_ address: ListenAddress) -> Answer {
        let name = name(of: address)
        var connection: Int32 = 0
        for _ in 0..<triesMax {
            // SAFETY: the name is lent as a NUL-terminated copy; so below.
            connection = unsafe clx_meeting_connect(name)
            guard connection == CLX_AGAIN else { break }
            clx_sleep_ns(tryPauseNs)
        }
        guard connection >= 0 else { return connection == CLX_AGAIN ? .stranger : .nobody }
        defer { _ = clx_close(connection) }
        // Anybody may take a name; nobody but us and root may hand us sockets, and nobody else is waited for.
        let user = clx_peer_user(connection)
        guard user == clx_own_user() || user == 0 else { return .stranger }
        guard clx_meeting_wait(connection) == 0 else { return .nobody }
        return claimed(connection, address).map { .got($0) } ?? .nobody
    }

    private static func claimed(_ connection: Int32, _ address: ListenAddress) -> Claim? {
        var descriptors = [Int32](repeating: -1, count: descriptorsMax)
        // SAFETY: the array has the room that is said.
        let count = unsafe clx_receive_descriptors(connection, &descriptors, Int32(descriptorsMax))
        guard count > 1 else { return nil }
        var sockets: [InheritedListener] = []
        for descriptor in descriptors[1..<Int(count)] {
            if let socket = InheritedListener(descriptor: descriptor), socket.address == address {
                sockets.append(socket)
            } else {
                _ = clx_close(descriptor)
            }
        }
        if sockets.isEmpty {
            _ = clx_close(descriptors[0])
            return nil
        }
        return Claim(meeting: descriptors[0], sockets: sockets)
    }

    /// Opens a meeting place for this address; nil when somebody else has it.
    static func meeting(for address: ListenAddress) -> Int32? {
        // SAFETY: as above.
        let descriptor = unsafe clx_meeting_listen(name(of: address))
        return descriptor >= 0 ? descriptor : nil
    }

    /// Gives nothing away any more; before the sockets are closed.
    func end() {
        let seen = ended.count
        alarm.wake()
        _ = ended.wait(past: seen, timeoutNs: Self.endNs)
    }

    private func run() {
        let places = [alarm.descriptor] + offers.map(\.meeting)
        while true {
            // SAFETY: the array has as many elements as is said.
            let index = unsafe clx_wait_any(places, Int32(places.count))
            guard index > 0 else {
                if index < 0, index == CLX_INTERRUPTED || index == CLX_AGAIN { continue }
                break
            }
            answer(offers[Int(index) - 1])
        }
        for offer in offers { _ = clx_close(offer.meeting) }
        ended.raise()
    }

    private func answer(_ offer: Offer) {
        let connection = clx_meeting_accept(offer.meeting)
        guard connection >= 0 else { return }
        defer { _ = clx_close(connection) }
        let user = clx_peer_user(connection)
        guard user == clx_own_user() || user == 0 else { return }
        let descriptors = [offer.meeting] + offer.sockets.prefix(Self.descriptorsMax - 1)
        // SAFETY: as many as is said.
        _ = unsafe clx_send_descriptors(connection, descriptors, Int32(descriptors.count))
    }

    /// Short enough for an abstract name, also for the longest path of a UNIX socket: that is hashed.
    static func name(of address: ListenAddress) -> String {
        var place = "\(address)"
        if place.utf8.count > 60 {
            // FNV-1a: it only has to tell apart what one user listens on.
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in place.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            place = "unix-" + String(hash, radix: 16)
        }
        return "lbd/\(clx_own_user())/\(place)"
    }
}
