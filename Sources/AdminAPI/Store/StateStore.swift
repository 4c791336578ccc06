import Model

/// What the store knew when it was opened.
struct StoredState {
    /// Names this store's line of revisions: tags of another store never match.
    let lineage: String
    /// 128 bits that nobody outside the store knows, the same for as long as the store lives.
    var secret: (UInt64, UInt64) = (0, 0)
    /// The newest revision; 0 in a new store.
    let revision: UInt64
    /// No number of the sequence above this was given out.
    let ceiling: UInt64
    let overlay: Overlay
    /// What was desired last, by kind and name.
    let resources: [ResourceKey: StoredResource]
}

extension StoredState {
    /// What the file declared that this was made of, as far as it was in force: of a resource with a run-time change that is
    /// what the change remembers, of any other what was desired.
    ///
    /// - Parameter order: Who comes first.
    func declared(orderedAs order: DesiredState) -> DesiredState {
        func specs<Spec>(
            _ kind: ResourceKey.Kind,
            _ changes: [Overlay.Change<Spec>],
            _ read: (String) -> Spec?
        ) -> [String: Spec] {
            var specs: [String: Spec] = [:]
            for (key, stored) in resources where key.kind == kind { specs[key.name] = read(stored.spec) }
            for change in changes { specs[change.name] = change.declared }
            return specs
        }
        func ordered<Spec>(_ specs: [String: Spec], _ first: [String]) -> [(String, Spec)] {
            let names = first + Set(specs.keys).subtracting(first).sorted()
            return names.compactMap { name in specs[name].map { (name, $0) } }
        }
        var declared = DesiredState()
        for (name, spec) in ordered(specs(.pool, overlay.pools.changes, SpecText.pool), order.pools.map(\.name)) {
            declared.setPool(name, spec)
        }
        declared.appendBackends(
            ordered(specs(.backend, overlay.backends.changes, SpecText.backend), order.backends.map(\.name))
                .map { DesiredState.Entry(name: $0.0, spec: $0.1) }
        )
        return declared
    }
}

/// A pool or a backend.
struct ResourceKey: Hashable {
    enum Kind: String {
        case pool
        case backend
    }

    let kind: Kind
    let name: String
}

/// A spec in its canonical text, and the sequence of the change that last changed it.
struct StoredResource: Equatable {
    let spec: String
    let sequence: UInt64
}

/// One revision, as the history tells it.
struct RevisionNote: Equatable, Sendable {
    let revision: UInt64
    /// Nanoseconds of the UNIX epoch.
    let at: Int64
    let author: Author
    let cause: Change.Cause
    let isForced: Bool
    let summary: String
}

extension Change {
    /// A revision as the store has it.
    init(_ note: RevisionNote, _ resources: [ResourceChange]) {
        func parts<Spec>(_ kind: ResourceKey.Kind, _ read: (String) -> Spec?) -> [Change.Resource<Spec>] {
            resources.filter { $0.key.kind == kind }.map { part in
                Change.Resource(name: part.key.name, before: part.before.flatMap(read), after: part.after.flatMap(read))
            }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        self.init(
            revision: note.revision,
            at: note.at,
            author: note.author,
            cause: note.cause,
            isForced: note.isForced,
            pools: parts(.pool, SpecText.pool),
            backends: parts(.backend, SpecText.backend),
            summary: note.summary
        )
    }
}

extension ResourceChange {
    /// Of the specs that are kept of it.
    fileprivate var bytes: Int64 { Int64(before?.utf8.count ?? 0) + Int64(after?.utf8.count ?? 0) }
}

extension RevisionNote {
    init(_ change: Change) {
        self.init(
            revision: change.revision,
            at: change.at,
            author: change.author,
            cause: change.cause,
            isForced: change.isForced,
            summary: change.summary
        )
    }
}

/// A resource's texts before and after a revision; nil where there was none, or is none any more.
struct ResourceChange: Equatable, Sendable {
    let key: ResourceKey
    let before: String?
    let after: String?

    init(key: ResourceKey, before: String?, after: String?) {
        self.key = key
        self.before = before
        self.after = after
    }

    init(_ change: Change.Resource<PoolSpec>) {
        key = ResourceKey(kind: .pool, name: change.name)
        before = change.before.map { SpecText.text(of: $0) }
        after = change.after.map { SpecText.text(of: $0) }
    }

    init(_ change: Change.Resource<BackendSpec>) {
        key = ResourceKey(kind: .backend, name: change.name)
        before = change.before.map { SpecText.text(of: $0) }
        after = change.after.map { SpecText.text(of: $0) }
    }
}

/// All that one revision writes; it is written whole or not at all.
struct StoreCommit {
    let note: RevisionNote
    /// See `StoredState.ceiling`.
    let ceiling: UInt64
    /// The run-time changes to set; nil forgets the name's.
    var poolOverlay: [Overlay.Edit<PoolSpec>] = []
    var backendOverlay: [Overlay.Edit<BackendSpec>] = []
    /// The specs to set, with this revision's sequence.
    var resources: [ResourceChange] = []
    var receipt: IdempotencyReceipt?

    init(note: RevisionNote, ceiling: UInt64) {
        self.note = note
        self.ceiling = ceiling
    }
}

/// The durable half of the desired state: one SQLite file, write-ahead log, synced at every commit.
///
/// Not for use from two threads at once: `ConfigState` holds it under its write lock.
final class StateStore {
    /// Reads what is kept of the past. Any thread may use it.
    let archive: StateArchive
    /// What this is a copy of, to which nothing can be written; nil for the store itself.
    let copy: StateCopy?
    private let database: SQLiteDatabase
    /// The last to be let go: the file is closed when the lock is given away.
    private let directory: StateDirectory
    /// Written since it was last looked for what is to be forgotten.
    private var rowsToPrune = pruneInterval
    /// The bytes of all specs that are kept of the past.
    private var changeBytes: Int64 = 0
    private let changeBytesMax: Int64

    /// "LBda": marks the file as ours (`PRAGMA application_id`).
    static let applicationID: Int64 = 0x4C42_6461
    static let schemaVersion: Int64 = 5
    /// Pages of 4 KiB: 1 GiB. 16,384 backends with all their labels take a tenth of it, as do the run-time changes of all of
    /// them, twice; the history takes `changeBytesMaxDefault`.
    static let pagesMaxDefault = 262_144
    /// Older revisions are forgotten.
    static let historyMax: UInt64 = 10_000
    /// So are the oldest where the revisions kept have changed more resources than this.
    static let changesMax: Int64 = 200_000
    /// So are the oldest where the specs before and after the revisions kept have more bytes than this: 16 changes of a
    /// thousand backends with all their labels. The newest revision is always kept.
    static let changeBytesMaxDefault: Int64 = 256 << 20
    /// After so many rows, and at a start, there is a look for what is to be forgotten.
    static let pruneInterval = 512
    /// Requests that were not let in, the newest.
    static let denialsMax: Int64 = 10_000
    /// Keys of requests are known for at least this many additions.
    static let receiptsMax: Int64 = 10_000

    /// Opens the store of the directory, making both where they are missing.
    ///
    /// Throws when the directory is another process's, or when the file is not a sound store of this version or an
    /// older one: such a file is never written to.
    init(
        directory path: String,
        pagesMax: Int = pagesMaxDefault,
        changeBytesMax: Int64 = changeBytesMaxDefault,
        copy: StateCopy? = nil
    ) throws(StoreError) {
        self.changeBytesMax = changeBytesMax
        self.copy = copy
        let directory = try StateDirectory(path: path)
        self.directory = directory
        let file = directory.databasePath
        let database: SQLiteDatabase
        do {
            database = try SQLiteDatabase(path: file)
            try database.run("PRAGMA busy_timeout = 2000")
        } catch {
            throw Self.opening(file, error)
        }
        self.database = database
        try Self.admit(file, database)
        do {
            // WAL: a commit is one append and one sync; FULL: the sync is before the answer, not some time after.
            try database.run("PRAGMA journal_mode = WAL")
            try database.run("PRAGMA synchronous = FULL")
            try database.run("PRAGMA max_page_count = \(pagesMax)")
            // What one large commit has made of the log is given back.
            try database.run("PRAGMA journal_size_limit = \(Self.logBytesKept)")
            try Self.raiseSchema(of: database)
        } catch {
            throw Self.opening(file, error)
        }
        archive = try StateArchive(path: file)
        do {
            changeBytes =
                try database.rows("SELECT value FROM meta WHERE key = 'change_bytes'").first?.first?.text
                .flatMap { Int64($0) } ?? 0
        } catch {
            throw Self.opening(file, error)
        }
        // From now on they have to stay the same.
        _ = directory.lostFile()
    }

    /// See `StateDirectory.announce`.
    func announce() { directory.announce() }

    private static let logBytesKept = 64 << 20

    /// Opens the store of the directory; where its disk takes no writes, a copy that is only read from.
    static func opened(directory path: String) throws(StoreError) -> StateStore {
        do throws(StoreError) {
            return try StateStore(directory: path)
        } catch {
            guard error.kind == .inaccessible, let reason = StateCopy.fault(at: path) else { throw error }
            let copy = try StateCopy(of: path, because: reason)
            return try StateStore(directory: copy.path, copy: copy)
        }
    }

    /// The store itself, where this is a copy of it and its disk takes writes again; else this one.
    func reopened() throws(StoreError) -> StateStore {
        guard let copy else { return self }
        copy.unlock()
        do throws(StoreError) {
            return try StateStore(directory: copy.original)
        } catch {
            guard copy.lock() else { throw error }
            return self
        }
    }

    var path: String { directory.databasePath }

    /// Reads everything. Throws `corrupt` when a row cannot be understood.
    func load() throws(StoreError) -> StoredState {
        do {
            var meta: [String: String] = [:]
            for row in try database.rows("SELECT key, value FROM meta") {
                if let key = row[0].text, let value = row[1].text { meta[key] = value }
            }
            let secret = try meta["secret"] ?? makeSecret()
            guard let lineage = meta["lineage"], let revision = meta["revision"].flatMap({ UInt64($0) }) else {
                throw corrupt("the table meta has no lineage or revision")
            }
            let ceiling = meta["ceiling"].flatMap { UInt64($0) } ?? revision
            guard max(revision, ceiling) <= Sequence.startMax else {
                throw corrupt("its revision \(revision) or its ceiling \(ceiling) is none that can have been reached")
            }
            return StoredState(
                lineage: lineage,
                secret: (UInt64(secret.prefix(16), radix: 16) ?? 0, UInt64(secret.dropFirst(16), radix: 16) ?? 0),
                revision: revision,
                ceiling: ceiling,
                overlay: Overlay(
                    try loadOverlay(.backend) { SpecText.backend($0) },
                    pools: try loadOverlay(.pool) { SpecText.pool($0) }
                ),
                resources: try loadResources()
            )
        } catch let error as SQLiteError {
            throw Self.opening(path, error)
        } catch let error as StoreError {
            throw error
        } catch {
            throw corrupt("\(error)")
        }
    }

    /// Writes one revision and returns when it is on the disk. Throws `notDurable`, with nothing changed.
    func commit(_ commit: StoreCommit) throws(StoreError) {
        let bytes = commit.resources.reduce(Int64(0)) { $0 + $1.bytes }
        let known = changeBytes
        var kept = known
        try durably { () throws(SQLiteError) in
            // First, so that the new ones have the room of the old ones.
            kept = known + bytes - (try makeRoom(for: bytes))
            if kept != known { try setNumber("change_bytes", UInt64(clamping: kept)) }
            let revision = Int64(clamping: commit.note.revision)
            try setNumber("revision", commit.note.revision)
            try setNumber("ceiling", commit.ceiling)
            try writeOverlay(.pool, commit.poolOverlay) { SpecText.text(of: $0) }
            try writeOverlay(.backend, commit.backendOverlay) { SpecText.text(of: $0) }
            try writeResources(commit.resources, revision)
            try writeNote(commit.note)
            if let receipt = commit.receipt {
                try database.run(
                    "INSERT OR REPLACE INTO receipt (key, fingerprint, name, revision) VALUES (?, ?, ?, ?)",
                    [.text(receipt.key), .text(receipt.fingerprint), .text(receipt.name), .integer(revision)]
                )
                try database.run(
                    "DELETE FROM receipt WHERE id <= (SELECT max(id) FROM receipt) - ?",
                    [.integer(Self.receiptsMax)]
                )
            }
            kept -= try prune(after: commit.resources.count + 1)
        }
        changeBytes = kept
    }

    /// Writes what becomes of run-time changes where what is desired stays as it is. Throws `notDurable`, with nothing
    /// changed.
    func keep(_ pools: [Overlay.Edit<PoolSpec>], _ backends: [Overlay.Edit<BackendSpec>]) throws(StoreError) {
        if pools.isEmpty, backends.isEmpty { return }
        try durably { () throws(SQLiteError) in
            try writeOverlay(.pool, pools) { SpecText.text(of: $0) }
            try writeOverlay(.backend, backends) { SpecText.text(of: $0) }
        }
    }

    /// Promises that no number above `ceiling` has been given out.
    func reserve(_ ceiling: UInt64) throws(StoreError) {
        try durably { () throws(SQLiteError) in try setNumber("ceiling", ceiling) }
    }

    private func durably(_ body: () throws(SQLiteError) -> Void) throws(StoreError) {
        if let copy {
            throw StoreError(
                kind: .notDurable,
                path: copy.original,
                message:
                    "nothing can be written to \(copy.original) (\(copy.reason)), so nothing was changed: make room "
                    + "or see to the disk, then repeat it"
            )
        }
        if let lost = directory.lostFile() {
            throw StoreError(
                kind: .notDurable,
                path: lost,
                message:
                    "\(lost) was removed or replaced while this process had it open, so nothing was changed: a change "
                    + "would be lost with the next start. Save what is desired (lbctl export), then start lbd anew"
            )
        }
        do {
            try database.transaction(body)
        } catch {
            throw StoreError(
                kind: .notDurable,
                path: path,
                message: "the change could not be written to \(path) (\(error.message)), so nothing was changed: "
                    + "make room or see to the disk, then repeat it"
            )
        }
    }

    private func setNumber(_ key: String, _ number: UInt64) throws(SQLiteError) {
        try database.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [.text(key), .text(String(number))])
    }

    private func writeOverlay<Spec>(
        _ kind: ResourceKey.Kind,
        _ edits: [Overlay.Edit<Spec>],
        _ text: (Spec) -> String
    ) throws(SQLiteError) {
        func column(_ spec: Spec?) -> SQLiteValue { spec.map { .text(text($0)) } ?? .null }
        var set: [[SQLiteValue]] = []
        var forgotten: [[SQLiteValue]] = []
        for edit in edits {
            guard let change = edit.change else {
                forgotten.append([.text(kind.rawValue), .text(edit.name)])
                continue
            }
            set.append([
                .text(kind.rawValue), .text(edit.name), column(change.spec), column(change.declared),
                .integer(Int64(clamping: change.order)),
            ])
        }
        try database.run("DELETE FROM overlay WHERE kind = ? AND name = ?", each: forgotten)
        try database.run(
            "INSERT OR REPLACE INTO overlay (kind, name, spec, declared, position) VALUES (?, ?, ?, ?, ?)",
            each: set
        )
    }

    private func writeResources(_ changes: [ResourceChange], _ revision: Int64) throws(SQLiteError) {
        func column(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
        try database.run(
            "DELETE FROM resource WHERE kind = ? AND name = ?",
            each: changes.filter { $0.after == nil }.map { [.text($0.key.kind.rawValue), .text($0.key.name)] }
        )
        try database.run(
            "INSERT OR REPLACE INTO resource (kind, name, spec, sequence) VALUES (?, ?, ?, ?)",
            each: changes.filter { $0.after != nil }.map {
                [.text($0.key.kind.rawValue), .text($0.key.name), column($0.after), .integer(revision)]
            }
        )
        try database.run(
            "INSERT INTO change (revision, kind, name, before, after) VALUES (?, ?, ?, ?, ?)",
            each: changes.map {
                [
                    .integer(revision), .text($0.key.kind.rawValue), .text($0.key.name), column($0.before),
                    column($0.after),
                ]
            }
        )
    }

    private func writeNote(_ note: RevisionNote) throws(SQLiteError) {
        func column(_ text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
        let cause: SQLiteValue
        switch note.cause {
        case .write: cause = .text("write")
        case .file: cause = .text("file")
        case .rollback(let revision): cause = .integer(Int64(clamping: revision))
        }
        try database.run(
            """
            INSERT INTO history (revision, at, actor, way, address, reason, request_id, cause, forced, summary)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(Int64(clamping: note.revision)), .integer(note.at), .text(note.author.name),
                .text(note.author.way.rawValue), column(note.author.address), column(note.author.reason),
                column(note.author.requestID), cause, .integer(note.isForced ? 1 : 0), .text(note.summary),
            ]
        )
    }

    /// Forgets the oldest revisions, and with them how to come back to what was desired before: `floor` is the
    /// oldest revision that can still be told whole.
    ///
    /// Now and then: it counts the rows, and a few more than are to be kept harm nobody.
    /// - Returns: the bytes of the specs that were forgotten.
    private func prune(after rows: Int) throws(SQLiteError) -> Int64 {
        rowsToPrune += rows
        guard rowsToPrune >= Self.pruneInterval else { return 0 }
        rowsToPrune = 0
        let crowd = try database.rows(
            "SELECT revision FROM change WHERE id <= (SELECT max(id) FROM change) - ? ORDER BY id DESC LIMIT 1",
            [.integer(Self.changesMax)]
        ).first?.first?.integer
        let old = try database.rows(
            "SELECT revision FROM history ORDER BY revision DESC LIMIT 1 OFFSET ?",
            [.integer(Int64(Self.historyMax))]
        ).first?.first?.integer
        guard let floor = [crowd, old].compactMap({ $0 }).max() else { return 0 }
        return try forget(upTo: floor)
    }

    /// Forgets so many of the oldest revisions that these bytes fit beside those that are kept, and some more, so that it is
    /// not to be done again with the next.
    /// - Returns: the bytes of the specs that were forgotten.
    private func makeRoom(for bytes: Int64) throws(SQLiteError) -> Int64 {
        guard changeBytes + bytes > changeBytesMax else { return 0 }
        let excess = min(changeBytes, changeBytes + bytes - changeBytesMax / 4 * 3)
        var floor: Int64?
        var freed: Int64 = 0
        try database.read(
            "SELECT revision, CAST(\(Self.specBytes) AS INTEGER) FROM change GROUP BY revision ORDER BY revision"
        ) { row in
            guard freed < excess else { return false }
            floor = row[0].integer
            freed += row[1].integer ?? 0
            return true
        }
        guard let floor else { return 0 }
        return try forget(upTo: floor)
    }

    private static let specBytes = "total(length(CAST(before AS BLOB))) + total(length(CAST(after AS BLOB)))"

    /// - Returns: the bytes of the specs that were forgotten.
    private func forget(upTo floor: Int64) throws(SQLiteError) -> Int64 {
        let freed = try database.rows(
            "SELECT CAST(\(Self.specBytes) AS INTEGER) FROM change WHERE revision <= ?",
            [.integer(floor)]
        ).first?.first?.integer
        try database.run("DELETE FROM history WHERE revision <= ?", [.integer(floor)])
        try database.run("DELETE FROM change WHERE revision <= ?", [.integer(floor)])
        try setNumber("floor", UInt64(clamping: floor))
        return freed ?? 0
    }

    // MARK: Refusals

    /// Keeps an event about a request that was not let in.
    func keepDenial(_ sequence: UInt64, _ event: String) throws(StoreError) {
        do {
            try database.transaction { () throws(SQLiteError) in
                try database.run(
                    "INSERT OR REPLACE INTO denial (sequence, event) VALUES (?, ?)",
                    [.integer(Int64(clamping: sequence)), .text(event)]
                )
                let oldest = try database.rows(
                    "SELECT sequence FROM denial ORDER BY sequence DESC LIMIT 1 OFFSET ?",
                    [.integer(Self.denialsMax)]
                ).first?.first?.integer
                if let oldest {
                    try database.run("DELETE FROM denial WHERE sequence <= ?", [.integer(oldest)])
                    try setNumber("denial_floor", UInt64(oldest))
                }
            }
        } catch {
            throw Self.opening(path, error)
        }
    }

    /// What the request with this key did; nil when no such request is known.
    func receipt(_ key: String) throws(StoreError) -> IdempotencyReceipt? {
        do {
            let rows = try database.rows(
                "SELECT fingerprint, name, revision FROM receipt WHERE key = ?",
                [.text(key)]
            )
            return rows.first.map { row in
                IdempotencyReceipt(
                    key: key,
                    fingerprint: row[0].text ?? "",
                    name: row[1].text ?? "",
                    revision: UInt64(clamping: row[2].integer ?? 0)
                )
            }
        } catch {
            throw Self.opening(path, error)
        }
    }

    // MARK: Health

    /// Keeps what is known of these backends' health, and that what is kept of all of them was so at `at`.
    ///
    /// Not synced: when the process is killed it is there all the same, and what a power cut takes is some seconds of
    /// what the next start finds out by itself.
    ///
    /// - Parameter unknown: Backends of which nothing is known.
    func keepHealth(_ known: [KnownHealth], unknown: [String], at: Int64) throws(StoreError) {
        do {
            try database.run("PRAGMA synchronous = NORMAL")
            defer { try? database.run("PRAGMA synchronous = FULL") }
            try database.transaction { () throws(SQLiteError) in
                try setNumber("health_at", UInt64(clamping: at))
                try database.run("DELETE FROM health WHERE name = ?", each: unknown.map { [.text($0)] })
                try database.run(
                    "INSERT OR REPLACE INTO health (name, pool, url, state, reason) VALUES (?, ?, ?, ?, ?)",
                    each: known.map { health in
                        [
                            .text(health.name), .text(health.pool), .text(health.url.description),
                            .text(health.state.rawValue), health.reason.map { .text($0) } ?? .null,
                        ]
                    }
                )
                // Those that were removed.
                try database.run(
                    "DELETE FROM health WHERE name NOT IN (SELECT name FROM resource WHERE kind = 'backend')"
                )
            }
        } catch {
            throw Self.opening(path, error)
        }
    }

    /// What was known of backends' health, and when that was last so, in nanoseconds of the UNIX epoch; nil when nothing
    /// was ever kept.
    func health() throws(StoreError) -> (at: Int64, known: [KnownHealth])? {
        do {
            let at = try database.rows("SELECT value FROM meta WHERE key = 'health_at'").first?.first?.text
            guard let at = at.flatMap({ Int64($0) }) else { return nil }
            let rows = try database.rows("SELECT name, pool, url, state, reason FROM health")
            return (
                at,
                rows.compactMap { row in
                    guard let name = row[0].text, let pool = row[1].text, let text = row[2].text,
                        let url = try? BackendURL(text), let state = row[3].text.flatMap({ HealthState(rawValue: $0) })
                    else { return nil }
                    return KnownHealth(name: name, pool: pool, url: url, state: state, reason: row[4].text)
                }
            )
        } catch {
            throw Self.opening(path, error)
        }
    }

    // MARK: Opening

    /// Refuses what is not ours before anything is written to it.
    private static func admit(_ file: String, _ database: SQLiteDatabase) throws(StoreError) {
        do {
            let applicationID = try pragma("application_id", of: database)
            let version = try pragma("user_version", of: database)
            let tables = try database.rows("SELECT count(*) FROM sqlite_master").first?.first?.integer ?? 0
            if applicationID == 0, version == 0, tables == 0 { return }
            guard applicationID == Self.applicationID else {
                throw StoreError(
                    kind: .foreign,
                    path: file,
                    message: "\(file) is a database of some other program and is left as it is: "
                        + "choose another directory with --state DIR"
                )
            }
            guard version <= schemaVersion else {
                throw StoreError(
                    kind: .newer,
                    path: file,
                    message: "\(file) was written by a newer lbd (schema \(version); this one knows "
                        + "\(schemaVersion)) and is left as it is: run the newer lbd, or choose another "
                        + "directory with --state DIR"
                )
            }
            let verdict = try database.rows("PRAGMA quick_check(1)").first?.first?.text
            guard verdict == "ok" else { throw corrupt(file, verdict ?? "quick_check gives no answer") }
        } catch let error as SQLiteError {
            throw opening(file, error)
        } catch let error as StoreError {
            throw error
        } catch {
            throw corrupt(file, "\(error)")
        }
    }

    private static func pragma(_ name: String, of database: SQLiteDatabase) throws(SQLiteError) -> Int64 {
        try database.rows("PRAGMA \(name)").first?.first?.integer ?? 0
    }

    /// Brings a new file, or one of an older version, to this version's schema; all of it or nothing.
    private static func raiseSchema(of database: SQLiteDatabase) throws(SQLiteError) {
        let version = try pragma("user_version", of: database)
        guard version < schemaVersion else { return }
        try database.transaction { () throws(SQLiteError) in
            if version == 0 { try makeFirstSchema(database) }
            if version < 2 { try makeSecondSchema(database) }
            if version < 3 { try makeThirdSchema(database) }
            if version < 4 { try makeFourthSchema(database) }
            try makeFifthSchema(database)
            try database.run("PRAGMA user_version = \(schemaVersion)")
        }
    }

    private static func makeFirstSchema(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        try database.run(
            """
            CREATE TABLE overlay (name TEXT PRIMARY KEY, spec TEXT, declared TEXT, position INTEGER NOT NULL)
            WITHOUT ROWID
            """
        )
        try database.run(
            """
            CREATE TABLE resource (kind TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL,
            sequence INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID
            """
        )
        try database.run(
            """
            CREATE TABLE history (revision INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL,
            summary TEXT NOT NULL)
            """
        )
        try database.run("INSERT INTO meta VALUES ('lineage', ?), ('revision', '0')", [.text(newLineage())])
        try database.run("PRAGMA application_id = \(applicationID)")
    }

    /// Run-time changes of pools, what each revision changed, and the keys of requests. Revisions of the first schema
    /// cannot be gone back to: they did not say what they changed.
    private static func makeSecondSchema(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run(
            """
            CREATE TABLE overlay_by_kind (kind TEXT NOT NULL, name TEXT NOT NULL, spec TEXT, declared TEXT,
            position INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID
            """
        )
        try database.run(
            "INSERT INTO overlay_by_kind SELECT 'backend', name, spec, declared, position FROM overlay"
        )
        try database.run("DROP TABLE overlay")
        try database.run("ALTER TABLE overlay_by_kind RENAME TO overlay")
        for column in [
            "way TEXT", "address TEXT", "reason TEXT", "request_id TEXT", "cause", "forced INTEGER NOT NULL DEFAULT 0",
        ] {
            try database.run("ALTER TABLE history ADD COLUMN \(column)")
        }
        try database.run(
            """
            CREATE TABLE change (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, kind TEXT NOT NULL,
            name TEXT NOT NULL, before TEXT, after TEXT)
            """
        )
        try database.run("CREATE INDEX change_revision ON change (revision)")
        try database.run(
            """
            CREATE TABLE receipt (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,
            name TEXT NOT NULL, revision INTEGER NOT NULL)
            """
        )
        try database.run("INSERT INTO meta SELECT 'floor', value FROM meta WHERE key = 'revision'")
    }

    /// Requests that were not let in.
    private static func makeThirdSchema(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run("CREATE TABLE denial (sequence INTEGER PRIMARY KEY, event TEXT NOT NULL)")
    }

    /// What the checks last said of each backend.
    private static func makeFourthSchema(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run(
            """
            CREATE TABLE health (name TEXT PRIMARY KEY, pool TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL,
            reason TEXT) WITHOUT ROWID
            """
        )
    }

    /// How many bytes are kept of the past. Which refusals were forgotten was not written down before.
    private static func makeFifthSchema(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.run(
            "INSERT OR REPLACE INTO meta SELECT 'change_bytes', CAST(CAST(\(specBytes) AS INTEGER) AS TEXT) FROM change"
        )
        try database.run(
            """
            INSERT OR REPLACE INTO meta SELECT 'denial_floor', CAST(min(sequence) - 1 AS TEXT) FROM denial
            HAVING count(*) >= \(denialsMax)
            """
        )
    }

    /// 128 bits that nobody else knows, made once and kept: 32 hexadecimal digits.
    private func makeSecret() throws(SQLiteError) -> String {
        let words = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        let secret = words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
        try database.run("INSERT INTO meta VALUES ('secret', ?)", [.text(secret)])
        return secret
    }

    /// Six letters and digits without those that are read wrongly.
    private static func newLineage() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return String((0..<6).map { _ in letters[Int.random(in: letters.indices)] })
    }

    private func loadOverlay<Spec>(
        _ kind: ResourceKey.Kind,
        _ read: (String) -> Spec?
    ) throws -> [Overlay.Change<Spec>] {
        func spec(_ column: SQLiteValue, _ name: String) throws -> Spec? {
            guard let text = column.text else { return nil }
            guard let spec = read(text) else {
                throw corrupt("the stored spec of \"\(name)\" cannot be read: \(text)")
            }
            return spec
        }
        return try database.rows(
            "SELECT name, spec, declared, position FROM overlay WHERE kind = ?",
            [.text(kind.rawValue)]
        ).map { row in
            guard let name = row[0].text, BackendSpec.isName(name), let order = row[3].integer else {
                throw corrupt("a row of overlay is broken")
            }
            let wanted = try spec(row[1], name)
            guard wanted != nil || kind != .pool || name != DesiredState.defaultPool else {
                throw corrupt("the pool \"\(name)\" is removed in it, which it cannot be")
            }
            return Overlay.Change(
                name: name,
                spec: wanted,
                declared: try spec(row[2], name),
                order: UInt64(clamping: order)
            )
        }
    }

    private func loadResources() throws -> [ResourceKey: StoredResource] {
        var resources: [ResourceKey: StoredResource] = [:]
        for row in try database.rows("SELECT kind, name, spec, sequence FROM resource") {
            guard let kind = row[0].text.flatMap({ ResourceKey.Kind(rawValue: $0) }), let name = row[1].text,
                let spec = row[2].text, let sequence = row[3].integer
            else { throw corrupt("a row of resource is broken") }
            resources[ResourceKey(kind: kind, name: name)] = StoredResource(
                spec: spec,
                sequence: UInt64(clamping: sequence)
            )
        }
        return resources
    }

    private func corrupt(_ why: String) -> StoreError { Self.corrupt(path, why) }

    private static func corrupt(_ file: String, _ why: String) -> StoreError {
        StoreError(
            kind: .corrupt,
            path: file,
            message: "\(file) is not a sound state file (\(why)) and is left as it is: move it away to start from the "
                + "configuration file alone, or choose another directory with --state DIR"
        )
    }

    static func opening(_ file: String, _ error: SQLiteError) -> StoreError {
        if error.meansCorrupt { return corrupt(file, error.message) }
        return StoreError(
            kind: .inaccessible,
            path: file,
            message: "the state file \(file) cannot be opened (\(error.message)): see that this user may write to it, "
                + "that no other program holds it and that the disk has room, or choose another with --state DIR"
        )
    }
}
