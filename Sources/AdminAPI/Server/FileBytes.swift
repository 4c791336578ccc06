import Glibc

/// A small file's content, and what tells that it has changed.
struct FileBytes: Sendable {
    /// Changes with the content, as far as the file system tells.
    struct Version: Equatable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modified: Moment
        let changed: Moment
    }

    /// A time as the file system has it. Anybody may give a file any, also one that nanoseconds of the epoch do not reach.
    struct Moment: Equatable, Sendable {
        let seconds: Int
        let nanoseconds: Int
    }

    let bytes: [UInt8]
    let version: Version
    /// Users other than the owner and the group may write to it.
    let isWorldWritable: Bool

    /// Why it cannot be read, in the kernel's words.
    struct Failure: Error {
        let reason: String
    }

    // SAFETY: of everything below: each C call gets a NUL-ended copy of the path, or a local of the type and size it is
    // told, and uses it within the call.

    /// Nil when there is no such file, or it cannot be looked at.
    static func version(of path: String) -> Version? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return version(status)
    }

    init(path: String, bytesMax: Int) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure() }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "is not a file") }
        var content = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < content.count {
            let got = unsafe content.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            }
            if got == 0 { break }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Self.failure() }
            count += got
        }
        guard count <= bytesMax else { throw Failure(reason: "has more than \(bytesMax) bytes") }
        bytes = Array(content[..<count])
        version = Self.version(status)
        isWorldWritable = status.st_mode & S_IWOTH != 0
    }

    static func version(_ status: stat) -> Version {
        Version(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            modified: Moment(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec),
            changed: Moment(seconds: status.st_ctim.tv_sec, nanoseconds: status.st_ctim.tv_nsec)
        )
    }

    private static func failure() -> Failure { Failure(reason: unsafe String(cString: strerror(errno))) }
}
