/// What a world can be asked to do. Each of the first four completes exactly once per submission, also when its socket
/// is closed first (`cancelled`); `accept` completes once per connection until it fails or is stopped. The last three
/// do not complete.
package enum Operation: Sendable {
    /// Arms a listener. Completes with `accepted` again and again; `failed` disarms it.
    case accept(Socket)
    /// Connects a socket from `World.open`.
    case connect(Socket, Endpoint)
    /// Waits for bytes. The world lends a buffer only when there are some. One at a time per socket.
    ///
    /// `passing` is not 0 when very many bytes are to come that will be sent on as they are, and says how many at most. Then
    /// the world may give a pipe (`BufferID.isPipe`) with no more than that.
    case receive(Socket, passing: UInt32 = 0)
    /// Sends some of the bytes, at least one. The buffer belongs to the operation until it completes. One at a time per
    /// socket. `more` says that another send follows at once, so a lone head need not go out by itself.
    case send(Socket, BufferSlice, more: Bool)
    /// Disarms a listener; connections wait in the kernel.
    case acceptStop(Socket)
    /// No more will be sent: the peer reads its end of file.
    case shutdown(Socket)
    /// Cancels what is pending on the socket, each with its completion, and gives it up.
    case close(Socket)
}

/// A part of a buffer.
package struct BufferSlice: Equatable, Sendable, BitwiseCopyable {
    package var buffer: BufferID
    package var start: UInt32
    package var end: UInt32

    @inline(always)
    package init(_ buffer: BufferID, _ start: UInt32, _ end: UInt32) {
        self.buffer = buffer
        self.start = start
        self.end = end
    }

    package static let none = BufferSlice(.none, 0, 0)

    @inline(always)
    package var count: UInt32 { end &- start }
    @inline(always)
    package var isEmpty: Bool { start == end }
}
