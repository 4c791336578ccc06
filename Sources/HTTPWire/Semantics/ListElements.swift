/// Walks the elements of a comma-separated list of tokens (RFC 9110 §5.6.1), blanks trimmed and empty elements skipped.
package struct ListElements {
    private var at: Int
    private let end: Int

    package init(_ range: ByteRange) {
        at = Int(range.start)
        end = Int(range.end)
    }

    /// The next element that is not empty; nil when there is none.
    package mutating func next(_ bytes: RawSpan) -> ByteRange? {
        while at < end {
            let start = at
            while at < end, bytes.byte(at) != 0x2C { at &+= 1 }
            let element = bytes.trimmed(start, at)
            at &+= 1
            if !element.isEmpty { return element }
        }
        return nil
    }
}
