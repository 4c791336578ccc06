/// How a `LinuxWorld` has its operations done: by `io_uring(7)` or by `epoll(7)`. Both keep the contract of `Operation`.
protocol Engine: ~Copyable {
    /// - Parameter wakeup: an eventfd(2) that others raise; it stays theirs.
    /// - Throws: what the kernel said when it gave no descriptor, or not what this engine needs.
    init(wakeup: Int32) throws(IOFault)

    /// Nothing that was submitted is left for the next reap to tell, and no listener is on its way out.
    var isQuiet: Bool { get }

    mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool)

    /// Waits at most `timeoutNs`, and not at all when something has completed already.
    mutating func reap(into batch: inout CompletionBatch, timeoutNs: Int64, buffers: inout BufferPool)
}
