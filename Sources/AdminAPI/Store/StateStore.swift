import Model

/// What the store knew when it was opened.
struct StoredState {
    /// Names this store's line of revisions: tags of another store never match.
    let lineage: String
    /// The newest revision; 0 in a new store.
    let revision: UInt64
    let overlay: Overlay
    /// What was desired last, by kind and name.
    let resources: [ResourceKey: StoredResource]
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
    /// Who made it: the file, or where the admin request came from.
    let actor: String
    let summary: String
}

/// All that one revision writes; it is written whole or not at all.
struct StoreCommit {
    var note: RevisionNote
    /// The run-time changes to set; nil forgets the name's.
    var overlay: [(name: String, change: Overlay.Change?)] = []
    /// The specs to set, with this revision's sequence; nil forgets the resource.
    var resources: [(key: ResourceKey, spec: String?)] = []
}

/// The durable half of the desired state: one SQLite file, write-ahead log, synced at every commit.
///
/// Not for use from two threads at once: `ConfigState` holds it under its write lock.
final class StateStore {
    private let directory: StateDirectory
    private let database: SQLiteDatabase

    /// "LBda": marks the file as ours (`PRAGMA application_id`).
    static let applicationID: Int64 = 0x4C42_6461
    static let schemaVersion: Int64 = 1
    /// Pages of 4 KiB: 1 GiB, a hundred times what 16,384 backends and the whole history take.
    static let pagesMaxDefault = 262_144
    /// Older revisions are forgotten.
    static let historyMax = 10_000

    /// Opens the store of the directory, making both where they are missing.
    ///
    /// Throws when the directory is another process's, or when the file is not a sound store of this version or an
    /// older one: such a file is never written to.
    init(directory path: String, pagesMax: Int = pagesMaxDefault) throws(StoreError) {
        directory = try StateDirectory(path: path)
        let file = directory.databasePath
        do {
            database = try SQLiteDatabase(path: file)
            try database.run("PRAGMA busy_timeout = 2000")
        } catch {
            throw Self.opening(file, error)
        }
        try admitFile(file)
        do {
            // WAL: a commit is one append and one sync; FULL: the sync is before the answer, not some time after.
            try database.run("PRAGMA journal_mode = WAL")
            try database.run("PRAGMA synchronous = FULL")
            try database.run("PRAGMA max_page_count = \(pagesMax)")
            try createSchema()
        } catch {
            throw Self.opening(file, error)
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
            guard let lineage = meta["lineage"], let revision = meta["revision"].flatMap({ UInt64($0) }) else {
                throw corrupt("the table meta has no lineage or revision")
            }
            return StoredState(
                lineage: lineage,
                revision: revision,
                overlay: try loadOverlay(),
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
        let revision = Int64(clamping: commit.note.revision)
        do {
            try database.transaction { () throws(SQLiteError) in
                try database.run("UPDATE meta SET value = ? WHERE key = 'revision'", [.text(String(revision))])
                for (name, change) in commit.overlay {
                    guard let change else {
                        try database.run("DELETE FROM overlay WHERE name = ?", [.text(name)])
                        continue
                    }
                    try database.run(
                        "INSERT OR REPLACE INTO overlay (name, spec, declared, position) VALUES (?, ?, ?, ?)",
                        [
                            .text(name), Self.column(change.spec), Self.column(change.declared),
                            .integer(Int64(clamping: change.order)),
                        ]
                    )
                }
                for (key, spec) in commit.resources {
                    guard let spec else {
                        try database.run(
                            "DELETE FROM resource WHERE kind = ? AND name = ?",
                            [.text(key.kind.rawValue), .text(key.name)]
                        )
                        continue
                    }
                    try database.run(
                        "INSERT OR REPLACE INTO resource (kind, name, spec, sequence) VALUES (?, ?, ?, ?)",
                        [.text(key.kind.rawValue), .text(key.name), .text(spec), .integer(revision)]
                    )
                }
                try database.run(
                    "INSERT INTO history (revision, at, actor, summary) VALUES (?, ?, ?, ?)",
                    [
                        .integer(revision), .integer(commit.note.at), .text(commit.note.actor),
                        .text(commit.note.summary),
                    ]
                )
                try database.run(
                    "DELETE FROM history WHERE revision <= ?",
                    [.integer(revision - Int64(Self.historyMax))]
                )
            }
        } catch {
            throw StoreError(
                kind: .notDurable,
                path: path,
                message: "the change could not be written to \(path) (\(error.message)), so nothing was changed: "
                    + "make room or see to the disk, then repeat it"
            )
        }
    }

    /// The revisions after `revision`, newest first, at most `limit`.
    func history(after revision: UInt64, limit: Int) throws(StoreError) -> [RevisionNote] {
        do {
            return try database.rows(
                "SELECT revision, at, actor, summary FROM history WHERE revision > ? ORDER BY revision DESC LIMIT ?",
                [.integer(Int64(clamping: revision)), .integer(Int64(limit))]
            ).map { row in
                RevisionNote(
                    revision: UInt64(row[0].integer ?? 0),
                    at: row[1].integer ?? 0,
                    actor: row[2].text ?? "",
                    summary: row[3].text ?? ""
                )
            }
        } catch {
            throw Self.opening(path, error)
        }
    }

    /// Refuses what is not ours before anything is written to it.
    private func admitFile(_ file: String) throws(StoreError) {
        do {
            let applicationID = try pragma("application_id")
            let version = try pragma("user_version")
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
            guard version <= Self.schemaVersion else {
                throw StoreError(
                    kind: .newer,
                    path: file,
                    message: "\(file) was written by a newer lbd (schema \(version); this one knows "
                        + "\(Self.schemaVersion)) and is left as it is: run the newer lbd, or choose another "
                        + "directory with --state DIR"
                )
            }
            let verdict = try database.rows("PRAGMA quick_check(1)").first?.first?.text
            guard verdict == "ok" else { throw corrupt(verdict ?? "quick_check gives no answer") }
        } catch let error as SQLiteError {
            throw Self.opening(file, error)
        } catch let error as StoreError {
            throw error
        } catch {
            throw corrupt("\(error)")
        }
    }

    private func pragma(_ name: String) throws(SQLiteError) -> Int64 {
        try database.rows("PRAGMA \(name)").first?.first?.integer ?? 0
    }

    private func createSchema() throws(SQLiteError) {
        guard try pragma("user_version") == 0 else { return }
        try database.transaction { () throws(SQLiteError) in
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
            try database.run("INSERT INTO meta VALUES ('lineage', ?), ('revision', '0')", [.text(Self.newLineage())])
            try database.run("PRAGMA application_id = \(Self.applicationID)")
            try database.run("PRAGMA user_version = \(Self.schemaVersion)")
        }
    }

    /// Six letters and digits without those that are read wrongly.
    private static func newLineage() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return String((0..<6).map { _ in letters[Int.random(in: letters.indices)] })
    }

    private func loadOverlay() throws -> Overlay {
        var changes: [Overlay.Change] = []
        for row in try database.rows("SELECT name, spec, declared, position FROM overlay") {
            guard let name = row[0].text, let order = row[3].integer else {
                throw corrupt("a row of overlay is broken")
            }
            changes.append(
                Overlay.Change(
                    name: name,
                    spec: try spec(row[1], of: name),
                    declared: try spec(row[2], of: name),
                    order: UInt64(clamping: order)
                )
            )
        }
        return Overlay(changes)
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

    private func spec(_ column: SQLiteValue, of name: String) throws(StoreError) -> BackendSpec? {
        guard let text = column.text else { return nil }
        guard let spec = SpecText.backend(text) else {
            throw corrupt("the stored spec of \"\(name)\" cannot be read: \(text)")
        }
        return spec
    }

    private static func column(_ spec: BackendSpec?) -> SQLiteValue {
        spec.map { .text(SpecText.text(of: $0)) } ?? .null
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

    private static func opening(_ file: String, _ error: SQLiteError) -> StoreError {
        if error.meansCorrupt { return corrupt(file, error.message) }
        return StoreError(
            kind: .inaccessible,
            path: file,
            message: "the state file \(file) cannot be opened (\(error.message)): see that this user may write to it, "
                + "that no other program holds it and that the disk has room, or choose another with --state DIR"
        )
    }
}
