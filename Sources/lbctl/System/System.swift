import Glibc

/// `CLOCK_MONOTONIC` in nanoseconds.
func monotonicNanoseconds() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }

/// `CLOCK_REALTIME` in nanoseconds of the UNIX epoch.
func wallNanoseconds() -> Int64 { nanoseconds(of: CLOCK_REALTIME) }

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: clock_gettime fills the struct; these two clocks always exist.
    unsafe clock_gettime(clock, &time)
    // A clock past 2262 stands still there.
    let (whole, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, more) = whole.addingReportingOverflow(Int64(time.tv_nsec))
    return overflow || more ? .max : sum
}

/// `strerror(3)`.
func errorText(_ number: Int32) -> String {
    // SAFETY: the text is copied at once, and the tool has one thread.
    unsafe String(cString: strerror(number))
}

/// The environment variables of these names, as far as they are set.
func environment(_ names: [String]) -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
        // SAFETY: nobody changes the environment of this process; the value is copied.
        if let value = unsafe getenv(name) { found[name] = unsafe String(cString: value) }
    }
    return found
}

/// Writes all of `bytes` to an open descriptor; 0, or the `errno` that stopped it.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var written = 0
    while written < bytes.count {
        // SAFETY: the pointer is valid for bytes.count - written bytes from `written` on during the call.
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + written }, bytes.count - written)
        }
        if count >= 0 {
            written += count
        } else if errno == EAGAIN {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // SAFETY: one entry.
            _ = unsafe poll(&wait, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}
