import CLinux

/// Ends another loop's wait. Made before its loop, used from any thread, never closed: a loop lives as long as the process.
package struct Waker: Sendable {
    let descriptor: Int32

    /// - Throws: what the kernel said when it gave no descriptor.
    package init() throws(IOFault) {
        descriptor = clx_eventfd()
        guard descriptor >= 0 else { throw IOFault(descriptor) }
    }

    package func wake() { clx_eventfd_raise(descriptor) }
}
