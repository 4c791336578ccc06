/// What an operation belongs to, carried through the kernel and back: kind ‖ generation ‖ slot in 64 bits.
///
/// The generation is that of the slot when the operation was submitted, so a completion that comes back after its slot
/// was given to somebody else is recognised and dropped.
package struct Token: Equatable, Sendable, BitwiseCopyable {
    package enum Kind: UInt8, Sendable {
        case none
        case wake
        case accept
        case downstreamReceive
        case downstreamSend
        case upstreamConnect
        case upstreamReceive
        case upstreamSend
    }

    package var rawValue: UInt64

    /// 24 bits of generation: a stale completion would have to outlive 16 million uses of its slot.
    package static let generationMask: UInt32 = 0xFF_FFFF

    @inline(always)
    package init(_ kind: Kind, slot: UInt32, generation: UInt32) {
        rawValue = UInt64(kind.rawValue) << 56 | UInt64(generation & Self.generationMask) << 32 | UInt64(slot)
    }

    package static let none = Token(.none, slot: 0, generation: 0)
    package static let wake = Token(.wake, slot: 0, generation: 0)

    @inline(always)
    package var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56)) ?? .none }
    @inline(always)
    package var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) & Self.generationMask }
    @inline(always)
    package var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
}
