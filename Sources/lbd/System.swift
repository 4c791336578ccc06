import Glibc
import Model

/// The few calls of libc that starting a process takes.
///
/// Those with C strings or buffers are here, so that nothing else in start-up is unsafe.
enum System {
    /// Why a call failed, in libc's words.
    struct Failure: Error, Equatable {
        let code: Int32

        var text: String {
            // SAFETY: strerror(3) never returns null, and the copy is taken before another thread can call it: start-up
            // has one thread.
            unsafe String(cString: strerror(code))
        }
    }

    /// `getenv(3)`; nil also for an empty value.
    static func variable(_ name: String) -> String? {
        // SAFETY: the string is copied at once; nothing in this process changes the environment.
        guard let text = unsafe getenv(name).map({ unsafe String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }

    static var isRoot: Bool { geteuid() == 0 }

    /// `access(2)` for execution.
    static func isExecutable(_ path: String) -> Bool {
        // SAFETY: a Swift string is lent to C as a NUL-terminated copy for the length of the call.
        unsafe access(path, X_OK) == 0
    }

    /// The whole of a file, or of a pipe, but never more than `bytesMax + 1` bytes, so that the caller sees the excess.
    static func contents(of path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        // SAFETY: as above.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= bytesMax {
            // SAFETY: read(2) writes at most `count` bytes into the block it is lent.
            let count = unsafe block.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(code: errno)
            }
            bytes += block[..<min(count, bytesMax + 1 - bytes.count)]
        }
        return bytes
    }

    /// A new directory of mode 0700 that no one else has, under `$TMPDIR` or `/tmp`: `mkdtemp(3)`.
    static func temporaryDirectory(named name: String) throws(Failure) -> String {
        var template = Array("\(variable("TMPDIR") ?? "/tmp")/\(name)-XXXXXX".utf8CString)
        // SAFETY: the template ends in NUL and is written in place.
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
        }
        guard made else { throw Failure(code: errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a state directory with the files that lbd makes in one; what else is in it stays, and it with that.
    static func removeState(_ path: String) {
        for name in ["lb.sqlite3", "lb.sqlite3-wal", "lb.sqlite3-shm", "lb.sqlite3-journal", "lb.lock"] {
            // SAFETY: a Swift string is lent to C as a NUL-terminated copy for the length of the call; so below.
            _ = unsafe unlink("\(path)/\(name)")
        }
        _ = unsafe rmdir(path)
    }

    /// Writes the text and returns when it is written, or when nobody reads.
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8)[...], to: descriptor) }

    /// As above, of bytes.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        var bytes = bytes
        while !bytes.isEmpty {
            // SAFETY: write(2) reads at most `count` bytes of the slice it is lent.
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Whether an address is one of this machine: only those can be bound.
    static func isLocal(_ address: IPAddress) -> Bool {
        let family: Int32 = if case .v4 = address { AF_INET } else { AF_INET6 }
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        switch address {
        case .v4(let value):
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_addr.s_addr = value.bigEndian
            // SAFETY: bind(2) reads a local of the size that is said; so below.
            return unsafe withUnsafePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        case .v6(let high, let low):
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            unsafe withUnsafeMutableBytes(of: &place.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return unsafe withUnsafePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
                }
            }
        }
    }

    /// Wakes one thread from others, none of which ever waits: `pipe(2)`.
    final class Bell: Sendable {
        private let listening: Int32
        private let rope: Int32

        /// Nil when there is no descriptor left.
        init?() {
            var ends: [Int32] = [-1, -1]
            // SAFETY: pipe writes two descriptors, for which there is room.
            guard unsafe pipe(&ends) == 0 else { return nil }
            listening = ends[0]
            rope = ends[1]
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            // A pipe that is full rings already.
            _ = fcntl(rope, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(listening)
            close(rope)
        }

        func ring() {
            // SAFETY: one byte is read from the array.
            _ = unsafe Glibc.write(rope, [1] as [UInt8], 1)
        }

        /// Returns when it has been rung since the last wait.
        func wait() {
            var bytes = [UInt8](repeating: 0, count: 256)
            // SAFETY: read(2) writes at most as many bytes as the array has.
            _ = unsafe read(listening, &bytes, bytes.count)
        }
    }

    static func sleep(milliseconds: Int64) { usleep(UInt32(clamping: milliseconds * 1000)) }

    /// Seconds of the UNIX epoch.
    static func wallSeconds() -> Int {
        var time = timespec()
        // SAFETY: `time` is written by the call and read after it.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec
    }

    /// Nanoseconds of the monotonic clock.
    static func monotonicNanoseconds() -> Int64 {
        var time = timespec()
        // SAFETY: fills a local variable.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Sends one datagram to a UNIX socket: a path, or `@` and a name of the abstract namespace (unix(7)). Nobody
    /// there is no error.
    static func send(_ text: String, toSocket place: String) {
        let name = Array(place.utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `name` is checked to fit the field, with a NUL after it.
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            guard name.count < path.count else { return false }
            unsafe path.copyBytes(from: name)
            if name.first == 0x40 { unsafe path[0] = 0 }
            return true
        }
        guard fits else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        // An abstract name ends where the address does: its length counts.
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (name.first == 0x40 ? 0 : 1))
        // SAFETY: the address and the bytes are lent for the call, with their lengths.
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, size)
            }
        }
    }
}
