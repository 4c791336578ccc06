package import Proxy

/// A fingerprint of everything that happened, in order: two runs with the same one are the same run.
package struct EventHash: Equatable {
    package private(set) var value: UInt64 = 0x6C62_272E_07BB_0142
    /// Events folded in so far.
    package private(set) var count = 0

    package init() {}

    package mutating func fold(_ kind: EventKind, _ instant: Instant, _ subject: Int, _ amount: Int = 0) {
        var next = value ^ mix(instant.nanoseconds &+ UInt64(kind.rawValue) << 56)
        next = mix(next &+ UInt64(truncatingIfNeeded: subject) &* 0x9E37_79B9_7F4A_7C15)
        value = mix(next ^ UInt64(truncatingIfNeeded: amount))
        count += 1
    }
}

/// What an event of the simulation is, for its fingerprint.
package enum EventKind: UInt8 {
    case connect
    case connected
    case refused
    case acceptable
    case bytes
    case end
    case reset
    case credit
    case timer
    case turn
    case completion
    case chore
    case fault
}
