import Glibc

/// SIGINT, SIGTERM and SIGHUP as something to wait for beside a socket.
///
/// They are taken over while an exchange is under way, where the answer to Ctrl-C is a word about what the server
/// goes on doing, and given back after it, so that at any other time they end the process as they always do.
final class Interrupts {
    /// Readable when a signal has come; -1 while signals are not taken over, which `poll(2)` passes over.
    private(set) var descriptor: Int32 = -1
    /// Called about ten times a second while something is waited for: a person who waits wants to see it.
    var pulse: (() -> Void)?
    private let takesSignals: Bool
    private var writeEnd: Int32 = -1
    private var actions: [(signal: Int32, before: sigaction)] = []

    private init(takesSignals: Bool) { self.takesSignals = takesSignals }

    static func none() -> Interrupts { Interrupts(takesSignals: false) }

    /// The process's own signals, those apart that it was started to ignore (`nohup`, a background job).
    ///
    /// At most one such object may be armed.
    static func ofProcess() -> Interrupts { Interrupts(takesSignals: true) }

    /// Armed for longer than one exchange.
    private var isHeld = false

    /// Keeps the signals, also between exchanges, until `release`: for who has made the terminal other than it was.
    func hold() {
        arm()
        isHeld = true
    }

    func release() {
        isHeld = false
        disarm()
    }

    func arm() {
        guard takesSignals, descriptor < 0 else { return }
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe fills the two entries.
        guard unsafe pipe(&ends) == 0 else { return }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        writeEnd = ends[1]
        // SAFETY: written here first, before the handler is there that reads it.
        unsafe signalPipe = writeEnd
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            var previous = sigaction()
            // SAFETY: asks only.
            guard unsafe sigaction(signal, nil, &previous) == 0, !Self.isIgnored(previous) else { continue }
            actions.append((signal, previous))
            var action = sigaction()
            // SAFETY: the handler calls nothing but write(2), which signal-safety(7) allows, and keeps errno.
            unsafe action.__sigaction_handler.sa_handler = { signal in
                let kept = errno
                var byte = UInt8(truncatingIfNeeded: signal)
                _ = unsafe write(signalPipe, &byte, 1)
                errno = kept
            }
            unsafe sigaction(signal, &action, nil)
        }
    }

    /// Gives the signals back; one that has come and was not told of then does what it always does.
    func disarm() {
        guard descriptor >= 0, !isHeld else { return }
        for (signal, previous) in actions {
            var action = previous
            // SAFETY: restores what `arm` has saved.
            unsafe sigaction(signal, &action, nil)
        }
        actions.removeAll()
        let late = taken()
        close(descriptor)
        close(writeEnd)
        descriptor = -1
        if let late { raise(late) }
    }

    /// The number of the signal that has come; nil when none has.
    func taken() -> Int32? {
        guard descriptor >= 0 else { return nil }
        var byte: UInt8 = 0
        // SAFETY: one byte; the pipe never blocks.
        return unsafe read(descriptor, &byte, 1) == 1 ? Int32(byte) : nil
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        // SAFETY: SIG_IGN is the address 1, which is no function and is compared here, never called.
        unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}

/// Where the handler writes the signal's number.
///
/// Nobody else writes there, and it is open while the handler stands.
private nonisolated(unsafe) var signalPipe: Int32 = -1
