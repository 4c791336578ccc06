import Glibc

/// Reads a file to its end; `-` is standard input.
func contents(ofFile path: String) throws(Failure) -> [UInt8] {
    if path == "-" { return try readToEnd(STDIN_FILENO, "standard input") }
    guard let bytes = try contents(ofFileIfAny: path) else {
        throw Failure(.usage, "\(path): \(errorText(ENOENT))")
    }
    return bytes
}

/// Nil when there is no such file.
func contents(ofFileIfAny path: String) throws(Failure) -> [UInt8]? {
    // SAFETY: open(2) with a NUL-terminated copy of the path.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw Failure(.usage, "\(path): \(errorText(errno))")
    }
    defer { close(descriptor) }
    return try readToEnd(descriptor, path)
}

/// More than the API takes in a body, and enough to say so.
private let fileBytesMax = 192 << 20

private func readToEnd(_ descriptor: Int32, _ name: String) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        // SAFETY: the pointer is valid for the chunk's bytes during the call.
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count == 0 { return bytes }
        if count < 0 {
            if errno == EINTR { continue }
            throw Failure(.usage, "\(name): \(errorText(errno))")
        }
        bytes += chunk[..<count]
        guard bytes.count <= fileBytesMax else {
            throw Failure(.usage, "\(name) has more than \(fileBytesMax >> 20) MiB")
        }
    }
}

/// Writes a file that only its owner reads, whole or not at all: to a new file beside it, which then takes its place.
///
/// Directories that are missing are made, for the owner only.
/// - Parameter keepingAccess: Who could read the file that was there still can: a daemon of another user.
func writePrivately(_ text: String, to path: String, keepingAccess: Bool = false) throws(Failure) {
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makeDirectory(String(path[..<slash])) }
    let (descriptor, new) = try makeTemporaryFile(path + ".XXXXXX")
    let failure = writeAll(Array(text.utf8), to: descriptor)
    var before = stat()
    // SAFETY: stat fills the struct.
    if keepingAccess, unsafe stat(path, &before) == 0 {
        _ = fchown(descriptor, before.st_uid, before.st_gid)
        _ = fchmod(descriptor, before.st_mode & 0o7777)
    }
    let isSynced = failure == 0 && fsync(descriptor) == 0
    let number = failure == 0 ? errno : failure
    close(descriptor)
    // SAFETY: both are NUL-terminated copies.
    guard isSynced, unsafe rename(new, path) == 0 else {
        let reason = isSynced ? errno : number
        unsafe unlink(new)
        throw Failure(.no, "cannot write \(path): \(errorText(reason))")
    }
}

/// A new file that only its owner reads, open for writing, its name made from a template that ends in `XXXXXX`.
func makeTemporaryFile(_ template: String) throws(Failure) -> (descriptor: Int32, path: String) {
    var bytes = Array(template.utf8) + [0]
    // SAFETY: mkstemp writes the six letters before the NUL.
    let descriptor = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe buffer.baseAddress.map { unsafe mkstemp($0.assumingMemoryBound(to: CChar.self)) } ?? -1
    }
    guard descriptor >= 0 else { throw Failure(.no, "cannot write \(template.dropLast(7)): \(errorText(errno))") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return (descriptor, String(decoding: bytes.dropLast(), as: UTF8.self))
}

func removeFile(_ path: String) {
    // SAFETY: a NUL-terminated copy.
    unsafe unlink(path)
}

/// Makes a directory and those above it; what stands in the way shows when a file is opened in it.
func makeDirectory(_ path: String) {
    var end = path.startIndex
    while end < path.endIndex {
        let next = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
        // SAFETY: a NUL-terminated copy.
        unsafe mkdir(String(path[..<next]), 0o700)
        end = next
    }
}

/// The permission bits of a file; nil when it is not there.
func permissions(ofFile path: String) -> UInt32? {
    var status = stat()
    // SAFETY: stat fills the struct.
    return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
}

/// Bytes that nobody can guess, of the kernel's own generator.
func unguessableBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: valid for `count` bytes, of which getentropy(3) fills up to 256 or none.
    let failure = unsafe bytes.withUnsafeMutableBytes { unsafe getentropy($0.baseAddress, $0.count) }
    precondition(failure == 0, "getentropy(3) failed")
    return bytes
}

func closeFile(_ descriptor: Int32) { close(descriptor) }

/// The directory that relative paths start from; nil when it is gone.
func workingDirectory() -> String? {
    // SAFETY: getcwd(3) with a null buffer allocates one, which is freed here.
    guard let path = unsafe getcwd(nil, 0) else { return nil }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
}

/// SHA-256 (FIPS 180-4) in hexadecimal, by the `sha256sum(1)` that every Linux has.
///
/// Hashing is not ours to write, and a cryptographic library in the process would be loaded for every command.
func sha256(_ text: String) throws(Failure) -> String {
    let (input, inputPath) = try makeTemporaryFile("/tmp/lbctl.XXXXXX")
    defer { removeFile(inputPath) }
    let isWritten = writeAll(Array(text.utf8), to: input) == 0
    close(input)
    let (output, outputPath) = try makeTemporaryFile("/tmp/lbctl.XXXXXX")
    close(output)
    defer { removeFile(outputPath) }
    guard isWritten, runShell("exec sha256sum <\(shellQuoted(inputPath)) >\(shellQuoted(outputPath))") == 0 else {
        throw Failure(.no, "sha256sum could not be run; it is part of coreutils and of busybox")
    }
    let hash = String(decoding: try contents(ofFile: outputPath).prefix(64), as: UTF8.self)
    guard hash.utf8.count == 64, hash.allSatisfy(\.isHexDigit) else {
        throw Failure(.no, "sha256sum said \"\(hash)\", which is no hash")
    }
    return hash
}

/// Writes a file that everybody may read, as far as the umask lets them.
func writeOpenly(_ text: String, to path: String) throws(Failure) {
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makeDirectory(String(path[..<slash])) }
    // SAFETY: open(2) with a NUL-terminated copy of the path.
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure(.no, "cannot write \(path): \(errorText(errno))") }
    let failure = writeAll(Array(text.utf8), to: descriptor)
    close(descriptor)
    guard failure == 0 else { throw Failure(.no, "cannot write \(path): \(errorText(failure))") }
}
