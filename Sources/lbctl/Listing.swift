/// What a command shows many of: backends, pools, revisions.
///
/// One description serves every form of output: the table for people, whole documents or chosen members for machines.
struct Listing {
    /// One thing of the list.
    struct Item {
        let name: String
        let json: JSON
    }

    struct Column {
        let table: Table.Column
        /// Where its value is, for `-o tsv`.
        let field: String
        /// Only shown with `-o wide`.
        let isWide: Bool
        /// The cell for people, given the time in nanoseconds of the UNIX epoch; nil shows the value as it is.
        let cell: (@Sendable (Item, Int64) -> Table.Cell)?

        init(
            _ title: String,
            _ field: String,
            _ alignment: Table.Alignment = .left,
            rank: Int = 0,
            floor: Int? = nil,
            isWide: Bool = false,
            cell: (@Sendable (Item, Int64) -> Table.Cell)? = nil
        ) {
            table = Table.Column(title, alignment, rank: rank, floor: floor)
            self.field = field
            self.isWide = isWide
            self.cell = cell
        }
    }

    let columns: [Column]
    let items: [Item]
    /// The member of the API's answer that all this is in.
    var member: String?

    /// The members of a map, in the order in which a person counts their names; nil for anything else.
    static func items(byName json: JSON?) -> [Item]? {
        json?.members?.sorted { isNaturallyOrdered($0.name, before: $1.name) }
            .map { Item(name: $0.name, json: $0.value) }
    }

    /// The members of a map by name, or the elements of an array as they are.
    static func items(of json: JSON?) -> [Item]? {
        items(byName: json)
            ?? json?.elements?.map { element in
                let name = element["name"] ?? element["id"] ?? element["revision"]
                return Item(name: name?.plain ?? "", json: element)
            }
    }

    /// - Parameter whole: The answer all this is from, for `-o json` without `--fields`; nil where it is more than that.
    func show(_ session: Session, whole: [UInt8]?) {
        let settings = session.settings
        switch settings.output {
        case .json:
            if let whole, settings.fields == nil { return session.show(whole) }
            let documents = JSON.object(items.map { JSON.Member(name: $0.name, value: document($0, settings)) })
            session.stdout.line(
                (member.map { .object([JSON.Member(name: $0, value: documents)]) } ?? documents).laidOut
            )
        case .ndjson:
            for item in items { session.stdout.line(document(item, settings, isNamed: true).text) }
        case .name:
            for item in items { session.stdout.line(visible(item.name)) }
        case .tsv:
            let paths = settings.fields ?? columns.filter { !$0.isWide }.map { FieldPath($0.field) }
            for item in items {
                session.stdout.line(
                    paths.map { tabless(value($0, of: item).map(\.plain) ?? "") }.joined(separator: "\t")
                )
            }
        case .table, .wide:
            session.stdout.write(
                table(session).text(
                    colour: settings.isColoured,
                    width: settings.output == .wide ? nil : settings.columns
                )
            )
        }
    }

    func table(_ session: Session) -> Table {
        let now = session.now()
        if let paths = session.settings.fields {
            var table = Table(paths.map { Table.Column(($0.members.last ?? "").uppercased()) })
            table.rows = items.map { item in
                paths.map { path in
                    let text = value(path, of: item).map(\.plain) ?? ""
                    return Table.Cell(text.isEmpty ? "-" : text)
                }
            }
            return table
        }
        let shown = columns.filter { session.settings.output == .wide || !$0.isWide }
        var table = Table(shown.map(\.table))
        table.rows = items.map { item in
            shown.map { column in
                if let cell = column.cell { return cell(item, now) }
                let text = value(FieldPath(column.field), of: item).map(\.plain) ?? ""
                return Table.Cell(text.isEmpty ? "-" : text)
            }
        }
        return table
    }

    private func value(_ path: FieldPath, of item: Item) -> JSON? {
        path.value(in: item.json) ?? (path.members == ["name"] ? .string(item.name) : nil)
    }

    private func document(_ item: Item, _ settings: Settings, isNamed: Bool = false) -> JSON {
        var json = item.json
        if isNamed || settings.fields != nil, json["name"] == nil, !item.name.isEmpty, let members = json.members {
            json = .object([JSON.Member(name: "name", value: .string(item.name))] + members)
        }
        return settings.fields.map { FieldPath.projection($0, of: json) } ?? json
    }
}

/// A value between two tabs: tabs, line breaks and backslashes are written as `\t`, `\n`, `\r` and `\\`.
func tabless(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x5C || $0 == 0x7F }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": escaped += "\\\\"
        case "\t": escaped += "\\t"
        case "\n": escaped += "\\n"
        case "\r": escaped += "\\r"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
