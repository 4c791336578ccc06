/// Parses the head of a request or a response from bytes that may still be arriving (RFC 9112 §2–§6).
///
/// A value that remembers how far it has looked and what it learnt there, so a head that dribbles in byte by byte costs
/// O(n) in all. It keeps nothing between messages: after a head was returned it is ready for the next one. An error is
/// found at the first byte that makes it certain, is the same however the bytes were split, and stays: calling again with
/// the same bytes or more throws it again.
package struct H1HeadParser: Equatable, Sendable, BitwiseCopyable {
    package let limits: HeadLimits
    private var progress = HeadProgress()
    /// Whether the one empty line that may precede a request (RFC 9112 §2.2) may still come.
    private let mayBeginEmpty: Bool

    /// - Parameter mayBeginEmpty: false where the empty line that may precede a request was met and dropped already.
    package init(limits: HeadLimits = HeadLimits(), mayBeginEmpty: Bool = true) {
        self.limits = limits
        self.mayBeginEmpty = mayBeginEmpty
    }

    /// Parses the head of a request.
    ///
    /// - Parameters:
    ///   - bytes: Everything received of this message so far, from its first byte; it may hold more than the head.
    ///   - head: Filled when the head is complete. Until then its content means nothing, and need not be the same `head` in
    ///     the next call.
    /// - Returns: the length of the head, which is `head.byteCount`; nil when more bytes are needed.
    /// - Throws: what is wrong with the head.
    package mutating func parseRequest(_ bytes: RawSpan, into head: inout RequestHead) throws(H1Error) -> Int? {
        var progress = progress
        let isFresh = progress.isFresh
        if isFresh {
            head.fields.removeAll()
            if !mayBeginEmpty, bytes.byteCount > 0, bytes.byte(0) == 0x0D { throw .badMethod }
        }
        guard try progress.readRequest(bytes, limits, isFresh ? .record : .check, &head.fields) else {
            self.progress = progress
            return nil
        }
        self.progress = HeadProgress()
        // A head that came in pieces was checked as it came; now that it is whole, it is read in one go.
        guard isFresh else { return try parseRequest(bytes, into: &head) }

        head.method = progress.method
        head.methodRange = progress.methodRange
        head.target = progress.target
        head.targetForm = progress.targetForm
        head.path = progress.path
        head.authority = progress.targetAuthority.isEmpty ? progress.host : progress.targetAuthority
        head.minorVersion = progress.minorVersion
        head.framing = progress.isChunked ? .chunked : .counted(progress.contentLength ?? 0)
        head.flags = progress.flags
        head.byteCount = progress.position
        if progress.flags.contains(.connectionNamesFields) { HopByHop.mark(bytes, &head.fields) }
        return progress.position
    }

    /// The method of a request whose head is refused, or has not come whole; nil where its name has not. An answer to HEAD has
    /// no content, whatever is wrong behind the method (RFC 9110 §9.3.2).
    ///
    /// - Parameter bytes: everything received of the message, from its first byte.
    package static func method(of bytes: RawSpan) -> Method? {
        let start = bytes.byteCount >= 2 && bytes.byte(0) == 0x0D && bytes.byte(1) == 0x0A ? 2 : 0
        let end = bytes.endOfToken(start, min(bytes.byteCount, start &+ HeadProgress.methodBytesMax &+ 1))
        guard end > start, end < bytes.byteCount, bytes.byte(end) == 0x20 else { return nil }
        return Method(bytes, ByteRange(start, end))
    }

    /// Parses the head of a response; see `parseRequest`.
    package mutating func parseResponse(_ bytes: RawSpan, into head: inout ResponseHead) throws(H1Error) -> Int? {
        var progress = progress
        let isFresh = progress.isFresh
        if isFresh { head.fields.removeAll() }
        guard try progress.readResponse(bytes, limits, isFresh ? .record : .check, &head.fields) else {
            self.progress = progress
            return nil
        }
        self.progress = HeadProgress()
        guard isFresh else { return try parseResponse(bytes, into: &head) }

        head.status = progress.status
        head.reason = progress.reason
        head.minorVersion = progress.minorVersion
        head.contentLength = progress.contentLength
        head.isChunked = progress.isChunked
        head.flags = progress.flags
        head.byteCount = progress.position
        if progress.flags.contains(.connectionNamesFields) { HopByHop.mark(bytes, &head.fields) }
        return progress.position
    }
}
