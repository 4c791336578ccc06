/// The bounds of a head.
package struct HeadLimits: Equatable, Sendable, BitwiseCopyable {
    /// The first line without its CRLF. Past it: 414 for a request.
    package var lineBytesMax: Int
    /// The whole head with the empty line that ends it. Past it: 431 for a request.
    package var headBytesMax: Int
    /// Field lines, at most `FieldTable.capacity`. Past it: 431 for a request.
    package var fieldsMax: Int

    /// Traps on a negative bound, on more fields than the table holds, and on a head that 32-bit offsets cannot tell.
    package init(
        lineBytesMax: Int = 16 * 1024,
        headBytesMax: Int = 64 * 1024,
        fieldsMax: Int = FieldTable.capacity
    ) {
        precondition(lineBytesMax >= 0 && headBytesMax >= 0 && headBytesMax <= 1 << 30)
        precondition(fieldsMax >= 0 && fieldsMax <= FieldTable.capacity)
        self.lineBytesMax = lineBytesMax
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
    }
}
