import CLinux

extension IOFault {
    /// From a negated errno.
    init(_ error: Int32) {
        switch Int(error) {
        case CLX_REFUSED: self = .refused
        case CLX_RESET, CLX_PIPE, CLX_ABORTED: self = .reset
        case CLX_TIMED_OUT: self = .timedOut
        case CLX_UNREACHABLE_HOST, CLX_UNREACHABLE_NET: self = .unreachable
        case CLX_NO_ENTRY: self = .noSuchPath
        case CLX_NO_PERMISSION, CLX_NOT_PERMITTED: self = .notPermitted
        case CLX_NO_DESCRIPTORS, CLX_NO_DESCRIPTORS_SYSTEM: self = .noDescriptors
        case CLX_NO_MEMORY, CLX_NO_BUFFERS: self = .noMemory
        case CLX_NO_ADDRESS, CLX_AGAIN: self = .noLocalAddress
        case CLX_NO_SPACE: self = .noMemory
        default: self = .other
        }
    }

    /// Why a connect could not be begun, from a negated errno of connect(2).
    init(connecting error: Int32, to endpoint: Endpoint) {
        switch Int(error) {
        case CLX_AGAIN where endpoint.family == .unix:
            self = .acceptQueueFull
        case CLX_ADDRESS_IN_USE:
            self = .noLocalAddress
        case CLX_NO_ADDRESS:
            // The same word stands for a machine without an address of this family, as for [::1] in a container without IPv6.
            var native = clx_endpoint(endpoint)
            // SAFETY: the callee reads a local variable.
            self = unsafe clx_has_source(&native) ? .noLocalAddress : .unreachable
        default:
            self.init(error)
        }
    }
}
