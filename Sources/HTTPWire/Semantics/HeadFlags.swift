/// What the fields of a head say in a word, read once while parsing.
package struct HeadFlags: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `Connection: close`
    package static let connectionClose = HeadFlags(rawValue: 1 << 0)
    /// `Connection: keep-alive`
    package static let connectionKeepAlive = HeadFlags(rawValue: 1 << 1)
    /// `Connection: upgrade`
    package static let connectionUpgrade = HeadFlags(rawValue: 1 << 2)
    /// An `Upgrade` field, in HTTP/1.1; in HTTP/1.0 it must be ignored (RFC 9110 §7.8).
    package static let hasUpgrade = HeadFlags(rawValue: 1 << 3)
    /// `Expect: 100-continue`, in HTTP/1.1; in HTTP/1.0 it must be ignored (RFC 9110 §10.1.1).
    package static let expectContinue = HeadFlags(rawValue: 1 << 4)
    /// An expectation that nobody can meet, in HTTP/1.1: 417 (RFC 9110 §10.1.1).
    package static let expectOther = HeadFlags(rawValue: 1 << 5)
    /// `TE: trailers`: the sender is ready for a trailer section (RFC 9110 §10.1.4).
    package static let teTrailers = HeadFlags(rawValue: 1 << 6)
    /// A `Trailer` field announces which trailers will come (RFC 9110 §6.6.2).
    package static let hasTrailerField = HeadFlags(rawValue: 1 << 7)
    /// Some field's name has an underscore.
    package static let hasUnderscoreName = HeadFlags(rawValue: 1 << 8)
    /// `Connection` names a field besides the fixed set. The head's are marked hop-by-hop, but the trailers of the message
    /// are not compared with it: forward none.
    package static let connectionNamesFields = HeadFlags(rawValue: 1 << 9)
}
