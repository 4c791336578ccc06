import Glibc

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

    /// Writes the text and returns when it is written, or when nobody reads.
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            // SAFETY: write(2) reads at most `count` bytes of the slice it is lent.
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
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
