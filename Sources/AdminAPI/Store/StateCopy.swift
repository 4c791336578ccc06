import Glibc

/// A copy of a state directory whose disk takes no writes, to read from until it does: the process serves what was kept,
/// and refuses every change.
///
/// A copy and not the file itself, because SQLite cannot read a write-ahead log beside which it cannot write. It is
/// removed when it is let go.
final class StateCopy {
    /// The directory that was copied, and why nothing can be written there, in the kernel's words.
    let original: String
    let reason: String
    /// Of the copy.
    let path: String
    /// Holds the original's lock, as far as one can be had without writing: -1 is none.
    private var lockDescriptor: Int32 = -1

    private static let files = ["lb.sqlite3", "lb.sqlite3-wal"]
    /// SQLite makes these beside the copy, and `StateDirectory` the last.
    private static let more = ["lb.sqlite3-shm", "lb.sqlite3-journal", "lb.lock"]
    /// A commit needs room for its pages, its log and the log's index of 32 KiB.
    private static let probeBytes = 128 * 1024
    private static let chunkBytes = 1 << 20

    /// Why nothing can be written at `path`: the disk is full or read-only, or broken. Nil where it can, or where only
    /// this user may not.
    static func fault(at path: String) -> String? {
        var place = path
        while !exists(place), let slash = place.lastIndex(of: "/"), slash > place.startIndex {
            place = String(place[..<slash])
        }
        let probe = "\(place)/.lb-probe-\(getpid())"
        // SAFETY: here and below, C functions read NUL-ended copies of paths, and buffers of the sizes that are said, within
        // the call.
        let descriptor = unsafe open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return meansFull(errno) ? text(errno) : nil }
        defer {
            close(descriptor)
            _ = unsafe unlink(probe)
        }
        let code = write([UInt8](repeating: 0, count: probeBytes)[...], to: descriptor)
        if code != 0 { return meansFull(code) ? text(code) : nil }
        if fsync(descriptor) != 0, meansFull(errno) { return text(errno) }
        return nil
    }

    /// Copies what the directory holds, which may be nothing. Throws when another process has it, and when there is no
    /// place for a copy.
    init(of original: String, because reason: String) throws(StoreError) {
        self.original = original
        self.reason = reason
        guard let path = Self.copied(original) else {
            throw StoreError(
                kind: .inaccessible,
                path: original,
                message:
                    "the state directory \(original) cannot be written (\(reason)), and there is no room for a copy "
                    + "of it in $TMPDIR, /tmp, /dev/shm or /run: make room, or choose another with --state DIR"
            )
        }
        self.path = path
        guard lock() else {
            throw StoreError(
                kind: .inUse,
                path: original,
                message: "the state directory \(original) is in use by another lbd: stop that one, or give this one a "
                    + "directory of its own with --state DIR"
            )
        }
    }

    deinit {
        unlock()
        Self.remove(path)
    }

    /// Takes the original's lock; false when another process has it.
    func lock() -> Bool {
        lockDescriptor = unsafe open(original + "/lb.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // Without the file, nobody who could have made it is there.
        return lockDescriptor < 0 || flock(lockDescriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
    }

    /// Lets the original's lock go.
    func unlock() {
        if lockDescriptor >= 0 { close(lockDescriptor) }
        lockDescriptor = -1
    }

    private static func copied(_ original: String) -> String? {
        let own = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
        for place in [own, "/tmp", "/dev/shm", "/run"].compactMap({ $0 }) {
            var template = Array("\(place)/lb-state-XXXXXX".utf8CString)
            let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
                unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
            }
            guard isMade else { continue }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if files.allSatisfy({ copy("\(original)/\($0)", to: "\(path)/\($0)") }) { return path }
            remove(path)
        }
        return nil
    }

    /// True also when there is nothing to copy.
    private static func copy(_ from: String, to: String) -> Bool {
        let source = unsafe open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { return errno == ENOENT || errno == ENOTDIR }
        defer { close(source) }
        let target = unsafe open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard target >= 0 else { return false }
        defer { close(target) }
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let count = unsafe read(source, &chunk, chunk.count)
            if count == 0 { return true }
            if count < 0, errno == EINTR { continue }
            guard count > 0, write(chunk[..<count], to: target) == 0 else { return false }
        }
    }

    /// 0, or the code of the error.
    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    private static func remove(_ path: String) {
        for name in files + more { _ = unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func meansFull(_ code: Int32) -> Bool {
        code == EROFS || code == ENOSPC || code == EDQUOT || code == EIO
    }

    private static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
