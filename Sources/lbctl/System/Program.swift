import Glibc

/// Runs one line of the shell to its end, with our own standard streams (system(3)).
///
/// - Returns: Its exit code, or 128 and the signal when one ended it; nil when no shell could be started.
func runShell(_ line: String) -> Int32? {
    // SAFETY: a NUL-terminated copy; no other thread changes signal dispositions meanwhile.
    let status = unsafe system(line)
    guard status != -1 else { return nil }
    // WIFEXITED and its kin of wait(2), which are macros.
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
}
