import Glibc
import Model

/// Why bytes did not travel.
enum TransportError: Error, Equatable, Sendable {
    /// `getaddrinfo(3)` found no address; its words.
    case unresolved(String)
    /// No address took the connection; the error of the last one, as `strerror(3)` says it.
    case unreachable(String)
    /// The connection broke while it was used.
    case broken(String)
    /// The deadline passed before the connection stood.
    case connectTimedOut
    /// The deadline passed while it was used.
    case timedOut
    /// By this signal.
    case interrupted(Int32)
}

/// A point on the monotonic clock after which waiting ends; nil never ends it.
typealias Deadline = Int64?

/// One stream connection, used by one thread.
///
/// Every wait ends at a deadline or at an interrupt.
@safe struct Socket: ~Copyable {
    /// Open, non-blocking, ours alone.
    private let descriptor: Int32

    deinit { close(descriptor) }

    /// Connects to the first address of `place` that takes the connection, in the order of `getaddrinfo(3)`.
    ///
    /// Looking up a name blocks as long as the resolver likes and is not interrupted here: `interrupts` are taken
    /// over only once it is done, so that until then a signal ends the process as usual.
    static func connected(
        to place: BackendURL.Place,
        deadline: Deadline,
        interrupts: Interrupts,
        tried: (String) -> Void
    ) throws(TransportError) -> Socket {
        let addresses: [Address]
        switch place {
        case .network("localhost", let port):
            // RFC 6761 §6.3: both loopback addresses, whatever /etc/hosts has of them.
            addresses = try resolve("127.0.0.1", port) + resolve("::1", port)
        case .network(let host, let port): addresses = try resolve(host, port)
        case .unix(let path): addresses = [unixAddress(path)]
        }
        interrupts.arm()
        var failure = TransportError.unreachable("no address")
        for (index, address) in addresses.enumerated() {
            tried(address.text)
            // A family that swallows packets must not eat the time of the one that works.
            var limit = deadline
            if let deadline {
                let now = monotonicNanoseconds()
                limit = now + max(0, deadline - now) / Int64(addresses.count - index)
            }
            do {
                return try connect(address, deadline: limit, interrupts: interrupts)
            } catch .interrupted(let signal) {
                throw .interrupted(signal)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Sends all of `bytes`.
    func send(_ bytes: [UInt8], deadline: Deadline, interrupts: Interrupts) throws(TransportError) {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the pointer is valid for bytes.count - sent bytes from `sent` on during the call.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor,
                    buffer.baseAddress.map { unsafe $0 + sent },
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                try Self.wait(descriptor, for: POLLOUT, until: deadline, interrupts: interrupts)
            } else if errno != EINTR {
                throw .broken(errorText(errno))
            }
        }
    }

    /// Appends what has come, at most `count` bytes, to `bytes`, waiting for the first of them.
    ///
    /// - Returns: false at the end of the stream.
    func receive(
        _ count: Int,
        into bytes: inout [UInt8],
        deadline: Deadline,
        interrupts: Interrupts
    ) throws(TransportError) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        var received = -1
        defer { bytes.removeLast(count - max(0, received)) }
        while true {
            // SAFETY: `bytes` has `count` bytes from `start` on, just appended.
            received = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress.map { unsafe $0 + start }, count, 0)
            }
            if received >= 0 { return received > 0 }
            if errno == EAGAIN {
                try Self.wait(descriptor, for: POLLIN, until: deadline, interrupts: interrupts)
            } else if errno != EINTR {
                throw .broken(errorText(errno))
            }
        }
    }

    /// One address of `getaddrinfo(3)`, copied out of its list, and its text for people.
    private struct Address {
        let family: Int32
        let storage: sockaddr_storage
        let length: socklen_t
        let text: String
    }

    private static func resolve(_ host: String, _ port: UInt16) throws(TransportError) -> [Address] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | (IPAddress(host) != nil ? AI_NUMERICHOST : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        // SAFETY: `list` is set only on success, and freed once, after the last look at it.
        let failure = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0 else {
            if failure == EAI_SYSTEM { throw .unresolved(errorText(errno)) }
            throw .unresolved(unsafe String(cString: gai_strerror(failure)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = unsafe list
        while let entry = unsafe next {
            // SAFETY: the list is alive until the defer; ai_addr has ai_addrlen bytes, which fit a storage.
            unsafe next = entry.pointee.ai_next
            let length = unsafe entry.pointee.ai_addrlen
            var storage = sockaddr_storage()
            guard let address = unsafe entry.pointee.ai_addr,
                Int(length) <= MemoryLayout<sockaddr_storage>.size
            else { continue }
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
            }
            let text = unsafe numericText(address, length)
            let shown = text.contains(":") ? "[\(text)]:\(port)" : "\(text):\(port)"
            addresses.append(
                Address(family: unsafe entry.pointee.ai_family, storage: storage, length: length, text: shown)
            )
        }
        return addresses
    }

    private static func numericText(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // SAFETY: getnameinfo writes at most NI_MAXHOST bytes, the NUL included.
        let failure = unsafe text.withUnsafeMutableBufferPointer { buffer in
            unsafe getnameinfo(
                address,
                length,
                buffer.baseAddress,
                socklen_t(buffer.count),
                nil,
                0,
                NI_NUMERICHOST
            )
        }
        guard failure == 0 else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func unixAddress(_ path: String) -> Address {
        var storage = sockaddr_storage()
        let bytes = Array(path.utf8)
        let offset = MemoryLayout<sa_family_t>.size
        precondition(bytes.count <= BackendURL.unixPathBytesMax)
        // SAFETY: a storage is larger than sun_family, 107 bytes and a NUL, which is already there.
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            for (index, byte) in bytes.enumerated() { unsafe target[offset + index] = byte }
        }
        return Address(
            family: AF_UNIX,
            storage: storage,
            length: socklen_t(offset + bytes.count + 1),
            text: "unix:" + path
        )
    }

    private static func connect(
        _ address: Address,
        deadline: Deadline,
        interrupts: Interrupts
    ) throws(TransportError) -> Socket {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .unreachable(errorText(errno)) }
        let socket = Socket(descriptor: descriptor)
        // SAFETY: the storage holds `length` bytes of an address of this family.
        let result = unsafe withUnsafeBytes(of: address.storage) { bytes in
            unsafe Glibc.connect(
                descriptor,
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                address.length
            )
        }
        if result == 0 { return socket }
        guard errno == EINPROGRESS || errno == EINTR else { throw .unreachable(errorText(errno)) }
        do {
            try wait(descriptor, for: POLLOUT, until: deadline, interrupts: interrupts)
        } catch .timedOut {
            throw .connectTimedOut
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: SO_ERROR is an int.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 else {
            throw .unreachable(errorText(error == 0 ? errno : error))
        }
        return socket
    }

    /// Returns when the descriptor is ready, or broken: the next call on it tells.
    private static func wait(
        _ descriptor: Int32,
        for events: Int32,
        until deadline: Deadline,
        interrupts: Interrupts
    ) throws(TransportError) {
        try waitForAny(
            [pollfd(fd: descriptor, events: Int16(events), revents: 0)],
            until: deadline,
            interrupts: interrupts
        )
    }

    /// Waits until the deadline; only an interrupt ends it earlier.
    static func pause(until deadline: Int64, interrupts: Interrupts) throws(TransportError) {
        do {
            try waitForAny([], until: deadline, interrupts: interrupts)
        } catch .timedOut {
            return
        }
    }

    private static let pulseMilliseconds: Int32 = 100

    /// Waits until one of `descriptors` can be read, or the deadline; true for the former.
    static func awaitInput(
        on descriptors: [Int32],
        until deadline: Deadline,
        interrupts: Interrupts
    ) throws(TransportError) -> Bool {
        do {
            try waitForAny(
                descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) },
                until: deadline,
                interrupts: interrupts
            )
            return true
        } catch .timedOut {
            return false
        }
    }

    private static func waitForAny(
        _ descriptors: [pollfd],
        until deadline: Deadline,
        interrupts: Interrupts
    ) throws(TransportError) {
        var waits = descriptors
        waits.append(pollfd(fd: interrupts.descriptor, events: Int16(POLLIN), revents: 0))
        while true {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = deadline - monotonicNanoseconds()
                // Rounded up, or the last millisecond would be spent spinning; bounded, to fit.
                milliseconds = left <= 0 ? 0 : Int32(min((left + 999_999) / 1_000_000, 3_600_000))
            }
            if interrupts.pulse != nil, !(0...pulseMilliseconds).contains(milliseconds) {
                milliseconds = pulseMilliseconds
            }
            // SAFETY: poll writes revents of the entries it was given.
            let ready = unsafe poll(&waits, nfds_t(waits.count), milliseconds)
            if ready == 0 { interrupts.pulse?() }
            if let signal = interrupts.taken() { throw .interrupted(signal) }
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .broken(errorText(errno)) }
            if let deadline, monotonicNanoseconds() >= deadline { throw .timedOut }
        }
    }
}
