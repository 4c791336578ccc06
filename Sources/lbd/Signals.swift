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
        /// USR2: an instance that replaces this one wants the state and the admin port.
        case release
        /// None came in time.
        case nothing
    }

    /// Keeps the signals for `next`; before any other thread starts, since threads inherit the mask. A client that goes
    /// away in the middle of a write is an error of that write, not a signal.
    static func hold() {
        var set = wanted
        // SAFETY: both calls read or write local variables; SIG_IGN is a constant.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = signal(SIGPIPE, SIG_IGN)
        // A watchdog's way to end what is stuck. The runtime prints a backtrace where it is built with that, and goes on.
        _ = signal(SIGABRT, SIG_DFL)
    }

    /// Waits for the next one, for ever or for so many milliseconds. sigtimedwait(2).
    static func next(within milliseconds: Int? = nil) -> Order {
        var set = wanted
        let (seconds, rest) = (milliseconds ?? 1 << 40).quotientAndRemainder(dividingBy: 1000)
        var limit = timespec(tv_sec: seconds, tv_nsec: rest * 1_000_000)
        while true {
            // SAFETY: reads the set and the limit, both local.
            let number = unsafe sigtimedwait(&set, nil, &limit)
            switch number {
            case SIGHUP: return .reload
            case SIGUSR1: return .reopenLog
            case SIGUSR2: return .release
            case SIGTERM, SIGINT: return .stop
            default: if errno == EAGAIN, milliseconds != nil { return .nothing }
            }
        }
    }

    /// Tells another process to let go of the state and the admin port.
    static func askForRelease(_ process: Int32) { kill(process, SIGUSR2) }

    /// Tells another process to finish what it has and end.
    static func stop(_ process: Int32) { kill(process, SIGTERM) }

    private static var wanted: sigset_t {
        var set = sigset_t()
        // SAFETY: fills and changes a local variable.
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] { _ = unsafe sigaddset(&set, number) }
        return set
    }
}
