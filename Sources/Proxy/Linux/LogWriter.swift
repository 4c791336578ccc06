import CLinux
import Synchronization

/// The log thread: empties the workers' rings into the access log.
///
/// A worker never waits for it: when the disk or the reader of a pipe is slow, the rings fill, and lines are dropped and
/// counted.
final class LogWriter: Sendable {
    /// Raised by workers that have written lines.
    let signal = Signal()
    private let rings: [LogRing]
    /// Nil is standard output.
    private let place: Mutex<String?>
    private let isReopening = Atomic<Bool>(false)
    private let flushed = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)
    /// Told when writing begins to fail, and when it works again.
    private let say: @Sendable (String) -> Void

    /// Pieces of one or more lines that could not be written, and files that could not be opened.
    var writeErrors: UInt64 { errors.load(ordering: .relaxed) }

    /// Lines gather this long before they are written: a person does not see it, and a busy log costs few writes.
    private static let gatherNs: Int64 = 5_000_000

    /// - Parameter path: the file to append to; nil is standard output.
    init(rings: [LogRing], path: String?, say: @escaping @Sendable (String) -> Void = { _ in }) {
        self.rings = rings
        self.say = say
        place = Mutex(path)
    }

    /// The kernel's words when the file cannot be opened; nil when it can.
    func check() -> String? { Self.check(place.withLock { $0 }) }

    private static func check(_ path: String?) -> String? {
        guard let path else { return nil }
        let descriptor = unsafe clx_open_append(path)
        guard descriptor >= 0 else {
            // SAFETY: strerrordesc_np(3) points to static text.
            return unsafe String(cString: clx_error_text(descriptor))
        }
        _ = clx_close(descriptor)
        return nil
    }

    /// Writes to another file (nil: standard output) from the next line on.
    /// - Returns: the kernel's words when the file cannot be opened, and then everything stays as it is.
    func move(to path: String?) -> String? {
        if let text = Self.check(path) { return text }
        place.withLock { $0 = path }
        reopen()
        return nil
    }

    /// Opens the file anew before the next line: somebody has moved it.
    func reopen() {
        isReopening.store(true, ordering: .relaxed)
        signal.raise()
    }

    /// Waits until everything that was logged before the call is written, at most a second.
    func flush() {
        let start = flushed.load(ordering: .acquiring)
        let deadline = clx_monotonic_ns() + 1_000_000_000
        signal.raise()
        // Two passes: the first may have begun before the call.
        while flushed.load(ordering: .acquiring) < start + 2, clx_monotonic_ns() < deadline {
            clx_sleep_ns(1_000_000)
            signal.raise()
        }
    }

    func run() {
        var descriptor = open()
        var seen: UInt64 = 0
        var lostSince: UInt64?
        while true {
            seen = signal.wait(past: seen, timeoutNs: 1_000_000_000)
            clx_sleep_ns(Self.gatherNs)
            if isReopening.exchange(false, ordering: .relaxed) {
                // Without the new file the old one goes on: a line in the wrong file beats none.
                let opened = open()
                if opened >= 0 {
                    if descriptor > 2 { _ = clx_close(descriptor) }
                    descriptor = opened
                } else {
                    errors.add(1, ordering: .relaxed)
                }
            }
            var failure: Int32 = 0
            var hasWritten = false
            for ring in rings {
                _ = unsafe ring.drain { piece in
                    // SAFETY: the piece is valid for the call. A write that fails loses its lines and nothing else.
                    let result = unsafe clx_write_all(descriptor, piece.baseAddress, piece.count)
                    if result == 0 {
                        hasWritten = true
                    } else {
                        failure = result
                        errors.add(1, ordering: .relaxed)
                    }
                }
            }
            tell(failure, hasWritten, &lostSince)
            flushed.wrappingAdd(1, ordering: .releasing)
        }
    }

    /// Once when it begins, and once when it is over: a full disk is told of by everything that writes to it.
    private func tell(_ failure: Int32, _ hasWritten: Bool, _ lostSince: inout UInt64?) {
        if failure != 0, lostSince == nil {
            lostSince = writeErrors - 1
            // SAFETY: strerrordesc_np(3) points to static text.
            let reason = unsafe String(cString: clx_error_text(failure))
            say("the access log \(name) cannot be written (\(reason)): its lines are lost, and counted, until it can")
        } else if failure == 0, hasWritten, let before = lostSince {
            lostSince = nil
            say("the access log \(name) is written again; \(writeErrors - before) writes failed")
        }
    }

    private var name: String { place.withLock { $0 } ?? "on standard output" }

    private func open() -> Int32 { place.withLock { $0 }.map { unsafe clx_open_append($0) } ?? 1 }
}
