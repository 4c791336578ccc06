/// A health check that was run once, on demand: what was sent, what came back, and how long it took.
package struct ProbeReport: Equatable, Sendable {
    /// The address that was tried last, as `127.0.0.1:8080`; empty when there was none to try.
    package var address = ""
    /// The request as it was sent; empty for a check that sends none.
    package var sent = ""
    /// The answer's head as it came, and the first `bodyBytesKept` of its content, whatever its coding; empty when there
    /// was none.
    package var head: [UInt8] = []
    package var body: [UInt8] = []
    /// There was more of the content than `body` has.
    package var isBodyCut = false
    package var status: Int?
    /// From the beginning: when the connection stood, when the answer's first byte came, and when all was over.
    package var connectNs: Int64?
    package var firstByteNs: Int64?
    package var totalNs: Int64 = 0
    /// Why it failed, in the words of a health status; nil when it passed.
    package var failure: String?

    package static let bodyBytesKept = 1024

    package var hasPassed: Bool { failure == nil }

    package init() {}
}
