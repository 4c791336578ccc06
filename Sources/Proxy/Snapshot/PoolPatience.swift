package import Model

/// How long one pool's requests wait for what, and what is tried again: the pool's own word, else the process's.
package struct PoolPatience: Equatable, BitwiseCopyable, Sendable {
    package var connectNs: UInt64
    package var queueNs: UInt64
    package var responseFirstByteNs: UInt64
    package var responseStallNs: UInt64
    /// From a request's head to the last byte of its answer; 0 is without end.
    package var totalNs: UInt64
    /// A client's FIN is taken for its leave: what runs for it is cancelled.
    package var cancelsOnFin = false
    /// Attempts after the first.
    package var retriesMax: UInt8
    /// The thousandths of a retry that a request adds to the budget.
    package var retryPerMille: UInt32
    /// Raw value of `RetryCauses`.
    package var retryCauses: UInt8

    package init(_ pool: PoolSpec, _ settings: WorkerSettings) {
        func own(_ span: TimeSpan?) -> UInt64? { span.map { UInt64($0.nanoseconds) } }
        connectNs = own(pool.timeouts.connect) ?? settings.connectNs
        queueNs = own(pool.timeouts.queue) ?? settings.queueNs
        responseFirstByteNs = own(pool.timeouts.responseFirstByte) ?? settings.responseFirstByteNs
        responseStallNs = own(pool.timeouts.responseStall) ?? settings.responseStallNs
        totalNs = own(pool.timeouts.total) ?? 0
        cancelsOnFin = pool.onClientFin == .cancel
        retriesMax = UInt8(clamping: pool.retry.max)
        retryPerMille = UInt32(pool.retry.budget * 1000 + 0.5)
        retryCauses = pool.retry.on.rawValue
    }

    /// Before a request has a pool.
    package init() { self.init(PoolSpec(), WorkerSettings()) }

    /// Whether an answer of this status is to be had elsewhere.
    @inline(always)
    package func retries(_ status: UInt16) -> Bool {
        guard retryCauses != 0 else { return false }
        let cause: RetryCauses
        switch status {
        case 500: cause = .status500
        case 502: cause = .status502
        case 503: cause = .status503
        case 504: cause = .status504
        default: return false
        }
        return RetryCauses(rawValue: retryCauses).contains(cause)
    }

    package var retriesTimeouts: Bool { RetryCauses(rawValue: retryCauses).contains(.timeout) }
}
