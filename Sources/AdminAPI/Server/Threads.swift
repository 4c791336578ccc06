import Glibc

/// Threads of the C library: the admin side blocks, so it has threads of its own.
enum Threads {
    private final class Start {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread that nobody joins (`pthread_create(3)`).
    ///
    /// False when the system has no thread to give; then `body` never runs.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        // SAFETY: the attributes are initialised before and destroyed after their one use. The thread owns the `Start`
        // that is passed to it retained, and releases it; if there is no thread, it is released here.
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        let start = unsafe Unmanaged.passRetained(Start(body: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.body()
                return nil
            },
            start.toOpaque()
        )
        if code != 0 { unsafe start.release() }
        return code == 0
    }

    /// The deepest recursion is the JSON reader's 32 levels; 1 MiB is plenty in a debug build too.
    private static let stackBytes = 1 << 20
}
