import Model
import Synchronization

/// What the store keeps of the past, read on connections of their own, so that no writer waits for a reader.
///
/// Any thread may read. What may be much is read row by row or page by page, one reader at a time. A
/// reader is refused if as many wait already as may.
final class StateArchive: Sendable {
    /// What became of a wish to read the audit on.
    enum AuditReading {
        /// The events that match, and up to where the audit has been read by that.
        case events([Event], upTo: UInt64)
        /// Some of what came after is not kept any more; from `oldest` on everything is.
        case gone(oldest: UInt64)
    }

    /// There is no place among those that wait to read.
    struct Crowded: Error {}

    private let path: String
    /// For what is a page at most.
    private let small: Mutex<SQLiteDatabase?>
    /// For what goes through many rows.
    private let large: Mutex<SQLiteDatabase?>
    private let waiting = Mutex(0)

    /// Readers of many rows at once: one reads, the others wait.
    static let largeReadersMax = 8
    /// Revisions, refusals and bytes of one page of the audit; an event that is larger is a page of its own.
    private static let pageRowsMax = 200
    private static let pageBytesMax = 1 << 20

    /// Opens the file, which must be a store of this version.
    init(path: String) throws(StoreError) {
        self.path = path
        do {
            let (one, other) = try (Self.open(path), Self.open(path))
            small = Mutex(one)
            large = Mutex(other)
        } catch {
            throw StateStore.opening(path, error)
        }
    }

    /// Everybody who reads on finds it closed.
    func close() {
        small.withLock { $0 = nil }
        large.withLock { $0 = nil }
    }

    private static func open(_ path: String) throws(SQLiteError) -> sending SQLiteDatabase {
        let database = try SQLiteDatabase(path: path, isReadOnly: true)
        try database.run("PRAGMA busy_timeout = 2000")
        // A mebibyte each is enough for what is read once.
        try database.run("PRAGMA cache_size = -1024")
        return database
    }

    private func read<Result>(
        _ lane: borrowing Mutex<SQLiteDatabase?>,
        _ body: (SQLiteDatabase) throws(SQLiteError) -> sending Result
    ) throws(StoreError) -> sending Result {
        try lane.withLock { database throws(StoreError) in
            guard let database else {
                throw StoreError(kind: .notDurable, path: path, message: "the state file is closed: repeat it later")
            }
            do throws(SQLiteError) {
                return try body(database)
            } catch {
                throw StateStore.opening(path, error)
            }
        }
    }

    // MARK: A page

    private static let noteColumns =
        "revision, at, actor, way, address, reason, request_id, cause, forced, summary"

    /// The revisions after `revision`, newest first, at most `limit`; with `before`, only those below it.
    func history(after revision: UInt64, before: UInt64? = nil, limit: Int) throws(StoreError) -> [RevisionNote] {
        try read(small) { database throws(SQLiteError) in
            try database.rows(
                """
                SELECT \(Self.noteColumns) FROM history
                WHERE revision > ? AND revision < ? ORDER BY revision DESC LIMIT ?
                """,
                [
                    .integer(Int64(clamping: revision)), .integer(Int64(clamping: before ?? .max)),
                    .integer(Int64(limit)),
                ]
            ).map { Self.note($0) }
        }
    }

    /// As `history`, of the revisions that changed one resource; nil is any.
    func history(of key: ResourceKey?, after revision: UInt64, limit: Int) throws(StoreError) -> [RevisionNote] {
        guard let key else { return try history(after: revision, limit: limit) }
        return try read(small) { database throws(SQLiteError) in
            try database.rows(
                """
                SELECT \(Self.noteColumns) FROM history
                WHERE revision IN (SELECT revision FROM change WHERE revision > ? AND kind = ? AND name = ?)
                ORDER BY revision DESC LIMIT ?
                """,
                [
                    .integer(Int64(clamping: revision)), .text(key.kind.rawValue), .text(key.name),
                    .integer(Int64(limit)),
                ]
            ).map { Self.note($0) }
        }
    }

    /// The oldest revision that can be told whole.
    func floor() throws(StoreError) -> UInt64 {
        try read(small) { database throws(SQLiteError) in try Self.number("floor", database) }
    }

    private static func number(_ key: String, _ database: SQLiteDatabase) throws(SQLiteError) -> UInt64 {
        let text = try database.rows("SELECT value FROM meta WHERE key = ?", [.text(key)]).first?.first?.text
        return text.flatMap { UInt64($0) } ?? 0
    }

    private static func note(_ row: [SQLiteValue]) -> RevisionNote {
        let cause: Change.Cause
        switch row[7] {
        case .integer(let revision): cause = .rollback(to: UInt64(clamping: revision))
        case .text("file"): cause = .file
        case .text, .null: cause = .write
        }
        return RevisionNote(
            revision: UInt64(clamping: row[0].integer ?? 0),
            at: row[1].integer ?? 0,
            author: Author(
                name: row[2].text ?? "",
                way: row[3].text.flatMap { Author.Way(rawValue: $0) } ?? .network,
                address: row[4].text,
                reason: row[5].text,
                requestID: row[6].text
            ),
            cause: cause,
            isForced: row[8].integer == 1,
            // Those of an older version may be long.
            summary: Change.line(row[9].text ?? "")
        )
    }

    // MARK: Many rows

    /// How many read much, or wait to.
    var readers: Int { waiting.withLock { $0 } }

    /// Runs `body` while no other thread reads much, or throws `Crowded`.
    private func readMuch<Result>(
        _ body: (SQLiteDatabase) throws(SQLiteError) -> sending Result
    ) throws -> sending Result {
        let hasPlace = waiting.withLock { waiting in
            guard waiting < Self.largeReadersMax else { return false }
            waiting += 1
            return true
        }
        guard hasPlace else { throw Crowded() }
        defer { waiting.withLock { $0 -= 1 } }
        return try read(large, body)
    }

    /// What the revisions after `number` and up to that of `live` have changed: what was there before the oldest of them, by
    /// resource, and nil where that was nothing; with the revision that was the newest then.
    ///
    /// Nil when that is not kept any more.
    ///
    /// - Parameter take: Gets each resource once, with its text.
    func before(
        _ number: UInt64,
        upTo revision: UInt64,
        _ take: (ResourceKey, String?) -> Void
    ) throws -> UInt64? {
        try readMuch { database throws(SQLiteError) in
            try database.snapshot { () throws(SQLiteError) -> UInt64? in
                guard number >= max(try Self.number("floor", database), 1) else { return nil }
                try database.read(
                    """
                    SELECT kind, name, before FROM change WHERE id IN
                    (SELECT min(id) FROM change WHERE revision > ? AND revision <= ? GROUP BY kind, name)
                    """,
                    [.integer(Int64(clamping: number)), .integer(Int64(clamping: revision))]
                ) { row in
                    if let key = Self.key(row[0], row[1]) { take(key, row[2].text) }
                    return true
                }
                let newest = try database.rows(
                    "SELECT max(revision) FROM history WHERE revision <= ?",
                    [.integer(Int64(clamping: number))]
                ).first?.first?.integer
                return newest.map { UInt64(clamping: $0) } ?? number
            }
        }
    }

    /// The next changes and refusals with numbers between the two, oldest first, as the events that they were: a page of
    /// them.
    func audit(after: UInt64, before: UInt64, matching filter: EventFilter) throws -> AuditReading {
        try readMuch { database throws(SQLiteError) in
            try database.snapshot { () throws(SQLiteError) in
                try Self.audit(after, before, filter, database)
            }
        }
    }

    private static func audit(
        _ after: UInt64,
        _ before: UInt64,
        _ filter: EventFilter,
        _ database: SQLiteDatabase
    ) throws(SQLiteError) -> AuditReading {
        var floor: UInt64 = 0
        if filter.wants(where: { $0.topic == .change }) { floor = try number("floor", database) }
        if filter.wants(where: { $0 == .adminDenied }) { floor = max(floor, try number("denial_floor", database)) }
        guard after >= floor else { return .gone(oldest: floor + 1) }
        let limits: [SQLiteValue] = [
            .integer(Int64(clamping: after)), .integer(Int64(clamping: before)), .integer(Int64(pageRowsMax)),
        ]
        let notes = try database.rows(
            "SELECT \(noteColumns) FROM history WHERE revision > ? AND revision < ? ORDER BY revision LIMIT ?",
            limits
        ).map { note($0) }
        let denials = try database.rows(
            "SELECT sequence, event FROM denial WHERE sequence > ? AND sequence < ? ORDER BY sequence LIMIT ?",
            limits
        ).map { (sequence: UInt64(clamping: $0[0].integer ?? 0), line: $0[1].text ?? "") }
        // Of one that has more than a page nothing is known behind its last.
        var end = before - 1
        if notes.count == pageRowsMax, let last = notes.last { end = min(end, last.revision) }
        if denials.count == pageRowsMax, let last = denials.last { end = min(end, last.sequence) }
        var events: [Event] = []
        var bytes = 0
        func add(_ event: Event) {
            guard filter.matches(event) else { return }
            events.append(event)
            bytes += event.line.count
        }
        var next = denials[...]
        func addDenials(below sequence: UInt64) {
            while let denial = next.first, denial.sequence < sequence {
                add(Event(sequence: denial.sequence, kind: .adminDenied, names: [], line: Array(denial.line.utf8)))
                next = next.dropFirst()
            }
        }
        for note in notes where note.revision <= end {
            addDenials(below: note.revision)
            if bytes >= pageBytesMax { return .events(events, upTo: note.revision - 1) }
            add(try event(note, database))
        }
        addDenials(below: end + 1)
        return .events(events, upTo: end)
    }

    /// A revision as the event that it was.
    private static func event(_ note: RevisionNote, _ database: SQLiteDatabase) throws(SQLiteError) -> Event {
        var changes: [ResourceChange] = []
        var names: [String] = []
        var count = 0
        try database.read(
            "SELECT kind, name, before, after FROM change WHERE revision = ? ORDER BY id",
            [.integer(Int64(clamping: note.revision))]
        ) { row in
            guard let key = key(row[0], row[1]) else { return true }
            count += 1
            if key.kind == .backend { names.append(key.name) }
            if changes.count < EventDraft.changesMax {
                changes.append(ResourceChange(key: key, before: row[2].text, after: row[3].text))
            }
            return true
        }
        return EventDraft(Change(note, changes), names: names, count: count).numbered(note.revision)
    }

    private static func key(_ kind: SQLiteValue, _ name: SQLiteValue) -> ResourceKey? {
        guard let kind = kind.text.flatMap({ ResourceKey.Kind(rawValue: $0) }), let name = name.text else { return nil }
        return ResourceKey(kind: kind, name: name)
    }
}
