extension Array where Element == UInt8 {
    /// The elements as a span that lives as long as the array is not changed.
    ///
    /// For the admin server, the CLI and tests; the data plane holds no arrays of bytes.
    package var rawBytes: RawSpan {
        @_lifetime(borrow self)
        // SAFETY: the span lives no longer than the array, and every bit pattern of a UInt8 may be read as bytes.
        borrowing get { unsafe span.bytes }
    }

    /// Appends bytes that are lent. A whole array would be retained and released for it, which takes as long as to copy a line.
    package mutating func append(_ bytes: Span<UInt8>) {
        // SAFETY: the pointer is used during the call only, in which the span lives.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
