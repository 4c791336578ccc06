package import Proxy

/// The simulated kernel's side of one event loop, as the loop sees it.
package struct SimWorld: World, ~Copyable {
    /// What the driver of the simulation sees of the same loop.
    package let kernel: SimKernel

    package init(_ kernel: SimKernel) { self.kernel = kernel }

    package var now: Instant { kernel.now }
    package var wallClock: Int64 { kernel.wallClock }

    package mutating func entropy() -> UInt64 { kernel.entropy() }

    package mutating func open(_ endpoint: Endpoint) throws(IOFault) -> Socket { try kernel.open(endpoint) }

    package func peer(of socket: Socket) -> Endpoint { kernel.peer(of: socket) }

    package func acknowledged(_ socket: Socket) -> UInt64? { kernel.acknowledged(socket) }

    package func resetOnClose(_ socket: Socket) { kernel.resetOnClose(socket) }

    package mutating func submit(_ operation: Operation, _ token: Token, buffers: borrowing BufferPool) {
        kernel.submit(operation, token, buffers: buffers)
    }

    /// Never waits: what is ready at this instant comes out, and the driver moves time.
    package mutating func reap(
        into batch: inout CompletionBatch,
        until deadline: Instant,
        buffers: inout BufferPool
    ) {
        kernel.reap(into: &batch, until: deadline, buffers: &buffers)
    }
}
