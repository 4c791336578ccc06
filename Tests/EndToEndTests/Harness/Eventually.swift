import Foundation
import Glibc

/// How long a test waits for what should come at once. Long, because the machine may be busy with something else; a
/// test that passes never waits for it.
let patience = 30.0

/// Seconds of the monotonic clock.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What a test waited for has not come.
struct Overdue: Error, CustomStringConvertible {
    let what: String
    let seconds: Double
    var hint = ""

    var description: String { "waited \(seconds) s in vain until \(what)\(hint.isEmpty ? "" : "\n\(hint)")" }
}

/// Looks again and again until `look` finds something, and returns that.
/// - Parameters:
///   - what: What is waited for, to stand after "until".
///   - hint: Evaluated when it has not come: what may tell why.
@discardableResult
func eventually<Found>(
    _ what: String,
    within seconds: Double = patience,
    hint: @autoclosure () -> String = "",
    _ look: () throws -> Found?
) throws -> Found {
    let deadline = monotonicSeconds() + seconds
    while true {
        if let found = try look() { return found }
        if monotonicSeconds() >= deadline { throw Overdue(what: what, seconds: seconds, hint: hint()) }
        usleep(5_000)
    }
}

/// `eventually` for what is only true or false.
func eventually(
    _ what: String,
    within seconds: Double = patience,
    hint: @autoclosure () -> String = "",
    isTrue: () throws -> Bool
) throws {
    try eventually(what, within: seconds, hint: hint()) { try isTrue() ? true : nil }
}

/// A door that scripts of backends wait at until the test opens it.
final class Gate: Sendable {
    private let condition = NSCondition()
    private nonisolated(unsafe) var isOpen = false

    func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    /// Returns once it is open.
    func pass(within seconds: Double = patience) throws {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !isOpen {
            guard condition.wait(until: deadline) else { throw Overdue(what: "the gate was opened", seconds: seconds) }
        }
    }
}
