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
    /// Every probe's end is a change, and with thousands of backends a look at all of them takes long: between two looks
    /// it rests so long that it uses a fiftieth of a core at most.
    ///
    /// - Parameter before: what has been told already, so that nothing is told twice.
    static func followHealth(of plane: any ControlPlane, from before: [String: BackendStatus]) {
        Thread.start {
            var known = before.mapValues(\.phase)
            var seen: UInt64 = 0
            while true {
                seen = plane.awaitChange(after: seen, timeout: .seconds(3600))
                let began = System.monotonicNanoseconds()
                let backends = plane.status().backends
                let changed = backends.filter { known[$0.key] != $0.value.phase }
                for (name, status) in changed.sorted(by: { $0.key < $1.key }) {
                    known[name] = status.phase
                    line(sentence(name, status))
                }
                for name in known.keys.filter({ backends[$0] == nil }).sorted() {
                    known[name] = nil
                    line("backend \(name) is gone")
                }
                let rest = (System.monotonicNanoseconds() - began) * 50 / 1_000_000
                if rest > 0 { System.sleep(milliseconds: min(rest, 5000)) }
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
