import Model

/// An answer without an end: events as they happen, to one reader.
struct EventStream: Sendable {
    enum Format: Sendable {
        /// `text/event-stream`, as the HTML standard defines it for `EventSource`.
        case serverSent
        /// One JSON object a line.
        case lines

        var mediaType: String {
            switch self {
            case .serverSent: "text/event-stream"
            case .lines: "application/x-ndjson"
            }
        }
    }

    let log: EventLog
    let filter: EventFilter
    let format: Format
    /// Everything after this number is still to be sent.
    var cursor: UInt64
    /// What is, at `cursor`, for a reader that knows nothing yet.
    var snapshot: JSONValue?
    /// What is read from elsewhere before the log; nil when the log has all that is wanted.
    var past: Past?
    /// False ends the answer with what there is now.
    var follows: Bool
    /// The place among those that may wait.
    let slot: Room.Place
    /// Whether its reader may still read: a token can be revoked while the stream runs.
    var isAllowed: @Sendable () -> Bool = { true }

    /// A reader of the audit, which is kept longer than the log: page by page, as fast as they are taken.
    struct Past: Sendable {
        let archive: StateArchive
        /// What has been read and is still to be sent.
        var events: [Event]
        /// Up to where that has been read.
        var cursor: UInt64
        /// Where the log begins.
        let end: UInt64
    }

    /// Events in one send: a reader is looked after between two of them.
    private static let batchMax = 256

    /// How often a stream without news looks whether its reader may still read.
    private static let glance = TimeSpan.seconds(1)

    /// Sends until the reader has gone, cannot keep up or may not read any more, or the server stops.
    func run(on connection: borrowing Connection, limits: AdminLimits, alarm: Int32) {
        guard let subscription = log.subscribe() else { return }
        let bell = subscription.bell
        var cursor = cursor
        var told = cursor
        var opening = format == .serverSent ? Array("retry: 1000\n\n".utf8) : []
        if let snapshot { opening += frame("snapshot", snapshot.encoded(pretty: false), id: cursor) }
        // At once, also when it is empty: it tells the reader that the stream is there.
        guard opening.isEmpty || connection.send(opening, until: .after(limits.send)) else { return }
        guard sendPast(on: connection, limits) else { return }
        var beat = Deadline.after(limits.heartbeat)
        while true {
            bell.clear()
            guard isAllowed() else { return }
            switch log.read(after: cursor, limit: Self.batchMax, matching: filter) {
            case .gone(let oldest):
                // It took so long over what it was sent that the rest has left the ring: it has to start afresh.
                return sendLag(oldest, cursor, on: connection, limits)
            case .events(let events, let upTo):
                cursor = upTo
                guard events.isEmpty else {
                    let bytes = events.reduce(into: [UInt8]()) { $0 += frame($1) }
                    guard connection.send(bytes, until: .after(limits.send)) else { return }
                    told = events.last?.sequence ?? told
                    beat = .after(limits.heartbeat)
                    continue
                }
            }
            guard follows else { return }
            let look = min(beat, .after(Self.glance))
            switch connection.awaitNews(bell: bell.descriptor, alarm: alarm, until: look) {
            case .news: continue
            case .stopped, .gone: return
            case .timedOut:
                guard beat.hasPassed else { continue }
                guard connection.send(pulse(at: cursor, told: told), until: .after(limits.send)) else { return }
                told = cursor
                beat = .after(limits.heartbeat)
            }
        }
    }

    /// False when the stream has ended by it.
    private func sendPast(on connection: borrowing Connection, _ limits: AdminLimits) -> Bool {
        guard var past else { return true }
        while true {
            // One by one: a single event may be large.
            for event in past.events {
                guard connection.send(frame(event), until: .after(limits.send)) else { return false }
            }
            guard past.cursor + 1 < past.end else { return true }
            do {
                switch try past.archive.audit(after: past.cursor, before: past.end, matching: filter) {
                case .events(let events, let upTo): (past.events, past.cursor) = (events, upTo)
                case .gone(let oldest):
                    sendLag(oldest, past.cursor, on: connection, limits)
                    return false
                }
            } catch {
                // An end without a word is none: the reader comes back with the number of the last that it has got.
                return false
            }
        }
    }

    private func sendLag(
        _ oldest: UInt64,
        _ cursor: UInt64,
        on connection: borrowing Connection,
        _ limits: AdminLimits
    ) {
        let notice: JSONValue = [
            "type": "lagged", "kind": "lagged", "oldest": .counter(oldest), "last": .counter(cursor),
        ]
        _ = connection.send(frame("lagged", notice.encoded(pretty: false), id: nil), until: .after(limits.send))
    }

    private func frame(_ event: Event) -> [UInt8] { frame(event.kind.topic.rawValue, event.line, id: event.sequence) }

    private func frame(_ type: String, _ line: [UInt8], id: UInt64?) -> [UInt8] {
        switch format {
        case .lines: return line + [0x0A]
        case .serverSent:
            let head = "event: \(type)\n" + (id.map { "id: \($0)\n" } ?? "") + "data: "
            return Array(head.utf8) + line + [0x0A, 0x0A]
        }
    }

    /// A sign of life. Where events that the reader did not want have passed, it moves the reader's id past them: an
    /// `id` without `data` is remembered and dispatches nothing.
    private func pulse(at cursor: UInt64, told: UInt64) -> [UInt8] {
        switch format {
        case .lines: [0x0A]
        case .serverSent: Array((": \(cursor)\n" + (cursor > told ? "id: \(cursor)\n\n" : "\n")).utf8)
        }
    }
}
