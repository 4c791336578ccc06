/// What the user declares of one backend: where it is, which pool it serves and with which share.
///
/// Names are 1 to 64 characters of `A-Z a-z 0-9 . _ : -`, of which the first is no `-`: a command would take it for a flag.
package struct BackendSpec: Equatable, Sendable {
    package var url: BackendURL
    package var pool: String
    /// Share of the pool's traffic, 0…1000, relative to the other backends; 0 takes no new requests.
    package var weight: Int
    /// Requests in flight at once, over all workers; 0 for any number. What is more waits in a queue.
    package var requestsMax: Int
    package var state: BackendState
    /// Serves only when no other backend of its pool can.
    package var isBackup: Bool
    /// Nil is the pool's.
    package var slowStart: TimeSpan?
    /// What the user sorts backends by; nothing here looks at them.
    package var labels: [String: ExactText]
    package var healthCheck: BackendCheck

    package static let weightMax = 1000
    package static let requestsMaxMax = 1_000_000
    package static let nameBytesMax = 64
    package static let labelsMax = 32
    package static let labelBytesMax = 128

    package init(
        url: BackendURL,
        pool: String = DesiredState.defaultPool,
        weight: Int = 1,
        requestsMax: Int = 0,
        state: BackendState = .ready,
        isBackup: Bool = false,
        slowStart: TimeSpan? = nil,
        labels: [String: ExactText] = [:],
        healthCheck: BackendCheck = .asPool
    ) {
        self.url = url
        self.pool = pool
        self.weight = weight
        self.requestsMax = requestsMax
        self.state = state
        self.isBackup = isBackup
        self.slowStart = slowStart
        self.labels = labels
        self.healthCheck = healthCheck
    }

    /// Whether `text` may be a label's key: as a name, and with `/`.
    package static func isLabelKey(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x2D, 0x2F: true
                default: false
                }
            }
    }

    /// Whether `name` may name a backend or a pool.
    package static func isName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...nameBytesMax).contains(bytes.count), name != ".", name != "..", bytes.first != 0x2D else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x3A, 0x2D: true
            default: false
            }
        }
    }
}

/// What the user wants of a backend, whatever its health.
package enum BackendState: String, Sendable, CaseIterable {
    case ready
    /// Takes nothing new and finishes what it has.
    case drain
    /// Out of service: as `drain`, and its checks change nothing.
    case maint
}
