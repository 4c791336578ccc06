import Glibc

/// The directory the state lives in, held by one process at a time.
///
/// Holding it is an exclusive `flock(2)` on `lb.lock` inside: the kernel drops it when the process ends, however it
/// ends, so a crash leaves nothing to clean up.
final class StateDirectory {
    let path: String
    private let lockDescriptor: Int32

    var databasePath: String { path + "/lb.sqlite3" }

    /// Makes the directory (0700, missing parents too), takes the lock, and makes the database file (0600) if there
    /// is none.
    init(path: String) throws(StoreError) {
        self.path = path
        try Self.make(path)
        try Self.checkOwner(path)
        let lockPath = path + "/lb.lock"
        let descriptor = Self.openFile(lockPath)
        guard descriptor >= 0 else { throw Self.inaccessible(lockPath, "cannot be opened: \(Self.reason())") }
        lockDescriptor = descriptor
        try Self.checkOwner(lockPath)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let isHeld = errno == EWOULDBLOCK
            let reason = Self.reason()
            let holder = Self.processID(in: descriptor).map { " (process \($0))" } ?? ""
            throw isHeld
                ? StoreError(
                    kind: .inUse,
                    path: lockPath,
                    message: "the state directory \(path) is in use by another lbd\(holder), which holds \(lockPath): "
                        + "stop that one, or give this one a directory of its own with --state DIR"
                )
                : Self.inaccessible(lockPath, "cannot be locked: \(reason)")
        }
        Self.write(processID: getpid(), to: descriptor)
        try makeDatabaseFile()
    }

    deinit { close(lockDescriptor) }

    /// The process that has the directory, as far as can be seen without changing anything; nil when nobody has.
    static func holder(of path: String) -> Int32? {
        // SAFETY: the path's NUL-ended copy is read within the call.
        let descriptor = unsafe open(path + "/lb.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return processID(in: descriptor)
    }

    private func makeDatabaseFile() throws(StoreError) {
        let descriptor = Self.openFile(databasePath)
        guard descriptor >= 0 else {
            throw Self.inaccessible(databasePath, "cannot be opened: \(Self.reason())")
        }
        close(descriptor)
        try Self.checkOwner(databasePath)
        // The file's name must survive a power cut as well as its content, which SQLite sees to.
        let directory = Self.openDirectory(path)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// Who can write there owns the daemon: it has to be this user's, or root's, and nobody else may write to it. In a
    /// directory like /tmp, whose sticky bit is set, others can make files and not change ours.
    private static func checkOwner(_ path: String) throws(StoreError) {
        var status = stat()
        // SAFETY: the path's NUL-ended copy and a local are used within the call.
        guard unsafe stat(path, &status) == 0 else { throw inaccessible(path, "cannot be looked at: \(reason())") }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw StoreError(
                kind: .inaccessible,
                path: path,
                message: "\(path) belongs to another user (uid \(status.st_uid)), who could change the state: make it this "
                    + "user's, or choose another place with --state DIR"
            )
        }
        let isSticky = status.st_mode & S_IFMT == S_IFDIR && status.st_mode & S_ISVTX != 0
        guard status.st_mode & S_IWOTH == 0 || isSticky else {
            throw StoreError(
                kind: .inaccessible,
                path: path,
                message: "everyone may write to \(path), and so change the state: chmod o-w \(path)"
            )
        }
    }

    private static func make(_ path: String) throws(StoreError) {
        if isDirectory(path) { return }
        if makeOne(path) { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
            if makeOne(path) { return }
        }
        if errno == EEXIST, isDirectory(path) { return }
        let why = errno == EEXIST ? "is not a directory" : "cannot be made: \(reason())"
        throw StoreError(
            kind: .inaccessible,
            path: path,
            message: "the state directory \(path) \(why): choose another with --state DIR"
        )
    }

    private static func inaccessible(_ path: String, _ why: String) -> StoreError {
        StoreError(
            kind: .inaccessible,
            path: path,
            message: "the state file \(path) \(why): make it writable for this user, or choose another place with "
                + "--state DIR"
        )
    }

    // SAFETY: of everything below: the C functions read the NUL-ended copy of the path, or the given buffer, within the call.

    private static func makeOne(_ path: String) -> Bool { unsafe mkdir(path, 0o700) == 0 }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func openFile(_ path: String) -> Int32 {
        unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    private static func openDirectory(_ path: String) -> Int32 { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }

    private static func write(processID: pid_t, to descriptor: Int32) {
        let text = Array("\(processID)\n".utf8)
        ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, text, text.count, 0)
    }

    private static func processID(in descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text[..<count], as: UTF8.self).filter(\.isNumber))
    }
}
