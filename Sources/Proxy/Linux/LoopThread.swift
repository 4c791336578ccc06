import CLinux

/// A thread of the process, from its start to the process's end.
enum LoopThread {
    /// Runs `body` on a new thread of that name (at most 15 bytes show). Signals stay with the main thread.
    /// - Throws: what pthread_create(3) said.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(IOFault) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
        // SAFETY: the new thread takes the one reference over; it is given back here when there is no thread.
        let result = unsafe clx_thread(
            { argument in
                guard let argument = unsafe argument else { return }
                let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                body.run()
            },
            box.toOpaque(),
            name
        )
        if result != 0 {
            unsafe box.release()
            throw IOFault(result)
        }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
