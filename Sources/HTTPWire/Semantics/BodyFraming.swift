/// How the end of a message's content is found (RFC 9112 §6.3).
package enum BodyFraming: Equatable, Sendable, BitwiseCopyable {
    /// There is no content: the next byte belongs to the next message.
    case none
    /// So many bytes, never 0 and never above `Int64.max`.
    case length(UInt64)
    /// The chunked transfer coding.
    case chunked
    /// Everything until the peer closes; responses only.
    case untilClose

    /// `.length`, with 0 as `.none`.
    package static func counted(_ length: UInt64) -> BodyFraming { length == 0 ? .none : .length(length) }
}
