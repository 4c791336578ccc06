/// The only door to time, chance and the kernel. One per event loop.
///
/// Shape: operations go in, completions come out. A world keeps no reference to anything of its loop; buffers are lent
/// from the loop's pool, which is passed to the calls that touch bytes.
package protocol World: ~Copyable {
    /// The monotonic clock, read once per `reap` and constant between two.
    var now: Instant { get }
    /// Nanoseconds of the UNIX epoch, for people: logs and reports, never deadlines.
    var wallClock: Int64 { get }

    /// 64 unpredictable bits.
    mutating func entropy() -> UInt64

    /// A socket of the family of `endpoint`, not yet connected.
    mutating func open(_ endpoint: Endpoint) throws(IOFault) -> Socket

    /// Who is at the other end of an accepted connection; `Endpoint.none` when it is gone already.
    func peer(of socket: Socket) -> Endpoint

    /// Bytes that the other end's kernel has acknowledged since the connection began; nil where that is not known.
    func acknowledged(_ socket: Socket) -> UInt64?

    /// Makes the close of an accepted connection a reset: what was sent is not all of it.
    func resetOnClose(_ socket: Socket)

    /// Takes an operation. Its completion comes out of a later `reap`.
    mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool)

    /// Appends what has completed to `batch`, waiting until `deadline` when there is nothing yet. May return empty.
    mutating func reap(into batch: inout CompletionBatch, until deadline: Instant, buffers: inout BufferPool)
}
