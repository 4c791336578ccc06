import Glibc

/// The signals that steer the process, taken one by one by the main thread.
enum Signals {
    /// What a signal asks for.
    enum Order {
        /// TERM or INT.
        case stop
        /// HUP.
        case reload
        /// USR1.
        case reopenLog
    }

    /// Keeps the signals for `next`; before any other thread starts, since threads inherit the mask. A client that goes
    /// away in the middle of a write is an error of that write, not a signal.
    static func hold() {
        var set = wanted
        // SAFETY: both calls read or write local variables; SIG_IGN is a constant.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next one. sigwait(3).
    static func next() -> Order {
        var set = wanted
        var number: Int32 = 0
        while true {
            // SAFETY: reads the set and writes the number, both local.
            guard unsafe sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGHUP: return .reload
            case SIGUSR1: return .reopenLog
            default: return .stop
            }
        }
    }

    private static var wanted: sigset_t {
        var set = sigset_t()
        // SAFETY: fills and changes a local variable.
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { _ = unsafe sigaddset(&set, number) }
        return set
    }
}
