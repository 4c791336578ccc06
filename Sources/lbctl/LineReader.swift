/// Cuts what comes in pieces into lines.
struct LineReader {
    /// A line without an end is not kept for ever.
    let bytesMax: Int
    private var pending: [UInt8] = []

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// A line was longer than `bytesMax`.
    private(set) var isTooLong = false

    /// Hands over the lines that are complete now, but for empty ones.
    ///
    /// - Parameter line: Returns false to hear of no more.
    /// - Returns: Whether more is wanted.
    mutating func take(_ content: [UInt8], line: (String) -> Bool) -> Bool {
        var rest = content[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending += rest[..<end]
            rest = rest[(end + 1)...]
            let text = String(decoding: pending, as: UTF8.self)
            pending.removeAll(keepingCapacity: true)
            if !text.isEmpty, !line(text) { return false }
        }
        pending += rest
        isTooLong = pending.count > bytesMax
        return !isTooLong
    }
}
