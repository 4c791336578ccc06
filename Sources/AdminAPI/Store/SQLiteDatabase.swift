import CSQLite

/// What SQLite answered when it would not do as asked.
struct SQLiteError: Error, Equatable {
    /// The primary result code: the low eight bits of `sqlite3_extended_errcode`.
    let code: Int32
    /// SQLite's own words.
    let message: String

    /// The file is there and is not a sound database.
    var meansCorrupt: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }
}

/// A column's value, of the two types the store uses.
enum SQLiteValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case text(String)

    var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    var text: String? {
        if case .text(let value) = self { return value }
        return nil
    }
}

/// One open SQLite database (`sqlite3_open_v2`): the only place where C memory of SQLite is touched.
///
/// Not for use from two threads at once: its owner holds a lock.
@safe final class SQLiteDatabase {
    private let handle: OpaquePointer
    /// Prepared, reset and without values, by their text: a commit is a dozen of them, which take longer to prepare than
    /// to run.
    private var statements: [String: Statement] = [:]

    @safe private final class Statement {
        let handle: OpaquePointer

        init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }

        // SAFETY: nobody uses it any more; finalising reports the error of its last step once more, which was thrown.
        deinit { unsafe sqlite3_finalize(handle) }
    }

    /// Opens the file, which must exist.
    init(path: String, isReadOnly: Bool = false) throws(SQLiteError) {
        var opened: OpaquePointer?
        let mode = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        // SAFETY: `opened` receives a handle that is closed on every way out: here or in `deinit`.
        let code = unsafe sqlite3_open_v2(path, &opened, mode | SQLITE_OPEN_NOMUTEX, nil)
        guard let opened = unsafe opened else {
            throw SQLiteError(code: SQLITE_NOMEM, message: "out of memory")
        }
        guard code == SQLITE_OK else {
            let failure = unsafe Self.failure(of: opened)
            unsafe sqlite3_close_v2(opened)
            throw failure
        }
        unsafe handle = opened
    }

    deinit {
        // Without statements the handle closes at once.
        statements.removeAll()
        // SAFETY: nobody uses the handle any more.
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs one statement and drops its rows.
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) {
        _ = try rows(sql, values)
    }

    /// Runs one statement with `values` in the places of its `?` and returns its rows.
    func rows(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> [[SQLiteValue]] {
        var found: [[SQLiteValue]] = []
        try read(sql, values) { row in
            found.append(row)
            return true
        }
        return found
    }

    /// Runs one statement and gives its rows one by one, as they are found, until `take` has had enough: what there may be
    /// much of is never in memory at once.
    func read(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ take: ([SQLiteValue]) -> Bool
    ) throws(SQLiteError) {
        try prepare(sql, [values], take)
    }

    /// Runs one statement once for each of `rows`, with their values in the places of its `?`: prepared once.
    func run(_ sql: String, each rows: [[SQLiteValue]]) throws(SQLiteError) {
        if rows.isEmpty { return }
        try prepare(sql, rows) { _ in true }
    }

    private func prepare(
        _ sql: String,
        _ rounds: [[SQLiteValue]],
        _ take: ([SQLiteValue]) -> Bool
    ) throws(SQLiteError) {
        let prepared = try statement(sql)
        defer { putAway(prepared, sql) }
        let statement = unsafe prepared.handle
        for values in rounds {
            // SAFETY: `statement` is live; its last step has ended, so that it may be bound anew.
            unsafe sqlite3_reset(statement)
            for (position, value) in values.enumerated() {
                guard unsafe Self.bind(value, to: statement, at: Int32(position + 1)) == SQLITE_OK else {
                    throw unsafe Self.failure(of: handle)
                }
            }
            var isDone = false
            while !isDone {
                // SAFETY: `statement` is live and used by this thread only.
                switch unsafe sqlite3_step(statement) {
                case SQLITE_ROW: if unsafe !take(Self.row(of: statement)) { return }
                case SQLITE_DONE: isDone = true
                default: throw unsafe Self.failure(of: handle)
                }
            }
        }
    }

    /// A statement that nobody uses: it is the caller's until it is put away.
    private func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let kept = statements.removeValue(forKey: sql) { return kept }
        var prepared: OpaquePointer?
        // SAFETY: `sql` lives for the call.
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK,
            let statement = unsafe prepared
        else { throw unsafe Self.failure(of: handle) }
        return unsafe Statement(statement)
    }

    private func putAway(_ statement: Statement, _ sql: String) {
        // A pragma acts while it is prepared: it has to be prepared each time.
        if sql.hasPrefix("PRAGMA") { return }
        // SAFETY: the statement is live. Reset it holds no lock, and unbound no memory of a value.
        unsafe sqlite3_reset(statement.handle)
        unsafe sqlite3_clear_bindings(statement.handle)
        statements[sql] = statement
    }

    /// Reads by several statements what is there at one moment, whatever is written meanwhile.
    func snapshot<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try run("BEGIN")
        defer { try? run("ROLLBACK") }
        return try body()
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; whatever it or the commit throws undoes all of it.
    func transaction(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try run("BEGIN IMMEDIATE")
        do {
            try body()
            try run("COMMIT")
        } catch {
            // SQLite rolls back by itself after some errors (full disk among them); this is for the others.
            // SAFETY: the handle is live; autocommit is off exactly while a transaction is open.
            if unsafe sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
            throw error
        }
    }

    private static func bind(_ value: SQLiteValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): return unsafe sqlite3_bind_int64(statement, index, number)
        case .text(let text):
            // SAFETY: -1 is SQLITE_TRANSIENT, a macro Swift cannot see: SQLite copies the text before it returns.
            let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            return unsafe sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), transient)
        }
    }

    private static func row(of statement: OpaquePointer) -> [SQLiteValue] {
        (0..<(unsafe sqlite3_column_count(statement))).map { column in
            switch unsafe sqlite3_column_type(statement, column) {
            case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(statement, column))
            case SQLITE_NULL: return .null
            default:
                // SAFETY: the text has as many bytes as is said, which may be NUL among them; it is valid until the next
                // step and is copied here.
                guard let text = unsafe sqlite3_column_text(statement, column) else { return .null }
                let count = Int(unsafe sqlite3_column_bytes(statement, column))
                return .text(unsafe String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
            }
        }
    }

    private static func failure(of handle: OpaquePointer) -> SQLiteError {
        // SAFETY: the message belongs to the handle and is copied before the next call on it.
        unsafe SQLiteError(
            code: sqlite3_extended_errcode(handle) & 0xFF,
            message: String(cString: sqlite3_errmsg(handle))
        )
    }
}
