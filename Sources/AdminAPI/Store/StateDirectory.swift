import Glibc
import Synchronization

/// Which process has a state directory, as far as can be seen without changing anything.
package enum StateTenant: Equatable, Sendable {
    case nobody
    /// - Parameters:
    ///   - process: Nil while it is taking over.
    ///   - isServing: It has said that it serves with what it found there.
    case process(Int32?, isServing: Bool)
}

/// The directory the state lives in, held by one process at a time.
///
/// Holding it is an exclusive `flock(2)` on `lb.lock` inside: the kernel drops it when the process ends, however it
/// ends, so a crash leaves nothing to clean up. The file says which process that is, and whether it serves.
final class StateDirectory {
    let path: String
    private let lockDescriptor: Int32
    /// Has the lock.
    private var isTenant = false
    /// The files that were opened, as far as they are there yet; see `lostFile`.
    private let identities = Mutex<[String: FileIdentity]>([:])

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
        var attempts = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let isHeld = errno == EWOULDBLOCK
            attempts += 1
            // Who only looks has a lock for an instant, which is no tenancy.
            if isHeld, attempts < Self.attemptsMax {
                usleep(Self.pauseMicroseconds)
                continue
            }
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
        isTenant = true
        Self.write("\(getpid())\n", to: descriptor)
        try makeDatabaseFile()
    }

    /// Half a second together.
    private static let attemptsMax = 50
    private static let pauseMicroseconds: UInt32 = 10_000

    deinit {
        // What it says is true of the one that has the lock; who did not get it leaves it alone.
        if isTenant { ftruncate(lockDescriptor, 0) }
        close(lockDescriptor)
    }

    /// Says that this process serves: whoever had the directory before can end.
    func announce() { Self.write("\(getpid()) \(Self.servingWord)\n", to: lockDescriptor) }

    private static let servingWord = "serving"

    /// Who has the directory.
    static func tenant(of path: String) -> StateTenant {
        // SAFETY: the path's NUL-ended copy is read within the call.
        let descriptor = unsafe open(path + "/lb.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return .nobody }
        defer { close(descriptor) }
        // Shared, so that two who look do not take each other for a tenant.
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return .nobody }
        let words = text(in: descriptor).split(separator: " ")
        return .process(words.first.flatMap { Int32($0) }, isServing: words.dropFirst().first == servingWord[...])
    }

    /// The first of the files held open that is not there any more, or is another one: what is written to it is lost. Nil
    /// when all are as they were.
    func lostFile() -> String? {
        identities.withLock { identities in
            for file in [path + "/lb.lock", databasePath, databasePath + "-wal", databasePath + "-shm"] {
                let now = Self.identity(of: file)
                if let known = identities[file] {
                    if now != known { return file }
                } else {
                    // SQLite makes the last two with the first use.
                    identities[file] = now
                }
            }
            return nil
        }
    }

    /// Device and number of a file.
    private struct FileIdentity: Equatable {
        let device: dev_t
        let number: ino_t
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

    private static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return FileIdentity(device: status.st_dev, number: status.st_ino)
    }

    private static func openFile(_ path: String) -> Int32 {
        unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    private static func openDirectory(_ path: String) -> Int32 { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }

    private static func write(_ line: String, to descriptor: Int32) {
        let text = Array(line.utf8)
        // In this order who reads in between sees a whole number or none.
        ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, text, text.count, 0)
    }

    /// The line without its end.
    private static func text(in descriptor: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 32)
        let count = unsafe pread(descriptor, &text, text.count, 0)
        return String(decoding: text.prefix(max(0, count)), as: UTF8.self).filter { $0 != "\n" }
    }

    private static func processID(in descriptor: Int32) -> Int32? {
        text(in: descriptor).split(separator: " ").first.flatMap { Int32($0) }
    }
}
