/// How an exchange ended, in two letters of the access log: who ended it, and in which phase it was. `--` is a whole answer
/// that was passed on.
///
/// This is the one table of them. Small letters mean that somebody took too long.
package struct OutcomeLetters: Equatable, Sendable, BitwiseCopyable {
    package let ender: UInt8
    package let phase: UInt8

    package init(_ fault: Fault) {
        guard fault.kind != .none else {
            ender = UInt8(ascii: "-")
            phase = UInt8(ascii: "-")
            return
        }
        switch fault.side {
        case .none, .proxy: ender = UInt8(ascii: fault.kind.isTimeout ? "p" : "P")
        case .downstream: ender = UInt8(ascii: fault.kind.isTimeout ? "c" : "C")
        case .upstream: ender = UInt8(ascii: fault.kind.isTimeout ? "b" : "B")
        }
        switch fault.phase {
        // The words of `Exchange.Phase`; where two begin alike, the second has the letter of what happens in it.
        case .parse: phase = UInt8(ascii: "H")
        case .admit: phase = UInt8(ascii: "A")
        case .route: phase = UInt8(ascii: "R")
        case .pick: phase = UInt8(ascii: "P")
        case .acquire: phase = UInt8(ascii: "C")
        case .wait: phase = UInt8(ascii: "W")
        case .relay: phase = UInt8(ascii: "D")
        case .finish: phase = UInt8(ascii: "F")
        }
    }
}

extension Fault.Kind {
    /// Somebody had a deadline and missed it.
    package var isTimeout: Bool {
        switch self {
        case .clientTimeout, .connectTimeout, .answerTimeout, .answerStalled, .sendStalled, .queueTimeout,
            .totalTimeout:
            true
        case .none, .badRequest, .methodNotAllowed, .expectationFailed, .bodyTooLarge, .forwardsSpent, .loop, .clientGone,
            .noBackend, .connectFailed, .noAnswer, .badAnswer, .truncatedAnswer, .outOfDescriptors, .queueFull,
            .overloaded, .stopping, .drainCut, .retriedStatus, .outOfLocalPorts, .outOfMemory:
            false
        }
    }
}
