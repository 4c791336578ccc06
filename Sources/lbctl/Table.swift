/// Rows under upper-case headings, aligned with spaces.
///
/// Nothing is ever cut off: what is long makes its column wide.
struct Table {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        let title: String
        let alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    struct Cell {
        let text: String
        let colour: Colour

        init(_ text: String, _ colour: Colour = .plain) {
            self.text = visible(text)
            self.colour = colour
        }
    }

    /// ECMA-48 foreground colours.
    enum Colour: Int {
        case plain = 0
        case red = 31
        case yellow = 33

        func paint(_ text: String) -> String {
            self == .plain ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
        }
    }

    let columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// The lines, each ended, without spaces at their ends.
    func text(colour: Bool) -> String {
        let all = [columns.map { Cell($0.title) }] + rows
        let widths = columns.indices.map { index in all.map { $0[index].text.count }.max() ?? 0 }
        var lines = ""
        for row in all {
            var line = ""
            // Spaces are written when text follows them, so that no line ends in any.
            var owed = 0
            for (index, cell) in row.enumerated() {
                let gap = widths[index] - cell.text.count
                if columns[index].alignment == .right { owed += gap }
                if !cell.text.isEmpty {
                    line += String(repeating: " ", count: owed) + (colour ? cell.colour.paint(cell.text) : cell.text)
                    owed = 0
                }
                if columns[index].alignment == .left { owed += gap }
                owed += 2
            }
            lines += line + "\n"
        }
        return lines
    }
}
