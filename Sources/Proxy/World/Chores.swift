/// What a turn leaves to the shell around it, because it may allocate, wait or talk to other threads.
package struct Chores: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A snapshot lies in the mailbox: call `adopt`.
    package static let adopt = Chores(rawValue: 1)
    /// Lines were written to the log ring: wake the log thread.
    package static let log = Chores(rawValue: 2)
    /// A verdict changed, a drain may have ended: tell who waits for changes.
    package static let changed = Chores(rawValue: 4)
    /// Too many requests have failed at a backend: wake the prober.
    package static let suspect = Chores(rawValue: 8)
    /// A backend has ceased to serve: wake the workers.
    package static let lost = Chores(rawValue: 16)
    /// A check that was asked for has ended: tell who waits for it.
    package static let reported = Chores(rawValue: 32)
    /// There is room at a backend that requests of other workers wait for: wake those that `Worker.takeWakes` names.
    package static let room = Chores(rawValue: 64)
}
