package import HTTPWire
package import Model

/// The bounds and patience of one worker, in the units it computes with.
package struct WorkerSettings: Sendable {
    package var headLimits: HeadLimits
    package var bodyBytesMax: UInt64?
    /// Client connections of this worker.
    package var clientsMax: Int
    /// Idle upstream connections per backend on this worker.
    package var idleMax: Int
    /// Exchanges that may wait for a backend with room on this worker.
    package var waitingMax: Int
    /// What a pool's retry budget begins with on this worker, in retries.
    package var retryStock: UInt32
    package var queueNs: UInt64
    package var connectNs: UInt64
    package var clientHeadNs: UInt64
    package var clientIdleNs: UInt64
    package var clientStallNs: UInt64
    package var responseFirstByteNs: UInt64
    package var responseStallNs: UInt64
    package var upstreamIdleNs: UInt64
    package var tunnelIdleNs: UInt64
    package var tunnelEndNs: UInt64
    package var logsAccess: Bool
    /// Who is believed about the client; asked once a connection.
    package var trustedProxies: TrustedProxies
    package var sendsForwarded: Bool
    package var logFormat = AccessLog.Format.text
    /// Tells this process from others in the `Via` of what it forwards; 0 does not.
    package var instance: UInt64 = 0

    /// What a pool's retry budget begins with over all workers, in retries.
    package static let retryStockPerPool: UInt32 = 100
    /// Idle upstream connections per backend and process (SEMANTICS §2).
    package static let idlePerBackendMax = 256

    /// - Parameters:
    ///   - workers: how many workers share the process's limits.
    ///   - clientsMax: client connections of the whole process.
    package init(
        limits: Limits = Limits(),
        timeouts: Timeouts = Timeouts(),
        workers: Int = 1,
        clientsMax: Int = 1,
        logsAccess: Bool = false,
        trustedProxies: TrustedProxies = TrustedProxies(),
        sendsForwarded: Bool = false
    ) {
        self.trustedProxies = trustedProxies
        self.sendsForwarded = sendsForwarded
        headLimits = HeadLimits(
            lineBytesMax: limits.requestLineBytesMax,
            headBytesMax: limits.headBytesMax,
            fieldsMax: limits.fieldsMax
        )
        bodyBytesMax = limits.bodyBytesMax
        self.clientsMax = max(1, clientsMax / workers)
        idleMax = max(1, Self.idlePerBackendMax / workers)
        waitingMax = max(1, limits.queueMax / workers)
        retryStock = max(1, Self.retryStockPerPool / UInt32(clamping: max(1, workers)))
        queueNs = UInt64(timeouts.queue.nanoseconds)
        connectNs = UInt64(timeouts.connect.nanoseconds)
        clientHeadNs = UInt64(timeouts.clientHead.nanoseconds)
        clientIdleNs = UInt64(timeouts.clientIdle.nanoseconds)
        clientStallNs = UInt64(timeouts.clientStall.nanoseconds)
        responseFirstByteNs = UInt64(timeouts.responseFirstByte.nanoseconds)
        responseStallNs = UInt64(timeouts.responseStall.nanoseconds)
        upstreamIdleNs = UInt64(timeouts.upstreamIdle.nanoseconds)
        tunnelIdleNs = UInt64(timeouts.tunnelIdle.nanoseconds)
        tunnelEndNs = UInt64(timeouts.tunnelEnd.nanoseconds)
        self.logsAccess = logsAccess
    }
}
