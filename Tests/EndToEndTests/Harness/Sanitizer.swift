import Foundation

/// What a sanitizer takes the place of, or adds to, cannot be measured under it.
enum Sanitizer {
    /// The tests and the programs they start are built with one, as `scripts/sanitize.sh` does.
    static let isOn = ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains { ProcessInfo.processInfo.environment[$0] != nil }
}
