/// The four forms of a request target (RFC 9112 §3.2).
package enum TargetForm: UInt8, Sendable, BitwiseCopyable {
    /// `/where?q=now`
    case origin
    /// `http://www.example.org/where?q=now`
    case absolute
    /// `www.example.com:80`, of CONNECT and nothing else.
    case authority
    /// `*`, of OPTIONS and nothing else.
    case asterisk
}
