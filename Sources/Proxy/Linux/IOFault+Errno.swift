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
        default: self = .other
        }
    }
}
