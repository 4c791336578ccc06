import Glibc
import Model
import Synchronization

/// What the daemon tells the person who runs it: lines on standard error, each with the program's name in front.
enum Journal {
    private static let lock = Mutex(())

    /// One line, whole, whichever thread writes it.
    static func line(_ text: String) {
        lock.withLock { _ in System.write("lbd: \(text)\n", to: STDERR_FILENO) }
    }

    /// Writes a line for every change of a backend's health, from a thread of its own, until the process ends.
    ///
    /// - Parameter before: what has been told already, so that nothing is told twice.
    static func followHealth(of plane: any ControlPlane, from before: [String: BackendStatus]) {
        Thread.start {
            var known = before.mapValues(\.phase)
            var seen: UInt64 = 0
            while true {
                seen = plane.awaitChange(after: seen, timeout: .seconds(3600))
                let backends = plane.status().backends
                for (name, status) in backends.sorted(by: { $0.key < $1.key }) where known[name] != status.phase {
                    known[name] = status.phase
                    line(sentence(name, status))
                }
                for name in known.keys.sorted() where backends[name] == nil {
                    known[name] = nil
                    line("backend \(name) is gone")
                }
            }
        }
    }

    static func sentence(_ name: String, _ status: BackendStatus) -> String {
        switch status.phase {
        case .starting: "backend \(name) is starting: its first health check is under way"
        case .serving: "backend \(name) is serving"
        case .unhealthy: "backend \(name) is unhealthy: \(status.health.reason ?? "no reason given")"
        case .ejected: "backend \(name) is ejected: too many of its requests failed"
        case .maint: "backend \(name) is in maintenance"
        case .draining: "backend \(name) is draining: \(status.inFlight) in flight"
        }
    }
}

/// A thread that runs to the end of the process.
enum Thread {
    static func start(_ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        // SAFETY: the new thread takes over the one reference to the body; without a thread it is given back here.
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            },
            box.toOpaque()
        )
        if result != 0 { unsafe box.release() }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
